//! Where a run may write: the directory itself, and the names inside it.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::lock::LOCK_FILE;
use super::{RunDir, RunDirError, record};

/// Makes `path` if it does not exist and checks that it is empty.
pub(super) fn claim(path: &Path) -> Result<PathBuf, RunDirError> {
    RunDir::check_free(path)?;
    fs::create_dir_all(path).map_err(|e| match e.kind() {
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            RunDirError::NotADirectory { path: path.to_path_buf() }
        }
        _ => RunDirError::from_io("make the directory", path, e),
    })?;
    Ok(path.to_path_buf())
}

/// Makes `<base>/<name>-<time>`, or `..-2`, `..-3` if runs start within one second.
pub(super) fn claim_new(base: &Path, name: &str) -> Result<PathBuf, RunDirError> {
    fs::create_dir_all(base).map_err(|e| RunDirError::from_io("make the directory", base, e))?;
    let stem = format!("{}-{}", name.replace('/', "-"), record::utc_now_compact());
    for attempt in 1_u32.. {
        let path = base.join(if attempt == 1 { stem.clone() } else { format!("{stem}-{attempt}") });
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(RunDirError::from_io("make the directory", &path, e)),
        }
    }
    unreachable!("a free name is found long before the counter ends")
}

/// Name of one entry of a directory, if it has any besides the lock.
pub(super) fn first_entry(path: &Path) -> Result<Option<String>, RunDirError> {
    let entries =
        fs::read_dir(path).map_err(|e| RunDirError::from_io("read the directory", path, e))?;
    let mut names = BTreeSet::new();
    for entry in entries {
        let entry = entry.map_err(|e| RunDirError::from_io("read the directory", path, e))?;
        names.insert(entry.file_name().to_string_lossy().into_owned());
    }
    names.remove(LOCK_FILE);
    Ok(names.pop_first())
}

/// A name stays inside the directory: relative, without `..`, and not one of the system's hidden ones.
pub(super) fn check_name(name: &str) -> Result<(), RunDirError> {
    let inside = !name.is_empty()
        && !name.ends_with('/')
        && !name.chars().any(|c| c.is_control() || c == '\\')
        && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if inside { Ok(()) } else { Err(RunDirError::InvalidName { name: name.to_string() }) }
}
