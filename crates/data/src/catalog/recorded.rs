//! Opening recordings of a person's own with the images that were shown.

use crate::error::DataError;
use crate::formats::arrays::Arrays;
use crate::formats::bytes::{Content, read_file};
use crate::formats::npz::NumpyFile;
use crate::formats::recorded::{Recorded, read};
use crate::reading::GoOn;
use std::path::Path;

/// The most that a file of arrays may hold, bytes.
const LIMIT: u64 = 1 << 34;
/// The start of an HDF5 file.
const HDF5: &[u8] = b"\x89HDF";

/// Reads recordings (counts, or spikes) and the images that were shown, one a recording, from NPZ,
/// NPY or HDF5 files; both may be the same file. `duration_ms` is the length of a recording, where
/// the file does not say it. What the arrays are called and hold is told at [`Recorded`].
///
/// # Errors
/// If a file cannot be read or is wrong in any way, the two do not fit, or the caller stops it.
pub fn read_recorded(
    responses: &Path,
    stimuli: &Path,
    duration_ms: Option<f64>,
    go_on: GoOn<'_>,
) -> Result<Recorded, DataError> {
    let responses_file = open(responses, go_on)?;
    if responses == stimuli {
        return read(&*responses_file, &*responses_file, duration_ms);
    }
    read(&*responses_file, &*open(stimuli, go_on)?, duration_ms)
}

/// Opens a file of arrays, whatever its name says.
fn open(path: &Path, go_on: GoOn<'_>) -> Result<Box<dyn Arrays>, DataError> {
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
