//! Images: which to train on, to validate on and to score on.

use std::path::Path;

use equipoise_encoder::data::{self, Dataset, FolderOptions, ImageSet, OpenOptions, Share};
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Outcome};

/// Which data set, and how much of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataSettings {
    /// Name of the data set, as `equipoise data list` shows it.
    pub dataset: String,
    /// Training images, balanced over the classes; all that validation leaves if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train: Option<usize>,
    /// Validation images, taken from the training part of the data set.
    pub validation: usize,
    /// Test images; all if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<usize>,
    /// How the images of a `folder:PATH` are read.
    pub folder: FolderOptions,
}

impl Default for DataSettings {
    fn default() -> Self {
        Self {
            dataset: "mnist".into(),
            train: Some(10_000),
            validation: 1000,
            test: None,
            folder: FolderOptions::default(),
        }
    }
}

/// The three parts. The test images serve for the final score alone.
#[derive(Debug, Clone)]
pub struct Images {
    /// For training.
    pub train: ImageSet,
    /// For choosing when to stop.
    pub validation: ImageSet,
    /// For the score.
    pub test: ImageSet,
}

impl DataSettings {
    /// The reason why these settings make no sense.
    pub fn validate(&self) -> Result<(), String> {
        if self.validation == 0 {
            return Err("data.validation is 0: early stopping needs validation images".into());
        }
        for (key, value) in [("data.train", self.train), ("data.test", self.test)] {
            if value == Some(0) {
                return Err(format!("{key} is 0: at least 1 image is needed"));
            }
        }
        Ok(())
    }

    /// Opens the data set and splits it by `seed`.
    ///
    /// # Errors
    /// [`Failure::Request`] if the data set is missing, damaged or too small, or holds spikes.
    pub fn open(&self, root: &Path, seed: u64) -> Outcome<Images> {
        let wanted = self.train.map(|train| train + self.validation);
        let options = OpenOptions {
            train: wanted,
            test: self.test,
            seed,
            folder: self.folder,
            ..OpenOptions::default()
        };
        let opened = data::open(&self.dataset, root, &options).map_err(Failure::request)?;
        let (rest, test) = Dataset::into_images(opened).map_err(Failure::request)?;
        let share = Share::Count(self.validation);
        let (train, validation) = rest.split_validation(share, seed).map_err(Failure::request)?;
        Ok(Images { train, validation, test })
    }
}

/// Intensities of all images in [0, 1], `[images, channels, height, width]`.
pub fn intensities(images: &ImageSet) -> Vec<f32> {
    let pixels = images.shape.pixels();
    let mut values = vec![0.0; images.len() * pixels];
    for (index, out) in values.chunks_exact_mut(pixels).enumerate() {
        images.write_intensities(index, out);
    }
    values
}
