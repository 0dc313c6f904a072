//! Measures of activity over time against powerlaw, mrestimator, crosci and NumPy
//! (`scripts/reference/dynamics.py`), against processes whose values are known, and on input that
//! is none.

#![allow(clippy::unwrap_used)]

use equipoise_metrics::dynamics::{
    BranchingConfig, CouplingConfig, DfaConfig, DynamicsError, FeiConfig, PowerLaw, PowerLawConfig,
    avalanches, branching_ratio, coupling, couplings, critical_exponents, dfa, fei, fit_power_law,
    mean_event_interval, over_stimuli, population_counts,
};
use equipoise_random::{Stream, stream};
use proptest::prelude::*;
use serde_json::Value;

fn reference() -> Value {
    serde_json::from_str(include_str!("reference/dynamics.json")).unwrap()
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn near(got: f64, want: &Value, relative: f64) {
    let want = want.as_f64().unwrap();
    assert!((got - want).abs() <= relative * want.abs().max(1e-3), "{got} is not {want}");
}

/// The linear congruential numbers of the reference script.
fn noise(count: usize, mut state: u32) -> Vec<f64> {
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1_u32 << 24)
        })
        .collect()
}

fn smooth(count: usize, seed: u32, memory: f64) -> Vec<f64> {
    let mut value = 0.0;
    noise(count, seed)
        .into_iter()
        .map(|u| {
            value = memory * value + (u - 0.5);
            value
        })
        .collect()
}

#[test]
fn couplings_are_numpys() {
    let common = smooth(400, 1, 0.75);
    let (a, b) = (noise(400, 2), noise(400, 3));
    let excitation: Vec<f64> = common.iter().zip(&a).map(|(c, a)| 5.0 + c + 0.5 * a).collect();
    let inhibition: Vec<f64> =
        (0..400).map(|t| -(4.0 + common[(t + 397) % 400] + 0.5 * b[t])).collect();
    for row in reference()["coupling"].as_array().unwrap() {
        let whole = |name: &str| row[name].as_u64().unwrap() as usize;
        let config = CouplingConfig { window: whole("window"), longest_lag: whole("longest") };
        let found = coupling(&excitation, &inhibition, &config).unwrap();
        assert_eq!(found.lag, row["lag"].as_i64().unwrap());
        near(found.correlation, &row["correlation"], 1e-11);
        near(found.without_lag.unwrap(), &row["without_lag"], 1e-11);
        near(found.ratio.unwrap(), &row["ratio"], 1e-12);
    }
}

#[test]
fn power_laws_are_those_of_plain_sums_and_of_powerlaw() {
    for row in reference()["power_laws"].as_array().unwrap() {
        let values: Vec<u64> = floats(&row["values"]).into_iter().map(|v| v as u64).collect();
        for want in row["fits"].as_array().unwrap() {
            let (minimum, maximum) = (want["minimum"].as_u64(), want["maximum"].as_u64());
            let config = PowerLawConfig { minimum, maximum, ..PowerLawConfig::default() };
            let found = fit_power_law(&values, &config).unwrap();
            near(found.exponent, &want["exponent"], 1e-6);
            near(found.distance, &want["distance"], 1e-5);
            assert_eq!(found.values as u64, want["values"].as_u64().unwrap());
            // powerlaw's optimiser stops after four digits.
            near(found.exponent, &want["powerlaw_exponent"], 1e-4);
            if maximum.is_none() {
                let (found, p) = (found.log_normal.unwrap(), want["p_value"].as_f64().unwrap());
                let ratio = want["log_likelihood_ratio"].as_f64().unwrap();
                let tolerance = 2e-3 + 1e-6 * ratio.abs();
                let difference = found.log_likelihood_ratio - ratio;
                assert!(difference.abs() < tolerance, "{found:?} {want}");
                // powerlaw's own numbers are sound where the log-normal is none of a distant tail.
                if p < 1e-6 {
                    near(found.log_likelihood_ratio, &want["powerlaw_ratio"], 1e-3);
                    assert!(found.p_value < 1e-6);
                }
            }
        }
        let found = fit_power_law(&values, &PowerLawConfig::default()).unwrap();
        assert_eq!(found.minimum as f64, row["best"].as_f64().unwrap());
        near(found.exponent, &row["best_exponent"], 1e-6);
    }
}

#[test]
fn branching_ratios_are_those_of_mrestimator() {
    let reference = &reference()["branching"];
    let trials: Vec<Vec<f64>> =
        reference["trials"].as_array().unwrap().iter().map(floats).collect();
    let trials: Vec<&[f64]> = trials.iter().map(Vec::as_slice).collect();
    let config = |row: &Value| BranchingConfig {
        longest_lag: 40,
        offset: row["offset"].as_bool().unwrap(),
        per_trial: row["per_trial"].as_bool().unwrap(),
        resamples: 200,
        ..BranchingConfig::default()
    };
    for row in reference["fits"].as_array().unwrap() {
        let found = branching_ratio(&trials, &config(row)).unwrap();
        for (got, want) in found.slopes.iter().zip(row["slopes"].as_array().unwrap()) {
            near(*got, want, 1e-9);
        }
        near(found.ratio, &row["ratio"], 1e-5);
        near(found.timescale, &row["timescale"], 1e-4);
        near(found.amplitude, &row["amplitude"], 1e-4);
        let interval = found.interval.unwrap();
        assert!(interval.low <= found.ratio && found.ratio <= interval.high, "{interval:?}");
    }
    let one = BranchingConfig { longest_lag: 40, ..BranchingConfig::default() };
    let found = branching_ratio(&trials[..1], &one).unwrap();
    near(found.ratio, &reference["one_ratio"], 1e-5);
    assert_eq!(found.slopes.len(), 40);
    near(found.slopes[0], &reference["one"][0], 1e-9);
}

#[test]
fn fluctuations_and_fei_are_those_of_crosci() {
    let reference = &reference()["fluctuations"];
    let signal: Vec<f64> = smooth(3007, 31, 0.98)
        .iter()
        .zip(noise(3007, 32))
        .map(|(s, n)| s.abs() + 0.2 * n)
        .collect();
    let widths: Vec<usize> =
        floats(&reference["widths"]).into_iter().map(|width| width as usize).collect();
    let wanted = floats(&reference["fluctuations"]);
    // crosci leaves out a last window that ends with the signal.
    let ends = |&width: &usize| (3007 - width).is_multiple_of(width / 2);
    let compared = (1..widths.len()).filter(|&k| !widths[k - 1..=k].iter().any(ends));
    assert!(compared.clone().count() > 10);
    for k in compared {
        let (narrowest, widest) = (widths[k - 1], Some(widths[k]));
        let config = DfaConfig { narrowest, widest, widths: 2, overlap: 0.5 };
        let found = dfa(&signal, &config).unwrap();
        assert_eq!(found.widths, [widths[k - 1], widths[k]]);
        for (got, want) in found.fluctuations.iter().zip(&wanted[k - 1..]) {
            assert!((got / want - 1.0).abs() < 1e-9, "{got} {want}");
        }
    }
    let config = FeiConfig { window: 100, overlap: 0.75, ..FeiConfig::default() };
    let found = fei(&signal, &config).unwrap();
    near(found.ratio, &reference["fei"], 1e-9);
    assert_eq!(found.windows as u64, reference["windows"].as_u64().unwrap());
    assert!(found.valid && found.dfa_exponent > 1.0);
}

/// A branching process with Poisson offspring and a constant input, of which each spike is seen with
/// this probability.
fn branching_process(m: f64, mean: f64, bins: usize, seen: f64, seed: u64) -> Vec<f64> {
    let mut random = stream(seed, "test/branching", 0);
    let mut active = mean as u64;
    (0..bins)
        .map(|_| {
            active = random.poisson(m * active as f64 + (1.0 - m) * mean);
            (0..active).filter(|_| random.bernoulli(seen)).count() as f64
        })
        .collect()
}

#[test]
fn the_branching_ratio_is_found_within_two_percent_under_subsampling() {
    for (m, lag, bins) in [(0.6, 8, 400_000), (0.9, 40, 100_000), (0.98, 150, 100_000)] {
        for seen in [1.0, 0.1] {
            let activity = branching_process(m, 100.0, bins, seen, 1);
            let config = BranchingConfig { longest_lag: lag, ..BranchingConfig::default() };
            let found = branching_ratio(&[&activity], &config).unwrap();
            assert!((found.ratio / m - 1.0).abs() < 0.02, "{m} {seen}: {}", found.ratio);
            let interval = found.interval.unwrap();
            assert!(interval.low < m + 0.005 && m - 0.005 < interval.high, "{m} {interval:?}");
            // What one step says is wrong as soon as less is seen.
            let one_step = found.slopes[0] / m;
            assert_eq!(one_step < 0.9, seen < 1.0, "{m} {one_step}");
        }
    }
}

#[test]
fn the_interval_has_the_share_that_it_says() {
    let covered = (0..60)
        .filter(|&seed| {
            let activity = branching_process(0.9, 20.0, 8000, 0.5, 100 + seed);
            let config = BranchingConfig { resamples: 200, ..BranchingConfig::default() };
            let found = branching_ratio(&[&activity], &config).unwrap().interval.unwrap();
            (found.low..found.high).contains(&0.9)
        })
        .count();
    assert!((50..=60).contains(&covered), "{covered} of 60 intervals of 95 % hold the truth");
}

/// Sizes of a power law from `minimum` on, by the inverse of its distribution.
fn power_law(random: &mut Stream, exponent: f64, minimum: f64) -> u64 {
    let u = random.uniform_open();
    ((minimum - 0.5) * libm::pow(u, -1.0 / (exponent - 1.0)) + 0.5).min(1e12) as u64
}

#[test]
fn exponents_are_found_within_five_percent_under_subsampling() {
    for exponent in [1.5, 2.0, 2.5] {
        let mut random = stream(7, "test/power-law", 0);
        let all: Vec<u64> = (0..200_000).map(|_| power_law(&mut random, exponent, 10.0)).collect();
        let found = fit_power_law(&all, &PowerLawConfig::default()).unwrap();
        assert!((found.exponent / exponent - 1.0).abs() < 0.05, "{exponent}: {found:?}");
        assert!((found.exponent - exponent).abs() < 5.0 * found.error + 0.03);
        // Of each avalanche a tenth of the spikes is seen.
        let seen: Vec<u64> = all
            .iter()
            .map(|&size| match size {
                0..10_000 => (0..size).filter(|_| random.bernoulli(0.1)).count() as u64,
                _ => random.poisson(0.1 * size as f64),
            })
            .filter(|&size| size > 0)
            .collect();
        let found = fit_power_law(&seen, &PowerLawConfig::default()).unwrap();
        assert!((found.exponent / exponent - 1.0).abs() < 0.05, "{exponent} seen: {found:?}");
    }
}

#[test]
fn a_log_normal_is_told_from_a_power_law() {
    let mut random = stream(3, "test/log-normal", 0);
    let values: Vec<u64> =
        (0..5000).map(|_| libm::exp(2.5 + 0.7 * random.normal()).round().max(1.0) as u64).collect();
    let config = PowerLawConfig { minimum: Some(1), ..PowerLawConfig::default() };
    let found = fit_power_law(&values, &config).unwrap().log_normal.unwrap();
    assert!(found.log_likelihood_ratio < 0.0 && found.p_value < 1e-6);
    assert!((found.mu - 2.5).abs() < 0.05 && (found.sigma - 0.7).abs() < 0.05, "{found:?}");
    let values: Vec<u64> = (0..5000).map(|_| power_law(&mut random, 2.0, 1.0)).collect();
    let found = fit_power_law(&values, &config).unwrap().log_normal.unwrap();
    assert!(found.log_likelihood_ratio > -2.0 || found.p_value > 0.05, "{found:?}");
}

/// Avalanches of a critical branching process, one after another with pauses between, each spike
/// seen with this probability.
fn critical_activity(count: usize, seen: f64, pause: usize, seed: u64) -> Vec<u32> {
    let mut random = stream(seed, "test/critical", 0);
    let mut activity = vec![0];
    for _ in 0..count {
        let (mut active, mut size) = (1_u64, 0_u64);
        while active > 0 && size < 2_000_000 {
            activity.push(match seen {
                1.0 => active as u32,
                _ => (0..active).filter(|_| random.bernoulli(seen)).count() as u32,
            });
            size += active;
            active = random.poisson(active as f64);
        }
        activity.extend(std::iter::repeat_n(0, pause));
    }
    activity
}

#[test]
fn a_critical_branching_process_has_the_exponents_of_mean_field_theory() {
    let activity = critical_activity(150_000, 1.0, 1, 5);
    let found = avalanches(&activity, 0);
    assert!(found.sizes.len() > 149_000);
    let sizes = PowerLawConfig { maximum: Some(100_000), ..PowerLawConfig::default() };
    // Corrections to T^-2 fall as 1 / T.
    let durations = PowerLawConfig { minimum: Some(60), maximum: Some(2000), least_values: 50 };
    let found = critical_exponents(&found, &sizes, &durations).unwrap();
    assert!((found.size.exponent / 1.5 - 1.0).abs() < 0.05, "{:?}", found.size);
    assert!((found.duration.exponent / 2.0 - 1.0).abs() < 0.05, "{:?}", found.duration);
    assert!((found.growth / 2.0 - 1.0).abs() < 0.05, "{found:?}");
    assert!(found.deviation() < 0.2, "{found:?}");
}

#[test]
fn a_critical_branching_process_has_them_under_subsampling() {
    // Bins as wide as a few generations hold avalanches together of which a tenth is seen.
    let activity = critical_activity(60_000, 0.1, 60, 6);
    let wide: Vec<u32> = activity.chunks(20).map(|bins| bins.iter().sum()).collect();
    let found = avalanches(&wide, 0);
    let sizes = PowerLawConfig { maximum: Some(10_000), ..PowerLawConfig::default() };
    let found = fit_power_law(&found.sizes, &sizes).unwrap();
    assert!((found.exponent / 1.5 - 1.0).abs() < 0.05, "{found:?}");
}

/// Noise with long-range correlations: sums of decaying noise of many timescales.
fn long_memory(samples: usize, seed: u64) -> Vec<f64> {
    let mut random = stream(seed, "test/memory", 0);
    let timescales = [5.0, 20.0, 80.0];
    let mut states = [0.0; 3];
    (0..samples)
        .map(|_| {
            for (state, timescale) in states.iter_mut().zip(timescales) {
                let decay = libm::exp(-1.0 / timescale);
                *state = decay * *state + (1.0 - decay * decay).sqrt() * random.normal();
            }
            states.iter().sum::<f64>()
        })
        .collect()
}

#[test]
fn fei_is_what_the_coupling_of_amplitude_and_fluctuation_makes_it() {
    // In each window of 1,000 samples the signal is a (1 + 0.03 a^γ x): its mean is a, and its
    // fluctuation over that grows with a for γ > 0 and falls for γ < 0.
    let (window, windows) = (1000, 400);
    let mut random = stream(9, "test/levels", 0);
    let levels: Vec<f64> = (0..windows).map(|_| random.range(1.0, 2.0)).collect();
    let x = long_memory(window * windows, 9);
    let config = FeiConfig {
        window,
        overlap: 0.0,
        dfa: DfaConfig { narrowest: 20, widest: Some(800), ..DfaConfig::default() },
    };
    let measured = |gamma: f64| {
        let signal: Vec<f64> = (0..window * windows)
            .map(|t| {
                let a = levels[t / window];
                (a * (1.0 + 0.03 * libm::pow(a, gamma) * x[t])).max(0.0)
            })
            .collect();
        let found = fei(&signal, &config).unwrap();
        assert!(found.valid && found.windows == windows, "{found:?}");
        // The correlation of the levels with the fluctuations that were put in.
        let pure = |t: usize| &x[t * window..(t + 1) * window];
        let fluctuation = |t: usize| {
            let a = levels[t];
            libm::pow(a, gamma) * root_mean_square_of_profile(pure(t))
        };
        let put_in: Vec<f64> = (0..windows).map(fluctuation).collect();
        let means: Vec<f64> = (0..windows)
            .map(|t| {
                let mean = pure(t).iter().sum::<f64>() / window as f64;
                levels[t] * (1.0 + 0.03 * libm::pow(levels[t], gamma) * mean)
            })
            .collect();
        let r = equipoise_metrics::statistics::pearson(&means, &put_in, 0.95).unwrap().r;
        (found.ratio, 1.0 - r)
    };
    for (gamma, low, high) in [(2.0, 0.0, 0.7), (0.0, 0.85, 1.15), (-2.0, 1.3, 2.0)] {
        let (found, wanted) = measured(gamma);
        assert!((low..high).contains(&found), "{gamma}: {found}");
        assert!((found - wanted).abs() < 0.15, "{gamma}: {found}, put in {wanted}");
    }
}

/// The root mean square about the best line of the sums of a signal, by the normal equations.
fn root_mean_square_of_profile(signal: &[f64]) -> f64 {
    let mut sum = 0.0;
    let profile: Vec<f64> = signal
        .iter()
        .map(|x| {
            sum += x;
            sum
        })
        .collect();
    let x: Vec<f64> = (0..profile.len()).map(|t| t as f64).collect();
    equipoise_metrics::statistics::linear_regression(&x, &profile).unwrap().rms_residual
}

#[test]
fn dfa_knows_noise_and_its_sum() {
    let mut random = stream(2, "test/dfa", 0);
    let noise: Vec<f64> = (0..40_000).map(|_| random.normal()).collect();
    let mut sum = 0.0;
    let walk: Vec<f64> = noise
        .iter()
        .map(|x| {
            sum += x;
            sum
        })
        .collect();
    let exponent = |signal: &[f64]| dfa(signal, &DfaConfig::default()).unwrap().exponent;
    assert!((exponent(&noise) - 0.5).abs() < 0.03);
    assert!((exponent(&walk) - 1.5).abs() < 0.06);
    let config = FeiConfig::default();
    let shifted: Vec<f64> = noise.iter().map(|x| x.abs()).collect();
    assert!(!fei(&shifted, &config).unwrap().valid, "noise has no memory");
}

#[test]
fn couplings_of_neurons_tell_shared_from_own_fluctuations() {
    let mut random = stream(4, "test/coupling", 0);
    let mut draw = |n: usize| (0..n).map(|_| random.normal()).collect::<Vec<f64>>();
    let pairs: Vec<(Vec<f64>, Vec<f64>)> = (0..10)
        .map(|k| {
            let own = draw(2000);
            let level = f64::from(k);
            let excitation = own.iter().map(|x| 10.0 + level + x).collect();
            let inhibition = own.iter().map(|x| -(5.0 + 0.5 * level) - 0.5 * x).collect();
            (excitation, inhibition)
        })
        .collect();
    let neurons: Vec<(&[f64], &[f64])> = pairs.iter().map(|(e, i)| (&e[..], &i[..])).collect();
    let found = couplings(&neurons, &CouplingConfig::default()).unwrap();
    assert!(found.correlation.min.unwrap() > 0.999 && found.lag.max == Some(0.0));
    assert!(found.between.max.unwrap() < 0.15, "{:?}", found.between);
    assert!(found.over_neurons.unwrap() > 0.999);
    assert!((found.ratio.mean.unwrap() - 0.5).abs() < 0.01);
    let tuned =
        over_stimuli(&[1.0, 2.0, 3.0, 1.0, 1.0, 1.0], &[-1.0, -2.0, -3.0, 0.0, 1.0, 2.0], 3);
    let tuned = tuned.unwrap();
    assert!((tuned[0].unwrap() - 1.0).abs() < 1e-12 && tuned[1].is_none());
}

#[test]
fn avalanches_lie_between_silences() {
    let found = avalanches(&[0, 2, 3, 0, 0, 1, 0], 0);
    assert_eq!((found.sizes, found.durations), (vec![5, 1], vec![2, 1]));
    let found = avalanches(&[1, 4, 5, 1, 9, 2], 1);
    assert_eq!((found.sizes, found.durations), (vec![9], vec![2]));
    for none in [&[][..], &[1, 2, 3], &[0, 0], &[0, 5], &[5, 0]] {
        assert!(avalanches(none, 0).sizes.is_empty(), "{none:?}");
    }
    assert_eq!(mean_event_interval::<f64>(&[]), None);
    assert_eq!(mean_event_interval(&[2.0, 2.0]), None);
    assert_eq!(population_counts(&[0.1_f32, 0.9, 1.0], 0.0, 3.0, 0.1).unwrap().len(), 30);
}

#[test]
fn what_has_no_answer_is_an_error() {
    let short = vec![1.0; 8];
    let flat = vec![1.0; 4000];
    let config = BranchingConfig::default();
    assert!(matches!(branching_ratio(&[], &config), Err(DynamicsError::TooFew { .. })));
    assert!(matches!(branching_ratio(&[&short], &config), Err(DynamicsError::TooFew { .. })));
    assert!(matches!(branching_ratio(&[&flat], &config), Err(DynamicsError::NoVariance { .. })));
    assert!(matches!(
        branching_ratio(&[&flat, &short], &config),
        Err(DynamicsError::Length { .. })
    ));
    let alternating: Vec<f64> = (0..4000).map(|t| f64::from(t % 2)).collect();
    let falling = branching_ratio(&[&alternating], &config);
    assert!(falling.is_ok_and(|found| found.ratio < 0.99) || falling_is_none(&alternating));
    assert!(matches!(dfa(&flat, &DfaConfig::default()), Err(DynamicsError::NoVariance { .. })));
    assert!(matches!(dfa(&short, &DfaConfig::default()), Err(DynamicsError::TooFew { .. })));
    assert!(matches!(
        fei(&[-1.0; 9000], &FeiConfig::default()),
        Err(DynamicsError::BadValue { .. })
    ));
    assert!(matches!(
        fit_power_law(&[], &PowerLawConfig::default()),
        Err(DynamicsError::TooFew { .. })
    ));
    assert!(matches!(
        fit_power_law(&[3; 99], &PowerLawConfig::default()),
        Err(DynamicsError::TooFew { .. })
    ));
    assert!(matches!(
        fit_power_law(&[0], &PowerLawConfig::default()),
        Err(DynamicsError::BadValue { .. })
    ));
    let flat_input = coupling(&flat, &flat, &CouplingConfig::default());
    assert!(matches!(flat_input, Err(DynamicsError::NoVariance { .. })));
    assert!(population_counts(&[1.0], 0.0, 1e300, 1e-300).is_err());
    assert!(population_counts(&[1.0], 0.0, f64::NAN, 1.0).is_err());
}

fn falling_is_none(activity: &[f64]) -> bool {
    matches!(
        branching_ratio(&[activity], &BranchingConfig::default()),
        Err(DynamicsError::NoMemory)
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_panics_or_is_nan(
        values in prop::collection::vec(any::<f64>(), 0..200),
        ordinary in prop::collection::vec(-1e3f64..1e3, 0..300),
        sizes in prop::collection::vec(any::<u64>(), 0..120),
        counts in prop::collection::vec(0u32..4, 0..300),
    ) {
        for signal in [&values, &ordinary] {
            let positive: Vec<f64> = signal.iter().map(|x| x.abs()).collect();
            let config = FeiConfig { window: 20, ..FeiConfig::default() };
            if let Ok(found) = fei(&positive, &config) {
                prop_assert!(found.ratio.is_finite());
            }
            if let Ok(found) = dfa(signal, &DfaConfig::default()) {
                prop_assert!(found.exponent.is_finite());
            }
            let other: Vec<f64> = signal.iter().rev().copied().collect();
            if let Ok(found) = coupling(signal, &other, &CouplingConfig::default()) {
                prop_assert!(found.correlation.abs() <= 1.0);
            }
            let config = BranchingConfig { longest_lag: 5, resamples: 5, ..BranchingConfig::default() };
            if let Ok(found) = branching_ratio(&[signal], &config) {
                prop_assert!((0.0..=1.0).contains(&found.ratio) && found.amplitude.is_finite());
            }
        }
        let sizes: Vec<u64> = sizes.iter().map(|&s| s.max(1)).collect();
        let small: Vec<u64> = avalanches(&counts, 0).sizes;
        for values in [&sizes, &small] {
            for maximum in [None, Some(100)] {
                let config = PowerLawConfig { minimum: None, maximum, least_values: 2 };
                if let Ok(PowerLaw { exponent, error, distance, .. }) = fit_power_law(values, &config) {
                    prop_assert!(exponent.is_finite() && error.is_finite());
                    prop_assert!((-1e-9..=1.0 + 1e-9).contains(&distance));
                }
            }
        }
    }
}
