//! The diagnostics on Brunel's network, whose regimes are known.

#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use equipoise_encoder::balance::{
    Activity, Axis, BalanceError, DiagnosisConfig, InputTrace, Setting, State, TrackingConfig,
    Waveform, diagnose, judge, linearity, map, tracking,
};
use equipoise_encoder::network::{Distribution, Network, NetworkConfig, NetworkError, Parameter};

fn go_on() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn diagnosis(config: &NetworkConfig) -> equipoise_encoder::balance::Diagnosis {
    let network = Network::build(config, None, 1).unwrap();
    let config = DiagnosisConfig { probed_neurons: 40, ..DiagnosisConfig::default() };
    diagnose(&network, &network.trial(1, 0), &config).unwrap().diagnosis
}

#[test]
fn brunels_network_is_balanced_by_inhibition_and_not_without() {
    let short = |g| NetworkConfig { duration: 500.0, ..NetworkConfig::brunel(12_500, g, 2.0) };
    for (g, balanced) in [(3.5, false), (4.0, false), (4.5, true), (5.0, true), (6.0, true)] {
        let found = diagnosis(&short(g));
        assert_eq!(found.verdict.balanced, balanced, "g {g}: {}", found.verdict);
        // The mean input is that of the rates: tau C_E J (nu_ext + nu), and g/4 of it inhibitory.
        let excitation = 40.0 + 2.0 * found.rate_hz;
        assert!((found.excitation / excitation - 1.0).abs() < 0.03, "g {g}: {}", found.excitation);
        let inhibition = -0.25 * g * 2.0 * found.rate_hz;
        assert!((found.inhibition / inhibition - 1.0).abs() < 0.03, "g {g}: {}", found.inhibition);
        assert!((found.net - found.excitation - found.inhibition).abs() < 1e-9);
    }
}

#[test]
fn a_silent_network_and_one_without_inhibition_are_not_balanced() {
    let silent = NetworkConfig { duration: 200.0, ..NetworkConfig::brunel(1000, 5.0, 0.3) };
    let found = diagnosis(&silent);
    assert_eq!(found.verdict.state, State::Silent);
    assert_eq!(found.rate_hz, 0.0);
    assert!(found.irregularity.cv.mean.is_none() && found.fano.mean.is_none());
    let excited = NetworkConfig { duration: 200.0, ..NetworkConfig::brunel(1000, 0.0, 2.0) };
    assert_eq!(diagnosis(&excited).verdict.state, State::MeanDriven);
}

#[test]
fn the_rate_is_linear_where_inhibition_dominates() {
    // R² of the published sweep, eta 1..4.
    for (g, r_squared) in [(3.5, 0.954), (5.0, 0.9989)] {
        let config = NetworkConfig { duration: 300.0, ..NetworkConfig::brunel(12_500, g, 2.0) };
        let eta = [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0];
        let found = linearity(&config, &eta, 1, 1, &go_on).unwrap();
        let got = found.line.r_squared.unwrap();
        assert!((got - r_squared).abs() < 0.01, "g {g}: R² {got}, not {r_squared}");
        assert!(found.line.slope > 0.0);
        assert_eq!(found.normalised.iter().fold(0.0f64, |a, &b| a.max(b)), 1.0);
    }
}

#[test]
fn a_balanced_network_tracks_a_ramp_within_a_few_milliseconds() {
    let config = NetworkConfig { warm_up: 50.0, ..NetworkConfig::brunel(5000, 5.0, 4.0) };
    let network = Network::build(&config, None, 1).unwrap();
    let ramp = TrackingConfig { trials: 2, ..TrackingConfig::default() };
    let found = tracking(&network, &ramp, 1, &go_on).unwrap();
    assert!(found.lag_ms <= 10.0 && found.correlation > 0.97, "{} ms", found.lag_ms);
    assert!(found.error < 0.15, "{}", found.error);
    // Before the ramp reaches the threshold rate (eta 1, a quarter of the way) it is silent.
    assert!(found.rate_hz[100] < 1.0 && found.rate_hz[600] > 20.0);
    let step = TrackingConfig {
        waveform: Waveform::Step { low: 0.4, on_ms: 100.0, off_ms: 200.0 },
        duration: 300.0,
        trials: 2,
        ..TrackingConfig::default()
    };
    let found = tracking(&network, &step, 1, &go_on).unwrap();
    assert!(
        found.lag_ms <= 10.0 && found.correlation > 0.9,
        "{} {}",
        found.lag_ms,
        found.correlation
    );
}

#[test]
fn a_map_shows_where_balance_ends() {
    let base = NetworkConfig { duration: 300.0, ..NetworkConfig::brunel(2500, 5.0, 2.0) };
    let g = Axis { setting: Setting::G, values: vec![3.0, 6.0] };
    let eta = Axis { setting: Setting::Eta, values: vec![0.5, 2.0] };
    let config = DiagnosisConfig { probed_neurons: 20, ..DiagnosisConfig::default() };
    let found = map(&base, &g, &eta, &config, 1, &go_on).unwrap();
    let states: Vec<State> = found.points.iter().map(|p| p.verdict.state).collect();
    assert_eq!(states, [State::Silent, State::Silent, State::MeanDriven, State::Balanced]);
    let same = map(&base, &g, &eta, &config, 1, &go_on).unwrap();
    assert_eq!(same, found);
    let p = Axis { setting: Setting::ConnectionProbability, values: vec![1.2] };
    match map(&base, &g, &p, &config, 1, &go_on).unwrap_err() {
        BalanceError::Point { place, error: NetworkError::Setting { setting, .. } } => {
            assert!(place.contains("1.2"), "{place}");
            assert_eq!(setting, "connection_probability");
        }
        other => panic!("{other}"),
    }
    let same_twice = map(&base, &g, &g, &config, 1, &go_on).unwrap_err();
    assert!(matches!(same_twice, BalanceError::Setting { setting: "setting", .. }));
}

#[test]
fn times_are_whole_steps_or_refused() {
    let brunel = NetworkConfig::brunel(100, 5.0, 2.0);
    let setting = |config: NetworkConfig| match config.validate() {
        Err(NetworkError::Setting { setting, .. }) => Some(setting),
        Err(other) => panic!("{other}"),
        Ok(()) => None,
    };
    for (dt, delay, refractory, refused) in [
        (0.1, 1.5, 2.0, None),
        (0.1, 0.3, 0.7, None),
        (0.025, 1.1, 2.0, None),
        (1.0 / 3.0, 1.0, 2.0, None),
        (0.1, 1.55, 2.0, Some("delay")),
        (1.0, 1.5, 2.0, Some("delay")),
        (1.0, 1.0, 0.4, Some("refractory")),
        (0.5, 1.5, 1.25, Some("refractory")),
    ] {
        let (delay, refractory) = (delay.into(), refractory.into());
        let config = NetworkConfig { dt, delay, refractory, ..brunel.clone() };
        assert_eq!(setting(config), refused, "dt {dt}");
    }
    // Drawn ones are rounded.
    let drawn = Parameter::Drawn(Distribution::Uniform { low: 0.33, high: 2.27 });
    assert_eq!(setting(NetworkConfig { delay: drawn, ..brunel }), None);
}

#[test]
fn a_measurement_stops_when_it_is_told_to() {
    let config = NetworkConfig { duration: 50.0, ..NetworkConfig::brunel(200, 5.0, 2.0) };
    let done = AtomicUsize::new(0);
    let twice = || match done.fetch_add(1, Ordering::Relaxed) {
        0 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    };
    let eta: Vec<f64> = (1..=200).map(f64::from).collect();
    assert_eq!(linearity(&config, &eta, 1, 1, &twice).unwrap_err(), BalanceError::Stopped);
    assert!(done.into_inner() < 100, "it went on after it was told to stop");
}

/// Regular, synchronous, excited by far: what a recording of one's own may look like.
#[test]
fn any_recording_can_be_judged() {
    let times: Vec<f32> = (0..50).flat_map(|k| [k as f32 * 20.0; 4]).collect();
    let ids: Vec<u32> = (0..50).flat_map(|_| 0..4).collect();
    let (excitation, inhibition) = ([50.0f32; 1000], [-40.0f32; 1000]);
    let trace = |neuron| InputTrace { neuron, excitation: &excitation, inhibition: &inhibition };
    let activity = Activity {
        neurons: 4,
        excitatory_neurons: 3,
        duration_ms: 1000.0,
        threshold_mv: 20.0,
        refractory_ms: 2.0,
        times_ms: &times,
        ids: &ids,
        sample_ms: 1.0,
        inputs: vec![trace(0), trace(3)],
    };
    let found = judge(&activity, &DiagnosisConfig::default()).unwrap();
    // 200 spikes of 4 neurons in a second; net input (50 - 40) / 20; equal intervals.
    assert_eq!((found.rate_hz, found.excitatory_rate_hz), (50.0, 50.0));
    assert_eq!((found.net, found.inhibition_over_excitation), (10.0, 0.8));
    assert_eq!(found.irregularity.cv.mean, Some(0.0));
    assert_eq!(found.verdict.state, State::Regular);
    assert_eq!(found.mean_field_rate_hz, None);

    let shuffled: (Vec<f32>, Vec<u32>) = times.iter().zip(&ids).rev().unzip();
    let same = Activity { times_ms: &shuffled.0, ids: &shuffled.1, ..activity.clone() };
    assert_eq!(judge(&same, &DiagnosisConfig::default()).unwrap(), found);

    let late = [1000.5f32; 200];
    let short = InputTrace { neuron: 0, excitation: &excitation[..3], inhibition: &inhibition };
    for wrong in [
        Activity { times_ms: &late, ..activity.clone() },
        Activity { ids: &ids[1..], ..activity.clone() },
        Activity { neurons: 3, ..activity.clone() },
        Activity { inputs: Vec::new(), ..activity.clone() },
        Activity { inputs: vec![short], ..activity.clone() },
        Activity { sample_ms: 0.0, ..activity.clone() },
        Activity { duration_ms: f64::INFINITY, ..activity.clone() },
        Activity { excitatory_neurons: 5, ..activity.clone() },
    ] {
        let error = judge(&wrong, &DiagnosisConfig::default()).unwrap_err();
        assert!(matches!(error, BalanceError::Recording(_)), "{error}");
    }
}
