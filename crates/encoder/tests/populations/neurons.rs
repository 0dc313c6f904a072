//! Single neurons against NEST on the same input spikes, and against closed forms.

use std::collections::HashMap;

use equipoise_encoder::network::Parameter;
use equipoise_encoder::populations::{
    Adaptation, Model, Network, Neuron, Population, Precision, Recording, Rule, Settings, Sign,
    Simulation,
};

use crate::{constant, go_on, sources};

/// What `scripts/reference/nest_neurons.py` wrote.
#[derive(serde::Deserialize)]
struct Expected {
    potentials_mv: Vec<f64>,
    spike_steps: Vec<u64>,
}

/// The input spikes of that script, in time steps.
fn input_steps(seed: u64, mean_interval: u64) -> Vec<u64> {
    let (mut state, mut step, mut steps) = (seed, 0, Vec::new());
    loop {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        step += 1 + (state >> 33) % (2 * mean_interval - 1);
        if step > 2900 {
            return steps;
        }
        steps.push(step);
    }
}

#[test]
fn neurons_follow_nest_on_the_same_input_spikes() {
    let text = include_str!("../reference/nest_neurons.json");
    let expected: HashMap<String, Expected> = serde_json::from_str(text).expect("it is right");
    let membrane = Neuron { reset: (-60.0).into(), ..Neuron::default() };
    let exponential =
        |e: f64, i: f64| Neuron { tau_excitatory: e, tau_inhibitory: i, ..membrane.clone() };
    let cases = [
        ("delta", Neuron { model: Model::Delta, ..membrane.clone() }, [1.5, 2.0], 300.0, -65.0),
        ("exponential", exponential(0.5, 5.0), [600.0, 120.0], 350.0, -63.0),
        ("exponential_alike", exponential(2.0, 2.0), [200.0, 300.0], 330.0, -65.0),
        (
            "conductance",
            Neuron {
                model: Model::Conductance,
                reversal_inhibitory: -80.0,
                ..exponential(2.0, 6.0)
            },
            [8.0, 6.0],
            200.0,
            -65.0,
        ),
        (
            "adaptation",
            Neuron {
                adaptation: Some(Adaptation { increment: 60.0, tau: 80.0 }),
                ..exponential(2.0, 5.0)
            },
            [150.0, 100.0],
            400.0,
            -65.0,
        ),
        (
            "adaptation_exact",
            Neuron {
                adaptation: Some(Adaptation { increment: 60.0, tau: 80.0 }),
                ..exponential(2.0, 5.0)
            },
            [150.0, 0.0],
            400.0,
            -65.0,
        ),
    ];
    for (name, neuron, weights, current, initial) in cases {
        for precision in [Precision::Double, Precision::Single] {
            let settings = Settings {
                precision,
                populations: vec![
                    sources("excitation", Sign::Excitatory, 1),
                    sources("inhibition", Sign::Inhibitory, 1),
                    Population {
                        neuron: neuron.clone(),
                        current: current.into(),
                        initial_potential: Some(Parameter::Constant(initial)),
                        ..Population::new("neuron", 1)
                    },
                ],
                projections: vec![
                    constant("excitation", "neuron", Rule::OneToOne, weights[0], 1.0),
                    constant("inhibition", "neuron", Rule::OneToOne, weights[1], 1.0),
                ],
                ..Settings::default()
            };
            let network = Network::build(&settings, 1, 1).expect("it makes sense");
            let mut simulation = Simulation::new(&network, 1);
            for (population, (seed, interval)) in [(1, 20), (2, 30)].into_iter().enumerate() {
                let steps = input_steps(seed, interval);
                let spikes: Vec<(f64, usize)> =
                    steps.iter().map(|&step| (step as f64 * 0.1, 0)).collect();
                simulation.set_spikes(population, &spikes).expect("they are in the future");
            }
            // Potentials as they are, not as the recording rounds them.
            let mut recording = Recording::spikes_of(&[2]);
            let expected = &expected[name];
            let mut worst = 0.0f64;
            for want in &expected.potentials_mv {
                simulation.advance(2.5, &mut recording, &mut go_on).expect("it runs");
                worst = worst.max((simulation.potential(2).expect("a neuron") - want).abs());
            }
            let spikes: Vec<u64> = recording
                .spikes
                .times
                .iter()
                .map(|&t| (f64::from(t) / 0.1).round() as u64)
                .collect();
            println!("{name} {precision:?}: {worst:.1e} mV, {} spikes", spikes.len());
            let tolerance = match (precision, name) {
                // `aeif_psc_exp` resets a neuron within the step in which it fires.
                (_, "adaptation") => 1e-2,
                // Eleven spikes in 32 bits: 1.2e-4 mV.
                (Precision::Single, "adaptation_exact") => 3e-4,
                (Precision::Single, _) => 1e-4,
                // NEST integrates conductances by steps of an error that it controls.
                (_, "conductance") => 1e-6,
                _ => 1e-9,
            };
            assert!(worst < tolerance, "{name} in {precision:?}: {worst} mV away");
            assert_eq!(spikes, expected.spike_steps, "{name} in {precision:?}");
        }
    }
}

#[test]
fn adaptation_follows_its_closed_form() {
    let (b, tau_w, current) = (70.0, 60.0, 100.0);
    let adaptation = Some(Adaptation { increment: b, tau: tau_w });
    for model in [Model::Delta, Model::Exponential] {
        let neuron = Neuron { model, adaptation, ..Neuron::default() };
        let kick = 9500.0;
        let settings = Settings {
            precision: Precision::Double,
            populations: vec![
                sources("kick", Sign::Excitatory, 1),
                Population { neuron, current: current.into(), ..Population::new("neuron", 1) },
            ],
            projections: vec![constant("kick", "neuron", Rule::OneToOne, kick, 0.1)],
            ..Settings::default()
        };
        let network = Network::build(&settings, 1, 1).expect("it makes sense");
        let mut simulation = Simulation::new(&network, 1);
        simulation.set_spikes(0, &[(5.0, 0)]).expect("it is in the future");
        let mut recording = Recording::spikes_of(&[1]);
        simulation.advance(30.0, &mut recording, &mut go_on).expect("it runs");
        assert_eq!(recording.spikes.count(), 1, "{model:?}");
        let held_until = f64::from(recording.spikes.times[0]) + 2.0;
        let (tau, tau_s, c) = (10.0f64, 0.5f64, 250.0);
        let time = simulation.time_ms() - held_until;
        // What is left when the neuron is released, and its convolution with the membrane.
        let w = b * libm::exp(-2.0 / tau_w);
        let synaptic = match model {
            Model::Delta => 0.0,
            _ => kick * libm::exp(-(held_until - 5.1) / tau_s),
        };
        let response = |tau_i: f64| {
            tau * tau_i / (tau - tau_i) * (libm::exp(-time / tau) - libm::exp(-time / tau_i)) / c
        };
        let potential = tau * current / c * (1.0 - libm::exp(-time / tau)) - w * response(tau_w)
            + synaptic * response(tau_s);
        let got = simulation.potential(1).expect("a neuron") + 65.0;
        assert!((got - potential).abs() < 1e-5, "{model:?}: {got}, not {potential}");
    }
}

#[test]
fn a_neuron_under_constant_current_fires_as_theory_says() {
    let mut settings =
        Settings { populations: vec![Population::new("a", 3)], ..Settings::default() };
    settings.populations[0].current = 500.0.into();
    let network = Network::build(&settings, 1, 1).expect("it makes sense");
    let mut simulation = Simulation::new(&network, 1);
    let mut recording = Recording::spikes();
    simulation.advance(1000.0, &mut recording, &mut go_on).expect("it runs");
    // 20 mV of drive, threshold 15 mV above the reset: 2 + 10 ln 4 ms, up to the grid.
    let interval = (2.0 + 10.0 * libm::log(4.0)) / 0.1;
    let expected = (1000.0 / (interval.ceil() * 0.1)).floor() * 3.0;
    assert!((recording.spikes.count() as f64 - expected).abs() <= 3.0);
}
