//! A regime's network at work on one image: the raster, the rates, and whether it is balanced.

use equipoise_data::spikes::SpikeTrains;
use equipoise_encoder::balance::{self, Diagnosis, DiagnosisConfig};
use equipoise_encoder::network::{Network, Trial};
use equipoise_metrics::spikes;

use super::encoding::Part;
use super::images::Images;
use crate::failure::{Failure, Outcome};

/// Length of the recording that the diagnosis is made of, ms; an image's own is too short for
/// an interval distribution.
const RECORDING_MS: f64 = 1000.0;

/// What one regime's network does while it sees an image.
#[derive(Debug)]
pub struct Activity {
    /// The regime.
    pub regime: String,
    /// Neurons 0..this are excitatory.
    pub excitatory: usize,
    /// The recording of [`RECORDING_MS`].
    pub spikes: SpikeTrains,
    /// Rate of each neuron, Hz.
    pub rates: Vec<f64>,
    /// CV of the inter-spike intervals of each neuron that fires enough.
    pub cvs: Vec<f64>,
    /// Balanced or not, and the numbers that say so.
    pub diagnosis: Diagnosis,
}

/// Shows the first image of the gallery to the network for a second.
///
/// # Errors
/// [`Failure::Run`] if the network refuses.
pub fn observe(
    seed: u64,
    regime: &str,
    network: &Network,
    images: &Images,
    gallery: &[usize],
) -> Outcome<Activity> {
    let pixels = images.test.intensities(gallery.first().copied().unwrap_or(0));
    let trial = network.trial(Part::Test.seed(seed), 0);
    let trial = Trial { image: Some(&pixels), duration: RECORDING_MS, parallel: true, ..trial };
    let recording =
        balance::diagnose(network, &trial, &DiagnosisConfig::default()).map_err(Failure::run)?;
    let recorded = recording.spikes;
    let seconds = RECORDING_MS / 1000.0;
    let trains = spikes::UnitTrains::from_events(&recorded.times, &recorded.ids, recorded.units)
        .map_err(Failure::run)?;
    let rates: Vec<f64> = trains.iter().map(|train| train.len() as f64 / seconds).collect();
    let diagnosis = recording.diagnosis;
    let cvs = diagnosis.irregularity.neurons.iter().filter_map(|neuron| neuron.cv).collect();
    Ok(Activity {
        regime: regime.to_string(),
        excitatory: network.excitatory_neurons(),
        spikes: recorded,
        rates,
        cvs,
        diagnosis,
    })
}
