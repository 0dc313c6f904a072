//! What is found of a network of populations.

use equipoise_encoder::balance::{DiagnosisConfig, Verdict};
use equipoise_encoder::populations::theory::MeanField;
use equipoise_encoder::populations::{NetworkDiagnosis, Recording, Settings as Network, Sign};
use equipoise_metrics::summary::Summary;
use serde::{Deserialize, Serialize};

use super::images::Counted;
use super::picture::Picture;
use crate::context::Artefact;

/// All that is found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PopulationsResults {
    /// The network.
    pub network: Network,
    /// What was simulated.
    pub simulated: Simulated,
    /// Its mean field at the start.
    pub mean_field: MeanField,
    /// Where the mean field is stable; none if it was not asked for.
    pub stability: Option<StabilityMap>,
    /// What was counted while images were shown; none if none were.
    pub counted: Option<Counted>,
    /// How the recordings were judged.
    pub diagnosis: DiagnosisConfig,
}

/// What was simulated: a unit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Simulated {
    /// The synapses of each projection as they were drawn.
    pub projections: Vec<ProjectionState>,
    /// The recordings, in their order.
    pub recordings: Vec<Recorded>,
    /// How plastic synapses learned; empty without any.
    pub course: Vec<Window>,
    /// The spikes that were written to files.
    pub files: Vec<Artefact>,
}

/// The synapses of a projection.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ProjectionState {
    /// How many there are.
    pub synapses: u64,
    /// Mean weight, in the unit of the target's model.
    pub mean_weight: f64,
    /// Standard deviation of the weights.
    pub sd_weight: f64,
    /// What the weights are a multiple of.
    pub resolution: f64,
}

/// A recording, and what it says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Of what: `recording`, or a stage of learning.
    pub name: String,
    /// Length, ms.
    pub duration_ms: f64,
    /// The populations of neurons; spike sources are left out.
    pub populations: Vec<PopulationState>,
    /// Correlation over time of the rates of any two populations, spike sources included; none where
    /// one does not vary.
    pub rate_correlations: Vec<Vec<Option<f64>>>,
    /// What figures show of it.
    pub picture: Picture,
}

/// The state of one population.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PopulationState {
    /// Its name.
    pub name: String,
    /// Its neurons.
    pub neurons: usize,
    /// Whether its neurons inhibit.
    pub inhibitory: bool,
    /// Mean rate, Hz.
    pub rate_hz: f64,
    /// The rates of its neurons, Hz.
    pub rates: Summary,
    /// The CVs of the intervals of its neurons.
    pub cv: Summary,
    /// Their local variations.
    pub local_variation: Summary,
    /// The Fano factors of their counts.
    pub fano: Summary,
    /// Mean correlation of the counts over all pairs.
    pub mean_correlation: Option<f64>,
    /// The correlations of the counts of pairs.
    pub correlations: Summary,
    /// Synchrony index chi.
    pub synchrony: Option<f64>,
    /// Mean excitatory and inhibitory (negative) input R I, mV.
    pub input_mv: [f64; 2],
    /// Correlation over time of excitation and inhibition, mean over neurons.
    pub input_correlation: Option<f64>,
    /// Mean input from each population of the network, mV.
    pub input_from_mv: Vec<f64>,
    /// Mean input from outside, mV.
    pub input_from_outside_mv: f64,
    /// Balanced or not, and why.
    pub verdict: Verdict,
    /// Rates, Hz, of some neurons, evenly spread.
    pub some_rates_hz: Vec<f64>,
    /// CVs of some neurons.
    pub some_cvs: Vec<f64>,
}

/// A window of learning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// The stage of learning: `learning` or `recovery`.
    pub stage: String,
    /// Its end, ms since learning first began, recordings between left out.
    pub end_ms: f64,
    /// Mean rate of each population, Hz.
    pub rates_hz: Vec<f64>,
    /// Mean weight of each plastic projection at its end.
    pub weights: Vec<f64>,
    /// Correlation over time of excitation and inhibition onto the target of each plastic projection.
    pub correlations: Vec<Option<f64>>,
}

/// The mean field over factors of the inhibitory weights (`x`, fastest) and of the drive (`y`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StabilityMap {
    /// Factors of the inhibitory weights.
    pub inhibition: Vec<f64>,
    /// Factors of the drive.
    pub drive: Vec<f64>,
    /// The largest real part of an eigenvalue at each point; none where there is no state.
    pub largest_eigenvalue: Vec<Option<f64>>,
    /// The mean rate of all neurons at each point, Hz.
    pub rate_hz: Vec<f64>,
}

/// Neurons whose numbers are kept for figures.
const SOME: usize = 200;

/// Some of the values, evenly spread.
fn some(values: &[f64]) -> Vec<f64> {
    let count = values.len().min(SOME);
    (0..count).map(|k| values[k * values.len() / count]).collect()
}

/// What a diagnosis says of each population.
pub(super) fn states(
    network: &Network,
    recording: &Recording,
    diagnosis: NetworkDiagnosis,
) -> Vec<PopulationState> {
    let firsts = network.firsts();
    let seconds = recording.spikes.duration_ms / 1000.0;
    let mut counts = vec![0u32; network.neurons()];
    for &id in &recording.spikes.ids {
        counts[id as usize] += 1;
    }
    diagnosis
        .populations
        .into_iter()
        .filter_map(|found| {
            let at = network.population(&found.name)?;
            let rates: Vec<f64> = counts[firsts[at]..firsts[at + 1]]
                .iter()
                .map(|&count| f64::from(count) / seconds)
                .collect();
            let own = found.diagnosis;
            let cvs: Vec<f64> = own.irregularity.neurons.iter().filter_map(|n| n.cv).collect();
            Some(PopulationState {
                name: found.name,
                neurons: rates.len(),
                inhibitory: network.populations[at].sign == Sign::Inhibitory,
                rate_hz: own.rate_hz,
                rates: Summary::of(&rates),
                cv: own.irregularity.cv,
                local_variation: own.irregularity.local_variation,
                fano: own.fano,
                mean_correlation: own.count_correlations.mean,
                correlations: own.count_correlations.pairs,
                synchrony: own.synchrony.map(|synchrony| synchrony.chi),
                input_mv: [own.excitation, own.inhibition],
                input_correlation: own.input_correlation,
                input_from_mv: found.input_from_mv,
                input_from_outside_mv: found.input_from_outside_mv,
                verdict: own.verdict,
                some_rates_hz: some(&rates),
                some_cvs: some(&cvs),
            })
        })
        .collect()
}
