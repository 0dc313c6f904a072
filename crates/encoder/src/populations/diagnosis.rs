//! Is a network of populations balanced? The diagnosis of each of its populations.
//!
//! For some neurons of each population the input is computed once more from the recorded spikes of
//! all that project to them: so the simulation is not slower for it, and the input can be told apart
//! by the population that it comes from. Background spikes are not recorded; they count with their
//! mean, as the constant current does. A conductance counts as the current that it carries half way
//! between reset and threshold.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::connect::Watch;
use super::error::PopulationsError;
use super::recording::Recording;
use super::settings::{Model, Population, Sign};
use super::simulate::Simulation;
use crate::balance::{Activity, BalanceError, Diagnosis, DiagnosisConfig, InputTrace, judge};
use equipoise_metrics::statistics::pearson;

/// What is found of one population.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PopulationDiagnosis {
    /// Its name.
    pub name: String,
    /// Its rate, irregularity, synchrony, and its verdict; neurons are numbered within it.
    pub diagnosis: Diagnosis,
    /// Mean input from each population, as R I in mV, negative from inhibitory ones: the mean over
    /// the neurons that were looked at.
    pub input_from_mv: Vec<f64>,
    /// Mean input from the background and the constant current, mV.
    pub input_from_outside_mv: f64,
}

/// What is found of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkDiagnosis {
    /// Of each population of neurons, in their order; spike sources are left out.
    pub populations: Vec<PopulationDiagnosis>,
    /// Correlation over time of the rates of any two populations, sources included, in windows of
    /// `count_ms`; none where one does not vary.
    pub rate_correlations: Vec<Vec<Option<f64>>>,
}

/// What one spike through a synapse brings: R times its charge, mV ms, for a weight of 1.
fn charge(population: &Population, sign: Sign) -> f64 {
    let neuron = &population.neuron;
    let membrane = neuron.membrane.mean();
    let (tau, reversal) = match sign {
        Sign::Excitatory => (neuron.tau_excitatory, neuron.reversal_excitatory),
        Sign::Inhibitory => (neuron.tau_inhibitory, neuron.reversal_inhibitory),
    };
    match neuron.model {
        Model::Delta => membrane,
        Model::Exponential => membrane / neuron.capacitance * tau,
        Model::Conductance => {
            let middle = 0.5 * (neuron.threshold.mean() + neuron.reset.mean());
            membrane / neuron.capacitance * tau * (reversal - middle).abs()
        }
    }
}

/// The time over which a spike's charge comes, ms; 0 for at once.
fn spread(population: &Population, sign: Sign) -> f64 {
    match (population.neuron.model, sign) {
        (Model::Delta, _) => 0.0,
        (_, Sign::Excitatory) => population.neuron.tau_excitatory,
        (_, Sign::Inhibitory) => population.neuron.tau_inhibitory,
    }
}

/// Input of one neuron: samples of excitation and of inhibition, and means by source.
struct Input {
    samples: [Vec<f32>; 2],
    by_source: Vec<f64>,
}

/// Spreads a spike at `time` (in samples) over the samples after it.
fn spread_over(samples: &mut [f64], time: f64, charge: f64, tau: f64) {
    if time < 0.0 {
        return;
    }
    let first = time.floor() as usize;
    if tau <= 0.0 {
        if let Some(sample) = samples.get_mut(first) {
            *sample += charge;
        }
        return;
    }
    let mut left = 1.0;
    for (k, sample) in samples.iter_mut().enumerate().skip(first) {
        let after = libm::exp(-((k + 1) as f64 - time) / tau);
        *sample += charge * (left - after);
        left = after;
        if left < 1e-4 {
            break;
        }
    }
}

/// Judges every population of a network that has just been recorded: the recording must hold the
/// spikes of all populations. The synapses are those of the simulation now.
///
/// # Errors
/// If spikes are missing, the recording is too short, or a setting makes no sense.
pub fn diagnose(
    simulation: &Simulation<'_>,
    recording: &Recording,
    config: &DiagnosisConfig,
) -> Result<NetworkDiagnosis, PopulationsError> {
    diagnose_watched(simulation, recording, config, &|| ControlFlow::Continue(()))
}

/// [`diagnose`], which `watch` may stop.
///
/// # Errors
/// As [`diagnose`], and [`PopulationsError::Stopped`] if `watch` says so.
pub fn diagnose_watched(
    simulation: &Simulation<'_>,
    recording: &Recording,
    config: &DiagnosisConfig,
    watch: Watch<'_>,
) -> Result<NetworkDiagnosis, PopulationsError> {
    let go_on = || match watch() {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(PopulationsError::Stopped),
    };
    let request = |error: BalanceError| PopulationsError::Request(error.to_string());
    config.validate().map_err(request)?;
    if !recording.is_of_all() {
        let reason = "a diagnosis needs the recorded spikes of all populations";
        return Err(PopulationsError::Request(reason.into()));
    }
    let network = simulation.network();
    let settings = network.settings();
    let firsts = settings.firsts();
    let spikes = &recording.spikes;
    let duration = spikes.duration_ms;
    let count = (duration / config.sample_ms).floor() as usize;
    // The spikes of each neuron.
    let mut ends = vec![0usize; settings.neurons() + 1];
    for &id in &spikes.ids {
        ends[id as usize + 1] += 1;
    }
    for at in 1..ends.len() {
        ends[at] += ends[at - 1];
    }
    let mut next = ends.clone();
    let mut times = vec![0.0f32; spikes.ids.len()];
    for (&id, &time) in spikes.ids.iter().zip(&spikes.times) {
        times[next[id as usize]] = time;
        next[id as usize] += 1;
    }
    let probed: Vec<Vec<usize>> = (0..settings.populations.len())
        .map(|a| {
            let (first, size) = (firsts[a], settings.populations[a].size);
            let wanted = config.probed_neurons.min(size);
            let sources = settings.populations[a].source.is_some();
            let neurons = (0..wanted).map(|k| first + k * size / wanted);
            if sources { Vec::new() } else { neurons.collect() }
        })
        .collect();
    let all: Vec<usize> = probed.iter().flatten().copied().collect();
    let mut onto = simulation.synapses_onto_each(&all).into_iter();
    let mut populations = Vec::new();
    for (a, neurons) in probed.iter().enumerate().filter(|(_, neurons)| !neurons.is_empty()) {
        let population = &settings.populations[a];
        let per = [Sign::Excitatory, Sign::Inhibitory]
            .map(|sign| (charge(population, sign), spread(population, sign) / config.sample_ms));
        let mut outside = [0.0; 2];
        let direct = population.neuron.membrane.mean() / population.neuron.capacitance
            * population.current.mean();
        outside[usize::from(direct < 0.0)] += direct;
        for drive in &population.background {
            let sign = usize::from(drive.weight < 0.0);
            outside[sign] += drive.rate / 1000.0 * drive.weight * per[sign].0;
        }
        let inputs: Vec<Input> = neurons
            .iter()
            .map(|_| {
                go_on()?;
                let mut samples = [vec![0.0f64; count], vec![0.0f64; count]];
                let mut by_source = vec![0.0; settings.populations.len()];
                for synapse in onto.next().unwrap_or_default() {
                    let source = synapse.source as usize;
                    let from = network.population_of(source).unwrap_or(0);
                    let sign = settings.populations[from].sign as usize;
                    let (charge, tau) = per[sign];
                    let charge = charge * synapse.weight;
                    for &time in &times[ends[source]..ends[source + 1]] {
                        let at = (f64::from(time) + synapse.delay_ms) / config.sample_ms;
                        spread_over(&mut samples[sign], at, charge / config.sample_ms, tau);
                        by_source[from] += charge / duration;
                    }
                }
                let samples = [0, 1].map(|sign| {
                    samples[sign].iter().map(|&x| (x + outside[sign]) as f32).collect()
                });
                Ok(Input { samples, by_source })
            })
            .collect::<Result<_, PopulationsError>>()?;
        go_on()?;
        let own = recording.of_population(network, a);
        let excitatory = population.sign == Sign::Excitatory;
        let activity = Activity {
            neurons: population.size,
            excitatory_neurons: if excitatory { population.size } else { 0 },
            duration_ms: duration,
            threshold_mv: population.neuron.threshold.mean() - population.neuron.rest,
            refractory_ms: population.neuron.refractory.mean(),
            times_ms: &own.times,
            ids: &own.ids,
            sample_ms: config.sample_ms,
            inputs: neurons
                .iter()
                .zip(&inputs)
                .map(|(&neuron, input)| InputTrace {
                    neuron: neuron - firsts[a],
                    excitation: &input.samples[0],
                    inhibition: &input.samples[1],
                })
                .collect(),
        };
        let input_from_mv = (0..settings.populations.len())
            .map(|b| {
                inputs.iter().map(|input| input.by_source[b]).sum::<f64>() / inputs.len() as f64
            })
            .collect();
        populations.push(PopulationDiagnosis {
            name: population.name.clone(),
            diagnosis: judge(&activity, config).map_err(request)?,
            input_from_mv,
            input_from_outside_mv: outside[0] + outside[1],
        });
    }
    let windows = (duration / config.count_ms).floor() as usize;
    let mut rates = vec![vec![0.0f64; windows]; settings.populations.len()];
    for (&id, &time) in spikes.ids.iter().zip(&spikes.times) {
        let a = firsts.partition_point(|&first| first <= id as usize) - 1;
        // A spike at the end of a window belongs to it: times are the ends of steps.
        let window = (f64::from(time) / config.count_ms - 1e-9).max(0.0) as usize;
        if let Some(rate) = rates[a].get_mut(window) {
            *rate += 1.0;
        }
    }
    let correlation = |a: &[f64], b: &[f64]| pearson(a, b, 0.95).ok().map(|found| found.r);
    Ok(NetworkDiagnosis {
        populations,
        rate_correlations: rates
            .iter()
            .map(|a| rates.iter().map(|b| correlation(a, b)).collect())
            .collect(),
    })
}
