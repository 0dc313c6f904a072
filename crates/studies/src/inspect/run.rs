//! What a run directory holds: its record, its units and the files that they vouch for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use equipoise_report::RunDirError;
use serde_json::Value;

use super::file::{record, whole};
use super::{Checksum, Inspection};
use crate::context::{Artefact, Context, Silent, StoredRun, describe_unit};
use crate::error::StudyError;

/// The most files that are looked at.
const MOST_FILES: usize = 1_000_000;
/// How many damaged files are named.
const NAMED: usize = 5;

/// Tells what a run directory holds.
pub(super) fn inspect(dir: &Path) -> Result<Inspection, StudyError> {
    let mut found = record(dir)?;
    found.kind = "run directory".to_owned();
    let context = Context::new(Silent, StoredRun::new(dir));
    let mut units: BTreeMap<String, usize> = BTreeMap::new();
    let (mut files, mut damaged) = (0, Vec::new());
    for path in json_files(dir)? {
        let name = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().into_owned();
        let bytes = whole(&path)?;
        if !bytes.starts_with(b"{\"unit\"") {
            continue;
        }
        let unit = match describe_unit(&bytes) {
            Ok(unit) => unit,
            Err(reason) => {
                damaged.push(format!("{name} ({reason})"));
                continue;
            }
        };
        if name != format!("{}.json", unit.key) {
            damaged.push(format!("{name} (it says that it is `{}`)", unit.key));
        }
        let kind = unit.key.split_once('/').map_or(unit.key.as_str(), |(folder, _)| folder);
        *units.entry(kind.to_owned()).or_default() += 1;
        let result: Value = serde_json::from_slice(unit.payload).unwrap_or_default();
        let mut vouched = Vec::new();
        artefacts(&result, &mut vouched);
        for file in vouched {
            files += 1;
            if !context.intact(&file)? {
                damaged.push(format!("{} (missing or damaged)", file.name));
            }
        }
    }
    for (kind, count) in units {
        found.fact("units", format!("{kind}: {count}"));
    }
    found.fact("files that units vouch for", files);
    if !damaged.is_empty() {
        damaged.sort();
        damaged.dedup();
        let first: Vec<&str> = damaged.iter().take(NAMED).map(String::as_str).collect();
        let more = if damaged.len() > NAMED { ", …" } else { "" };
        let text = format!("{} damaged: {}{more}", damaged.len(), first.join(", "));
        found.checksum = Checksum::Wrong(text);
    }
    Ok(found)
}

/// The JSON files below a directory, in order.
fn json_files(dir: &Path) -> Result<Vec<PathBuf>, StudyError> {
    let (mut found, mut folders) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(folder) = folders.pop() {
        let failed = |e| RunDirError::from_io("read the directory", &folder, e);
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            let path = entry.path();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && path.extension().is_some_and(|e| e == "json") {
                found.push(path);
            }
            if found.len() > MOST_FILES {
                return Err(StudyError::input(format!(
                    "{}: more than {MOST_FILES} files, as no run has",
                    dir.display()
                )));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The files that a result vouches for.
fn artefacts(value: &Value, found: &mut Vec<Artefact>) {
    match value {
        Value::Object(entries) => {
            if entries.len() == 3
                && let Ok(file) = serde_json::from_value::<Artefact>(value.clone())
            {
                found.push(file);
            } else {
                entries.values().for_each(|value| artefacts(value, found));
            }
        }
        // A list of numbers vouches for nothing, and may be long.
        Value::Array(values) if !values.first().is_some_and(Value::is_number) => {
            values.iter().for_each(|value| artefacts(value, found));
        }
        _ => {}
    }
}
