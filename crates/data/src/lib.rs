//! Data sets: real ones from their official files, and synthetic ones made on the spot.
//!
//! [`open`] takes a name and gives a [`Dataset`], whose training and test parts hold labelled
//! images ([`ImageSet`]) or labelled spike recordings ([`SpikeSet`]). Every file is checked, and
//! what is wrong with one is said in a line by a [`DataError`].

mod bytes;
mod check;
pub mod cifar;
mod error;
pub mod fetch;
pub mod folder;
pub mod grey;
mod identity;
pub mod idx;
mod images;
mod make;
mod select;
pub mod shd;
mod spike_set;
pub mod spikes;
pub mod synthetic;
#[doc(hidden)]
pub mod testing;

pub use bytes::GoOn;
pub use check::{Content, Entry, FileReport, PartReport, Report, catalog, check};
pub use error::DataError;
pub use folder::FolderOptions;
pub use identity::{
    DataIdentity, Difference, DifferenceKind, FileIdentity, Fingerprint, FingerprintBuilder,
    NotAFingerprint, Source,
};
pub use images::{ImageSet, ImageShape};
pub use make::make;
pub use select::{Share, balanced_indices, class_counts, stratified_split};
pub use spike_set::{SampleSpikes, SpikeSet};
pub use synthetic::Part;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// The names that [`open`] knows, for messages.
pub const SPEC_NAMES: &str = "mnist, fashion-mnist, cifar-10, shd, spikes:PATH, \
    folder:PATH, synthetic-digits, synthetic-color, synthetic-speech";

/// A data set in its two parts. The test part is never used for training or validation.
#[derive(Debug, Clone, PartialEq)]
pub enum Dataset {
    /// Labelled images.
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

/// How to open a data set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OpenOptions {
    /// The number of training samples: a class-balanced subset of a set of files (absent: all),
    /// or how many a synthetic set makes (absent: [`SYNTHETIC_TRAIN`]).
    pub train: Option<usize>,
    /// The same for the test samples (synthetic and absent: [`SYNTHETIC_TEST`]).
    pub test: Option<usize>,
    /// The seed of subsets and of synthetic sets.
    pub seed: u64,
    /// The time that spike recordings are taken to last, s (absent: 1.4 s as for SHD, or the
    /// next tenth after the last spike where one comes later).
    pub max_time: Option<f32>,
    /// How images in folders are read.
    pub folder: FolderOptions,
}

/// The training samples of a synthetic set if no number is asked for.
pub const SYNTHETIC_TRAIN: usize = 6000;
/// The test samples of a synthetic set if no number is asked for.
pub const SYNTHETIC_TEST: usize = 1000;

impl OpenOptions {
    /// The sizes of the two parts of a synthetic set.
    fn synthetic_sizes(&self) -> Result<(usize, usize), DataError> {
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
    fn limit(&self, dataset: Dataset) -> Result<Dataset, DataError> {
        let wrong = |part: &str, e: DataError| match e {
            DataError::Request(why) => DataError::Request(format!("{part}: {why}")),
            other => other,
        };
        match dataset {
            Dataset::Images { train, test } => {
                let pick = |set: ImageSet, n: Option<usize>| match n {
                    Some(0) => Err(no_samples(&set.name)),
                    Some(n) => set.balanced_subset(n, self.seed).map_err(|e| wrong(&set.name, e)),
                    None => Ok(set),
                };
                Ok(Dataset::Images {
                    train: pick(train, self.train)?,
                    test: pick(test, self.test)?,
                })
            }
            Dataset::Spikes { train, test } => {
                let pick = |set: SpikeSet, n: Option<usize>| match n {
                    Some(0) => Err(no_samples(&set.name)),
                    Some(n) => set.balanced_subset(n, self.seed).map_err(|e| wrong(&set.name, e)),
                    None => Ok(set),
                };
                Ok(Dataset::Spikes {
                    train: pick(train, self.train)?,
                    test: pick(test, self.test)?,
                })
            }
        }
    }
}

fn no_samples(name: &str) -> DataError {
    DataError::Request(format!("0 samples of {name} were asked for: at least 1 is needed"))
}

/// The most samples of a synthetic set: more would be a slip of the pen.
const MOST_SYNTHETIC: usize = 1_000_000;

/// Where data sets are looked for if nothing else is said: the folder in the environment variable
/// `EQUIPOISE_DATA`, else `datasets`.
pub fn default_root() -> PathBuf {
    std::env::var_os("EQUIPOISE_DATA")
        .filter(|root| !root.is_empty())
        .map_or_else(|| "datasets".into(), PathBuf::from)
}

/// Makes both parts of a synthetic set.
fn synthesise(name: &str, train: usize, test: usize, seed: u64) -> Dataset {
    let images = |make: fn(usize, u64, Part) -> ImageSet| Dataset::Images {
        train: make(train, seed, Part::Train),
        test: make(test, seed, Part::Test),
    };
    match name {
        "synthetic-speech" => Dataset::Spikes {
            train: synthetic::speech(train, seed, Part::Train),
            test: synthetic::speech(test, seed, Part::Test),
        },
        "synthetic-color" => images(synthetic::color),
        _ => images(synthetic::digits),
    }
}

/// Opens the data set called `spec`, looking for its files under `root`.
///
/// # Errors
/// If the name is unknown, the files are absent or wrong in any way, or more samples are asked
/// for than there are.
pub fn open(spec: &str, root: &Path, options: &OpenOptions) -> Result<Dataset, DataError> {
    load(spec, root, options, &|| ControlFlow::Continue(())).map(|loaded| loaded.dataset)
}

/// A data set that was opened, and what should be said about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The data.
    pub dataset: Dataset,
    /// What was decided or noticed while it was read.
    pub remarks: Vec<Remark>,
}

/// Something that a person should know about data that were read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Remark(pub String);

impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// As [`open`], with what was noticed on the way; `go_on` is asked now and then whether to go on.
///
/// # Errors
/// As [`open`], and [`DataError::Stopped`] if `go_on` says so.
pub fn load(
    spec: &str,
    root: &Path,
    options: &OpenOptions,
    go_on: GoOn<'_>,
) -> Result<Loaded, DataError> {
    let whole = match spec {
        "mnist" | "fashion-mnist" => grey::open(spec, root, go_on)?,
        "shd" => shd::open(shd::locate(root)?, spec, options, go_on)?,
        "cifar-10" => cifar::open(root, go_on)?,
        "synthetic-digits" | "synthetic-color" | "synthetic-speech" => {
            let (train, test) = options.synthetic_sizes()?;
            let dataset = synthesise(spec, train, test, options.seed);
            return Ok(Loaded { dataset, remarks: Vec::new() });
        }
        _ => match spec.split_once(':') {
            Some(("spikes", path)) if !path.is_empty() => {
                shd::open(shd::locate_pair(path, root)?, spec, options, go_on)?
            }
            Some(("folder", path)) if !path.is_empty() => folder::open(path, root, options, go_on)?,
            _ => return Err(DataError::UnknownName(spec.to_owned())),
        },
    };
    Ok(Loaded { dataset: options.limit(whole)?, remarks: Vec::new() })
}
