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

#[test]
fn a_saved_simulation_goes_on_in_the_same_bits_on_other_threads() {
    for precision in [Precision::Single, Precision::Double] {
        let settings = mixed(precision);
        let networks =
            [1, 2, 3].map(|threads| Network::build(&settings, 3, threads).expect("it makes sense"));
        // What a run can be changed by while it goes on.
        let change = |simulation: &mut Simulation<'_>| {
            simulation.scale_background(0, 1.1).expect("it can be");
            simulation.set_rates(1, &[8.0; 100]).expect("they fit");
            simulation.set_spikes(1, &[(60.0, 3), (95.0, 4)]).expect("they are to come");
            simulation.silence(&[2, 1700]).expect("they are neurons");
        };
        let probed = [0, 2, 1499, 1600, 1700, 2199];
        let part = |simulation: &mut Simulation<'_>, time: f64| {
            let mut recording = Recording::spikes().with_potentials(&probed);
            simulation.advance(time, &mut recording, &mut go_on).expect("it runs");
            let weights = simulation.plastic_weights(2).iter().sum::<f64>();
            (recording.spikes.times, recording.spikes.ids, recording.potentials, weights)
        };
        let mut whole = Simulation::new(&networks[0], 5);
        part(&mut whole, 40.0);
        change(&mut whole);
        let saved = whole.save();
        let want = [part(&mut whole, 30.0), part(&mut whole, 50.0)];
        assert!(want[1].1.len() > 500 && !want[1].1.contains(&1700));
        for first in &networks {
            // Saved by as many threads as there may be, and gone on with by as many.
            let mut simulation = Simulation::new(first, 5);
            part(&mut simulation, 40.0);
            change(&mut simulation);
            assert!(simulation.save() == saved, "{} threads", first.threads());
            for second in &networks {
                let mut early = Simulation::restore(first, &saved).expect("it is of this network");
                assert_eq!(early.time_ms(), 40.0);
                assert!(close(&part(&mut early, 30.0), &want[0]));
                let bytes = early.save();
                let mut late = Simulation::restore(second, &bytes).expect("it is of this network");
                assert!(close(&part(&mut late, 50.0), &want[1]));
                assert!(late.save() == whole.save());
            }
        }
    }
}

/// Spikes, potentials, and the sum of the plastic weights.
type Part = (Vec<f32>, Vec<u32>, Vec<Vec<f32>>, f64);

/// The same bits; sums of weights, which are added up in the order of the threads, to rounding.
fn close(a: &Part, b: &Part) -> bool {
    (&a.0, &a.1, &a.2) == (&b.0, &b.1, &b.2) && (a.3 / b.3 - 1.0).abs() < 1e-12
}

#[test]
fn a_saved_simulation_of_another_network_is_refused() {
    let settings = mixed(Precision::Single);
    let network = Network::build(&settings, 3, 1).expect("it makes sense");
    let saved = Simulation::new(&network, 5).save();
    assert!(Simulation::restore(&network, &saved).is_ok());
    let other = Network::build(&settings, 4, 1).expect("it makes sense");
    assert!(Simulation::restore(&other, &saved).is_err());
    for length in (0..saved.len()).step_by(977).chain([saved.len() - 1]) {
        assert!(Simulation::restore(&network, &saved[..length]).is_err(), "cut at {length}");
    }
    assert!(Simulation::restore(&network, &[&saved[..], &[0]].concat()).is_err());
}

#[test]
fn building_can_be_stopped() {
    let never = || ControlFlow::Break(());
    let built = Network::build_watched(&mixed(Precision::Single), 3, 1, &never);
    assert_eq!(built.err(), Some(PopulationsError::Stopped));
}
