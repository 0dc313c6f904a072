//! Images: which to train on, to validate on and to score on.

use std::ops::ControlFlow;
use std::path::Path;

use equipoise_data::{Dataset, FolderOptions, ImageSet, OpenOptions, Share};
use equipoise_random::derive_seed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::encoding::Part;
use crate::error::StudyError;

/// Images that the finished decoders are scored on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScoreOn {
    /// The test images: for the result, once every setting is chosen.
    #[default]
    Test,
    /// Images held out of the training part, beside those of validation: for choosing settings,
    /// which must not see the test images.
    HeldOut,
}

impl ScoreOn {
    /// The images in words.
    pub fn images(self) -> &'static str {
        match self {
            Self::Test => "test images",
            Self::HeldOut => "held-out training images",
        }
    }
}

/// Held-out images if `data.test` does not say how many.
const HELD_OUT: usize = 1000;

/// Which data set, and how much of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DataSettings {
    /// Name of the data set, as `equipoise data list` shows it.
    pub dataset: String,
    /// Training images, balanced over the classes; all that validation leaves if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub train: Option<usize>,
    /// Validation images, taken from the training part of the data set.
    #[schemars(range(min = 1))]
    pub validation: usize,
    /// Images to score on; all test images (or 1,000 held-out ones) if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub test: Option<usize>,
    /// How the images of a `folder:PATH` are read.
    pub folder: FolderOptions,
    /// Whether these are test images.
    pub score_on: ScoreOn,
}

impl Default for DataSettings {
    fn default() -> Self {
        Self {
            dataset: "mnist".into(),
            train: Some(10_000),
            validation: 1000,
            test: None,
            folder: FolderOptions::default(),
            score_on: ScoreOn::Test,
        }
    }
}

/// The three parts.
#[derive(Debug, Clone)]
pub struct Images {
    /// For training.
    pub train: ImageSet,
    /// For choosing when to stop.
    pub validation: ImageSet,
    /// For the final score alone.
    pub test: ImageSet,
    /// What was noticed while they were read.
    pub remarks: Vec<String>,
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
    /// [`StudyError::Data`] if the data set is missing, damaged or too small, or holds spikes.
    pub fn open(&self, root: &Path, seed: u64) -> Result<Images, StudyError> {
        let held_out = match self.score_on {
            ScoreOn::Test => None,
            ScoreOn::HeldOut => Some(self.test.unwrap_or(HELD_OUT)),
        };
        let beside = self.validation + held_out.unwrap_or(0);
        let options = OpenOptions {
            train: self.train.map(|train| train + beside),
            test: if held_out.is_some() { Some(1) } else { self.test },
            seed,
            folder: self.folder,
            ..OpenOptions::default()
        };
        let loaded =
            equipoise_data::load(&self.dataset, root, &options, &|| ControlFlow::Continue(()))?;
        let remarks = loaded.remarks.iter().map(ToString::to_string).collect();
        let (rest, test) = Dataset::into_images(loaded.dataset)?;
        let split = |images: ImageSet, count: usize, purpose: &str| {
            images.split_validation(Share::Count(count), derive_seed(seed, purpose, 0))
        };
        let (rest, test) = match held_out {
            Some(count) => split(rest, count, "reconstruction/held-out")?,
            None => (rest, test),
        };
        let (train, validation) = split(rest, self.validation, "reconstruction/validation")?;
        Ok(Images { train, validation, test, remarks })
    }
}

impl DataSettings {
    /// Opens one part alone: the test images of a data set that need not have enough others.
    /// The second value is what was noticed.
    ///
    /// # Errors
    /// As [`DataSettings::open`].
    pub fn open_part(
        &self,
        part: Part,
        root: &Path,
        seed: u64,
    ) -> Result<(ImageSet, Vec<String>), StudyError> {
        if part != Part::Test || self.score_on != ScoreOn::Test {
            let images = self.open(root, seed)?;
            return Ok((images.part(part).clone(), images.remarks));
        }
        let options = OpenOptions {
            train: Some(1),
            test: self.test,
            seed,
            folder: self.folder,
            ..OpenOptions::default()
        };
        let loaded =
            equipoise_data::load(&self.dataset, root, &options, &|| ControlFlow::Continue(()))?;
        let remarks = loaded.remarks.iter().map(ToString::to_string).collect();
        Ok((Dataset::into_images(loaded.dataset)?.1, remarks))
    }
}

impl Images {
    /// The images of a part.
    pub fn part(&self, part: Part) -> &ImageSet {
        match part {
            Part::Train => &self.train,
            Part::Validation => &self.validation,
            Part::Test => &self.test,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_out_images_are_training_images_of_no_other_part() {
        let settings = DataSettings {
            dataset: "synthetic-digits".into(),
            train: Some(60),
            validation: 20,
            test: Some(30),
            score_on: ScoreOn::HeldOut,
            ..DataSettings::default()
        };
        let held_out = settings.open(Path::new("."), 3).unwrap();
        let sizes = |i: &Images| (i.train.len(), i.validation.len(), i.test.len());
        assert_eq!(sizes(&held_out), (60, 20, 30));
        let all = |images: &ImageSet| -> Vec<Vec<u8>> {
            (0..images.len()).map(|i| images.image(i).to_vec()).collect()
        };
        let mut parts =
            [all(&held_out.train), all(&held_out.validation), all(&held_out.test)].concat();
        parts.sort();
        let count = parts.len();
        parts.dedup();
        assert_eq!(parts.len(), count, "an image is in two parts");
        let scored = DataSettings { score_on: ScoreOn::Test, ..settings };
        let test = all(&scored.open(Path::new("."), 3).unwrap().test);
        assert!(all(&held_out.test).iter().all(|image| !test.contains(image)));
    }
}
