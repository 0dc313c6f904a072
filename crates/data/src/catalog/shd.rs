//! The Spiking Heidelberg Digits (Cramer et al. 2022, IEEE Trans. Neural Netw. Learn. Syst.
//! 33:2744), and any two files of the same layout.

use super::options::OpenOptions;
use crate::dataset::Loaded;
use crate::error::DataError;
use crate::formats::bytes::file_name;
use crate::reading::GoOn;
use std::path::{Path, PathBuf};

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
                 the official files can be downloaded"
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
        // Some systems leave hidden files beside those that are copied.
        if !name.starts_with('.') && endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(entry.path());
        }
    }
    found.sort();
    match &found[..] {
        [one] => Ok(one.clone()),
        [] => {
            let problem = format!("no file *_{part}.h5[.gz], expected one");
            Err(DataError::format(folder, "the folder", problem))
        }
        several => {
            let names: Vec<String> = several.iter().map(|path| file_name(path)).collect();
            let problem = format!(
                "{} files *_{part}.h5[.gz] ({}), expected one",
                names.len(),
                names.join(", ")
            );
            Err(DataError::format(folder, "the folder", problem))
        }
    }
}

/// Opens SHD.
pub(super) fn open(
    root: &Path,
    options: &OpenOptions,
    go_on: GoOn<'_>,
) -> Result<Loaded, DataError> {
    let files = locate(root)?;
    read(files, "shd", true, options, go_on)
}

/// Opens the pair of files that `spikes:PATH` names.
pub(super) fn open_pair(
    path: &str,
    name: &str,
    root: &Path,
    options: &OpenOptions,
    go_on: GoOn<'_>,
) -> Result<Loaded, DataError> {
    let files = locate_pair(path, root)?;
    read(files, name, false, options, go_on)
}

#[cfg(feature = "hdf5")]
pub(super) fn read(
    [train, test]: [PathBuf; 2],
    name: &str,
    is_shd: bool,
    options: &OpenOptions,
    go_on: GoOn<'_>,
) -> Result<Loaded, DataError> {
    use crate::hdf5::pair::{self, PairOptions};
    let options = PairOptions { is_shd, max_time: options.max_time };
    pair::read(&train, &test, name, &options, go_on)
}

#[cfg(not(feature = "hdf5"))]
pub(super) fn read(
    _: [PathBuf; 2],
    name: &str,
    _: bool,
    _: &OpenOptions,
    _: GoOn<'_>,
) -> Result<Loaded, DataError> {
    Err(DataError::NotBuilt { what: format!("{name} is in HDF5 files"), feature: "hdf5" })
}
