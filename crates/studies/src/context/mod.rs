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

mod checkpoints;
mod division;
mod files;
mod identity;
mod observer;
mod store;
mod unit;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use division::{Division, Share, Turn, Unit, gather, gather_parallel, unless_deferred};
pub use files::Artefact;
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
    division: Option<Box<dyn Division + 'a>>,
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

impl<'a> Context<'a> {
    /// A context of this observer and store.
    pub fn new(observer: impl Observer + 'a, store: impl Store + 'a) -> Self {
        Self {
            observer: Box::new(observer),
            store: Box::new(store),
            division: None,
            next_stage: AtomicU64::new(0),
            said_version: AtomicBool::new(false),
        }
    }

    /// With a division of the units among several processes.
    #[must_use]
    pub fn divided(self, division: impl Division + 'a) -> Self {
        Self { division: Some(Box::new(division)), ..self }
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
    /// that was made from something else; [`StudyError::Deferred`] if another process makes it;
    /// those of the store.
    pub fn unit<'k, T, F>(
        &self,
        unit: impl Into<Unit<'k>>,
        identity: &Identity,
        compute: F,
    ) -> Result<T, StudyError>
    where
        T: Serialize + DeserializeOwned,
        F: FnOnce() -> Result<T, StudyError>,
    {
        self.unit_with_files(unit, identity, |_| Vec::new(), compute)
    }

    /// As [`Context::unit`] for a unit that has files beside it: if one of them is not what the
    /// result says, the unit is made again.
    ///
    /// # Errors
    /// As [`Context::unit`].
    pub fn unit_with_files<'k, T, A, F>(
        &self,
        unit: impl Into<Unit<'k>>,
        identity: &Identity,
        artefacts: A,
        compute: F,
    ) -> Result<T, StudyError>
    where
        T: Serialize + DeserializeOwned,
        A: Fn(&T) -> Vec<Artefact>,
        F: FnOnce() -> Result<T, StudyError>,
    {
        let unit = unit.into();
        let stored = || self.stored_unit_with_files(unit.key, identity, artefacts);
        match self.turn(unit, identity, stored)? {
            Turn::Done(found) => Ok(found),
            Turn::Ours(unit) => self.make(&unit, || {
                let result = compute()?;
                self.keep_unit(unit.key, identity, &result)?;
                Ok(result)
            }),
            Turn::Theirs => Err(StudyError::Deferred),
        }
    }

    /// Whose turn it is with a unit: `stored` looks for its result in the store.
    ///
    /// # Errors
    /// Those of `stored`, and if the unit is not the one that was planned.
    pub fn turn<'k, T>(
        &self,
        unit: impl Into<Unit<'k>>,
        identity: &Identity,
        stored: impl FnOnce() -> Result<Option<T>, StudyError>,
    ) -> Result<Turn<'k, T>, StudyError> {
        let unit = unit.into();
        let Some(division) = self.division_of(&unit) else {
            return Ok(stored()?.map_or(Turn::Ours(unit), Turn::Done));
        };
        match division.ask(&unit, identity)? {
            Share::Here => match stored()? {
                Some(found) => {
                    division.found(unit.key);
                    Ok(Turn::Done(found))
                }
                None => Ok(Turn::Ours(unit)),
            },
            Share::There => Ok(stored()?.map_or(Turn::Theirs, Turn::Done)),
            Share::Elsewhere => Ok(Turn::Theirs),
        }
    }

    /// Makes a unit whose turn has come; `compute` keeps the result.
    ///
    /// # Errors
    /// Those of `compute`; [`StudyError::Stopped`]; [`StudyError::Deferred`] if another process
    /// is making the unit.
    pub fn make<T>(
        &self,
        unit: &Unit<'_>,
        compute: impl FnOnce() -> Result<T, StudyError>,
    ) -> Result<T, StudyError> {
        self.check()?;
        let Some(division) = self.division_of(unit) else { return compute() };
        if !division.begin(unit.key)? {
            return Err(StudyError::Deferred);
        }
        let started = Instant::now();
        let result = compute();
        let seconds = started.elapsed().as_secs_f64();
        match result {
            Ok(result) => division.end(unit.key, seconds, None).map(|()| result),
            Err(error) => {
                division.end(unit.key, seconds, Some(error))?;
                Err(StudyError::Deferred)
            }
        }
    }

    /// Whether other processes may make units of the study.
    pub fn is_divided(&self) -> bool {
        self.division.is_some()
    }

    fn division_of(&self, unit: &Unit<'_>) -> Option<&dyn Division> {
        self.division.as_deref().filter(|_| !unit.is_immediate())
    }

    /// The result of a unit if the store has it with the files beside it. What is damaged is said
    /// to be.
    ///
    /// # Errors
    /// As [`Context::stored_unit`].
    pub fn stored_unit_with_files<T: DeserializeOwned>(
        &self,
        key: &str,
        identity: &Identity,
        artefacts: impl Fn(&T) -> Vec<Artefact>,
    ) -> Result<Option<T>, StudyError> {
        let Some(found) = self.stored_unit::<T>(key, identity)? else { return Ok(None) };
        let broken = artefacts(&found).into_iter().find_map(|file| match self.intact(&file) {
            Ok(true) => None,
            Ok(false) => Some(Ok(file.name)),
            Err(error) => Some(Err(error)),
        });
        match broken.transpose()? {
            None => Ok(Some(found)),
            Some(name) => {
                self.remark(format!("{name} is missing or damaged; {key} is computed again"));
                Ok(None)
            }
        }
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

#[cfg(test)]
mod tests;
