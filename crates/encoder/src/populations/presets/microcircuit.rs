//! The cortical microcircuit of Potjans & Diesmann 2014 (Cereb. Cortex 24:785).

use serde::{Deserialize, Serialize};

use super::super::settings::{
    Background, Neuron, Population, Projection, Rule, Settings, Sign, total_number,
};
use super::current_of_potential;
use crate::network::{Distribution, Parameter};

/// The populations of the microcircuit: an excitatory and an inhibitory one in each layer.
pub const MICROCIRCUIT_POPULATIONS: [&str; 8] =
    ["L2/3E", "L2/3I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"];

/// Their neurons at full scale.
pub const MICROCIRCUIT_NEURONS: [usize; 8] = [20_683, 5834, 21_915, 5479, 4850, 1065, 14_395, 2948];

/// Their rates at full scale in NEST, Hz.
pub const MICROCIRCUIT_RATES_HZ: [f64; 8] =
    [0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829];

/// External synapses of a neuron.
const EXTERNAL: [f64; 8] = [1600.0, 1500.0, 2100.0, 1900.0, 2000.0, 1900.0, 2900.0, 2100.0];

/// Mean and standard deviation of the potential at the start, mV, near which the network stays.
const INITIAL: [(f64, f64); 8] = [
    (-68.28, 5.36),
    (-63.16, 4.57),
    (-63.33, 4.74),
    (-63.45, 4.94),
    (-63.11, 4.94),
    (-61.66, 4.55),
    (-66.72, 5.46),
    (-61.43, 4.48),
];

/// Connection probabilities; rows are targets, columns sources.
const PROBABILITY: [[f64; 8]; 8] = [
    [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0],
    [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0],
    [0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0.0],
    [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0],
    [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0],
    [0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0.0],
    [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
    [0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443],
];

/// Height of an excitatory postsynaptic potential, mV.
const PSP: f64 = 0.15;
/// Inhibition in units of excitation.
const G: f64 = 4.0;
/// Rate of an external synapse, Hz.
const EXTERNAL_RATE: f64 = 8.0;

/// The input of the microcircuit from outside.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MicrocircuitInput {
    /// Poisson spikes of 8 Hz through each external synapse.
    #[default]
    Poisson,
    /// The constant current of the same mean.
    Dc,
}

/// The microcircuit with this share of its neurons and this share of the synapses of each.
///
/// Below full scale the mean and the variance of a neuron's input are those of the full network:
/// weights grow by 1 / sqrt(share of the synapses), and a constant current replaces the mean that
/// is lost, at the rates of the full network (van Albada, Helias & Diesmann 2015, PLoS Comput.
/// Biol. 11:e1004490). Correlations are larger than at full scale.
pub fn microcircuit(neurons: f64, synapses: f64, input: MicrocircuitInput) -> Settings {
    let neuron = Neuron::default();
    let weight = PSP * current_of_potential(&neuron, Sign::Excitatory);
    let tau_seconds = neuron.tau_excitatory / 1000.0;
    let growth = 1.0 / synapses.sqrt();
    let inhibitory = |source: usize| source % 2 == 1;
    let full_weight = |target: usize, source: usize| match (target, source) {
        (0, 2) => 2.0 * weight,
        (_, source) if inhibitory(source) => -G * weight,
        _ => weight,
    };
    let number = |target: usize, source: usize| {
        let (a, b) = (MICROCIRCUIT_NEURONS[source] as f64, MICROCIRCUIT_NEURONS[target] as f64);
        total_number(PROBABILITY[target][source], a, b)
    };
    let mut settings = Settings { warm_up: 500.0, duration: 1000.0, ..Settings::default() };
    for target in 0..8 {
        // Of 1 s of input, pA s.
        let recurrent: f64 = (0..8)
            .map(|source| {
                let in_degree = number(target, source) / MICROCIRCUIT_NEURONS[target] as f64;
                full_weight(target, source) * in_degree * MICROCIRCUIT_RATES_HZ[source]
            })
            .sum();
        let external = weight * EXTERNAL[target] * EXTERNAL_RATE;
        let lost = (1.0 - synapses.sqrt()) * tau_seconds;
        let (current, background) = match input {
            MicrocircuitInput::Dc => (tau_seconds * external + lost * recurrent, Vec::new()),
            MicrocircuitInput::Poisson => {
                let synapses = (EXTERNAL[target] * synapses).round();
                let drive = Background { rate: EXTERNAL_RATE * synapses, weight: weight * growth };
                (lost * (recurrent + external), vec![drive])
            }
        };
        let (mean, sd) = INITIAL[target];
        let size = (MICROCIRCUIT_NEURONS[target] as f64 * neurons).round().max(1.0) as usize;
        settings.populations.push(Population {
            sign: if inhibitory(target) { Sign::Inhibitory } else { Sign::Excitatory },
            neuron: neuron.clone(),
            initial_potential: Some(Parameter::Drawn(Distribution::Normal { mean, sd })),
            current: current.into(),
            background,
            ..Population::new(MICROCIRCUIT_POPULATIONS[target], size)
        });
    }
    for (target, target_name) in MICROCIRCUIT_POPULATIONS.into_iter().enumerate() {
        for (source, source_name) in MICROCIRCUIT_POPULATIONS.into_iter().enumerate() {
            let number = (number(target, source) * neurons * synapses).round();
            if number == 0.0 {
                continue;
            }
            let mean = full_weight(target, source).abs() * growth;
            let delay = if inhibitory(source) { 0.75 } else { 1.5 };
            settings.projections.push(Projection {
                source: source_name.into(),
                target: target_name.into(),
                connect: Rule::TotalNumber { synapses: Some(number as u64), probability: None },
                weight: Parameter::Drawn(Distribution::Normal { mean, sd: 0.1 * mean }),
                delay: Parameter::Drawn(Distribution::Normal { mean: delay, sd: 0.5 * delay }),
                plasticity: None,
            });
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_network_has_the_published_size() {
        let settings = microcircuit(1.0, 1.0, MicrocircuitInput::Poisson);
        let size = settings.validate().expect("it makes sense");
        assert_eq!(size.neurons, 77_169);
        assert_eq!(size.synapses, 298_880_968.0);
        // 87.8 pA (Potjans & Diesmann 2014, table 5).
        let first = settings.populations[0].background[0];
        assert!((first.weight - 87.8).abs() < 0.02, "{}", first.weight);
        assert_eq!(first.rate, 12_800.0);
        assert_eq!(settings.populations[0].current, Parameter::Constant(0.0));
    }

    #[test]
    fn scaling_keeps_the_mean_and_the_variance_of_the_input() {
        let neuron = Neuron::default();
        for input in [MicrocircuitInput::Poisson, MicrocircuitInput::Dc] {
            let moments = |share: f64| {
                let settings = microcircuit(1.0, share, input);
                let p = &settings.populations[4];
                let mut mean = p.current.mean();
                let mut variance = 0.0;
                for drive in &p.background {
                    mean += drive.rate * drive.weight * neuron.tau_excitatory / 1000.0;
                    variance += drive.rate * drive.weight * drive.weight;
                }
                for projection in settings.projections.iter().filter(|q| q.target == p.name) {
                    let source = settings.population(&projection.source).expect("it exists");
                    let k = settings.synapses(projection) / p.size as f64;
                    let sign = if source % 2 == 1 { -1.0 } else { 1.0 };
                    let weight = projection.weight.mean();
                    let rate = MICROCIRCUIT_RATES_HZ[source];
                    mean += sign * k * rate * weight * neuron.tau_excitatory / 1000.0;
                    variance += k * rate * weight * weight;
                }
                (mean, variance)
            };
            let (full, scaled) = (moments(1.0), moments(0.1));
            assert!(
                (full.0 - scaled.0).abs() < 1e-3 * full.0.abs().max(100.0),
                "{full:?} {scaled:?}"
            );
            assert!((full.1 / scaled.1 - 1.0).abs() < 1e-4, "{full:?} {scaled:?}");
        }
    }
}
