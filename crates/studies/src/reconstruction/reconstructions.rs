//! Images and what was reconstructed of them, as one NPZ file for other programs.
//!
//! `images` and each reconstruction are float32 `[images, channels, height, width]`, intensities in
//! 0..=1; `labels` and `indices` (the index of an image in its part of the data set) are uint64
//! `[images]`. The entry `about.json` says so of every array, and what they were made from.

use std::fs::File;
use std::io::{BufWriter, Cursor};

use equipoise_data::npz::{Element, NpzWriter, npy_values};
use equipoise_data::{DataError, DataIdentity, ImageSet};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::cell::Score;
use super::method::Method;
use crate::context::{Artefact, Context};
use crate::error::{OrStudyError, StudyError};

/// The file's name.
pub const FILE: &str = "reconstructions.npz";

/// What a value of an image is.
const INTENSITY: &str = "intensity, 0 to 1";

/// Where the arrays go.
enum Archive {
    Disk(NpzWriter<BufWriter<File>>),
    Memory(NpzWriter<Cursor<Vec<u8>>>),
}

impl Archive {
    fn array<T: Element>(
        &mut self,
        name: &str,
        sizes: &[usize],
        values: impl IntoIterator<Item = T>,
    ) -> Result<(), DataError> {
        match self {
            Self::Disk(file) => file.array(name, sizes, values),
            Self::Memory(file) => file.array(name, sizes, values),
        }
    }
}

#[derive(Serialize)]
struct About<'a> {
    images: &'a DataIdentity,
    classes: &'a [String],
    version: &'static str,
    arrays: Map<String, Value>,
}

/// The file being written, reconstruction by reconstruction: to disk, or to memory where results are
/// kept there.
pub struct Reconstructions<'a> {
    context: &'a Context<'a>,
    set: &'a ImageSet,
    count: usize,
    archive: Archive,
    arrays: Map<String, Value>,
}

impl<'a> Reconstructions<'a> {
    /// Begins with the first `count` images of a set, whose intensities are given.
    ///
    /// # Errors
    /// Those of the store.
    pub fn begin(
        context: &'a Context<'a>,
        set: &'a ImageSet,
        intensities: &[f32],
        count: usize,
    ) -> Result<Self, StudyError> {
        let archive = match context.path(FILE)? {
            Some(path) => Archive::Disk(NpzWriter::create(&path)?),
            None => Archive::Memory(NpzWriter::in_memory()),
        };
        let count = count.min(set.len());
        let mut file = Self { context, set, count, archive, arrays: Map::new() };
        file.images("images", "the originals", intensities.iter().copied())?;
        Ok(file)
    }

    /// Adds what a method has reconstructed of the set in a repetition (from 0).
    ///
    /// # Errors
    /// Those of the store.
    pub fn add(
        &mut self,
        what: (usize, Option<&str>, Method),
        values: &[f32],
    ) -> Result<(), StudyError> {
        let (name, by) = named(what);
        self.images(&name, &by, values.iter().copied())
    }

    /// Adds the reconstructions that a cell has kept, if it has.
    ///
    /// # Errors
    /// Those of the store; [`StudyError::Damaged`] if they are not what was written.
    pub fn add_kept(&mut self, score: &Score) -> Result<(), StudyError> {
        let Some(file) = &score.reconstructions else { return Ok(()) };
        let (name, by) = named((score.repeat, score.regime.as_deref(), score.method));
        let values: Vec<f32> = npy_values(&self.context.read(file)?).or_failed()?;
        self.images(&name, &by, values)
    }

    fn images(
        &mut self,
        name: &str,
        what: &str,
        values: impl IntoIterator<Item = f32>,
    ) -> Result<(), StudyError> {
        let shape = self.set.shape;
        let sizes = [self.count, shape.channels, shape.height, shape.width];
        let values = values.into_iter().take(self.count * shape.pixels());
        self.archive.array(name, &sizes, values)?;
        let dimensions = ["image", "channel", "row", "column"];
        let about = json!({"what": what, "unit": INTENSITY, "dimensions": dimensions});
        self.arrays.insert(name.to_owned(), about);
        Ok(())
    }

    /// Adds what is known of each image, and completes the file.
    ///
    /// # Errors
    /// Those of the store.
    pub fn finish(mut self) -> Result<Artefact, StudyError> {
        let Self { set, count, .. } = self;
        let labels: Vec<u64> = set.labels.iter().map(|&label| u64::from(label)).collect();
        let indices: Vec<u64> = set.indices.iter().map(|&index| index as u64).collect();
        for (name, what, values) in [
            ("labels", "the class of each image, by number", labels),
            ("indices", "the index of each image in its part of the data set", indices),
        ] {
            self.archive.array(name, &[count], values.into_iter().take(count))?;
            let about = json!({"what": what, "unit": null, "dimensions": ["image"]});
            self.arrays.insert(name.to_owned(), about);
        }
        let about = About {
            images: &set.identity(),
            classes: &set.classes,
            version: env!("CARGO_PKG_VERSION"),
            arrays: self.arrays,
        };
        let about = serde_json::to_string_pretty(&about).or_failed()?;
        match self.archive {
            Archive::Disk(mut file) => {
                file.text("about.json", &about)?;
                file.finish()?;
                self.context.written(FILE)
            }
            Archive::Memory(mut file) => {
                file.text("about.json", &about)?;
                self.context.write(FILE, &file.into_bytes()?)
            }
        }
    }
}

/// The name of a reconstruction's array, and what reconstructs in words.
fn named((repeat, regime, method): (usize, Option<&str>, Method)) -> (String, String) {
    let regime_too = regime.map_or_else(String::new, |regime| format!(", {regime}"));
    let by = format!("{}{regime_too}, repetition {}", method.name(), repeat + 1);
    (Score::label(repeat, regime, method), by)
}
