//! Images and labels as arrays of numbers.

use crate::error::DataError;
use crate::formats::arrays::Arrays;
use crate::images::ImageShape;
use crate::reading::{Remark, RemarkKind};

/// An error at an array of a file.
pub(crate) fn wrong(file: &dyn Arrays, name: &str, problem: impl Into<String>) -> DataError {
    let name = if name.is_empty() { "the array" } else { name };
    DataError::format(file.path(), name, problem)
}

/// The sizes and the type of an array that must be there.
pub(crate) fn shape(file: &dyn Arrays, name: &str) -> Result<(Vec<usize>, String), DataError> {
    file.shape(name)?.ok_or_else(|| wrong(file, name, "there is no such array"))
}

/// Memory for `n` values.
pub(crate) fn reserve<T>(file: &dyn Arrays, name: &str, n: usize) -> Result<Vec<T>, DataError> {
    let mut values = Vec::new();
    values
        .try_reserve_exact(n)
        .map_err(|_| wrong(file, name, format!("{n} values do not fit the memory")))?;
    Ok(values)
}

/// A list of whole numbers below `limit`; a table of one column is one, too.
pub(crate) fn whole_numbers(
    file: &dyn Arrays,
    name: &str,
    limit: usize,
) -> Result<Vec<u32>, DataError> {
    let (sizes, _) = shape(file, name)?;
    let (&[n] | &[n, 1]) = &sizes[..] else {
        return Err(wrong(file, name, format!("shape {sizes:?}, expected a list")));
    };
    let mut numbers = reserve(file, name, n)?;
    numbers.resize(n, 0);
    file.read(name, &mut |i, x| {
        if !(x >= 0.0 && x < limit as f64 && x.fract() == 0.0) {
            return Err(format!(
                "{x}, expected a whole number from 0 to {}",
                limit.saturating_sub(1)
            ));
        }
        numbers[i] = x as u32;
        Ok(())
    })?;
    Ok(numbers)
}

/// Images, bytes, the channels of an image one after the other.
pub(crate) struct Pixels {
    pub n: usize,
    pub shape: ImageShape,
    pub pixels: Vec<u8>,
}

/// Reads images `[n, height, width]` or `[n, height, width, channels]`, or with the channels before
/// the height: 0 to 255 as whole numbers, 0 to 1 as floating point.
pub(crate) fn pixels(
    file: &dyn Arrays,
    name: &str,
    remarks: &mut Vec<Remark>,
) -> Result<Pixels, DataError> {
    let (sizes, kind) = shape(file, name)?;
    let (n, shape, first) = match sizes[..] {
        [n, height, width] => (n, ImageShape { channels: 1, height, width }, false),
        [n, height, width, channels @ (1 | 3)] => {
            (n, ImageShape { channels, height, width }, false)
        }
        [n, channels @ (1 | 3), height, width] => (n, ImageShape { channels, height, width }, true),
        _ => {
            let expected = "[n, height, width] or [n, height, width, 1 or 3]";
            return Err(wrong(file, name, format!("shape {sizes:?}, expected {expected}")));
        }
    };
    if sizes.contains(&0) {
        return Err(wrong(file, name, format!("shape {sizes:?}, expected at least one image")));
    }
    let mut pixels = reserve(file, name, n * shape.pixels())?;
    pixels.resize(n * shape.pixels(), 0u8);
    let plane = shape.height * shape.width;
    let scale = if kind.contains(['f', 'b']) { 255.0 } else { 1.0 };
    let most = if scale == 1.0 { 255.0 } else { 1.0 };
    let mut rounded = false;
    file.read(name, &mut |i, x| {
        if !(x >= 0.0 && x <= most) {
            return Err(format!("{x}, expected a value from 0 to {most}, as {kind} images have"));
        }
        // From channels last to channels first.
        let (image, rest) = (i / shape.pixels(), i % shape.pixels());
        let (place, channel) = (rest / shape.channels, rest % shape.channels);
        let at = if first { rest } else { channel * plane + place };
        let value = x * scale;
        rounded |= value.fract() != 0.0;
        pixels[image * shape.pixels() + at] = value.round() as u8;
        Ok(())
    })?;
    if rounded {
        let text = format!("{}: the {kind} values were rounded to 8 bits", file.identity().name);
        remarks.push(Remark::new(RemarkKind::Converted, text));
    }
    Ok(Pixels { n, shape, pixels })
}

/// Labels of `n` images into `classes`; of none, as many as there are labels, named by their
/// numbers.
pub(crate) fn labels(
    file: &dyn Arrays,
    name: &str,
    n: usize,
    classes: &[String],
) -> Result<(Vec<u16>, Vec<String>), DataError> {
    let limit = if classes.is_empty() { 1 << 16 } else { classes.len() };
    let labels = whole_numbers(file, name, limit)?;
    if labels.len() != n {
        return Err(wrong(file, name, format!("{} labels for {n} images", labels.len())));
    }
    let classes = match classes {
        [] => {
            let most = labels.iter().max().map_or(0, |&l| l as usize + 1);
            (0..most).map(|class| class.to_string()).collect()
        }
        named => named.to_vec(),
    };
    Ok((labels.into_iter().map(|l| l as u16).collect(), classes))
}
