//! Archives as files: read within a limit of size, and written as a whole or not at all.

use super::archive::{ArchiveError, MOST_BYTES};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Why a model cannot be read from a file or written to one; `E` says what is wrong with its
/// content.
#[derive(Debug, thiserror::Error)]
pub enum FileError<E: std::error::Error + 'static> {
    /// The file cannot be opened, read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A directory, a device or the like.
    #[error("{}: not a file", path.display())]
    NotAFile {
        /// What it is instead of a file.
        path: PathBuf,
    },
    /// The file is no usable model.
    #[error("{}: {error}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: E,
    },
}

/// The bytes of a file, if it is not too large to be an archive.
///
/// # Errors
/// When it cannot be read, is no file, or has more than [`MOST_BYTES`].
pub fn read(path: &Path) -> Result<Vec<u8>, FileError<ArchiveError>> {
    let io = |error| FileError::Io { path: path.to_owned(), error };
    let file = File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile { path: path.to_owned() });
    }
    let mut bytes = Vec::new();
    let mut size = metadata.len();
    if size <= MOST_BYTES {
        // It may have grown since.
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
        size = bytes.len() as u64;
    }
    if size > MOST_BYTES {
        let error = ArchiveError::TooLarge { bytes: size };
        return Err(FileError::Content { path: path.to_owned(), error });
    }
    Ok(bytes)
}

/// Makes a model of the bytes of a file.
pub(crate) fn load<T, E>(
    path: &Path,
    from_bytes: impl FnOnce(&[u8]) -> Result<T, E>,
) -> Result<T, FileError<E>>
where
    E: std::error::Error + From<ArchiveError> + 'static,
{
    let bytes = read(path).map_err(|error| match error {
        FileError::Io { path, error } => FileError::Io { path, error },
        FileError::NotAFile { path } => FileError::NotAFile { path },
        FileError::Content { path, error } => FileError::Content { path, error: error.into() },
    })?;
    from_bytes(&bytes).map_err(|error| FileError::Content { path: path.to_owned(), error })
}

/// Writes a file under a temporary name beside it first, so that a kill leaves no half of it.
pub(crate) fn save<E: std::error::Error + 'static>(
    path: &Path,
    bytes: &[u8],
) -> Result<(), FileError<E>> {
    // Renaming would put a file in the place of a device.
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(FileError::NotAFile { path: path.to_owned() });
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| {
        // What is left of it is of no use; that it cannot be removed says no more.
        let _ = fs::remove_file(&temporary);
        FileError::Io { path: path.to_owned(), error }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_replaced_whole_and_only_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        for content in [&b"one"[..], b"another"] {
            save::<ArchiveError>(&path, content).unwrap();
            assert_eq!(read(&path).unwrap(), content);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(matches!(read(folder.path()), Err(FileError::NotAFile { .. })));
        assert!(matches!(read(&folder.path().join("none")), Err(FileError::Io { .. })));
        assert!(matches!(
            save::<ArchiveError>(folder.path(), b""),
            Err(FileError::NotAFile { .. })
        ));
        let nowhere = folder.path().join("none/model");
        assert!(matches!(save::<ArchiveError>(&nowhere, b""), Err(FileError::Io { .. })));
    }

    /// A file with a hole has a size and hardly any content.
    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        File::create(&path).unwrap().set_len(MOST_BYTES + 1).unwrap();
        let refused = read(&path).unwrap_err();
        let too_large = ArchiveError::TooLarge { bytes: MOST_BYTES + 1 };
        assert!(matches!(refused, FileError::Content { error, .. } if error == too_large));
    }
}
