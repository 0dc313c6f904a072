//! The diagnosis of a network by population.

use equipoise_encoder::balance::DiagnosisConfig;
use equipoise_encoder::populations::{Network, Recording, Simulation, brunel, diagnose};

use crate::go_on;

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
