//! What a study works in: somebody who watches it, and a place for what it has finished.
//!
//! Work is cut into **units**: a trial, a cell of a table, a point of a map, a network, a chunk of
//! an enumeration. A unit has a key that names it and an [`Identity`] of all that it depends on.
//! [`Context::unit`] takes its result from the store if it is there and intact, and else computes
//! and keeps it. So a study that was killed goes on where it stopped, with nothing of its own for
//! that. A file that is damaged is said to be and made again; one that was made from something
//! else is refused.
//!
//! ```
//! use equipoise_studies::{Context, Identity, StudyError};
//!
//! let context = Context::default(); // nobody watches, results are kept in memory
//! let identity = Identity::new().with("data", "none").with_settings("settings", &("seed", 7));
//! let mut computed = 0;
//! for _ in 0..2 {
//!     let square: u64 = context.unit("squares/12", &identity, || {
//!         computed += 1;
//!         Ok(12 * 12)
//!     })?;
//!     assert_eq!(square, 144);
//! }
//! assert_eq!(computed, 1);
//! # Ok::<(), StudyError>(())
//! ```

mod identity;
mod observer;
mod store;
mod unit;

use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use identity::{Identity, digest_of};
pub use observer::{Event, Observer, Silent, Stage, StageId};
pub use store::{Memory, Saved, Store, StoredRun};
pub use unit::{Described, describe as describe_unit};

pub use crate::stop::Stopped;

use crate::error::StudyError;

/// What a study works in.
pub struct Context<'a> {
    observer: Box<dyn Observer + 'a>,
    store: Box<dyn Store + 'a>,
    next_stage: AtomicU64,
    said_version: AtomicBool,
}

impl Default for Context<'_> {
    /// Nobody watches, and results are kept in memory.
    fn default() -> Self {
        Self::new(Silent, Memory::default())
    }
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}

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

impl<'a> Context<'a> {
    /// A context of this observer and store.
    pub fn new(observer: impl Observer + 'a, store: impl Store + 'a) -> Self {
        Self {
            observer: Box::new(observer),
            store: Box::new(store),
            next_stage: AtomicU64::new(0),
            said_version: AtomicBool::new(false),
        }
    }

    /// Begins a stage of `total` steps.
    ///
    /// # Errors
    /// [`Stopped`] if the observer says so.
    pub fn stage(&self, name: &str, total: u64) -> Result<Stage<'_>, Stopped> {
        let id = self.next_stage.fetch_add(1, Ordering::Relaxed);
        let stage = Stage { observer: &*self.observer, id, done: AtomicU64::new(0) };
        match self.observer.observe(&Event::Begin { stage: id, name, total }) {
            ControlFlow::Continue(()) => Ok(stage),
            ControlFlow::Break(()) => Err(Stopped),
        }
    }

    /// Says something that a person should know.
    pub fn remark(&self, text: impl std::fmt::Display) {
        // Whether to stop is asked where stopping is safe.
        let _ = self.observer.observe(&Event::Remark(&text.to_string()));
    }

    /// Whether to go on, in the form that the libraries below take.
    pub fn poll(&self) -> ControlFlow<()> {
        self.observer.observe(&Event::Poll)
    }

    /// Goes on, or ends the study.
    ///
    /// # Errors
    /// [`Stopped`] if the observer says so.
    pub fn check(&self) -> Result<(), Stopped> {
        match self.poll() {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Stopped),
        }
    }

    /// The result of a unit: from the store, or computed now and kept.
    ///
    /// # Errors
    /// Those of `compute`; [`StudyError::MadeFromOther`] if the store has a result under this key
    /// that was made from something else; those of the store.
    pub fn unit<T, F>(&self, key: &str, identity: &Identity, compute: F) -> Result<T, StudyError>
    where
        T: Serialize + DeserializeOwned,
        F: FnOnce() -> Result<T, StudyError>,
    {
        self.unit_with_files(key, identity, |_| Vec::new(), compute)
    }

    /// As [`Context::unit`] for a unit that has files beside it: if one of them is not what the
    /// result says, the unit is made again.
    ///
    /// # Errors
    /// As [`Context::unit`].
    pub fn unit_with_files<T, A, F>(
        &self,
        key: &str,
        identity: &Identity,
        artefacts: A,
        compute: F,
    ) -> Result<T, StudyError>
    where
        T: Serialize + DeserializeOwned,
        A: Fn(&T) -> Vec<Artefact>,
        F: FnOnce() -> Result<T, StudyError>,
    {
        if let Some(found) = self.stored_unit::<T>(key, identity)? {
            let broken = artefacts(&found).into_iter().find_map(|file| match self.intact(&file) {
                Ok(true) => None,
                Ok(false) => Some(Ok(file.name)),
                Err(error) => Some(Err(error)),
            });
            match broken.transpose()? {
                None => return Ok(found),
                Some(name) => {
                    self.remark(format!("{name} is missing or damaged; {key} is computed again"));
                }
            }
        }
        self.check()?;
        let result = compute()?;
        self.keep_unit(key, identity, &result)?;
        Ok(result)
    }

    /// The result of a unit if the store has it, intact. One that is damaged is said to be.
    ///
    /// # Errors
    /// [`StudyError::MadeFromOther`], and those of the store.
    pub fn stored_unit<T: DeserializeOwned>(
        &self,
        key: &str,
        identity: &Identity,
    ) -> Result<Option<T>, StudyError> {
        let name = unit_file(key);
        let Some(bytes) = self.store.read(&name)? else { return Ok(None) };
        let read = unit::decode(key, &bytes).map(|stored| {
            let result = serde_json::from_slice::<T>(stored.payload)
                .map_err(|e| format!("its result cannot be read: {e}"));
            // What it was made from is told first: another form of the result may be for that.
            (stored.made_from, stored.by, result)
        });
        let (made_from, by, result) = match read {
            Ok(read) => read,
            Err(reason) => {
                self.remark(format!("{name} is damaged ({reason}); it is computed again"));
                return Ok(None);
            }
        };
        if let Some((part, stored, given)) = made_from.difference(identity) {
            return Err(StudyError::MadeFromOther {
                name,
                part: part.to_owned(),
                stored: stored.to_owned(),
                given: given.to_owned(),
            });
        }
        let version = env!("CARGO_PKG_VERSION");
        if by != version && !self.said_version.swap(true, Ordering::Relaxed) {
            self.remark(format!("{name} was made by version {by}; this is {version}"));
        }
        match result {
            Ok(result) => Ok(Some(result)),
            Err(reason) => {
                self.remark(format!("{name} is damaged ({reason}); it is computed again"));
                Ok(None)
            }
        }
    }

    /// The result of a unit whatever it was made from, and what that was: for reading the run of
    /// another study. None if the store does not have it.
    ///
    /// # Errors
    /// [`StudyError::Damaged`] if it is damaged; those of the store.
    pub fn find_unit<T: DeserializeOwned>(
        &self,
        key: &str,
    ) -> Result<Option<(Identity, T)>, StudyError> {
        let name = unit_file(key);
        let Some(bytes) = self.store.read(&name)? else { return Ok(None) };
        let found = unit::decode(key, &bytes).ok().and_then(|stored| {
            Some((stored.made_from, serde_json::from_slice::<T>(stored.payload).ok()?))
        });
        found.map(Some).ok_or(StudyError::Damaged { name })
    }

    /// Keeps the result of a unit.
    ///
    /// # Errors
    /// Those of the store; [`StudyError::Failed`] if the result has no JSON form.
    pub fn keep_unit<T: Serialize>(
        &self,
        key: &str,
        identity: &Identity,
        result: &T,
    ) -> Result<(), StudyError> {
        let mut payload = serde_json::to_vec(result).map_err(StudyError::failed)?;
        payload.push(b'\n');
        Ok(self.store.write(&unit_file(key), &unit::encode(key, identity, &payload))?)
    }

    /// Saves the state of a unit under way, so that it can be continued.
    ///
    /// # Errors
    /// Those of the store.
    pub fn save_checkpoint(
        &self,
        key: &str,
        identity: &Identity,
        state: &[u8],
    ) -> Result<(), StudyError> {
        Ok(self.store.save_checkpoint(key, &unit::encode(key, identity, state))?)
    }

    /// The last state of a unit that was saved.
    ///
    /// # Errors
    /// [`StudyError::MadeFromOther`] if it was made from something else; those of the store.
    pub fn load_checkpoint(
        &self,
        key: &str,
        identity: &Identity,
    ) -> Result<Option<Vec<u8>>, StudyError> {
        let saved = match self.store.load_checkpoint(key) {
            Err(equipoise_report::RunDirError::CheckpointsDamaged { reasons, .. }) => {
                self.remark(format!(
                    "the checkpoints of {key} are damaged ({reasons}); it begins anew"
                ));
                return Ok(None);
            }
            other => other?,
        };
        let Some(saved) = saved else { return Ok(None) };
        for damaged in &saved.damaged {
            self.remark(format!(
                "a checkpoint of {key} is damaged ({damaged}); the one before is used"
            ));
        }
        let stored = match unit::decode(key, &saved.bytes) {
            Ok(stored) => stored,
            Err(reason) => {
                self.remark(format!(
                    "the checkpoint of {key} is damaged ({reason}); it begins anew"
                ));
                return Ok(None);
            }
        };
        match stored.made_from.difference(identity) {
            Some((part, stored, given)) => Err(StudyError::MadeFromOther {
                name: format!("checkpoint of {key}"),
                part: part.to_owned(),
                stored: stored.to_owned(),
                given: given.to_owned(),
            }),
            None => Ok(Some(stored.payload.to_vec())),
        }
    }

    /// Removes the saved state of a unit that is done.
    ///
    /// # Errors
    /// Those of the store.
    pub fn remove_checkpoint(&self, key: &str) -> Result<(), StudyError> {
        Ok(self.store.remove_checkpoint(key)?)
    }

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

impl Artefact {
    /// Whether these are the bytes of the file.
    pub fn is(&self, bytes: &[u8]) -> bool {
        identity::hex(&Sha256::digest(bytes)) == self.sha256
    }
}

/// The result in the file of a unit of a finished study, and what it was made from.
///
/// # Errors
/// The reason why the bytes are no such file, or are damaged.
pub fn read_unit<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<(Identity, T), String> {
    let stored = unit::decode(key, bytes)?;
    let result = serde_json::from_slice(stored.payload)
        .map_err(|e| format!("its result cannot be read: {e}"))?;
    Ok((stored.made_from, result))
}

/// The name of a unit's file.
fn unit_file(key: &str) -> String {
    format!("{key}.json")
}

/// Length and SHA-256 of a file, read piece by piece.
fn file_digest(path: &std::path::Path) -> Result<(u64, String), StudyError> {
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

#[cfg(test)]
mod tests;
