//! Structural similarity (Wang, Bovik, Sheikh & Simoncelli 2004, IEEE Trans. Image Process.
//! 13:600), in the definitions of scikit-image's `structural_similarity`.
//!
//! Four maps are filtered: both images, the sum of their squares, and their product. The window
//! is separable and symmetric, and only places where all of it lies inside the image count, so one
//! pass goes down the rows: each input row is filtered along itself into a ring of as many rows as
//! the window has, and each full ring gives one row of SSIM. Nothing is larger than the ring.

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

/// The filtered maps: original, reconstruction, sum of their squares, product.
const MAPS: usize = 4;

/// Neighbouring pixels that are worked on side by side. Rows are padded to whole groups of them,
/// and what the padding gives is thrown away.
const LANES: usize = 4;

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
    /// One input row of each map.
    lines: Vec<f64>,
    /// The last rows filtered along themselves: window x maps x output width.
    ring: Vec<f64>,
    /// One row of each map filtered both ways.
    filtered: Vec<f64>,
}

impl Kernel {
    pub(super) fn new(options: &SsimOptions) -> Result<Self, ImageError> {
        options.validate()?;
        let taps = match options.window {
            Window::Uniform { size } => vec![1.0 / size as f64; size],
            Window::Gaussian { size, sigma } => {
                let radius = (size / 2) as f64;
                let weight = |i| (-0.5 * ((i as f64 - radius) / sigma).powi(2)).exp();
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
        let padded = across.next_multiple_of(LANES);
        scratch.lines.clear();
        scratch.lines.resize(MAPS * (padded + window - 1), 0.0);
        scratch.ring.resize(window * MAPS * padded, 0.0);
        scratch.filtered.resize(MAPS * padded, 0.0);
        let plane = height * width;
        let sum: f64 = original
            .chunks_exact(plane)
            .zip(reconstruction.chunks_exact(plane))
            .map(|(a, b)| self.sum_of_plane(a, b, width, scratch))
            .sum();
        sum / (channels * across * (height + 1 - window)) as f64
    }

    fn sum_of_plane(&self, a: &[f32], b: &[f32], width: usize, scratch: &mut Scratch) -> f64 {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, as just checked.
            return unsafe { self.sum_of_plane_avx2(a, b, width, scratch) };
        }
        self.sum_of_plane_portable(a, b, width, scratch)
    }

    /// The portable code compiled for wider vectors: the same operations, so the same bits.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn sum_of_plane_avx2(&self, a: &[f32], b: &[f32], width: usize, scratch: &mut Scratch) -> f64 {
        self.sum_of_plane_portable(a, b, width, scratch)
    }

    #[inline(always)]
    fn sum_of_plane_portable(
        &self,
        a: &[f32],
        b: &[f32],
        width: usize,
        Scratch { lines, ring, filtered }: &mut Scratch,
    ) -> f64 {
        let window = self.taps.len();
        let across = width + 1 - window;
        let padded = across.next_multiple_of(LANES);
        let line_length = padded + window - 1;
        let mut sums = [0.0; LANES];
        for (y, (row_a, row_b)) in a.chunks_exact(width).zip(b.chunks_exact(width)).enumerate() {
            make_maps(row_a, row_b, lines);
            let slot = &mut ring[(y % window) * MAPS * padded..][..MAPS * padded];
            for (line, out) in lines.chunks_exact(line_length).zip(slot.chunks_exact_mut(padded)) {
                weigh(&self.taps, |tap| &line[tap..], out);
            }
            if y + 1 >= window {
                // The oldest row of the full ring stands behind the newest.
                for (map, out) in filtered.chunks_exact_mut(padded).enumerate() {
                    let start = |tap| ((y + 1 + tap) % window * MAPS + map) * padded;
                    weigh(&self.taps, |tap| &ring[start(tap)..], out);
                }
                self.add_row(filtered, across, &mut sums);
            }
        }
        sums.iter().sum()
    }

    /// Adds the SSIM of one row of local means to the running sums.
    #[inline(always)]
    fn add_row(&self, filtered: &[f64], across: usize, sums: &mut [f64; LANES]) {
        let (mean_a, rest) = filtered.split_at(filtered.len() / MAPS);
        let (mean_b, rest) = rest.split_at(mean_a.len());
        let (squares, products) = rest.split_at(mean_a.len());
        let groups = |map| <[f64]>::as_chunks::<LANES>(map).0.iter();
        let means = groups(mean_a).zip(groups(mean_b));
        let moments = groups(squares).zip(groups(products));
        for (group, ((mean_a, mean_b), (squares, products))) in means.zip(moments).enumerate() {
            let similarity: [f64; LANES] = std::array::from_fn(|i| {
                let (a, b) = (mean_a[i], mean_b[i]);
                let (ab, aa_bb) = (a * b, a * a + b * b);
                let covariance = self.covariance_factor * (products[i] - ab);
                let variances = self.covariance_factor * (squares[i] - aa_bb);
                (2.0 * ab + self.c1) * (2.0 * covariance + self.c2)
                    / ((aa_bb + self.c1) * (variances + self.c2))
            });
            for (i, (sum, value)) in sums.iter_mut().zip(similarity).enumerate() {
                *sum += if group * LANES + i < across { value } else { 0.0 };
            }
        }
    }
}

/// Fills the four maps of one pair of rows; the padding behind them stays 0.
#[inline(always)]
fn make_maps(row_a: &[f32], row_b: &[f32], lines: &mut [f64]) {
    let (line_a, rest) = lines.split_at_mut(lines.len() / MAPS);
    let (line_b, rest) = rest.split_at_mut(line_a.len());
    let (squares, products) = rest.split_at_mut(line_a.len());
    let maps = line_a.iter_mut().zip(line_b).zip(squares.iter_mut().zip(products));
    for (((line_a, line_b), (square, product)), (&a, &b)) in maps.zip(row_a.iter().zip(row_b)) {
        let (a, b) = (f64::from(a), f64::from(b));
        (*line_a, *line_b) = (a, b);
        (*square, *product) = (a * a + b * b, a * b);
    }
}

/// `out[i]` becomes the sum over taps of the weight times `row(tap)[i]`; `row` gives shifted
/// views of one row, or one row after another.
#[inline(always)]
fn weigh<'a>(taps: &[f64], row: impl Fn(usize) -> &'a [f64], out: &mut [f64]) {
    match taps.len() {
        7 => weigh_fixed::<7>(taps, row, out),
        11 => weigh_fixed::<11>(taps, row, out),
        window => {
            out.fill(0.0);
            for (tap, weight) in taps.iter().enumerate().take(window) {
                for (sum, value) in out.iter_mut().zip(row(tap)) {
                    *sum += weight * value;
                }
            }
        }
    }
}

/// The two usual windows: symmetric weights in registers, half the multiplications.
#[inline(always)]
fn weigh_fixed<'a, const N: usize>(
    taps: &[f64],
    row: impl Fn(usize) -> &'a [f64],
    out: &mut [f64],
) {
    let (out, _) = out.as_chunks_mut::<LANES>();
    let count = out.len();
    let rows: [&[[f64; LANES]]; N] =
        std::array::from_fn(|tap| &row(tap).as_chunks::<LANES>().0[..count]);
    let weights: [f64; N] = std::array::from_fn(|tap| taps[tap]);
    for (i, out) in out.iter_mut().enumerate() {
        let mut sum = rows[N / 2][i].map(|value| weights[N / 2] * value);
        for tap in 0..N / 2 {
            let (before, after) = (&rows[tap][i], &rows[N - 1 - tap][i]);
            for lane in 0..LANES {
                sum[lane] += weights[tap] * (before[lane] + after[lane]);
            }
        }
        *out = sum;
    }
}
