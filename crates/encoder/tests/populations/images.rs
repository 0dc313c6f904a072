//! Images through networks of populations: whose spikes are read, Poisson sources, and the numbers of
//! the same network as an excitatory and an inhibitory population.

use std::ops::ControlFlow;

use equipoise_data::ImageShape;
use equipoise_data::spikes::SpikeTrains;
use equipoise_encoder::images::{Encoder, EncoderConfig, EncoderError};
use equipoise_encoder::network::{InputTarget, NetworkConfig};
use equipoise_encoder::populations::{
    Background, ImageEncoder, ImageEncoderConfig, ImageInput, Model, Neuron, Population,
    PopulationsError, Rule, Settings,
};

use crate::constant;

const SHAPE: ImageShape = ImageShape { channels: 1, height: 8, width: 8 };

/// Brunel's network of 500 neurons, strong weights, as two populations.
fn two_populations() -> Settings {
    let pair = pair();
    let neuron = Neuron {
        model: Model::Delta,
        membrane: 20.0.into(),
        rest: 0.0,
        threshold: 20.0.into(),
        reset: 10.0.into(),
        ..Neuron::default()
    };
    let rate = pair.background_rate.expect("it is given");
    let weight = pair.background_weight.expect("it is given");
    let population = |population: Population| Population {
        neuron: neuron.clone(),
        initial_potential: Some(pair.initial_potential),
        background: vec![Background { rate, weight }],
        ..population
    };
    let rule = |synapses| Rule::InDegree { synapses, multapses: false, autapses: false };
    let j = pair.excitatory_weight;
    Settings {
        populations: vec![
            population(Population::new("E", 400)),
            population(Population::inhibitory("I", 100)),
        ],
        projections: ["E", "I"]
            .into_iter()
            .flat_map(|target| {
                [
                    constant("E", target, rule(40), j, 1.5),
                    constant("I", target, rule(10), pair.g * j, 1.5),
                ]
            })
            .collect(),
        ..Settings::default()
    }
}

/// The same in the short form.
fn pair() -> NetworkConfig {
    let mut pair = NetworkConfig {
        background_rate: Some(4000.0),
        background_weight: Some(0.5),
        excitatory_weight: 0.5,
        warm_up: 100.0,
        duration: 1000.0,
        ..NetworkConfig::brunel(500, 5.0, 2.0)
    };
    pair.input.in_degree = Some(20);
    pair.input.weight = 0.5;
    pair.input.r_max = 200.0;
    pair.input.target = InputTarget::Excitatory;
    pair
}

fn populations() -> ImageEncoderConfig {
    let image = ImageInput {
        onto: vec!["E".into()],
        in_degree: 20,
        weight: Some(0.5),
        r_max: 200.0,
        warm_up: 100.0,
        duration: 1000.0,
        ..ImageInput::default()
    };
    ImageEncoderConfig { network: two_populations(), image, record: Vec::new() }
}

fn picture(index: usize, out: &mut [f32]) {
    for (k, x) in out.iter_mut().enumerate() {
        *x = ((k * 7 + index * 13) % 32) as f32 / 31.0;
    }
}

fn encode(network: &Encoder, range: std::ops::Range<usize>) -> Vec<SpikeTrains> {
    let mut all = Vec::new();
    let mut keep = |_, spikes| {
        all.push(spikes);
        ControlFlow::Continue(())
    };
    network.encode_each(&picture, range, 9, &mut keep).expect("it encodes");
    all
}

fn build(config: impl Into<EncoderConfig>) -> Encoder {
    Encoder::build(&config.into(), SHAPE, 3).expect("it makes sense")
}

#[test]
fn two_populations_fire_as_the_pair_does() {
    // Rates of E and I, and the Fano factor of the excitatory counts in 50 ms.
    let state = |network: Encoder| {
        let spikes = encode(&network, 0..6);
        let (mut rates, mut fano) = ([0.0; 2], 0.0);
        for trains in &spikes {
            let counts = trains.binned_counts(20);
            let sum = |range: std::ops::Range<usize>| {
                let own = &counts[range.start * 20..range.end * 20];
                own.iter().map(|&n| f64::from(n)).sum::<f64>() / range.len() as f64
            };
            rates[0] += sum(0..400) / 6.0;
            rates[1] += sum(400..500) / 6.0;
            for neuron in counts[..400 * 20].chunks(20) {
                let mean = neuron.iter().map(|&n| f64::from(n)).sum::<f64>() / 20.0;
                let square = neuron.iter().map(|&n| (f64::from(n) - mean).powi(2)).sum::<f64>();
                fano += if mean > 0.0 { square / 19.0 / mean } else { 1.0 } / 2400.0;
            }
        }
        (rates, fano)
    };
    let (pair, pair_fano) = state(build(pair()));
    let (two, two_fano) = state(build(populations()));
    assert!(pair[0] > 5.0 && pair[0] > 1.1 * pair[1], "the image drives E: {pair:?}");
    for (a, b) in pair.into_iter().zip(two) {
        assert!((a / b - 1.0).abs() < 0.05, "{pair:?} and {two:?} Hz");
    }
    assert!((pair_fano / two_fano - 1.0).abs() < 0.1, "{pair_fano} and {two_fano}");
}

#[test]
fn spikes_do_not_depend_on_threads_or_range_or_on_what_is_read() {
    let mut config = populations();
    (config.image.duration, config.image.warm_up) = (60.0, 20.0);
    let whole = encode(&build(config.clone()), 0..9);
    assert!(whole.iter().all(|trains| trains.units == 500 && trains.duration_ms == 60.0));
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        assert!(pool.install(|| encode(&build(config.clone()), 0..9)) == whole, "{threads}");
    }
    assert!(encode(&build(config.clone()), 4..9) == whole[4..], "another range");
    // The inhibitory neurons alone: the same spikes, numbered from 0.
    config.record = vec!["I".into()];
    let network = build(config);
    assert_eq!(network.neurons(), 100);
    for (all, read) in whole.iter().zip(encode(&network, 0..9)) {
        assert_eq!(read.binned_counts(3), all.binned_counts(3)[400 * 3..]);
    }
    let counts = network
        .encode_counts(&picture, 2..4, 9, 3, &mut |_| ControlFlow::Continue(()))
        .expect("it encodes");
    assert_eq!(counts.recording(1), &whole[3].binned_counts(3)[400 * 3..]);
}

#[test]
fn sources_fire_as_pixels_say() {
    let mut config = populations();
    config.record = vec!["image".into()];
    config.network.populations.truncate(1);
    config.network.projections.clear();
    config.image.duration = 4000.0;
    let network = ImageEncoderConfig { ..config };
    // Sources are added when the network is built: before that there are none to read.
    assert!(network.validate().is_err());
    let mut with = network.clone();
    with.network.populations.push(Population {
        source: Some(equipoise_encoder::populations::Source { rate: 0.0 }),
        ..Population::new("image", 64)
    });
    with.image.onto.clear();
    let network = build(with);
    let spikes = encode(&network, 0..1).remove(0);
    let mut image = [0.0f32; 64];
    picture(0, &mut image);
    let counts = spikes.binned_counts(1);
    let mut chi_square = 0.0;
    for (&count, &x) in counts.iter().zip(&image) {
        let wanted = 800.0 * f64::from(x);
        if wanted == 0.0 {
            assert_eq!(count, 0);
        } else {
            chi_square += (f64::from(count) - wanted).powi(2) / wanted;
        }
    }
    // 62 sources: mean 62, standard deviation 11.
    assert!((20.0..=110.0).contains(&chi_square), "{chi_square}");
}

#[test]
fn what_cannot_be_shown_is_refused_by_its_key() {
    let refused = |change: &dyn Fn(&mut ImageEncoderConfig)| {
        let mut config = populations();
        change(&mut config);
        match ImageEncoder::check(&config, SHAPE) {
            Err(PopulationsError::Setting { place, .. }) => place,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&|c| c.image.onto = vec!["X".into()]), "onto");
    assert_eq!(refused(&|c| c.image.onto.clear()), "onto");
    assert_eq!(refused(&|c| c.image.onto.push("E".into())), "onto");
    assert_eq!(refused(&|c| c.image.in_degree = 0), "in_degree");
    assert_eq!(refused(&|c| c.image.population = "I".into()), "population");
    assert_eq!(refused(&|c| c.image.r_max = 1e6), "r_max");
    assert_eq!(refused(&|c| c.image.duration = f64::NAN), "duration");
    assert_eq!(refused(&|c| c.image.weight = Some(-1.0)), "weight");
    assert_eq!(refused(&|c| c.record = vec!["J".into()]), "record");
    let network = build(populations());
    let bright = |_: usize, out: &mut [f32]| out.fill(1.5);
    let go_on = &mut |_: usize, _: SpikeTrains| ControlFlow::Continue(());
    let error = network.encode_each(&bright, 4..5, 0, go_on).expect_err("too bright");
    assert!(matches!(error, EncoderError::Populations(PopulationsError::Request(_))), "{error}");
    let stop = &mut |_: usize, _: SpikeTrains| ControlFlow::Break(());
    let stopped = network.encode_each(&picture, 0..2, 0, stop);
    assert_eq!(stopped, Err(EncoderError::Stopped));
}
