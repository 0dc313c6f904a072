//! A regime's network at work on one image: the raster, the rates, and whether it is balanced.

use equipoise_encoder::balance::{self, DiagnosisConfig, Verdict};
use equipoise_encoder::network::{Network, Trial};
use equipoise_metrics::spikes;
use serde::{Deserialize, Serialize};

use super::encoding::Part;
use crate::error::{OrStudyError, StudyError};

/// Length of the recording that the diagnosis is made of, ms; an image's own is too short for
/// an interval distribution.
const RECORDING_MS: f64 = 1000.0;

/// Neurons of a raster, excitatory and inhibitory in their proportion.
pub const RASTER_NEURONS: usize = 100;
/// Time shown in a raster, ms.
pub const RASTER_MS: f64 = 300.0;

/// What one regime's network does while it sees an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// The regime.
    pub regime: String,
    /// Rows of the raster: neurons spread evenly over the network.
    pub rows: usize,
    /// Its spikes, excitatory and inhibitory: time (ms) and row, in the order of time.
    pub raster: [Vec<(f32, usize)>; 2],
    /// Rate of each neuron over a second, Hz.
    pub rates: Vec<f64>,
    /// CV of the inter-spike intervals of each neuron that fires enough.
    pub cvs: Vec<f64>,
    /// Mean rate, Hz.
    pub rate_hz: f64,
    /// Mean CV; none where no neuron fires enough.
    pub cv: Option<f64>,
    /// Mean excitatory input in units of the mean threshold.
    pub excitation_over_threshold: f64,
    /// Mean inhibition over mean excitation.
    pub inhibition_over_excitation: f64,
    /// Mean net input in units of the mean threshold.
    pub net_over_threshold: f64,
    /// Balanced or not, and the numbers that say so.
    pub verdict: Verdict,
}

/// Shows an image (intensities) to the network for a second, as a test image of the seed.
///
/// # Errors
/// [`StudyError::Failed`] if the network refuses.
pub fn observe(
    seed: u64,
    regime: &str,
    network: &Network,
    image: &[f32],
) -> Result<Activity, StudyError> {
    let trial = network.trial(Part::Test.seed(seed), 0);
    let trial = Trial { image: Some(image), duration: RECORDING_MS, parallel: true, ..trial };
    let recording = balance::diagnose(network, &trial, &DiagnosisConfig::default()).or_failed()?;
    let (recorded, found) = (recording.spikes, recording.diagnosis);
    let trains = spikes::UnitTrains::from_events(&recorded.times, &recorded.ids, recorded.units)
        .or_failed()?;
    let rates = trains.iter().map(|train| train.len() as f64 / (RECORDING_MS / 1000.0)).collect();
    let units = recorded.units;
    let rows = RASTER_NEURONS.min(units);
    // Evenly spaced neurons keep the proportion of the two kinds.
    let row_of = |neuron: usize| {
        let row = neuron * rows / units.max(1);
        (row * units).div_ceil(rows.max(1)).eq(&neuron).then_some(row)
    };
    let mut raster = [Vec::new(), Vec::new()];
    for (&time, &neuron) in recorded.times.iter().zip(&recorded.ids) {
        let neuron = neuron as usize;
        if let Some(row) = row_of(neuron)
            && f64::from(time) <= RASTER_MS
        {
            let inhibitory = neuron >= network.excitatory_neurons();
            raster[usize::from(inhibitory)].push((time, row));
        }
    }
    let threshold = network.config().threshold.mean();
    Ok(Activity {
        regime: regime.to_owned(),
        rows,
        raster,
        rates,
        cvs: found.irregularity.neurons.iter().filter_map(|neuron| neuron.cv).collect(),
        rate_hz: found.rate_hz,
        cv: found.irregularity.cv.mean,
        excitation_over_threshold: found.excitation / threshold,
        inhibition_over_excitation: found.inhibition_over_excitation,
        net_over_threshold: found.net / threshold,
        verdict: found.verdict,
    })
}
