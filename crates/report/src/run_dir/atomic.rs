//! Files that appear whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::RunDirError;

/// Every temporary file carries this in its name, so that a resumed run can sweep the ones a killed process left.
const TEMPORARY_MARK: &str = ".tmp-";

static TEMPORARY_COUNTER: AtomicU64 = AtomicU64::new(0);

/// Writes `bytes` to `path` so that a reader, or a crash at any moment, sees the old file or the whole new one.
///
/// The bytes go to a temporary name in the same directory, are forced to the disk, and the file is renamed.
/// Missing parent directories are made.
///
/// # Errors
/// [`RunDirError::DiskFull`], [`RunDirError::PermissionDenied`] or [`RunDirError::Io`], each with the path.
pub fn atomic_write(path: &Path, bytes: &[u8]) -> Result<(), RunDirError> {
    atomic_write_with(path, |writer| writer.write_all(bytes))
}

/// Like [`atomic_write`] for content that is produced piece by piece.
///
/// # Errors
/// As [`atomic_write`]; an error returned by `produce` is reported for `path`, and nothing is left behind.
pub fn atomic_write_with(
    path: &Path,
    produce: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), RunDirError> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    fs::create_dir_all(&parent)
        .map_err(|e| RunDirError::from_io("make the directory", &parent, e))?;
    let file_name = path
        .file_name()
        .ok_or_else(|| RunDirError::InvalidName { name: path.display().to_string() })?;
    let temporary = parent.join(format!(
        ".{}{TEMPORARY_MARK}{:x}-{}",
        file_name.to_string_lossy(),
        process_mark(),
        TEMPORARY_COUNTER.fetch_add(1, Ordering::Relaxed)
    ));
    let result = write_and_sync(&temporary, produce).and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = result {
        // The name that the user knows was never touched; the temporary one is of no use.
        let _ = fs::remove_file(&temporary);
        return Err(RunDirError::from_io("write the file", path, error));
    }
    sync_directory(&parent);
    Ok(())
}

/// Tells this process from others that write to the same directory, also from those of other
/// machines, whose process ids may be equal.
fn process_mark() -> u64 {
    static MARK: OnceLock<u64> = OnceLock::new();
    *MARK.get_or_init(|| {
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u32(std::process::id());
        hasher.finish()
    })
}

fn write_and_sync(
    path: &Path,
    produce: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let mut writer = BufWriter::with_capacity(1 << 16, file);
    produce(&mut writer)?;
    let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()
}

/// Makes a rename durable. Some file systems refuse to sync a directory; the rename itself has already happened.
fn sync_directory(directory: &Path) {
    if cfg!(unix)
        && let Ok(handle) = File::open(directory)
    {
        let _ = handle.sync_all();
    }
}

/// Removes the temporary files that a killed process left anywhere below `directory`.
pub(super) fn sweep_temporary_files(directory: &Path) -> Result<(), RunDirError> {
    for path in files_below(directory)? {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with('.') && name.contains(TEMPORARY_MARK) {
            fs::remove_file(&path)
                .map_err(|e| RunDirError::from_io("remove the file", &path, e))?;
        }
    }
    Ok(())
}

/// All plain files below `directory`, sorted by path.
pub(super) fn files_below(directory: &Path) -> Result<Vec<PathBuf>, RunDirError> {
    let mut files = Vec::new();
    let mut pending = vec![directory.to_path_buf()];
    while let Some(current) = pending.pop() {
        let entries = fs::read_dir(&current)
            .map_err(|e| RunDirError::from_io("read the directory", &current, e))?;
        for entry in entries {
            let entry =
                entry.map_err(|e| RunDirError::from_io("read the directory", &current, e))?;
            let kind =
                entry.file_type().map_err(|e| RunDirError::from_io("read", &entry.path(), e))?;
            if kind.is_dir() {
                pending.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}
