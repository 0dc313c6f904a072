//! What can be wrong with a data set.

use std::io;
use std::path::{Path, PathBuf};

/// Why a data set could not be opened, made or written. Its message is one line: which file,
/// where in it, what was found and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The operating system refused to read or write a file.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was being done, such as "read".
        action: &'static str,
        /// The reason given by the system.
        source: io::Error,
    },
    /// A file was read and what is in it is wrong.
    #[error("{}: {place}: {problem}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The byte offset, record or HDF5 path.
        place: String,
        /// What was found and what was expected.
        problem: String,
    },
    /// A data set is not on this machine.
    #[error("data set '{name}' is not at {}: {wanted}", looked_in.display())]
    Missing {
        /// The data set's name.
        name: String,
        /// The root folder that was searched.
        looked_in: PathBuf,
        /// The layouts that would have been accepted, and how to get them.
        wanted: String,
    },
    /// No data set has this name.
    #[error("unknown data set '{0}': known are {known}", known = super::SPEC_NAMES)]
    UnknownName(String),
    /// The request cannot be met, whatever the files hold.
    #[error("{0}")]
    Request(String),
    /// A download failed.
    #[error("{address}: {problem}")]
    Download {
        /// The address asked for last.
        address: String,
        /// What went wrong.
        problem: String,
    },
    /// The caller stopped the work.
    #[error("stopped on request")]
    Stopped,
}

impl DataError {
    /// Whether what was asked for is at fault (a name, a number, a file that is absent or wrong)
    /// rather than the run (a full disk, a server that does not answer).
    pub fn is_request(&self) -> bool {
        match self {
            DataError::Io { action, .. } => ["open", "read", "list"].contains(action),
            DataError::Download { .. } | DataError::Stopped => false,
            _ => true,
        }
    }

    /// A format error at `place` in the file at `path`.
    pub(crate) fn format(
        path: &Path,
        place: impl Into<String>,
        problem: impl Into<String>,
    ) -> DataError {
        DataError::Format { path: path.to_owned(), place: place.into(), problem: problem.into() }
    }

    /// An error of the operating system while doing `action` to `path`.
    pub(crate) fn io(path: &Path, action: &'static str, source: io::Error) -> DataError {
        DataError::Io { path: path.to_owned(), action, source }
    }
}
