//! The Spiking Heidelberg Digits (Cramer et al. 2022, IEEE Trans. Neural Netw. Learn. Syst.
//! 33:2744), and any two files of the same layout.

use super::bytes::GoOn;
use super::identity::Source;
use super::{DataError, Dataset, OpenOptions, SpikeSet};
use crate::spikes::file::SpikeRows;
use crate::spikes::hdf5_read::SpikeFile;
use std::path::{Path, PathBuf};

/// The channels of SHD's artificial cochlea.
pub const CHANNELS: usize = 700;
/// The classes of SHD: ten digits in English and in German.
pub const CLASSES: usize = 20;
/// The time that a recording is taken to last, s.
pub const MAX_TIME: f32 = 1.4;
/// The samples of SHD's training and test files.
pub const SAMPLES: [usize; 2] = [8156, 2264];

/// The folders under the root in which SHD is looked for.
pub(crate) const FOLDERS: [&str; 3] = ["shd", "SHD", "."];

/// The training and the test file of SHD.
pub(crate) fn locate(root: &Path) -> Result<[PathBuf; 2], DataError> {
    let find = |folder: &str, part: &str| {
        [format!("shd_{part}.h5"), format!("shd_{part}.h5.gz")]
            .into_iter()
            .map(|name| root.join(folder).join(name))
            .find(|path| path.is_file())
    };
    for folder in FOLDERS {
        if let (Some(train), Some(test)) = (find(folder, "train"), find(folder, "test")) {
            return Ok([train, test]);
        }
    }
    Err(DataError::Missing {
        name: "shd".into(),
        looked_in: root.to_owned(),
        wanted: "expected shd/shd_train.h5[.gz] and shd/shd_test.h5[.gz]; \
                 `equipoise data fetch shd` downloads them"
            .into(),
    })
}

/// The training and the test file that `spikes:PATH` names: PATH is a folder with one
/// `*_train.h5` and one `*_test.h5` (also gzipped), or what the two names have before these
/// endings. A path is tried as it stands and then under the root.
pub(crate) fn locate_pair(path: &str, root: &Path) -> Result<[PathBuf; 2], DataError> {
    for base in [PathBuf::from(path), root.join(path)] {
        if base.is_dir() {
            return Ok([one_file(&base, "train")?, one_file(&base, "test")?]);
        }
        let with = |part: &str| {
            ["h5", "h5.gz"]
                .map(|ending| PathBuf::from(format!("{}_{part}.{ending}", base.display())))
                .into_iter()
                .find(|path| path.is_file())
        };
        if let (Some(train), Some(test)) = (with("train"), with("test")) {
            return Ok([train, test]);
        }
    }
    Err(DataError::Missing {
        name: format!("spikes:{path}"),
        looked_in: root.to_owned(),
        wanted: format!(
            "expected a folder {path} with a *_train.h5 and a *_test.h5, or the files \
             {path}_train.h5 and {path}_test.h5"
        ),
    })
}

/// The one file `*_PART.h5` or `*_PART.h5.gz` in a folder.
fn one_file(folder: &Path, part: &str) -> Result<PathBuf, DataError> {
    let entries = std::fs::read_dir(folder).map_err(|e| DataError::io(folder, "list", e))?;
    let endings = [format!("_{part}.h5"), format!("_{part}.h5.gz")];
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| DataError::io(folder, "list", e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(entry.path());
        }
    }
    match &found[..] {
        [one] => Ok(one.clone()),
        _ => {
            let problem = format!("{} files *_{part}.h5[.gz], expected one", found.len());
            Err(DataError::format(folder, "the folder", problem))
        }
    }
}

/// Opens SHD or a pair of files of its layout.
pub(crate) fn open(
    [train, test]: [PathBuf; 2],
    name: &str,
    options: &OpenOptions,
    go_on: GoOn<'_>,
) -> Result<Dataset, DataError> {
    if let Some(max_time) = options.max_time
        && !(max_time > 0.0 && max_time.is_finite())
    {
        return Err(DataError::Request(format!(
            "a max_time of {max_time} s: it must be a positive time"
        )));
    }
    let is_shd = name == "shd";
    let limit = if is_shd { CHANNELS as u64 } else { 1 << 16 };
    let read = |path: &Path| {
        SpikeRows::read(SpikeFile::open(path, go_on)?, limit, |seconds| seconds as f32)
    };
    let parts = [(read(&train)?, &train), (read(&test)?, &test)];
    let names = |rows: &SpikeRows| rows.keys.clone();
    let (first, second) = (names(&parts[0].0), names(&parts[1].0));
    if let (Some(a), Some(b)) = (&first, &second)
        && a != b
    {
        let place = "extra/keys";
        let other = train.file_name().unwrap_or_default().to_string_lossy();
        return Err(DataError::format(&test, place, format!("other classes than in {other}")));
    }
    let most = parts.iter().map(|(rows, _)| rows.classes().len()).max().unwrap_or(0);
    let unnamed = if is_shd { CLASSES } else { most };
    let classes = first.or(second).unwrap_or_else(|| (0..unnamed).map(|c| c.to_string()).collect());
    if is_shd && classes.len() != CLASSES {
        let problem = format!("{} classes, expected the {CLASSES} of SHD", classes.len());
        return Err(DataError::format(&train, "extra/keys", problem));
    }
    for (rows, path) in &parts {
        if let Some(i) = rows.labels.iter().position(|&l| usize::from(l) >= classes.len()) {
            let (label, last) = (rows.labels[i], classes.len() - 1);
            let problem = format!("{label}, expected a whole number from 0 to {last}");
            return Err(DataError::format(path, format!("labels[{i}]"), problem));
        }
    }
    let highest = parts.iter().flat_map(|(rows, _)| &rows.units).max().map_or(0, |&u| u as usize);
    let latest = parts.iter().flat_map(|(rows, _)| &rows.times).fold(0.0f32, |a, &b| a.max(b));
    // Of files that are not SHD, those of as many channels are taken to be from such a cochlea.
    let units = if highest < CHANNELS { CHANNELS } else { highest + 1 };
    let lasting = if latest <= MAX_TIME { MAX_TIME } else { (latest * 10.0).ceil() / 10.0 };
    let duration = options.max_time.unwrap_or(lasting);
    let mut sets = parts.into_iter().zip(["train", "test"]).map(|((rows, path), part)| {
        if rows.labels.is_empty() {
            return Err(DataError::format(path, "labels", "no samples, expected at least one"));
        }
        Ok(SpikeSet {
            units,
            duration,
            source: Source::files(vec![rows.file.identity().clone()]),
            indices: (0..rows.labels.len()).collect(),
            offsets: rows.offsets,
            times: rows.times,
            unit_ids: rows.units.into_iter().map(|u| u as u16).collect(),
            labels: rows.labels,
            speakers: rows.speakers,
            classes: classes.clone(),
            name: format!("{name}/{part}"),
        })
    });
    let mut next = || sets.next().expect("there are two parts");
    Ok(Dataset::Spikes { train: next()?, test: next()? })
}
