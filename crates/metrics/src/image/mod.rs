//! Image quality: mean squared error, peak signal-to-noise ratio, structural similarity.
//!
//! Images are flat `f32` slices in the order (channel, row, column); a shape is the tuple
//! `(channels, height, width)`; a batch is one image after the other. All arithmetic is in `f64`.
//!
//! ```
//! use equipoise_metrics::image::{evaluate_images, SsimOptions};
//!
//! let shape = (1, 16, 16);
//! let original: Vec<f32> = (0..256).map(|i| (i % 16) as f32 / 15.0).collect();
//! let brighter: Vec<f32> = original.iter().map(|x| x + 0.1).collect();
//! let quality = evaluate_images(&original, &brighter, shape, &SsimOptions::default())?;
//! assert!((quality[0].psnr - 20.0).abs() < 1e-5);
//! # Ok::<(), equipoise_metrics::image::ImageError>(())
//! ```

mod ssim;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use ssim::{Covariance, SsimOptions, Window, ssim};
use ssim::{Kernel, Scratch};

/// `(channels, height, width)` of an image.
pub type Shape = (usize, usize, usize);

/// Why two images cannot be compared.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ImageError {
    /// The two slices have different lengths.
    #[error("the images have {original} and {reconstruction} values; they must have as many")]
    LengthsDiffer {
        /// Values in the first slice.
        original: usize,
        /// Values in the second slice.
        reconstruction: usize,
    },
    /// There is nothing to compare.
    #[error("the images are empty (shape {shape:?}); each side must be at least 1")]
    Empty {
        /// The shape that was given.
        shape: Shape,
    },
    /// The slice is not a whole number of images, or not one image.
    #[error("{found} values do not make {expected} of shape {shape:?}")]
    WrongLength {
        /// Values found.
        found: usize,
        /// What they should make.
        expected: &'static str,
        /// The shape that was given.
        shape: Shape,
    },
    /// The image is smaller than the window of SSIM.
    #[error(
        "SSIM's window of {window}x{window} does not fit in an image of {height}x{width}; \
         use a smaller window or larger images"
    )]
    SmallerThanWindow {
        /// Side of the window.
        window: usize,
        /// Height of the image.
        height: usize,
        /// Width of the image.
        width: usize,
    },
    /// A pixel is infinite or not a number.
    #[error("value {index} of the {which} is {value}; pixels must be finite")]
    NotFinite {
        /// "original" or "reconstruction".
        which: &'static str,
        /// Place in the slice.
        index: usize,
        /// What was found there.
        value: f32,
    },
    /// A setting is out of its range.
    #[error("{name} is {value}; {wanted}")]
    BadSetting {
        /// Name of the setting.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What would be right.
        wanted: &'static str,
    },
}

/// The quality of one reconstructed image.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ImageQuality {
    /// Mean squared error over all pixels and channels.
    pub mse: f64,
    /// Peak signal-to-noise ratio in dB, +inf for identical images (written `"inf"`).
    #[serde(with = "crate::float")]
    pub psnr: f64,
    /// Mean structural similarity, at most 1, the mean over channels.
    pub ssim: f64,
}

/// Mean squared error of two slices of equal length.
///
/// # Errors
/// If the lengths differ, or are 0, or a value is not finite.
pub fn mse(original: &[f32], reconstruction: &[f32]) -> Result<f64, ImageError> {
    check_pair(original, reconstruction, (1, 1, original.len()))?;
    Ok(mean_squared_error(original, reconstruction))
}

/// Peak signal-to-noise ratio in dB: 10 log10(`data_range`² / MSE), over all pixels and channels
/// together; +inf for identical images.
///
/// # Errors
/// If the lengths differ, or are 0, or a value is not finite, or `data_range` is not positive.
///
/// ```
/// use equipoise_metrics::image::psnr;
/// assert!((psnr(&[0.0, 0.5], &[0.1, 0.4], 1.0)? - 20.0).abs() < 1e-6);
/// assert_eq!(psnr(&[0.5], &[0.5], 1.0)?, f64::INFINITY);
/// # Ok::<(), equipoise_metrics::image::ImageError>(())
/// ```
pub fn psnr(original: &[f32], reconstruction: &[f32], data_range: f64) -> Result<f64, ImageError> {
    check_data_range(data_range)?;
    Ok(psnr_of_mse(mse(original, reconstruction)?, data_range))
}

/// The quality of every image of a batch, in its order, in parallel.
///
/// PSNR uses the data range of `options` too.
///
/// # Errors
/// If the lengths differ or are not a whole number of images, an image is smaller than the
/// window, a value is not finite, or a setting is out of its range. An empty batch is fine.
pub fn evaluate_images(
    originals: &[f32],
    reconstructions: &[f32],
    shape: Shape,
    options: &SsimOptions,
) -> Result<Vec<ImageQuality>, ImageError> {
    let kernel = Kernel::new(options)?;
    kernel.check_shape(shape)?;
    let pixels = shape.0 * shape.1 * shape.2;
    check_pair(originals, reconstructions, shape)?;
    if !originals.len().is_multiple_of(pixels) {
        let expected = "a whole number of images";
        return Err(ImageError::WrongLength { found: originals.len(), expected, shape });
    }
    Ok(originals
        .par_chunks(pixels)
        .zip(reconstructions.par_chunks(pixels))
        .map_init(Scratch::default, |scratch, (original, reconstruction)| {
            let mse = mean_squared_error(original, reconstruction);
            let ssim = kernel.mean_ssim(original, reconstruction, shape, scratch);
            ImageQuality { mse, psnr: psnr_of_mse(mse, options.data_range), ssim }
        })
        .collect())
}

fn psnr_of_mse(mse: f64, data_range: f64) -> f64 {
    if mse == 0.0 { f64::INFINITY } else { 10.0 * libm::log10(data_range * data_range / mse) }
}

fn mean_squared_error(a: &[f32], b: &[f32]) -> f64 {
    // Sixteen running sums, added in a fixed order: vectorised, and the same bits everywhere.
    let mut sums = [0.0f64; 16];
    let (chunks_a, chunks_b) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest = chunks_a.remainder().iter().zip(chunks_b.remainder());
    let rest: f64 = rest.map(|(&x, &y)| (f64::from(x) - f64::from(y)).powi(2)).sum();
    for (x, y) in chunks_a.zip(chunks_b) {
        for lane in 0..16 {
            let difference = f64::from(x[lane]) - f64::from(y[lane]);
            sums[lane] += difference * difference;
        }
    }
    (sums.iter().sum::<f64>() + rest) / a.len() as f64
}

fn check_data_range(data_range: f64) -> Result<(), ImageError> {
    if data_range > 0.0 && data_range.is_finite() {
        return Ok(());
    }
    let wanted = "it must be positive and finite (1 for pixels in 0..1)";
    Err(ImageError::BadSetting { name: "data_range", value: data_range, wanted })
}

fn check_pair(
    original: &[f32],
    reconstruction: &[f32],
    shape @ (channels, height, width): Shape,
) -> Result<(), ImageError> {
    if original.len() != reconstruction.len() {
        return Err(ImageError::LengthsDiffer {
            original: original.len(),
            reconstruction: reconstruction.len(),
        });
    }
    if channels * height * width == 0 {
        return Err(ImageError::Empty { shape });
    }
    for (which, values) in [("original", original), ("reconstruction", reconstruction)] {
        // Whole chunks are checked without a branch, so that the pass over good data vectorises.
        let bad = |chunk: &[f32]| chunk.iter().fold(false, |bad, v| bad | !v.is_finite());
        if values.chunks(64).any(bad)
            && let Some(index) = values.iter().position(|v| !v.is_finite())
        {
            return Err(ImageError::NotFinite { which, index, value: values[index] });
        }
    }
    Ok(())
}
