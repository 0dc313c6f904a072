//! The network in which inhibition finds balance by itself (Vogels, Sprekeler et al. 2011, Science
//! 334:1569).

use super::super::settings::{Model, Neuron, Plasticity, Population, Projection, Rule, Settings};
use crate::network::{Distribution, Parameter};

/// Neurons at full scale.
const EXCITATORY: f64 = 8000.0;
const INHIBITORY: f64 = 2000.0;
/// Synapses of a neuron from each of the populations at full scale, over their sizes.
const PROBABILITY: f64 = 0.02;

/// The network of Vogels et al. 2011 with this share of its 10,000 neurons and as many synapses to
/// each, at least as far as there are neurons for it.
///
/// Conductances of 0.3 nS (excitatory) and 3 nS (between inhibitory neurons); the inhibition of
/// excitatory neurons begins at 0.3 nS and is plastic: learning rate 0.1 nS, target 5 Hz, traces of
/// 20 ms, up to 100 nS. The published learning rate is 0.01 nS, which takes ten times as long and
/// ends in the same state.
pub fn vogels(scale: f64) -> Settings {
    let neuron = Neuron {
        model: Model::Conductance,
        capacitance: 200.0,
        membrane: 20.0.into(),
        rest: -60.0,
        threshold: (-50.0).into(),
        reset: (-60.0).into(),
        refractory: 5.0.into(),
        tau_excitatory: 5.0,
        tau_inhibitory: 10.0,
        reversal_inhibitory: -80.0,
        ..Neuron::default()
    };
    let start = Parameter::Drawn(Distribution::Uniform { low: -60.0, high: -50.0 });
    let population = |population: Population| Population {
        neuron: neuron.clone(),
        current: 200.0.into(),
        initial_potential: Some(start),
        ..population
    };
    let size = |full: f64| (full * scale).round().max(1.0) as usize;
    let mut settings = Settings {
        warm_up: 200.0,
        duration: 2000.0,
        populations: vec![
            population(Population::new("E", size(EXCITATORY))),
            population(Population::inhibitory("I", size(INHIBITORY))),
        ],
        ..Settings::default()
    };
    let probability = (PROBABILITY / scale).min(1.0);
    for (source, target, weight) in
        [("E", "E", 0.3), ("E", "I", 0.3), ("I", "I", 3.0), ("I", "E", 0.3)]
    {
        settings.projections.push(Projection {
            source: source.into(),
            target: target.into(),
            connect: Rule::Probability { probability, autapses: false },
            weight: weight.into(),
            delay: 0.1.into(),
            plasticity: (source == "I" && target == "E").then_some(Plasticity::Inhibitory {
                learning_rate: 0.1,
                target_rate: 5.0,
                tau: 20.0,
                most: 100.0,
            }),
        });
    }
    settings
}
