//! Opening recordings of a person's own with the images that were shown.

use crate::error::DataError;
use crate::formats::array_file::open_arrays;
use crate::formats::recorded::{Recorded, read};
use crate::formats::stimulus::{self, Stimulated};
use crate::reading::GoOn;
use std::path::Path;

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
    let responses_file = open_arrays(responses, go_on)?;
    if responses == stimuli {
        return read(&*responses_file, &*responses_file, duration_ms);
    }
    read(&*responses_file, &*open_arrays(stimuli, go_on)?, duration_ms)
}

/// Reads recordings (counts, or spikes) and the stimulus that changed over time while they were made,
/// from NPZ, NPY or HDF5 files; both may be the same file. What the arrays are called and hold is
/// told at [`Stimulated`].
///
/// # Errors
/// As [`read_recorded`].
pub fn read_stimulated(
    responses: &Path,
    stimuli: &Path,
    duration_ms: Option<f64>,
    go_on: GoOn<'_>,
) -> Result<Stimulated, DataError> {
    let responses_file = open_arrays(responses, go_on)?;
    if responses == stimuli {
        return stimulus::read(&*responses_file, &*responses_file, duration_ms);
    }
    stimulus::read(&*responses_file, &*open_arrays(stimuli, go_on)?, duration_ms)
}
