//! Where training starts from: a linear reconstruction, put into the layers that read the spikes.

use super::config::DecoderConfig;
use super::features::SpikeFeatures;
use super::layers::{Dense, Mlp};
use super::layout::push_channels_first;
use equipoise_data::ImageShape;
use equipoise_metrics::matrix::{cholesky, product, solve_in_place};
use equipoise_metrics::ridge::Ridge;
use equipoise_random::stream;
use faer::{Mat, MatRef};

/// Training images whose linear reconstructions give the leading directions.
const SAMPLE: usize = 2048;
/// Rounds of orthogonal iteration; the spectra of images fall fast.
const ROUNDS: usize = 8;

/// A linear map from features to images through few directions:
/// image = intercept + (features projection) directionsᵀ.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearStart {
    /// Directions.
    rank: usize,
    /// From features to the coordinates along the directions, [features, rank].
    projection: Mat<f32>,
    /// Orthonormal columns [pixels, rank], pixels channels last, in the order of the variance along
    /// them.
    directions: Mat<f32>,
    /// [pixels].
    intercept: Vec<f32>,
    /// Mean and standard deviation of the coordinates along each direction.
    coordinates: Vec<(f32, f32)>,
}

impl LinearStart {
    /// The map of `ridge`, fitted to the normalised `features` of training images of `shape`, through
    /// as many directions as the hidden layers let pass.
    pub fn new(
        config: &DecoderConfig,
        shape: ImageShape,
        ridge: &Ridge,
        features: &SpikeFeatures,
    ) -> Self {
        let pixels = shape.pixels();
        let n = features.features;
        // Where each channels-last pixel stands in a channels-first image.
        let mut order = Vec::with_capacity(pixels);
        let places: Vec<f32> = (0..pixels).map(|i| i as f32).collect();
        push_channels_first(&places, shape, &mut order);
        let mut place = vec![0usize; pixels];
        for (first, &last) in order.iter().enumerate() {
            place[last as usize] = first;
        }
        let weights = Mat::from_fn(n, pixels, |i, p| ridge.weights()[(i, place[p])]);
        let images = features.images.min(SAMPLE);
        let sample = Mat::from_fn(images, n, |i, k| f64::from(features.values[i * n + k]));
        let reconstructions = product(sample.as_ref(), weights.as_ref());
        let widest = config.hidden.iter().copied().min().unwrap_or(n);
        let rank = widest.min(pixels).min(images).min(n);
        let directions = leading_directions(reconstructions.as_ref(), rank);
        let projection = product(weights.as_ref(), directions.as_ref());
        let codes = product(sample.as_ref(), projection.as_ref());
        let single = |m: Mat<f64>| Mat::from_fn(m.nrows(), m.ncols(), |i, k| m[(i, k)] as f32);
        Self {
            rank: directions.ncols(),
            coordinates: (0..directions.ncols()).map(|k| moments(codes.col_as_slice(k))).collect(),
            projection: single(projection),
            directions: single(directions),
            intercept: place.iter().map(|&p| ridge.intercept()[p] as f32).collect(),
        }
    }

    /// The layers that read the spikes: the first projects, the later ones hand on what it gives.
    pub(super) fn initialise_reader(&self, reader: Mlp) -> Mlp {
        reader.with(
            |first| first.with(|n, w| self.fill(n, w, |i, k| self.projection[(i, k)]), zero),
            |later| later.with(|n, w| self.fill(n, w, |i, k| f32::from(i == k)), zero),
        )
    }

    /// The layer from the coordinates to the image, which is all of the map.
    pub(super) fn initialise_map(&self, map: Dense) -> Dense {
        map.with(
            |pixels, weights| {
                for (k, row) in weights.chunks_exact_mut(pixels).enumerate() {
                    for (p, v) in row.iter_mut().enumerate() {
                        *v = if k < self.rank { self.directions[(p, k)] } else { 0.0 };
                    }
                }
            },
            |bias| bias.copy_from_slice(&self.intercept),
        )
    }

    /// The layer from the coordinates to the means of a latent code: the leading ones, brought to
    /// the prior's mean and variance.
    pub(super) fn initialise_latent(&self, mean: Dense) -> Dense {
        let scale = |k: usize| 1.0 / self.coordinates[k].1.max(1e-6);
        mean.with(
            |n, w| self.fill(n, w, |i, k| if i == k { scale(k) } else { 0.0 }),
            |bias| {
                for (k, v) in bias.iter_mut().enumerate() {
                    *v = if k < self.rank { -self.coordinates[k].0 * scale(k) } else { 0.0 };
                }
            },
        )
    }

    /// Sets the columns that carry a direction in weights of rows of `outputs`.
    fn fill(&self, outputs: usize, weights: &mut [f32], value: impl Fn(usize, usize) -> f32) {
        for (i, row) in weights.chunks_exact_mut(outputs).enumerate() {
            for (k, v) in row.iter_mut().enumerate().take(self.rank) {
                *v = value(i, k);
            }
        }
    }
}

fn zero(bias: &mut [f32]) {
    bias.fill(0.0);
}

/// Mean and standard deviation.
fn moments(values: &[f64]) -> (f32, f32) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    (mean as f32, variance.sqrt() as f32)
}

/// Orthonormal columns [columns of `a`, rank] along which the rows of `a` are largest; fewer than
/// `rank` if `a` has no more.
fn leading_directions(a: MatRef<'_, f64>, rank: usize) -> Mat<f64> {
    if let Some(basis) = iterate(a, rank) {
        return basis;
    }
    // As many as there are, by bisection: the first fails only where directions are missing.
    let mut best = Mat::zeros(a.ncols(), 0);
    let (mut least, mut most) = (1, rank.saturating_sub(1));
    while least <= most {
        let middle = least.midpoint(most);
        match iterate(a, middle) {
            Some(basis) => {
                best = basis;
                least = middle + 1;
            }
            None => most = middle - 1,
        }
    }
    best
}

/// Orthogonal iteration; none if `a` has fewer than `rank` directions.
fn iterate(a: MatRef<'_, f64>, rank: usize) -> Option<Mat<f64>> {
    let mut numbers = stream(0, "decoder/start", rank as u64);
    // Drawn row by row.
    let values: Vec<f64> = (0..a.ncols() * rank).map(|_| numbers.normal()).collect();
    let mut basis = Mat::from_fn(a.ncols(), rank, |i, k| values[i * rank + k]);
    for _ in 0..ROUNDS {
        let codes = product(a, basis.as_ref());
        basis = product(a.transpose(), codes.as_ref());
        // Twice, for the rounding of the first.
        if !(orthonormalise(&mut basis) && orthonormalise(&mut basis)) {
            return None;
        }
    }
    Some(basis)
}

/// Makes the columns orthonormal, each from itself and those before it (Cholesky QR); false if
/// they are not independent to working precision.
fn orthonormalise(basis: &mut Mat<f64>) -> bool {
    let n = basis.ncols();
    // Columns of unit length first: their lengths differ by orders of magnitude.
    for k in 0..n {
        let column = basis.col_as_slice_mut(k);
        let length = column.iter().map(|v| v * v).sum::<f64>().sqrt();
        if length == 0.0 || !length.is_finite() {
            return false;
        }
        column.iter_mut().for_each(|v| *v /= length);
    }
    let mut factor = product(basis.transpose(), basis.as_ref());
    if !cholesky(&mut factor) {
        return false;
    }
    // Q = B L⁻ᵀ: with G = L Lᵀ, (L Lᵀ)⁻¹ L = L⁻ᵀ.
    let mut inverse = Mat::from_fn(n, n, |i, k| if k <= i { factor[(i, k)] } else { 0.0 });
    solve_in_place(factor.as_ref(), inverse.as_mut());
    *basis = product(basis.as_ref(), inverse.as_ref());
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_orthonormal_and_ordered() {
        let mut s = stream(7, "directions", 0);
        let (rows, columns) = (200, 30);
        let scale = |c: usize| 0.6f64.powi(c as i32);
        let values: Vec<f64> =
            (0..rows * columns).map(|i| s.normal() * scale(i % columns)).collect();
        let a = Mat::from_fn(rows, columns, |i, k| values[i * columns + k]);
        let basis = leading_directions(a.as_ref(), 5);
        for i in 0..5 {
            for j in 0..5 {
                let pairs = basis.col_as_slice(i).iter().zip(basis.col_as_slice(j));
                let dot: f64 = pairs.map(|(a, b)| a * b).sum();
                assert!((dot - f64::from(u8::from(i == j))).abs() < 1e-10);
            }
            // The axes have variances that fall by 0.36 each, so they are the directions nearly.
            assert!(basis[(i, i)].abs() > 0.9, "direction {i}");
        }
        // A matrix of rank 3 has no five directions.
        let thin = Mat::from_fn(rows, columns, |r, c| {
            (0..3).map(|k| a[(r, k)] * libm::cos((c * (k + 1)) as f64)).sum::<f64>()
        });
        assert_eq!(leading_directions(thin.as_ref(), 5).ncols(), 3);
        let nothing = Mat::<f64>::zeros(rows, columns);
        assert_eq!(leading_directions(nothing.as_ref(), 5).ncols(), 0);
    }
}
