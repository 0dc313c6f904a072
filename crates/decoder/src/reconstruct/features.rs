//! From counts of spikes to the numbers that a decoder reads.

use crate::setting::{Allowed, SettingError, number, whole};
use equipoise_data::Counts;
use serde::{Deserialize, Serialize};

/// Numbers that describe each image's spikes: [images, features].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpikeFeatures {
    /// Number of images.
    pub images: usize,
    /// Numbers of one image.
    pub features: usize,
    /// The numbers, image by image.
    pub values: Vec<f32>,
}

impl SpikeFeatures {
    /// The features of one image.
    pub fn image(&self, index: usize) -> &[f32] {
        &self.values[index * self.features..(index + 1) * self.features]
    }

    /// The features of some images, in this order.
    pub fn select(&self, images: &[usize]) -> Self {
        let values = images.iter().flat_map(|&i| self.image(i)).copied().collect();
        Self { images: images.len(), features: self.features, values }
    }
}

/// What is taken from the spikes of a neuron.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeatureKind {
    /// The number of spikes.
    #[default]
    Counts,
    /// The number of spikes in each of `bins` parts of the time.
    Bins,
    /// Exponential traces at the end of the time, one for each of `time_constants`:
    /// sum over spikes of exp(-(T - t) / tau), spikes taken at the middle of their bin.
    Traces,
}

/// What is done to a number before it is standardised.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transform {
    /// Nothing.
    #[default]
    None,
    /// Its square root, which makes the variance of a Poisson number about 1/4 at any mean
    /// (Bartlett 1936, Suppl. J. R. Stat. Soc. 3:68).
    Sqrt,
    /// ln(1 + x).
    Log1p,
}

impl Transform {
    fn apply(self, x: f32) -> f32 {
        match self {
            Self::None => x,
            Self::Sqrt => x.sqrt(),
            Self::Log1p => libm::log1pf(x),
        }
    }
}

/// Settings of the features.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FeatureConfig {
    /// What is taken from each neuron's spikes.
    pub kind: FeatureKind,
    /// For `bins`: parts of the time; the encoder's bins must be a multiple of it.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 10000)))]
    pub bins: usize,
    /// For `traces`: time constants in ms.
    #[cfg_attr(feature = "schema", schemars(extend("unit" = "ms")))]
    pub time_constants: Vec<f64>,
    /// Transform of each number.
    pub transform: Transform,
    /// Whether each feature is brought to mean 0 and standard deviation 1 over the training
    /// images.
    pub standardise: bool,
}

impl Default for FeatureConfig {
    fn default() -> Self {
        Self {
            kind: FeatureKind::Counts,
            bins: 5,
            time_constants: vec![10.0, 50.0],
            transform: Transform::None,
            standardise: true,
        }
    }
}

/// Why there are no features, or none that a decoder reads.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FeatureError {
    /// A setting that is out of range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// No time constant, or too many.
    #[error("`time_constants` lists {0}; it needs 1 to {MOST_TIME_CONSTANTS}")]
    TimeConstants(usize),
    /// Counts that are not those of whole recordings.
    #[error("{counts} counts are not whole recordings of {units} units in {bins} bins")]
    Counts {
        /// The number of counts.
        counts: usize,
        /// The units of a recording.
        units: usize,
        /// The bins of a recording.
        bins: usize,
    },
    /// Bins that are no multiple of those asked for.
    #[error("the {found} bins of the spikes cannot be grouped into `bins` = {wanted}")]
    Bins {
        /// Bins of the counts.
        found: usize,
        /// Bins asked for.
        wanted: usize,
    },
    /// Bins without a length.
    #[error("bins are {0} ms long, not above 0")]
    BinWidth(f64),
    /// Another number of features than the decoder reads.
    #[error("the decoder reads {wanted} features an image, these are {found}")]
    Features {
        /// Features of an image here.
        found: usize,
        /// Features that the decoder reads.
        wanted: usize,
    },
    /// Numbers that are no latent codes.
    #[error("{found} numbers are not codes of {latent} latent dimensions")]
    Codes {
        /// How many there are.
        found: usize,
        /// Dimensions of a code.
        latent: usize,
    },
    /// A dimension that a latent code has not.
    #[error("there is no latent dimension {dimension}: they are 0 to {last}", last = latent - 1)]
    Dimension {
        /// The dimension asked for, from 0.
        dimension: usize,
        /// Dimensions of a code.
        latent: usize,
    },
}

/// The most bins of a recording: more would be a slip of the pen.
const MOST_BINS: usize = 10_000;
/// The most time constants, for the same reason.
const MOST_TIME_CONSTANTS: usize = 64;

impl FeatureConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first that is out of range, and its range.
    pub fn validate(&self) -> Result<(), FeatureError> {
        whole("bins", self.bins, 1, MOST_BINS)?;
        if !(1..=MOST_TIME_CONSTANTS).contains(&self.time_constants.len()) {
            return Err(FeatureError::TimeConstants(self.time_constants.len()));
        }
        for &tau in &self.time_constants {
            number("time_constants", tau, Allowed::Positive)?;
        }
        Ok(())
    }

    /// Features of one neuron.
    pub fn per_unit(&self) -> usize {
        match self.kind {
            FeatureKind::Counts => 1,
            FeatureKind::Bins => self.bins,
            FeatureKind::Traces => self.time_constants.len(),
        }
    }

    /// The features of all recordings, transformed but not yet standardised:
    /// [recordings, units * [`per_unit`](Self::per_unit)], a neuron's features together.
    ///
    /// # Errors
    /// When a setting is out of range, the sizes of the counts do not fit, or their bins cannot be
    /// grouped as asked.
    pub fn extract(&self, spikes: &Counts) -> Result<SpikeFeatures, FeatureError> {
        self.validate()?;
        let &Counts { units, bins, ref counts, .. } = spikes;
        let size = units.checked_mul(bins).filter(|&n| n > 0 && counts.len().is_multiple_of(n));
        let Some(size) = size else {
            return Err(FeatureError::Counts { counts: counts.len(), units, bins });
        };
        let (images, bin_width) = (counts.len() / size, spikes.bin_ms());
        if self.kind == FeatureKind::Bins && !bins.is_multiple_of(self.bins) {
            return Err(FeatureError::Bins { found: bins, wanted: self.bins });
        }
        if self.kind == FeatureKind::Traces && !(bin_width.is_finite() && bin_width > 0.0) {
            return Err(FeatureError::BinWidth(bin_width));
        }
        let decays: Vec<Vec<f32>> = self
            .time_constants
            .iter()
            .map(|tau| {
                let before_end = |bin: usize| ((bins - bin) as f64 - 0.5) * bin_width;
                (0..bins).map(|bin| libm::exp(-before_end(bin) / tau) as f32).collect()
            })
            .collect();
        let features = units * self.per_unit();
        let mut values = Vec::with_capacity(images * features);
        let total = |counts: &[u16]| counts.iter().map(|&c| f32::from(c)).sum::<f32>();
        for unit in counts.chunks_exact(bins) {
            match self.kind {
                FeatureKind::Counts => values.push(total(unit)),
                FeatureKind::Bins => {
                    values.extend(unit.chunks_exact(bins / self.bins).map(total));
                }
                FeatureKind::Traces => values.extend(decays.iter().map(|decay| {
                    decay.iter().zip(unit).map(|(d, &c)| d * f32::from(c)).sum::<f32>()
                })),
            }
        }
        values.iter_mut().for_each(|v| *v = self.transform.apply(*v));
        Ok(SpikeFeatures { images, features, values })
    }
}

/// Mean and standard deviation of each feature over the training images.
#[derive(Debug, Clone, PartialEq)]
pub struct Normaliser {
    /// What is subtracted.
    pub mean: Vec<f32>,
    /// What is multiplied with then: 1 / standard deviation, or 0 for a feature that is constant.
    pub scale: Vec<f32>,
}

impl Normaliser {
    /// Changes nothing.
    pub fn identity(features: usize) -> Self {
        Self { mean: vec![0.0; features], scale: vec![1.0; features] }
    }

    /// From the training images alone.
    pub fn fit(training: &SpikeFeatures) -> Self {
        let (n, count) = (training.features, training.images.max(1) as f64);
        let rows = || training.values.chunks_exact(n.max(1));
        let mut mean = vec![0.0f64; n];
        for row in rows() {
            mean.iter_mut().zip(row).for_each(|(m, &v)| *m += f64::from(v));
        }
        mean.iter_mut().for_each(|m| *m /= count);
        let mut square = vec![0.0f64; n];
        for row in rows() {
            for ((s, m), &v) in square.iter_mut().zip(&mean).zip(row) {
                *s += (f64::from(v) - m).powi(2);
            }
        }
        let scale = |s: f64| {
            let deviation = (s / count).sqrt();
            // A feature that hardly ever changes would turn its rare change into a huge number.
            if deviation < 1e-6 { 0.0 } else { (1.0 / deviation) as f32 }
        };
        Self {
            mean: mean.iter().map(|&m| m as f32).collect(),
            scale: square.into_iter().map(scale).collect(),
        }
    }

    /// Whether these features can be normalised.
    ///
    /// # Errors
    /// When the number of features is another.
    pub fn check(&self, features: &SpikeFeatures) -> Result<(), FeatureError> {
        if features.features != self.mean.len()
            || features.values.len() != features.images * features.features
        {
            return Err(FeatureError::Features {
                found: features.features,
                wanted: self.mean.len(),
            });
        }
        Ok(())
    }

    /// (x - mean) scale, feature by feature.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn apply(&self, features: &SpikeFeatures) -> Result<SpikeFeatures, FeatureError> {
        self.check(features)?;
        let mut normal = features.clone();
        for row in normal.values.chunks_exact_mut(self.mean.len().max(1)) {
            for ((v, m), s) in row.iter_mut().zip(&self.mean).zip(&self.scale) {
                *v = (*v - m) * s;
            }
        }
        Ok(normal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Two recordings of two units in four bins of 5 ms.
    fn table(counts: &[u16]) -> Counts {
        Counts {
            units: 2,
            bins: 4,
            duration_ms: 20.0,
            counts: counts.to_vec(),
            ..Counts::default()
        }
    }

    const COUNTS: [u16; 16] = [1, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4, 1, 1, 3];

    #[test]
    fn counts_bins_and_traces() {
        let config = |kind| FeatureConfig { kind, bins: 2, ..FeatureConfig::default() };
        let extract = |config: FeatureConfig| config.extract(&table(&COUNTS)).unwrap();
        assert_eq!(extract(config(FeatureKind::Counts)).values, [3.0, 3.0, 0.0, 9.0]);
        let bins = extract(config(FeatureKind::Bins));
        assert_eq!(bins.values, [1.0, 2.0, 0.0, 3.0, 0.0, 0.0, 5.0, 4.0]);
        assert_eq!(bins.image(1), [0.0, 0.0, 5.0, 4.0]);
        assert_eq!(bins.select(&[1, 1]).values, [0.0, 0.0, 5.0, 4.0, 0.0, 0.0, 5.0, 4.0]);
        let traces = extract(config(FeatureKind::Traces));
        // The middles of the bins lie 17.5, 12.5, 7.5 and 2.5 ms before the end.
        let want = libm::expf(-17.5f32 / 10.0) + 2.0 * libm::expf(-7.5f32 / 10.0);
        assert!((traces.values[0] - want).abs() < 1e-6);
        assert!((traces.values[3] - 3.0 * libm::expf(-2.5f32 / 50.0)).abs() < 1e-6);
        let roots = FeatureConfig { transform: Transform::Sqrt, ..config(FeatureKind::Counts) };
        assert_eq!(extract(roots).values[3], 3.0);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let three = FeatureConfig { kind: FeatureKind::Bins, bins: 3, ..Default::default() };
        assert_eq!(three.extract(&table(&COUNTS)), Err(FeatureError::Bins { found: 4, wanted: 3 }));
        let cut = three.extract(&table(&COUNTS[1..]));
        assert_eq!(cut, Err(FeatureError::Counts { counts: 15, units: 2, bins: 4 }));
        for (units, bins) in [(0, 4), (2, 0), (usize::MAX, 2)] {
            let table = Counts { units, bins, ..table(&COUNTS) };
            assert!(matches!(three.extract(&table), Err(FeatureError::Counts { .. })));
        }
        let traces = FeatureConfig { kind: FeatureKind::Traces, ..Default::default() };
        let endless = Counts { duration_ms: f64::INFINITY, ..table(&COUNTS) };
        assert!(matches!(traces.extract(&endless), Err(FeatureError::BinWidth(_))));
        let refused = |config: FeatureConfig| match config.extract(&table(&COUNTS)) {
            Err(FeatureError::Setting(setting)) => setting.key,
            other => panic!("{other:?}"),
        };
        let good = FeatureConfig::default;
        assert_eq!(refused(FeatureConfig { bins: 0, ..good() }), "bins");
        assert_eq!(refused(FeatureConfig { bins: usize::MAX, ..good() }), "bins");
        for wrong in [-1.0, 0.0, f64::NAN, f64::INFINITY] {
            let time_constants = vec![10.0, wrong];
            assert_eq!(refused(FeatureConfig { time_constants, ..good() }), "time_constants");
        }
        for n in [0, 65] {
            let many = FeatureConfig { time_constants: vec![1.0; n], ..good() };
            assert_eq!(many.validate(), Err(FeatureError::TimeConstants(n)));
        }
        let normaliser = Normaliser::identity(3);
        let features = good().extract(&table(&COUNTS)).unwrap();
        let wrong = normaliser.apply(&features);
        assert_eq!(wrong, Err(FeatureError::Features { found: 2, wanted: 3 }));
    }

    proptest! {
        #[test]
        fn standardised_features_have_mean_0_and_deviation_1(
            values in proptest::collection::vec(0u16..50, 40)
        ) {
            let table = Counts::new(2, 1, 1.0, values).unwrap();
            let features = FeatureConfig::default().extract(&table).unwrap();
            let normal = Normaliser::fit(&features).apply(&features).unwrap();
            for unit in 0..2 {
                let column: Vec<f64> =
                    (0..20).map(|i| f64::from(normal.image(i)[unit])).collect();
                let mean = column.iter().sum::<f64>() / 20.0;
                let variance = column.iter().map(|v| v * v).sum::<f64>() / 20.0;
                prop_assert!(mean.abs() < 1e-5);
                prop_assert!((variance - 1.0).abs() < 1e-4 || variance == 0.0);
            }
        }
    }
}
