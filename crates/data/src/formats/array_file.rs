//! Opening a file of arrays of numbers: NPZ, NPY or HDF5, by its content.

use super::arrays::Arrays;
use super::bytes::{Content, read_file};
use super::npz::NumpyFile;
use crate::error::DataError;
use crate::reading::GoOn;
use std::path::Path;

/// The most that a file of arrays may hold, bytes.
const LIMIT: u64 = 1 << 34;
/// The start of an HDF5 file.
const HDF5: &[u8] = b"\x89HDF";

/// Opens a file of arrays, whatever its name says.
pub(crate) fn open_arrays(path: &Path, go_on: GoOn<'_>) -> Result<Box<dyn Arrays>, DataError> {
    let Content { bytes, file } = read_file(path, LIMIT, go_on)?;
    if bytes.starts_with(NumpyFile::NPZ) || bytes.starts_with(NumpyFile::NPY) {
        return Ok(Box::new(NumpyFile::new(path, bytes, file)?));
    }
    if !bytes.starts_with(HDF5) {
        return Err(DataError::format(path, "byte 0", "expected an NPZ, NPY or HDF5 file"));
    }
    #[cfg(feature = "hdf5")]
    return Ok(Box::new(crate::hdf5::arrays::ArrayFile::new(path, bytes, file)?));
    #[cfg(not(feature = "hdf5"))]
    return Err(DataError::NotBuilt {
        what: format!("{} is an HDF5 file", path.to_string_lossy()),
        feature: "hdf5",
    });
}
