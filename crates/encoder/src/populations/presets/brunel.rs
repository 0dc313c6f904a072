//! The network of Brunel 2000 (J. Comput. Neurosci. 8:183).

use super::super::settings::{Background, Model, Neuron, Population, Projection, Rule, Settings};
use crate::network::{Distribution, Parameter};

/// Brunel's network of `neurons` neurons, four fifths of them excitatory: delta synapses of
/// J_E C_E = 100 mV, inhibition `g` times as strong, in-degrees of a tenth of each population, and a
/// background of `eta` times the rate that alone reaches threshold. The same network as
/// [`NetworkConfig::brunel`](crate::network::NetworkConfig::brunel).
pub fn brunel(neurons: usize, g: f64, eta: f64) -> Settings {
    let excitatory = (0.8 * neurons as f64).round() as usize;
    let sizes = [excitatory, neurons - excitatory];
    let in_degrees = sizes.map(|size| (0.1 * size as f64).round() as usize);
    let weight = 100.0 / in_degrees[0].max(1) as f64;
    let neuron = Neuron {
        model: Model::Delta,
        membrane: 20.0.into(),
        rest: 0.0,
        threshold: 20.0.into(),
        reset: 10.0.into(),
        refractory: 2.0.into(),
        ..Neuron::default()
    };
    let rate = 1000.0 * eta * 20.0 / (weight * 20.0);
    let population = |population: Population| Population {
        neuron: neuron.clone(),
        initial_potential: Some(Parameter::Drawn(Distribution::Uniform { low: 0.0, high: 20.0 })),
        background: vec![Background { rate, weight }],
        ..population
    };
    let mut projections = Vec::new();
    for target in ["E", "I"] {
        for (source, synapses, factor) in [("E", in_degrees[0], 1.0), ("I", in_degrees[1], g)] {
            projections.push(Projection {
                source: source.into(),
                target: target.into(),
                connect: Rule::InDegree { synapses, multapses: false, autapses: false },
                weight: (factor * weight).into(),
                delay: 1.5.into(),
                plasticity: None,
            });
        }
    }
    Settings {
        populations: vec![
            population(Population::new("E", sizes[0])),
            population(Population::inhibitory("I", sizes[1])),
        ],
        projections,
        ..Settings::default()
    }
}
