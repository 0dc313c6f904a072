//! Arrays of numbers in the root group of an HDF5 file.

use super::layout::one_line;
use crate::error::DataError;
use crate::formats::arrays::{Arrays, Take};
use crate::formats::bytes::most_unpacked;
use crate::formats::numbers::NumberType;
use crate::identity::FileIdentity;
use hdf5_reader::{Dataset, Hdf5File, OpenOptions};
use std::path::{Path, PathBuf};

/// An open HDF5 file, seen as arrays of numbers.
pub(crate) struct ArrayFile {
    path: PathBuf,
    identity: FileIdentity,
    file: Hdf5File,
    names: Vec<String>,
    /// The most bytes that an array of it may have.
    most: u64,
}

impl ArrayFile {
    /// The arrays in the unpacked bytes of the file at `path`.
    pub fn new(
        path: &Path,
        bytes: Vec<u8>,
        identity: FileIdentity,
    ) -> Result<ArrayFile, DataError> {
        let most = most_unpacked(bytes.len() as u64);
        let limit = usize::try_from(most).unwrap_or(usize::MAX);
        let options = OpenOptions::default()
            .with_max_chunk_bytes(limit)
            .with_max_read_bytes(limit)
            .with_max_object_header_bytes(bytes.len());
        let wrong = |e| DataError::format(path, "HDF5", one_line(&e));
        let file = Hdf5File::from_vec_with_options(bytes, options).map_err(wrong)?;
        let (_, names) = file.root_group().and_then(|root| root.member_names()).map_err(wrong)?;
        Ok(ArrayFile { path: path.to_owned(), identity, file, names, most })
    }

    /// The dataset `name`, its sizes and its type, checked against the file.
    fn dataset(&self, name: &str) -> Result<(Dataset, Vec<usize>, NumberType), DataError> {
        let wrong = |why: String| DataError::format(&self.path, name, why);
        let dataset = self.file.dataset(name).map_err(|e| wrong(one_line(&e)))?;
        let stored = NumberType::of(dataset.dtype())
            .ok_or_else(|| wrong("expected an array of numbers of 8 to 64 bits".into()))?;
        let shape = dataset.shape();
        let bytes = shape.iter().try_fold(stored.size as u64, |size, &n| size.checked_mul(n));
        if bytes.is_none_or(|bytes| bytes > self.most) {
            return Err(wrong(format!(
                "shape {shape:?}, which is far more than the file can hold"
            )));
        }
        let sizes = shape.iter().map(|&n| n as usize).collect();
        Ok((dataset, sizes, stored))
    }
}

impl Arrays for ArrayFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn identity(&self) -> &FileIdentity {
        &self.identity
    }

    fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    fn shape(&self, name: &str) -> Result<Option<(Vec<usize>, String)>, DataError> {
        if !self.names.iter().any(|known| known == name) {
            return Ok(None);
        }
        let (_, sizes, stored) = self.dataset(name)?;
        Ok(Some((sizes, stored.name())))
    }

    fn read(&self, name: &str, take: &mut Take<'_>) -> Result<(), DataError> {
        let wrong = |place: String, why: String| DataError::format(&self.path, place, why);
        let (dataset, sizes, stored) = self.dataset(name)?;
        let n = sizes.iter().product::<usize>();
        let raw = dataset.read_raw_bytes().map_err(|e| wrong(name.into(), one_line(&e)))?;
        if raw.len() != n * stored.size {
            return Err(wrong(name.into(), format!("{} bytes for {n} numbers", raw.len())));
        }
        for (i, bytes) in raw.chunks_exact(stored.size).enumerate() {
            take(i, stored.decode(bytes)).map_err(|why| wrong(format!("{name}[{i}]"), why))?;
        }
        Ok(())
    }
}
