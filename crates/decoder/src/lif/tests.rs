//! The kernel against PyTorch, against what its equations say, and against itself on other
//! instructions and other numbers of threads.

mod conductances;
mod gradients;

use super::kernel::{Kernel, Workspace, cross_entropy};
use super::layer;
use super::tensors::WeightTensors;
use super::*;
use burn::tensor::{Device, Tensor, TensorData};
use equipoise_random::stream;

/// Random events: `mean` a sample, sorted.
fn random_events(samples: usize, steps: usize, channels: usize, mean: f64, seed: u64) -> Events {
    let mut events = Events::new(steps, channels).unwrap();
    let mut random = stream(seed, "test/events", 0);
    for _ in 0..samples {
        let mut drawn: Vec<(u16, u16)> = (0..random.poisson(mean))
            .map(|_| (random.below(steps) as u16, random.below(channels) as u16))
            .collect();
        drawn.sort_unstable();
        events.step.extend(drawn.iter().map(|e| e.0));
        events.channel.extend(drawn.iter().map(|e| e.1));
        events.offsets.push(events.step.len());
    }
    events
}

fn random_weights(shape: Shape, size: f64, seed: u64) -> Matrices {
    let mut random = stream(seed, "test/weights", 0);
    let mut draw = |n: usize, size: f64| -> Vec<f32> {
        (0..n).map(|_| (random.normal() * size) as f32).collect()
    };
    let input = draw(shape.inputs * shape.hidden, size);
    let recurrent = shape.recurrent.then(|| draw(shape.hidden * shape.hidden, 0.3 * size));
    let readout = draw(shape.hidden * shape.classes, 0.4);
    Matrices::from_slices(shape, &input, recurrent.as_deref(), &readout).unwrap()
}

fn dynamics(steps: usize) -> Dynamics {
    Dynamics::from_time_constants(5.0, 10.0, 1.0, steps, Surrogate::default())
}

const LOGITS: [Logit; 2] = [Logit::Maximum, Logit::Extreme];
const SCHEMES: [Scheme; 2] = [Scheme::SpyTorch, Scheme::Nir];

const CONDUCTANCES: Synapses = Synapses::Conductance { excitation: 4.0, inhibition: -0.5 };

/// A kind of network.
#[derive(Debug, Clone, Copy)]
struct Kind {
    recurrent: bool,
    logit: Logit,
    scheme: Scheme,
    synapses: Synapses,
    lateral: Lateral,
}

/// Without recurrent connections, with all and with those of feed-forward inhibition, each with
/// both logits, in both forms of a step, and with conductance synapses.
fn kinds() -> impl Iterator<Item = Kind> {
    let wirings = [(false, Lateral::All), (true, Lateral::All), (true, Lateral::FeedForward)];
    let forms = [
        (Scheme::SpyTorch, Synapses::Current),
        (Scheme::Nir, Synapses::Current),
        (Scheme::SpyTorch, CONDUCTANCES),
    ];
    wirings.into_iter().flat_map(move |(recurrent, lateral)| {
        LOGITS.into_iter().flat_map(move |logit| {
            forms.map(|(scheme, synapses)| Kind { recurrent, logit, scheme, synapses, lateral })
        })
    })
}

impl Kind {
    /// Excitatory neurons of so many: not a whole number of vectors.
    fn excitatory(hidden: usize) -> usize {
        2 * hidden / 3
    }

    fn dynamics(self, hidden: usize, base: Dynamics) -> Dynamics {
        let Kind { logit, scheme, synapses, lateral, .. } = self;
        let excitatory = Kind::excitatory(hidden);
        Dynamics { logit, scheme, synapses, lateral, excitatory, ..base }
    }

    /// Random weights; with the signs of their sources where this kind depends on them.
    fn weights(self, shape: Shape, size: f64, seed: u64) -> Matrices {
        let plain = random_weights(shape, size, seed);
        if self.synapses == Synapses::Current && self.lateral == Lateral::All {
            return plain;
        }
        let excitatory = Kind::excitatory(shape.hidden);
        let input: Vec<f32> = plain.input().into_iter().map(f32::abs).collect();
        let recurrent = plain.recurrent().map(|v| {
            let signed = |(k, w): (usize, f32)| {
                let (source, target) = (k / shape.hidden, k % shape.hidden);
                match self.lateral {
                    Lateral::FeedForward if source < excitatory || target >= excitatory => 0.0,
                    _ if source < excitatory => w.abs(),
                    // Enough to matter; conductances of more than 1 are no membrane's any more.
                    _ if self.synapses == Synapses::Current => -3.0 * w.abs(),
                    _ => -w.abs(),
                }
            };
            v.into_iter().enumerate().map(signed).collect::<Vec<f32>>()
        });
        Matrices::from_slices(shape, &input, recurrent.as_deref(), &plain.readout()).unwrap()
    }
}

/// The largest difference in units of the norm of `want`.
fn distance(got: &[f32], want: &[f32]) -> f64 {
    assert_eq!(got.len(), want.len());
    let norm = want.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    let worst = got.iter().zip(want).map(|(a, b)| f64::from(a - b).abs()).fold(0.0, f64::max);
    worst / norm.max(1e-12)
}

fn all(m: &Matrices) -> Vec<f32> {
    let mut all = m.input();
    all.extend(m.recurrent().unwrap_or_default());
    all.extend(m.readout());
    all
}

#[derive(serde::Deserialize)]
struct Case {
    inputs: usize,
    hidden: usize,
    classes: usize,
    steps: usize,
    alpha: f32,
    beta: f32,
    recurrent: bool,
    scheme: Scheme,
    /// E_E and E_I of conductance synapses, and the number of excitatory hidden neurons.
    #[serde(default)]
    conductances: Option<(f32, f32, usize)>,
    events: Vec<Vec<(u16, u16)>>,
    labels: Vec<u16>,
    weights: Parts,
    logits: Vec<f32>,
    counts: Vec<f32>,
    loss: f64,
    penalty: f32,
    gradients: Parts,
    penalised: Parts,
}

#[derive(serde::Deserialize)]
struct Parts {
    input: Vec<f32>,
    readout: Vec<f32>,
    #[serde(default)]
    recurrent: Option<Vec<f32>>,
}

impl Parts {
    fn matrices(&self, shape: Shape) -> Matrices {
        Matrices::from_slices(shape, &self.input, self.recurrent.as_deref(), &self.readout).unwrap()
    }
}

#[test]
fn pytorch_gives_the_same() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("pytorch_vectors.json")).unwrap();
    for case in cases {
        let shape = Shape {
            inputs: case.inputs,
            hidden: case.hidden,
            classes: case.classes,
            recurrent: case.recurrent,
        };
        let mut events = Events::new(case.steps, case.inputs).unwrap();
        for sample in &case.events {
            events.step.extend(sample.iter().map(|e| e.0));
            events.channel.extend(sample.iter().map(|e| e.1));
            events.offsets.push(events.step.len());
        }
        let Case { alpha, beta, scheme, steps, .. } = case;
        let (readout_alpha, readout_beta) = (alpha, beta);
        let plain = dynamics(steps);
        let (synapses, excitatory) = match case.conductances {
            Some((excitation, inhibition, excitatory)) => {
                (Synapses::Conductance { excitation, inhibition }, excitatory)
            }
            None => (plain.synapses, plain.excitatory),
        };
        let decays = Dynamics { alpha, beta, readout_alpha, readout_beta, ..plain };
        let dynamics = Dynamics { scheme, synapses, excitatory, ..decays };
        let kernel = Kernel::new(shape, dynamics).unwrap();
        let input = Input::new(&events).unwrap();
        let weights = case.weights.matrices(shape);
        let samples: Vec<usize> = (0..events.len()).collect();
        let (output, tape) = kernel.forward(&weights, input, &samples).unwrap();
        assert!(distance(&output.logits, &case.logits) < 1e-6);
        let counts: Vec<f32> = output.counts.iter().map(|&c| c as f32).collect();
        assert_eq!(counts, case.counts);
        assert!(counts.iter().sum::<f32>() > 100.0);

        let mut workspace = Workspace::default();
        let outcome = kernel.step(&weights, input, &case.labels, &samples, &mut workspace).unwrap();
        assert!((outcome.loss / samples.len() as f64 - case.loss).abs() < 1e-5);
        let want = case.gradients.matrices(shape);
        assert!(distance(&all(workspace.gradients()), &all(&want)) < 1e-5);

        // The same through the two separate passes, and with SpyTorch's second regulariser.
        let classes = case.classes;
        let mut d_logits = vec![0.0; samples.len() * classes];
        for (k, d) in d_logits.chunks_exact_mut(classes).enumerate() {
            let logits = &output.logits[k * classes..(k + 1) * classes];
            cross_entropy(logits, case.labels[k].into(), 1.0 / samples.len() as f32, d);
        }
        let again = kernel.backward(&weights, input, &samples, &tape, &d_logits, None).unwrap();
        assert_eq!(all(&again), all(workspace.gradients()));
        let mut totals = vec![0.0; case.hidden];
        for row in counts.chunks_exact(case.hidden) {
            totals.iter_mut().zip(row).for_each(|(t, c)| *t += c);
        }
        let d_counts: Vec<f32> =
            (0..counts.len()).map(|k| 2.0 * case.penalty * totals[k % case.hidden]).collect();
        let got =
            kernel.backward(&weights, input, &samples, &tape, &d_logits, Some(&d_counts)).unwrap();
        let want = case.penalised.matrices(shape);
        assert!(distance(&all(&want), &all(&again)) > 1e-3, "the penalty must matter");
        assert!(distance(&all(&got), &all(&want)) < 1e-5);
    }
}

#[test]
fn without_autodiff_the_layer_answers_too() {
    let shape = Shape { inputs: 30, hidden: 20, classes: 4, recurrent: false };
    let kernel = Kernel::new(shape, dynamics(40)).unwrap();
    let weights = random_weights(shape, 0.4, 1);
    let input = SharedInput::new(random_events(3, 40, 30, 60.0, 1)).unwrap();
    let device = Device::flex();
    let tensor = |numbers: Vec<f32>, size: [usize; 2]| {
        Tensor::<2>::from_data(TensorData::new(numbers, size), &device)
    };
    let tensors = WeightTensors {
        // Not contiguous in memory.
        input: tensor(
            {
                let w = weights.input();
                (0..600).map(|k| w[(k % 30) * 20 + k / 30]).collect()
            },
            [20, 30],
        )
        .transpose(),
        recurrent: None,
        readout: tensor(weights.readout(), [20, 4]),
    };
    let activity = layer::forward(&kernel, tensors, &input, &[2, 1]).unwrap();
    let want = kernel.evaluate(&weights, input.view(), &[2, 1]).unwrap();
    assert_eq!(activity.logits.into_data().try_to_vec::<f32>().unwrap(), want.logits);
    assert_eq!(activity.counts.dims(), [2, 20]);
}

/// One training step on these instructions and this many threads, as bits.
fn bits(
    shape: Shape,
    kind: Kind,
    instructions: Instructions,
    threads: usize,
) -> (Vec<u32>, Vec<u64>) {
    let dynamics = kind.dynamics(shape.hidden, dynamics(50));
    let kernel = Kernel::new(shape, dynamics).unwrap().with_instructions(instructions);
    let weights = kind.weights(shape, 0.3, 5);
    let events = random_events(80, 50, shape.inputs, 90.0, 5);
    let labels: Vec<u16> = (0..80).map(|k| (k % shape.classes) as u16).collect();
    let samples: Vec<usize> = (0..75).map(|k| (k * 7) % 80).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let input = Input::new(&events).unwrap();
        let mut workspace = Workspace::default();
        let outcome = kernel.step(&weights, input, &labels, &samples, &mut workspace).unwrap();
        let bits = all(workspace.gradients()).iter().map(|x| x.to_bits()).collect();
        (bits, outcome.counts)
    })
}

#[test]
fn threads_and_instructions_change_no_bit() {
    let kinds = kinds().filter(|kind| kind.logit == Logit::Maximum);
    for (hidden, kind) in kinds.flat_map(|kind| match kind.recurrent {
        false => [(100, kind), (300, kind)],
        true => [(33, kind), (150, kind)],
    }) {
        let shape = Shape { inputs: 40, hidden, classes: 11, recurrent: kind.recurrent };
        let want = bits(shape, kind, Instructions::PORTABLE, 1);
        assert!(want.0.iter().any(|&b| b != 0) && want.1.iter().sum::<u64>() > 100);
        for instructions in Instructions::available() {
            for threads in [1, 2, 3] {
                let got = bits(shape, kind, instructions, threads);
                assert_eq!(got, want, "{instructions:?} {threads} {kind:?}");
            }
        }
    }
}

#[test]
fn a_silent_network_has_no_gradient() {
    let shape = Shape { inputs: 4, hidden: 5, classes: 3, recurrent: false };
    let kernel = Kernel::new(shape, dynamics(20)).unwrap();
    let weights = Matrices::zeros(shape).unwrap();
    let mut events = random_events(2, 20, 4, 5.0, 1);
    // And a sample without a single event.
    events.offsets.push(events.step.len());
    let input = Input::new(&events).unwrap();
    let mut workspace = Workspace::default();
    let outcome = kernel.step(&weights, input, &[0, 1, 2], &[0, 1, 2], &mut workspace).unwrap();
    assert!((outcome.loss / 3.0 - libm::log(3f64)).abs() < 1e-6);
    assert_eq!((outcome.correct, outcome.counts), (1, vec![0; 5]));
    assert!(all(workspace.gradients()).iter().all(|&g| g == 0.0));
}

/// One sample of one neuron that fires, and inhibits its readout, and of one sample that is silent.
#[test]
fn only_the_extreme_brings_an_inhibited_class_back() {
    let shape = Shape { inputs: 1, hidden: 1, classes: 2, recurrent: false };
    let weights = Matrices::from_slices(shape, &[3.0], None, &[-0.7, 0.5]).unwrap();
    let mut events = Events::new(30, 1).unwrap();
    (events.step, events.channel) = (vec![4], vec![0]);
    events.offsets.extend([1, 1]);
    let input = Input::new(&events).unwrap();
    let outcome = |logit| {
        let kernel = Kernel::new(shape, Dynamics { logit, ..dynamics(30) }).unwrap();
        let output = kernel.evaluate(&weights, input, &[0, 1]).unwrap();
        let mut w = Workspace::default();
        kernel.step(&weights, input, &[0, 0], &[0, 1], &mut w).unwrap();
        (output, w.gradients().readout())
    };
    let (published, gradient) = outcome(Logit::Maximum);
    let spikes = published.counts[0];
    assert!(spikes > 0 && published.counts[1] == 0, "{spikes} spikes");
    assert!(published.logits[0] == 0.0 && published.logits[1] > 0.0);
    assert!(gradient[0] == 0.0 && gradient[1] > 0.0);
    let (extreme, gradient) = outcome(Logit::Extreme);
    assert!(extreme.logits[0] < 0.0 && extreme.logits[1] == published.logits[1]);
    assert!(gradient[0] < 0.0, "more of the weight, less of the loss: {gradient:?}");
    assert_eq!(extreme.logits[2..], [0.0, 0.0], "a silent sample");
    // The recursion of the readout, from the spikes.
    let kernel = Kernel::new(shape, dynamics(30)).unwrap();
    let (_, tape) = kernel.forward(&weights, input, &[0]).unwrap();
    let train = tape.spike_trains(&kernel, 0).remove(0);
    let (alpha, beta) = (f64::from(dynamics(30).alpha), f64::from(dynamics(30).beta));
    let (mut o, mut f, mut least) = (0.0, 0.0, 0.0f64);
    for step in 0..30 {
        (o, f) = (beta * o + f, alpha * f - 0.7 * f64::from(u8::from(train.contains(&step))));
        least = least.min(o);
    }
    assert!((f64::from(extreme.logits[0]) - least).abs() < 1e-6, "{extreme:?} {least}");
}

/// One neuron, driven so that it fires again and again: what each form makes of the input of the
/// step after a spike, and after how many steps a spike comes back to the neuron itself.
#[test]
fn the_two_forms_are_what_they_say() {
    for (recurrent, scheme) in
        [false, true].into_iter().flat_map(|recurrent| SCHEMES.map(|scheme| (recurrent, scheme)))
    {
        let steps = 60;
        let shape = Shape { inputs: 1, hidden: 1, classes: 1, recurrent };
        let (w1, v1) = (0.45f32, -0.3f32);
        let weights =
            Matrices::from_slices(shape, &[w1], recurrent.then_some(&[v1][..]), &[1.0]).unwrap();
        let mut events = Events::new(steps, 1).unwrap();
        events.step = (0..steps as u16).collect();
        events.channel = vec![0; steps];
        events.offsets.push(steps);
        let kernel = Kernel::new(shape, Dynamics { scheme, ..dynamics(steps) }).unwrap();
        let (_, tape) = kernel.forward(&weights, Input::new(&events).unwrap(), &[0]).unwrap();
        let got = tape.spike_trains(&kernel, 0).remove(0);

        let (alpha, beta) = (f64::from(dynamics(1).alpha), f64::from(dynamics(1).beta));
        let (w1, v1) = (f64::from(w1), if recurrent { f64::from(v1) } else { 0.0 });
        // current[t + 1] has the input of step t; spikes reach it one or two steps after them.
        let (mut v, mut i, mut want) = (0.0, 0.0, Vec::new());
        for step in 0..steps as u32 {
            let fired = f64::from(u8::from(v > 1.0));
            if fired > 0.0 {
                want.push(step);
            }
            if scheme == Scheme::Nir {
                i += v1 * fired;
                v = beta * v * (1.0 - fired) + i;
                i = alpha * i + w1;
            } else {
                v = (beta * v + i) * (1.0 - fired);
                i = alpha * i + w1 + v1 * fired;
            }
        }
        assert!(got.len() > 5 && got.len() < steps, "{got:?}");
        assert_eq!(got, want, "recurrent {recurrent} {scheme:?}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let shape = Shape { inputs: 4, hidden: 5, classes: 3, recurrent: false };
    let kernel = Kernel::new(shape, dynamics(20)).unwrap();
    let weights = Matrices::zeros(shape).unwrap();
    let good = random_events(2, 20, 4, 5.0, 1);
    let input = Input::new(&good).unwrap();
    let mut w = Workspace::default();
    let no = |r: Result<kernel::Outcome, LifError>| r.unwrap_err().to_string();
    assert!(no(kernel.step(&weights, input, &[0, 3], &[1], &mut w)).contains("3 classes"));
    assert!(no(kernel.step(&weights, input, &[0], &[1], &mut w)).contains("1 labels"));
    assert!(no(kernel.step(&weights, input, &[0, 0], &[2], &mut w)).contains("there are 2"));
    let wide = random_events(2, 20, 5, 5.0, 1);
    let wide = Input::new(&wide).unwrap();
    assert!(no(kernel.step(&weights, wide, &[0, 0], &[0], &mut w)).contains("5 channels"));
    let long = random_events(2, 21, 4, 5.0, 1);
    let long = Input::new(&long).unwrap();
    assert!(no(kernel.step(&weights, long, &[0, 0], &[0], &mut w)).contains("21 steps"));
    for (alpha, beta, steps) in [(1.0, 0.9, 10), (0.9, f32::NAN, 10), (0.9, 0.9, 0)] {
        assert!(Kernel::new(shape, Dynamics { alpha, beta, ..dynamics(steps) }).is_err());
    }
    let mut bad = good.clone();
    bad.step.reverse();
    assert!(Input::new(&bad).unwrap_err().to_string().contains("sort them"));
    let mut bad = good.clone();
    bad.channel[1] = 4;
    assert!(Input::new(&bad).unwrap_err().to_string().contains("event 1 of sample 0"));
    let mut bad = good;
    bad.offsets.pop();
    assert!(Input::new(&bad).is_err());
}

#[test]
fn weights_that_are_not_numbers_are_seen_in_the_loss() {
    let shape = Shape { inputs: 4, hidden: 5, classes: 3, recurrent: false };
    let kernel = Kernel::new(shape, dynamics(20)).unwrap();
    let weights = Matrices::from_slices(shape, &[1.0; 20], None, &[f32::NAN; 15]).unwrap();
    let events = random_events(2, 20, 4, 30.0, 1);
    let mut w = Workspace::default();
    let input = Input::new(&events).unwrap();
    let outcome = kernel.step(&weights, input, &[0, 1], &[0, 1], &mut w).unwrap();
    assert!(outcome.loss.is_nan());
}
