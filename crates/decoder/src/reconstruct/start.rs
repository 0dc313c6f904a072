//! Where training starts from: a linear reconstruction, put into the layers that read the spikes.

use super::config::{DecoderConfig, DecoderKind};
use super::controls::{Ridge, RidgeConfig, RidgeError};
use super::features::SpikeFeatures;
use super::layout::push_channels_first;
use super::linear_algebra::{Matrix, cholesky, product, solve};
use super::weights::Weights;
use equipoise_data::ImageShape;
use equipoise_random::stream;

/// Training images whose linear reconstructions give the leading directions.
const SAMPLE: usize = 2048;
/// Rounds of orthogonal iteration; the spectra of images fall fast.
const ROUNDS: usize = 8;

/// A linear map from features to images through few directions:
/// image = intercept + (features reading) directionsᵀ.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearStart {
    features: usize,
    /// Pixels, channels last.
    pixels: usize,
    rank: usize,
    /// [features, rank].
    reading: Vec<f32>,
    /// Orthonormal columns [pixels, rank], in the order of the variance along them.
    directions: Vec<f32>,
    /// [pixels].
    intercept: Vec<f32>,
    /// Mean and standard deviation of the reconstructions along each direction.
    along: Vec<(f32, f32)>,
}

impl LinearStart {
    /// Ridge regression of `training` (normalised features and images [images, channels, height,
    /// width]), its penalty chosen on `validation`, through as many directions as the hidden
    /// layers let pass.
    ///
    /// # Errors
    /// When the regression cannot be made.
    pub fn fit(
        config: &DecoderConfig,
        shape: ImageShape,
        training: (&SpikeFeatures, &[f32]),
        validation: (&SpikeFeatures, &[f32]),
    ) -> Result<Self, RidgeError> {
        let ridge = Ridge::fit(training, validation, &RidgeConfig::default())?;
        let pixels = shape.pixels();
        let features = training.0.features;
        // Places of channels-last pixels in channels-first images.
        let places: Vec<f32> = (0..pixels).map(|i| i as f32).collect();
        let mut order = Vec::with_capacity(pixels);
        push_channels_first(&places, shape, &mut order);
        let mut place = vec![0usize; pixels];
        for (first, &last) in order.iter().enumerate() {
            place[last as usize] = first;
        }
        let last = |row: &[f32]| place.iter().map(|&p| f64::from(row[p])).collect::<Vec<f64>>();
        let weights = Matrix {
            rows: features,
            columns: pixels,
            values: ridge.weights().chunks_exact(pixels).flat_map(last).collect(),
        };
        let images = training.0.images.min(SAMPLE);
        let sample = Matrix {
            rows: images,
            columns: features,
            values: training.0.values[..images * features].iter().map(|&v| f64::from(v)).collect(),
        };
        let mut reconstructions = Matrix::zeros(images, pixels);
        product(1.0, &sample, false, &weights, false, &mut reconstructions);
        let widest = config.hidden.iter().copied().min().unwrap_or(features);
        let rank = widest.min(pixels).min(images).min(features);
        let directions = leading_directions(&reconstructions, rank);
        let rank = directions.columns;
        let mut reading = Matrix::zeros(features, rank);
        let mut codes = Matrix::zeros(images, rank);
        // Without a direction all reconstructions are the mean image, and there is nothing to read.
        if rank > 0 {
            product(1.0, &weights, false, &directions, false, &mut reading);
            product(1.0, &sample, false, &reading, false, &mut codes);
        }
        let along = (0..rank).map(|k| moments(&codes, k)).collect();
        let single = |matrix: Matrix| matrix.values.into_iter().map(|v| v as f32).collect();
        let intercept = last(ridge.intercept()).into_iter().map(|v| v as f32).collect();
        let (reading, directions) = (single(reading), single(directions));
        Ok(Self { features, pixels, rank, reading, directions, intercept, along })
    }

    /// Puts the map into the weights of an untrained decoder. What it does not need stays random,
    /// so that training can make use of it.
    pub fn put(&self, config: &DecoderConfig, weights: &mut [Weights]) {
        let unet = config.kind == DecoderKind::MlpUnet;
        let reader = if unet { "mlp" } else { "encoder" };
        for w in weights {
            let parts: Vec<&str> = w.name.split('.').collect();
            let has = |part: &str| parts.contains(&part);
            let bias = has("bias");
            if has(reader) && !has("decoder") {
                let first = w.shape.first() == Some(&self.features) && has("0");
                match (bias, first) {
                    (true, _) => w.values.fill(0.0),
                    (false, true) => self.fill(w, |i, k| self.reading[i * self.rank + k]),
                    (false, false) => self.fill(w, |i, k| f32::from(i == k)),
                }
            } else if unet && has("map") {
                if bias {
                    w.values.copy_from_slice(&self.intercept);
                } else {
                    let pixels = self.pixels;
                    for (k, row) in w.values.chunks_exact_mut(pixels).enumerate() {
                        for (p, v) in row.iter_mut().enumerate() {
                            let direction = p * self.rank + k;
                            *v = if k < self.rank { self.directions[direction] } else { 0.0 };
                        }
                    }
                }
            } else if unet && config.residual && has("head") {
                w.values.fill(0.0);
            } else if !unet && has("mean") {
                // The leading codes, brought to the prior's mean and variance.
                let scale = |k: usize| 1.0 / self.along[k].1.max(1e-6);
                if bias {
                    for (k, v) in w.values.iter_mut().enumerate() {
                        *v = if k < self.rank { -self.along[k].0 * scale(k) } else { 0.0 };
                    }
                } else {
                    self.fill(w, |i, k| if i == k { scale(k) } else { 0.0 });
                }
            }
        }
    }

    /// Sets the columns of a weight [inputs, outputs] that carry a direction.
    fn fill(&self, weight: &mut Weights, value: impl Fn(usize, usize) -> f32) {
        let outputs = weight.shape[1];
        for (i, row) in weight.values.chunks_exact_mut(outputs).enumerate() {
            for (k, v) in row.iter_mut().enumerate().take(self.rank) {
                *v = value(i, k);
            }
        }
    }
}

/// Mean and standard deviation of a column.
fn moments(matrix: &Matrix, column: usize) -> (f32, f32) {
    let values = || matrix.values.iter().skip(column).step_by(matrix.columns);
    let n = matrix.rows.max(1) as f64;
    let mean = values().sum::<f64>() / n;
    let variance = values().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    (mean as f32, variance.sqrt() as f32)
}

/// Orthonormal columns [columns of `a`, rank] along which the rows of `a` are largest; fewer than
/// `rank` if `a` has no more.
fn leading_directions(a: &Matrix, rank: usize) -> Matrix {
    if let Some(basis) = iterate(a, rank) {
        return basis;
    }
    // As many as there are, by bisection: the first fails only where directions are missing.
    let mut best = Matrix::zeros(a.columns, 0);
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
fn iterate(a: &Matrix, rank: usize) -> Option<Matrix> {
    let mut numbers = stream(0, "decoder/start", rank as u64);
    let mut basis = Matrix {
        rows: a.columns,
        columns: rank,
        values: (0..a.columns * rank).map(|_| numbers.normal()).collect(),
    };
    for _ in 0..ROUNDS {
        let mut codes = Matrix::zeros(a.rows, rank);
        product(1.0, a, false, &basis, false, &mut codes);
        let mut next = Matrix::zeros(a.columns, rank);
        product(1.0, a, true, &codes, false, &mut next);
        basis = next;
        // Twice, for the rounding of the first.
        if !(orthonormalise(&mut basis) && orthonormalise(&mut basis)) {
            return None;
        }
    }
    Some(basis)
}

/// Makes the columns orthonormal, each from itself and those before it (Cholesky QR); false if
/// they are not independent to working precision.
fn orthonormalise(basis: &mut Matrix) -> bool {
    let n = basis.columns;
    // Columns of unit length first: their lengths differ by orders of magnitude.
    for k in 0..n {
        let length = basis.values.iter().skip(k).step_by(n).map(|v| v * v).sum::<f64>().sqrt();
        if length == 0.0 || !length.is_finite() {
            return false;
        }
        basis.values.iter_mut().skip(k).step_by(n).for_each(|v| *v /= length);
    }
    let mut gram = Matrix::zeros(n, n);
    product(1.0, basis, true, basis, false, &mut gram);
    if !cholesky(&mut gram) {
        return false;
    }
    // Q = B L⁻ᵀ: with G = L Lᵀ, (L Lᵀ)⁻¹ L = L⁻ᵀ.
    let mut inverse = Matrix::zeros(n, n);
    for row in 0..n {
        for column in 0..=row {
            inverse.values[row * n + column] = gram.values[row * n + column];
        }
    }
    solve(&gram, &mut inverse);
    let mut orthonormal = Matrix::zeros(basis.rows, n);
    product(1.0, basis, false, &inverse, false, &mut orthonormal);
    *basis = orthonormal;
    true
}

#[cfg(test)]
mod tests {
    use super::super::model::DecoderModel;
    use super::super::weights;
    use super::*;
    use burn::tensor::{Device, Tensor, TensorData};

    const SHAPE: ImageShape = ImageShape { channels: 3, height: 8, width: 8 };

    /// Images that are a linear function of six features, with a little noise in the features.
    fn linear_world(images: usize) -> (SpikeFeatures, Vec<f32>) {
        let mut s = stream(5, "linear-world", images as u64);
        let features = 20;
        let mut values = Vec::new();
        let mut targets = Vec::new();
        for _ in 0..images {
            let code: Vec<f64> = (0..6).map(|_| s.normal()).collect();
            values.extend((0..features).map(|f| (code[f % 6] * (1 + f / 6) as f64) as f32));
            targets.extend((0..SHAPE.pixels()).map(|p| {
                let mix = (0..6).map(|k| code[k] * ((p * (k + 3)) as f64 * 0.7).sin());
                (0.5 + 0.02 * mix.sum::<f64>()) as f32
            }));
        }
        (SpikeFeatures { images, features, values }, targets)
    }

    fn mean_square(a: &[f32], b: &[f32]) -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / a.len() as f64
    }

    #[test]
    fn a_unet_starts_at_the_ridge_regression() {
        let (x, y) = linear_world(300);
        let (xv, yv) = linear_world(50);
        for hidden in [vec![16, 24], vec![10]] {
            let config = DecoderConfig { hidden, channels: 2, ..DecoderConfig::default() };
            let start = LinearStart::fit(&config, SHAPE, (&x, &y), (&xv, &yv)).unwrap();
            let device = Device::flex();
            let model = DecoderModel::new(&config, x.features, SHAPE, 1, &device);
            let mut all = weights::read(&model);
            start.put(&config, &mut all);
            let model = weights::write(model, &all).unwrap();
            let features = TensorData::new(xv.values.clone(), [xv.images, xv.features]);
            let images = model.forward(&config, Tensor::from_data(features, &device), None).images;
            let images: Vec<f32> = images.into_data().try_into_vec().unwrap();
            let mut first = Vec::new();
            for image in images.chunks_exact(SHAPE.pixels()) {
                push_channels_first(image, SHAPE, &mut first);
            }
            let error = mean_square(&first, &yv);
            let variance = mean_square(&vec![0.5; yv.len()], &yv);
            assert!(error < 1e-4 * variance, "{error} of {variance}");
        }
    }

    #[test]
    fn a_vae_starts_at_standard_codes() {
        let (x, y) = linear_world(300);
        let config = DecoderConfig {
            kind: DecoderKind::MlpVae,
            hidden: vec![16, 12],
            channels: 2,
            latent: 4,
            ..DecoderConfig::default()
        };
        let start = LinearStart::fit(&config, SHAPE, (&x, &y), (&x, &y)).unwrap();
        let device = Device::flex();
        let model = DecoderModel::new(&config, x.features, SHAPE, 1, &device);
        let mut all = weights::read(&model);
        start.put(&config, &mut all);
        let DecoderModel::Vae(model) = weights::write(model, &all).unwrap() else { panic!() };
        let features = TensorData::new(x.values.clone(), [x.images, x.features]);
        let latent = model.encode(Tensor::from_data(features, &device), None);
        let means: Vec<f32> = latent.mean.into_data().try_into_vec().unwrap();
        for k in 0..4 {
            let column: Vec<f64> = means.iter().skip(k).step_by(4).map(|&v| f64::from(v)).collect();
            let mean = column.iter().sum::<f64>() / 300.0;
            let variance = column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 300.0;
            assert!(mean.abs() < 1e-3 && (variance - 1.0).abs() < 1e-2, "{mean} {variance}");
        }
    }

    #[test]
    fn directions_are_orthonormal_and_ordered() {
        let mut s = stream(7, "directions", 0);
        let (rows, columns) = (200, 30);
        let scale = |c: usize| 0.6f64.powi(c as i32);
        let values = (0..rows * columns).map(|i| s.normal() * scale(i % columns)).collect();
        let a = Matrix { rows, columns, values };
        let basis = leading_directions(&a, 5);
        for i in 0..5 {
            for j in 0..5 {
                let dot: f64 =
                    (0..columns).map(|c| basis.values[c * 5 + i] * basis.values[c * 5 + j]).sum();
                assert!((dot - f64::from(u8::from(i == j))).abs() < 1e-10);
            }
            // The axes have variances that fall by 0.36 each, so they are the directions nearly.
            assert!(basis.values[i * 5 + i].abs() > 0.9, "direction {i}");
        }
        // A matrix of rank 3 has no five directions.
        let thin: Vec<f64> = (0..rows)
            .flat_map(|r| {
                let code =
                    [a.values[r * columns], a.values[r * columns + 1], a.values[r * columns + 2]];
                (0..columns)
                    .map(move |c| (0..3).map(|k| code[k] * ((c * (k + 1)) as f64).cos()).sum())
            })
            .collect();
        assert_eq!(leading_directions(&Matrix { rows, columns, values: thin }, 5).columns, 3);
        assert_eq!(leading_directions(&Matrix::zeros(rows, columns), 5).columns, 0);
    }
}
