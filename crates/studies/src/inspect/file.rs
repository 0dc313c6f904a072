//! What a single file holds.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use equipoise_data::spikes::file::read_origin;
use equipoise_data::{CountsOrigin, FileFacts, FileFormat};
use equipoise_decoder::checkpoint::{self, Kind, Origin};
use equipoise_report::{RunDir, RunDirError, Standing};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Array, Checksum, Inspection};
use crate::context::{Identity, describe_unit};
use crate::error::StudyError;
use crate::sweep::is_under_way;

/// The largest file that is read whole, bytes: a unit, a model.
const LARGEST: u64 = 1 << 30;

/// Tells what a file holds.
pub(super) fn inspect(path: &Path) -> Result<Inspection, StudyError> {
    if let Some(facts) = equipoise_data::inspect(path)? {
        return arrays(path, &facts);
    }
    let mut start = Vec::new();
    open(path)?.take(32).read_to_end(&mut start).map_err(|e| unreadable(path, e))?;
    if start.starts_with(b"EQCKPT01") {
        let mut found = Inspection::of("checkpoint of a run under way");
        found.fact("bytes", size(path)?);
        return Ok(found);
    }
    if start.starts_with(b"{\"unit\"") {
        return unit(path);
    }
    let is_record = path.file_name().is_some_and(|name| name == "run.json");
    if let (true, Some(dir)) = (is_record, path.parent()) {
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        return record(dir);
    }
    Err(StudyError::input(format!(
        "{}: of no kind that is known: counts, spikes, a model, a unit or the directory of a run, or \
         a file of arrays (NPZ, NPY, HDF5, IDX, safetensors), spikes as text, events of N-MNIST, or \
         descriptions of data sets",
        path.display()
    )))
}

/// The record of a run, whose checksum has been found right.
pub(super) fn record(dir: &Path) -> Result<Inspection, StudyError> {
    let record = RunDir::stored_record(dir)?;
    let standing = match RunDir::standing(dir, &record) {
        Standing::Stopped | Standing::Interrupted if is_under_way(dir) => Standing::Running,
        standing => standing,
    };
    let mut found = Inspection::of("run");
    found.fact("command", &record.command);
    found.fact("state", standing.word());
    if let Some(error) = &record.error {
        found.fact("error", error);
    }
    found.fact("seed", record.seed);
    found.fact("version", &record.version);
    if let Some(commit) = &record.commit {
        found.fact("commit", commit);
    }
    found.fact("started", &record.start);
    if let Some(end) = &record.end {
        found.fact("ended", end);
    }
    if let Some(dir) = &record.data_dir {
        found.fact("data", dir.display());
    }
    found.checksum = Checksum::Right;
    Ok(found)
}

fn open(path: &Path) -> Result<BufReader<File>, StudyError> {
    File::open(path).map(BufReader::new).map_err(|e| unreadable(path, e))
}

fn unreadable(path: &Path, error: std::io::Error) -> StudyError {
    RunDirError::from_io("read the file", path, error).into()
}

fn size(path: &Path) -> Result<u64, StudyError> {
    Ok(std::fs::metadata(path).map_err(|e| unreadable(path, e))?.len())
}

/// All of a file that is no larger than any of its kind.
pub(super) fn whole(path: &Path) -> Result<Vec<u8>, StudyError> {
    let bytes = size(path)?;
    if bytes > LARGEST {
        return Err(StudyError::input(format!(
            "{}: {bytes} bytes, more than any file of its kind has",
            path.display()
        )));
    }
    std::fs::read(path).map_err(|e| unreadable(path, e))
}

fn unit(path: &Path) -> Result<Inspection, StudyError> {
    let mut found = Inspection::of("unit of a run");
    match describe_unit(&whole(path)?) {
        Ok(unit) => {
            found.fact("unit", unit.key);
            found.fact("version", unit.by);
            identity(&mut found, &unit.made_from);
            found.checksum = Checksum::Right;
        }
        Err(reason) => found.checksum = Checksum::Wrong(reason),
    }
    Ok(found)
}

/// What something was made from.
fn identity(found: &mut Inspection, made_from: &Identity) {
    for (part, value) in made_from.parts() {
        found.fact(part, value);
    }
}

fn arrays(path: &Path, facts: &FileFacts) -> Result<Inspection, StudyError> {
    let packed = if facts.gzip { ", packed by gzip" } else { "" };
    let mut found = Inspection::of(format!("{}{packed}", facts.format.title()));
    found.fact("bytes", facts.bytes);
    found.arrays = facts
        .arrays
        .iter()
        .map(|array| Array {
            name: array.name.clone(),
            shape: array.shape.clone(),
            kind: array.kind.clone(),
            meaning: String::new(),
        })
        .collect();
    match facts.format {
        FileFormat::Safetensors => safetensors(path, facts, &mut found)?,
        FileFormat::Hdf5 => spikes(path, facts, &mut found)?,
        FileFormat::Npz => {
            about(facts, &mut found);
            usual(&mut found);
        }
        FileFormat::Text | FileFormat::Events | FileFormat::DataToml => {
            facts.texts.iter().for_each(|(name, text)| found.fact(name, text));
        }
        FileFormat::Npy | FileFormat::Idx => {}
    }
    Ok(found)
}

/// Says what arrays of these names are.
fn meanings(found: &mut Inspection, known: &[(&str, &str)]) {
    for array in &mut found.arrays {
        if let Some((_, meaning)) = known.iter().find(|(name, _)| *name == array.name) {
            (*meaning).clone_into(&mut array.meaning);
        }
    }
}

fn origin(found: &mut Inspection, origin: &CountsOrigin) {
    if let Some(stimuli) = &origin.stimuli {
        found
            .fact("stimuli", format!("{} of {} ({})", stimuli.samples, stimuli.name, stimuli.form));
        found.fact("stimuli from", &stimuli.source);
        found.fact("stimuli content", format!("{:#}", stimuli.content));
    }
    if let Some(network) = &origin.network {
        found.fact("network", format!("{network:#}"));
    }
}

fn safetensors(path: &Path, facts: &FileFacts, found: &mut Inspection) -> Result<(), StudyError> {
    let text = |name: &str| facts.texts.get(name).map(String::as_str);
    if let (Some(duration), Some(made_from)) = (text("duration_ms"), text("origin")) {
        found.kind = "spike counts".to_owned();
        found.fact("duration", format!("{duration} ms"));
        if let Ok(known) = serde_json::from_str(made_from) {
            origin(found, &known);
        }
        let digest = digest_from(path, facts.data_start.unwrap_or(0))?;
        found.checksum = match text("sha256") {
            Some(sha256) if sha256 == digest => Checksum::Right,
            Some(_) => Checksum::Wrong("the content has another SHA-256".to_owned()),
            None => Checksum::None,
        };
        meanings(
            found,
            &[
                ("counts", "[recording, unit, bin], spikes"),
                ("labels", "[recording], class by number"),
                ("indices", "[recording], index of the stimulus in its part of the data set"),
            ],
        );
        return Ok(());
    }
    let Some(kind) = text("kind") else { return Ok(()) };
    found.kind = kind.to_owned();
    for (name, text) in &facts.texts {
        match (name.as_str(), serde_json::from_str::<Origin>(text)) {
            ("kind" | "sha256", _) => {}
            ("origin", Ok(made_from)) => {
                made_from.iter().for_each(|(part, value)| found.fact(part, value));
            }
            _ => found.fact(name, text),
        }
    }
    if text("sha256").is_some() {
        found.checksum = match checkpoint::from_bytes(&Kind::ALL, &whole(path)?) {
            Ok(_) => Checksum::Right,
            Err(error) => Checksum::Wrong(error.to_string()),
        };
    }
    Ok(())
}

/// Says what arrays are that people call so, where the file does not say it.
fn usual(found: &mut Inspection) {
    for array in &mut found.arrays {
        let meaning = match array.name.as_str() {
            "times" => "[spike], s from the start of its recording",
            "times_ms" => "[spike], ms from the start of its recording",
            "ids" => "[spike], unit",
            "sample" => "[spike], recording",
            "counts" => "[recording, unit, bin], spikes",
            "images" | "x_train" | "x_test" | "train_images" | "val_images" | "test_images" => {
                "[image, row, column, channel], intensity"
            }
            "labels" | "y_train" | "y_test" | "train_labels" | "val_labels" | "test_labels" => {
                "[image], class by number"
            }
            _ => continue,
        };
        if array.meaning.is_empty() {
            meaning.clone_into(&mut array.meaning);
        }
    }
}

/// Says what the lists of SONATA spikes are, if the file has any.
fn sonata(facts: &FileFacts, found: &mut Inspection) {
    let lists = |suffix: &'static str| {
        facts.arrays.iter().filter_map(move |array| {
            array.name.strip_prefix("spikes/")?.strip_suffix(suffix).map(str::to_owned)
        })
    };
    let populations: Vec<String> = lists("/timestamps").collect();
    if populations.is_empty() {
        return;
    }
    found.kind = format!("SONATA spikes ({})", found.kind);
    found.fact("populations", populations.join(", "));
    for array in &mut found.arrays {
        let meaning = match array.name.rsplit('/').next() {
            Some("timestamps") => "[spike], time, ms unless its attribute says s",
            Some("node_ids" | "gids") => "[spike], unit",
            _ => continue,
        };
        meaning.clone_into(&mut array.meaning);
    }
}

fn spikes(path: &Path, facts: &FileFacts, found: &mut Inspection) -> Result<(), StudyError> {
    let has = |name: &str| facts.arrays.iter().any(|array| array.name == name);
    sonata(facts, found);
    if !has("spikes/times") || !has("spikes/units") {
        return Ok(());
    }
    found.kind = format!("spikes in the layout of SHD ({})", found.kind);
    if has("extra/equipoise/origin") {
        origin(found, &read_origin(path)?.0);
    }
    meanings(
        found,
        &[
            ("spikes/times", "[recording], s from its start"),
            ("spikes/units", "[recording], unit of each spike"),
            ("labels", "[recording], class by number"),
            ("extra/keys", "names of the classes"),
            ("extra/speaker", "[recording], speaker"),
            ("extra/equipoise/duration_ms", "[recording], length in ms"),
            ("extra/equipoise/units", "[recording], number of units"),
            (
                "extra/equipoise/index",
                "[recording], index of the stimulus in its part of the data set",
            ),
            ("extra/equipoise/origin", "what the spikes were made from"),
        ],
    );
    Ok(())
}

/// What an NPZ file of ours says of its arrays.
fn about(facts: &FileFacts, found: &mut Inspection) {
    let Some(about) = facts.texts.get("about.json") else { return };
    let Ok(about) = serde_json::from_str::<BTreeMap<String, Value>>(about) else { return };
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    for (name, value) in &about {
        match (name.as_str(), value) {
            ("arrays", Value::Object(arrays)) => {
                for array in &mut found.arrays {
                    let Some(told) = arrays.get(&array.name) else { continue };
                    let part = |name: &str| told.get(name).filter(|v| !v.is_null());
                    let dimensions = match part("dimensions") {
                        Some(Value::Array(names)) => {
                            let names: Vec<String> = names.iter().map(text).collect();
                            format!("[{}]", names.join(", "))
                        }
                        _ => String::new(),
                    };
                    let parts = [Some(dimensions), part("what").map(text), part("unit").map(text)];
                    let parts: Vec<String> =
                        parts.into_iter().flatten().filter(|p| !p.is_empty()).collect();
                    array.meaning = parts.join("; ");
                }
            }
            ("images", Value::Object(images)) => {
                let name = images.get("name").map(text).unwrap_or_default();
                found.fact("images", name);
                if let Some(content) = images.get("content") {
                    found.fact("images content", text(content));
                }
            }
            (name, value) => found.fact(name, text(value)),
        }
    }
}

/// SHA-256 of a file from a place on, read piece by piece.
fn digest_from(path: &Path, start: u64) -> Result<String, StudyError> {
    let mut file = File::open(path).map_err(|e| unreadable(path, e))?;
    file.seek(SeekFrom::Start(start)).map_err(|e| unreadable(path, e))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(|e| unreadable(path, e))? {
            0 => break,
            n => hasher.update(&buffer[..n]),
        }
    }
    Ok(equipoise_data::Fingerprint::from(<[u8; 32]>::from(hasher.finalize())).hex())
}
