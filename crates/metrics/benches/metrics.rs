//! How long the measures of a test set and of a layer take. The peers' side, on the same sizes:
//! `scripts/benchmarks/metrics.py`.

#![allow(clippy::print_stdout)]

use std::time::Instant;

use equipoise_metrics::image::{Shape, SsimOptions, evaluate_images};
use equipoise_metrics::spikes::{UnitTrains, count_correlations, irregularity};
use equipoise_metrics::statistics::{Bootstrap, mann_whitney, paired_d};
use equipoise_metrics::van_rossum::{Convention, distance_matrix, grid_distance_matrix};
use equipoise_random::stream;

/// Prints the fastest of several runs: of the whole and of one of `count` parts.
fn time<T>(what: &str, count: usize, part: &str, mut run: impl FnMut() -> T) {
    // `cargo bench --bench metrics -- SSIM` runs those alone.
    if std::env::args().skip(1).any(|wanted| wanted != "--bench" && !what.contains(&wanted)) {
        return;
    }
    let mut best = f64::INFINITY;
    for _ in 0..7 {
        let start = Instant::now();
        std::hint::black_box(run());
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{what:<58} {:9.3} ms  {:9.3} us/{part}", best * 1e3, best * 1e6 / count as f64);
}

fn images(count: usize, shape: Shape) -> (Vec<f32>, Vec<f32>) {
    let mut draws = stream(0, "bench/images", 0);
    let values = count * shape.0 * shape.1 * shape.2;
    let original: Vec<f32> = (0..values).map(|_| draws.uniform() as f32).collect();
    let noisy = original.iter().map(|x| x + 0.1 * draws.normal() as f32).collect();
    (original, noisy)
}

fn layer(neurons: usize, steps: u32, mean_spikes: f64) -> Vec<Vec<u32>> {
    let mut draws = stream(0, "bench/layer", neurons as u64);
    let mut train = || {
        let spikes = draws.poisson(mean_spikes);
        (0..spikes).map(|_| draws.below(steps as usize) as u32).collect()
    };
    (0..neurons).map(|_| train()).collect()
}

fn main() {
    println!("threads: {}", rayon::current_num_threads());
    for (name, options) in
        [("Gaussian 11", SsimOptions::gaussian()), ("uniform 7", SsimOptions::uniform())]
    {
        for (count, shape) in [(10_000, (1, 28, 28)), (2_000, (3, 32, 32)), (8, (1, 512, 512))] {
            let (a, b) = images(count, shape);
            let what = format!("MSE, PSNR, SSIM ({name}) of {count} images {shape:?}");
            time(&what, count, "image", || evaluate_images(&a, &b, shape, &options));
        }
    }
    for (neurons, steps, spikes) in
        [(100, 100, 2.0), (100, 100, 10.0), (1000, 100, 10.0), (1000, 1000, 20.0)]
    {
        let trains = layer(neurons, steps, spikes);
        let pairs = neurons * (neurons - 1) / 2;
        let what = format!("van Rossum, grid: {neurons} neurons, T {steps}, {spikes} spikes each");
        time(&what, pairs, "pair", || grid_distance_matrix(&trains, steps as usize, 10.0));
        if neurons == 100 {
            let times = |train: &Vec<u32>| train.iter().map(|&s| f64::from(s)).collect();
            let times: Vec<Vec<f64>> = trains.iter().map(times).collect();
            let what = format!("van Rossum, Elephant's: {neurons} neurons, {spikes} spikes each");
            time(&what, pairs, "pair", || distance_matrix(&times, 10.0, Convention::Elephant));
        }
    }
    let mut draws = stream(0, "bench/events", 0);
    let events = 1_000_000;
    let times: Vec<f64> = (0..events).map(|i| f64::from(i) * 1e-3).collect();
    let units: Vec<u32> = (0..events).map(|_| draws.below(12_500) as u32).collect();
    let split = || UnitTrains::from_events(&times, &units, 12_500).expect("all is in range");
    time("1,000,000 events into 12,500 trains", events as usize, "event", split);
    let trains = split();
    time("CV and LV of 12,500 neurons, 1,000,000 spikes", 12_500, "neuron", || {
        irregularity(&trains, 3)
    });
    let counts = trains.counts(0.0, 1000.0, 200).expect("the window is right");
    time("count correlations of 12,500 neurons, 200 bins", 12_500, "neuron", || {
        count_correlations(&counts, 200)
    });
    let a: Vec<f64> = (0..10_000).map(|_| draws.normal()).collect();
    let b: Vec<f64> = (0..10_000).map(|_| draws.normal()).collect();
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    time("BCa interval of a mean, 10,000 values, 9,999 resamples", 9_999, "resample", || {
        Bootstrap::default().interval(&a, mean)
    });
    time("effect size of 10,000 pairs with its interval", 1, "call", || paired_d(&a, &b, 0.95));
    time("Mann-Whitney of 10,000 against 10,000", 1, "call", || {
        mann_whitney(&a, &b, Default::default())
    });
}
