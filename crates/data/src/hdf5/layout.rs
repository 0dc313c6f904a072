//! The datasets of an open HDF5 file: lists of numbers, of strings, and of rows of variable length.
//!
//! The structure of the file (superblock, groups, types, chunks, filters) is read by the
//! `hdf5-reader` crate. The rows of variable length are followed here, since that crate would read
//! each as an array of its own.

use super::heap::{Heap, REFERENCE};
use crate::error::DataError;
use crate::formats::numbers::NumberType;
use hdf5_reader::error::Error;
use hdf5_reader::{Dataset, Datatype, Hdf5File, OpenOptions};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The most that is read at once of a file that is not read whole, bytes: the references to rows,
/// and the lists beside them.
const MOST_AT_ONCE: usize = 1 << 29;
/// The largest chunk of such a file that is unpacked, bytes.
const LARGEST_CHUNK: usize = 1 << 28;

/// An open file.
pub(crate) struct Layout {
    pub path: PathBuf,
    pub file: Hdf5File,
    /// Its size, bytes.
    length: u64,
}

impl Layout {
    /// Opens a file piece by piece: only what is asked for is read.
    pub fn open(path: &Path) -> Result<Layout, DataError> {
        let options = OpenOptions::default()
            .with_max_chunk_bytes(LARGEST_CHUNK)
            .with_max_read_bytes(MOST_AT_ONCE)
            .with_max_object_header_bytes(1 << 24);
        let file = Hdf5File::open_with_options(path, options);
        Layout::of(path, file, std::fs::metadata(path).map_or(0, |m| m.len()))
    }

    /// The layout of a file that was opened.
    pub fn of(
        path: &Path,
        file: Result<Hdf5File, Error>,
        length: u64,
    ) -> Result<Layout, DataError> {
        let file = file.map_err(|e| DataError::format(path, "HDF5 superblock", one_line(&e)))?;
        let wrong = |problem: String| Err(DataError::format(path, "HDF5 superblock", problem));
        let superblock = file.superblock();
        if superblock.base_address != 0 || superblock.offset_size != 8 {
            return wrong("addresses of 8 bytes from the start of the file were expected".into());
        }
        if superblock.eof_address > length {
            let end = superblock.eof_address;
            return wrong(format!("the file should be {end} bytes long, but it has {length}"));
        }
        Ok(Layout { path: path.to_owned(), file, length })
    }

    /// An error at a dataset of this file.
    pub fn error(&self, place: impl Into<String>, problem: impl Into<String>) -> DataError {
        DataError::format(&self.path, place, problem)
    }

    /// The dataset `name`, if the file has it.
    pub fn find(&self, name: &str) -> Result<Option<Dataset>, DataError> {
        match self.file.dataset(name) {
            Ok(dataset) => Ok(Some(dataset)),
            Err(e) if is_absent(&e) => Ok(None),
            Err(e) => Err(self.error(name, one_line(&e))),
        }
    }

    /// The one-dimensional dataset `name` and its length, if the file has it.
    pub fn list(&self, name: &str) -> Result<Option<(Dataset, usize)>, DataError> {
        let Some(dataset) = self.find(name)? else { return Ok(None) };
        match *dataset.shape() {
            [n] if n <= self.length => Ok(Some((dataset, n as usize))),
            [n] => Err(self.error(name, format!("{n} elements are more than the file can hold"))),
            _ => Err(self.error(name, format!("shape {:?}, expected a list", dataset.shape()))),
        }
    }

    /// Where the rows of the dataset `name` are in the file, and the type of their numbers
    /// (floating point or whole, as `float` says).
    pub fn rows(
        &self,
        name: &str,
        float: bool,
    ) -> Result<(NumberType, Vec<Range<u64>>), DataError> {
        let (dataset, n) =
            self.list(name)?.ok_or_else(|| self.error(name, "the file has no such dataset"))?;
        let stored = match dataset.dtype() {
            Datatype::VarLen { base, .. } => NumberType::of(base),
            _ => None,
        };
        let Some(stored) = stored.filter(|s| s.float == float) else {
            let kind = if float { "floating-point" } else { "whole" };
            let wanted = format!("expected rows of variable length of {kind} numbers");
            return Err(self.error(name, wanted));
        };
        let raw = dataset.read_raw_bytes().map_err(|e| self.error(name, one_line(&e)))?;
        if raw.len() != n * REFERENCE {
            let problem = format!("{} bytes of references for {n} rows", raw.len());
            return Err(self.error(name, problem));
        }
        let mut heap = Heap::new(self.file.storage());
        let follow = |(i, reference): (usize, &[u8])| {
            heap.follow(reference, stored.size)
                .map_err(|problem| self.error(format!("{name}[{i}]"), problem))
        };
        let rows = raw.chunks_exact(REFERENCE).enumerate().map(follow).collect::<Result<_, _>>()?;
        Ok((stored, rows))
    }

    /// The numbers of the dataset `name`, if the file has it.
    pub fn numbers(&self, name: &str) -> Result<Option<Vec<f64>>, DataError> {
        let Some((dataset, n)) = self.list(name)? else { return Ok(None) };
        let Some(stored) = NumberType::of(dataset.dtype()) else {
            return Err(self.error(name, "expected numbers"));
        };
        let raw = dataset.read_raw_bytes().map_err(|e| self.error(name, one_line(&e)))?;
        if raw.len() != n * stored.size {
            return Err(self.error(name, format!("{} bytes for {n} numbers", raw.len())));
        }
        Ok(Some(raw.chunks_exact(stored.size).map(|b| stored.decode(b)).collect()))
    }

    /// The dataset `name` as whole numbers below `limit`, if the file has it.
    pub fn whole_numbers(&self, name: &str, limit: usize) -> Result<Option<Vec<u16>>, DataError> {
        let Some(numbers) = self.numbers(name)? else { return Ok(None) };
        let limit = limit.min(1 << 16);
        let checked = numbers.iter().enumerate().map(|(i, &x)| {
            if x >= 0.0 && x < limit as f64 && x.fract() == 0.0 {
                Ok(x as u16)
            } else {
                let problem = format!("{x}, expected a whole number from 0 to {}", limit - 1);
                Err(self.error(format!("{name}[{i}]"), problem))
            }
        });
        checked.collect::<Result<_, _>>().map(Some)
    }

    /// The strings of the dataset `name`, if the file has it.
    pub fn strings(&self, name: &str) -> Result<Option<Vec<String>>, DataError> {
        let Some((dataset, _)) = self.list(name)? else { return Ok(None) };
        dataset.read_strings().map(Some).map_err(|e| self.error(name, one_line(&e)))
    }
}

/// Whether the error says that a dataset or a group is not there.
pub(super) fn is_absent(error: &Error) -> bool {
    match error {
        Error::DatasetNotFound(_) | Error::GroupNotFound(_) => true,
        Error::Context { source, .. } => is_absent(source),
        _ => false,
    }
}

/// The message of an error of the parser, on one line.
pub(super) fn one_line(error: &Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
