//! Files beside the units: models, spikes, tables.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Context, identity};
use crate::error::StudyError;

/// A file beside the units that a unit's result belongs with: a model, spikes, counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artefact {
    /// Its name in the store.
    pub name: String,
    /// Its length, bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}

impl Artefact {
    /// Whether these are the bytes of the file.
    pub fn is(&self, bytes: &[u8]) -> bool {
        identity::hex(&Sha256::digest(bytes)) == self.sha256
    }
}

impl Context<'_> {
    /// Writes a file beside the units, such as a model.
    ///
    /// # Errors
    /// Those of the store.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<Artefact, StudyError> {
        self.store.write(name, bytes)?;
        let sha256 = identity::hex(&Sha256::digest(bytes));
        Ok(Artefact { name: name.to_owned(), bytes: bytes.len() as u64, sha256 })
    }

    /// Reads a file beside the units, and checks that it is the one that was written.
    ///
    /// # Errors
    /// [`StudyError::Damaged`] if it is not; those of the store.
    pub fn read(&self, file: &Artefact) -> Result<Vec<u8>, StudyError> {
        let bytes = self.store.read(&file.name)?;
        bytes
            .filter(|bytes| identity::hex(&Sha256::digest(bytes)) == file.sha256)
            .ok_or_else(|| StudyError::Damaged { name: file.name.clone() })
    }

    /// The bytes of a file that no unit vouches for, such as one of times; none if it is not there.
    ///
    /// # Errors
    /// Those of the store.
    pub fn read_any(&self, name: &str) -> Result<Option<Vec<u8>>, StudyError> {
        Ok(self.store.read(name)?)
    }

    /// The place of a file that is too large for memory, on disk; none if results are kept in
    /// memory. When it is complete, [`Context::written`] makes it an artefact.
    ///
    /// # Errors
    /// Those of the store.
    pub fn path(&self, name: &str) -> Result<Option<PathBuf>, StudyError> {
        Ok(self.store.path(name)?)
    }

    /// The artefact that was written to [`Context::path`] of its name.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn written(&self, name: &str) -> Result<Artefact, StudyError> {
        match self.store.path(name)? {
            Some(path) => {
                let (bytes, sha256) = file_digest(&path)?;
                Ok(Artefact { name: name.to_owned(), bytes, sha256 })
            }
            None => Err(StudyError::Damaged { name: name.to_owned() }),
        }
    }

    /// Whether a file is there as it was written.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn intact(&self, file: &Artefact) -> Result<bool, StudyError> {
        match self.store.path(&file.name)? {
            Some(path) if !path.is_file() => Ok(false),
            Some(path) => Ok(file_digest(&path)? == (file.bytes, file.sha256.clone())),
            None => match self.read(file) {
                Ok(_) => Ok(true),
                Err(StudyError::Damaged { .. }) => Ok(false),
                Err(error) => Err(error),
            },
        }
    }
}

/// Length and SHA-256 of a file, read piece by piece.
fn file_digest(path: &Path) -> Result<(u64, String), StudyError> {
    let wrong = |e| equipoise_report::RunDirError::from_io("read the file", path, e);
    let mut file = std::fs::File::open(path).map_err(wrong)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        let count = file.read(&mut buffer).map_err(wrong)?;
        if count == 0 {
            return Ok((length, identity::hex(&hasher.finalize())));
        }
        hasher.update(&buffer[..count]);
        length += count as u64;
    }
}
