//! Diagnosing one network: its inputs, its irregularity, its synchrony, and the verdict.

use super::error::BalanceError;
use super::judge::{Activity, Diagnosis, judge};
use super::settings::DiagnosisConfig;
use crate::network::theory::mean_field_rate;
use crate::network::{Network, Probe, Simulation, Trial};
use equipoise_data::spikes::SpikeTrains;

/// A diagnosis with what it was made from, for figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The numbers.
    pub diagnosis: Diagnosis,
    /// The spikes.
    pub spikes: SpikeTrains,
    /// Potentials and inputs of the probed neurons.
    pub probe: Probe,
}

/// Neurons spread evenly over a network.
pub fn spread(neurons: usize, wanted: usize) -> Vec<usize> {
    let wanted = wanted.min(neurons);
    (0..wanted).map(|k| k * neurons / wanted).collect()
}

/// Runs a trial of the network and diagnoses it.
///
/// # Errors
/// If a setting makes no sense, or the recording is shorter than two windows.
pub fn diagnose(
    network: &Network,
    trial: &Trial<'_>,
    config: &DiagnosisConfig,
) -> Result<Recording, BalanceError> {
    config.validate()?;
    let settings = network.config();
    let interval = settings.steps(config.sample_ms).max(1);
    let mut probe = Probe::of(spread(settings.neurons, config.probed_neurons), interval);
    let spikes = Simulation::new(network).run(trial, &mut probe)?;
    let mut diagnosis = judge(&Activity::of(network, &spikes, &probe), config)?;
    diagnosis.mean_field_rate_hz = Some(mean_field_rate(settings));
    Ok(Recording { diagnosis, spikes, probe })
}
