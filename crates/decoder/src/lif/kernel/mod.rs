//! The network on slices: forward, backward, and both at once for a batch.
//!
//! A batch is cut into groups of [`GROUP`] samples, whose gradients are summed one after the
//! other, group by group: what is summed in which order depends neither on the number of threads
//! nor on the processor, and so do the results.

mod gradient;
mod scratch;
mod workspace;

pub use workspace::Workspace;

use super::buffer::{Buffer, padded};
use super::forward::Forward;
use super::net::{Net, mask_width};
pub use super::size::GROUP;
use super::{Dynamics, Input, Lateral, LifError, Matrices, Scheme, Shape, Synapses};
use equipoise_simd::Instructions;
use rayon::prelude::*;
use scratch::{SCRATCH, Scratch};

/// A network's computation.
#[derive(Debug, Clone, Copy)]
pub struct Kernel {
    shape: Shape,
    dynamics: Dynamics,
    instructions: Instructions,
}

/// What a forward pass keeps for the backward pass.
#[derive(Debug, Clone)]
pub struct Tape {
    /// `[batch, steps, stride]`
    membrane: Buffer,
    /// `[batch, steps, mask_width]`
    masks: Vec<u16>,
    /// `[batch, class_width]`
    peaks: Vec<f32>,
}

impl Tape {
    /// The steps at which each hidden neuron had a spike in the `sample`-th sample of the batch.
    ///
    /// # Panics
    /// If the batch has no such sample, or the tape is another kernel's.
    pub fn spike_trains(&self, kernel: &Kernel, sample: usize) -> Vec<Vec<u32>> {
        let (_, size, _) = kernel.sizes();
        let hidden = kernel.shape.hidden;
        let masks = &self.masks[sample * size..(sample + 1) * size];
        let mut trains = vec![Vec::new(); hidden];
        for (step, masks) in masks.chunks_exact(mask_width(hidden)).enumerate() {
            for (word, &bits) in masks.iter().enumerate() {
                let neurons = (0..16).filter(|bit| bits >> bit & 1 == 1).map(|bit| 16 * word + bit);
                for neuron in neurons.filter(|&n| n < hidden) {
                    trains[neuron].push(step as u32);
                }
            }
        }
        trains
    }

    /// The membrane potential of each hidden neuron at a step of the `sample`-th sample of the batch,
    /// in units of the threshold.
    ///
    /// # Panics
    /// If the batch has no such sample or step, or the tape is another kernel's.
    pub fn potentials(&self, kernel: &Kernel, sample: usize, step: usize) -> &[f32] {
        let (size, ..) = kernel.sizes();
        let hidden = kernel.shape.hidden;
        let at = sample * size + step * kernel.dynamics.stride(hidden);
        &self.membrane[at..at + hidden]
    }
}

/// What the network answers to a batch.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// The maximum over time of each readout, `[batch, classes]`.
    pub logits: Vec<f32>,
    /// The spikes of each hidden neuron over all steps, `[batch, hidden]`.
    pub counts: Vec<u32>,
}

/// The sum over a batch of what a training step sees.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// Sum of the cross-entropies.
    pub loss: f64,
    /// Samples whose largest logit is that of their label (the first of equal ones counts).
    pub correct: usize,
    /// Spikes of each hidden neuron.
    pub counts: Vec<u64>,
}

/// The cross-entropy of the softmax of the logits against the label, its derivative for each logit
/// times `scale` (into `d_logits`), and whether the label's logit is the (first) largest.
pub fn cross_entropy(
    logits: &[f32],
    label: usize,
    scale: f32,
    d_logits: &mut [f32],
) -> (f64, bool) {
    let mut best = 0;
    for (c, &logit) in logits.iter().enumerate() {
        if logit > logits[best] {
            best = c;
        }
    }
    let top = logits[best];
    let mut sum = 0.0f32;
    for (d, &logit) in d_logits.iter_mut().zip(logits) {
        *d = libm::expf(logit - top);
        sum += *d;
    }
    for d in &mut d_logits[..logits.len()] {
        *d *= scale / sum;
    }
    d_logits[label] -= scale;
    (f64::from(libm::logf(sum)) - f64::from(logits[label] - top), best == label)
}

/// The farthest that a reversal potential may be.
const REVERSAL: f32 = 1e3;

impl Kernel {
    /// The computation of networks of this shape, with the fastest instructions there are.
    ///
    /// # Errors
    /// If a size or constant is out of range.
    pub fn new(shape: Shape, dynamics: Dynamics) -> Result<Kernel, LifError> {
        shape.validate()?;
        let constant = |name, value: f64, expected, right| {
            if right { Ok(()) } else { Err(LifError::Constant { name, value, expected }) }
        };
        let decay = "a decay factor must lie in 0 to below 1";
        let Dynamics { alpha, beta, readout_alpha, readout_beta, .. } = dynamics;
        for (name, value) in [
            ("alpha", alpha),
            ("beta", beta),
            ("alpha of the readout", readout_alpha),
            ("beta of the readout", readout_beta),
        ] {
            constant(name, value.into(), decay, (0.0..1.0).contains(&value))?;
        }
        let steps = dynamics.steps;
        let range = "from 1 to 65536 time steps are possible";
        constant("the number of steps", steps as f64, range, (1..=1 << 16).contains(&steps))?;
        shape.check_states(steps.saturating_mul(dynamics.states()))?;
        if let Synapses::Conductance { excitation, inhibition } = dynamics.synapses {
            let above = "it lies above the threshold, 1, and is at most 1000";
            let right = excitation > 1.0 && excitation <= REVERSAL;
            constant("the reversal potential of excitation", excitation.into(), above, right)?;
            let below = "it lies at rest, 0, or below, and is at least -1000";
            let right = (-REVERSAL..=0.0).contains(&inhibition);
            constant("the reversal potential of inhibition", inhibition.into(), below, right)?;
            if dynamics.scheme == Scheme::Nir {
                return Err(LifError::ConductanceForm);
            }
        }
        let scale = dynamics.surrogate.scale();
        let positive = "it must be positive and at most 1e6";
        constant("the surrogate's scale", scale.into(), positive, scale > 0.0 && scale <= 1e6)?;
        Ok(Kernel { shape, dynamics, instructions: Instructions::best() })
    }

    /// The same with these instructions.
    pub fn with_instructions(self, instructions: Instructions) -> Kernel {
        Kernel { instructions, ..self }
    }

    /// The sizes.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The number of weights that there are: all of the shape's, but for recurrent ones that
    /// [`Lateral::FeedForward`] leaves out.
    pub fn connections(&self) -> u64 {
        let Shape { hidden, recurrent, .. } = self.shape;
        let excitatory = self.dynamics.excitatory.min(hidden) as u64;
        let hidden = hidden as u64;
        match self.dynamics.lateral {
            Lateral::FeedForward if recurrent => {
                self.shape.weights() - hidden * hidden + excitatory * (hidden - excitatory)
            }
            _ => self.shape.weights(),
        }
    }

    /// The constants.
    pub fn dynamics(&self) -> Dynamics {
        self.dynamics
    }

    /// Checks that weights, events and samples belong together.
    fn check(
        &self,
        weights: &Matrices,
        input: Input<'_>,
        samples: &[usize],
    ) -> Result<(), LifError> {
        if weights.shape != self.shape {
            return Err(LifError::Weights { found: weights.shape, wanted: self.shape });
        }
        if input.channels() > self.shape.inputs || input.steps() > self.dynamics.steps {
            return Err(LifError::Grid {
                channels: input.channels(),
                steps: input.steps(),
                inputs: self.shape.inputs,
                wanted_steps: self.dynamics.steps,
            });
        }
        match samples.iter().find(|&&s| s >= input.len()) {
            Some(&sample) => Err(LifError::NoSample { sample, samples: input.len() }),
            None => Ok(()),
        }
    }

    /// Numbers of one sample's tape: membrane, masks, peaks.
    fn sizes(&self) -> (usize, usize, usize) {
        let steps = self.dynamics.steps;
        let Shape { hidden, classes, .. } = self.shape;
        (steps * self.dynamics.stride(hidden), steps * mask_width(hidden), padded(classes))
    }

    /// The answers to the samples of a batch.
    ///
    /// # Errors
    /// If the sizes do not belong together.
    pub fn evaluate(
        &self,
        weights: &Matrices,
        input: Input<'_>,
        samples: &[usize],
    ) -> Result<Output, LifError> {
        let mut output = Output::default();
        self.run(weights, input, samples, &mut output, None)?;
        Ok(output)
    }

    /// The answers to the samples of a batch, and what [`Self::backward`] needs.
    ///
    /// # Errors
    /// If the sizes do not belong together.
    pub fn forward(
        &self,
        weights: &Matrices,
        input: Input<'_>,
        samples: &[usize],
    ) -> Result<(Output, Tape), LifError> {
        let states = self.dynamics.steps * self.dynamics.states();
        self.shape.check_kept_states(states, samples.len())?;
        let (membrane, masks, peaks) = self.sizes();
        let mut tape = Tape {
            membrane: Buffer::zeros(samples.len() * membrane),
            masks: vec![0; samples.len() * masks],
            peaks: vec![0.0; samples.len() * peaks],
        };
        let mut output = Output::default();
        self.run(weights, input, samples, &mut output, Some(&mut tape))?;
        Ok((output, tape))
    }

    fn run(
        &self,
        weights: &Matrices,
        input: Input<'_>,
        samples: &[usize],
        output: &mut Output,
        tape: Option<&mut Tape>,
    ) -> Result<(), LifError> {
        self.check(weights, input, samples)?;
        let Shape { hidden, classes, .. } = self.shape;
        let net = Net::new(weights, self.dynamics);
        output.logits.resize(samples.len() * classes, 0.0);
        output.counts.resize(samples.len() * hidden, 0);
        let outputs =
            output.logits.par_chunks_mut(classes).zip(output.counts.par_chunks_mut(hidden));
        let work = samples.par_iter().zip(outputs);
        let (membrane, masks, peaks) = self.sizes();
        match tape {
            Some(tape) => {
                let membrane = tape.membrane.par_chunks_mut(membrane);
                let rest = tape.masks.par_chunks_mut(masks).zip(tape.peaks.par_chunks_mut(peaks));
                work.zip(membrane.zip(rest)).for_each(|((&s, (l, c)), (v, (m, p)))| {
                    SCRATCH.with_borrow_mut(|scratch| {
                        self.sample(&net, input.sample(s), &mut scratch.sources, v, m, l, p, c);
                    });
                });
            }
            None => work.for_each(|(&s, (l, c))| {
                SCRATCH.with_borrow_mut(|scratch| {
                    scratch.room_for_tapes((membrane, masks, peaks), 1, hidden, classes);
                    let Scratch { membrane: v, masks: m, peaks: p, sources, .. } = scratch;
                    let (m, p) = (&mut m[..masks], &mut p[..peaks]);
                    self.sample(&net, input.sample(s), sources, &mut v[..membrane], m, l, p, c);
                });
            }),
        }
        Ok(())
    }

    /// The forward pass of one sample.
    #[allow(clippy::too_many_arguments, reason = "one buffer each")]
    fn sample(
        &self,
        net: &Net<'_>,
        (steps, channels): (&[u16], &[u16]),
        sources: &mut Vec<u32>,
        membrane: &mut [f32],
        masks: &mut [u16],
        logits: &mut [f32],
        peaks: &mut [f32],
        counts: &mut [u32],
    ) {
        let task =
            Forward { net, steps, channels, sources, membrane, masks, logits, peaks, counts };
        self.instructions.run(task);
    }
}
