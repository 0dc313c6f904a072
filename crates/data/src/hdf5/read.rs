//! Reading the HDF5 layout of the Spiking Heidelberg Digits, the whole file in memory.

use super::layout::Layout;
use crate::error::DataError;
use crate::formats::bytes::{Content, read_file};
use crate::formats::numbers::NumberType;
use crate::identity::FileIdentity;
use crate::reading::GoOn;
use hdf5_reader::{Hdf5File, OpenOptions};
use std::path::Path;
use std::sync::Arc;

/// The most that a spike file may unpack to: 16 GiB, fifty times SHD's training file.
const LIMIT: u64 = 1 << 34;

/// The bytes of a file, shared with the parser.
#[derive(Clone)]
struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// An open file.
pub(crate) struct SpikeFile {
    layout: Layout,
    bytes: Shared,
    identity: FileIdentity,
}

/// The rows of a dataset of rows of variable length.
pub(crate) struct Rows<'a> {
    stored: NumberType,
    rows: Vec<&'a [u8]>,
}

impl Rows<'_> {
    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The length of row `i`.
    pub fn row_len(&self, i: usize) -> usize {
        self.rows[i].len() / self.stored.size
    }

    /// The numbers of row `i`.
    pub fn row(&self, i: usize) -> impl Iterator<Item = f64> {
        let stored = self.stored;
        self.rows[i].chunks_exact(stored.size).map(move |b| stored.decode(b))
    }
}

impl SpikeFile {
    /// Opens a file, plain or gzipped.
    pub fn open(path: &Path, go_on: GoOn<'_>) -> Result<SpikeFile, DataError> {
        SpikeFile::from_content(path, read_file(path, LIMIT, go_on)?)
    }

    /// Opens the unpacked content of the file at `path`.
    pub fn from_content(path: &Path, content: Content) -> Result<SpikeFile, DataError> {
        let Content { bytes, file: identity } = content;
        let bytes = Shared(Arc::new(bytes));
        let length = bytes.0.len();
        let options = OpenOptions::default()
            .with_max_chunk_bytes(length)
            .with_max_read_bytes(length)
            .with_max_object_header_bytes(length);
        let file = Hdf5File::from_owner(bytes.clone(), options);
        Ok(SpikeFile { layout: Layout::of(path, file, length as u64)?, bytes, identity })
    }

    /// The file as it is stored.
    pub fn identity(&self) -> &FileIdentity {
        &self.identity
    }

    /// An error at a dataset of this file.
    pub fn error(&self, place: impl Into<String>, problem: impl Into<String>) -> DataError {
        self.layout.error(place, problem)
    }

    /// The rows of the dataset `name`, of numbers (floating point or whole, as `float` says).
    pub fn rows(&self, name: &str, float: bool) -> Result<Rows<'_>, DataError> {
        let (stored, ranges) = self.layout.rows(name, float)?;
        let bytes = &self.bytes.0;
        let rows = ranges.into_iter().map(|r| &bytes[r.start as usize..r.end as usize]).collect();
        Ok(Rows { stored, rows })
    }

    /// The numbers of the dataset `name`, if the file has it.
    pub fn numbers(&self, name: &str) -> Result<Option<Vec<f64>>, DataError> {
        self.layout.numbers(name)
    }

    /// The dataset `name` as whole numbers below `limit`, if the file has it.
    pub fn whole_numbers(&self, name: &str, limit: usize) -> Result<Option<Vec<u16>>, DataError> {
        self.layout.whole_numbers(name, limit)
    }

    /// The strings of the dataset `name`, if the file has it.
    pub fn strings(&self, name: &str) -> Result<Option<Vec<String>>, DataError> {
        self.layout.strings(name)
    }
}
