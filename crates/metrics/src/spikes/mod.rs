//! Measures of spike trains: rates, irregularity, variability, synchrony.
//!
//! A spike train is a slice of spike times in ascending order, in any unit of time; [`UnitTrains`]
//! holds those of a population and is made from events in one pass. What a neuron has too few
//! spikes for is `None`, never NaN.
//!
//! ```
//! use equipoise_metrics::spikes::{UnitTrains, irregularity};
//!
//! // Events (time in ms, neuron) of three neurons.
//! let trains = UnitTrains::from_events(
//!     &[1.0, 2.0, 3.0, 5.0, 7.0, 9.0, 10.0],
//!     &[0u32, 1, 0, 0, 0, 1, 1],
//!     3,
//! )?;
//! assert_eq!(trains.train(0), [1.0, 3.0, 5.0, 7.0]);
//! let measured = irregularity(&trains, 3);
//! assert_eq!(measured.neurons[0].cv, Some(0.0)); // perfectly regular
//! assert_eq!(measured.neurons[2].cv, None); // silent
//! # Ok::<(), equipoise_metrics::spikes::SpikeError>(())
//! ```

mod counts;
mod trains;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use counts::{
    CountCorrelations, Synchrony, count_correlations, fano_factor, fano_factors, synchrony_index,
};
pub use trains::UnitTrains;

use crate::statistics::moments::{mean, population_variance};
use crate::summary::Summary;

/// Why spikes cannot be measured.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpikeError {
    /// Times and units, or rows, do not have the lengths they must have.
    #[error("{what}: {found} found, {wanted} needed")]
    Length {
        /// What has the wrong length.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length needed.
        wanted: usize,
    },
    /// A unit is not one of the population.
    #[error("event {event} is of unit {unit}; the units are 0..{units}")]
    NoSuchUnit {
        /// Place of the event.
        event: usize,
        /// Its unit.
        unit: String,
        /// Size of the population.
        units: usize,
    },
    /// A spike time is infinite or not a number.
    #[error("the time of event {event} is {time}; times must be finite")]
    BadTime {
        /// Place of the event.
        event: usize,
        /// Its time.
        time: f64,
    },
    /// A value to be correlated or compared is infinite or not a number.
    #[error("value {index} is {value}; values must be finite")]
    BadValue {
        /// Place of the value.
        index: usize,
        /// What was found there.
        value: f64,
    },
    /// A setting is out of its range.
    #[error("{name} is {value}; it must be {wanted}")]
    BadSetting {
        /// Name of the setting.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What would be right.
        wanted: &'static str,
    },
}

/// The inter-spike intervals of a sorted train, one fewer than its spikes.
pub fn intervals(train: &[f64]) -> Vec<f64> {
    train.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// The coefficient of variation of inter-spike intervals: their standard deviation (population)
/// over their mean; 0 for a clock, 1 for a Poisson process.
///
/// None for fewer than two intervals, or if all are 0. As Elephant's `cv` on the intervals.
///
/// ```
/// use equipoise_metrics::spikes::{cv, intervals};
/// assert_eq!(cv(&intervals(&[0.0, 1.0, 4.0])), Some(0.5));
/// ```
pub fn cv(intervals: &[f64]) -> Option<f64> {
    if intervals.len() < 2 {
        return None;
    }
    let mean = mean(intervals);
    (mean > 0.0).then(|| population_variance(intervals).sqrt() / mean)
}

/// Local variation of inter-spike intervals (Shinomoto, Shima & Tanji 2003, Neural Comput.
/// 15:2823): 3 / (n - 1) times the sum of ((I_i - I_(i+1)) / (I_i + I_(i+1)))². Like the CV it is
/// 0 for a clock and 1 for a Poisson process, but a slow change of the rate does not raise it.
///
/// None for fewer than two intervals. Two intervals of 0 in a row do not differ and add 0.
pub fn local_variation(intervals: &[f64]) -> Option<f64> {
    if intervals.len() < 2 {
        return None;
    }
    let contrast = |pair: &[f64]| {
        let (difference, sum) = (pair[0] - pair[1], pair[0] + pair[1]);
        if sum == 0.0 { 0.0 } else { (difference / sum).powi(2) }
    };
    let sum: f64 = intervals.windows(2).map(contrast).sum();
    Some(3.0 * sum / (intervals.len() - 1) as f64)
}

/// Spikes of each neuron per unit of time (Hz where `duration` is in seconds).
///
/// # Errors
/// If the duration is not positive and finite.
pub fn rates(trains: &UnitTrains, duration: f64) -> Result<Vec<f64>, SpikeError> {
    check_positive("duration", duration)?;
    Ok(trains.iter().map(|train| train.len() as f64 / duration).collect())
}

/// How irregularly one neuron fires.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NeuronIrregularity {
    /// Number of its spikes.
    pub spikes: usize,
    /// Coefficient of variation of its intervals; none for too few spikes.
    pub cv: Option<f64>,
    /// Local variation of its intervals; none for too few spikes.
    pub local_variation: Option<f64>,
}

/// How irregularly a population fires.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Irregularity {
    /// Each neuron, in order.
    pub neurons: Vec<NeuronIrregularity>,
    /// The CVs of the neurons that have one.
    pub cv: Summary,
    /// The local variations of the neurons that have one.
    pub local_variation: Summary,
}

/// The irregularity of every neuron with at least `minimum_spikes` spikes (3 are needed for any
/// value; short trains underestimate the CV).
pub fn irregularity(trains: &UnitTrains, minimum_spikes: usize) -> Irregularity {
    let neurons: Vec<NeuronIrregularity> = (0..trains.len())
        .into_par_iter()
        .map(|unit| {
            let train = trains.train(unit);
            let intervals = intervals(train);
            let enough = train.len() >= minimum_spikes;
            NeuronIrregularity {
                spikes: train.len(),
                cv: cv(&intervals).filter(|_| enough),
                local_variation: local_variation(&intervals).filter(|_| enough),
            }
        })
        .collect();
    let summary = |value: fn(&NeuronIrregularity) -> Option<f64>| {
        Summary::of(&neurons.iter().filter_map(value).collect::<Vec<f64>>())
    };
    let (cv, local_variation) = (summary(|n| n.cv), summary(|n| n.local_variation));
    Irregularity { neurons, cv, local_variation }
}

fn check_positive(name: &'static str, value: f64) -> Result<(), SpikeError> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(SpikeError::BadSetting { name, value, wanted: "positive and finite" })
}
