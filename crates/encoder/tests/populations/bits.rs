//! The same bits on other numbers of threads and other instruction sets, in parts, and after a stop.

use std::ops::ControlFlow;

use equipoise_encoder::populations::{Network, PopulationsError, Precision, Recording, Simulation};
use equipoise_simd::{Instructions, force};

use crate::{go_on, mixed};

/// Spikes, and potentials of some neurons, of a run in parts.
fn run(network: &Network, parts: &[f64]) -> (Vec<f32>, Vec<u32>, Vec<Vec<f32>>) {
    let mut simulation = Simulation::new(network, 5);
    let mut recording = Recording::spikes().with_potentials(&[0, 1499, 1600, 2199]);
    for &part in parts {
        simulation.advance(part, &mut recording, &mut go_on).expect("it runs");
        simulation = simulation.clone();
    }
    (recording.spikes.times, recording.spikes.ids, recording.potentials)
}

#[test]
fn threads_parts_and_instruction_sets_change_no_bit() {
    for precision in [Precision::Single, Precision::Double] {
        let settings = mixed(precision);
        let one = Network::build(&settings, 3, 1).expect("it makes sense");
        let want = run(&one, &[100.0]);
        assert!(want.0.len() > 1000, "{} spikes", want.0.len());
        for threads in [2, 3] {
            let network = Network::build(&settings, 3, threads).expect("it makes sense");
            assert_eq!(network.threads(), threads);
            assert_eq!(network.synapses(), one.synapses());
            assert!(run(&network, &[100.0]) == want, "{threads} threads in {precision:?}");
            assert!(run(&network, &[0.1, 33.3, 20.0, 46.6]) == want, "in parts");
        }
        for instructions in Instructions::available() {
            let _held = force(instructions);
            assert!(run(&one, &[100.0]) == want, "{instructions:?} in {precision:?}");
        }
    }
}

#[test]
fn a_stopped_simulation_goes_on() {
    let network = Network::build(&mixed(Precision::Single), 3, 2).expect("it makes sense");
    let want = run(&network, &[100.0]);
    let mut simulation = Simulation::new(&network, 5);
    let mut recording = Recording::spikes().with_potentials(&[0, 1499, 1600, 2199]);
    let mut stop =
        |time: f64| if time > 45.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let stopped = simulation.advance(100.0, &mut recording, &mut stop);
    assert_eq!(stopped, Err(PopulationsError::Stopped));
    let time = simulation.time_ms();
    assert!(time > 45.0 && time < 65.0, "{time}");
    simulation.advance(100.0 - time, &mut recording, &mut go_on).expect("it runs");
    assert!((recording.spikes.times, recording.spikes.ids, recording.potentials) == want);
}
