//! What can go wrong with a run directory, told apart by whose fault it is.

use std::io;
use std::path::{Path, PathBuf};

/// An error of a run directory.
///
/// [`RunDirError::is_request`] tells a wrong request (exit code 2) from a failed run (exit code 1).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunDirError {
    /// The directory asked for already holds something.
    #[error(
        "{}: the directory is not empty (it has {found}); a new or empty one is needed",
        path.display()
    )]
    Occupied {
        /// The directory.
        path: PathBuf,
        /// The first entry found in it.
        found: String,
    },
    /// A path that has to be a directory is a file.
    #[error("{}: this is a file; a directory is expected", path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// The directory to resume or read does not exist.
    #[error("{}: no such directory; the directory of an earlier run is needed", path.display())]
    Missing {
        /// The directory.
        path: PathBuf,
    },
    /// The directory exists but is not that of a run.
    #[error("{}: not a run directory: {reason}", path.display())]
    NotARun {
        /// The directory.
        path: PathBuf,
        /// What is missing or unreadable in it.
        reason: String,
    },
    /// The run in the directory is one of another command.
    #[error(
        "{}: holds a run of `{stored}`; one of `{asked}` is needed",
        path.display()
    )]
    OtherCommand {
        /// The directory.
        path: PathBuf,
        /// The command that made the run.
        stored: String,
        /// The command that wants to resume it.
        asked: String,
    },
    /// The configuration given differs from the one that the run started with.
    #[error(
        "{}: `{key}` is {stored} in this run and {given} here; continue with the run's own configuration or start a new run",
        path.display()
    )]
    ConfigMismatch {
        /// The directory.
        path: PathBuf,
        /// The first key that differs, dotted.
        key: String,
        /// Its value in the run.
        stored: String,
        /// Its value now.
        given: String,
    },
    /// The directory was removed while the run was on.
    #[error("{}: the run's directory is gone; it was removed while the run was on", path.display())]
    Vanished {
        /// The directory.
        path: PathBuf,
    },
    /// Another process works in the directory.
    #[error("{}: in use by process {pid}; wait for it or stop it first", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
        /// Process id written in the lock file, or `unknown`.
        pid: String,
    },
    /// A name leads out of the run directory or is empty.
    #[error(
        "{name:?}: not a name inside a run directory; use letters, digits, `-`, `_`, `.` and `/`"
    )]
    InvalidName {
        /// The name.
        name: String,
    },
    /// A page would replace something else, or has no folder.
    #[error("{}: no place for a page: {reason}", path.display())]
    NoPlace {
        /// The file.
        path: PathBuf,
        /// What is there instead, or missing.
        reason: String,
    },
    /// The configuration or a record has no TOML or JSON form.
    #[error("{}: cannot be written as {format}: {reason}", path.display())]
    Serialise {
        /// The file that was to be written.
        path: PathBuf,
        /// `TOML`, `JSON` or `CSV`.
        format: &'static str,
        /// The serialiser's message.
        reason: String,
    },
    /// A log written by the run itself cannot be read back.
    #[error("{}: line {line}: {reason}", path.display())]
    BadLine {
        /// The file.
        path: PathBuf,
        /// Line number from 1.
        line: usize,
        /// The parser's message.
        reason: String,
    },
    /// Every stored generation of a checkpoint is damaged.
    #[error("{}: no intact checkpoint `{name}`: {reasons}", path.display())]
    CheckpointsDamaged {
        /// The directory of the checkpoints.
        path: PathBuf,
        /// The checkpoint's name.
        name: String,
        /// File and defect of each generation.
        reasons: String,
    },
    /// The file system is full or a quota is reached.
    #[error("{}: cannot {action}: no space left on the device", path.display())]
    DiskFull {
        /// What was being done.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
    },
    /// The operating system refuses access.
    #[error("{}: cannot {action}: permission denied", path.display())]
    PermissionDenied {
        /// What was being done.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
    },
    /// Any other failure of the file system.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
}

impl RunDirError {
    /// Sorts an operating system error into disk full, permission denied and the rest.
    pub fn from_io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { action, path }
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::PermissionDenied { action, path }
            }
            _ => Self::Io { action, path, source },
        }
    }

    /// Whether the request was wrong, as opposed to the run having failed.
    pub fn is_request(&self) -> bool {
        matches!(
            self,
            Self::Occupied { .. }
                | Self::NotADirectory { .. }
                | Self::Missing { .. }
                | Self::NotARun { .. }
                | Self::OtherCommand { .. }
                | Self::ConfigMismatch { .. }
                | Self::Locked { .. }
                | Self::InvalidName { .. }
                | Self::NoPlace { .. }
        )
    }

    /// The process exit code: 2 for a wrong request, 1 for a failed run.
    pub fn exit_code(&self) -> u8 {
        if self.is_request() { 2 } else { 1 }
    }
}
