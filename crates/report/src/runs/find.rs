//! Finding run directories, and what each of them says of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::run_dir::{RunDir, RunDirError, RunRecord, Standing};

/// The record by which a run directory is known.
const RECORD: &str = "run.json";
/// The main numbers of a run.
const METRICS: &str = "metrics.json";
/// The report of a run.
const REPORT: &str = "report.html";
/// Directories within directories that are searched for runs.
const DEPTH: usize = 4;

/// A run that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundRun {
    /// Its directory.
    pub path: PathBuf,
    /// Its record.
    pub record: RunRecord,
    /// How it stands.
    pub standing: Standing,
    /// Its main numbers by name; none before it is done.
    pub metrics: BTreeMap<String, f64>,
    /// Its report, if there is one.
    pub report: Option<PathBuf>,
    /// The first figure of the report as PNG, if there is one.
    pub figure: Option<PathBuf>,
}

/// A run directory, or a file in one, that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Unreadable {
    /// The directory.
    pub path: PathBuf,
    /// What is wrong with it, with its path.
    pub reason: String,
}

/// Runs that were found, and what looks like one and cannot be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FoundRuns {
    /// The runs, by command, start and path.
    pub runs: Vec<FoundRun>,
    /// What could not be read, by path.
    pub unreadable: Vec<Unreadable>,
}

/// Finds the runs in these directories: each is a run, or holds runs, up to four directories deep.
/// Runs within a run, such as the points of a grid, are found where that directory is named.
///
/// # Errors
/// If one of these directories is missing, is none, or cannot be read. A run that cannot be read is
/// none: it is among [`FoundRuns::unreadable`].
///
/// ```
/// use equipoise_report::{FoundRuns, RunDir, RunInfo, find_runs};
/// # let base = tempfile::tempdir()?;
/// for seed in [0, 1] {
///     let out = base.path().join(format!("run-{seed}"));
///     let config = std::collections::BTreeMap::from([("seed", seed)]);
///     let run = RunDir::create(Some(&out), &RunInfo::new("demo", "0.1.0", seed), &config)?;
///     run.write_json("metrics.json", &std::collections::BTreeMap::from([("psnr", 20.5)]))?;
///     run.finish()?;
/// }
/// let found = find_runs(&[base.path()])?;
/// assert_eq!(found.runs.len(), 2);
/// let groups = found.groups();
/// assert_eq!(groups[0].settings[0].name, "seed"); // in what they differ
/// println!("{}", found.to_text(80, &[]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn find_runs<P: AsRef<Path>>(directories: &[P]) -> Result<FoundRuns, RunDirError> {
    let mut search = Search::default();
    for directory in directories {
        let directory = directory.as_ref();
        if !directory.exists() {
            return Err(RunDirError::Missing { path: directory.to_path_buf() });
        }
        if !directory.is_dir() {
            return Err(RunDirError::NotADirectory { path: directory.to_path_buf() });
        }
        search.look_in(directory, DEPTH)?;
    }
    let mut found = search.found;
    found.runs.sort_by(|a, b| {
        let key = |run: &FoundRun| {
            (run.record.command.clone(), run.record.start.clone(), run.path.clone())
        };
        key(a).cmp(&key(b))
    });
    found.unreadable.sort();
    Ok(found)
}

impl FoundRuns {
    /// Takes for under way what is not done and of which `is_made` says that processes make it
    /// without holding it, as those do that share a run.
    pub fn made_by_others(&mut self, is_made: impl Fn(&Path) -> bool) {
        for run in &mut self.runs {
            let open = matches!(run.standing, Standing::Stopped | Standing::Interrupted);
            if open && is_made(&run.path) {
                run.standing = Standing::Running;
            }
        }
    }
}

#[derive(Default)]
struct Search {
    found: FoundRuns,
    /// Directories that were looked at, so that links do not lead in a circle.
    seen: BTreeSet<PathBuf>,
}

impl Search {
    fn look_in(&mut self, directory: &Path, depth: usize) -> Result<(), RunDirError> {
        let place = directory.canonicalize().unwrap_or_else(|_| directory.to_path_buf());
        if !self.seen.insert(place) {
            return Ok(());
        }
        if directory.join(RECORD).is_file() {
            self.read(directory);
            return Ok(());
        }
        let unreadable = |e| RunDirError::from_io("read the directory", directory, e);
        for entry in fs::read_dir(directory).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path();
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if depth > 0 && !hidden && path.is_dir() {
                // One that may not be read is no reason to list nothing.
                if let Err(error) = self.look_in(&path, depth - 1) {
                    self.note(&path, error);
                }
            }
        }
        Ok(())
    }

    fn read(&mut self, path: &Path) {
        let record = match RunDir::stored_record(path) {
            Ok(record) => record,
            Err(error) => return self.note(path, error),
        };
        let metrics = metrics(&path.join(METRICS)).unwrap_or_else(|reason| {
            self.note(path, reason);
            BTreeMap::new()
        });
        let report = Some(path.join(REPORT)).filter(|report| report.is_file());
        let figure = report.as_deref().and_then(first_figure);
        self.found.runs.push(FoundRun {
            path: path.to_path_buf(),
            standing: RunDir::standing(path, &record),
            record,
            metrics,
            report,
            figure,
        });
    }

    fn note(&mut self, path: &Path, reason: impl std::fmt::Display) {
        let unreadable = Unreadable { path: path.to_path_buf(), reason: reason.to_string() };
        self.found.unreadable.push(unreadable);
    }
}

/// The numbers of a run; none if it has not written any.
fn metrics(path: &Path) -> Result<BTreeMap<String, f64>, String> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        read => read.map_err(|e| format!("{}: {e}", path.display()))?,
    };
    serde_json::from_str(&text)
        .map_err(|e| format!("{}: not names with numbers: {e}", path.display()))
}

/// The first figure that a report offers to save, as the PNG beside it.
fn first_figure(report: &Path) -> Option<PathBuf> {
    const BEFORE: &str = "href=\"figures/";
    let html = fs::read_to_string(report).ok()?;
    let (_, rest) = html.split_once(BEFORE)?;
    let (name, _) = rest.split_once(".svg\"")?;
    let inside = !name.is_empty() && !name.contains(['/', '\\', '"', '&']);
    let figure = report.with_file_name("figures").join(format!("{name}.png"));
    (inside && figure.is_file()).then_some(figure)
}

impl FoundRun {
    /// The data that it was made from, as its configuration names them; none if it names none.
    pub fn data(&self) -> Option<String> {
        let config = &self.record.config;
        let named = |value: &Value| match value {
            Value::String(name) => Some(name.clone()),
            Value::Array(names) if !names.is_empty() => {
                let names: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
                names.map(|names| names.join(", "))
            }
            _ => None,
        };
        let places = ["/data/dataset", "/dataset", "/datasets", "/data/datasets"];
        let file = || config.pointer("/data/recorded/counts").and_then(named);
        places.iter().find_map(|place| config.pointer(place).and_then(named)).or_else(file)
    }

    /// Version and commit of the program that began it.
    pub fn program(&self) -> String {
        let version = &self.record.version;
        match &self.record.commit {
            Some(commit) => format!("{version} ({})", commit.get(..9).unwrap_or(commit)),
            None => version.clone(),
        }
    }
}
