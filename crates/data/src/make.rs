//! Writing synthetic sets as files, in the layouts of the official ones.

use super::cifar;
use super::{DataError, Dataset, ImageSet, grey, idx, synthesise};
use crate::spikes::file::{TimePrecision, partial_name, write_set};
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
        "synthetic-digits" => grey::folders("mnist")[0],
        "synthetic-color" => cifar::FOLDERS[0],
        "synthetic-speech" => "shd",
        _ => {
            return Err(DataError::Request(format!(
                "'{name}' cannot be made: synthetic-digits, synthetic-color and synthetic-speech \
                 can"
            )));
        }
    };
    let options = super::OpenOptions {
        train: Some(train),
        test: Some(test),
        ..super::OpenOptions::default()
    };
    let (train, test) = options.synthetic_sizes()?;
    let batches = cifar::TRAIN.len();
    if name == "synthetic-color" && train % batches != 0 {
        return Err(DataError::Request(format!(
            "{train} training samples do not fill the {batches} equal batches of CIFAR-10's \
             layout: ask for a multiple of {batches}"
        )));
    }
    let folder = out.join(folder);
    fs::create_dir_all(&folder).map_err(|e| DataError::io(&folder, "create", e))?;
    let mut made = Made { folder, files: Vec::new() };
    let note = format!(
        "Not the real data set: {name}, made by `equipoise data make` with seed {seed}, \
         {train} training and {test} test samples, in the real one's layout.\n"
    );
    made.write("SYNTHETIC.txt", note.as_bytes())?;
    match synthesise(name, train, test, seed) {
        Dataset::Spikes { train, test } => {
            made.spikes("shd_train.h5", |path| write_set(path, &train, TimePrecision::Float32))?;
            made.spikes("shd_test.h5", |path| write_set(path, &test, TimePrecision::Float32))?;
        }
        Dataset::Images { train, test } if name == "synthetic-color" => {
            made.batches(&train, &test)?
        }
        Dataset::Images { train, test } => {
            for (set, (images, labels)) in [&train, &test].into_iter().zip(grey::FILES) {
                let (image_bytes, label_bytes) = idx::encode(set)?;
                made.gzip(images, &image_bytes)?;
                made.gzip(labels, &label_bytes)?;
            }
        }
    }
    Ok(made.files)
}

/// The files written so far.
struct Made {
    folder: PathBuf,
    files: Vec<PathBuf>,
}

impl Made {
    /// The path of a file that is not there yet.
    fn new_path(&mut self, name: &str) -> Result<PathBuf, DataError> {
        let path = self.folder.join(name);
        if path.exists() {
            let problem = "it is there already and is not overwritten; choose another folder";
            return Err(DataError::format(&path, "the file", problem));
        }
        self.files.push(path.clone());
        Ok(path)
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), DataError> {
        let path = self.new_path(name)?;
        let partial = partial_name(&path);
        fs::write(&partial, bytes)
            .and_then(|()| fs::rename(&partial, &path))
            .map_err(|e| DataError::io(&path, "write", e))
    }

    fn gzip(&mut self, stem: &str, bytes: &[u8]) -> Result<(), DataError> {
        let name = format!("{stem}.gz");
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
        let packed = packed.map_err(|e| DataError::io(&self.folder.join(&name), "write", e))?;
        self.write(&name, &packed)
    }

    fn spikes(
        &mut self,
        name: &str,
        write: impl Fn(&Path) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let path = self.new_path(name)?;
        write(&path)
    }

    fn batches(&mut self, train: &ImageSet, test: &ImageSet) -> Result<(), DataError> {
        let batches = cifar::TRAIN.len();
        for (k, name) in cifar::TRAIN.into_iter().enumerate() {
            let range = k * train.len() / batches..(k + 1) * train.len() / batches;
            self.write(name, &cifar::encode(train, range)?)?;
        }
        self.write(cifar::TEST, &cifar::encode(test, 0..test.len())?)?;
        self.write("batches.meta.txt", (train.classes.join("\n") + "\n").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OpenOptions, open};

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
