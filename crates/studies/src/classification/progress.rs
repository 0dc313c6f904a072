//! The state of a training under way, as bytes.

use std::borrow::Cow;

use equipoise_decoder::classifier::{EpochRecord, Trainer};
use serde::{Deserialize, Serialize};

use super::measure::Measured;
use crate::{OrStudyError, StudyError};

/// A training under way.
#[derive(Debug)]
pub struct Progress {
    /// The network, its optimiser, and how far it is.
    pub trainer: Trainer,
    /// The sample of the measured set whose spikes are kept.
    pub sample: usize,
    /// What was measured before training.
    pub before: Measured,
    /// The epochs so far, the first from before training.
    pub records: Vec<EpochRecord>,
}

/// What stands before the trainer in the bytes.
#[derive(Serialize, Deserialize)]
struct Head<'a> {
    sample: usize,
    before: Cow<'a, Measured>,
    records: Cow<'a, [EpochRecord]>,
}

impl Progress {
    /// The state as bytes: the length of a JSON text (8 bytes, little endian), that text, the
    /// trainer.
    ///
    /// # Errors
    /// If a number is too large for JSON, which none is in a training that has not diverged.
    pub fn to_bytes(&self) -> Result<Vec<u8>, StudyError> {
        Self::bytes(&self.trainer, self.sample, &self.before, &self.records)
    }

    /// [`Progress::to_bytes`] of parts.
    ///
    /// # Errors
    /// As [`Progress::to_bytes`].
    pub fn bytes(
        trainer: &Trainer,
        sample: usize,
        before: &Measured,
        records: &[EpochRecord],
    ) -> Result<Vec<u8>, StudyError> {
        let head = Head { sample, before: Cow::Borrowed(before), records: Cow::Borrowed(records) };
        let head = serde_json::to_vec(&head).or_failed()?;
        let trainer = trainer.to_bytes();
        let mut bytes = Vec::with_capacity(8 + head.len() + trainer.len());
        bytes.extend_from_slice(&(head.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(&trainer);
        Ok(bytes)
    }

    /// The state that [`Progress::to_bytes`] wrote.
    ///
    /// # Errors
    /// The reason why the bytes are no such state.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let (length, rest) = bytes.split_first_chunk::<8>().ok_or("it is too short")?;
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let (head, trainer) = rest.split_at_checked(length).ok_or("it is cut off")?;
        let Head { sample, before, records } =
            serde_json::from_slice(head).map_err(|e| e.to_string())?;
        let trainer = Trainer::from_bytes(trainer).map_err(|e| e.to_string())?;
        if records.last().map(|r| r.epoch) != Some(trainer.epoch()) {
            return Err("its epochs and its network do not belong together".to_owned());
        }
        Ok(Self { trainer, sample, before: before.into_owned(), records: records.into_owned() })
    }
}
