//! The excitation and inhibition that hidden neurons get: is a network balanced?
//!
//! Of each hidden neuron the excitatory and the inhibitory input over time, as they enter the step of
//! its potential: of currents the sums of positive and of negative weights of what arrived, filtered by
//! the synapse; of conductances g_E (E_E - v) and g_I (E_I - v). In units of the potential that they
//! would hold in a steady state, so that 1 is the threshold.

use super::error::{ClassifierError, SampleError};
use super::{LabelledEvents, Signs};
use crate::lif::kernel::{Kernel, Tape};
use crate::lif::{Matrices, Scheme};
use equipoise_metrics::dynamics::{CouplingConfig, Couplings, DynamicsError, couplings};
use equipoise_metrics::spikes::{cv, intervals, local_variation};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Neurons of a type that are measured at most, spread evenly over it.
const MOST_NEURONS: usize = 200;
/// Steps of all samples together that are measured at most.
const MOST_STEPS: usize = 5_000;
/// Intervals from which the irregularity of a neuron is told.
const LEAST_INTERVALS: usize = 10;
/// The longest lag, in steps.
const LONGEST_LAG: usize = 20;

/// What hidden neurons of one type get and do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TypeBalance {
    /// Neurons of this type.
    pub neurons: usize,
    /// Their mean rate, Hz.
    pub rate: f64,
    /// Mean excitation over neurons and time, in thresholds.
    pub excitation: f64,
    /// Size of the mean inhibition, in the same.
    pub inhibition: f64,
    /// Inhibition over excitation; none without excitation.
    pub ratio: Option<f64>,
    /// Excitation less inhibition, in thresholds.
    pub net: f64,
    /// Correlation over time of excitation and inhibition of a neuron, at the lag where it is largest,
    /// the mean over neurons; none where one of them does not vary.
    pub correlation: Option<f64>,
    /// That lag, ms, the mean over neurons: positive where inhibition follows excitation.
    pub lag: Option<f64>,
    /// The correlation without a lag.
    pub without_lag: Option<f64>,
    /// As `correlation`, of the excitation of a neuron with the inhibition of the next: what is common
    /// to all.
    pub between: Option<f64>,
    /// Mean CV of the inter-spike intervals of a neuron within samples, of all samples together; none
    /// where no neuron has ten.
    pub cv: Option<f64>,
    /// Mean local variation of the same, which a rate that differs over samples does not raise.
    pub local_variation: Option<f64>,
    /// Mean conductance of all synapses of a neuron over that of its leak; none of currents.
    pub conductance: Option<f64>,
    /// The largest of any neuron and step.
    pub largest_conductance: Option<f64>,
    /// Mean excitation and size of the mean inhibition of each measured neuron, in thresholds.
    pub inputs: Vec<(f32, f32)>,
}

/// Whether the hidden neurons of a network are balanced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputBalance {
    /// Samples that it was measured on.
    pub samples: usize,
    /// Excitatory neurons; none if there are none.
    pub excitatory: Option<TypeBalance>,
    /// Inhibitory neurons; none if there are none.
    pub inhibitory: Option<TypeBalance>,
}

impl InputBalance {
    /// The excitatory neurons, or the inhibitory ones of a network without them.
    pub fn main(&self) -> Option<&TypeBalance> {
        self.excitatory.as_ref().or(self.inhibitory.as_ref())
    }
}

/// Measures the balance of the hidden neurons on samples, or on so many of them, spread evenly, that
/// no more than 5,000 steps are taken.
///
/// # Errors
/// If network and data do not belong together, or there is no sample.
pub fn input_balance(
    kernel: &Kernel,
    weights: &Matrices,
    signs: Signs,
    data: &LabelledEvents,
    samples: &[usize],
) -> Result<InputBalance, ClassifierError> {
    if samples.is_empty() {
        return Err(SampleError::Empty.into());
    }
    let hidden = kernel.shape().hidden;
    let few = (MOST_STEPS / kernel.dynamics().steps).clamp(1, samples.len());
    let samples: Vec<usize> = (0..few).map(|k| samples[k * samples.len() / few]).collect();
    let spread = |from: usize, to: usize| -> Vec<usize> {
        let count = (to - from).min(MOST_NEURONS);
        (0..count).map(|k| from + k * (to - from) / count).collect()
    };
    let excitatory = signs.excitatory.min(hidden);
    let types = [spread(0, excitatory), spread(excitatory, hidden)];
    let neurons = types.concat();
    let mut recorded: Vec<Recorded> = neurons.iter().map(|_| Recorded::default()).collect();
    // A tape holds every neuron's potential at every step, so only some samples at a time.
    for chunk in samples.chunks(8) {
        let (_, tape) = kernel.forward(weights, data.input(), chunk)?;
        let part: Vec<Vec<Recorded>> = (0..chunk.len())
            .into_par_iter()
            .map(|k| {
                let sample = data.input().sample(chunk[k]);
                Replay { kernel, weights, neurons: &neurons }.run(sample, &tape, k)
            })
            .collect();
        for sample in part {
            recorded.iter_mut().zip(sample).for_each(|(all, more)| all.append(more));
        }
    }
    let (of_excitatory, of_inhibitory) = recorded.split_at(types[0].len());
    let step_ms = data.input().step_ms();
    let seconds = (few * kernel.dynamics().steps) as f64 * step_ms * 1e-3;
    let summary = |recorded: &[Recorded], neurons: usize| {
        summarise(recorded, neurons, kernel, seconds, step_ms)
    };
    Ok(InputBalance {
        samples: few,
        excitatory: summary(of_excitatory, excitatory),
        inhibitory: summary(of_inhibitory, hidden - excitatory),
    })
}

/// What is recorded of a neuron over all samples.
#[derive(Debug, Clone, Default)]
struct Recorded {
    excitation: Vec<f64>,
    inhibition: Vec<f64>,
    /// Sum over steps of the conductance, and its largest value.
    conductance: (f64, f64),
    spikes: usize,
    /// Intervals within samples.
    intervals: Vec<f64>,
    /// Local variation of a sample times its pairs of intervals, and the pairs.
    variation: (f64, f64),
}

impl Recorded {
    fn append(&mut self, more: Recorded) {
        self.excitation.extend(more.excitation);
        self.inhibition.extend(more.inhibition);
        self.conductance.0 += more.conductance.0;
        self.conductance.1 = self.conductance.1.max(more.conductance.1);
        self.spikes += more.spikes;
        self.intervals.extend(more.intervals);
        self.variation.0 += more.variation.0;
        self.variation.1 += more.variation.1;
    }
}

/// Finds the inputs of neurons from the spikes of a tape.
struct Replay<'a> {
    kernel: &'a Kernel,
    weights: &'a Matrices,
    neurons: &'a [usize],
}

impl Replay<'_> {
    fn run(&self, events: (&[u16], &[u16]), tape: &Tape, sample: usize) -> Vec<Recorded> {
        let dynamics = self.kernel.dynamics();
        let conductances = dynamics.synapses.are_conductances();
        let (per_reversal, ratio) = dynamics.synapses.factors();
        let (per_reversal, ratio) = (f64::from(per_reversal), f64::from(ratio));
        let (alpha, leak) = (f64::from(dynamics.alpha), 1.0 - f64::from(dynamics.beta));
        let input: Vec<&[f32]> = self.weights.input_rows().collect();
        let recurrent: Vec<&[f32]> = self.weights.recurrent_rows().collect();
        let trains = tape.spike_trains(self.kernel, sample);
        let mut fired: Vec<Vec<usize>> = vec![Vec::new(); dynamics.steps];
        for (neuron, train) in trains.iter().enumerate() {
            train.iter().for_each(|&step| fired[step as usize].push(neuron));
        }
        let mut arriving: Vec<Vec<usize>> = vec![Vec::new(); dynamics.steps];
        for (&step, &channel) in events.0.iter().zip(events.1) {
            arriving[usize::from(step)].push(usize::from(channel));
        }
        // Of each neuron the excitatory and the inhibitory input, both from 0 on.
        let mut now = vec![(0.0f64, 0.0f64); self.neurons.len()];
        let mut found: Vec<Recorded> = self.neurons.iter().map(|_| Recorded::default()).collect();
        let add = |now: &mut [(f64, f64)], row: &[f32]| {
            for (now, &neuron) in now.iter_mut().zip(self.neurons) {
                let w = f64::from(row[neuron]);
                if w > 0.0 { now.0 += w } else { now.1 -= w }
            }
        };
        for step in 0..dynamics.steps {
            let spikes = |now: &mut Vec<(f64, f64)>| {
                if !recurrent.is_empty() {
                    fired[step].iter().for_each(|&source| add(now, recurrent[source]));
                }
            };
            if dynamics.scheme == Scheme::Nir {
                spikes(&mut now);
            }
            let potentials = tape.potentials(self.kernel, sample, step);
            for ((found, now), &neuron) in found.iter_mut().zip(&now).zip(self.neurons) {
                let (mut e, mut i) = *now;
                if conductances {
                    let conductance = (e + i) * per_reversal / leak;
                    found.conductance.0 += conductance;
                    found.conductance.1 = found.conductance.1.max(conductance);
                    let v = f64::from(potentials[neuron]);
                    (e, i) = (e * (1.0 - v * per_reversal), i * (v * per_reversal - ratio));
                }
                found.excitation.push(e / leak);
                found.inhibition.push(i / leak);
            }
            now.iter_mut().for_each(|now| *now = (alpha * now.0, alpha * now.1));
            arriving[step].iter().for_each(|&channel| add(&mut now, input[channel]));
            if dynamics.scheme == Scheme::SpyTorch {
                spikes(&mut now);
            }
        }
        for (found, &neuron) in found.iter_mut().zip(self.neurons) {
            let train: Vec<f64> = trains[neuron].iter().map(|&step| f64::from(step)).collect();
            found.spikes = train.len();
            found.intervals = intervals(&train);
            let pairs = found.intervals.len().saturating_sub(1) as f64;
            if let Some(variation) = local_variation(&found.intervals) {
                found.variation = (variation * pairs, pairs);
            }
        }
        found
    }
}

/// The numbers of a type; none without a neuron of it.
fn summarise(
    recorded: &[Recorded],
    neurons: usize,
    kernel: &Kernel,
    seconds: f64,
    step_ms: f64,
) -> Option<TypeBalance> {
    if recorded.is_empty() {
        return None;
    }
    let n = recorded.len() as f64;
    let steps = recorded[0].excitation.len() as f64;
    let mean_of = |side: fn(&Recorded) -> &[f64]| -> f64 {
        recorded.iter().map(|r| side(r).iter().sum::<f64>() / steps).sum::<f64>() / n
    };
    let (excitation, inhibition) = (mean_of(|r| &r.excitation), mean_of(|r| &r.inhibition));
    let found = coupled(recorded);
    let mean = |of: fn(&Couplings) -> Option<f64>| found.as_ref().and_then(of);
    let many: Vec<&Recorded> =
        recorded.iter().filter(|r| r.intervals.len() >= LEAST_INTERVALS).collect();
    let over = |of: &dyn Fn(&Recorded) -> Option<f64>| -> Option<f64> {
        let values: Vec<f64> = many.iter().filter_map(|r| of(r)).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let conductances = kernel.dynamics().synapses.are_conductances();
    let largest = recorded.iter().map(|r| r.conductance.1).fold(0.0, f64::max);
    let conductance = recorded.iter().map(|r| r.conductance.0 / steps).sum::<f64>() / n;
    Some(TypeBalance {
        neurons,
        rate: recorded.iter().map(|r| r.spikes as f64).sum::<f64>() / n / seconds,
        excitation,
        inhibition,
        ratio: (excitation > 0.0).then(|| inhibition / excitation),
        net: excitation - inhibition,
        correlation: mean(|c| c.correlation.mean),
        lag: mean(|c| c.lag.mean).map(|steps| steps * step_ms),
        without_lag: mean(|c| c.without_lag.mean),
        between: mean(|c| c.between.mean),
        cv: over(&|r| cv(&r.intervals)),
        local_variation: over(&|r| (r.variation.1 > 0.0).then(|| r.variation.0 / r.variation.1)),
        conductance: conductances.then_some(conductance),
        largest_conductance: conductances.then_some(largest),
        inputs: recorded
            .iter()
            .map(|r| {
                let mean = |side: &[f64]| (side.iter().sum::<f64>() / steps) as f32;
                (mean(&r.excitation), mean(&r.inhibition))
            })
            .collect(),
    })
}

/// How excitation and inhibition go together in time; none where that cannot be told.
fn coupled(recorded: &[Recorded]) -> Option<Couplings> {
    let pairs: Vec<(&[f64], &[f64])> =
        recorded.iter().map(|r| (r.excitation.as_slice(), r.inhibition.as_slice())).collect();
    let config = CouplingConfig { window: 1, longest_lag: LONGEST_LAG };
    let found: Result<Couplings, DynamicsError> = couplings(&pairs, &config);
    // Too few steps, or inputs that are no numbers: nothing can be told.
    found.ok()
}

#[cfg(test)]
mod tests {
    use super::super::{ClassifierConfig, InitialWeights, SynapseModel, initial_weights};
    use super::*;
    use equipoise_encoder::code::Events;
    use equipoise_random::stream;

    /// Noise of so many events a sample.
    fn noise(samples: usize, steps: usize, channels: usize, events: usize) -> LabelledEvents {
        let sample = |k: usize| {
            let mut random = stream(4, "test/events", k as u64);
            let mut one = |_| (random.below(steps), random.below(channels));
            let mut drawn: Vec<(usize, usize)> = (0..events).map(&mut one).collect();
            drawn.sort_unstable();
            drawn
        };
        let events = Events::from_samples(steps, channels, (0..samples).map(sample)).unwrap();
        LabelledEvents::new(events, vec![0; samples], vec!["noise".into()]).unwrap()
    }

    fn kinds() -> Vec<ClassifierConfig> {
        let mut all = Vec::new();
        for synapses in [SynapseModel::Current, SynapseModel::Conductance] {
            for (recurrent, feed_forward_inhibition) in
                [(false, false), (true, false), (false, true)]
            {
                let plain = ClassifierConfig { hidden: 30, ..ClassifierConfig::default() };
                let kind =
                    ClassifierConfig { synapses, recurrent, feed_forward_inhibition, ..plain };
                all.push(kind);
                if synapses == SynapseModel::Current {
                    all.push(ClassifierConfig { dynamics: Scheme::Nir, ..kind });
                }
            }
        }
        all.push(ClassifierConfig { hidden: 30, recurrent: true, ..ClassifierConfig::unbounded() });
        all
    }

    /// The recorded inputs, put into the step of the potential, give the potentials of the kernel.
    #[test]
    fn inputs_explain_the_potentials() {
        let (steps, channels) = (60, 40);
        let data = noise(3, steps, channels, 300);
        for config in kinds() {
            let initial =
                InitialWeights::Study { sigma_1: 0.15, sigma_2: None, sigma_recurrent: Some(0.05) };
            let config = ClassifierConfig { initial, ..config };
            let shape = config.shape(channels, 1);
            let weights = initial_weights(&config, 2, shape, 0.0).unwrap();
            let dynamics = config.dynamics(steps);
            let kernel = Kernel::new(shape, dynamics).unwrap();
            let neurons: Vec<usize> = (0..30).collect();
            let (_, tape) = kernel.forward(&weights, data.input(), &[0, 1, 2]).unwrap();
            let mut inhibited = 0.0;
            for k in 0..3 {
                let replay = Replay { kernel: &kernel, weights: &weights, neurons: &neurons };
                let found = replay.run(data.input().sample(k), &tape, k);
                let leak = 1.0 - f64::from(dynamics.beta);
                for (neuron, recorded) in found.iter().enumerate() {
                    inhibited += recorded.inhibition.iter().sum::<f64>();
                    for step in 0..steps - 1 {
                        let v = f64::from(tape.potentials(&kernel, k, step)[neuron]);
                        let net = leak * (recorded.excitation[step] - recorded.inhibition[step]);
                        let next = match (v > 1.0, dynamics.scheme) {
                            (true, Scheme::SpyTorch) => 0.0,
                            (true, Scheme::Nir) => net,
                            (false, _) => f64::from(dynamics.beta) * v + net,
                        };
                        let got = f64::from(tape.potentials(&kernel, k, step + 1)[neuron]);
                        assert!((got - next).abs() < 1e-4, "{config:?}: {got} {next}");
                    }
                }
            }
            let found =
                input_balance(&kernel, &weights, config.signs(), &data, &[0, 1, 2]).unwrap();
            let main = found.main().unwrap();
            assert_eq!(inhibited != 0.0, main.ratio.unwrap() > 0.0);
            assert_eq!(main.neurons, config.excitatory());
            assert_eq!(main.conductance.is_some(), config.synapses == SynapseModel::Conductance);
        }
    }

    /// One event drives two inhibitory neurons and an excitatory one alike, and what the former fire
    /// inhibits the latter some steps later; by hand.
    #[test]
    fn the_balance_of_one_neuron_is_as_by_hand() {
        let (steps, hidden) = (50, 3);
        let config = ClassifierConfig {
            hidden,
            excitatory_fraction: 1.0 / 3.0,
            feed_forward_inhibition: true,
            ..ClassifierConfig::default()
        };
        let shape = config.shape(1, 1);
        // Enough for one spike of the inhibitory neurons; the excitatory one never fires.
        let v1 = [0.0, 0.0, 0.0, -0.02, 0.0, 0.0, -0.03, 0.0, 0.0];
        let weights = Matrices::from_slices(shape, &[0.1, 0.6, 0.6], Some(&v1), &[1.0; 3]).unwrap();
        let events = Events::from_samples(steps, 1, [vec![(2, 0)]]).unwrap();
        let data = LabelledEvents::new(events, vec![0], vec!["one".into()]).unwrap();
        let kernel = Kernel::new(shape, config.dynamics(steps)).unwrap();
        let (_, tape) = kernel.forward(&weights, data.input(), &[0]).unwrap();
        let trains = tape.spike_trains(&kernel, 0);
        assert!(trains[0].is_empty() && trains[1].len() == 1 && trains[1] == trains[2]);
        let found = input_balance(&kernel, &weights, config.signs(), &data, &[0]).unwrap();
        let one = found.excitatory.unwrap();
        assert_eq!(one.inputs.len(), 1);
        // Geometric series of what is left of a current until the last step.
        let alpha = f64::from(config.dynamics(steps).alpha);
        let beta = f64::from(config.dynamics(steps).beta);
        let after = |step: u32| {
            (1.0 - alpha.powi(steps as i32 - 1 - step as i32)) / (1.0 - alpha) / (1.0 - beta)
        };
        let want = (0.1 * after(2) / steps as f64, 0.05 * after(trains[1][0]) / steps as f64);
        assert!((one.excitation - want.0).abs() < 1e-6, "{one:?} {want:?}");
        assert!((one.inhibition - want.1).abs() < 1e-6, "{one:?} {want:?}");
        assert!((one.ratio.unwrap() - want.1 / want.0).abs() < 1e-5);
        assert!((one.net - (want.0 - want.1)).abs() < 1e-6);
        // Both decay alike, so inhibition is excitation as many steps later as the spike is.
        assert_eq!(one.lag, Some(f64::from(trains[1][0] - 2)));
        assert!(one.correlation.unwrap() > 0.999);
        assert_eq!((one.neurons, one.rate, one.cv, one.between), (1, 0.0, None, None));
        let others = found.inhibitory.unwrap();
        assert_eq!((others.neurons, others.inhibition, others.correlation), (2, 0.0, None));
        assert!((others.rate - 1000.0 / steps as f64).abs() < 1e-9);
    }
}
