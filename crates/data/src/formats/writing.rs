//! Files that are written under a temporary name and renamed once they are whole.

use crate::error::DataError;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The temporary name of a file being written.
pub(crate) fn partial_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

/// Refuses to write a file where something stands that it must not replace: another file, unless it
/// is to be overwritten; a folder, a device or a pipe always.
///
/// # Errors
/// [`DataError::Request`] with the path and what is there.
pub fn check_output(path: &Path, overwrite: bool) -> Result<(), DataError> {
    let wrong = |why: &str| Err(DataError::Request(format!("{}: {why}", path.to_string_lossy())));
    if path.file_name().is_none() {
        return wrong("expected the name of a file");
    }
    let Ok(there) = fs::metadata(path) else { return Ok(()) };
    if there.is_dir() {
        return wrong("a folder of this name is there, and is not overwritten");
    }
    if !there.is_file() {
        return wrong("a device or a pipe of this name is there, and is not replaced by a file");
    }
    if !overwrite {
        return wrong("the file is there already, and is not overwritten");
    }
    Ok(())
}

/// Gives a file that was `written` under its temporary name the name it is to have; one that could
/// not be finished is removed.
pub(crate) fn name_finished(
    partial: &Path,
    path: &Path,
    written: io::Result<()>,
) -> Result<(), DataError> {
    let named = written
        .map_err(|e| DataError::io(partial, "write", e))
        .and_then(|()| check_output(path, true))
        .and_then(|()| fs::rename(partial, path).map_err(|e| DataError::io(path, "rename", e)));
    if named.is_err() {
        fs::remove_file(partial).ok();
    }
    named
}

/// Writes a whole file; it is there only once all of it is on the disk.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    let partial = partial_name(path);
    let written = fs::File::create(&partial).and_then(|mut file| {
        io::Write::write_all(&mut file, bytes)?;
        file.sync_all()
    });
    name_finished(&partial, path, written)
}
