//! Controls that say what a decoder itself contributes: the mean image, ridge regression, spikes
//! shuffled across images, and the images themselves as features.

use super::features::SpikeFeatures;
use super::linear_algebra::{Matrix, cholesky, product, solve};
use equipoise_data::ImageShape;
use serde::{Deserialize, Serialize};

/// The mean of `images` [images, size]: the best reconstruction that knows nothing of the spikes.
pub fn mean_image(images: &[f32], size: usize) -> Vec<f32> {
    let count = (images.len() / size.max(1)).max(1) as f64;
    let mut sum = vec![0.0f64; size];
    for image in images.chunks_exact(size.max(1)) {
        sum.iter_mut().zip(image).for_each(|(s, &v)| *s += f64::from(v));
    }
    sum.into_iter().map(|s| (s / count) as f32).collect()
}

/// The features dealt out to other images at random: a decoder trained on these can learn no more
/// than the distribution of images.
pub fn shuffled(features: &SpikeFeatures, seed: u64) -> SpikeFeatures {
    let order =
        equipoise_random::stream(seed, "decoder/shuffled-control", 0).permutation(features.images);
    features.select(&order)
}

/// The images [images, channels, height, width] as features: what the same decoder reaches when
/// no spikes stand between.
pub fn pixels_as_features(images: &[f32], shape: ImageShape) -> SpikeFeatures {
    let features = shape.pixels();
    SpikeFeatures { images: images.len() / features.max(1), features, values: images.to_vec() }
}

/// Settings of ridge regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RidgeConfig {
    /// Penalties that are tried, as multiples of the mean variance of a feature times the number
    /// of images; the one with the lowest error on validation images is taken.
    pub penalties: Vec<f64>,
}

impl Default for RidgeConfig {
    fn default() -> Self {
        Self { penalties: vec![1e-6, 1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 10.0] }
    }
}

/// Why there is no ridge regression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RidgeError {
    /// Settings or sizes that cannot be.
    #[error("{0}")]
    Data(String),
    /// No penalty made the normal equations solvable.
    #[error("the normal equations are singular with every penalty: give a larger one")]
    Singular,
}

/// A linear map from features to images, fitted by least squares with a penalty on its squared
/// weights (Hoerl & Kennard 1970, Technometrics 12:55); the intercept is not penalised.
#[derive(Debug, Clone, PartialEq)]
pub struct Ridge {
    /// The penalty chosen, in units of the squared features summed over images.
    pub penalty: f64,
    /// Mean squared error of the validation images before clamping, for each penalty that could
    /// be solved: (penalty, error).
    pub errors: Vec<(f64, f64)>,
    /// [features, size].
    weights: Vec<f32>,
    intercept: Vec<f32>,
    features: usize,
}

/// Images whose outer products are summed at a time, which bounds the memory in f64.
const BLOCK: usize = 1024;

/// Rows of `values` from `from` to `to`, less their mean, in f64.
fn centred(values: &[f32], mean: &[f64], from: usize, to: usize) -> Matrix {
    let n = mean.len();
    let rows = values[from * n..to * n].chunks_exact(n);
    let values = rows.flat_map(|row| row.iter().zip(mean).map(|(&v, m)| f64::from(v) - m));
    Matrix { rows: to - from, columns: n, values: values.collect() }
}

fn column_means(values: &[f32], n: usize) -> Vec<f64> {
    let count = (values.len() / n) as f64;
    let mut mean = vec![0.0; n];
    for row in values.chunks_exact(n) {
        mean.iter_mut().zip(row).for_each(|(m, &v)| *m += f64::from(v));
    }
    mean.iter_mut().for_each(|m| *m /= count);
    mean
}

impl Ridge {
    /// Fits `training` (features and images [images, size]) with each penalty and keeps the one
    /// that reconstructs `validation` best.
    ///
    /// # Errors
    /// When sizes do not fit, there are no images or penalties, or no penalty is large enough.
    pub fn fit(
        training: (&SpikeFeatures, &[f32]),
        validation: (&SpikeFeatures, &[f32]),
        config: &RidgeConfig,
    ) -> Result<Self, RidgeError> {
        let error = |text: String| Err(RidgeError::Data(text));
        let (x, y) = training;
        let (n, images) = (x.features, x.images);
        for (name, (x, y)) in [("training", training), ("validation", validation)] {
            if x.images == 0 || n == 0 {
                return error(format!("the {name} set has no images or no features"));
            }
            if x.features != n || x.values.len() != x.images * n {
                return error(format!("the {name} set does not have {n} features an image"));
            }
            if !y.len().is_multiple_of(x.images) || y.len() * images != training.1.len() * x.images
            {
                return error(format!(
                    "the {name} set has {} intensities for {} images",
                    y.len(),
                    x.images
                ));
            }
        }
        if config.penalties.is_empty() {
            return error("`penalties` is empty; at least one is needed".into());
        }
        if let Some(p) = config.penalties.iter().find(|p| !(p.is_finite() && **p >= 0.0)) {
            return error(format!("a penalty is {p}, not 0 or more"));
        }
        let size = y.len() / images;
        let (x_mean, y_mean) = (column_means(&x.values, n), column_means(y, size));
        let mut gram = Matrix::zeros(n, n);
        let mut moments = Matrix::zeros(n, size);
        for from in (0..images).step_by(BLOCK) {
            let to = images.min(from + BLOCK);
            let block = centred(&x.values, &x_mean, from, to);
            product(1.0, &block, true, &block, false, &mut gram);
            product(1.0, &block, true, &centred(y, &y_mean, from, to), false, &mut moments);
        }
        let scale = (0..n).map(|i| gram.values[i * n + i]).sum::<f64>() / n as f64;
        let scale = if scale > 0.0 { scale } else { 1.0 };
        let mut best: Option<(f64, Self)> = None;
        let mut errors = Vec::new();
        for &share in &config.penalties {
            let penalty = share * scale;
            let mut normal = gram.clone();
            (0..n).for_each(|i| normal.values[i * n + i] += penalty);
            if !cholesky(&mut normal) {
                continue;
            }
            let mut weights = moments.clone();
            solve(&normal, &mut weights);
            let mut intercept = y_mean.clone();
            for (mean, row) in x_mean.iter().zip(weights.values.chunks_exact(size)) {
                intercept.iter_mut().zip(row).for_each(|(i, w)| *i -= mean * w);
            }
            let ridge = Self {
                penalty,
                errors: Vec::new(),
                weights: weights.values.iter().map(|&w| w as f32).collect(),
                intercept: intercept.iter().map(|&i| i as f32).collect(),
                features: n,
            };
            let images = ridge.linear(&validation.0.values);
            let squares = images.iter().zip(validation.1).map(|(a, b)| f64::from(a - b).powi(2));
            let error = squares.sum::<f64>() / images.len() as f64;
            errors.push((penalty, error));
            if error.is_finite() && best.as_ref().is_none_or(|(lowest, _)| error < *lowest) {
                best = Some((error, ridge));
            }
        }
        let (_, ridge) = best.ok_or(RidgeError::Singular)?;
        Ok(Self { errors, ..ridge })
    }

    /// The weights, [features, size].
    pub(super) fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// The intercept, [size].
    pub(super) fn intercept(&self) -> &[f32] {
        &self.intercept
    }

    /// Intercept and weights applied, image by image.
    fn linear(&self, features: &[f32]) -> Vec<f32> {
        let size = self.intercept.len();
        let weights = self.weights.iter().map(|&w| f64::from(w)).collect();
        let weights = Matrix { rows: self.features, columns: size, values: weights };
        let none = vec![0.0; self.features];
        let count = features.len() / self.features;
        let mut images = Vec::with_capacity(count * size);
        for from in (0..count).step_by(BLOCK) {
            let to = count.min(from + BLOCK);
            let block = centred(features, &none, from, to);
            let mut out = Matrix::zeros(to - from, size);
            product(1.0, &block, false, &weights, false, &mut out);
            for row in out.values.chunks_exact(size) {
                images.extend(row.iter().zip(&self.intercept).map(|(v, &i)| *v as f32 + i));
            }
        }
        images
    }

    /// Reconstructs every image, clamped to [0, 1].
    ///
    /// # Errors
    /// When the number of features is another than in the fit.
    pub fn predict(&self, features: &SpikeFeatures) -> Result<Vec<f32>, RidgeError> {
        if features.features != self.features {
            return Err(RidgeError::Data(format!(
                "the regression reads {} features an image, these are {}",
                self.features, features.features
            )));
        }
        let mut images = self.linear(&features.values);
        images.iter_mut().for_each(|v| *v = v.clamp(0.0, 1.0));
        Ok(images)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;

    fn features(images: usize, features: usize, name: &str) -> SpikeFeatures {
        let mut s = stream(1, name, 0);
        let values = (0..images * features).map(|_| s.poisson(3.0) as f32).collect();
        SpikeFeatures { images, features, values }
    }

    #[test]
    fn the_mean_image() {
        assert_eq!(mean_image(&[0.0, 1.0, 0.5, 0.0], 2), [0.25, 0.5]);
    }

    #[test]
    fn shuffling_keeps_every_image_once() {
        let all = features(30, 4, "shuffle");
        let mixed = shuffled(&all, 3);
        assert_ne!(mixed, all);
        let sorted = |f: &SpikeFeatures| {
            let mut rows: Vec<Vec<u32>> =
                (0..30).map(|i| f.image(i).iter().map(|v| v.to_bits()).collect()).collect();
            rows.sort_unstable();
            rows
        };
        assert_eq!(sorted(&mixed), sorted(&all));
    }

    #[test]
    fn pixels_are_features_one_by_one() {
        let shape = ImageShape { channels: 1, height: 1, width: 2 };
        let features = pixels_as_features(&[0.0, 0.25, 0.5, 1.0], shape);
        assert_eq!((features.images, features.features), (2, 2));
        assert_eq!(features.image(1), [0.5, 1.0]);
    }

    #[test]
    fn a_linear_map_is_found_exactly() {
        let (x, v) = (features(200, 70, "x"), features(50, 70, "v"));
        let map = |x: &SpikeFeatures| -> Vec<f32> {
            let row = |x: &[f32]| [0.3 + 0.01 * x[0] - 0.02 * x[69], 0.5 + 0.03 * x[5]];
            (0..x.images).flat_map(|i| row(x.image(i))).collect()
        };
        let config = RidgeConfig { penalties: vec![1e-12, 1.0] };
        let ridge = Ridge::fit((&x, &map(&x)), (&v, &map(&v)), &config).unwrap();
        assert_eq!(ridge.errors.len(), 2);
        assert!(ridge.errors[0].1 < 1e-12 && ridge.errors[1].1 > 1e-6);
        for (a, b) in ridge.predict(&v).unwrap().iter().zip(map(&v)) {
            assert!((a - b.clamp(0.0, 1.0)).abs() < 1e-5);
        }
    }

    /// NumPy's solution for a penalty of 2.5, from `scripts/reference/ridge.py`.
    #[test]
    fn agrees_with_numpy() {
        let x: Vec<f32> = (0..24u16).map(|i| f32::from(i * i % 7)).collect();
        let y: Vec<f32> = (0..16u16).map(|i| f32::from(i * 3 % 5) / 5.0).collect();
        let x = SpikeFeatures { images: 8, features: 3, values: x };
        let mean = column_means(&x.values, 3);
        let scale = (0..8)
            .flat_map(|i| x.image(i).iter().zip(&mean).map(|(&v, m)| (f64::from(v) - m).powi(2)))
            .sum::<f64>()
            / 3.0;
        let config = RidgeConfig { penalties: vec![2.5 / scale] };
        let ridge = Ridge::fit((&x, &y), (&x, &y), &config).unwrap();
        assert!((ridge.penalty - 2.5).abs() < 1e-12);
        for (got, want) in ridge.weights.iter().zip(WEIGHTS) {
            assert!((f64::from(*got) - want).abs() < 1e-7, "{got} {want}");
        }
        for (got, want) in ridge.intercept.iter().zip(INTERCEPT) {
            assert!((f64::from(*got) - want).abs() < 1e-7, "{got} {want}");
        }
    }

    const WEIGHTS: [f64; 6] = [
        0.100520604787,
        0.022486952073,
        -0.0872688236526,
        0.129889037941,
        -0.037362705972,
        0.0406709420365,
    ];
    const INTERCEPT: [f64; 2] = [0.396784081114, 0.05059627821];

    #[test]
    fn what_does_not_fit_is_refused() {
        let x = features(10, 3, "x");
        let y = vec![0.5; 20];
        let good = RidgeConfig::default();
        let refused = |y: &[f32], config: &RidgeConfig| {
            Ridge::fit((&x, y), (&x, y), config).unwrap_err().to_string()
        };
        assert!(refused(&y[1..], &good).contains("19 intensities"));
        assert!(refused(&y, &RidgeConfig { penalties: vec![] }).contains("penalties"));
        assert!(refused(&y, &RidgeConfig { penalties: vec![-1.0] }).contains("penalty"));
        let ridge = Ridge::fit((&x, &y), (&x, &y), &good).unwrap();
        assert!(ridge.predict(&features(2, 4, "w")).is_err());
        let same = SpikeFeatures { images: 3, features: 1, values: vec![1.0; 3] };
        let zero = RidgeConfig { penalties: vec![0.0] };
        let singular = Ridge::fit((&same, &[0.0; 3]), (&same, &[0.0; 3]), &zero);
        assert_eq!(singular, Err(RidgeError::Singular));
    }
}
