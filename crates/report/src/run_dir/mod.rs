//! Run directories: one directory for everything that one run computed.
//!
//! ```text
//! runs/reconstruct-20260131-235959/
//!   config.toml        the resolved configuration
//!   run.json           version, commit, seed, command line, machine, start, end, state, under a checksum
//!   *.csv              tables
//!   *.jsonl            one JSON object a line, appended as the run goes (per-epoch metrics)
//!   figures/*.svg|png  figures
//!   checkpoints/       resumable state under a checksum
//!   report.html        one self-contained file
//! ```
//!
//! Every file is written to a temporary name and renamed, so none is ever half there under its own name;
//! the `.jsonl` logs are appended to, and [`RunDir::resume`] cuts off a torn last line.

mod atomic;
mod checkpoint;
mod error;
mod lock;
mod log;
mod place;
mod record;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use atomic::{atomic_write, atomic_write_with};
pub use checkpoint::{Checkpoint, RefusedCheckpoint};
pub use error::RunDirError;
pub use record::{Machine, Resumed, RunInfo, RunRecord, RunState, Standing, format_utc, utc_now};

use lock::Lock;
use place::{check_name, claim, claim_new, first_entry};

use crate::report::Report;
use crate::table::Table;
use equipoise_figure::Figure;

const CONFIG_FILE: &str = "config.toml";
const RECORD_FILE: &str = "run.json";
const CHECKPOINT_DIRECTORY: &str = "checkpoints";

/// An open run directory, locked against other processes until it is dropped.
///
/// End a run with [`finish`](Self::finish), [`fail`](Self::fail) or [`interrupt`](Self::interrupt); one that is
/// dropped while running counts as interrupted.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    record: RunRecord,
    /// `config.toml`, as it was written.
    config: String,
    lock: Option<Lock>,
}

impl RunDir {
    /// Makes the directory of a new run: `out` if given, else `runs/<command>-<time>`.
    ///
    /// # Errors
    /// [`RunDirError::Occupied`] if `out` exists and is not empty, [`RunDirError::NotADirectory`] if it is a file,
    /// [`RunDirError::Serialise`] if `config` has no TOML form, and the errors of the file system.
    pub fn create(
        out: Option<&Path>,
        info: &RunInfo,
        config: &impl Serialize,
    ) -> Result<Self, RunDirError> {
        check_name(&info.command)?;
        let config_text = to_toml(config)?;
        let config = to_json(config)?;
        let made = out.is_none_or(|path| !path.exists());
        let path = match out {
            Some(path) => claim(path)?,
            None => claim_new(Path::new("runs"), &info.command)?,
        };
        let run = Self::start(path.clone(), info, config_text, config);
        if run.is_err() && made {
            // A run that could not even start leaves nothing; a directory that another process
            // has taken meanwhile is not empty, and stays.
            let _ = fs::remove_dir(&path);
        }
        run
    }

    /// Whether [`RunDir::create`] could write to `out`, as far as a look tells: nothing is made.
    ///
    /// # Errors
    /// [`RunDirError::Occupied`] or [`RunDirError::NotADirectory`], and the errors of the file system.
    pub fn check_free(out: &Path) -> Result<(), RunDirError> {
        // It, or the nearest folder in which it would be made.
        let there = out.ancestors().find(|path| path.exists());
        if let Some(path) = there.filter(|path| !path.is_dir()) {
            return Err(RunDirError::NotADirectory { path: path.to_path_buf() });
        }
        if there != Some(out) {
            return Ok(());
        }
        match first_entry(out)? {
            Some(found) => Err(RunDirError::Occupied { path: out.to_path_buf(), found }),
            None => Ok(()),
        }
    }

    /// Locks an empty directory and writes the first two files.
    fn start(
        path: PathBuf,
        info: &RunInfo,
        config_text: String,
        config: serde_json::Value,
    ) -> Result<Self, RunDirError> {
        let lock = Lock::acquire(&path)?;
        // Between the look and the lock another process may have been quicker.
        if let Some(found) = first_entry(&path)? {
            return Err(RunDirError::Occupied { path, found });
        }
        let record = RunRecord::starting(info, config, &config_text);
        let mut run = Self { path, record, config: config_text, lock: Some(lock) };
        let written =
            run.write_file(CONFIG_FILE, run.config.as_bytes()).and_then(|_| run.write_record());
        if let Err(error) = written {
            let _ = fs::remove_file(run.path.join(CONFIG_FILE));
            run.lock = None;
            return Err(error);
        }
        Ok(run)
    }

    /// Reopens the directory of an earlier run of `info.command` to continue it.
    ///
    /// The stored configuration has to be the one that the run started with, and so has `config`
    /// if one is given; the seed has to be the run's own. (Read the stored one with
    /// [`RunDir::stored_config`].) A run that is done can be reopened too; look at
    /// [`RunDir::stored_record`] first where that is no use. Temporary files and torn log lines
    /// that a killed process left are removed.
    ///
    /// # Errors
    /// [`RunDirError::Missing`], [`RunDirError::NotARun`], [`RunDirError::OtherCommand`],
    /// [`RunDirError::ConfigMismatch`], [`RunDirError::Locked`], and the errors of the file system.
    pub fn resume<C: Serialize>(
        dir: &Path,
        info: &RunInfo,
        config: Option<&C>,
    ) -> Result<Self, RunDirError> {
        let mut record = Self::stored_record_of(dir, &info.command)?;
        let given = config.map(to_json).transpose()?;
        check_config(dir, &record, given)?;
        let mismatch = |(key, stored, given)| RunDirError::ConfigMismatch {
            path: dir.to_path_buf(),
            key,
            stored,
            given,
        };
        if record.seed != info.seed {
            let (stored, given) = (record.seed.to_string(), info.seed.to_string());
            return Err(mismatch(("seed".to_string(), stored, given)));
        }
        let lock = Lock::acquire(dir)?;
        atomic::sweep_temporary_files(dir)?;
        for file in atomic::files_below(dir)? {
            if file.extension().is_some_and(|e| e == "jsonl") {
                log::cut_torn_line(&file)?;
            }
        }
        record.resumed.push(Resumed {
            time: utc_now(),
            version: info.version.clone(),
            commit: info.commit.clone(),
        });
        record.state = RunState::Running;
        record.end = None;
        record.error = None;
        let config = read_run_file(dir, CONFIG_FILE)?;
        let run = Self { path: dir.to_path_buf(), record, config, lock: Some(lock) };
        run.write_record()?;
        Ok(run)
    }

    /// Opens the run of `command` in `dir` for one of several processes that work at it at once:
    /// without its lock, and with its record left as it is.
    ///
    /// # Errors
    /// As [`RunDir::stored_record_of`], and [`RunDirError::ConfigMismatch`] if `config.toml` was
    /// changed since the run started.
    pub fn join(dir: &Path, command: &str) -> Result<Self, RunDirError> {
        let record = Self::stored_record_of(dir, command)?;
        check_config(dir, &record, None)?;
        let config = read_run_file(dir, CONFIG_FILE)?;
        Ok(Self { path: dir.to_path_buf(), record, config, lock: None })
    }

    /// The record (`run.json`) of the run in `dir`, without locking it.
    ///
    /// # Errors
    /// [`RunDirError::Missing`], [`RunDirError::NotADirectory`] or [`RunDirError::NotARun`].
    pub fn stored_record(dir: &Path) -> Result<RunRecord, RunDirError> {
        let text = read_run_file(dir, RECORD_FILE)?;
        let wrong = |reason| RunDirError::NotARun { path: dir.to_path_buf(), reason };
        let unreadable = |e: serde_json::Error| wrong(format!("{RECORD_FILE} cannot be read: {e}"));
        let value: serde_json::Value = serde_json::from_str(&text).map_err(unreadable)?;
        if value.get("version").is_some() && value.get("sha256").is_none() {
            let reason = format!("{RECORD_FILE} has no checksum; an earlier version wrote it");
            return Err(wrong(reason));
        }
        let record: RunRecord = serde_json::from_value(value).map_err(unreadable)?;
        if !record.is_intact() {
            let reason = format!("{RECORD_FILE} was changed: its checksum does not match");
            return Err(wrong(reason));
        }
        Ok(record)
    }

    /// How the run in `dir` stands now, whose record this is: one that says that it is under way,
    /// and whose directory no process holds, was killed. Where the file system has no locks, the
    /// record is believed.
    pub fn standing(dir: &Path, record: &RunRecord) -> Standing {
        match record.state {
            RunState::Running if lock::is_held(dir) == Some(false) => Standing::Stopped,
            RunState::Running => Standing::Running,
            RunState::Done => Standing::Done,
            RunState::Failed => Standing::Failed,
            RunState::Interrupted => Standing::Interrupted,
        }
    }

    /// The record of the run in `dir`, which has to be one of `command`.
    ///
    /// # Errors
    /// As [`RunDir::stored_record`], and [`RunDirError::OtherCommand`].
    pub fn stored_record_of(dir: &Path, command: &str) -> Result<RunRecord, RunDirError> {
        let record = Self::stored_record(dir)?;
        if record.command == command {
            return Ok(record);
        }
        Err(RunDirError::OtherCommand {
            path: dir.to_path_buf(),
            stored: record.command,
            asked: command.to_string(),
        })
    }

    /// The resolved configuration (`config.toml`) of the run in `dir`, without locking it.
    ///
    /// # Errors
    /// [`RunDirError::Missing`], [`RunDirError::NotADirectory`], or [`RunDirError::NotARun`] if the file is absent
    /// or is no configuration of this type.
    pub fn stored_config<C: DeserializeOwned>(dir: &Path) -> Result<C, RunDirError> {
        let text = read_run_file(dir, CONFIG_FILE)?;
        toml::from_str(&text).map_err(|e| RunDirError::NotARun {
            path: dir.to_path_buf(),
            reason: format!("{CONFIG_FILE} cannot be read: {}", e.to_string().replace('\n', " ")),
        })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run's record as it stands.
    pub fn record(&self) -> &RunRecord {
        &self.record
    }

    /// The resolved configuration as it stands in `config.toml`.
    pub fn config_text(&self) -> &str {
        &self.config
    }

    /// Path of a file or directory of this run.
    ///
    /// # Errors
    /// [`RunDirError::InvalidName`] if `name` is absolute, empty or leads out of the directory.
    pub fn file(&self, name: &str) -> Result<PathBuf, RunDirError> {
        check_name(name)?;
        Ok(self.path.join(name))
    }

    /// The bytes of a file; none if there is no such file.
    ///
    /// # Errors
    /// [`RunDirError::InvalidName`] and the errors of the file system.
    pub fn read_file(&self, name: &str) -> Result<Option<Vec<u8>>, RunDirError> {
        let path = self.file(name)?;
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(RunDirError::from_io("read the file", &path, e)),
        }
    }

    /// Writes a file whole (see [`atomic_write`]). `name` may contain `/`. Returns the path.
    ///
    /// # Errors
    /// [`RunDirError::InvalidName`] and the errors of the file system.
    pub fn write_file(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, RunDirError> {
        let path = self.file(name)?;
        self.check_there()?;
        atomic_write(&path, bytes)?;
        Ok(path)
    }

    /// Writes a value as indented JSON. Returns the path.
    ///
    /// # Errors
    /// [`RunDirError::Serialise`] and those of [`RunDir::write_file`].
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<PathBuf, RunDirError> {
        let path = self.file(name)?;
        let mut text = serde_json::to_string_pretty(value).map_err(|e| json_error(&path, &e))?;
        text.push('\n');
        self.check_there()?;
        atomic_write(&path, text.as_bytes())?;
        Ok(path)
    }

    /// Writes a table as `<name>.csv`. Returns the path.
    ///
    /// # Errors
    /// [`RunDirError::InvalidName`] and the errors of the file system.
    pub fn write_csv(&self, name: &str, table: &Table) -> Result<PathBuf, RunDirError> {
        self.write_file(&with_extension(name, "csv"), table.to_csv().as_bytes())
    }

    /// Writes a figure as `figures/<name>.svg` and `figures/<name>.png`. Returns the path of the SVG.
    ///
    /// # Errors
    /// [`RunDirError::InvalidName`] and the errors of the file system.
    pub fn save_figure(&self, name: &str, figure: &Figure) -> Result<PathBuf, RunDirError> {
        check_name(name)?;
        self.write_file(&format!("figures/{name}.png"), &figure.to_png())?;
        self.write_file(&format!("figures/{name}.svg"), figure.to_svg().as_bytes())
    }

    /// Writes `report.html` with the run's configuration and footer, its tables as `<name>.csv`, and its figures as
    /// `figures/<name>.svg` and `.png`. Returns the path of the report.
    ///
    /// # Errors
    /// [`RunDirError::InvalidName`] for the name of a table or figure, and the errors of the file system.
    pub fn save_report(&self, report: &Report) -> Result<PathBuf, RunDirError> {
        for (name, csv) in report.tables() {
            self.write_file(&with_extension(name, "csv"), csv.as_bytes())?;
        }
        for figure in report.figures() {
            self.write_file(&format!("figures/{}.png", figure.name), &figure.png)?;
            self.write_file(&format!("figures/{}.svg", figure.name), figure.svg.as_bytes())?;
        }
        let mut report = report.clone();
        report.details("Configuration (config.toml)", self.config_text());
        if !report.has_footer() {
            report.footer(&self.record);
        }
        self.write_file("report.html", report.to_html().as_bytes())
    }

    /// Writes serialisable records (one struct a row) as `<name>.csv`, header from the field names.
    ///
    /// # Errors
    /// [`RunDirError::Serialise`] if a record is not flat, and those of [`RunDir::write_file`].
    pub fn write_records<R: Serialize>(
        &self,
        name: &str,
        records: impl IntoIterator<Item = R>,
    ) -> Result<PathBuf, RunDirError> {
        let path = self.file(&with_extension(name, "csv"))?;
        let bad =
            |reason: String| RunDirError::Serialise { path: path.clone(), format: "CSV", reason };
        let mut writer = csv::Writer::from_writer(Vec::new());
        for record in records {
            writer.serialize(record).map_err(|e| bad(e.to_string()))?;
        }
        let bytes = writer.into_inner().map_err(|e| bad(e.to_string()))?;
        self.check_there()?;
        atomic_write(&path, &bytes)?;
        Ok(path)
    }

    /// Saves resumable state under `name`, keeping the generation before it. Returns the generation, from 1.
    ///
    /// # Errors
    /// [`RunDirError::InvalidName`] and the errors of the file system; the generations already there stay intact.
    pub fn save_checkpoint(&self, name: &str, payload: &[u8]) -> Result<u64, RunDirError> {
        check_name(name)?;
        self.check_there()?;
        let (directory, name) = self.checkpoint_place(name);
        checkpoint::save(&directory, &name, payload)
    }

    /// Loads the newest intact checkpoint saved under `name`; `None` if none was ever saved. Damaged newer ones are
    /// named in the result and set aside as `*.refused`.
    ///
    /// # Errors
    /// [`RunDirError::CheckpointsDamaged`] if there are checkpoints and none is intact; the errors of the file system.
    pub fn load_checkpoint(&self, name: &str) -> Result<Option<Checkpoint>, RunDirError> {
        check_name(name)?;
        let (directory, name) = self.checkpoint_place(name);
        checkpoint::load(&directory, &name)
    }

    /// Removes the checkpoints saved under `name`, for state that is no longer needed.
    ///
    /// # Errors
    /// [`RunDirError::InvalidName`] and the errors of the file system.
    pub fn remove_checkpoints(&self, name: &str) -> Result<(), RunDirError> {
        check_name(name)?;
        let (directory, name) = self.checkpoint_place(name);
        checkpoint::remove(&directory, &name)
    }

    /// A directory that somebody removed while the run was on is not made again with half its files.
    fn check_there(&self) -> Result<(), RunDirError> {
        match self.path.is_dir() {
            true => Ok(()),
            false => Err(RunDirError::Vanished { path: self.path.clone() }),
        }
    }

    fn checkpoint_place(&self, name: &str) -> (PathBuf, String) {
        let base = self.path.join(CHECKPOINT_DIRECTORY);
        match name.rsplit_once('/') {
            Some((folder, file)) => (base.join(folder), file.to_string()),
            None => (base, name.to_string()),
        }
    }

    /// Marks the run as complete and releases the directory. Returns its path.
    ///
    /// # Errors
    /// The errors of the file system.
    pub fn finish(self) -> Result<PathBuf, RunDirError> {
        self.end(RunState::Done, None)
    }

    /// Marks the run as failed, with the error's one line, and releases the directory. Returns its path.
    ///
    /// # Errors
    /// The errors of the file system.
    pub fn fail(self, error: &dyn std::fmt::Display) -> Result<PathBuf, RunDirError> {
        self.end(RunState::Failed, Some(error.to_string()))
    }

    /// Marks the run as stopped on request and releases the directory. Returns its path.
    ///
    /// # Errors
    /// The errors of the file system.
    pub fn interrupt(self) -> Result<PathBuf, RunDirError> {
        self.end(RunState::Interrupted, None)
    }

    fn end(mut self, state: RunState, error: Option<String>) -> Result<PathBuf, RunDirError> {
        self.record.state = state;
        self.record.end = Some(utc_now());
        self.record.error = error;
        checkpoint::remove_empty(&self.path.join(CHECKPOINT_DIRECTORY));
        let written = self.write_record();
        self.lock = None;
        written.map(|()| self.path.clone())
    }

    fn write_record(&self) -> Result<(), RunDirError> {
        self.write_json(RECORD_FILE, &self.record.sealed()).map(|_| ())
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        if self.lock.is_some() && self.record.state == RunState::Running {
            self.record.state = RunState::Interrupted;
            self.record.end = Some(utc_now());
            // Nobody is left to tell; a record that still says "running" without a lock means the same.
            let _ = self.write_record();
        }
    }
}

fn read_run_file(dir: &Path, name: &str) -> Result<String, RunDirError> {
    if !dir.exists() {
        return Err(RunDirError::Missing { path: dir.to_path_buf() });
    }
    if !dir.is_dir() {
        return Err(RunDirError::NotADirectory { path: dir.to_path_buf() });
    }
    let path = dir.join(name);
    fs::read_to_string(&path).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => {
            RunDirError::NotARun { path: dir.to_path_buf(), reason: format!("it has no {name}") }
        }
        io::ErrorKind::InvalidData => {
            RunDirError::NotARun { path: dir.to_path_buf(), reason: format!("{name} is not text") }
        }
        _ => RunDirError::from_io("read the file", &path, e),
    })
}

/// Whether the configuration beside a record, and one that is given, are the one that the run began
/// with. That is in its record, under a checksum; the file is for people, who may have changed it.
fn check_config(
    dir: &Path,
    record: &RunRecord,
    given: Option<serde_json::Value>,
) -> Result<(), RunDirError> {
    let on_disk: toml::Value = RunDir::stored_config(dir)?;
    for given in [Some(to_json(&on_disk)?), given].into_iter().flatten() {
        if let Some((key, stored, given)) = first_difference("", &record.config, &given) {
            return Err(RunDirError::ConfigMismatch {
                path: dir.to_path_buf(),
                key,
                stored,
                given,
            });
        }
    }
    // A report shows the file, blank lines and comments included.
    if !record.wrote_config(&read_run_file(dir, CONFIG_FILE)?) {
        return Err(RunDirError::NotARun {
            path: dir.to_path_buf(),
            reason: format!("{CONFIG_FILE} was changed: its checksum does not match"),
        });
    }
    Ok(())
}

fn to_toml(config: &impl Serialize) -> Result<String, RunDirError> {
    toml::to_string(config).map_err(|e| RunDirError::Serialise {
        path: PathBuf::from(CONFIG_FILE),
        format: "TOML",
        reason: e.to_string(),
    })
}

fn to_json(config: &impl Serialize) -> Result<serde_json::Value, RunDirError> {
    // Through TOML, which leaves out what is not given, as `config.toml` does.
    let table = toml::Value::try_from(config).map_err(|e| RunDirError::Serialise {
        path: PathBuf::from(CONFIG_FILE),
        format: "TOML",
        reason: e.to_string(),
    })?;
    serde_json::to_value(table).map_err(|e| json_error(Path::new(RECORD_FILE), &e))
}

fn json_error(path: &Path, error: &serde_json::Error) -> RunDirError {
    RunDirError::Serialise { path: path.to_path_buf(), format: "JSON", reason: error.to_string() }
}

fn with_extension(name: &str, extension: &str) -> String {
    if name.ends_with(&format!(".{extension}")) {
        name.to_string()
    } else {
        format!("{name}.{extension}")
    }
}

/// The first place where two configurations differ: dotted key and both values.
fn first_difference(
    prefix: &str,
    stored: &serde_json::Value,
    given: &serde_json::Value,
) -> Option<(String, String, String)> {
    use serde_json::Value;
    match (stored, given) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            keys.into_iter().find_map(|key| {
                let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                match (a.get(key), b.get(key)) {
                    (Some(x), Some(y)) => first_difference(&path, x, y),
                    (x, y) => {
                        let show = |v: Option<&Value>| v.map_or("absent".to_string(), shown);
                        Some((path, show(x), show(y)))
                    }
                }
            })
        }
        _ if stored == given => None,
        _ => Some((prefix.to_string(), shown(stored), shown(given))),
    }
}

fn shown(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Object(_) => "a table".to_string(),
        other => other.to_string(),
    }
}
