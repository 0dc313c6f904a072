//! What is measured of a network beside its accuracy: distances between its spike trains, the
//! balance of its hidden neurons, its weights, and the spikes that one sample evokes.

use equipoise_decoder::classifier::{
    ClassifierError, InputBalance, Trainer, VanRossum, WeightSummary, input_balance,
    van_rossum_by_type, weight_summary,
};
use equipoise_metrics::van_rossum::GroupMeans;
use serde::{Deserialize, Serialize};

use super::data::Sets;

/// Samples that [`representative`] chooses from.
const CANDIDATES: usize = 101;

/// Samples on which the balance of hidden neurons is measured at most.
const BALANCE_SAMPLES: usize = 100;

/// How van Rossum distances are measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DistanceSettings {
    /// Most samples that they are measured on, spread over the set.
    pub samples: usize,
    /// Time constant, steps.
    pub tau: f64,
}

impl DistanceSettings {
    /// The reason why these settings make no sense, with the keys of the studies.
    ///
    /// # Errors
    /// That reason.
    pub fn validate(&self) -> Result<(), String> {
        if self.tau > 0.0 && self.tau.is_finite() {
            return Ok(());
        }
        Err(format!("van_rossum_tau = {}: it must be positive", self.tau))
    }
}

/// What is measured of a network at one moment of its training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Mean distances between spike trains.
    pub van_rossum: GroupMeans,
    /// The same on the samples of each class.
    pub van_rossum_classes: Vec<GroupMeans>,
    /// Excitation and inhibition of the hidden neurons; absent if measured by a version that did not
    /// look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<InputBalance>,
    /// Weights by matrix and type.
    pub weights: Vec<WeightSummary>,
    /// Hidden spikes that the representative sample evokes, as (step, neuron).
    pub raster: Vec<(u32, u32)>,
}

impl Measured {
    /// Measures a network; `sample` is the one whose spikes are kept.
    ///
    /// # Errors
    /// If the set does not fit the network.
    pub fn of(
        trainer: &Trainer,
        sets: &Sets,
        distances: &DistanceSettings,
        sample: usize,
    ) -> Result<Self, ClassifierError> {
        let VanRossum { mean, classes, .. } = van_rossum_by_type(
            trainer.kernel(),
            trainer.weights(),
            trainer.signs(),
            &sets.test,
            &spread(sets.test.len(), distances.samples),
            distances.tau,
        )?;
        Ok(Self {
            van_rossum: mean,
            van_rossum_classes: classes,
            balance: Some(input_balance(
                trainer.kernel(),
                trainer.weights(),
                trainer.signs(),
                &sets.test,
                &spread(sets.test.len(), BALANCE_SAMPLES),
            )?),
            weights: weight_summary(trainer.weights(), trainer.signs()),
            raster: raster(trainer, sets, sample)?,
        })
    }
}

/// At most `count` of `n` samples, spread evenly over all: a set that is sorted by class gives some
/// of every class.
fn spread(n: usize, count: usize) -> Vec<usize> {
    let count = count.min(n);
    (0..count).map(|k| k * n / count).collect()
}

/// The sample of the measured set, of its first `CANDIDATES`, whose number of hidden spikes is
/// the median.
///
/// # Errors
/// If the set does not fit the network.
pub fn representative(trainer: &Trainer, sets: &Sets) -> Result<usize, ClassifierError> {
    let mut samples: Vec<usize> = (0..sets.test.len().min(CANDIDATES)).collect();
    let output = trainer.kernel().evaluate(trainer.weights(), sets.test.input(), &samples)?;
    let hidden = trainer.kernel().shape().hidden;
    let spikes = |s: usize| output.counts[s * hidden..(s + 1) * hidden].iter().sum::<u32>();
    samples.sort_by_key(|&s| (spikes(s), s));
    Ok(samples.get(samples.len() / 2).copied().unwrap_or(0))
}

/// The hidden spikes of one sample of the measured set, as (step, neuron).
fn raster(
    trainer: &Trainer,
    sets: &Sets,
    sample: usize,
) -> Result<Vec<(u32, u32)>, ClassifierError> {
    let (_, tape) = trainer.kernel().forward(trainer.weights(), sets.test.input(), &[sample])?;
    let trains = tape.spike_trains(trainer.kernel(), 0);
    let of_neuron = |(neuron, steps): (usize, Vec<u32>)| {
        steps.into_iter().map(move |step| (step, neuron as u32))
    };
    Ok(trains.into_iter().enumerate().flat_map(of_neuron).collect())
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn samples_are_spread_over_the_whole_set() {
        assert_eq!(spread(10, 4), [0, 2, 5, 7]);
        assert_eq!(spread(3, 5), [0, 1, 2]);
        assert!(spread(3, 0).is_empty());
        assert!(spread(0, 4).is_empty());
    }
}
