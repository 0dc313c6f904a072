//! Writing synthetic sets as files, in the layouts of the official ones.

use super::open::synthesise;
use super::options::OpenOptions;
use super::{cifar, mnist};
use crate::dataset::Dataset;
use crate::error::DataError;
use crate::formats::bytes::file_name;
use crate::formats::writing::write_file;
use crate::formats::{cifar as batches, idx};
use crate::images::ImageSet;
use crate::spike_set::SpikeSet;
use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes the synthetic set `name` of `train` and `test` samples under `out`, as the files that
/// the real set of its kind has: `synthetic-digits` as `mnist/…`, `synthetic-color` as
/// `cifar-10-batches-bin/…`, `synthetic-speech` as `shd/…`, with a note beside them that says
/// what they are. With `out` as the root they open under the name of that set.
///
/// # Errors
/// If the name is not that of a synthetic set, a number is out of range, a file is there already,
/// or the disk refuses.
pub fn make(
    name: &str,
    train: usize,
    test: usize,
    seed: u64,
    out: &Path,
) -> Result<Vec<PathBuf>, DataError> {
    let folder = match name {
        "synthetic-digits" => mnist::folders("mnist")[0],
        "synthetic-color" => cifar::FOLDERS[0],
        "synthetic-speech" => "shd",
        _ => {
            return Err(DataError::Request(format!(
                "'{name}' cannot be made: synthetic-digits, synthetic-color and synthetic-speech \
                 can"
            )));
        }
    };
    let options = OpenOptions { train: Some(train), test: Some(test), ..OpenOptions::default() };
    let (train, test) = options.synthetic_sizes()?;
    let batches = cifar::TRAIN.len();
    if name == "synthetic-color" && train % batches != 0 {
        return Err(DataError::Request(format!(
            "{train} training samples do not fill the {batches} equal batches of CIFAR-10's \
             layout: ask for a multiple of {batches}"
        )));
    }
    let folder = out.join(folder);
    let note = format!(
        "Not the real data set: {name}, made by Equipoise with seed {seed}, {train} training and \
         {test} test samples, in the real one's layout.\n"
    );
    // All is made in a folder beside, so that a disk that is full leaves nothing half made.
    let absent = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let made_folders: Vec<PathBuf> =
        out.ancestors().take_while(absent).map(Path::to_path_buf).collect();
    fs::create_dir_all(out).map_err(|e| DataError::io(out, "create", e))?;
    let making = out.join(format!(".{}.making", file_name(&folder)));
    let files = (|| {
        if making.exists() {
            // What a run that was killed left.
            fs::remove_dir_all(&making).map_err(|e| DataError::io(&making, "remove", e))?;
        }
        fs::create_dir(&making).map_err(|e| DataError::io(&making, "create", e))?;
        let mut made = Made { folder: making.clone(), target: folder.clone(), names: Vec::new() };
        made.write("SYNTHETIC.txt", note.as_bytes())?;
        match synthesise(name, train, test, seed) {
            Dataset::Spikes { train, test } => {
                made.spikes("shd_train.h5", &train)?;
                made.spikes("shd_test.h5", &test)?;
            }
            Dataset::Images { train, test } if name == "synthetic-color" => {
                made.batches(&train, &test)?;
            }
            Dataset::Images { train, test } => {
                for (set, (images, labels)) in [&train, &test].into_iter().zip(mnist::FILES) {
                    let (image_bytes, label_bytes) = idx::encode(set)?;
                    made.gzip(images, &image_bytes)?;
                    made.gzip(labels, &label_bytes)?;
                }
            }
        }
        made.put_in_place()
    })();
    fs::remove_dir_all(&making).ok();
    if files.is_err() {
        made_folders.iter().for_each(|folder| drop(fs::remove_dir(folder)));
    }
    files
}

/// The files written so far, in a folder beside the one that they are for.
struct Made {
    folder: PathBuf,
    target: PathBuf,
    names: Vec<String>,
}

impl Made {
    /// Where the next file is written, if there is none of its name where it belongs.
    fn next(&mut self, name: &str) -> Result<PathBuf, DataError> {
        let there = self.target.join(name);
        if there.exists() {
            let problem = "it is there already and is not overwritten; choose another folder";
            return Err(DataError::format(&there, "the file", problem));
        }
        self.names.push(name.to_owned());
        Ok(self.folder.join(name))
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), DataError> {
        write_file(&self.next(name)?, bytes)
    }

    fn gzip(&mut self, stem: &str, bytes: &[u8]) -> Result<(), DataError> {
        let name = format!("{stem}.gz");
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
        let packed = packed.map_err(|e| DataError::io(&self.folder.join(&name), "write", e))?;
        self.write(&name, &packed)
    }

    #[cfg(feature = "hdf5")]
    fn spikes(&mut self, name: &str, set: &SpikeSet) -> Result<(), DataError> {
        use crate::hdf5::file::{TimePrecision, write_set};
        write_set(&self.next(name)?, set, TimePrecision::Float32)
    }

    #[cfg(not(feature = "hdf5"))]
    fn spikes(&mut self, name: &str, _: &SpikeSet) -> Result<(), DataError> {
        Err(DataError::NotBuilt { what: format!("{name} is an HDF5 file"), feature: "hdf5" })
    }

    fn batches(&mut self, train: &ImageSet, test: &ImageSet) -> Result<(), DataError> {
        let number = cifar::TRAIN.len();
        for (k, name) in cifar::TRAIN.into_iter().enumerate() {
            let range = k * train.len() / number..(k + 1) * train.len() / number;
            self.write(name, &batches::encode(train, range)?)?;
        }
        self.write(cifar::TEST, &batches::encode(test, 0..test.len())?)?;
        self.write("batches.meta.txt", (train.classes.join("\n") + "\n").as_bytes())
    }

    /// Moves the files to where they belong: all at once if no folder is there yet.
    fn put_in_place(self) -> Result<Vec<PathBuf>, DataError> {
        let Made { folder, target, names } = self;
        if !target.exists() {
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent).map_err(|e| DataError::io(parent, "create", e))?;
            }
            fs::rename(&folder, &target).map_err(|e| DataError::io(&target, "rename", e))?;
        } else {
            // The note comes last: a set with it is whole.
            for name in names.iter().rev() {
                let path = target.join(name);
                fs::rename(folder.join(name), &path)
                    .map_err(|e| DataError::io(&path, "rename", e))?;
            }
        }
        Ok(names.iter().map(|name| target.join(name)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open;

    #[test]
    fn what_is_made_opens_as_the_real_set_does() {
        let root = tempfile::tempdir().unwrap();
        for (name, real) in [
            ("synthetic-digits", "mnist"),
            ("synthetic-color", "cifar-10"),
            ("synthetic-speech", "shd"),
        ] {
            let files = make(name, 25, 7, 5, root.path()).unwrap();
            assert!(files.iter().all(|f| f.is_file()));
            let options =
                OpenOptions { train: Some(25), test: Some(7), seed: 5, ..OpenOptions::default() };
            let made = open(name, root.path(), &options).unwrap();
            let read = open(real, root.path(), &OpenOptions::default()).unwrap();
            match (made, read) {
                (Dataset::Images { train: a, test: b }, Dataset::Images { train: c, test: d }) => {
                    assert!(a.pixels == c.pixels && b.pixels == d.pixels);
                    assert!(a.labels == c.labels && b.labels == d.labels);
                }
                (Dataset::Spikes { train: a, test: b }, Dataset::Spikes { train: c, test: d }) => {
                    assert!(a.times == c.times && b.times == d.times);
                    assert!(a.unit_ids == c.unit_ids && a.offsets == c.offsets);
                    assert!(a.speakers == c.speakers && a.classes == c.classes);
                }
                _ => panic!("{name} was read back as another kind"),
            }
            let problem = make(name, 25, 7, 5, root.path()).unwrap_err().to_string();
            assert!(problem.contains("is not overwritten"), "{problem}");
        }
        assert!(make("mnist", 10, 10, 0, root.path()).is_err());
        assert!(make("synthetic-color", 4, 10, 0, root.path()).is_err());
        assert!(make("synthetic-digits", 0, 10, 0, root.path()).is_err());
    }
}
