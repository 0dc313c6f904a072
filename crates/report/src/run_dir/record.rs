//! `run.json`: who computed what, where and when.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a command tells about itself when it starts a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunInfo {
    /// The subcommand, also the first part of the directory's name: `reconstruct`, `study-hebb`.
    pub command: String,
    /// Version of the program.
    pub version: String,
    /// The run seed.
    pub seed: u64,
    /// The command line, program name first.
    pub command_line: Vec<String>,
    /// Commit that the program was built from, if known.
    pub commit: Option<String>,
    /// Folder of the data sets, so that a run is continued on the same ones.
    pub data_dir: Option<PathBuf>,
}

impl RunInfo {
    /// Describes the running process, with the command line from the environment.
    pub fn new(command: &str, version: &str, seed: u64) -> Self {
        Self {
            command: command.to_string(),
            version: version.to_string(),
            seed,
            command_line: std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect(),
            commit: None,
            data_dir: None,
        }
    }

    /// With the commit that the program was built from, if that is known.
    #[must_use]
    pub fn built_from(mut self, commit: Option<&str>) -> Self {
        self.commit = commit.map(str::to_string);
        self
    }

    /// With the folder of the data sets.
    #[must_use]
    pub fn data_dir(mut self, dir: &Path) -> Self {
        // A folder that is not there yet has no canonical name; then it stays as it was given.
        self.data_dir = Some(std::path::absolute(dir).unwrap_or_else(|_| dir.to_path_buf()));
        self
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Started; if no process holds the directory's lock, it was killed.
    Running,
    /// Complete.
    Done,
    /// Ended with an error.
    Failed,
    /// Stopped on request; can be resumed.
    Interrupted,
}

/// How a run stands now: its record, and whether a process still holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// A process makes it.
    Running,
    /// It was under way, and no process makes it any more: it was killed. It can be resumed.
    Stopped,
    /// Complete.
    Done,
    /// Ended with an error.
    Failed,
    /// Stopped on request; can be resumed.
    Interrupted,
}

impl Standing {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// The machine that a run used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Model name of the processor, or its architecture.
    pub cpu: String,
    /// Threads that the process may use at once.
    pub cores: usize,
    /// Operating system.
    pub os: String,
}

impl Machine {
    /// Describes this machine.
    pub fn this() -> Self {
        let architecture = std::env::consts::ARCH;
        let cpu = std::fs::read_to_string("/proc/cpuinfo")
            .ok()
            .and_then(|text| {
                let line = text.lines().find(|line| line.starts_with("model name"))?;
                Some(line.split_once(':')?.1.trim().to_string())
            })
            .filter(|name| !name.is_empty())
            .map_or_else(|| architecture.to_string(), |name| format!("{name} ({architecture})"));
        let os = std::fs::read_to_string("/etc/os-release")
            .ok()
            .and_then(|text| {
                let line = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
                Some(line.trim_matches('"').to_string())
            })
            .map_or_else(
                || std::env::consts::OS.to_string(),
                |name| format!("{name} ({})", std::env::consts::OS),
            );
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        Self { cpu, cores, os }
    }
}

/// When a run was continued, and by which program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumed {
    /// UTC, ISO 8601.
    pub time: String,
    /// Version of the program.
    pub version: String,
    /// Commit that it was built from, if known.
    pub commit: Option<String>,
}

/// The content of `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The subcommand.
    pub command: String,
    /// Version of the program that started the run.
    pub version: String,
    /// Commit that it was built from, if known.
    pub commit: Option<String>,
    /// The run seed.
    pub seed: u64,
    /// The command line that started the run.
    pub command_line: Vec<String>,
    /// The folder in which it was started; relative paths of the configuration begin there.
    pub directory: PathBuf,
    /// Folder of the data sets.
    pub data_dir: Option<PathBuf>,
    /// The resolved configuration, as in `config.toml`.
    pub config: serde_json::Value,
    /// SHA-256 of `config.toml` as the run wrote it.
    pub config_sha256: String,
    /// Where it ran.
    pub machine: Machine,
    /// Start, UTC, ISO 8601.
    pub start: String,
    /// When it was continued, oldest first.
    pub resumed: Vec<Resumed>,
    /// End, UTC, ISO 8601; absent while it runs.
    pub end: Option<String>,
    /// Where the run stands.
    pub state: RunState,
    /// The error's one line, if it failed.
    pub error: Option<String>,
    /// SHA-256 of all of the above: what a resume believes has a checksum.
    pub sha256: String,
}

impl RunRecord {
    /// A record of a run that starts now.
    ///
    /// `text` is what `config.toml` holds.
    pub fn starting(info: &RunInfo, config: serde_json::Value, text: &str) -> Self {
        Self {
            command: info.command.clone(),
            version: info.version.clone(),
            commit: info.commit.clone(),
            seed: info.seed,
            command_line: info.command_line.clone(),
            directory: std::env::current_dir().unwrap_or_default(),
            data_dir: info.data_dir.clone(),
            config,
            config_sha256: hex_digest(text.as_bytes()),
            machine: Machine::this(),
            start: utc_now(),
            resumed: Vec::new(),
            end: None,
            state: RunState::Running,
            error: None,
            sha256: String::new(),
        }
    }

    /// The record with its checksum.
    pub(super) fn sealed(&self) -> Self {
        Self { sha256: self.digest(), ..self.clone() }
    }

    /// Whether nothing was changed since it was sealed.
    pub(super) fn is_intact(&self) -> bool {
        self.sha256 == self.digest()
    }

    fn digest(&self) -> String {
        let open = Self { sha256: String::new(), ..self.clone() };
        // serde_json's own maps are ordered by key: the order of fields and spaces do not matter.
        let text = serde_json::to_value(open).map_or_else(|e| e.to_string(), |v| v.to_string());
        hex_digest(text.as_bytes())
    }

    /// Whether `text` is what the run wrote to `config.toml`.
    pub(super) fn wrote_config(&self, text: &str) -> bool {
        self.config_sha256 == hex_digest(text.as_bytes())
    }
}

/// SHA-256 in hexadecimal digits.
fn hex_digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Now, UTC, as `2026-01-31T23:59:59Z`.
pub fn utc_now() -> String {
    format_utc(seconds_since_epoch())
}

/// Now, UTC, as it stands in directory names: `20260131-235959`.
pub(super) fn utc_now_compact() -> String {
    let (year, month, day, hour, minute, second) = civil_time(seconds_since_epoch());
    format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}")
}

fn seconds_since_epoch() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(duration) => i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(0),
    }
}

/// Seconds since 1970-01-01T00:00:00Z as an ISO 8601 date and time.
pub fn format_utc(seconds: i64) -> String {
    let (year, month, day, hour, minute, second) = civil_time(seconds);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month, day, hour, minute, second in the proleptic Gregorian calendar (Hinnant, "chrono-compatible
/// low-level date algorithms": the year starts in March, so that the leap day is its last).
fn civil_time(seconds: i64) -> (i64, i64, i64, i64, i64, i64) {
    let days = seconds.div_euclid(86_400) + 719_468;
    let of_day = seconds.rem_euclid(86_400);
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day, of_day / 3_600, of_day / 60 % 60, of_day % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates() {
        // From `date -u -d @N`.
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_767_225_599, "2025-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(format_utc(seconds), text);
        }
    }
}
