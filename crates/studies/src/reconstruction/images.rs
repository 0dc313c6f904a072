//! Images: which to train on, to validate on and to score on.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use equipoise_data::{
    Dataset, FolderOptions, ImageSet, ImageShape, OpenOptions, Recorded, Response, Share, Sides,
    read_recorded, stratified_split,
};
use equipoise_random::derive_seed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::encoding::Part;
use crate::context::Identity;
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

/// Training images if nobody says how many.
const TRAIN: usize = 10_000;
/// Validation images if nobody says how many, and held-out ones.
const VALIDATION: usize = 1000;

/// Recordings of a person's own, in the place of a data set: see [`equipoise_data::read_recorded`]
/// for what the files hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordedFiles {
    /// The file of the counts or spikes: NPZ, NPY or HDF5.
    pub counts: PathBuf,
    /// The file of the images that were shown, one a recording; if not given, that of the counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<PathBuf>,
    /// How long a recording lasts, ms, where the file does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<f64>,
}

/// Which data set, and how much of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DataSettings {
    /// Name of the data set, as `equipoise data list` shows it.
    pub dataset: String,
    /// Recordings that are decoded in the place of a data set whose images a network encodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<RecordedFiles>,
    /// Training images, balanced over the classes; if not given, 10,000, or what validation leaves
    /// of a smaller set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub train: Option<usize>,
    /// Validation images, taken from the training part of the data set; if not given, 1,000, or a
    /// tenth of the training images in a set that has not 11,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub validation: Option<usize>,
    /// Images to score on; if not given, all test images, or 1,000 held-out ones (or a tenth, as
    /// for validation).
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
            recorded: None,
            train: None,
            validation: None,
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
    /// What was recorded while the images were shown, by the images' indices; nothing where a
    /// network is to encode them.
    pub recorded: Option<Response>,
    /// What was noticed while they were read.
    pub remarks: Vec<String>,
}

/// Images to score on alone.
#[derive(Debug, Clone)]
pub struct ScoredImages {
    /// The images.
    pub images: ImageSet,
    /// As [`Images::recorded`].
    pub recorded: Option<Response>,
    /// What was noticed while they were read.
    pub remarks: Vec<String>,
}

/// Both parts of a data set, or of recordings.
struct Whole {
    train: ImageSet,
    test: ImageSet,
    recorded: Option<Response>,
    remarks: Vec<String>,
}

impl DataSettings {
    /// The name of the data for people.
    pub fn name(&self) -> String {
        match &self.recorded {
            Some(files) => files.counts.display().to_string(),
            None => self.dataset.clone(),
        }
    }

    /// The reason why these settings make no sense.
    pub fn validate(&self) -> Result<(), String> {
        if self.validation == Some(0) {
            return Err("data.validation is 0: early stopping needs validation images".into());
        }
        for (key, value) in [("data.train", self.train), ("data.test", self.test)] {
            if value == Some(0) {
                return Err(format!("{key} is 0: at least 1 image is needed"));
            }
        }
        match self.recorded.as_ref().and_then(|files| files.duration_ms) {
            Some(ms) if !(ms > 0.0 && ms.is_finite()) => {
                Err(format!("data.recorded.duration_ms is {ms}: it must be a positive time"))
            }
            _ => Ok(()),
        }
    }

    /// The numbers of images that are wanted for training, for validation and to be held out, and
    /// whether each is a person's wish.
    fn wanted(&self) -> [(&'static str, usize, bool); 3] {
        let of = |key, wish: Option<usize>, usual| (key, wish.unwrap_or(usual), wish.is_some());
        let held_out = match self.score_on {
            ScoreOn::Test => ("data.test", 0, true),
            ScoreOn::HeldOut => of("data.test", self.test, VALIDATION),
        };
        let validation = of("data.validation", self.validation, VALIDATION);
        [of("data.train", self.train, TRAIN), validation, held_out]
    }

    /// The numbers of images for training, for validation and to be held out, of so many: what is
    /// wanted, or less of what nobody has asked for.
    fn divide(&self, images: &ImageSet) -> Result<[usize; 3], StudyError> {
        let wanted = self.wanted();
        let numbers = wanted.map(|(_, n, _)| n);
        let available = images.len();
        if numbers.iter().sum::<usize>() <= available {
            return Ok(numbers);
        }
        let of = |wish: bool| wanted.iter().filter(move |&&(_, _, asked)| asked == wish);
        let (asked, usual): (usize, usize) =
            (of(true).map(|w| w.1).sum(), of(false).map(|w| w.1).sum());
        let free = available.saturating_sub(asked);
        if free < of(false).count().max(1) {
            let asked: Vec<String> =
                of(true).filter(|w| w.1 > 0).map(|w| format!("{} = {}", w.0, w.1)).collect();
            let (name, asked) = (&images.name, asked.join(", "));
            let each = if usual > 0 { ", and at least 1 image for each other part" } else { "" };
            return Err(StudyError::input(format!(
                "{name} has {available} images, too few for {asked}{each}"
            )));
        }
        let share = |n: usize| ((free * n) as f64 / usual as f64).round().max(1.0) as usize;
        let [train, validation, held_out] =
            wanted.map(|(_, n, asked)| if asked { n } else { share(n) });
        // Training takes what rounding leaves, or the last that is free.
        Ok(match wanted {
            [(_, _, false), ..] => [available - validation - held_out, validation, held_out],
            [_, (_, _, false), _] => [train, available - train - held_out, held_out],
            _ => [train, validation, available - train - validation],
        })
    }

    /// Opens the data set and splits it by `seed`; `sides` is what a decoder needs of images whose
    /// size nobody has chosen.
    ///
    /// # Errors
    /// [`StudyError::Data`] if the data set is missing, damaged or too small, or holds spikes.
    pub fn open(&self, root: &Path, seed: u64, sides: Sides) -> Result<Images, StudyError> {
        let wanted: usize = self.wanted().iter().map(|w| w.1).fold(0, usize::saturating_add);
        let test = match self.score_on {
            ScoreOn::Test => self.test,
            ScoreOn::HeldOut => Some(1),
        };
        let Whole { train: rest, test, recorded, mut remarks } =
            self.whole(root, (Some(wanted), test), seed, sides)?;
        let [train, validation, held_out] = self.divide(&rest)?;
        if train + validation + held_out < wanted {
            let held_out = match held_out {
                0 => String::new(),
                n => format!(", {n} to score on"),
            };
            remarks.push(format!(
                "{}: {train} images to train on, {validation} for validation{held_out}",
                rest.name
            ));
        }
        let split = |images: ImageSet, count: usize, purpose: &str| {
            images.split_validation(Share::Count(count), derive_seed(seed, purpose, 0))
        };
        let (rest, test) = match held_out {
            0 => (rest, test),
            count => split(rest, count, "reconstruction/held-out")?,
        };
        let (train, validation) = split(rest, validation, "reconstruction/validation")?;
        Ok(Images { train, validation, test, recorded, remarks })
    }

    /// Opens images to score on alone, of a data set that need not have enough others. Images of
    /// folders become of the shape `like`, unless another size is chosen.
    ///
    /// # Errors
    /// As [`DataSettings::open`].
    pub fn open_part(
        &self,
        part: Part,
        root: &Path,
        seed: u64,
        like: ImageShape,
    ) -> Result<ScoredImages, StudyError> {
        let mut settings = self.clone();
        let side = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        settings.folder.size.get_or_insert((side(like.height), side(like.width)));
        settings.folder.grey |= like.channels == 1;
        if part != Part::Test || self.score_on != ScoreOn::Test {
            let found = settings.open(root, seed, Sides::default())?;
            let images = found.part(part).clone();
            return Ok(ScoredImages { images, recorded: found.recorded, remarks: found.remarks });
        }
        let found = settings.whole(root, (Some(1), self.test), seed, Sides::default())?;
        let Whole { test: images, recorded, remarks, .. } = found;
        Ok(ScoredImages { images, recorded, remarks })
    }

    /// Opens recordings to score on, all of them or `data.test`.
    ///
    /// # Errors
    /// As [`DataSettings::open`], and if there are no recordings.
    pub fn open_recordings(&self, root: &Path, seed: u64) -> Result<ScoredImages, StudyError> {
        let Some(files) = &self.recorded else {
            return Err(StudyError::input("data.recorded: recordings are needed"));
        };
        let Recorded { images, response, remarks, .. } = files.read(root)?;
        let images = match self.test {
            Some(n) => images.balanced_subset(n, seed)?,
            None => images,
        };
        let remarks = remarks.iter().map(ToString::to_string).collect();
        Ok(ScoredImages { images, recorded: Some(response), remarks })
    }

    /// Both parts, of at most so many training images and of so many test images.
    fn whole(
        &self,
        root: &Path,
        (train, test): (Option<usize>, Option<usize>),
        seed: u64,
        sides: Sides,
    ) -> Result<Whole, StudyError> {
        if let Some(files) = &self.recorded {
            return self.divided_recordings(files.read(root)?, (train, test), seed);
        }
        let options = OpenOptions {
            train,
            // Numbers that nobody asked for are cut to the set.
            fit_train: true,
            test,
            seed,
            folder: self.folder,
            sides,
            ..OpenOptions::default()
        };
        let loaded =
            equipoise_data::load(&self.dataset, root, &options, &|| ControlFlow::Continue(()))?;
        let remarks = loaded.remarks.iter().map(ToString::to_string).collect();
        let (train, test) = Dataset::into_images(loaded.dataset)?;
        Ok(Whole { train, test, recorded: None, remarks })
    }

    /// Recordings in two parts, divided as the images of a folder are.
    fn divided_recordings(
        &self,
        recorded: Recorded,
        (train, test): (Option<usize>, Option<usize>),
        seed: u64,
    ) -> Result<Whole, StudyError> {
        let Recorded { images, response, remarks, .. } = recorded;
        let share = Share::Fraction(self.folder.test_fraction);
        let (train_indices, test_indices) = stratified_split(&images.labels, share, seed)
            .map_err(|e| StudyError::input(format!("{}: {e}", images.name)))?;
        let mut remarks: Vec<String> = remarks.iter().map(ToString::to_string).collect();
        remarks.push(format!(
            "{}: divided by chance (seed {seed}) into {} training and {} test recordings",
            images.name,
            train_indices.len(),
            test_indices.len()
        ));
        let part = |indices: &[usize], part: &str, n: Option<usize>| {
            let name = format!("{}/{part}", images.name);
            let set = ImageSet { name, ..images.subset(indices) };
            match n {
                None => Ok(set),
                Some(n) => set.balanced_subset(n, seed),
            }
        };
        let train = train.map(|n| n.min(train_indices.len()));
        let train = part(&train_indices, "train", train)?;
        let test = part(&test_indices, "test", test)?;
        Ok(Whole { train, test, recorded: Some(response), remarks })
    }
}

impl RecordedFiles {
    /// Reads the files, where they are or under the folder of the data sets.
    fn read(&self, root: &Path) -> Result<Recorded, StudyError> {
        let at = |path: &Path| match root.join(path) {
            below if !path.exists() && below.exists() => below,
            _ => path.to_owned(),
        };
        let counts = at(&self.counts);
        let images = self.images.as_deref().map_or_else(|| counts.clone(), at);
        Ok(read_recorded(&counts, &images, self.duration_ms, &|| ControlFlow::Continue(()))?)
    }
}

impl Images {
    /// What the images of all parts are.
    pub fn identity(&self) -> Identity {
        Part::ALL.iter().fold(Identity::new(), |identity, &part| {
            part.identity(identity, &self.part(part).identity())
        })
    }

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
            validation: Some(20),
            test: Some(30),
            score_on: ScoreOn::HeldOut,
            ..DataSettings::default()
        };
        let held_out = settings.open(Path::new("."), 3, Sides::default()).unwrap();
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
        let test = all(&scored.open(Path::new("."), 3, Sides::default()).unwrap().test);
        assert!(all(&held_out.test).iter().all(|image| !test.contains(image)));
    }

    #[test]
    fn what_nobody_asked_for_is_cut_to_the_set() {
        let images = |n: usize| {
            let shape = ImageShape { channels: 1, height: 1, width: 1 };
            ImageSet::new("mine", shape, vec![0; n], vec![0; n], Vec::new()).unwrap()
        };
        let of = |train, validation, test, score_on| DataSettings {
            train,
            validation,
            test,
            score_on,
            ..DataSettings::default()
        };
        use ScoreOn::{HeldOut, Test};
        for (settings, n, expected) in [
            (of(None, None, None, Test), 60_000, Some([10_000, 1000, 0])),
            (of(None, None, None, Test), 11_000, Some([10_000, 1000, 0])),
            (of(None, None, None, Test), 110, Some([100, 10, 0])),
            (of(None, None, None, Test), 2, Some([1, 1, 0])),
            (of(None, None, None, Test), 1, None),
            (of(None, None, None, HeldOut), 120, Some([100, 10, 10])),
            (of(Some(300), None, None, Test), 60_000, Some([300, 1000, 0])),
            (of(Some(90), None, None, Test), 100, Some([90, 10, 0])),
            (of(Some(100), None, None, Test), 100, None),
            (of(None, Some(30), None, Test), 100, Some([70, 30, 0])),
            (of(Some(50), Some(50), None, Test), 100, Some([50, 50, 0])),
            (of(Some(50), Some(51), None, Test), 100, None),
            (of(Some(50), Some(20), None, HeldOut), 100, Some([50, 20, 30])),
            (of(Some(50), Some(20), Some(31), HeldOut), 100, None),
            (of(Some(50), None, Some(30), HeldOut), 100, Some([50, 20, 30])),
        ] {
            assert_eq!(settings.divide(&images(n)).ok(), expected, "{settings:?}, {n}");
        }
    }
}
