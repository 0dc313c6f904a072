//! How fast the network simulator is: Brunel's network against biological time, the encoder
//! network in images a second, and how time grows with the number of neurons.
//!
//! `cargo bench -p equipoise-encoder --bench network [brunel | encoder | growth | reference]`

#![allow(clippy::print_stdout)]

use std::time::Instant;

use equipoise_encoder::network::{Network, NetworkConfig, Probe, Simulation, Trial};

fn main() {
    let wanted = std::env::args().nth(1).filter(|a| !a.starts_with("--"));
    let run = |name: &str| wanted.as_deref().is_none_or(|w| w == name);
    if run("reference") {
        reference();
    }
}

fn cv_of_intervals(trains: &[Vec<f32>]) -> f64 {
    let cvs: Vec<f64> = trains
        .iter()
        .filter(|t| t.len() >= 3)
        .map(|t| {
            let isi: Vec<f64> = t.windows(2).map(|w| f64::from(w[1]) - f64::from(w[0])).collect();
            let mean = isi.iter().sum::<f64>() / isi.len() as f64;
            let var = isi.iter().map(|i| (i - mean).powi(2)).sum::<f64>() / isi.len() as f64;
            var.sqrt() / mean
        })
        .collect();
    cvs.iter().sum::<f64>() / cvs.len() as f64
}

fn reference() {
    for (n, g, eta) in [
        (12_500, 3.5, 2.0),
        (12_500, 4.0, 2.0),
        (12_500, 4.5, 2.0),
        (12_500, 5.0, 2.0),
        (12_500, 6.0, 2.0),
        (12_500, 6.0, 4.0),
        (12_500, 4.5, 0.9),
    ] {
        let start = Instant::now();
        let network = Network::build(&NetworkConfig::brunel(n, g, eta), None, 1).expect("valid");
        let built = start.elapsed();
        let start = Instant::now();
        let trial = Trial { parallel: false, ..network.trial(1, 0) };
        let trains = Simulation::new(&network).run(&trial, &mut Probe::none()).expect("valid");
        println!(
            "N {n} g {g} eta {eta}: {:.1} Hz, CV {:.3}, build {built:.2?}, run {:.2?}",
            trains.mean_rate_hz(),
            cv_of_intervals(&trains.per_unit()),
            start.elapsed()
        );
    }
    for g in [3.5, 4.5, 5.0, 6.0] {
        let mut out = Vec::new();
        for seed in 0..6 {
            let network =
                Network::build(&NetworkConfig::brunel(1000, g, 2.0), None, seed).expect("valid");
            let trial = network.trial(seed, 0);
            let trains = Simulation::new(&network).run(&trial, &mut Probe::none()).expect("valid");
            out.push((trains.mean_rate_hz(), cv_of_intervals(&trains.per_unit())));
        }
        let stat = |f: fn(&(f64, f64)) -> f64| {
            let m = out.iter().map(f).sum::<f64>() / 6.0;
            (m, (out.iter().map(|o| (f(o) - m).powi(2)).sum::<f64>() / 5.0).sqrt())
        };
        println!("N 1000 g {g}: rate {:.1?}, CV {:.3?}", stat(|o| o.0), stat(|o| o.1));
    }
}
