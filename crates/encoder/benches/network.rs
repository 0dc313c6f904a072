//! How fast the network simulator is: Brunel's network against biological time, the encoder
//! network in images a second, and how time and memory grow with the number of neurons.
//!
//! `cargo bench -p equipoise-encoder --bench network -- [brunel | encoder | growth | reference]`
//!
//! The same networks in Brian2's C++ standalone mode: `scripts/peers/brian2_networks.py`.

#![allow(clippy::print_stdout)]

use std::time::Instant;

use equipoise_data::OpenOptions;
use equipoise_data::spikes::SpikeTrains;
use equipoise_encoder::network::{Network, NetworkConfig, Probe, Simulation, Trial};
use equipoise_metrics::spikes::irregularity;

fn main() {
    let wanted = std::env::args().skip(1).find(|a| !a.starts_with("--"));
    let run = |name: &str| wanted.as_deref().is_none_or(|w| w == name);
    if run("brunel") {
        brunel();
    }
    if run("encoder") {
        encoder();
    }
    if run("growth") {
        growth();
    }
    if run("reference") {
        reference();
    }
}

/// Processor time of this process so far, s: what a busy machine does not change.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |k: usize| fields.get(k).and_then(|f| f.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
}

/// Greatest memory of this process so far, MiB.
fn peak_memory_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap_or("");
    let kib = line.split_whitespace().nth(1).and_then(|k| k.parse::<f64>().ok());
    kib.map_or(f64::NAN, |k| k / 1024.0)
}

/// Runs the work and returns its value, the time that passed and the processor time, s.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64, f64) {
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let value = work();
    (value, start.elapsed().as_secs_f64(), cpu_seconds() - cpu)
}

fn run(network: &Network, parallel: bool, seed: u64) -> SpikeTrains {
    let trial = Trial { parallel, ..network.trial(seed, 0) };
    Simulation::new(network).run(&trial, &mut Probe::none()).expect("the trial makes sense")
}

fn build(config: &NetworkConfig, seed: u64) -> Network {
    Network::build(config, None, seed).expect("the settings make sense")
}

/// Rate, and the mean CV of the inter-spike intervals.
fn rate_and_cv(spikes: &SpikeTrains) -> (f64, f64) {
    let trains = equipoise_metrics::spikes::UnitTrains::from_events(
        &spikes.times,
        &spikes.ids,
        spikes.units,
    )
    .expect("the simulator's own spikes are in order");
    (spikes.mean_rate_hz(), irregularity(&trains, 3).cv.mean.unwrap_or(f64::NAN))
}

fn brunel() {
    for g in [5.0, 3.5] {
        let config = NetworkConfig { warm_up: 0.0, ..NetworkConfig::brunel(12_500, g, 2.0) };
        let (network, wall, _) = timed(|| build(&config, 1));
        println!("brunel 12500, g {g}: {} synapses built in {wall:.2} s", network.synapses());
        for parallel in [false, true] {
            for _ in 0..3 {
                let (spikes, wall, cpu) = timed(|| run(&network, parallel, 1));
                println!(
                    "  1 s of biological time, {}: {wall:.3} s ({cpu:.2} s of processor), {} spikes",
                    if parallel { "all threads" } else { "one thread" },
                    spikes.count()
                );
            }
        }
    }
}

/// Images that the encoder bench shows.
const IMAGES: usize = 1000;

/// Fashion-MNIST if it is there, else pictures of its mean intensity with half of the pixels dark.
fn pictures() -> (&'static str, Vec<f32>) {
    let options = OpenOptions { train: Some(IMAGES), test: Some(1), ..OpenOptions::default() };
    let found = equipoise_data::open("fashion-mnist", &equipoise_data::default_root(), &options);
    if let Ok((train, _)) = found.and_then(equipoise_data::Dataset::into_images) {
        let mut all = vec![0.0; IMAGES * 784];
        for (index, out) in all.chunks_exact_mut(784).enumerate() {
            train.write_intensities(index, out);
        }
        return ("Fashion-MNIST", all);
    }
    let mut stream = equipoise_random::stream(1, "bench/picture", 0);
    let mut pixel = || {
        if stream.bernoulli(0.5) { 0.0 } else { (stream.uniform() * 1.144).min(1.0) as f32 }
    };
    ("pictures like Fashion-MNIST", (0..IMAGES * 784).map(|_| pixel()).collect())
}

/// 784 Poisson pixels at 200 Hz times intensity onto 1,000 neurons, p = 0.1, 100 ms: one thread.
fn encoder() {
    let mut config = NetworkConfig {
        warm_up: 0.0,
        background_weight: Some(0.4),
        duration: 100.0,
        excitatory_weight: 0.4,
        ..NetworkConfig::brunel(1000, 5.0, 1.0)
    };
    config.input.r_max = 200.0;
    config.input.weight = 0.5;
    let (name, pictures) = pictures();
    for background in [0.0, 2000.0] {
        config.background_rate = Some(background);
        let network =
            Network::build(&config, Some((1, 28, 28).into()), 1).expect("the settings make sense");
        for _ in 0..3 {
            let mut simulation = Simulation::new(&network);
            let mut spikes = SpikeTrains::default();
            let (total, wall, cpu) = timed(|| {
                let mut total = 0;
                for (index, picture) in pictures.chunks_exact(784).enumerate() {
                    let trial = Trial {
                        image: Some(picture),
                        parallel: false,
                        ..network.trial(1, index as u64)
                    };
                    simulation
                        .run_into(&trial, &mut Probe::none(), &mut spikes)
                        .expect("the trial makes sense");
                    total += spikes.count();
                }
                total
            });
            println!(
                "encoder, {name}, background {background} Hz: {:.0} images/s/core by processor \
                 time ({:.0} by the clock), {:.1} Hz",
                IMAGES as f64 / cpu,
                IMAGES as f64 / wall,
                total as f64 / IMAGES as f64 / 100.0
            );
        }
    }
}

/// In-degree 1,000 from 10,000 neurons on, a tenth of the network below.
fn growth() {
    for neurons in [100, 300, 1000, 3000, 10_000, 30_000, 100_000] {
        let in_degree = (neurons / 10).min(1000);
        let config = NetworkConfig {
            neurons,
            excitatory_in_degree: Some(in_degree * 4 / 5),
            inhibitory_in_degree: Some(in_degree / 5),
            excitatory_weight: 100.0 / (in_degree as f64 * 0.8),
            warm_up: 0.0,
            ..NetworkConfig::brunel(neurons, 5.0, 2.0)
        };
        let (network, built, _) = timed(|| build(&config, 1));
        let (spikes, wall, cpu) = timed(|| run(&network, true, 1));
        println!(
            "{neurons} neurons, {} synapses in {:.0} MB: built in {built:.2} s, 1 s of biological \
             time in {wall:.3} s ({cpu:.2} s of processor), {:.1} Hz, peak {:.0} MiB",
            network.synapses(),
            network.connection_bytes() as f64 / 1e6,
            spikes.mean_rate_hz(),
            peak_memory_mib()
        );
    }
}

/// The reference rows, NEST's values beside them.
fn reference() {
    for (g, eta, rate, cv) in [
        (3.5, 2.0, 227.8, 0.106),
        (4.0, 2.0, 105.9, 0.228),
        (4.5, 2.0, 56.5, 0.337),
        (5.0, 2.0, 37.8, 0.42),
        (6.0, 2.0, 22.8, 0.542),
        (6.0, 4.0, 58.6, 0.81),
        (4.5, 0.9, 5.6, 0.485),
    ] {
        for defaults_of_nest in [false, true] {
            let config = NetworkConfig {
                multapses: defaults_of_nest,
                autapses: defaults_of_nest,
                ..NetworkConfig::brunel(12_500, g, eta)
            };
            let (got_rate, got_cv) = rate_and_cv(&run(&build(&config, 1), true, 1));
            println!(
                "12500 neurons, g {g}, eta {eta}, multapses and autapses {defaults_of_nest}: \
                 {got_rate:.1} Hz (NEST {rate}), CV {got_cv:.3} (NEST {cv})"
            );
        }
    }
}
