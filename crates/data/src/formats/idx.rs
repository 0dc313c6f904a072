//! The IDX files of MNIST and Fashion-MNIST (LeCun, Cortes & Burges): a big-endian magic number
//! `00 00 type rank`, one 32-bit size a dimension, then the values.

use crate::error::DataError;
use crate::formats::bytes::{Content, read_file};
use crate::identity::{FileIdentity, Source};
use crate::images::{ImageSet, ImageShape};
use crate::reading::GoOn;
use std::path::Path;

/// The most that an IDX file may unpack to: 2 GiB, forty times MNIST's training images.
const LIMIT: u64 = 1 << 31;

/// The content of an IDX file.
struct Idx {
    sizes: Vec<usize>,
    values: Vec<u8>,
    file: FileIdentity,
}

/// Reads an IDX file of unsigned bytes with `rank` dimensions.
fn read(path: &Path, rank: u8, what: &str, go_on: GoOn<'_>) -> Result<Idx, DataError> {
    let Content { mut bytes, file } = read_file(path, LIMIT, go_on)?;
    let header = 4 + 4 * usize::from(rank);
    if bytes.len() < header {
        let problem = format!("the file ends within the header of {header} bytes of {what}");
        return Err(DataError::format(path, format!("byte {}", bytes.len()), problem));
    }
    let magic = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let wanted = 0x0800 | u32::from(rank);
    if magic != wanted {
        let problem = format!("magic number {magic:#010x}, expected {wanted:#010x} ({what})");
        return Err(DataError::format(path, "byte 0", problem));
    }
    let sizes: Vec<usize> = bytes[4..header]
        .chunks_exact(4)
        .map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize)
        .collect();
    let values = sizes.iter().try_fold(1usize, |product, &n| product.checked_mul(n));
    let held = bytes.len() - header;
    if values != Some(held) {
        let product: Vec<String> = sizes.iter().map(usize::to_string).collect();
        let problem =
            format!("the header says {} values, but {held} bytes follow it", product.join(" x "));
        return Err(DataError::format(path, "byte 4", problem));
    }
    bytes.drain(..header);
    Ok(Idx { sizes, values: bytes, file })
}

/// Reads a pair of IDX files, images and their labels.
///
/// # Errors
/// If a file cannot be read, is not IDX of unsigned bytes, is cut short or goes on after its end,
/// holds no image, holds a label that is no class, if the two differ in their number, or if the
/// caller stops it.
pub fn read_images(
    images: &Path,
    labels: &Path,
    classes: &[&str],
    name: &str,
    go_on: GoOn<'_>,
) -> Result<ImageSet, DataError> {
    let Idx { sizes, values: pixels, file: image_file } =
        read(images, 3, "images, count x rows x columns", go_on)?;
    let Idx { sizes: counts, values: label_bytes, file: label_file } =
        read(labels, 1, "labels", go_on)?;
    if let Some(axis) = sizes.iter().position(|&n| n == 0) {
        let problem = "a size of 0, expected at least one image of at least one pixel";
        return Err(DataError::format(images, format!("byte {}", 4 + 4 * axis), problem));
    }
    if counts[0] != sizes[0] {
        let problem = format!("{} labels, expected {} as in {}", counts[0], sizes[0], {
            images.file_name().unwrap_or_default().to_string_lossy()
        });
        return Err(DataError::format(labels, "byte 4", problem));
    }
    if let Some(i) = label_bytes.iter().position(|&l| usize::from(l) >= classes.len()) {
        let problem =
            format!("label {}, expected one of 0 to {}", label_bytes[i], classes.len() - 1);
        return Err(DataError::format(labels, format!("byte {}", 8 + i), problem));
    }
    Ok(ImageSet {
        shape: ImageShape { channels: 1, height: sizes[1], width: sizes[2] },
        pixels,
        labels: label_bytes.into_iter().map(u16::from).collect(),
        classes: classes.iter().map(|&c| c.to_owned()).collect(),
        name: name.to_owned(),
        source: Source::files(vec![image_file, label_file]),
        indices: (0..sizes[0]).collect(),
    })
}

/// The bytes of the IDX files of images and labels of a grey set.
///
/// # Errors
/// If the set is not grey, or has more classes or images than the format can say.
pub fn encode(set: &ImageSet) -> Result<(Vec<u8>, Vec<u8>), DataError> {
    let too_large = |what: &str| DataError::Request(format!("{what} do not fit an IDX file"));
    if set.shape.channels != 1 {
        return Err(too_large("images of several channels"));
    }
    let size = |n: usize| u32::try_from(n).map_err(|_| too_large("more than 2^32 values"));
    let mut images = vec![0, 0, 8, 3];
    for n in [set.len(), set.shape.height, set.shape.width] {
        images.extend(size(n)?.to_be_bytes());
    }
    images.extend_from_slice(&set.pixels);
    let mut labels = vec![0, 0, 8, 1];
    labels.extend(size(set.len())?.to_be_bytes());
    for &label in &set.labels {
        labels.push(u8::try_from(label).map_err(|_| too_large("more than 256 classes"))?);
    }
    Ok((images, labels))
}
