//! Recordings of a person's own, counted for each part of the images that were shown.

use equipoise_data::{Counts, Response};
use equipoise_decoder::reconstruct::{FeatureConfig, SpikeFeatures};

use super::cell::FeatureSet;
use super::comparison::{Coded, RECORDED};
use super::encoding::{self, Part};
use super::images::Images;
use crate::context::Identity;
use crate::error::{OrStudyError, StudyError};
use crate::recordings::RecordingMeasures;

/// The counts of the three parts, in the order of their images.
#[derive(Debug, Clone)]
pub struct RecordedCounts {
    train: Counts,
    validation: Counts,
    test: Counts,
    measures: RecordingMeasures,
}

impl RecordedCounts {
    /// Counts what was recorded while the images were shown, in bins that these features ask for;
    /// nothing if the images were not recorded.
    ///
    /// # Errors
    /// [`StudyError::Input`] if the features cannot be made of the counts.
    pub fn of(images: &Images, config: &FeatureConfig) -> Result<Option<Self>, StudyError> {
        let Some(response) = &images.recorded else { return Ok(None) };
        let all = counts(response, config)?;
        let of = |part: Part| all.subset(&images.part(part).indices);
        let counts = Self {
            train: of(Part::Train),
            validation: of(Part::Validation),
            test: of(Part::Test),
            measures: RecordingMeasures::of(response)?,
        };
        // What cannot be made is said before anything is written.
        features(&counts.test, config)?;
        Ok(Some(counts))
    }

    /// The counts of a part.
    pub fn part(&self, part: Part) -> &Counts {
        match part {
            Part::Train => &self.train,
            Part::Validation => &self.validation,
            Part::Test => &self.test,
        }
    }

    /// What all recordings look like.
    pub fn measures(&self) -> &RecordingMeasures {
        &self.measures
    }

    /// An identity with what was recorded.
    pub fn identity(&self, identity: Identity) -> Identity {
        Part::ALL.iter().fold(identity, |identity, &part| {
            let counts = self.part(part).fingerprint();
            identity.with(&format!("counts.{}", part.name()), counts)
        })
    }

    /// The features of all parts.
    ///
    /// # Errors
    /// As [`RecordedCounts::of`].
    pub fn features(&self, config: &FeatureConfig) -> Result<FeatureSet, StudyError> {
        Ok(FeatureSet {
            train: features(&self.train, config)?,
            validation: features(&self.validation, config)?,
            test: features(&self.test, config)?,
        })
    }

    /// What the training spikes look like.
    pub fn coded(&self, repeat: usize) -> Coded {
        let spikes: u64 = self.train.counts.iter().map(|&c| u64::from(c)).sum();
        Coded {
            repeat,
            regime: RECORDED.to_owned(),
            network: None,
            seed: None,
            units: self.train.units,
            spikes_per_image: spikes as f64 / self.train.len().max(1) as f64,
            rate_hz: self.train.mean_rate_hz(),
        }
    }
}

/// What was recorded as counts: as they are, or spikes counted in bins that these features ask for.
///
/// # Errors
/// If the recordings cannot be counted.
pub fn counts(response: &Response, config: &FeatureConfig) -> Result<Counts, StudyError> {
    Ok(response.counts(encoding::bins(config, response.duration_ms()))?)
}

/// The features of counts.
///
/// # Errors
/// [`StudyError::Input`] if they cannot be made of them.
pub fn features(counts: &Counts, config: &FeatureConfig) -> Result<SpikeFeatures, StudyError> {
    config.extract(counts).or_input()
}
