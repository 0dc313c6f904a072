//! The clustered network of Litwin-Kumar & Doiron 2012 (Nat. Neurosci. 15:1498).

use super::super::settings::{Neuron, Population, Projection, Rule, Settings, Sign};
use crate::network::{Distribution, Parameter};

/// mV for 1 of the paper's potential, in which rest is 0 and the threshold 1.
const SCALE: f64 = 15.0;

/// 4000 excitatory neurons in `clusters` clusters, named `E1`, `E2` and so on, and 1000 inhibitory
/// ones, `I`.
///
/// Connections within a cluster are `probability_ratio` times as likely as between clusters (R_EE, 2.5
/// in the paper, where 1 is the network without clusters) and, in a clustered network, 1.9 times as
/// strong, so that clusters switch on and off. The in-degree from excitatory neurons, 800, does not
/// depend on the ratio. Weights, constants and drives are the paper's; the currents rise at once
/// where the paper's rise in 1 ms, and carry the same charge. There is no noise: what is irregular
/// comes from the network.
pub fn clustered(clusters: usize, probability_ratio: f64) -> Settings {
    let clusters = clusters.clamp(1, 4000);
    let (excitatory, inhibitory, in_degree) = (4000, 1000, 800.0f64);
    let neuron = |membrane: f64| Neuron {
        membrane: membrane.into(),
        rest: 0.0,
        threshold: SCALE.into(),
        reset: 0.0.into(),
        refractory: 5.0.into(),
        tau_excitatory: 3.0,
        tau_inhibitory: 2.0,
        ..Neuron::default()
    };
    let capacitance = Neuron::default().capacitance;
    let (tau_e, tau_i) = (15.0, 10.0);
    let root = in_degree.sqrt();
    // Jumps of the potential in units of the threshold.
    let outside = 10.0 / (tau_e * root);
    let within = if probability_ratio > 1.0 { 1.9 * outside } else { outside };
    let (e_to_i, i_to_e, i_to_i) =
        (4.0 / (tau_i * root), 16.0 * 1.2 / (tau_e * root), 16.0 / (tau_i * root));
    // The current that carries the charge of a jump.
    let weight = |jump: f64, tau: f64| Parameter::Constant(jump * SCALE * capacitance / tau);
    // A drive mu is a current that brings the potential there.
    let drive = |low: f64, high: f64, membrane: f64| {
        let current = SCALE * capacitance / membrane;
        Parameter::Drawn(Distribution::Uniform { low: low * current, high: high * current })
    };
    let start = Some(Parameter::Drawn(Distribution::Uniform { low: 0.0, high: SCALE }));
    let mut settings = Settings { warm_up: 500.0, duration: 2000.0, ..Settings::default() };
    let names: Vec<String> = (1..=clusters).map(|k| format!("E{k}")).collect();
    for (k, name) in names.iter().enumerate() {
        settings.populations.push(Population {
            neuron: neuron(tau_e),
            initial_potential: start,
            current: drive(1.1, 1.2, tau_e),
            ..Population::new(name, (k + 1) * excitatory / clusters - k * excitatory / clusters)
        });
    }
    settings.populations.push(Population {
        sign: Sign::Inhibitory,
        neuron: neuron(tau_i),
        initial_potential: start,
        current: drive(1.0, 1.05, tau_i),
        ..Population::new("I", inhibitory)
    });
    let size = excitatory as f64 / clusters as f64;
    let between = in_degree / (size * (probability_ratio - 1.0) + excitatory as f64);
    let mut project = |source: &str, target: &str, probability: f64, weight: Parameter| {
        settings.projections.push(Projection {
            source: source.into(),
            target: target.into(),
            connect: Rule::Probability {
                probability: probability.clamp(0.0, 1.0),
                autapses: false,
            },
            weight,
            delay: 0.1.into(),
            plasticity: None,
        });
    };
    for target in &names {
        for source in &names {
            let (probability, jump) = if source == target {
                (probability_ratio * between, within)
            } else {
                (between, outside)
            };
            project(source, target, probability, weight(jump, 3.0));
        }
        project("I", target, 0.5, weight(i_to_e, 2.0));
        project(target, "I", 0.5, weight(e_to_i, 3.0));
    }
    project("I", "I", 0.5, weight(i_to_i, 2.0));
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_in_degree_does_not_depend_on_the_clusters() {
        for (clusters, ratio) in [(50, 2.5), (50, 1.0), (1, 2.5), (33, 4.0)] {
            let settings = clustered(clusters, ratio);
            settings.validate().expect("it makes sense");
            assert_eq!(settings.neurons(), 5000);
            let target = &settings.populations[0];
            let received: f64 = settings
                .projections
                .iter()
                .filter(|p| p.target == target.name && p.source != "I")
                .map(|p| settings.synapses(p) / target.size as f64)
                .sum();
            // Less the synapse of a neuron onto itself; clusters of unequal sizes differ a little.
            assert!((received - 800.0).abs() < 8.0, "{clusters} {ratio}: {received}");
        }
        let weights = clustered(50, 2.5);
        let excitatory = weights.projections.iter().find(|p| p.source == "E2" && p.target == "E1");
        let jump = excitatory.map(|p| p.weight.mean() * 3.0 / 250.0 / SCALE);
        // 0.024 in the paper.
        assert!(jump.is_some_and(|jump| (jump - 0.024).abs() < 5e-4), "{jump:?}");
    }
}
