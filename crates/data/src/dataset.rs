//! A data set in its two parts.

use crate::error::DataError;
use crate::images::ImageSet;
use crate::reading::Remark;
use crate::spike_set::SpikeSet;

/// A data set in its two parts. The test part is never used for training or validation.
#[derive(Debug, Clone, PartialEq)]
pub enum Dataset {
    /// Images.
    Images {
        /// For training and validation.
        train: ImageSet,
        /// For the final score.
        test: ImageSet,
    },
    /// Labelled spike recordings.
    Spikes {
        /// For training and validation.
        train: SpikeSet,
        /// For the final score.
        test: SpikeSet,
    },
}

/// A data set that was opened, and what should be said about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The data.
    pub dataset: Dataset,
    /// What was decided or noticed while it was read.
    pub remarks: Vec<Remark>,
}

impl Dataset {
    /// The training and test images.
    ///
    /// # Errors
    /// If the set holds spikes.
    pub fn into_images(self) -> Result<(ImageSet, ImageSet), DataError> {
        match self {
            Dataset::Images { train, test } => Ok((train, test)),
            Dataset::Spikes { train, .. } => Err(DataError::Request(format!(
                "{} holds spikes, but images are needed here",
                train.name
            ))),
        }
    }

    /// The training and test recordings.
    ///
    /// # Errors
    /// If the set holds images.
    pub fn into_spikes(self) -> Result<(SpikeSet, SpikeSet), DataError> {
        match self {
            Dataset::Spikes { train, test } => Ok((train, test)),
            Dataset::Images { train, .. } => Err(DataError::Request(format!(
                "{} holds images, but spikes are needed here",
                train.name
            ))),
        }
    }
}
