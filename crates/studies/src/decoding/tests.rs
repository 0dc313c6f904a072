//! Decodings whose right answer is known.

use equipoise_data::spikes::SpikeTrains;
use equipoise_data::{Counts, Response, Source, Stimulated};
use equipoise_random::stream;

use super::{Decoding, DecodingInputs, DecodingResults, DecodingSettings};
use crate::{Context, Settings as _, Study, StudyError};

fn stimulated(stimulus: Vec<Vec<f32>>, step_ms: f64, response: Response) -> Stimulated {
    let (name, source) = ("drawn".to_owned(), Source::Memory);
    Stimulated { name, stimulus, step_ms, response, source, remarks: Vec::new() }
}

fn decode(
    settings: &DecodingSettings,
    stimulated: Stimulated,
) -> Result<DecodingResults, StudyError> {
    settings.validate().map_err(StudyError::settings)?;
    let inputs = DecodingInputs::of(settings, stimulated)?;
    Decoding::run(settings, &inputs, &Context::default())
}

/// Noise that decays with this time constant, of variance 1.
fn slow_noise(samples: usize, timescale: f64, seed: u64) -> Vec<f32> {
    let mut random = stream(seed, "test/stimulus", 0);
    let decay = libm::exp(-1.0 / timescale);
    let mut value = 0.0;
    (0..samples)
        .map(|_| {
            value = decay * value + (1.0 - decay * decay).sqrt() * random.normal();
            value as f32
        })
        .collect()
}

/// Units that fire by chance at a rate that follows the stimulus `delay` samples before, half of them
/// with its sign turned: 1 sample is 1 ms.
fn linear_poisson(stimulus: &[f32], units: usize, rate: f64, gain: f64, delay: usize) -> Vec<u16> {
    let mut random = stream(2, "test/spikes", 0);
    let mut counts = Vec::with_capacity(units * stimulus.len());
    for unit in 0..units {
        let sign = if unit % 2 == 0 { 1.0 } else { -1.0 };
        for t in 0..stimulus.len() {
            let s = f64::from(stimulus[t.saturating_sub(delay)]);
            let mean = (rate * (1.0 + sign * gain * s)).max(0.0);
            counts.push(random.poisson(mean) as u16);
        }
    }
    counts
}

#[test]
fn a_linear_code_is_read_as_well_as_theory_allows() {
    let (bins, units, rate, gain, delay, timescale) = (40_000, 10, 0.5, 0.3, 8, 20.0);
    let stimulus = slow_noise(bins, timescale, 1);
    let counts = linear_poisson(&stimulus, units, rate, gain, delay);
    let response = Response::Counts(Counts::new(units, bins, bins as f64, counts).unwrap());
    let settings = DecodingSettings { before_ms: 40.0, after_ms: 60.0, ..Default::default() };
    let found = decode(&settings, stimulated(vec![stimulus], 1.0, response)).unwrap();
    // The optimal linear filter leaves ∫ S N / (S + N) df of the variance, with the stimulus's
    // spectrum S and the noise N = 1 / (units rate gain²) of all units together.
    let noise = 1.0 / (units as f64 * rate * gain * gain);
    let decay = libm::exp(-1.0 / timescale);
    let grid = 20_000;
    let left: f64 = (0..grid)
        .map(|k| {
            let w = std::f64::consts::PI * (k as f64 + 0.5) / grid as f64;
            let s = (1.0 - decay * decay) / (1.0 + decay * decay - 2.0 * decay * libm::cos(w));
            s * noise / (s + noise) / grid as f64
        })
        .sum();
    let [linear, mean, shuffled] = &found.methods[..] else { panic!("three methods") };
    assert!((linear.r_squared - (1.0 - left)).abs() < 0.03, "{} {left}", linear.r_squared);
    assert!(mean.r_squared.abs() < 0.02 && shuffled.r_squared.abs() < 0.03, "{shuffled:?}");
    assert!(found.tests.iter().all(|test| test.p_corrected.unwrap() < 1e-6));
    // Spikes come after what they tell of.
    let filter = &found.filters[0];
    let at = (0..filter.weights.len())
        .max_by(|&a, &b| filter.weights[a].abs().total_cmp(&filter.weights[b].abs()))
        .unwrap();
    assert!((found.lags_ms[at] - delay as f64).abs() <= 2.0, "{}", found.lags_ms[at]);
    let report = Decoding::report(&found).to_html();
    assert!(report.contains("<table") && !Decoding::summary(&found).is_empty());
    assert!(Decoding::metrics(&found).get("linear.r_squared").is_some());
}

#[test]
fn spikes_that_have_nothing_to_do_with_the_stimulus_tell_nothing() {
    let mut random = stream(3, "test/spikes", 1);
    let mut times = Vec::new();
    let mut t = 0.0;
    while t < 20_000.0 {
        t += random.exponential() * 10.0;
        times.push(t as f32);
    }
    times.retain(|&t| t < 20_000.0);
    let ids = vec![0; times.len()];
    let trains = SpikeTrains::new(20_000.0, 1, times, ids).unwrap();
    let stimulus = slow_noise(20_000, 20.0, 4);
    let settings = DecodingSettings { bin_ms: 2.0, ..Default::default() };
    let response = Response::Spikes(vec![trains]);
    let found = decode(&settings, stimulated(vec![stimulus], 1.0, response)).unwrap();
    assert!(found.methods[0].r_squared < 0.02, "{:?}", found.methods[0]);
    let recordings = &found.recordings;
    assert!((recordings.cv.unwrap().mean.unwrap() - 1.0).abs() < 0.1, "a Poisson process");
    assert!((recordings.fano.mean.unwrap() - 1.0).abs() < 0.25, "{:?}", recordings.fano);
    assert!((recordings.rate_hz - 100.0).abs() < 5.0);
}

#[test]
fn repeats_of_one_stimulus_are_divided_in_time() {
    let stimulus = slow_noise(600, 10.0, 5);
    let (units, recordings) = (4, 30);
    let mut counts = Vec::new();
    for _ in 0..recordings {
        counts.extend(linear_poisson(&stimulus, units, 0.5, 0.5, 3));
    }
    let response = Response::Counts(Counts::new(units, 600, 600.0, counts).unwrap());
    let settings = DecodingSettings {
        before_ms: 5.0,
        after_ms: 10.0,
        blocks: 6,
        folds: 3,
        ..Default::default()
    };
    let made = stimulated(vec![stimulus; recordings], 1.0, response);
    let inputs = DecodingInputs::of(&settings, made).unwrap();
    let problem = inputs.problem(&settings);
    let block = |row| problem.block(row);
    assert_eq!((block((0, 0)), block((29, 0)), block((0, 599))), (0, 0, 5));
    // Nothing within the reach of the weights is both trained on and tested.
    let training = problem.rows(|f| f == 0, true);
    assert!(training.iter().all(|&(_, bin)| bin % 300 >= 15 || bin < 15));
    assert!(training.iter().all(|&(_, bin)| bin % 300 < 100 - 15));
}

#[test]
fn what_cannot_be_decoded_is_named() {
    let flat = |n: usize| {
        let counts = Counts::new(1, n, n as f64, vec![1; n]).unwrap();
        stimulated(vec![vec![1.0; n]], 1.0, Response::Counts(counts))
    };
    let settings = DecodingSettings::default();
    assert!(matches!(decode(&settings, flat(1000)), Err(StudyError::Input(_))));
    let vary = |n: usize| Stimulated { stimulus: vec![slow_noise(n, 5.0, 1)], ..flat(n) };
    // Gaps of 80 bins leave nothing of blocks of 5.
    assert!(matches!(decode(&settings, vary(100)), Err(StudyError::Input(_))));
    let wide = DecodingSettings { after_ms: 1e9, ..settings.clone() };
    assert!(matches!(decode(&wide, vary(1000)), Err(StudyError::Settings(_))));
    let trains = SpikeTrains::new(1e9, 1, vec![1.0], vec![0]).unwrap();
    let fine = DecodingSettings { bin_ms: 1e-3, ..settings };
    let long = Stimulated { response: Response::Spikes(vec![trains]), ..vary(1000) };
    assert!(matches!(decode(&fine, long), Err(StudyError::Settings(_))));
    assert!(DecodingSettings { folds: 2, ..Default::default() }.validate().is_err());
}
