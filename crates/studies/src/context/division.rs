//! Which process makes which unit.
//!
//! One process makes all units of a study, unless its context has a [`Division`]. With one, a unit
//! may be left to another process: [`Context::unit`](super::Context::unit) then ends with
//! [`StudyError::Deferred`]. A study that has several units goes on to the others first:
//! [`gather`] and [`gather_parallel`] put the results of independent units together, and
//! [`unless_deferred`] lets independent parts follow each other. So the order in which a study
//! comes to its units is its plan, and there is no second list of them that could be another.

use rayon::iter::ParallelIterator;

use super::Identity;
use crate::error::StudyError;

/// A unit of work as a study announces it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit<'k> {
    /// Its key.
    pub key: &'k str,
    /// The seed of its random numbers, where it has one of its own.
    pub seed: Option<u64>,
    /// Seconds that it is expected to take one core.
    pub seconds: f64,
    immediate: bool,
}

impl<'k> Unit<'k> {
    /// A unit of this key, expected to take a second.
    pub fn new(key: &'k str) -> Self {
        Self { key, seed: None, seconds: 1.0, immediate: false }
    }

    /// With the seed of its random numbers.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// With the seconds that it is expected to take one core.
    #[must_use]
    pub fn seconds(self, seconds: f64) -> Self {
        Self { seconds, ..self }
    }

    /// One that costs nothing, and is made by every process that comes to it.
    #[must_use]
    pub fn immediate(self) -> Self {
        Self { seconds: 0.0, immediate: true, ..self }
    }

    pub(super) fn is_immediate(&self) -> bool {
        self.immediate
    }
}

impl<'k> From<&'k str> for Unit<'k> {
    fn from(key: &'k str) -> Self {
        Self::new(key)
    }
}

impl<'k> From<&'k String> for Unit<'k> {
    fn from(key: &'k String) -> Self {
        Self::new(key)
    }
}

/// What a division says of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// It is for this process, unless it is there already.
    Here,
    /// It is for another process; its result is used if it is there.
    There,
    /// It is for another process, and its result is of no use here.
    Elsewhere,
}

/// Says which units are for this process. It is asked from any thread.
pub trait Division: Send + Sync {
    /// Whose this unit is.
    ///
    /// # Errors
    /// If the unit is not what was planned.
    fn ask(&self, unit: &Unit<'_>, made_from: &Identity) -> Result<Share, StudyError>;

    /// A unit for this process was found in the store.
    fn found(&self, key: &str);

    /// A unit for this process is about to be made; false if another process is making it.
    ///
    /// # Errors
    /// If that cannot be told.
    fn begin(&self, key: &str) -> Result<bool, StudyError>;

    /// The making of a unit has ended, after so many seconds. The error that it ended in, if any,
    /// is passed on as what this returns.
    ///
    /// # Errors
    /// The error, or [`StudyError::Deferred`] to go on with other units first.
    fn end(&self, key: &str, seconds: f64, error: Option<StudyError>) -> Result<(), StudyError>;
}

impl<D: Division + ?Sized> Division for &D {
    fn ask(&self, unit: &Unit<'_>, made_from: &Identity) -> Result<Share, StudyError> {
        (**self).ask(unit, made_from)
    }

    fn found(&self, key: &str) {
        (**self).found(key);
    }

    fn begin(&self, key: &str) -> Result<bool, StudyError> {
        (**self).begin(key)
    }

    fn end(&self, key: &str, seconds: f64, error: Option<StudyError>) -> Result<(), StudyError> {
        (**self).end(key, seconds, error)
    }
}

/// A unit that a study has come to.
#[derive(Debug)]
pub enum Turn<'k, T> {
    /// Its result was in the store.
    Done(T),
    /// It is to be made: see [`Context::make`](super::Context::make).
    Ours(Unit<'k>),
    /// Another process makes it.
    Theirs,
}

/// The results of independent units, in their order. Where some are deferred, the others are made
/// before that is told.
///
/// # Errors
/// The first error that is not [`StudyError::Deferred`], at once; that one if there is no other.
pub fn gather<T>(
    results: impl IntoIterator<Item = Result<T, StudyError>>,
) -> Result<Vec<T>, StudyError> {
    let found = results.into_iter().map(unless_deferred).collect::<Result<Vec<_>, _>>()?;
    whole(found)
}

/// As [`gather`], side by side.
///
/// # Errors
/// As [`gather`].
pub fn gather_parallel<T: Send>(
    results: impl ParallelIterator<Item = Result<T, StudyError>>,
) -> Result<Vec<T>, StudyError> {
    let found = results.map(unless_deferred).collect::<Result<Vec<_>, _>>()?;
    whole(found)
}

fn whole<T>(found: Vec<Option<T>>) -> Result<Vec<T>, StudyError> {
    found.into_iter().map(|result| result.ok_or(StudyError::Deferred)).collect()
}

/// None in place of [`StudyError::Deferred`].
///
/// # Errors
/// Every other error.
pub fn unless_deferred<T>(result: Result<T, StudyError>) -> Result<Option<T>, StudyError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(StudyError::Deferred) => Ok(None),
        Err(error) => Err(error),
    }
}
