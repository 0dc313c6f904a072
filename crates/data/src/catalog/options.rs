//! How a data set is opened.

use crate::dataset::Dataset;
use crate::error::DataError;
use crate::formats::folder::{FolderOptions, Sides};
use crate::images::ImageSet;
use crate::reading::{Remark, RemarkKind};
use crate::spike_set::SpikeSet;

/// How to open a data set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OpenOptions {
    /// The number of training samples: a class-balanced subset of a set of files (absent: all),
    /// or how many a synthetic set makes (absent: [`SYNTHETIC_TRAIN`]).
    pub train: Option<usize>,
    /// The same for the test samples (synthetic and absent: [`SYNTHETIC_TEST`]).
    pub test: Option<usize>,
    /// Whether a training part that has fewer samples than that gives all it has, with a remark,
    /// rather than an error: for numbers that are a default and not a person's wish.
    pub fit_train: bool,
    /// The same for the test part.
    pub fit_test: bool,
    /// The seed of subsets and of synthetic sets.
    pub seed: u64,
    /// The time that spike recordings are taken to last, s (absent: what the files say, or a round
    /// time after the last spike, but for a few that come long after all others; 1.4 s for
    /// recordings like those of SHD).
    pub max_time: Option<f32>,
    /// How images in folders are read.
    pub folder: FolderOptions,
    /// What the sides of images in folders must be, where nobody has chosen a size.
    pub sides: Sides,
}

/// The training samples of a synthetic set if no number is asked for.
pub const SYNTHETIC_TRAIN: usize = 6000;
/// The test samples of a synthetic set if no number is asked for.
pub const SYNTHETIC_TEST: usize = 1000;
/// The most samples of a synthetic set: more would be a slip of the pen.
const MOST_SYNTHETIC: usize = 1_000_000;

/// A part of a data set from which samples are chosen.
trait Part: Sized {
    fn name(&self) -> &str;
    fn size(&self) -> usize;
    fn balanced(&self, n: usize, seed: u64) -> Result<Self, DataError>;
}

impl Part for ImageSet {
    fn name(&self) -> &str {
        &self.name
    }
    fn size(&self) -> usize {
        self.len()
    }
    fn balanced(&self, n: usize, seed: u64) -> Result<Self, DataError> {
        self.balanced_subset(n, seed)
    }
}

impl Part for SpikeSet {
    fn name(&self) -> &str {
        &self.name
    }
    fn size(&self) -> usize {
        self.len()
    }
    fn balanced(&self, n: usize, seed: u64) -> Result<Self, DataError> {
        self.balanced_subset(n, seed)
    }
}

impl OpenOptions {
    /// The sizes of the two parts of a synthetic set.
    pub(crate) fn synthetic_sizes(&self) -> Result<(usize, usize), DataError> {
        let sizes = (self.train.unwrap_or(SYNTHETIC_TRAIN), self.test.unwrap_or(SYNTHETIC_TEST));
        for (size, part) in [(sizes.0, "training"), (sizes.1, "test")] {
            if !(1..=MOST_SYNTHETIC).contains(&size) {
                return Err(DataError::Request(format!(
                    "{size} {part} samples were asked for: a synthetic set makes from 1 to \
                     {MOST_SYNTHETIC}"
                )));
            }
        }
        Ok(sizes)
    }

    /// The class-balanced subsets asked for.
    pub(crate) fn limit(
        &self,
        dataset: Dataset,
        remarks: &mut Vec<Remark>,
    ) -> Result<Dataset, DataError> {
        Ok(match dataset {
            Dataset::Images { train, test } => Dataset::Images {
                train: pick(train, (self.train, self.fit_train), self.seed, remarks)?,
                test: pick(test, (self.test, self.fit_test), self.seed, remarks)?,
            },
            Dataset::Spikes { train, test } => Dataset::Spikes {
                train: pick(train, (self.train, self.fit_train), self.seed, remarks)?,
                test: pick(test, (self.test, self.fit_test), self.seed, remarks)?,
            },
        })
    }
}

/// `n` samples of a part, balanced over its classes, if a number is given.
fn pick<P: Part>(
    part: P,
    (n, fit): (Option<usize>, bool),
    seed: u64,
    remarks: &mut Vec<Remark>,
) -> Result<P, DataError> {
    let (name, size) = (part.name(), part.size());
    match n {
        None => Ok(part),
        Some(0) => Err(DataError::Request(format!(
            "0 samples of {name} were asked for: at least 1 is needed"
        ))),
        Some(n) if fit && n > size => {
            let text = format!("{name}: all {size} samples are used, as there are not {n}");
            remarks.push(Remark::new(RemarkKind::Amount, text));
            part.balanced(size, seed)
        }
        Some(n) => part.balanced(n, seed).map_err(|e| match e {
            DataError::Request(why) => DataError::Request(format!("{name}: {why}")),
            other => other,
        }),
    }
}
