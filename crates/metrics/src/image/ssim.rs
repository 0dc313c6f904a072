//! Structural similarity (Wang, Bovik, Sheikh & Simoncelli 2004, IEEE Trans. Image Process.
//! 13:600), in the definitions of scikit-image's `structural_similarity`.
//!
//! Four maps are filtered: both images, the sum of their squares, and their product. They lie
//! interleaved, so that the four values of a pixel are one vector. The window is separable and
//! symmetric, and only places where all of it lies inside the image count, so one pass goes down
//! the rows: each input row is filtered along itself into a ring of as many rows as the window
//! has, and each full ring gives one row of SSIM. Nothing is larger than the ring.

use equipoise_simd::{F64x4, Instructions, Simd, Task};
use serde::{Deserialize, Serialize};

use super::{ImageError, Shape, check_data_range, check_pair};

/// The window that local means and variances are taken in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Window {
    /// A Gaussian of standard deviation `sigma` pixels, cut off to `size` x `size`.
    Gaussian {
        /// Side of the window in pixels, odd.
        size: usize,
        /// Standard deviation in pixels.
        sigma: f64,
    },
    /// Equal weights over `size` x `size`.
    Uniform {
        /// Side of the window in pixels, odd.
        size: usize,
    },
}

/// How variances and covariances in the window are normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Covariance {
    /// As of a whole population: divided by n (Wang et al. 2004).
    Population,
    /// As of a sample: divided by n - 1, n the pixels of the window (scikit-image's default).
    Sample,
}

/// The settings of SSIM. The default is that of Wang et al. 2004 for pixels in 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SsimOptions {
    /// The window.
    pub window: Window,
    /// The normalisation of variances.
    pub covariance: Covariance,
    /// Stabiliser of the luminance term, in units of the data range.
    pub k1: f64,
    /// Stabiliser of the contrast term, in units of the data range.
    pub k2: f64,
    /// The distance between the largest and the smallest possible pixel.
    pub data_range: f64,
}

impl SsimOptions {
    /// Gaussian window of 11 pixels and sigma 1.5, population covariance: Wang et al. 2004, and
    /// scikit-image with `gaussian_weights=True, sigma=1.5, use_sample_covariance=False`.
    pub const fn gaussian() -> Self {
        Self {
            window: Window::Gaussian { size: 11, sigma: 1.5 },
            covariance: Covariance::Population,
            k1: 0.01,
            k2: 0.03,
            data_range: 1.0,
        }
    }

    /// Uniform window of 7 pixels, sample covariance: scikit-image's default.
    pub const fn uniform() -> Self {
        Self {
            window: Window::Uniform { size: 7 },
            covariance: Covariance::Sample,
            ..Self::gaussian()
        }
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// If a setting is out of its range, with the range.
    pub fn validate(&self) -> Result<(), ImageError> {
        let bad = |name, value, wanted| Err(ImageError::BadSetting { name, value, wanted });
        let (size, sigma) = match self.window {
            Window::Gaussian { size, sigma } => (size, sigma),
            Window::Uniform { size } => (size, 1.0),
        };
        if size.is_multiple_of(2) || size < 3 {
            return bad("window size", size as f64, "it must be odd and at least 3");
        }
        if !(sigma > 0.0 && sigma.is_finite()) {
            return bad("sigma", sigma, "it must be positive and finite");
        }
        for (name, value) in [("k1", self.k1), ("k2", self.k2)] {
            if !(value > 0.0 && value.is_finite()) {
                return bad(name, value, "it must be positive and finite");
            }
        }
        check_data_range(self.data_range)
    }
}

impl Default for SsimOptions {
    fn default() -> Self {
        Self::gaussian()
    }
}

/// Mean structural similarity of two images of `shape` (channels, height, width): the mean over
/// channels of the mean over all places where the window lies inside the image. Identical images
/// have 1.
///
/// # Errors
/// If the slices are not of that shape, the image is smaller than the window, a value is not
/// finite, or a setting is out of its range.
///
/// ```
/// use equipoise_metrics::image::{ssim, SsimOptions};
/// let image: Vec<f32> = (0..144).map(|i| (i % 7) as f32 / 6.0).collect();
/// assert_eq!(ssim(&image, &image, (1, 12, 12), &SsimOptions::default())?, 1.0);
/// # Ok::<(), equipoise_metrics::image::ImageError>(())
/// ```
pub fn ssim(
    original: &[f32],
    reconstruction: &[f32],
    shape: Shape,
    options: &SsimOptions,
) -> Result<f64, ImageError> {
    let kernel = Kernel::new(options)?;
    kernel.check_shape(shape)?;
    check_pair(original, reconstruction, shape)?;
    if original.len() != shape.0 * shape.1 * shape.2 {
        let (found, expected) = (original.len(), "an image");
        return Err(ImageError::WrongLength { found, expected, shape });
    }
    Ok(kernel.mean_ssim(original, reconstruction, shape, &mut Scratch::default()))
}

/// The filtered maps at one pixel: original, reconstruction, sum of their squares, product.
type Pixel = [f64; 4];

/// A window and the constants of the formula, ready for many images.
pub(super) struct Kernel {
    /// One-dimensional weights, symmetric, of sum 1.
    taps: Vec<f64>,
    /// Factor on variances: 1, or n / (n - 1).
    covariance_factor: f64,
    c1: f64,
    c2: f64,
}

/// Memory that one image after another is worked out in.
#[derive(Default)]
pub(super) struct Scratch {
    /// One input row.
    line: Vec<Pixel>,
    /// The last rows filtered along themselves: for each column as many pixels as the window has
    /// rows, twice over, so that wherever the newest row is the whole window is in one piece.
    ring: Vec<Pixel>,
}

impl Kernel {
    pub(super) fn new(options: &SsimOptions) -> Result<Self, ImageError> {
        options.validate()?;
        let taps = match options.window {
            Window::Uniform { size } => vec![1.0 / size as f64; size],
            Window::Gaussian { size, sigma } => {
                let radius = (size / 2) as f64;
                let weight = |i| libm::exp(-0.5 * ((i as f64 - radius) / sigma).powi(2));
                let sum: f64 = (0..size).map(weight).sum();
                (0..size).map(|i| weight(i) / sum).collect()
            }
        };
        let pixels = (taps.len() * taps.len()) as f64;
        let covariance_factor = match options.covariance {
            Covariance::Population => 1.0,
            Covariance::Sample => pixels / (pixels - 1.0),
        };
        let c1 = (options.k1 * options.data_range).powi(2);
        let c2 = (options.k2 * options.data_range).powi(2);
        Ok(Self { taps, covariance_factor, c1, c2 })
    }

    pub(super) fn check_shape(&self, shape: Shape) -> Result<(), ImageError> {
        let (_, height, width) = shape;
        let window = self.taps.len();
        if height.min(width) < window {
            return Err(ImageError::SmallerThanWindow { window, height, width });
        }
        Ok(())
    }

    /// SSIM of two images whose lengths and shape have been checked.
    pub(super) fn mean_ssim(
        &self,
        original: &[f32],
        reconstruction: &[f32],
        (channels, height, width): Shape,
        scratch: &mut Scratch,
    ) -> f64 {
        let window = self.taps.len();
        let across = width + 1 - window;
        scratch.line.resize(width, [0.0; 4]);
        scratch.ring.resize(across * 2 * window, [0.0; 4]);
        let plane = height * width;
        let sum: f64 = original
            .chunks_exact(plane)
            .zip(reconstruction.chunks_exact(plane))
            .map(|(a, b)| self.sum_of_plane(a, b, width, scratch))
            .sum();
        sum / (channels * across * (height + 1 - window)) as f64
    }

    fn sum_of_plane(&self, a: &[f32], b: &[f32], width: usize, scratch: &mut Scratch) -> f64 {
        Instructions::best().run(SumOfPlane { kernel: self, a, b, width, scratch })
    }

    /// SSIM at one place, from the local means of the four maps.
    #[inline(always)]
    fn similarity(&self, [a, b, squares, product]: Pixel) -> f64 {
        let (ab, aa_bb) = (a * b, a * a + b * b);
        let covariance = self.covariance_factor * (product - ab);
        let variances = self.covariance_factor * (squares - aa_bb);
        (2.0 * ab + self.c1) * (2.0 * covariance + self.c2)
            / ((aa_bb + self.c1) * (variances + self.c2))
    }
}

/// The sum of the similarities of all places of a channel.
struct SumOfPlane<'a> {
    kernel: &'a Kernel,
    a: &'a [f32],
    b: &'a [f32],
    width: usize,
    scratch: &'a mut Scratch,
}

impl Task for SumOfPlane<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        // The two usual windows have their loops unrolled.
        match self.kernel.taps.len() {
            7 => self.sum::<S, 7>(simd),
            11 => self.sum::<S, 11>(simd),
            _ => self.sum::<S, ANY>(simd),
        }
    }
}

/// A window of any size.
const ANY: usize = 0;

impl SumOfPlane<'_> {
    #[inline(always)]
    fn sum<S: Simd, const N: usize>(self, simd: S) -> f64 {
        let SumOfPlane { kernel, a, b, width, scratch: Scratch { line, ring } } = self;
        let window = kernel.taps.len();
        let mut sum = 0.0;
        for (y, (row_a, row_b)) in a.chunks_exact(width).zip(b.chunks_exact(width)).enumerate() {
            for (pixel, (&a, &b)) in line.iter_mut().zip(row_a.iter().zip(row_b)) {
                let (a, b) = (f64::from(a), f64::from(b));
                *pixel = [a, b, a * a + b * b, a * b];
            }
            let newest = y % window;
            for (column, across) in ring.chunks_exact_mut(2 * window).zip(line.windows(window)) {
                let filtered = weigh::<S, N>(simd, &kernel.taps, across);
                column[newest] = filtered;
                column[newest + window] = filtered;
            }
            if y + 1 >= window {
                for column in ring.chunks_exact(2 * window) {
                    let down = &column[newest + 1..][..window];
                    sum += kernel.similarity(weigh::<S, N>(simd, &kernel.taps, down));
                }
            }
        }
        sum
    }
}

/// The weighted sum of a window of N pixels; the weights are symmetric.
#[inline(always)]
fn weigh<S: Simd, const N: usize>(simd: S, taps: &[f64], pixels: &[Pixel]) -> Pixel {
    if N == ANY {
        return weigh_any(taps, pixels);
    }
    let (taps, pixels) = (&taps[..N], &pixels[..N]);
    let mut sum = simd.splat_f64(taps[N / 2]) * simd.doubles(&pixels[N / 2]);
    for (tap, &weight) in taps.iter().enumerate().take(N / 2) {
        let both = simd.doubles(&pixels[tap]) + simd.doubles(&pixels[N - 1 - tap]);
        sum = sum + simd.splat_f64(weight) * both;
    }
    sum.to_array()
}

/// The same for a window of any size.
fn weigh_any(taps: &[f64], pixels: &[Pixel]) -> Pixel {
    let mut sum = [0.0; 4];
    for (weight, pixel) in taps.iter().zip(pixels) {
        for (sum, value) in sum.iter_mut().zip(pixel) {
            *sum += weight * value;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_simd::force;

    /// The sum without unrolled loops.
    struct AnyWindow<'a>(SumOfPlane<'a>);

    impl Task for AnyWindow<'_> {
        type Output = f64;

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> f64 {
            self.0.sum::<S, ANY>(simd)
        }
    }

    #[test]
    fn every_instruction_set_and_the_plain_sum_agree() {
        let mut draws = equipoise_random::stream(0, "tests/ssim", 0);
        let (shape, mut scratch) = ((2, 24, 17), Scratch::default());
        let [a, b] = [(); 2].map(|()| (0..816).map(|_| draws.uniform() as f32).collect::<Vec<_>>());
        for options in [SsimOptions::gaussian(), SsimOptions::uniform()] {
            let kernel = Kernel::new(&options).unwrap();
            let mut ssim = |instructions| {
                let _forced = force(instructions);
                kernel.mean_ssim(&a, &b, shape, &mut scratch)
            };
            let want = ssim(Instructions::PORTABLE);
            for instructions in Instructions::available() {
                assert_eq!(ssim(instructions).to_bits(), want.to_bits(), "{instructions:?}");
            }
            let mut plain = 0.0;
            for (a, b) in a.chunks_exact(24 * 17).zip(b.chunks_exact(24 * 17)) {
                let (kernel, scratch) = (&kernel, &mut scratch);
                plain += Instructions::best().run(AnyWindow(SumOfPlane {
                    kernel,
                    a,
                    b,
                    width: 17,
                    scratch,
                }));
            }
            let places = 2 * (25 - kernel.taps.len()) * (18 - kernel.taps.len());
            assert!((plain / places as f64 - want).abs() < 1e-12, "{plain} {want}");
        }
    }
}
