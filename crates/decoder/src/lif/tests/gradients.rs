//! Gradients of the kernel against those of plain tensor operations, against central differences, and
//! of its two passes against the one.

use super::*;
use proptest::prelude::*;

/// A loss of logits and counts by both tensor paths: (value, gradients).
fn by_tensors(
    kernel: &Kernel,
    weights: &Matrices,
    input: &SharedInput,
    samples: &[usize],
    fused: bool,
) -> (Vec<f32>, Vec<f32>) {
    let device = Device::flex().autodiff();
    let shape = kernel.shape();
    let tensor = |numbers: Vec<f32>, size: [usize; 2]| {
        Tensor::<2>::from_data(TensorData::new(numbers, size), &device).require_grad()
    };
    let w1 = tensor(weights.input(), [shape.inputs, shape.hidden]);
    let v1 = weights.recurrent().map(|v| tensor(v, [shape.hidden, shape.hidden]));
    let w2 = tensor(weights.readout(), [shape.hidden, shape.classes]);
    let tensors = WeightTensors { input: w1.clone(), recurrent: v1.clone(), readout: w2.clone() };
    let activity = if fused {
        layer::forward(kernel, tensors, input, samples).unwrap()
    } else {
        reference::forward(kernel, tensors, input.view(), samples).unwrap()
    };
    let logits = activity.logits.clone();
    let loss = (activity.logits.clone() * activity.logits).sum() * 0.1
        + activity.counts.sum_dim(0).powi_scalar(2).mean() * 1e-4;
    let gradients = loss.backward();
    let numbers = |t: Tensor<2>| t.into_data().try_to_vec::<f32>().unwrap();
    let mut all = numbers(w1.grad(&gradients).unwrap());
    if let Some(v1) = v1 {
        all.extend(numbers(v1.grad(&gradients).unwrap()));
    }
    all.extend(numbers(w2.grad(&gradients).unwrap()));
    (numbers(logits), all)
}

#[test]
fn plain_tensor_operations_give_the_same() {
    let scale = 20.0;
    let surrogates = [
        Surrogate::FastSigmoid { scale: 100.0 },
        Surrogate::Arctangent { scale },
        Surrogate::Triangle { scale: 2.0 },
        Surrogate::Rectangle { scale: 2.0 },
        Surrogate::Sigmoid { scale },
    ];
    for (k, surrogate) in surrogates.into_iter().enumerate() {
        for kind in kinds() {
            let shape = Shape { inputs: 30, hidden: 37, classes: 19, recurrent: kind.recurrent };
            let dynamics = Dynamics { surrogate, readout_beta: 0.8, ..dynamics(40) };
            let kernel = Kernel::new(shape, kind.dynamics(37, dynamics)).unwrap();
            let weights = kind.weights(shape, 0.4, k as u64);
            let events = random_events(11, 40, 30, 60.0, k as u64);
            let input = SharedInput::new(events).unwrap();
            let samples = [4, 0, 7, 7, 10];
            let (l1, g1) = by_tensors(&kernel, &weights, &input, &samples, true);
            let (l2, g2) = by_tensors(&kernel, &weights, &input, &samples, false);
            let case = format!("{surrogate:?} {kind:?}");
            assert!(distance(&l1, &l2) < 1e-5, "{case}");
            // Where there is no connection, no gradient is meant.
            let there = all(&kind.weights(shape, 0.4, k as u64));
            let connected = |g: Vec<f32>| -> Vec<f32> {
                g.iter().zip(&there).filter(|(_, w)| **w != 0.0).map(|(g, _)| *g).collect()
            };
            let apart = distance(&connected(g1), &connected(g2));
            // What a potential goes into the next by can be beyond 1, and rounding grows with it.
            let most = if kind.synapses == Synapses::Current { 2e-5 } else { 1e-4 };
            assert!(apart < most, "{case}: {apart}");
        }
    }
}

#[test]
fn central_differences_give_the_same() {
    for kind in kinds() {
        if kind.synapses == Synapses::Current && kind.lateral == Lateral::All {
            let differences = Differences::of(kind, 3);
            let apart = distance(&differences.gradient, &differences.middle());
            assert!(apart < 2e-3, "{kind:?}: {apart}");
        }
        let smooth = (3..9).filter(|&seed| Differences::of(kind, seed).agree(kind)).count();
        assert!(smooth >= 2, "{kind:?}: {smooth} of 6");
    }
}

/// The gradient of a random network, and how its loss changes to both sides of its weights.
struct Differences {
    gradient: Vec<f32>,
    /// The slope upwards and downwards of each weight.
    slopes: Vec<(f64, f64)>,
}

impl Differences {
    fn of(kind: Kind, seed: u64) -> Differences {
        let recurrent = kind.recurrent;
        let shape = Shape { inputs: 5, hidden: 6, classes: 3, recurrent };
        let dynamics = Dynamics {
            graded: true,
            readout_alpha: 0.7,
            readout_beta: 0.95,
            surrogate: Surrogate::FastSigmoid { scale: 2.0 },
            ..dynamics(12)
        };
        let kernel = Kernel::new(shape, kind.dynamics(6, dynamics)).unwrap();
        let weights = kind.weights(shape, 0.5, seed);
        let events = random_events(3, 12, 5, 10.0, seed);
        let input = Input::new(&events).unwrap();
        let labels = [0, 2, 1];
        let samples = [0, 1, 2];
        let mut workspace = Workspace::default();
        kernel.step(&weights, input, &labels, &samples, &mut workspace).unwrap();
        let loss = |numbers: &[f32]| {
            let (w1, rest) = numbers.split_at(30);
            let (v1, w2) = rest.split_at(if recurrent { 36 } else { 0 });
            let v1 = recurrent.then_some(v1);
            let weights = Matrices::from_slices(shape, w1, v1, w2).unwrap();
            let mut other = Workspace::default();
            kernel.step(&weights, input, &labels, &samples, &mut other).unwrap().loss / 3.0
        };
        let numbers = all(&weights);
        let h = 2e-3;
        let here = loss(&numbers);
        let slopes = |k: usize| -> (f64, f64) {
            let (mut more, mut less) = (numbers.clone(), numbers.clone());
            more[k] += h;
            less[k] -= h;
            let step = |from: f32, to: f32| f64::from(to - from);
            let up = (loss(&more) - here) / step(numbers[k], more[k]);
            (up, (here - loss(&less)) / step(less[k], numbers[k]))
        };
        let slopes = (0..numbers.len()).map(slopes).collect();
        Differences { gradient: all(workspace.gradients()), slopes }
    }

    /// The central differences.
    fn middle(&self) -> Vec<f32> {
        self.slopes.iter().map(|(up, down)| (0.5 * (up + down)) as f32).collect()
    }

    /// Whether the loss is smooth in almost all weights; if it is, its gradient has to be right.
    /// Where a logit passes from one step to another the loss has a bend and no derivative.
    fn agree(&self, kind: Kind) -> bool {
        let want = self.middle();
        let norm = want.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
        let bend = |k: usize| (self.slopes[k].0 - self.slopes[k].1).abs() / norm;
        let smooth: Vec<usize> = (0..want.len()).filter(|&k| bend(k) < BEND).collect();
        if smooth.len() * 10 < want.len() * 9 {
            return false;
        }
        let of = |all: &[f32]| smooth.iter().map(|&k| all[k]).collect::<Vec<f32>>();
        let apart = distance(&of(&self.gradient), &of(&want));
        assert!(apart < 0.5 * BEND + 2e-3, "{kind:?}: {apart}");
        true
    }
}

/// From which difference of the slopes to both sides on, in units of the gradient's norm, a loss
/// counts as bent. A bend that is smaller moves the middle of both by up to half of it.
const BEND: f64 = 4e-3;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Any sizes: the two separate passes agree with the one, bit for bit, and rows of unused
    /// channels stay 0.
    #[test]
    fn both_ways_to_the_gradient_agree(
        hidden in 1usize..140,
        classes in 1usize..40,
        inputs in 1usize..20,
        batch in 1usize..70,
        kind in 0usize..18,
        price in prop_oneof![Just(0.0_f32), 1e-4_f32..1e-2],
        seed: u64,
    ) {
        let kind = kinds().nth(kind).unwrap();
        let shape = Shape { inputs: inputs + 1, hidden, classes, recurrent: kind.recurrent };
        let kernel = Kernel::new(shape, kind.dynamics(hidden, dynamics(25))).unwrap();
        let weights = kind.weights(shape, 0.6, seed);
        let mut events = random_events(batch, 25, inputs, 20.0, seed);
        events.channels = inputs + 1;
        let input = Input::new(&events).unwrap();
        let labels: Vec<u16> = (0..batch).map(|k| (k % classes) as u16).collect();
        let samples: Vec<usize> = (0..batch).collect();
        let mut workspace = Workspace::default();
        kernel
            .step_with_price(&weights, input, &labels, &samples, price, &mut workspace)
            .unwrap();
        let (output, tape) = kernel.forward(&weights, input, &samples).unwrap();
        let mut d = vec![0.0; batch * classes];
        for (k, d) in d.chunks_exact_mut(classes).enumerate() {
            let logits = &output.logits[k * classes..(k + 1) * classes];
            cross_entropy(logits, k % classes, 1.0 / batch as f32, d);
        }
        let counts = vec![price; batch * hidden];
        let counts = (price > 0.0).then_some(counts.as_slice());
        let again = kernel.backward(&weights, input, &samples, &tape, &d, counts).unwrap();
        prop_assert_eq!(all(&again), all(workspace.gradients()));
        prop_assert!(again.input()[inputs * hidden..].iter().all(|&g| g == 0.0));
    }
}
