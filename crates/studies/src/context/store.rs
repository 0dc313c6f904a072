//! Where a study keeps what it has finished.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Mutex;

use equipoise_report::{RunDir, RunDirError};

/// A checkpoint as it was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The bytes that were saved.
    pub bytes: Vec<u8>,
    /// What was wrong with newer ones, one reason each.
    pub damaged: Vec<String>,
}

/// Keeps the files of a study by name (`cells/1-balanced-ridge.json`): a run directory, or memory.
///
/// A file is there whole or not at all, at any moment at which the process may be killed.
pub trait Store: Send + Sync {
    /// The bytes of a file; none if there is no such file.
    ///
    /// # Errors
    /// If the name is no name inside the store, or the file cannot be read.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, RunDirError>;

    /// Writes a file, over the one of that name.
    ///
    /// # Errors
    /// If the name is no name inside the store, or the file cannot be written.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirError>;

    /// Saves resumable state, keeping the state before it.
    ///
    /// # Errors
    /// As [`Store::write`].
    fn save_checkpoint(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirError>;

    /// The newest state that is intact; none if none was saved.
    ///
    /// # Errors
    /// As [`Store::read`], and if all that was saved is damaged.
    fn load_checkpoint(&self, name: &str) -> Result<Option<Saved>, RunDirError>;

    /// Removes the states saved under a name.
    ///
    /// # Errors
    /// If a file cannot be removed.
    fn remove_checkpoint(&self, name: &str) -> Result<(), RunDirError>;

    /// The place of a file on disk, for those that are too large to be held in memory; none if the
    /// store is not on disk. Missing folders above it are made.
    ///
    /// # Errors
    /// As [`Store::write`].
    fn path(&self, name: &str) -> Result<Option<PathBuf>, RunDirError>;
}

impl<S: Store + ?Sized> Store for &S {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, RunDirError> {
        (**self).read(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirError> {
        (**self).write(name, bytes)
    }

    fn save_checkpoint(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirError> {
        (**self).save_checkpoint(name, bytes)
    }

    fn load_checkpoint(&self, name: &str) -> Result<Option<Saved>, RunDirError> {
        (**self).load_checkpoint(name)
    }

    fn remove_checkpoint(&self, name: &str) -> Result<(), RunDirError> {
        (**self).remove_checkpoint(name)
    }

    fn path(&self, name: &str) -> Result<Option<PathBuf>, RunDirError> {
        (**self).path(name)
    }
}

impl Store for RunDir {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, RunDirError> {
        self.read_file(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirError> {
        self.write_file(name, bytes).map(|_| ())
    }

    fn save_checkpoint(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirError> {
        RunDir::save_checkpoint(self, name, bytes).map(|_| ())
    }

    fn load_checkpoint(&self, name: &str) -> Result<Option<Saved>, RunDirError> {
        let found = RunDir::load_checkpoint(self, name)?;
        Ok(found.map(|checkpoint| Saved {
            bytes: checkpoint.payload,
            damaged: checkpoint
                .refused
                .iter()
                .map(|refused| format!("{}: {}", refused.path.display(), refused.reason))
                .collect(),
        }))
    }

    fn remove_checkpoint(&self, name: &str) -> Result<(), RunDirError> {
        self.remove_checkpoints(name)
    }

    fn path(&self, name: &str) -> Result<Option<PathBuf>, RunDirError> {
        let path = self.file(name)?;
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)
                .map_err(|e| RunDirError::from_io("make the directory", parent, e))?;
        }
        Ok(Some(path))
    }
}

/// The files of a run that is only read: one that another study has made.
#[derive(Debug, Clone)]
pub struct StoredRun {
    dir: PathBuf,
}

impl StoredRun {
    /// The run in this directory.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    fn file(&self, name: &str) -> Result<PathBuf, RunDirError> {
        let inside = |part| matches!(part, Component::Normal(_));
        if name.is_empty() || !Path::new(name).components().all(inside) {
            return Err(RunDirError::InvalidName { name: name.to_owned() });
        }
        Ok(self.dir.join(name))
    }

    fn refused(&self) -> RunDirError {
        let reason = std::io::Error::other("the run is only read");
        RunDirError::from_io("write to the run", &self.dir, reason)
    }
}

impl Store for StoredRun {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, RunDirError> {
        let path = self.file(name)?;
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(RunDirError::from_io("read the file", &path, e)),
        }
    }

    fn write(&self, _: &str, _: &[u8]) -> Result<(), RunDirError> {
        Err(self.refused())
    }

    fn save_checkpoint(&self, _: &str, _: &[u8]) -> Result<(), RunDirError> {
        Err(self.refused())
    }

    fn load_checkpoint(&self, _: &str) -> Result<Option<Saved>, RunDirError> {
        Ok(None)
    }

    fn remove_checkpoint(&self, _: &str) -> Result<(), RunDirError> {
        Err(self.refused())
    }

    fn path(&self, name: &str) -> Result<Option<PathBuf>, RunDirError> {
        self.file(name).map(Some)
    }
}

/// A store in memory, for programs that want results and no files.
#[derive(Debug, Default)]
pub struct Memory {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Memory {
    /// The names of its files, in order.
    pub fn names(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        // A map whose entries are replaced whole is sound even after a panic elsewhere.
        self.files.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Store for Memory {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, RunDirError> {
        Ok(self.lock().get(name).cloned())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirError> {
        if name.is_empty() || Path::new(name).is_absolute() {
            return Err(RunDirError::InvalidName { name: name.to_owned() });
        }
        self.lock().insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    // Memory is not damaged by a kill, and nobody resumes from it: no state needs to be kept.
    fn save_checkpoint(&self, _: &str, _: &[u8]) -> Result<(), RunDirError> {
        Ok(())
    }

    fn load_checkpoint(&self, _: &str) -> Result<Option<Saved>, RunDirError> {
        Ok(None)
    }

    fn remove_checkpoint(&self, _: &str) -> Result<(), RunDirError> {
        Ok(())
    }

    fn path(&self, _: &str) -> Result<Option<PathBuf>, RunDirError> {
        Ok(None)
    }
}
