//! Inhibitory plasticity: neurons and networks that find their rate.

use equipoise_encoder::balance::DiagnosisConfig;
use equipoise_encoder::populations::{
    Background, Network, Neuron, Plasticity, Population, Recording, Rule, Settings, Simulation,
    Source, diagnose, vogels,
};

use crate::{constant, go_on};

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
    // Half as many synapses, each twice as strong: the bias is twice that of before.
    assert!((healed / 5.0 - 1.0).abs() < 0.1 && healed > after, "{healed}");
}

/// What is recorded of excitatory neurons: rate, CV, inhibition over excitation, and the correlation
/// over time of both.
type State = (f64, f64, f64, f64);

#[test]
fn a_network_finds_its_own_balance() {
    // A tenth of the network of Vogels et al., with as many synapses to each neuron, and a learning
    // rate that is three times that of the preset.
    let mut settings = vogels(0.1);
    let Some(Plasticity::Inhibitory { learning_rate, .. }) =
        &mut settings.projections[3].plasticity
    else {
        panic!("inhibition is plastic")
    };
    *learning_rate *= 3.0;
    let network = Network::build(&settings, 1, 1).expect("it makes sense");
    let mut simulation = Simulation::new(&network, 1);
    let config = DiagnosisConfig { probed_neurons: 30, ..DiagnosisConfig::default() };
    let measure = |simulation: &mut Simulation<'_>, time: f64| -> State {
        let mut recording = Recording::spikes();
        simulation.advance(time, &mut recording, &mut go_on).expect("it runs");
        let found = diagnose(simulation, &recording, &config).expect("it is long enough");
        let found = &found.populations[0].diagnosis;
        let cv = found.irregularity.cv.mean.expect("they fire often enough");
        let correlation = found.input_correlation.expect("inputs vary");
        (found.rate_hz, cv, found.inhibition_over_excitation, correlation)
    };
    simulation.set_learning(false);
    let before = measure(&mut simulation, 300.0);
    simulation.set_learning(true);
    simulation.advance(6000.0, &mut Recording::nothing(), &mut go_on).expect("it runs");
    let after = measure(&mut simulation, 4000.0);
    println!("before {before:.3?}, after {after:.3?}");
    // From a clock to irregular spikes. Brian2's own example, changed to this size
    // (scripts/peers/brian2_vogels.py 0.1 60), comes to 5.34 to 5.64 Hz in windows of 6 s where the
    // target is 5 Hz, with an inhibitory rate of 7.1 Hz and a mean weight of 2.06 nS: an inhibitory
    // spike makes the spikes after it rarer, and so the rule, which takes both as independent, ends
    // above its target by what one of forty synapses does.
    assert!(before.0 > 100.0 && before.1 < 0.1, "{before:?}");
    assert!((after.0 / 5.5 - 1.0).abs() < 0.1, "{after:?}");
    assert!(after.1 > 0.5, "{after:?}");
    assert!(after.2 > 5.0 * before.2, "{before:?} {after:?}");
    // Before, all neurons fire together, and so their inputs do; after, inhibition follows excitation
    // though they do not (Brian2: 0.42).
    assert!(after.3 > 0.3, "{before:?} {after:?}");
    let weights = simulation.plastic_weights(3);
    let mean = weights.iter().sum::<f64>() / weights.len() as f64;
    assert!(weights.len() > 30_000 && weights.iter().all(|w| (0.0..=100.0).contains(w)));
    assert!((mean / 2.06 - 1.0).abs() < 0.1, "{mean}");
}
