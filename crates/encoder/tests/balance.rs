//! The diagnostics on Brunel's network, whose regimes are known.

#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

use equipoise_encoder::balance::{
    Axis, DiagnosisConfig, Setting, State, Stop, TrackingConfig, Waveform, diagnose, linearity,
    map, tracking,
};
use equipoise_encoder::network::{Network, NetworkConfig};

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
        let found = linearity(&config, &eta, 1, 1, &Stop::never()).unwrap();
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
    let found = tracking(&network, &ramp, 1, &Stop::never()).unwrap();
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
    let found = tracking(&network, &step, 1, &Stop::never()).unwrap();
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
    let found = map(&base, &g, &eta, &config, 1, &Stop::never()).unwrap();
    let states: Vec<State> = found.points.iter().map(|p| p.verdict.state).collect();
    assert_eq!(states, [State::Silent, State::Silent, State::MeanDriven, State::Balanced]);
    let same = map(&base, &g, &eta, &config, 1, &Stop::never()).unwrap();
    assert_eq!(same, found);
    let p = Axis { setting: Setting::ConnectionProbability, values: vec![1.2] };
    let error = map(&base, &g, &p, &config, 1, &Stop::never()).unwrap_err().to_string();
    assert!(error.contains("connection probability 1.2") && error.contains("outside"), "{error}");
    assert!(map(&base, &g, &g, &config, 1, &Stop::never()).is_err());
}
