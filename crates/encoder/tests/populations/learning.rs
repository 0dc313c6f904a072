//! Inhibitory plasticity: neurons and networks that find their rate.

use equipoise_encoder::balance::DiagnosisConfig;
use equipoise_encoder::network::{Distribution, Parameter};
use equipoise_encoder::populations::{
    Background, Model, Network, Neuron, Plasticity, Population, Recording, Rule, Settings,
    Simulation, Source, diagnose,
};

use crate::{constant, go_on};

/// The network in which Vogels et al. 2011 let inhibition learn, with as many synapses to a neuron
/// and a tenth of the neurons.
fn learning_network() -> Settings {
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
    let rule = Rule::Probability { probability: 0.2, autapses: false };
    let mut settings = Settings {
        populations: vec![
            population(Population::new("E", 800)),
            population(Population::inhibitory("I", 200)),
        ],
        ..Settings::default()
    };
    for (source, target, weight) in
        [("E", "E", 0.3), ("E", "I", 0.3), ("I", "I", 3.0), ("I", "E", 0.3)]
    {
        settings.projections.push(constant(source, target, rule, weight, 0.5));
    }
    settings.projections[3].plasticity = Some(Plasticity::Inhibitory {
        learning_rate: 0.3,
        target_rate: 5.0,
        tau: 20.0,
        most: 100.0,
    });
    settings
}

#[test]
fn inhibitory_plasticity_brings_neurons_to_their_rate() {
    // The rule says so where the spikes before and after a synapse are nearly independent: many
    // inhibitory sources onto neurons that do not drive them.
    let mut settings = Settings {
        populations: vec![
            Population {
                neuron: Neuron { tau_inhibitory: 5.0, ..Neuron::default() },
                background: vec![Background { rate: 16_000.0, weight: 87.8 }],
                ..Population::new("E", 200)
            },
            Population { source: Some(Source { rate: 10.0 }), ..Population::inhibitory("I", 800) },
        ],
        ..Settings::default()
    };
    let rule = Rule::Probability { probability: 0.5, autapses: false };
    settings.projections.push(constant("I", "E", rule, 1.25, 1.0));
    settings.projections[0].plasticity = Some(Plasticity::Inhibitory {
        learning_rate: 1.0,
        target_rate: 5.0,
        tau: 20.0,
        most: 1000.0,
    });
    let network = Network::build(&settings, 1, 1).expect("it makes sense");
    let mut simulation = Simulation::new(&network, 1);
    let rate = |simulation: &mut Simulation<'_>, time: f64| {
        let mut recording = Recording::spikes_of(&[0]);
        simulation.advance(time, &mut recording, &mut go_on).expect("it runs");
        recording.rates_hz(&network)[0]
    };
    simulation.set_learning(false);
    let before = rate(&mut simulation, 200.0);
    simulation.set_learning(true);
    let learning = rate(&mut simulation, 6000.0);
    let after = rate(&mut simulation, 4000.0);
    println!("{before:.2} Hz, while learning {learning:.2} Hz, after {after:.2} Hz");
    assert!(before > 40.0, "{before}");
    assert!((after / 5.0 - 1.0).abs() < 0.05, "{after}");
    // A lesion takes half of inhibition away; what is left learns to make up for it.
    let mut lesioned = simulation.clone();
    let rates: Vec<f64> = (0..800).map(|k| if k < 400 { 0.0 } else { 10.0 }).collect();
    lesioned.set_rates(1, &rates).expect("they fit");
    let hurt = rate(&mut lesioned, 200.0);
    lesioned.advance(6000.0, &mut Recording::nothing(), &mut go_on).expect("it runs");
    let healed = rate(&mut lesioned, 4000.0);
    println!("after a lesion {hurt:.2} Hz, then {healed:.2} Hz");
    assert!(hurt > 2.0 * after, "{hurt}");
    assert!((healed / 5.0 - 1.0).abs() < 0.1, "{healed}");
}

#[test]
fn a_network_finds_its_own_balance() {
    let network = Network::build(&learning_network(), 1, 1).expect("it makes sense");
    let mut simulation = Simulation::new(&network, 1);
    let config = DiagnosisConfig { probed_neurons: 30, ..DiagnosisConfig::default() };
    let measure = |simulation: &mut Simulation<'_>, time: f64| {
        let mut recording = Recording::spikes();
        simulation.advance(time, &mut recording, &mut go_on).expect("it runs");
        let found = diagnose(simulation, &recording, &config).expect("it is long enough");
        found.populations[0].diagnosis.clone()
    };
    simulation.set_learning(false);
    let before = measure(&mut simulation, 300.0);
    simulation.set_learning(true);
    simulation.advance(5000.0, &mut Recording::nothing(), &mut go_on).expect("it runs");
    let after = measure(&mut simulation, 1000.0);
    for found in [&before, &after] {
        let (ratio, cv) = (found.inhibition_over_excitation, found.irregularity.cv.mean);
        println!("{:.2} Hz, I/E {ratio:.3}, CV {cv:?}", found.rate_hz);
    }
    // From a clock to irregular spikes near the target rate of 5 Hz; recurrent spikes are not
    // independent, and so the rate comes out above it.
    assert!(before.rate_hz > 100.0 && before.irregularity.cv.mean.is_some_and(|cv| cv < 0.1));
    assert!((4.0..7.5).contains(&after.rate_hz), "{}", after.rate_hz);
    assert!(after.irregularity.cv.mean.is_some_and(|cv| cv > 0.5));
    assert!(after.inhibition_over_excitation > 5.0 * before.inhibition_over_excitation);
    let weights = simulation.plastic_weights(3);
    assert!(weights.len() > 30_000 && weights.iter().all(|w| (0.0..=100.0).contains(w)));
}
