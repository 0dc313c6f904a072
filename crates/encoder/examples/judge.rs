//! Is a network of one's own balanced? From spike times and input currents in plain arrays, of
//! whatever simulator; here two neurons that one Poisson-like train of inputs drives.

use equipoise_encoder::balance::{Activity, BalanceError, DiagnosisConfig, InputTrace, judge};

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), BalanceError> {
    let times_ms: Vec<f32> = (0..40).map(|k| (k * k * 7 % 1000) as f32).collect();
    let ids: Vec<u32> = (0..40).map(|k| k % 2).collect();
    let excitation: Vec<f32> = (0..1000).map(|ms| 90.0 + (ms * 37 % 20) as f32).collect();
    let inhibition: Vec<f32> = excitation.iter().map(|e| 12.0 - e).collect();
    let recorded = Activity {
        neurons: 2,
        excitatory_neurons: 1,
        duration_ms: 1000.0,
        threshold_mv: 20.0,
        refractory_ms: 2.0,
        times_ms: &times_ms,
        ids: &ids,
        sample_ms: 1.0,
        inputs: vec![InputTrace { neuron: 0, excitation: &excitation, inhibition: &inhibition }],
    };
    let found = judge(&recorded, &DiagnosisConfig::default())?;
    println!("{:.0} Hz, {}", found.rate_hz, found.verdict);
    Ok(())
}
