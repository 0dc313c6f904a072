//! Diagnosing one network: its inputs, its irregularity, its synchrony, and the verdict.

use equipoise_metrics::spikes::{
    CountCorrelations, Irregularity, Synchrony, count_correlations, fano_factors, irregularity,
    synchrony_index,
};
use equipoise_metrics::statistics::pearson;
use equipoise_metrics::summary::Summary;
use serde::{Deserialize, Serialize};

use super::BalanceError;
use super::verdict::{Criteria, Evidence, Verdict};
use crate::network::{Network, NetworkConfig, Probe, Simulation, Trial};
use equipoise_data::spikes::SpikeTrains;

/// What a diagnosis looks at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DiagnosisConfig {
    /// Neurons whose inputs are recorded, spread evenly over the network.
    pub probed_neurons: usize,
    /// Time between samples of the inputs, ms.
    pub sample_ms: f64,
    /// Windows over which excitation and inhibition are correlated, ms.
    pub correlation_ms: f64,
    /// Windows of the counts for Fano factors, count correlations and the synchrony index, ms.
    pub count_ms: f64,
    /// Spikes that a neuron needs for a CV.
    pub minimum_spikes: usize,
    /// What counts as balanced.
    pub criteria: Criteria,
}

impl Default for DiagnosisConfig {
    fn default() -> Self {
        Self {
            probed_neurons: 100,
            sample_ms: 1.0,
            correlation_ms: 5.0,
            count_ms: 20.0,
            minimum_spikes: 5,
            criteria: Criteria::default(),
        }
    }
}

impl DiagnosisConfig {
    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// The first setting that is out of its range, and why.
    pub fn validate(&self) -> Result<(), BalanceError> {
        for (name, value) in [
            ("sample_ms", self.sample_ms),
            ("correlation_ms", self.correlation_ms),
            ("count_ms", self.count_ms),
        ] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(BalanceError(format!("`{name}`: {value} ms is not a positive time")));
            }
        }
        if self.probed_neurons == 0 {
            return Err(BalanceError("`probed_neurons`: at least one neuron is needed".into()));
        }
        self.criteria.validate()
    }
}

/// The input of one neuron over a recording, as R I in mV.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NeuronInput {
    /// Which neuron.
    pub neuron: usize,
    /// Mean excitatory input, background and image included.
    pub excitation: f64,
    /// Mean inhibitory input, negative.
    pub inhibition: f64,
    /// Mean of both together.
    pub net: f64,
    /// Standard deviation over time of the net input in windows of `correlation_ms`.
    pub net_sd: f64,
    /// Correlation over time of excitation and the size of inhibition in windows of
    /// `correlation_ms`; none where one of them does not vary.
    pub correlation: Option<f64>,
}

/// What a simulation says about the balance of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Mean rate of all neurons, Hz.
    pub rate_hz: f64,
    /// Mean rate of the excitatory neurons, Hz.
    pub excitatory_rate_hz: f64,
    /// Mean rate of the inhibitory neurons, Hz.
    pub inhibitory_rate_hz: f64,
    /// Mean-field rate (Siegert), Hz, for comparison.
    pub mean_field_rate_hz: f64,
    /// Inputs of the probed neurons.
    pub inputs: Vec<NeuronInput>,
    /// Mean excitatory input over the probed neurons, mV.
    pub excitation: f64,
    /// Mean inhibitory input over the probed neurons, mV.
    pub inhibition: f64,
    /// Mean net input over the probed neurons, mV.
    pub net: f64,
    /// Size of the mean inhibition over the mean excitation.
    pub inhibition_over_excitation: f64,
    /// Mean net input over the mean excitation.
    pub net_over_excitation: f64,
    /// Mean over the probed neurons of the correlation of excitation and inhibition.
    pub input_correlation: Option<f64>,
    /// CV and local variation of the inter-spike intervals.
    pub irregularity: Irregularity,
    /// Fano factor of each neuron's counts over windows of `count_ms` (none for silent neurons).
    pub fano_factors: Vec<Option<f64>>,
    /// Their distribution.
    pub fano: Summary,
    /// Synchrony index of the counts; none where nothing varies.
    pub synchrony: Option<Synchrony>,
    /// Pairwise correlations of the counts.
    pub count_correlations: CountCorrelations,
    /// Balanced or not, and why.
    pub verdict: Verdict,
}

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
    let spikes = Simulation::new(network)
        .run(trial, &mut probe)
        .map_err(|error| BalanceError(error.to_string()))?;
    let diagnosis = judge(settings, &spikes, &probe, config)?;
    Ok(Recording { diagnosis, spikes, probe })
}

/// Diagnoses a recording that has been made already.
///
/// # Errors
/// As [`diagnose`].
pub fn judge(
    settings: &NetworkConfig,
    spikes: &SpikeTrains,
    probe: &Probe,
    config: &DiagnosisConfig,
) -> Result<Diagnosis, BalanceError> {
    let inputs = neuron_inputs(probe, config.correlation_ms)?;
    let n = inputs.len() as f64;
    let mean = |value: fn(&NeuronInput) -> f64| inputs.iter().map(value).sum::<f64>() / n;
    let (excitation, inhibition) = (mean(|i| i.excitation), mean(|i| i.inhibition));
    let net = excitation + inhibition;
    let over_excitation = |x: f64| if excitation > 0.0 { x / excitation } else { 0.0 };
    let correlations: Vec<f64> = inputs.iter().filter_map(|i| i.correlation).collect();
    let input_correlation = (!correlations.is_empty())
        .then(|| correlations.iter().sum::<f64>() / correlations.len() as f64);

    let metric = |error: equipoise_metrics::spikes::SpikeError| BalanceError(error.to_string());
    let trains = equipoise_metrics::spikes::UnitTrains::from_events(
        &spikes.times,
        &spikes.ids,
        spikes.units,
    )
    .map_err(metric)?;
    let irregularity = irregularity(&trains, config.minimum_spikes.max(3));
    let bins = (spikes.duration_ms / config.count_ms).floor() as usize;
    if bins < 2 {
        return Err(BalanceError(format!(
            "a recording of {} ms has fewer than two windows of {} ms; record longer",
            spikes.duration_ms, config.count_ms
        )));
    }
    let counts = trains.counts(0.0, bins as f64 * config.count_ms, bins).map_err(metric)?;
    let fano_factors = fano_factors(&counts, bins).map_err(metric)?;
    let fano = Summary::of(&fano_factors.iter().flatten().copied().collect::<Vec<f64>>());
    let synchrony = synchrony_index(&counts, bins).map_err(metric)?;
    let count_correlations = count_correlations(&counts, bins).map_err(metric)?;

    let excitatory = settings.excitatory_neurons();
    let rate_of = |range: std::ops::Range<usize>| {
        let neurons = range.len() as f64;
        let spiked: usize = range.map(|unit| trains.train(unit).len()).sum();
        if neurons > 0.0 { spiked as f64 / neurons / spikes.duration_ms * 1000.0 } else { 0.0 }
    };
    let rate_hz = spikes.mean_rate_hz();
    let evidence = Evidence {
        rate_hz,
        refractory_ms: settings.refractory.mean(),
        threshold_mv: settings.threshold.mean(),
        excitation_mv: excitation,
        inhibition_mv: inhibition,
        cv: irregularity.cv.mean,
        synchrony: synchrony.map(|s| s.chi),
    };
    Ok(Diagnosis {
        rate_hz,
        excitatory_rate_hz: rate_of(0..excitatory),
        inhibitory_rate_hz: rate_of(excitatory..spikes.units),
        mean_field_rate_hz: crate::network::theory::mean_field_rate(settings),
        excitation,
        inhibition,
        net,
        inhibition_over_excitation: over_excitation(-inhibition),
        net_over_excitation: over_excitation(net),
        input_correlation,
        inputs,
        irregularity,
        fano_factors,
        fano,
        synchrony,
        count_correlations,
        verdict: config.criteria.judge(&evidence),
    })
}

fn neuron_inputs(probe: &Probe, window_ms: f64) -> Result<Vec<NeuronInput>, BalanceError> {
    let window = (window_ms / probe.sample_ms()).round().max(1.0) as usize;
    let windows = |samples: &[f32]| -> Vec<f64> {
        let mean = |w: &[f32]| w.iter().map(|&x| f64::from(x)).sum::<f64>() / w.len() as f64;
        samples.chunks_exact(window).map(mean).collect()
    };
    probe
        .neurons()
        .iter()
        .enumerate()
        .map(|(k, &neuron)| {
            let excitatory = windows(probe.excitatory(k));
            let inhibitory: Vec<f64> =
                windows(probe.inhibitory(k)).into_iter().map(|i| -i).collect();
            if excitatory.len() < 2 {
                return Err(BalanceError(format!(
                    "a recording of fewer than two windows of {window_ms} ms; record longer"
                )));
            }
            let n = excitatory.len() as f64;
            let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
            let (excitation, inhibition) = (mean(&excitatory), -mean(&inhibitory));
            let net = excitation + inhibition;
            let square = |(e, i): (&f64, &f64)| (e - i - net).powi(2);
            let variance = excitatory.iter().zip(&inhibitory).map(square).sum::<f64>() / n;
            let correlation = pearson(&excitatory, &inhibitory, 0.95).ok().map(|c| c.r);
            Ok(NeuronInput {
                neuron,
                excitation,
                inhibition,
                net,
                net_sd: variance.sqrt(),
                correlation,
            })
        })
        .collect()
}
