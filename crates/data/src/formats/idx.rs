//! The IDX files of MNIST and of the sets that are kept like it (LeCun, Cortes & Burges): a big-endian
//! magic number `00 00 type rank`, one 32-bit size a dimension, then the values.

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

/// The type of unsigned bytes, and of 32-bit numbers with a sign.
const BYTES: u8 = 0x08;
const WORDS: u8 = 0x0c;

/// Reads an IDX file of numbers of `kind` with `rank` dimensions.
fn read(path: &Path, magic: (u8, u8), what: &str, go_on: GoOn<'_>) -> Result<Idx, DataError> {
    of_content(path, read_file(path, LIMIT, go_on)?, magic, what)
}

/// An IDX file of the type and with the dimensions that are `wanted`.
fn of_content(
    path: &Path,
    content: Content,
    (kind, rank): (u8, u8),
    what: &str,
) -> Result<Idx, DataError> {
    let Content { mut bytes, file } = content;
    let header = 4 + 4 * usize::from(rank);
    if bytes.len() < header {
        let problem = format!("the file ends within the header of {header} bytes of {what}");
        return Err(DataError::format(path, format!("byte {}", bytes.len()), problem));
    }
    let magic = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let wanted = u32::from(kind) << 8 | u32::from(rank);
    if magic != wanted {
        let problem = format!("magic number {magic:#010x}, expected {wanted:#010x} ({what})");
        return Err(DataError::format(path, "byte 0", problem));
    }
    let sizes: Vec<usize> = bytes[4..header]
        .chunks_exact(4)
        .map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize)
        .collect();
    let width = if kind == WORDS { 4 } else { 1 };
    let values = sizes.iter().try_fold(width, |product: usize, &n| product.checked_mul(n));
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

/// The labels of a file: one byte each, or, as QMNIST has them, the first of several 32-bit numbers;
/// with the byte at which each is.
fn labels(
    path: &Path,
    go_on: GoOn<'_>,
) -> Result<(Vec<i64>, FileIdentity, impl Fn(usize) -> usize + use<>), DataError> {
    let content = read_file(path, LIMIT, go_on)?;
    let wide = content.bytes.starts_with(&[0, 0, WORDS, 2]);
    let (wanted, what) =
        if wide { ((WORDS, 2), "labels, count x columns") } else { ((BYTES, 1), "labels") };
    let Idx { sizes, values, file } = of_content(path, content, wanted, what)?;
    let row = if wide { 4 * sizes[1] } else { 1 };
    if row == 0 {
        return Err(DataError::format(path, "byte 8", "0 columns, expected at least one"));
    }
    let label = |bytes: &[u8]| match *bytes {
        [a, b, c, d, ..] if wide => i64::from(i32::from_be_bytes([a, b, c, d])),
        [label, ..] => i64::from(label),
        [] => 0,
    };
    let labels = values.chunks_exact(row).map(label).collect();
    let header = if wide { 12 } else { 8 };
    Ok((labels, file, move |i| header + i * row))
}

/// How the files of images and labels are to be taken.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IdxOptions {
    /// The names of the classes; none: as many as there are labels, named by their numbers.
    pub classes: Vec<String>,
    /// The label of the first class: 1 for the letters of EMNIST.
    pub first_label: u16,
    /// Whether rows and columns are exchanged, as those of EMNIST are.
    pub transposed: bool,
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
    let classes = classes.iter().map(|&class| class.to_owned()).collect();
    let options = IdxOptions { classes, ..IdxOptions::default() };
    read_images_with(images, Some(labels), &options, name, go_on)
}

/// As [`read_images`], with options, and perhaps without labels.
///
/// # Errors
/// As [`read_images`].
pub fn read_images_with(
    images: &Path,
    labels_path: Option<&Path>,
    options: &IdxOptions,
    name: &str,
    go_on: GoOn<'_>,
) -> Result<ImageSet, DataError> {
    let Idx { sizes, values: mut pixels, file: image_file } =
        read(images, (BYTES, 3), "images, count x rows x columns", go_on)?;
    if let Some(axis) = sizes.iter().position(|&n| n == 0) {
        let problem = "a size of 0, expected at least one image of at least one pixel";
        return Err(DataError::format(images, format!("byte {}", 4 + 4 * axis), problem));
    }
    let mut files = vec![image_file];
    let mut classes = Vec::new();
    let labels = match labels_path {
        None => vec![0; sizes[0]],
        Some(path) => {
            let (values, file, byte) = labels(path, go_on)?;
            files.push(file);
            if values.len() != sizes[0] {
                let images = images.file_name().unwrap_or_default().to_string_lossy();
                let problem =
                    format!("{} labels, expected {} as in {images}", values.len(), sizes[0]);
                return Err(DataError::format(path, "byte 4", problem));
            }
            let first = i64::from(options.first_label);
            classes.clone_from(&options.classes);
            if classes.is_empty() {
                let most = values.iter().copied().max().map_or(0, |l| l.saturating_sub(first) + 1);
                classes
                    .extend((0..most.clamp(0, 1 << 16)).map(|class| (class + first).to_string()));
            }
            let last = first + classes.len() as i64 - 1;
            if let Some(i) = values.iter().position(|l| !(first..=last).contains(l)) {
                let problem = format!("label {}, expected one of {first} to {last}", values[i]);
                return Err(DataError::format(path, format!("byte {}", byte(i)), problem));
            }
            values.into_iter().map(|label| (label - first) as u16).collect()
        }
    };
    let (mut height, mut width) = (sizes[1], sizes[2]);
    if options.transposed {
        for image in pixels.chunks_exact_mut(height * width) {
            let turned: Vec<u8> =
                (0..height * width).map(|i| image[i % height * width + i / height]).collect();
            image.copy_from_slice(&turned);
        }
        (height, width) = (width, height);
    }
    Ok(ImageSet {
        shape: ImageShape { channels: 1, height, width },
        pixels,
        labels,
        classes,
        name: name.to_owned(),
        source: Source::files(files),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TO_THE_END;
    use std::fs;

    fn idx(magic: [u8; 2], sizes: &[u32], values: &[u8]) -> Vec<u8> {
        let sizes: Vec<u8> = sizes.iter().flat_map(|n| n.to_be_bytes()).collect();
        [&[0, 0][..], &magic, &sizes, values].concat()
    }

    #[test]
    fn labels_of_several_columns_and_transposed_images_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let (images, labels) = (dir.path().join("i"), dir.path().join("l"));
        // Two images of 2 rows and 3 columns.
        fs::write(&images, idx([8, 3], &[2, 2, 3], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]))
            .unwrap();
        let words: Vec<u8> = [1i32, 70_000, 3, -5].iter().flat_map(|n| n.to_be_bytes()).collect();
        fs::write(&labels, idx([12, 2], &[2, 2], &words)).unwrap();
        let options = IdxOptions { first_label: 1, transposed: true, ..IdxOptions::default() };
        let read = |options: &IdxOptions| {
            read_images_with(&images, Some(&labels), options, "x", TO_THE_END)
        };
        let set = read(&options).unwrap();
        assert_eq!((set.labels.as_slice(), set.classes.len()), (&[0, 2][..], 3));
        assert_eq!(set.classes, ["1", "2", "3"]);
        assert_eq!((set.shape.height, set.shape.width), (3, 2));
        assert_eq!(set.image(0), [1, 4, 2, 5, 3, 6]);
        assert_eq!(read(&IdxOptions::default()).unwrap().image(1), [7, 8, 9, 10, 11, 12]);
        let problem = read(&IdxOptions { first_label: 2, ..options }).unwrap_err().to_string();
        assert!(problem.contains("byte 12: label 1, expected one of 2 to 3"), "{problem}");
        let set = read_images_with(&images, None, &IdxOptions::default(), "x", TO_THE_END).unwrap();
        assert!(!set.is_labelled());
    }
}
