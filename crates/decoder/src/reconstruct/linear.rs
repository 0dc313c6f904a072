//! Linear reconstruction: ridge regression from the features to the pixels. It is what a decoder
//! has to beat, and what a decoder starts from.

use super::features::{Normaliser, SpikeFeatures};
use super::pairs::Pairs;
use equipoise_metrics::ridge::{NormalEquations, Ridge, RidgeError, Table};
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// Settings of the regression.
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

/// A ridge regression from features to the pixels of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearReconstructor {
    ridge: Ridge,
}

impl LinearReconstructor {
    /// Fits `training` (features and images [images, size]) with each penalty and keeps the one
    /// that reconstructs `validation` best; [`LinearFits`] where a decoder is to share the fit.
    ///
    /// # Errors
    /// When the sets do not fit together, or no penalty makes the equations solvable.
    pub fn fit(
        training: (&SpikeFeatures, &[f32]),
        validation: (&SpikeFeatures, &[f32]),
        config: &RidgeConfig,
    ) -> Result<Self, RidgeError> {
        let size = training.1.len() / training.0.images.max(1);
        let (x, y) = (table(training.0)?, Table::of_floats(training.1, size)?);
        let (xv, yv) = (table(validation.0)?, Table::of_floats(validation.1, size)?);
        Ok(Self { ridge: NormalEquations::sum(x, y)?.fit(&config.penalties, xv, yv)? })
    }

    /// The regression, with its penalty and the errors of those that were tried (before
    /// intensities are clamped).
    pub fn ridge(&self) -> &Ridge {
        &self.ridge
    }

    /// Reconstructs every image, clamped to [0, 1]: [images, channels, height, width].
    ///
    /// # Errors
    /// When the number of features is another than in the fit.
    pub fn predict(&self, features: &SpikeFeatures) -> Result<Vec<f32>, RidgeError> {
        let images = self.ridge.predict(Table::of_floats(&features.values, features.features)?)?;
        Ok(images.into_iter().map(|v| v.clamp(0.0, 1.0) as f32).collect())
    }
}

/// The ridge regressions of one training and validation set, each made when it is first asked for
/// and then kept: a control and several decoders that start at one share it, and all share the
/// sums over the training images.
///
/// The control reads the features as they are, a decoder's start reads them normalised, so that
/// their penalties weigh differently.
#[derive(Debug)]
pub struct LinearFits<'a> {
    training: Pairs<'a>,
    validation: Pairs<'a>,
    config: RidgeConfig,
    equations: OnceLock<Result<NormalEquations, RidgeError>>,
    normaliser: OnceLock<Normaliser>,
    plain: OnceLock<Result<LinearReconstructor, RidgeError>>,
    normalised: OnceLock<Result<Ridge, RidgeError>>,
}

impl<'a> LinearFits<'a> {
    /// None made yet, with the usual penalties.
    pub fn new(training: Pairs<'a>, validation: Pairs<'a>) -> Self {
        Self::with_config(training, validation, RidgeConfig::default())
    }

    /// None made yet.
    pub fn with_config(training: Pairs<'a>, validation: Pairs<'a>, config: RidgeConfig) -> Self {
        Self {
            training,
            validation,
            config,
            equations: OnceLock::new(),
            normaliser: OnceLock::new(),
            plain: OnceLock::new(),
            normalised: OnceLock::new(),
        }
    }

    /// What is fitted to.
    pub fn training(&self) -> Pairs<'a> {
        self.training
    }

    /// What the penalty is chosen by.
    pub fn validation(&self) -> Pairs<'a> {
        self.validation
    }

    /// The regression on the features as they are: the control.
    ///
    /// # Errors
    /// When the sets do not fit together, or no penalty makes the equations solvable.
    pub fn control(&self) -> Result<&LinearReconstructor, RidgeError> {
        let fit = || {
            let x = table(self.validation.features)?;
            let ridge = self.equations()?.fit(&self.config.penalties, x, self.held_out()?)?;
            Ok(LinearReconstructor { ridge })
        };
        self.plain.get_or_init(fit).as_ref().map_err(Clone::clone)
    }

    /// The normalisation that makes each training feature's mean 0 and standard deviation 1.
    pub(super) fn normaliser(&self) -> &Normaliser {
        self.normaliser.get_or_init(|| Normaliser::fit(self.training.features))
    }

    /// The regression on standardised features.
    ///
    /// # Errors
    /// As [`control`](Self::control).
    pub(super) fn standardised(&self) -> Result<&Ridge, RidgeError> {
        let fit = || {
            let Normaliser { mean, scale } = self.normaliser();
            let features = self.validation.features;
            let n = table(features)?.columns();
            if n != mean.len() {
                return Err(RidgeError::Columns { what: "features", wanted: mean.len(), found: n });
            }
            let row = |i: usize, out: &mut [f64]| {
                for (k, (out, &v)) in out.iter_mut().zip(features.image(i)).enumerate() {
                    *out = f64::from((v - mean[k]) * scale[k]);
                }
            };
            let x = Table::of_rows(features.images, n, &row);
            let equations = self.equations()?.standardised(mean, scale);
            equations.fit(&self.config.penalties, x, self.held_out()?)
        };
        self.normalised.get_or_init(fit).as_ref().map_err(Clone::clone)
    }

    fn equations(&self) -> Result<&NormalEquations, RidgeError> {
        let sum = || {
            let Pairs { features, images, shape } = self.training;
            NormalEquations::sum(table(features)?, Table::of_floats(images, shape.pixels())?)
        };
        self.equations.get_or_init(sum).as_ref().map_err(Clone::clone)
    }

    fn held_out(&self) -> Result<Table<'a>, RidgeError> {
        Table::of_floats(self.validation.images, self.validation.shape.pixels())
    }
}

fn table(features: &SpikeFeatures) -> Result<Table<'_>, RidgeError> {
    Table::of_floats(&features.values, features.features)
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_data::ImageShape;
    use equipoise_random::stream;

    fn features(images: usize, features: usize, name: &str) -> SpikeFeatures {
        let mut s = stream(1, name, 0);
        let values = (0..images * features).map(|_| s.poisson(3.0) as f32).collect();
        SpikeFeatures { images, features, values }
    }

    const SHAPE: ImageShape = ImageShape { channels: 1, height: 1, width: 2 };

    fn map(x: &SpikeFeatures) -> Vec<f32> {
        let row = |x: &[f32]| [0.3 + 0.01 * x[0] - 0.02 * x[69], 0.5 + 0.03 * x[5]];
        (0..x.images).flat_map(|i| row(x.image(i))).collect()
    }

    #[test]
    fn a_linear_map_is_found_exactly() {
        // More images than features, and fewer.
        for images in [200, 60] {
            let (x, v) = (features(images, 70, "x"), features(50, 70, "v"));
            let (y, w) = (map(&x), map(&v));
            let config = RidgeConfig { penalties: vec![1e-12, 1.0] };
            let fits = LinearFits::with_config(
                Pairs { features: &x, images: &y, shape: SHAPE },
                Pairs { features: &v, images: &w, shape: SHAPE },
                config,
            );
            let control = fits.control().unwrap();
            assert_eq!(control.ridge().errors().len(), 2);
            // On the training images, since 60 do not determine a map of 70 features.
            for (a, b) in control.predict(&x).unwrap().iter().zip(&y) {
                assert!((a - b.clamp(0.0, 1.0)).abs() < 1e-5);
            }
            assert!(control.ridge().errors()[1].1 > 1e-6);
            assert!(images < 70 || control.ridge().errors()[0].1 < 1e-12);
            assert!(control.predict(&features(2, 4, "w")).is_err());
        }
    }

    #[test]
    fn the_fit_on_standardised_features_is_that_of_standardised_features() {
        for images in [200, 60] {
            let (x, v) = (features(images, 70, "x"), features(50, 70, "v"));
            let (y, w) = (map(&x), map(&v));
            let pairs = |features, images| Pairs { features, images, shape: SHAPE };
            let fits = LinearFits::new(pairs(&x, &y), pairs(&v, &w));
            let shared = fits.standardised().unwrap();
            let normaliser = Normaliser::fit(&x);
            let (sx, sv) = (normaliser.apply(&x).unwrap(), normaliser.apply(&v).unwrap());
            let alone = LinearFits::new(pairs(&sx, &y), pairs(&sv, &w));
            let alone = alone.control().unwrap().ridge();
            assert!((shared.penalty() / alone.penalty() - 1.0).abs() < 1e-6);
            let rows = Table::of_floats(&sv.values, 70).unwrap();
            let (a, b) = (shared.predict(rows).unwrap(), alone.predict(rows).unwrap());
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-6));
            // Once made, it is kept.
            assert!(std::ptr::eq(shared, fits.standardised().unwrap()));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let x = features(10, 3, "x");
        let y = vec![0.5; 20];
        let pairs = |images| Pairs { features: &x, images, shape: SHAPE };
        let refused = |images| LinearFits::new(pairs(images), pairs(&y)).control().unwrap_err();
        assert!(matches!(refused(&y[1..]), RidgeError::Rows { numbers: 19, columns: 2 }));
        assert!(matches!(refused(&y[2..]), RidgeError::Samples { features: 10, outputs: 9 }));
    }
}
