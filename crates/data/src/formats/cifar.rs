//! CIFAR-10 (Krizhevsky 2009) in its binary version: records of a label and 3 x 32 x 32 values.

use crate::error::DataError;
use crate::formats::bytes::{Content, read_file};
use crate::identity::Source;
use crate::images::{ImageSet, ImageShape};
use crate::reading::GoOn;
use std::path::PathBuf;

/// The classes.
pub const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// The size of an image.
pub const SHAPE: ImageShape = ImageShape { channels: 3, height: 32, width: 32 };
/// The bytes of a record.
const RECORD: usize = 1 + 3 * 32 * 32;
/// The most that a batch may unpack to: a hundred times the official size.
const LIMIT: u64 = 100 * 10_000 * RECORD as u64;

/// Reads batches, one after the other, into one set.
///
/// # Errors
/// If a file cannot be read, does not hold whole records or not as many as the first one (which
/// is how a batch cut between records shows), or holds a label above 9, or if the caller stops it.
pub fn read_batches(paths: &[PathBuf], name: &str, go_on: GoOn<'_>) -> Result<ImageSet, DataError> {
    let (mut pixels, mut labels, mut files) = (Vec::new(), Vec::new(), Vec::new());
    let mut expected = None;
    for path in paths {
        let Content { bytes, file } = read_file(path, LIMIT, go_on)?;
        files.push(file);
        let extra = bytes.len() % RECORD;
        if extra != 0 {
            let record = bytes.len() / RECORD;
            let problem = format!(
                "the last record has {extra} bytes, expected {RECORD} (a label and 3 x 32 x 32)"
            );
            return Err(DataError::format(path, format!("record {record}"), problem));
        }
        let records = bytes.len() / RECORD;
        let first = *expected.get_or_insert(records);
        if records != first {
            let problem = format!("{records} records, expected {first} as in the first batch");
            return Err(DataError::format(path, "the whole file", problem));
        }
        pixels.reserve(bytes.len());
        for (i, record) in bytes.chunks_exact(RECORD).enumerate() {
            if usize::from(record[0]) >= CLASSES.len() {
                let place = format!("record {i} (byte {})", i * RECORD);
                let problem = format!("label {}, expected one of 0 to 9", record[0]);
                return Err(DataError::format(path, place, problem));
            }
            labels.push(u16::from(record[0]));
            pixels.extend_from_slice(&record[1..]);
        }
    }
    Ok(ImageSet {
        shape: SHAPE,
        indices: (0..labels.len()).collect(),
        source: Source::files(files),
        pixels,
        labels,
        classes: CLASSES.iter().map(|&c| c.to_owned()).collect(),
        name: name.to_owned(),
    })
}

/// The records of images `range` of a set of 3 x 32 x 32 and at most 10 classes.
///
/// # Errors
/// If the set has another shape or more classes.
pub fn encode(set: &ImageSet, range: std::ops::Range<usize>) -> Result<Vec<u8>, DataError> {
    if set.shape != SHAPE || set.classes.len() > CLASSES.len() {
        return Err(DataError::Request(format!(
            "{} holds {} classes of {} images: CIFAR-10's files hold 10 of {SHAPE}",
            set.name,
            set.classes.len(),
            set.shape
        )));
    }
    let mut bytes = Vec::with_capacity(range.len() * RECORD);
    for i in range {
        bytes.push(set.labels[i] as u8);
        bytes.extend_from_slice(set.image(i));
    }
    Ok(bytes)
}
