//! Conductance synapses and feed-forward inhibition against what they are said to be.

use super::*;

/// What three neurons do.
struct Recursion {
    potentials: Vec<Vec<f64>>,
    spikes: Vec<Vec<u32>>,
}

/// Two excitatory neurons and an inhibitory one that see an event in every step, by the equations in 64
/// bits.
fn recursion(w1: [f64; 3], v1: [[f64; 3]; 3], steps: usize, reversal: (f64, f64)) -> Recursion {
    let constants = dynamics(steps);
    let (alpha, beta) = (f64::from(constants.alpha), f64::from(constants.beta));
    let (e_e, e_i) = reversal;
    let (mut v, mut g_e, mut g_i) = ([0.0f64; 3], [0.0; 3], [0.0; 3]);
    let mut found = Recursion { potentials: Vec::new(), spikes: vec![Vec::new(); 3] };
    for step in 0..steps {
        found.potentials.push(v.to_vec());
        let fired: Vec<bool> = v.iter().map(|&v| v > 1.0).collect();
        for n in 0..3 {
            if fired[n] {
                found.spikes[n].push(step as u32);
            }
            let next = beta * v[n] + g_e[n] * (e_e - v[n]) + g_i[n] * (e_i - v[n]);
            v[n] = if fired[n] { 0.0 } else { next };
            g_e[n] = alpha * g_e[n] + w1[n] / e_e;
            g_i[n] *= alpha;
            for source in (0..3).filter(|&source| fired[source]) {
                match source {
                    2 => g_i[n] += -v1[source][n] / e_e,
                    _ => g_e[n] += v1[source][n] / e_e,
                }
            }
        }
    }
    found
}

#[test]
fn potentials_follow_the_equations() {
    let (steps, w1) = (80, [0.3f32, 0.5, 0.6]);
    let v1 = [[0.0f32, 0.2, 0.1], [0.3, 0.0, 0.2], [-0.3, -0.5, -0.2]];
    let shape = Shape { inputs: 1, hidden: 3, classes: 1, recurrent: true };
    let mut events = Events::new(steps, 1).unwrap();
    events.step = (0..steps as u16).collect();
    events.channel = vec![0; steps];
    events.offsets.push(steps);
    for (excitation, inhibition) in [(4.0f32, -0.5f32), (3.0, -1.0), (4.0, 0.0)] {
        for lateral in [Lateral::All, Lateral::FeedForward] {
            let masked = |source: usize, target: usize| match lateral {
                Lateral::FeedForward if source < 2 || target == 2 => 0.0,
                _ => v1[source][target],
            };
            let v1: Vec<f32> = (0..9).map(|k| masked(k / 3, k % 3)).collect();
            let weights = Matrices::from_slices(shape, &w1, Some(&v1), &[1.0, 1.0, -1.0]).unwrap();
            let synapses = Synapses::Conductance { excitation, inhibition };
            let dynamics = Dynamics { synapses, lateral, excitatory: 2, ..dynamics(steps) };
            let kernel = Kernel::new(shape, dynamics).unwrap();
            let (_, tape) = kernel.forward(&weights, Input::new(&events).unwrap(), &[0]).unwrap();
            let wide = |row: &[f32]| [0, 1, 2].map(|k| f64::from(row[k]));
            let rows = [0, 1, 2].map(|k| wide(&v1[3 * k..3 * k + 3]));
            let reversal = (f64::from(excitation), f64::from(inhibition));
            let want = recursion(wide(&w1), rows, steps, reversal);
            assert_eq!(tape.spike_trains(&kernel, 0), want.spikes, "{synapses:?} {lateral:?}");
            assert!(want.spikes.iter().all(|train| !train.is_empty()), "{:?}", want.spikes);
            for (step, want) in want.potentials.iter().enumerate() {
                for (got, want) in tape.potentials(&kernel, 0, step).iter().zip(want) {
                    assert!((f64::from(*got) - want).abs() < 1e-4, "{step}: {got} {want}");
                }
            }
        }
    }
}

/// With reversal potentials far away a conductance is a current: inhibition is as strong as a
/// current's where E_I is as far from rest as E_E.
#[test]
fn far_from_the_reversal_potentials_they_are_currents() {
    let kind = Kind {
        recurrent: true,
        logit: Logit::Maximum,
        scheme: Scheme::SpyTorch,
        synapses: Synapses::Conductance { excitation: 1000.0, inhibition: -1000.0 },
        lateral: Lateral::All,
    };
    let shape = Shape { inputs: 30, hidden: 20, classes: 4, recurrent: true };
    let weights = kind.weights(shape, 0.15, 2);
    let events = random_events(6, 40, 30, 60.0, 2);
    let input = Input::new(&events).unwrap();
    let potentials = |synapses: Synapses| {
        let dynamics = Kind { synapses, ..kind }.dynamics(20, dynamics(40));
        let kernel = Kernel::new(shape, dynamics).unwrap();
        let (_, tape) = kernel.forward(&weights, input, &[0]).unwrap();
        let until = tape.spike_trains(&kernel, 0).iter().flatten().min().copied().unwrap() + 1;
        (0..until as usize).flat_map(|t| tape.potentials(&kernel, 0, t).to_vec()).collect()
    };
    let (currents, conductances): (Vec<f32>, Vec<f32>) =
        (potentials(Synapses::Current), potentials(kind.synapses));
    assert!(currents.len() > 40 && currents.len() == conductances.len());
    assert!(distance(&conductances, &currents) < 2e-3);
}

#[test]
fn impossible_synapses_are_refused() {
    let shape = Shape { inputs: 4, hidden: 5, classes: 3, recurrent: false };
    let kernel = |excitation, inhibition, scheme| {
        let synapses = Synapses::Conductance { excitation, inhibition };
        Kernel::new(shape, Dynamics { synapses, scheme, ..dynamics(20) }).map(|_| ())
    };
    assert_eq!(kernel(4.0, -0.5, Scheme::SpyTorch), Ok(()));
    assert_eq!(kernel(4.0, -0.5, Scheme::Nir), Err(LifError::ConductanceForm));
    for (excitation, inhibition) in [(1.0, -0.5), (f32::NAN, -0.5), (4.0, 0.1), (4.0, f32::NAN)] {
        let found = kernel(excitation, inhibition, Scheme::SpyTorch);
        assert!(matches!(found, Err(LifError::Constant { .. })), "{found:?}");
    }
}

#[test]
fn connections_are_counted_where_they_can_be() {
    let shape = Shape { inputs: 4, hidden: 10, classes: 3, recurrent: true };
    let of = |shape, lateral| {
        let dynamics = Dynamics { lateral, excitatory: 8, ..dynamics(20) };
        Kernel::new(shape, dynamics).unwrap().connections()
    };
    assert_eq!(of(shape, Lateral::All), 40 + 100 + 30);
    assert_eq!(of(shape, Lateral::FeedForward), 40 + 16 + 30);
    assert_eq!(of(Shape { recurrent: false, ..shape }, Lateral::FeedForward), 40 + 30);
}
