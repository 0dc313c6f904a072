//! What can be wrong with a data set.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

/// The names that [`open`](crate::open) knows, for messages.
pub const SPEC_NAMES: &str = "mnist, fashion-mnist, kmnist, qmnist, emnist-balanced, \
    emnist-byclass, emnist-bymerge, emnist-digits, emnist-letters, emnist-mnist, cifar-10, shd, \
    spikes:PATH, folder:PATH, npz:PATH, PATH.toml, synthetic-digits, synthetic-color, \
    synthetic-speech";

/// A text with what could steer a terminal, or hide what is written, spelt out: names of files may
/// hold any character.
pub fn printable(text: &str) -> Cow<'_, str> {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}')
            || ('\u{2028}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let spelt = |c: char| if steers(c) { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(spelt).collect())
}

/// A path as it may be shown.
fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy()).into_owned()
}

/// Why a data set could not be opened, made or written. Its message is one line: which file,
/// where in it, what was found and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The operating system refused to read or write a file.
    #[error("{}: cannot {action}: {source}", shown(path))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was being done, such as "read".
        action: &'static str,
        /// The reason given by the system.
        source: io::Error,
    },
    /// A file was read and what is in it is wrong.
    #[error("{}: {}: {}", shown(path), printable(place), printable(problem))]
    Format {
        /// The file.
        path: PathBuf,
        /// The byte offset, record or HDF5 path.
        place: String,
        /// What was found and what was expected.
        problem: String,
    },
    /// A data set is not on this machine.
    #[error("data set '{}' is not at {}: {}", printable(name), shown(looked_in), printable(wanted))]
    Missing {
        /// The data set's name.
        name: String,
        /// The root folder that was searched.
        looked_in: PathBuf,
        /// The layouts that would have been accepted, and how to get them.
        wanted: String,
    },
    /// No data set has this name.
    #[error("unknown data set '{}': known are {SPEC_NAMES}", printable(.0))]
    UnknownName(String),
    /// The request cannot be met, whatever the files hold.
    #[error("{}", printable(.0))]
    Request(String),
    /// A download failed.
    #[error("{address}: {problem}")]
    Download {
        /// The address asked for last.
        address: String,
        /// What went wrong.
        problem: String,
    },
    /// The samples have no labels, and what is asked for needs them.
    #[error(
        "{} has no labels, but classes are needed here: expected one subfolder a class",
        printable(name)
    )]
    Unlabelled {
        /// The data set's name.
        name: String,
    },
    /// This program was built without what is needed.
    #[error("{what}, for which this program was built without the feature `{feature}`")]
    NotBuilt {
        /// What was asked for.
        what: String,
        /// The feature of this crate that can do it.
        feature: &'static str,
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
    #[cfg(feature = "formats")]
    pub(crate) fn format(
        path: &Path,
        place: impl Into<String>,
        problem: impl Into<String>,
    ) -> DataError {
        DataError::Format { path: path.to_owned(), place: place.into(), problem: problem.into() }
    }

    /// An error of the operating system while doing `action` to `path`.
    #[cfg(feature = "formats")]
    pub(crate) fn io(path: &Path, action: &'static str, source: io::Error) -> DataError {
        DataError::Io { path: path.to_owned(), action, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_steer_a_terminal() {
        let name = "a\u{1b}[31mb\nc\u{7}\u{202e}gpj.txt";
        for error in [
            DataError::format(Path::new(name), "x", "y"),
            DataError::io(Path::new(name), "read", io::ErrorKind::NotFound.into()),
            DataError::Request(name.into()),
            DataError::UnknownName(name.into()),
            DataError::Unlabelled { name: name.into() },
        ] {
            let text = error.to_string();
            assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text:?}");
            assert!(text.contains("a\\u{1b}[31mb\\nc\\u{7}\\u{202e}gpj.txt"), "{text}");
        }
        assert!(matches!(printable("grün/δ 1.png"), Cow::Borrowed(_)));
    }
}
