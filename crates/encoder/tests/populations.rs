//! Networks of populations against NEST, against theory, and against themselves: on other numbers of
//! threads, on other instruction sets, and after an interruption.

use std::collections::HashMap;
use std::ops::ControlFlow;

use equipoise_encoder::balance::DiagnosisConfig;
use equipoise_encoder::network::{Distribution, Parameter};
use equipoise_encoder::populations::{
    Adaptation, Background, MICROCIRCUIT_POPULATIONS, MicrocircuitInput, Model, Network, Neuron,
    Plasticity, Population, PopulationsError, Precision, Projection, Recording, Rule, Settings,
    Sign, Simulation, Source, brunel, clustered, diagnose, microcircuit,
};
use equipoise_metrics::spikes::{UnitTrains, fano_factors, irregularity};
use equipoise_simd::{Instructions, force};

fn go_on(_: f64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn constant(source: &str, target: &str, connect: Rule, weight: f64, delay: f64) -> Projection {
    Projection {
        source: source.into(),
        target: target.into(),
        connect,
        weight: weight.into(),
        delay: delay.into(),
        plasticity: None,
    }
}

fn sources(name: &str, sign: Sign, size: usize) -> Population {
    Population { sign, source: Some(Source { rate: 0.0 }), ..Population::new(name, size) }
}

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
    let text = include_str!("reference/nest_neurons.json");
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
            let tolerance = match (precision, neuron.model, neuron.adaptation) {
                // NEST resets an adapting neuron within the step in which it fires.
                (.., Some(_)) => 1e-2,
                (Precision::Single, ..) => 1e-4,
                // NEST integrates conductances by steps of an error that it controls.
                (_, Model::Conductance, _) => 1e-6,
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

/// Two populations of two models, sources, drawn constants, several rules and delays.
fn mixed(precision: Precision) -> Settings {
    let normal = |mean: f64, sd: f64| Parameter::Drawn(Distribution::Normal { mean, sd });
    let adapting = Neuron {
        threshold: normal(-50.0, 1.0),
        adaptation: Some(Adaptation { increment: 20.0, tau: 100.0 }),
        ..Neuron::default()
    };
    let conductance = Neuron {
        model: Model::Conductance,
        tau_excitatory: 2.0,
        tau_inhibitory: 5.0,
        refractory: 1.0.into(),
        ..Neuron::default()
    };
    let drive = |rate: f64, weight: f64| vec![Background { rate, weight }];
    let mut settings = Settings {
        precision,
        populations: vec![
            Population {
                neuron: adapting,
                background: drive(14_000.0, 90.0),
                initial_potential: Some(normal(-60.0, 5.0)),
                ..Population::new("E", 1500)
            },
            Population { source: Some(Source { rate: 5.0 }), ..Population::new("image", 100) },
            Population {
                neuron: conductance,
                background: drive(4000.0, 2.0),
                ..Population::inhibitory("I", 600)
            },
        ],
        ..Settings::default()
    };
    let in_degree = Rule::InDegree { synapses: 40, multapses: false, autapses: false };
    let probability = Rule::Probability { probability: 0.1, autapses: false };
    let total = Rule::TotalNumber { synapses: None, probability: Some(0.1) };
    for (source, target, connect, weight, delay) in [
        ("E", "E", total, normal(60.0, 6.0), normal(1.5, 0.75)),
        ("E", "I", in_degree, 0.5.into(), normal(1.5, 0.75)),
        ("I", "E", probability, normal(200.0, 60.0), 0.8.into()),
        ("I", "I", in_degree, 2.0.into(), 0.8.into()),
        ("image", "E", total, 300.0.into(), 1.0.into()),
    ] {
        let (source, target) = (source.into(), target.into());
        settings.projections.push(Projection {
            source,
            target,
            connect,
            weight,
            delay,
            plasticity: None,
        });
    }
    settings.projections[2].plasticity = Some(Plasticity::Inhibitory {
        learning_rate: 1.0,
        target_rate: 10.0,
        tau: 20.0,
        most: 1000.0,
    });
    settings
}

/// Spikes, and potentials of some neurons, of a run in parts.
fn run(network: &Network, parts: &[f64]) -> (Vec<f32>, Vec<u32>, Vec<Vec<f32>>) {
    let mut simulation = Simulation::new(network, 5);
    let mut recording = Recording::spikes().with_potentials(&[0, 1499, 1600, 2199]);
    for &part in parts {
        simulation.advance(part, &mut recording, &mut go_on).expect("it runs");
        simulation = simulation.clone();
    }
    (recording.spikes.times, recording.spikes.ids, recording.potentials)
}

#[test]
fn threads_parts_and_instruction_sets_change_no_bit() {
    for precision in [Precision::Single, Precision::Double] {
        let settings = mixed(precision);
        let one = Network::build(&settings, 3, 1).expect("it makes sense");
        let want = run(&one, &[100.0]);
        assert!(want.0.len() > 1000, "{} spikes", want.0.len());
        for threads in [2, 3] {
            let network = Network::build(&settings, 3, threads).expect("it makes sense");
            assert_eq!(network.threads(), threads);
            assert_eq!(network.synapses(), one.synapses());
            assert!(run(&network, &[100.0]) == want, "{threads} threads in {precision:?}");
            assert!(run(&network, &[0.1, 33.3, 20.0, 46.6]) == want, "in parts");
        }
        for instructions in Instructions::available() {
            let _held = force(instructions);
            assert!(run(&one, &[100.0]) == want, "{instructions:?} in {precision:?}");
        }
    }
}

#[test]
fn a_stopped_simulation_goes_on() {
    let network = Network::build(&mixed(Precision::Single), 3, 2).expect("it makes sense");
    let want = run(&network, &[100.0]);
    let mut simulation = Simulation::new(&network, 5);
    let mut recording = Recording::spikes().with_potentials(&[0, 1499, 1600, 2199]);
    let mut stop =
        |time: f64| if time > 45.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let stopped = simulation.advance(100.0, &mut recording, &mut stop);
    assert_eq!(stopped, Err(PopulationsError::Stopped));
    let time = simulation.time_ms();
    assert!(time > 45.0 && time < 65.0, "{time}");
    simulation.advance(100.0 - time, &mut recording, &mut go_on).expect("it runs");
    assert!((recording.spikes.times, recording.spikes.ids, recording.potentials) == want);
}

#[test]
fn rules_connect_whom_they_say() {
    let in_degree = |multapses, autapses| Rule::InDegree { synapses: 9, multapses, autapses };
    let cases = [
        (in_degree(false, false), true),
        (in_degree(true, false), false),
        (Rule::Probability { probability: 0.2, autapses: false }, true),
        (Rule::TotalNumber { synapses: Some(1000), probability: None }, false),
    ];
    for (rule, distinct) in cases {
        let settings = Settings {
            populations: vec![Population::new("a", 100)],
            projections: vec![constant("a", "a", rule, 3.0, 1.5)],
            ..Settings::default()
        };
        let network = Network::build(&settings, 2, 1).expect("it makes sense");
        let onto: Vec<Vec<u32>> = (0..100)
            .map(|neuron| {
                let synapses = network.synapses_onto(neuron);
                assert!(
                    synapses.iter().all(|s| s.weight == 3.0 && (s.delay_ms - 1.5).abs() < 1e-12)
                );
                synapses.iter().map(|s| s.source).collect()
            })
            .collect();
        let own = onto.iter().enumerate().any(|(k, sources)| sources.contains(&(k as u32)));
        let repeated = onto.iter().any(|sources| sources.windows(2).any(|pair| pair[0] == pair[1]));
        let total: usize = onto.iter().map(Vec::len).sum();
        assert_eq!(total, network.synapses());
        assert_eq!(repeated, !distinct, "{rule:?}");
        match rule {
            Rule::InDegree { .. } => {
                assert!(!own && onto.iter().all(|sources| sources.len() == 9), "{rule:?}");
            }
            // 1980 ± 40.
            Rule::Probability { .. } => assert!(!own && total.abs_diff(1980) < 180, "{total}"),
            _ => assert!(own && total == 1000),
        }
    }
}

#[test]
fn weights_and_delays_have_their_distributions() {
    let settings = microcircuit(0.1, 0.1, MicrocircuitInput::Poisson);
    let network = Network::build(&settings, 4, 1).expect("it makes sense");
    for (index, projection) in settings.projections.iter().enumerate() {
        let kept = network.projection_statistics(index);
        let (mean, n) = (projection.weight.mean(), kept.synapses as f64);
        assert_eq!(n, settings.synapses(projection));
        let error = 5.0 * 0.1 * mean / n.sqrt();
        assert!((kept.mean_weight - mean).abs() < error, "{projection:?} {kept:?}");
        assert!((kept.sd_weight - 0.1 * mean).abs() < error, "{projection:?} {kept:?}");
        assert!(kept.resolution < 1e-3 * mean);
    }
    let inhibitory: Vec<f64> = network
        .synapses_onto(100)
        .iter()
        .filter(|synapse| synapse.weight < 0.0)
        .map(|synapse| synapse.delay_ms)
        .collect();
    let n = inhibitory.len() as f64;
    let mean = inhibitory.iter().sum::<f64>() / n;
    // Of a normal distribution of 0.75 ± 0.375 ms cut at 0.05 ms.
    assert!(n > 50.0 && (mean - 0.785).abs() < 5.0 * 0.35 / n.sqrt(), "{mean} over {n}");
    assert!(inhibitory.iter().all(|&delay| (0.1 - 1e-9..3.1).contains(&delay)));
}

#[test]
fn brunels_network_fires_as_its_short_form_does() {
    use equipoise_encoder::network::{NetworkConfig, Probe};
    let rates = |g: f64| {
        let settings = brunel(1000, g, 2.0);
        let seeds = 4;
        let (mut here, mut there) = (0.0, 0.0);
        for seed in 0..seeds {
            let network = Network::build(&settings, seed, 1).expect("it makes sense");
            let mut simulation = Simulation::new(&network, seed);
            let mut recording = Recording::spikes();
            simulation.advance(100.0, &mut Recording::nothing(), &mut go_on).expect("it runs");
            simulation.advance(500.0, &mut recording, &mut go_on).expect("it runs");
            here += recording.spikes.mean_rate_hz() / seeds as f64;
            let config = NetworkConfig {
                warm_up: 100.0,
                duration: 500.0,
                ..NetworkConfig::brunel(1000, g, 2.0)
            };
            let network =
                equipoise_encoder::network::Network::build(&config, None, seed).expect("it does");
            let spikes = network.run(&network.trial(seed, 0), &mut Probe::none()).expect("it runs");
            there += spikes.mean_rate_hz() / seeds as f64;
        }
        (here, there)
    };
    // NEST over six seeds: 301.2 ± 3.2 Hz.
    let (here, there) = rates(3.5);
    assert!((here - 301.2).abs() < 6.0 && (there - 301.2).abs() < 6.0, "{here} {there}");
    // NEST over six seeds: 64.6 ± 7.3 Hz.
    let (here, there) = rates(5.0);
    assert!((here - 64.6).abs() < 12.0 && (here - there).abs() < 14.0, "{here} {there}");
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

#[test]
fn sources_fire_at_the_rates_they_are_given() {
    let settings = Settings {
        populations: vec![
            Population { source: Some(Source { rate: 10.0 }), ..Population::new("image", 50) },
            Population::new("a", 10),
        ],
        ..Settings::default()
    };
    let network = Network::build(&settings, 1, 1).expect("it makes sense");
    let mut simulation = Simulation::new(&network, 1);
    let mut recording = Recording::spikes();
    simulation.advance(2000.0, &mut recording, &mut go_on).expect("it runs");
    let count = recording.spikes.count() as f64;
    assert!((count - 1000.0).abs() < 5.0 * 1000.0f64.sqrt(), "{count}");
    let rates: Vec<f64> = (0..50).map(|k| if k < 25 { 0.0 } else { 80.0 }).collect();
    simulation.set_rates(0, &rates).expect("they fit");
    let mut recording = Recording::spikes();
    simulation.advance(1000.0, &mut recording, &mut go_on).expect("it runs");
    let count = recording.spikes.count() as f64;
    assert!((count - 2000.0).abs() < 5.0 * 2000.0f64.sqrt(), "{count}");
    assert!(recording.spikes.ids.iter().all(|&id| (25..50).contains(&id)));
    assert!(simulation.set_rates(1, &[]).is_err());
    assert!(simulation.set_rates(0, &[1.0]).is_err());
}

#[test]
fn networks_that_make_no_sense_are_refused_with_the_place() {
    type Fault = fn(&mut Settings);
    let cases: [(&str, Fault); 14] = [
        ("dt", |s| s.dt = 0.0),
        ("populations", |s| s.populations.clear()),
        ("populations.E.size", |s| s.populations[0].size = 0),
        ("populations", |s| s.populations[0].size = usize::MAX),
        ("populations.E.name", |s| s.populations[2].name = "E".into()),
        ("populations.E.neuron.membrane", |s| s.populations[0].neuron.membrane = (-1.0).into()),
        ("populations.E.neuron.reset", |s| s.populations[0].neuron.reset = 0.0.into()),
        ("populations.E.neuron.refractory", |s| s.populations[0].neuron.refractory = 0.15.into()),
        ("populations.E.background.rate", |s| s.populations[0].background[0].rate = f64::NAN),
        ("projections[0].source", |s| s.projections[0].source = "nobody".into()),
        ("projections[4] (image to E).weight", |s| s.projections[4].weight = (-1.0).into()),
        ("projections[4] (image to E).delay", |s| s.projections[4].delay = 0.0.into()),
        ("projections[3] (I to I).connect.synapses", |s| {
            s.projections[3].connect =
                Rule::InDegree { synapses: 600, multapses: false, autapses: false };
        }),
        ("projections[0] (E to E).connect", |s| {
            s.projections[0].connect =
                Rule::TotalNumber { synapses: Some(3), probability: Some(0.1) };
        }),
    ];
    for (want, fault) in cases {
        let mut settings = mixed(Precision::Single);
        settings.validate().expect("it makes sense before");
        fault(&mut settings);
        match settings.validate() {
            Err(PopulationsError::Setting { place, .. }) => assert_eq!(place, want),
            other => panic!("{want}: {other:?}"),
        }
    }
    let mut settings = microcircuit(1.0, 1.0, MicrocircuitInput::Dc);
    settings.memory_limit = 1.0;
    assert!(matches!(settings.validate(), Err(PopulationsError::TooLarge(_))));
}

#[test]
fn settings_come_back_from_toml() {
    for settings in [
        mixed(Precision::Double),
        microcircuit(0.1, 0.2, MicrocircuitInput::Dc),
        brunel(1000, 5.0, 2.0),
    ] {
        let text = toml::to_string(&settings).expect("it can be written");
        assert_eq!(toml::from_str::<Settings>(&text).expect("it can be read"), settings);
    }
    assert!(toml::from_str::<Settings>("populaitons = []").is_err());
    assert_eq!(MICROCIRCUIT_POPULATIONS.len(), 8);
}

/// Rates and mean CV of the populations of the microcircuit at a tenth of its neurons and synapses.
fn small_microcircuit(seed: u64) -> (Vec<f64>, Vec<f64>) {
    let settings = microcircuit(0.1, 0.1, MicrocircuitInput::Poisson);
    let network = Network::build(&settings, seed, 2).expect("it makes sense");
    let mut simulation = Simulation::new(&network, seed);
    simulation.advance(500.0, &mut Recording::nothing(), &mut go_on).expect("it runs");
    let mut recording = Recording::spikes();
    simulation.advance(1000.0, &mut recording, &mut go_on).expect("it runs");
    let cvs = (0..8).map(|population| {
        let own = recording.of_population(&network, population);
        let trains = UnitTrains::from_events(&own.times, &own.ids, own.units).expect("in order");
        irregularity(&trains, 3).cv.mean.unwrap_or(f64::NAN)
    });
    (recording.rates_hz(&network), cvs.collect())
}

#[test]
fn the_microcircuit_at_a_tenth_fires_as_in_nest() {
    // `scripts/peers/nest_microcircuit.py 0.1 1000`, NEST 3.10, the mean of seeds 1 and 2.
    let rates = [0.484, 2.142, 3.987, 5.029, 6.646, 7.807, 0.872, 7.022];
    let cvs = [0.490, 0.531, 0.583, 0.595, 0.624, 0.619, 0.498, 0.587];
    let found = [small_microcircuit(1), small_microcircuit(2)];
    for population in 0..8 {
        let rate = (found[0].0[population] + found[1].0[population]) / 2.0;
        let cv = (found[0].1[population] + found[1].1[population]) / 2.0;
        let name = MICROCIRCUIT_POPULATIONS[population];
        println!(
            "{name}: {rate:.3} Hz, CV {cv:.3}; NEST {} {}",
            rates[population], cvs[population]
        );
        assert!(
            (rate - rates[population]).abs() < 0.05 * rates[population] + 0.05,
            "{name}: {rate}"
        );
        assert!((cv - cvs[population]).abs() < 0.04, "{name}: {cv}");
    }
}

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

#[test]
fn a_diagnosis_adds_up_the_input_of_a_population() {
    // In the balanced network of Brunel's, each part of the input is what its rate brings.
    let settings = brunel(1000, 5.0, 2.0);
    let network = Network::build(&settings, 1, 2).expect("it makes sense");
    let mut simulation = Simulation::new(&network, 1);
    simulation.advance(100.0, &mut Recording::nothing(), &mut go_on).expect("it runs");
    let mut recording = Recording::spikes();
    simulation.advance(1000.0, &mut recording, &mut go_on).expect("it runs");
    let found =
        diagnose(&simulation, &recording, &DiagnosisConfig::default()).expect("long enough");
    let rates = recording.rates_hz(&network);
    for population in &found.populations {
        // C_E J_E = 100 mV and C_I J_I = 125 mV, times tau_m = 20 ms; the background is 2 thresholds.
        let expected = [100.0 * rates[0] * 0.02, -125.0 * rates[1] * 0.02];
        for (got, want) in population.input_from_mv.iter().zip(expected) {
            assert!((got / want - 1.0).abs() < 0.05, "{got} {want}");
        }
        assert!((population.input_from_outside_mv - 40.0).abs() < 1e-9);
        let sum = population.input_from_mv[0] + population.input_from_outside_mv;
        assert!((population.diagnosis.excitation / sum - 1.0).abs() < 0.01);
        assert!((population.diagnosis.inhibition / population.input_from_mv[1] - 1.0).abs() < 0.01);
    }
    assert!(found.rate_correlations[0][0].is_some_and(|r| (r - 1.0).abs() < 1e-9));
    let [one, other] = [found.rate_correlations[0][1], found.rate_correlations[1][0]];
    assert!(one.zip(other).is_some_and(|(a, b)| a > 0.5 && (a - b).abs() < 1e-12));
    let part = Recording::spikes_of(&[0]);
    assert!(diagnose(&simulation, &part, &DiagnosisConfig::default()).is_err());
}

#[test]
fn clusters_make_counts_vary() {
    // Litwin-Kumar & Doiron 2012, figure 2: the Fano factor is larger with clusters than without.
    let fano = |ratio: f64| {
        let settings = clustered(50, ratio);
        let network = Network::build(&settings, 2, 2).expect("it makes sense");
        let mut simulation = Simulation::new(&network, 2);
        simulation.advance(300.0, &mut Recording::nothing(), &mut go_on).expect("it runs");
        let mut recording = Recording::spikes();
        simulation.advance(1500.0, &mut recording, &mut go_on).expect("it runs");
        let trains = UnitTrains::from_events(&recording.spikes.times, &recording.spikes.ids, 5000)
            .expect("they are in order");
        let counts = trains.counts(0.0, 1500.0, 15).expect("it has bins");
        let factors = fano_factors(&counts[..4000 * 15], 15).expect("it has bins");
        let known: Vec<f64> = factors.into_iter().flatten().collect();
        let rate = recording.of_population(&network, 50).mean_rate_hz();
        (known.iter().sum::<f64>() / known.len() as f64, recording.spikes.mean_rate_hz(), rate)
    };
    let (with, without) = (fano(2.5), fano(1.0));
    println!("Fano factor {with:?} with clusters, {without:?} without");
    assert!(with.0 > 1.2 * without.0, "{with:?} {without:?}");
    assert!([with, without].iter().all(|found| (0.5..20.0).contains(&found.1)));
}
