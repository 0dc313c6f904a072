//! A regime's network at work on one image: the raster, the rates, the irregularity.

use equipoise_encoder::network::{Network, Probe, Simulation, Trial};
use equipoise_encoder::spikes::SpikeTrains;
use equipoise_metrics::spikes::{self, irregularity};
use equipoise_metrics::summary::Summary;

use super::Settings;
use super::encoding::Part;
use super::images::Images;
use crate::failure::{Failure, Outcome};
use crate::job::Job;

/// Length of the recording that irregularity is measured on, ms; an image's own is too short for
/// an interval distribution.
const RECORDING_MS: f64 = 1000.0;
/// Spikes that a neuron needs for a CV: shorter trains underestimate it.
const MINIMUM_SPIKES: usize = 5;

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
    /// Over the neurons that fire enough.
    pub cv: Summary,
}

/// Shows the first image of the gallery to the network for a second.
///
/// # Errors
/// [`Failure::Run`] if the network refuses.
pub fn observe(
    job: &Job<Settings>,
    regime: &str,
    network: &Network,
    images: &Images,
    gallery: &[usize],
) -> Outcome<Activity> {
    let pixels = images.test.intensities(gallery.first().copied().unwrap_or(0));
    let trial = network.trial(Part::Test.seed(job.config.seed), 0);
    let trial = Trial { image: Some(&pixels), duration: RECORDING_MS, parallel: true, ..trial };
    let recorded =
        Simulation::new(network).run(&trial, &mut Probe::none()).map_err(Failure::run)?;
    let seconds = RECORDING_MS / 1000.0;
    let trains = spikes::SpikeTrains::from_events(&recorded.times, &recorded.ids, recorded.units)
        .map_err(Failure::run)?;
    let rates: Vec<f64> = trains.iter().map(|train| train.len() as f64 / seconds).collect();
    let irregular = irregularity(&trains, MINIMUM_SPIKES);
    let cvs = irregular.neurons.iter().filter_map(|neuron| neuron.cv).collect();
    Ok(Activity {
        regime: regime.to_string(),
        excitatory: network.excitatory_neurons(),
        spikes: recorded,
        rates,
        cvs,
        cv: irregular.cv,
    })
}
