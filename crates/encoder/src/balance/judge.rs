//! Judging a recording, wherever it comes from.

use equipoise_metrics::spikes::{
    CountCorrelations, Irregularity, SpikeError, Synchrony, UnitTrains, count_correlations,
    fano_factors, irregularity, synchrony_index,
};
use equipoise_metrics::statistics::pearson;
use equipoise_metrics::summary::Summary;
use serde::{Deserialize, Serialize};

use super::error::BalanceError;
use super::settings::DiagnosisConfig;
use super::verdict::{Evidence, Verdict};
use crate::network::{Network, Probe};
use equipoise_data::spikes::SpikeTrains;

/// What was recorded of a network: of one of this crate, of another simulator, or of a tissue.
///
/// Potentials are counted from rest. An input is R I, what the current would bring the membrane
/// to in the end: for jumps of the potential by J mV it is the sum of them over a sample times the
/// membrane time constant over the sample's length.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity<'a> {
    /// Neurons of the network.
    pub neurons: usize,
    /// Of these, neurons 0.. this are excitatory.
    pub excitatory_neurons: usize,
    /// Length of the recording, ms.
    pub duration_ms: f64,
    /// Mean threshold, mV above rest.
    pub threshold_mv: f64,
    /// Mean absolute refractory time, ms.
    pub refractory_ms: f64,
    /// Time of each spike, ms from the start of the recording, in any order.
    pub times_ms: &'a [f32],
    /// The neuron of each spike.
    pub ids: &'a [u32],
    /// Time between samples of the inputs, ms.
    pub sample_ms: f64,
    /// The inputs of some of the neurons; a hundred say enough.
    pub inputs: Vec<InputTrace<'a>>,
}

/// The inputs of one neuron over a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InputTrace<'a> {
    /// Which neuron.
    pub neuron: usize,
    /// Excitatory input R I in each sample, mV.
    pub excitation: &'a [f32],
    /// Inhibitory input R I in each sample, mV (negative).
    pub inhibition: &'a [f32],
}

impl<'a> Activity<'a> {
    /// What a simulation of a network gave.
    pub fn of(network: &Network, spikes: &'a SpikeTrains, probe: &'a Probe) -> Self {
        let settings = network.config();
        let trace = |(k, &neuron): (usize, &usize)| InputTrace {
            neuron,
            excitation: probe.excitatory(k),
            inhibition: probe.inhibitory(k),
        };
        Self {
            neurons: spikes.units,
            excitatory_neurons: settings.excitatory_neurons(),
            duration_ms: spikes.duration_ms,
            threshold_mv: settings.threshold.mean(),
            refractory_ms: settings.refractory.mean(),
            times_ms: &spikes.times,
            ids: &spikes.ids,
            sample_ms: probe.sample_ms(),
            inputs: probe.neurons().iter().enumerate().map(trace).collect(),
        }
    }

    /// Refuses a recording that contradicts itself.
    pub(super) fn check(&self) -> Result<(), BalanceError> {
        let wrong = |reason: String| Err(BalanceError::Recording(reason));
        for (name, value) in [
            ("duration", self.duration_ms),
            ("threshold", self.threshold_mv),
            ("time between samples", self.sample_ms),
        ] {
            if !(value > 0.0 && value.is_finite()) {
                return wrong(format!("a {name} of {value}; a positive number is needed"));
            }
        }
        if !(self.refractory_ms >= 0.0 && self.refractory_ms.is_finite()) {
            return wrong(format!("a refractory time of {} ms", self.refractory_ms));
        }
        if self.neurons == 0 || self.excitatory_neurons > self.neurons {
            return wrong(format!(
                "{} excitatory neurons of {} neurons",
                self.excitatory_neurons, self.neurons
            ));
        }
        let inside = |t: f32| t >= 0.0 && f64::from(t) <= self.duration_ms;
        if let Some(spike) = self.times_ms.iter().position(|&t| !inside(t)) {
            return wrong(format!(
                "spike {spike} is at {} ms of a recording of {} ms",
                self.times_ms[spike], self.duration_ms
            ));
        }
        if self.inputs.is_empty() {
            return wrong("no neuron's inputs were recorded; one is needed at least".to_owned());
        }
        for input in &self.inputs {
            let (neuron, samples) = (input.neuron, input.excitation.len());
            if input.inhibition.len() != samples {
                return wrong(format!(
                    "neuron {neuron} has {samples} samples of excitation and {} of inhibition",
                    input.inhibition.len()
                ));
            }
            if input.excitation.iter().chain(input.inhibition).any(|x| !x.is_finite()) {
                return wrong(format!("an input of neuron {neuron} is not a number"));
            }
        }
        Ok(())
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
    /// Mean-field rate (Siegert), Hz, for comparison; none where the network's settings are not
    /// known.
    pub mean_field_rate_hz: Option<f64>,
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

/// What a verdict rests on, and the verdict: a [`Diagnosis`] without the measures that only describe
/// and take most of its time.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// Mean rate of all neurons, Hz.
    pub rate_hz: f64,
    /// Mean rate of the excitatory neurons, Hz.
    pub excitatory_rate_hz: f64,
    /// Mean rate of the inhibitory neurons, Hz.
    pub inhibitory_rate_hz: f64,
    /// Inputs of the probed neurons.
    pub inputs: Vec<NeuronInput>,
    /// Mean excitatory input over the probed neurons, mV.
    pub excitation: f64,
    /// Mean inhibitory input over the probed neurons, mV.
    pub inhibition: f64,
    /// Mean over the probed neurons of the correlation of excitation and inhibition.
    pub input_correlation: Option<f64>,
    /// CV and local variation of the inter-spike intervals.
    pub irregularity: Irregularity,
    /// Synchrony index of the counts; none where nothing varies.
    pub synchrony: Option<Synchrony>,
    /// Balanced or not, and why.
    pub verdict: Verdict,
}

/// Spike counts of every neuron, neuron-major.
struct WindowCounts {
    counts: Vec<u32>,
    windows: usize,
}

fn metric(error: SpikeError) -> BalanceError {
    BalanceError::Recording(error.to_string())
}

/// Says of a recording whether the network is balanced, and why: the inputs of the recorded
/// neurons, the irregularity and synchrony of all, and the verdict of `config.criteria`. Of
/// `config`, what concerns a simulation (`probed_neurons`, `sample_ms`) has no meaning here.
///
/// # Errors
/// [`BalanceError::Recording`] if the recording contradicts itself or is shorter than two windows,
/// [`BalanceError::Setting`] if a setting makes no sense.
pub fn judge(activity: &Activity<'_>, config: &DiagnosisConfig) -> Result<Diagnosis, BalanceError> {
    let (findings, WindowCounts { counts, windows }) = measure(activity, config)?;
    let fano_factors = fano_factors(&counts, windows).map_err(metric)?;
    let fano = Summary::of(&fano_factors.iter().flatten().copied().collect::<Vec<f64>>());
    let count_correlations = count_correlations(&counts, windows).map_err(metric)?;
    let Findings { excitation, inhibition, .. } = findings;
    let net = excitation + inhibition;
    let over_excitation = |x: f64| if excitation > 0.0 { x / excitation } else { 0.0 };
    Ok(Diagnosis {
        rate_hz: findings.rate_hz,
        excitatory_rate_hz: findings.excitatory_rate_hz,
        inhibitory_rate_hz: findings.inhibitory_rate_hz,
        mean_field_rate_hz: None,
        inputs: findings.inputs,
        excitation,
        inhibition,
        net,
        inhibition_over_excitation: over_excitation(-inhibition),
        net_over_excitation: over_excitation(net),
        input_correlation: findings.input_correlation,
        irregularity: findings.irregularity,
        fano_factors,
        fano,
        synchrony: findings.synchrony,
        count_correlations,
        verdict: findings.verdict,
    })
}

/// The verdict of [`judge`] and what it rests on, in a fraction of its time.
///
/// # Errors
/// As [`judge`].
pub fn judge_briefly(
    activity: &Activity<'_>,
    config: &DiagnosisConfig,
) -> Result<Findings, BalanceError> {
    Ok(measure(activity, config)?.0)
}

fn measure(
    activity: &Activity<'_>,
    config: &DiagnosisConfig,
) -> Result<(Findings, WindowCounts), BalanceError> {
    config.validate()?;
    activity.check()?;
    let duration = activity.duration_ms;
    let inputs = neuron_inputs(activity, config.correlation_ms)?;
    let n = inputs.len() as f64;
    let mean = |value: fn(&NeuronInput) -> f64| inputs.iter().map(value).sum::<f64>() / n;
    let (excitation, inhibition) = (mean(|i| i.excitation), mean(|i| i.inhibition));
    let correlations: Vec<f64> = inputs.iter().filter_map(|i| i.correlation).collect();
    let input_correlation = (!correlations.is_empty())
        .then(|| correlations.iter().sum::<f64>() / correlations.len() as f64);

    let trains = UnitTrains::from_events(activity.times_ms, activity.ids, activity.neurons)
        .map_err(metric)?;
    let irregularity = irregularity(&trains, config.minimum_spikes.max(3));
    let windows = (duration / config.count_ms).floor() as usize;
    if windows < 2 {
        return Err(BalanceError::Recording(format!(
            "a recording of {duration} ms has fewer than two windows of {} ms; record longer",
            config.count_ms
        )));
    }
    let counts = trains.counts(0.0, windows as f64 * config.count_ms, windows).map_err(metric)?;
    let synchrony = synchrony_index(&counts, windows).map_err(metric)?;

    let excitatory = activity.excitatory_neurons;
    let rate_of = |range: std::ops::Range<usize>| {
        let neurons = range.len() as f64;
        let spiked: usize = range.map(|unit| trains.train(unit).len()).sum();
        if neurons > 0.0 { spiked as f64 / neurons / duration * 1000.0 } else { 0.0 }
    };
    let spikes = activity.times_ms.len() as f64;
    let rate_hz = spikes / (activity.neurons as f64 * duration / 1000.0);
    let evidence = Evidence {
        rate_hz,
        refractory_ms: activity.refractory_ms,
        threshold_mv: activity.threshold_mv,
        excitation_mv: excitation,
        inhibition_mv: inhibition,
        cv: irregularity.cv.mean,
        synchrony: synchrony.map(|s| s.chi),
    };
    let findings = Findings {
        rate_hz,
        excitatory_rate_hz: rate_of(0..excitatory),
        inhibitory_rate_hz: rate_of(excitatory..activity.neurons),
        inputs,
        excitation,
        inhibition,
        input_correlation,
        irregularity,
        synchrony,
        verdict: config.criteria.judge(&evidence),
    };
    Ok((findings, WindowCounts { counts, windows }))
}

fn neuron_inputs(
    activity: &Activity<'_>,
    window_ms: f64,
) -> Result<Vec<NeuronInput>, BalanceError> {
    let window = (window_ms / activity.sample_ms).round().max(1.0) as usize;
    let windows = |samples: &[f32]| -> Vec<f64> {
        let mean = |w: &[f32]| w.iter().map(|&x| f64::from(x)).sum::<f64>() / w.len() as f64;
        samples.chunks_exact(window).map(mean).collect()
    };
    let input = |trace: &InputTrace<'_>| {
        let excitatory = windows(trace.excitation);
        let inhibitory: Vec<f64> = windows(trace.inhibition).into_iter().map(|i| -i).collect();
        if excitatory.len() < 2 {
            return Err(BalanceError::Recording(format!(
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
            neuron: trace.neuron,
            excitation,
            inhibition,
            net,
            net_sd: variance.sqrt(),
            correlation,
        })
    };
    activity.inputs.iter().map(input).collect()
}
