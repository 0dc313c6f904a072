//! What there is: the catalogue of data sets, and a report on all files of one.

use super::manifest::{mismatch, sources};
use super::open::load;
use super::options::OpenOptions;
use super::{cifar, described, mnist, shd};
use crate::dataset::{Dataset, Loaded};
use crate::error::DataError;
use crate::images::{ImageSet, ImageShape};
use crate::reading::{GoOn, Remark};
use crate::spike_set::SpikeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A data set of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The name that [`open`](crate::open) takes.
    pub name: String,
    /// What it holds, in a line.
    pub what: String,
    /// Its licence.
    pub licence: String,
    /// What to cite.
    pub citation: String,
    /// Where it was looked for; nothing for sets that need no files.
    pub looked_for: Vec<PathBuf>,
    /// Whether its files are there (their content is not read).
    pub present: bool,
    /// As what `fetch::fetch` can download it.
    pub fetched_as: Option<String>,
}

/// The files of a set that is looked for under `root`.
fn locate(name: &str, root: &Path) -> Result<Vec<PathBuf>, DataError> {
    match name {
        name if mnist::NAMES.contains(&name) => {
            Ok(mnist::locate(name, root)?.into_iter().flat_map(|(a, b)| [a, b]).collect())
        }
        "cifar-10" => cifar::locate(root),
        "shd" => Ok(shd::locate(root)?.to_vec()),
        _ => match name.split_once(':') {
            Some(("spikes", path)) => Ok(shd::locate_pair(path, root)?.to_vec()),
            Some(("folder", _)) => Ok(Vec::new()),
            _ if name.starts_with("npz:") || name.ends_with(".npz") => {
                let path = name.strip_prefix("npz:").unwrap_or(name);
                let places = [PathBuf::from(path), root.join(path)];
                Ok(places.into_iter().find(|path| path.is_file()).into_iter().collect())
            }
            _ => {
                let files = described::find(name, root)?.map_or(Vec::new(), |set| set.files());
                Ok(files.into_iter().filter(|path| path.is_file()).collect())
            }
        },
    }
}

/// All data sets that have a name of their own, and whether their files are under `root`.
pub fn catalog(root: &Path) -> Vec<Entry> {
    let folders = |name: &str| match name {
        "cifar-10" => &cifar::FOLDERS[..],
        "shd" => &shd::FOLDERS,
        name => mnist::folders(name),
    };
    let under = |&folder: &&str| if folder == "." { root.to_owned() } else { root.join(folder) };
    let real = sources().iter().flat_map(|source| {
        // One archive may hold several sets.
        let is_whole = source.name != "emnist";
        let parts = mnist::NAMES.iter().filter(move |name| !is_whole && mnist::is_emnist(name));
        let names = is_whole.then_some(source.name.as_str()).into_iter().chain(parts.copied());
        names.map(|name| Entry {
            name: name.to_owned(),
            what: mnist::characters_of(name).unwrap_or_else(|| source.what.clone()),
            licence: source.licence.clone(),
            citation: source.citation.clone(),
            looked_for: folders(name).iter().map(under).collect(),
            present: locate(name, root).is_ok(),
            fetched_as: Some(source.name.clone()),
        })
    });
    let synthetic = [
        ("synthetic-digits", "digit-like stroke figures, 28x28 grey, any number"),
        ("synthetic-color", "coloured shapes and textures, 32x32 RGB, any number"),
        ("synthetic-speech", "formant-like sweeps as spikes on 700 channels, any number"),
    ];
    let synthetic = synthetic.into_iter().map(|(name, what)| Entry {
        name: name.into(),
        what: what.into(),
        licence: "made on the spot".into(),
        citation: "this program".into(),
        looked_for: Vec::new(),
        present: true,
        fetched_as: None,
    });
    real.chain(synthetic).chain(own(root)).collect()
}

/// The data sets that a person has described under `root`.
fn own(root: &Path) -> Vec<Entry> {
    let file = root.join(described::FILE);
    if !file.is_file() {
        return Vec::new();
    }
    let entry = |name: String, what: String, looked_for: Vec<PathBuf>, present| Entry {
        name,
        what,
        licence: String::new(),
        citation: String::new(),
        looked_for,
        present,
        fetched_as: None,
    };
    match described::read(&file) {
        Ok(sets) => sets
            .into_iter()
            .map(|(name, set)| {
                let files = set.files();
                let present = files.iter().all(|file| file.exists());
                Entry {
                    licence: set.licence.clone(),
                    citation: set.citation.clone(),
                    ..entry(name, set.what.clone(), files, present)
                }
            })
            .collect(),
        Err(problem) => vec![entry(described::FILE.into(), problem.to_string(), vec![file], false)],
    }
}

/// A file of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct FileReport {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Whether it has the official checksum; absent where none is known for a file of its name.
    pub official: Option<bool>,
    /// Whether it is a file of a published set whose checksum is not known here.
    pub unknown: bool,
}

/// What the samples of a part are.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Images.
    Images {
        /// Channels, rows, columns.
        shape: ImageShape,
        /// Mean and standard deviation of the intensities of each channel.
        channels: Vec<(f64, f64)>,
    },
    /// Spike recordings.
    Spikes {
        /// The number of channels.
        units: usize,
        /// The time that a recording is taken to last, s.
        duration: f32,
        /// The fewest, the mean and the most spikes of a sample.
        spikes: (usize, f64, usize),
        /// The time of the last spike, s.
        last: f32,
        /// The speakers.
        speakers: Vec<u16>,
    },
}

/// One part of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct PartReport {
    /// Its name, such as "mnist/train".
    pub name: String,
    /// The number of samples.
    pub samples: usize,
    /// The classes and the samples of each.
    pub classes: Vec<(String, usize)>,
    /// What the samples are.
    pub content: Content,
}

/// All that was found out about a set by reading every file of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Its name.
    pub name: String,
    /// Its files; nothing for synthetic sets and folders of images.
    pub files: Vec<FileReport>,
    /// Training and test.
    pub parts: Vec<PartReport>,
    /// What was decided or noticed while they were read.
    pub remarks: Vec<Remark>,
}

/// Reads and checks every file of the data set `spec` and says what is in it.
///
/// # Errors
/// As [`load`].
pub fn check(
    spec: &str,
    root: &Path,
    options: &OpenOptions,
    go_on: GoOn<'_>,
) -> Result<Report, DataError> {
    let Loaded { dataset, remarks } = load(spec, root, options, go_on)?;
    let parts = match dataset {
        Dataset::Images { train, test } => [train, test].iter().map(image_part).collect(),
        Dataset::Spikes { train, test } => [train, test].iter().map(spike_part).collect(),
    };
    let is_source = |name: &str| spec == name || (name == "emnist" && mnist::is_emnist(spec));
    let known = sources().iter().find(|s| is_source(&s.name)).map_or(&[][..], |s| &s.files[..]);
    let report = |path: PathBuf| {
        if go_on().is_break() {
            return Err(DataError::Stopped);
        }
        let bytes = fs::metadata(&path).map_err(|e| DataError::io(&path, "open", e))?.len();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let official = match known.iter().find(|f| f.name == name) {
            Some(file) => Some(mismatch(file, &path)?.is_none()),
            None => None,
        };
        let unknown = official.is_none() && !known.is_empty();
        Ok(FileReport { path, bytes, official, unknown })
    };
    let files = locate(spec, root)?.into_iter().map(report).collect::<Result<_, _>>()?;
    Ok(Report { name: spec.to_owned(), files, parts, remarks })
}

fn image_part(set: &ImageSet) -> PartReport {
    PartReport {
        name: set.name.clone(),
        samples: set.len(),
        classes: set.classes.iter().cloned().zip(set.class_counts()).collect(),
        content: Content::Images { shape: set.shape, channels: set.channel_statistics() },
    }
}

fn spike_part(set: &SpikeSet) -> PartReport {
    let counts = || set.offsets.windows(2).map(|w| w[1] - w[0]);
    let mean = set.times.len() as f64 / set.len().max(1) as f64;
    PartReport {
        name: set.name.clone(),
        samples: set.len(),
        classes: set.classes.iter().cloned().zip(set.class_counts()).collect(),
        content: Content::Spikes {
            units: set.units,
            duration: set.duration,
            spikes: (counts().min().unwrap_or(0), mean, counts().max().unwrap_or(0)),
            last: set.times.iter().fold(0.0, |a, &b| a.max(b)),
            speakers: set.speaker_ids(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TO_THE_END, make};

    #[test]
    fn the_catalogue_says_what_is_here() {
        let root = tempfile::tempdir().unwrap();
        let present = |root: &Path| -> Vec<String> {
            catalog(root).into_iter().filter(|e| e.present).map(|e| e.name).collect()
        };
        let synthetic = ["synthetic-digits", "synthetic-color", "synthetic-speech"];
        assert_eq!(present(root.path()), synthetic);
        make("synthetic-speech", 5, 5, 0, root.path()).unwrap();
        assert_eq!(present(root.path())[0], "shd");
        let names: Vec<String> = catalog(root.path()).into_iter().map(|e| e.name).collect();
        assert!(names.iter().all(|n| crate::SPEC_NAMES.split(", ").any(|known| known == n)));
        assert!(super::mnist::NAMES.iter().all(|name| names.iter().any(|n| n == name)));
    }

    #[test]
    fn a_report_counts_what_is_there() {
        let root = tempfile::tempdir().unwrap();
        make("synthetic-digits", 40, 20, 0, root.path()).unwrap();
        make("synthetic-speech", 40, 20, 0, root.path()).unwrap();
        let report = check("mnist", root.path(), &OpenOptions::default(), TO_THE_END).unwrap();
        assert_eq!(report.files.len(), 4);
        assert!(report.files.iter().all(|f| f.official == Some(false) && f.bytes > 20));
        assert_eq!(report.parts[1].samples, 20);
        assert_eq!(report.parts[0].classes[3], ("3".to_owned(), 4));
        let report = check("shd", root.path(), &OpenOptions::default(), TO_THE_END).unwrap();
        assert_eq!(report.parts[0].classes.len(), 20);
        let Content::Spikes { units, spikes: (least, mean, most), last, .. } =
            report.parts[0].content
        else {
            panic!("spikes were expected")
        };
        assert!(units == 700 && last < 1.4);
        assert!((least as f64) < mean && mean < most as f64);
        let options = OpenOptions { train: Some(10), test: Some(10), ..OpenOptions::default() };
        assert!(
            check("synthetic-color", root.path(), &options, TO_THE_END).unwrap().files.is_empty()
        );
        assert!(check("fashion-mnist", root.path(), &options, TO_THE_END).is_err());
    }
}
