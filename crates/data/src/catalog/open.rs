//! Opening a data set by its name.

use super::options::OpenOptions;
use super::{arrays, cifar, described, folder, mnist, shd};
use crate::dataset::{Dataset, Loaded};
use crate::error::DataError;
use crate::images::ImageSet;
use crate::reading::{GoOn, Remark, RemarkKind, TO_THE_END};
use crate::spike_set::SpikeSet;
use crate::synthetic::{self, Part};
use std::path::{Path, PathBuf};

/// Where data sets are looked for if nothing else is said: the folder in the environment variable
/// `EQUIPOISE_DATA`, else `datasets`. An empty variable counts as none.
pub fn default_root() -> PathBuf {
    std::env::var_os("EQUIPOISE_DATA")
        .filter(|root| !root.is_empty())
        .map_or_else(|| "datasets".into(), PathBuf::from)
}

/// Makes both parts of a synthetic set.
pub(super) fn synthesise(name: &str, train: usize, test: usize, seed: u64) -> Dataset {
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
    load(spec, root, options, TO_THE_END).map(|loaded| loaded.dataset)
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
    let of = |dataset| Loaded { dataset, remarks: Vec::new() };
    let whole = match spec {
        name if mnist::NAMES.contains(&name) => of(mnist::open(name, root, go_on)?),
        "cifar-10" => of(cifar::open(root, go_on)?),
        "shd" => shd::open(root, options, go_on)?,
        "synthetic-digits" | "synthetic-color" | "synthetic-speech" => {
            let (train, test) = options.synthetic_sizes()?;
            return Ok(of(synthesise(spec, train, test, options.seed)));
        }
        _ => match spec.split_once(':') {
            Some(("spikes", path)) if !path.is_empty() => {
                shd::open_pair(path, spec, root, options, go_on)?
            }
            Some(("folder", path)) if !path.is_empty() => folder::open(path, root, options, go_on)?,
            Some(("npz", path)) if !path.is_empty() => arrays::open(path, root, options, go_on)?,
            _ if spec.ends_with(".npz") => arrays::open(spec, root, options, go_on)?,
            _ => match described::find(spec, root)? {
                Some(set) => set.open(spec, options, go_on)?,
                None => return Err(DataError::UnknownName(spec.to_owned())),
            },
        },
    };
    let Loaded { dataset, mut remarks } = whole;
    let dataset = options.limit(dataset, &mut remarks)?;
    match &dataset {
        Dataset::Images { train, test } => [train, test].map(|set| blank_images(set, &mut remarks)),
        Dataset::Spikes { train, test } => [train, test].map(|set| silent(set, &mut remarks)),
    };
    Ok(Loaded { dataset, remarks })
}

/// Remarks on images that are all of one value.
fn blank_images(set: &ImageSet, remarks: &mut Vec<Remark>) {
    let blank = |&i: &usize| {
        let image = set.image(i);
        image.iter().all(|&value| value == image[0])
    };
    remark(set.len(), (0..set.len()).filter(blank), remarks, |count| {
        format!("{}: {count} images are blank (all of one value)", set.name)
    });
}

/// Remarks on recordings without a spike.
fn silent(set: &SpikeSet, remarks: &mut Vec<Remark>) {
    let silent = |&i: &usize| set.sample(i).times.is_empty();
    remark(set.len(), (0..set.len()).filter(silent), remarks, |count| {
        format!("{}: {count} recordings have no spike", set.name)
    });
}

/// Adds a remark on the samples `which`, if there are any, with the first of them.
fn remark(
    all: usize,
    which: impl Iterator<Item = usize>,
    remarks: &mut Vec<Remark>,
    text: impl Fn(&str) -> String,
) {
    let which: Vec<usize> = which.collect();
    let Some(first) = which.first() else { return };
    let text = text(&format!("{} of {all}", which.len()));
    let text =
        if which.len() < all { format!("{text}, the first is sample {first}") } else { text };
    remarks.push(Remark::new(RemarkKind::Blank, text));
}
