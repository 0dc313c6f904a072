//! One process at a time in a run directory.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::error::RunDirError;

/// Name of the lock file.
pub(super) const LOCK_FILE: &str = ".lock";

/// How often a lock is tried that another process holds, and the pause between: that process may only
/// be looking whether somebody holds it.
const TRIES: usize = 3;
const PAUSE: Duration = Duration::from_millis(5);

/// A held lock. The operating system holds it for us, so it ends with the process however that dies;
/// the process id in the file is for the message that another process prints.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the lock of `directory`, also over the lock file that a dead process left.
    pub(super) fn acquire(directory: &Path) -> Result<Self, RunDirError> {
        let path = directory.join(LOCK_FILE);
        let mut tries = 0;
        loop {
            let mut file = options()
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(|e| RunDirError::from_io("open the lock file", &path, e))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if tries < TRIES => {
                    tries += 1;
                    std::thread::sleep(PAUSE);
                    continue;
                }
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    let _ = file.read_to_string(&mut holder);
                    let pid = holder.split_whitespace().next().unwrap_or("unknown").to_string();
                    return Err(RunDirError::Locked { path: directory.to_path_buf(), pid });
                }
                // A file system without locks (some of clusters): better unprotected than unusable.
                Err(TryLockError::Error(e)) if has_no_locks(&e) => {}
                Err(TryLockError::Error(e)) => {
                    return Err(RunDirError::from_io("lock the file", &path, e));
                }
            }
            // The previous holder may have removed the file between our open and our lock. Then we hold
            // the lock of a file that nobody else can find: what we wrote is not what the path shows.
            let token = token();
            file.set_len(0)
                .and_then(|()| file.seek(SeekFrom::Start(0)))
                .and_then(|_| file.write_all(token.as_bytes()))
                .map_err(|e| {
                    // Ours, and of no use to anybody without what it was to say.
                    let _ = fs::remove_file(&path);
                    RunDirError::from_io("write the lock file", &path, e)
                })?;
            if fs::read_to_string(&path).is_ok_and(|seen| seen == token) {
                return Ok(Self { path, _file: file });
            }
        }
    }
}

/// Whether a process holds the lock of `directory`; none if the file system cannot tell.
pub(super) fn is_held(directory: &Path) -> Option<bool> {
    let file = match options().open(directory.join(LOCK_FILE)) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Some(false),
        Err(_) => return None,
    };
    // Those who only look do not stand in each other's way.
    match file.try_lock_shared() {
        Ok(()) => Some(false),
        Err(TryLockError::WouldBlock) => Some(true),
        Err(TryLockError::Error(_)) => None,
    }
}

/// To open the lock file: not by a link, which could lead to a file that is not ours to empty.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW);
    options
}

/// Whether the file system has no locks: 37 (ENOLCK) is what NFS without its lock service says, 524
/// (ENOTSUPP, which has no name outside the kernel) what file systems of some clusters say.
fn has_no_locks(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::Unsupported
        || cfg!(target_os = "linux") && matches!(error.raw_os_error(), Some(37 | 524))
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while still locked, so that nobody can have taken it in between.
        let _ = fs::remove_file(&self.path);
    }
}

fn token() -> String {
    let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    format!("{} {nanoseconds}\n", std::process::id())
}
