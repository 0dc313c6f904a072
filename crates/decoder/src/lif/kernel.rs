//! The network on slices: forward, backward, and both at once for a batch.
//!
//! A batch is cut into groups of [`GROUP`] samples, whose gradients are summed one after the
//! other, group by group: what is summed in which order depends neither on the number of threads
//! nor on the processor, and so do the results.

use super::backward::{Accumulate, Backward, NO_ROW, ReadoutBackward, Upstream};
use super::buffer::{Buffer, padded};
use super::forward::{Forward, Net, Spikes, mask_width};
use super::lanes::{Instructions, dispatch};
use super::recurrent::{Member, RecurrentBackward, TOGETHER};
use super::{Dynamics, Input, LifError, Matrices, Shape};
use rayon::prelude::*;
use std::cell::RefCell;

/// Samples whose gradients one partial sum holds.
pub const GROUP: usize = 32;

/// Bytes of derivatives that are collected before they are added to the weights' gradients: a
/// part of the second-level cache. It changes no result, since a sum's order stays the same.
const COLLECT: usize = 1 << 18;

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
    /// `[batch, steps, width]`
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

/// Memory that one thread uses again and again.
#[derive(Default)]
struct Scratch {
    membrane: Buffer,
    masks: Vec<u16>,
    peaks: Vec<f32>,
    logits: Vec<f32>,
    counts: Vec<u32>,
    sources: Vec<u32>,
    d_logits: Vec<f32>,
    injections: Vec<(usize, f32, usize)>,
    row_of_step: Vec<u32>,
    /// (row of the weights, row of the derivatives) of each event or spike, and how many there
    /// are of each row of the weights.
    uses: Vec<(u32, u32)>,
    starts: Vec<u32>,
    order: Vec<u32>,
    /// Derivatives for the currents, and how many rows of them are taken.
    currents: Buffer,
    taken: usize,
    state: Buffer,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Where the backward pass of a sample starts and what it reads.
struct Sample<'a> {
    events: (&'a [u16], &'a [u16]),
    membrane: &'a [f32],
    masks: &'a [u16],
    upstream: Upstream<'a>,
}

/// Partial sums of gradients, used again from step to step.
#[derive(Debug, Default)]
pub struct Workspace {
    partial: Vec<Matrices>,
}

impl Workspace {
    /// The gradients of the last [`Kernel::step`].
    ///
    /// # Panics
    /// If there was none.
    pub fn gradients(&self) -> &Matrices {
        &self.partial[0]
    }

    /// Makes room for `groups` partial sums.
    fn prepare(&mut self, shape: Shape, groups: usize) -> Result<(), LifError> {
        if self.partial.first().is_some_and(|m| m.shape != shape) {
            self.partial.clear();
        }
        while self.partial.len() < groups {
            self.partial.push(Matrices::zeros(shape)?);
        }
        Ok(())
    }

    /// Sums the first `groups` partial sums into the first, in order.
    fn reduce(&mut self, groups: usize) {
        /// Floats that one task sums.
        const CHUNK: usize = 1 << 12;
        let Some((total, rest)) = self.partial[..groups].split_first_mut() else { return };
        let sum = |total: &mut [f32], part: fn(&Matrices) -> &[f32]| {
            total.par_chunks_mut(CHUNK).enumerate().for_each(|(k, total)| {
                for other in rest.iter() {
                    let other = &part(other)[k * CHUNK..k * CHUNK + total.len()];
                    for (a, b) in total.iter_mut().zip(other) {
                        *a += b;
                    }
                }
            });
        };
        sum(&mut total.rows, |m| &m.rows);
        sum(&mut total.readout, |m| &m.readout);
    }
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
        *d = (logit - top).exp();
        sum += *d;
    }
    for d in &mut d_logits[..logits.len()] {
        *d *= scale / sum;
    }
    d_logits[label] -= scale;
    (f64::from(sum.ln()) - f64::from(logits[label] - top), best == label)
}

impl Kernel {
    /// The computation of networks of this shape, with the fastest instructions there are.
    ///
    /// # Errors
    /// If a size or constant is out of range.
    pub fn new(shape: Shape, dynamics: Dynamics) -> Result<Kernel, LifError> {
        let Shape { inputs, hidden, classes, .. } = shape;
        if [inputs, hidden, classes].iter().any(|n| !(1..=1 << 16).contains(n)) {
            return Err(LifError::Shape { inputs, hidden, classes });
        }
        let constant = |name, value: f64, expected, right| {
            if right { Ok(()) } else { Err(LifError::Constant { name, value, expected }) }
        };
        let decay = "a decay factor must lie in 0 to below 1";
        for (name, value) in [("alpha", dynamics.alpha), ("beta", dynamics.beta)] {
            constant(name, value.into(), decay, (0.0..1.0).contains(&value))?;
        }
        let steps = dynamics.steps;
        let range = "from 1 to 65536 time steps are possible";
        constant("the number of steps", steps as f64, range, (1..=1 << 16).contains(&steps))?;
        let scale = dynamics.surrogate.scale();
        let positive = "it must be positive and at most 1e6";
        constant("the surrogate's scale", scale.into(), positive, scale > 0.0 && scale <= 1e6)?;
        Ok(Kernel { shape, dynamics, instructions: Instructions::best() })
    }

    /// The same with these instructions, if the processor has them.
    ///
    /// # Errors
    /// If it does not.
    pub fn with_instructions(self, instructions: Instructions) -> Result<Kernel, LifError> {
        if Instructions::available().contains(&instructions) {
            return Ok(Kernel { instructions, ..self });
        }
        Err(LifError::Batch(format!("this processor has no {instructions:?} instructions")))
    }

    /// The sizes.
    pub fn shape(&self) -> Shape {
        self.shape
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
            return Err(LifError::Batch(format!(
                "weights of {:?} for a network of {:?}",
                weights.shape, self.shape
            )));
        }
        if input.channels() > self.shape.inputs || input.steps() > self.dynamics.steps {
            return Err(LifError::Batch(format!(
                "events on {} channels and {} steps for a network of {} and {}",
                input.channels(),
                input.steps(),
                self.shape.inputs,
                self.dynamics.steps
            )));
        }
        match samples.iter().find(|&&s| s >= input.len()) {
            Some(s) => Err(LifError::Batch(format!(
                "sample {s} was asked for, but there are {}",
                input.len()
            ))),
            None => Ok(()),
        }
    }

    /// Numbers of one sample's tape: membrane, masks, peaks.
    fn sizes(&self) -> (usize, usize, usize) {
        let steps = self.dynamics.steps;
        let Shape { hidden, classes, .. } = self.shape;
        (steps * padded(hidden), steps * mask_width(hidden), padded(classes))
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
        // SAFETY: the instructions are available.
        unsafe { dispatch(self.instructions, task) }
    }

    /// The gradients of a loss for the weights, from its derivatives for the logits
    /// (`[batch, classes]`) and, if it depends on them, for the spike counts (`[batch, hidden]`).
    ///
    /// # Errors
    /// If the sizes do not belong together.
    pub fn backward(
        &self,
        weights: &Matrices,
        input: Input<'_>,
        samples: &[usize],
        tape: &Tape,
        d_logits: &[f32],
        d_counts: Option<&[f32]>,
    ) -> Result<Matrices, LifError> {
        self.check(weights, input, samples)?;
        let Shape { hidden, classes, .. } = self.shape;
        let (membrane, masks, peaks) = self.sizes();
        let batch = samples.len();
        if tape.peaks.len() != batch * peaks
            || d_logits.len() != batch * classes
            || d_counts.is_some_and(|d| d.len() != batch * hidden)
        {
            return Err(LifError::Batch(format!(
                "a tape or derivatives of another batch than that of {batch} samples"
            )));
        }
        let net = Net::new(weights, self.dynamics);
        let groups = batch.div_ceil(GROUP).max(1);
        let mut workspace = Workspace::default();
        workspace.prepare(self.shape, groups)?;
        samples.par_chunks(GROUP).zip(&mut workspace.partial).enumerate().for_each(
            |(group, (samples, partial))| {
                SCRATCH.with_borrow_mut(|scratch| {
                    let first = group * GROUP;
                    let width = net.width;
                    let mut d_group = vec![0.0; samples.len() * net.class_width];
                    let mut c_group = vec![0.0; samples.len() * width];
                    for k in 0..samples.len() {
                        let b = first + k;
                        d_group[k * net.class_width..][..classes]
                            .copy_from_slice(&d_logits[b * classes..(b + 1) * classes]);
                        if let Some(d) = d_counts {
                            c_group[k * width..][..hidden]
                                .copy_from_slice(&d[b * hidden..(b + 1) * hidden]);
                        }
                    }
                    let members: Vec<Sample<'_>> = (0..samples.len())
                        .map(|k| {
                            let b = first + k;
                            Sample {
                                events: input.sample(samples[k]),
                                membrane: &tape.membrane[b * membrane..(b + 1) * membrane],
                                masks: &tape.masks[b * masks..(b + 1) * masks],
                                upstream: Upstream {
                                    logits: &d_group[k * net.class_width..][..net.class_width],
                                    peaks: &tape.peaks[b * peaks..(b + 1) * peaks],
                                    counts: d_counts.map(|_| &c_group[k * width..][..width]),
                                },
                            }
                        })
                        .collect();
                    scratch.begin(&net);
                    for tile in members.chunks(TOGETHER) {
                        self.backward_tile(&net, tile, scratch, partial);
                    }
                    self.flush(&net, scratch, partial);
                });
            },
        );
        workspace.reduce(groups);
        Ok(workspace.partial.swap_remove(0))
    }

    /// Forward and backward for a batch with the mean cross-entropy as loss, without keeping more
    /// than a few samples' states: the gradients are then in the workspace.
    ///
    /// # Errors
    /// If the sizes do not belong together, or a label is no class.
    pub fn step(
        &self,
        weights: &Matrices,
        input: Input<'_>,
        labels: &[u16],
        samples: &[usize],
        workspace: &mut Workspace,
    ) -> Result<Outcome, LifError> {
        self.check(weights, input, samples)?;
        if labels.len() != input.len() {
            return Err(LifError::Batch(format!(
                "{} labels for {} samples",
                labels.len(),
                input.len()
            )));
        }
        if let Some(&s) = samples.iter().find(|&&s| usize::from(labels[s]) >= self.shape.classes) {
            return Err(LifError::Batch(format!(
                "sample {s} has label {}, but there are {} classes",
                labels[s], self.shape.classes
            )));
        }
        let net = Net::new(weights, self.dynamics);
        let groups = samples.len().div_ceil(GROUP).max(1);
        workspace.prepare(self.shape, groups)?;
        let scale = 1.0 / samples.len() as f32;
        let parts: Vec<Outcome> = samples
            .par_chunks(GROUP)
            .zip(&mut workspace.partial)
            .map(|(samples, partial)| {
                SCRATCH.with_borrow_mut(|scratch| {
                    partial.rows.fill(0.0);
                    partial.readout.fill(0.0);
                    scratch.begin(&net);
                    let mut outcome = Outcome::default();
                    outcome.counts.resize(self.shape.hidden, 0);
                    // A feed-forward sample's states are used while they are in the cache.
                    let tile = if self.shape.recurrent { TOGETHER } else { 1 };
                    for samples in samples.chunks(tile) {
                        self.step_tile(
                            &net,
                            input,
                            labels,
                            samples,
                            scale,
                            scratch,
                            partial,
                            &mut outcome,
                        );
                    }
                    self.flush(&net, scratch, partial);
                    outcome
                })
            })
            .collect();
        workspace.reduce(groups);
        let mut total = Outcome { counts: vec![0; self.shape.hidden], ..Outcome::default() };
        for part in parts {
            total.loss += part.loss;
            total.correct += part.correct;
            for (a, b) in total.counts.iter_mut().zip(part.counts) {
                *a += b;
            }
        }
        Ok(total)
    }

    #[allow(clippy::too_many_arguments, reason = "one caller")]
    fn step_tile(
        &self,
        net: &Net<'_>,
        input: Input<'_>,
        labels: &[u16],
        samples: &[usize],
        scale: f32,
        scratch: &mut Scratch,
        partial: &mut Matrices,
        outcome: &mut Outcome,
    ) {
        let Shape { hidden, classes, .. } = self.shape;
        let (membrane, masks, peaks) = self.sizes();
        scratch.room_for_tapes((membrane, masks, peaks), samples.len(), hidden, classes);
        // The buffers leave the scratch while the backward pass borrows both.
        let mut v = std::mem::take(&mut scratch.membrane);
        let mut m = std::mem::take(&mut scratch.masks);
        let mut p = std::mem::take(&mut scratch.peaks);
        let mut d = std::mem::take(&mut scratch.d_logits);
        for (k, &s) in samples.iter().enumerate() {
            let Scratch { sources, logits, counts, .. } = scratch;
            let (logits, counts) = (&mut logits[..classes], &mut counts[..hidden]);
            let membrane = &mut v[k * membrane..(k + 1) * membrane];
            let masks = &mut m[k * masks..(k + 1) * masks];
            let peak = &mut p[k * peaks..(k + 1) * peaks];
            self.sample(net, input.sample(s), sources, membrane, masks, logits, peak, counts);
            let d = &mut d[k * peaks..k * peaks + classes];
            let (loss, correct) = cross_entropy(logits, labels[s].into(), scale, d);
            outcome.loss += loss;
            outcome.correct += usize::from(correct);
            for (total, &count) in outcome.counts.iter_mut().zip(&*counts) {
                *total += u64::from(count);
            }
        }
        let sample = |k: usize| Sample {
            events: input.sample(samples[k]),
            membrane: &v[k * membrane..(k + 1) * membrane],
            masks: &m[k * masks..(k + 1) * masks],
            upstream: Upstream {
                logits: &d[k * peaks..(k + 1) * peaks],
                peaks: &p[k * peaks..(k + 1) * peaks],
                counts: None,
            },
        };
        if let [_] = samples {
            self.backward_tile(net, &[sample(0)], scratch, partial);
        } else {
            let tile: Vec<Sample<'_>> = (0..samples.len()).map(sample).collect();
            self.backward_tile(net, &tile, scratch, partial);
        }
        (scratch.membrane, scratch.masks, scratch.peaks, scratch.d_logits) = (v, m, p, d);
    }

    /// The backward pass of at most [`TOGETHER`] samples.
    fn backward_tile(
        &self,
        net: &Net<'_>,
        tile: &[Sample<'_>],
        scratch: &mut Scratch,
        partial: &mut Matrices,
    ) {
        let (steps, classes) = (self.dynamics.steps, self.shape.classes);
        for sample in tile {
            let Some(last) = sample.upstream.last_step(classes, steps) else { continue };
            let task = ReadoutBackward {
                net,
                upstream: &sample.upstream,
                first: net.first_step(sample.events.0),
                last,
                membrane: sample.membrane,
                masks: sample.masks,
                gradient: &mut partial.readout,
            };
            // SAFETY: the instructions are available.
            unsafe { dispatch(self.instructions, task) }
        }
        if self.shape.recurrent {
            self.recurrent_tile(net, tile, scratch, partial);
            return;
        }
        for sample in tile {
            let Some(last) = sample.upstream.last_step(classes, steps) else { continue };
            let first = net.first_step(sample.events.0);
            if first <= last {
                let rows = scratch.use_events(sample.events, last);
                if scratch.taken + rows > scratch.currents.len() / net.width {
                    scratch.currents.grow((scratch.taken + rows) * net.width);
                }
                sample.upstream.injections(classes, &mut scratch.injections);
                let task = Backward {
                    net,
                    upstream: &sample.upstream,
                    injections: &scratch.injections,
                    first,
                    last,
                    membrane: sample.membrane,
                    row_of_step: &scratch.row_of_step,
                    currents: &mut scratch.currents,
                };
                // SAFETY: the instructions are available.
                unsafe { dispatch(self.instructions, task) }
                scratch.taken += rows;
                if scratch.taken * net.width * size_of::<f32>() >= COLLECT {
                    self.flush(net, scratch, partial);
                }
            }
        }
    }

    fn recurrent_tile(
        &self,
        net: &Net<'_>,
        tile: &[Sample<'_>],
        scratch: &mut Scratch,
        partial: &mut Matrices,
    ) {
        let (steps, classes, width) = (self.dynamics.steps, self.shape.classes, net.width);
        let last = tile.iter().filter_map(|s| s.upstream.last_step(classes, steps)).max();
        let Some(last) = last else { return };
        let members: Vec<Member<'_>> = tile
            .iter()
            .map(|sample| {
                let mut injections = Vec::with_capacity(classes);
                sample.upstream.injections(classes, &mut injections);
                Member {
                    injections,
                    upstream: Upstream { ..sample.upstream },
                    first: net.first_step(sample.events.0),
                    membrane: sample.membrane,
                }
            })
            .collect();
        scratch.currents.grow(tile.len() * steps * width);
        let task = RecurrentBackward {
            net,
            members: &members,
            last,
            currents: &mut scratch.currents,
            state: &mut scratch.state,
        };
        // SAFETY: the instructions are available.
        unsafe { dispatch(self.instructions, task) }
        for (k, (sample, member)) in tile.iter().zip(&members).enumerate() {
            let row = |step: usize| (k * steps + step) as u32;
            for (&step, &channel) in sample.events.0.iter().zip(sample.events.1) {
                if usize::from(step) <= last {
                    scratch.uses.push((channel.into(), row(step.into())));
                }
            }
            for step in member.first..=last {
                let masks = &sample.masks[step * net.mask_width..(step + 1) * net.mask_width];
                if self.dynamics.graded {
                    let currents = &scratch.currents[row(step) as usize * width..][..width];
                    for neuron in 0..self.shape.hidden {
                        let v = sample.membrane[step * width + neuron];
                        let spike = self.dynamics.surrogate.antiderivative(v - 1.0);
                        let at = (self.shape.inputs + neuron) * width;
                        for (g, d) in partial.rows[at..at + width].iter_mut().zip(currents) {
                            *g += spike * d;
                        }
                    }
                } else {
                    // SAFETY: the slice holds the numbers of one step.
                    let mut spikes = unsafe { Spikes::of(net, masks.as_ptr()) };
                    while let Some(neuron) = spikes.next() {
                        scratch.uses.push(((self.shape.inputs + neuron) as u32, row(step)));
                    }
                }
            }
        }
        self.flush(net, scratch, partial);
    }

    /// Adds the derivatives collected so far to the gradients of the weights.
    fn flush(&self, net: &Net<'_>, scratch: &mut Scratch, partial: &mut Matrices) {
        let Scratch { uses, starts, order, currents, taken, .. } = scratch;
        let rows = partial.rows.len() / net.width;
        // Counting sort by row of the weights, which keeps the order within a row.
        starts.clear();
        starts.resize(rows + 2, 0);
        for &(weight, _) in uses.iter() {
            starts[weight as usize + 2] += 1;
        }
        for row in 2..rows + 2 {
            starts[row] += starts[row - 1];
        }
        order.clear();
        order.resize(uses.len(), 0);
        for &(weight, current) in uses.iter() {
            let at = &mut starts[weight as usize + 1];
            order[*at as usize] = current;
            *at += 1;
        }
        let task = Accumulate {
            width: net.width,
            starts: &starts[..=rows],
            order,
            currents,
            gradient: &mut partial.rows,
        };
        // SAFETY: the instructions are available.
        unsafe { dispatch(self.instructions, task) }
        uses.clear();
        *taken = 0;
    }
}

impl Scratch {
    /// Makes room for the states of `samples` samples.
    fn room_for_tapes(
        &mut self,
        (membrane, masks, peaks): (usize, usize, usize),
        samples: usize,
        hidden: usize,
        classes: usize,
    ) {
        self.membrane.grow(samples * membrane);
        if self.masks.len() < samples * masks {
            self.masks.resize(samples * masks, 0);
        }
        if self.logits.len() < classes {
            self.logits.resize(classes, 0.0);
        }
        if self.counts.len() < hidden {
            self.counts.resize(hidden, 0);
        }
        // The padding of the derivatives must be 0 whatever was here before.
        for buffer in [&mut self.peaks, &mut self.d_logits] {
            buffer.clear();
            buffer.resize(samples * peaks, 0.0);
        }
    }

    /// Forgets what another network left.
    fn begin(&mut self, net: &Net<'_>) {
        self.uses.clear();
        self.taken = 0;
        self.row_of_step.clear();
        self.row_of_step.resize(net.dynamics.steps, NO_ROW);
    }

    /// Notes which derivatives the events up to step `last` need; gives the number of their rows.
    fn use_events(&mut self, (steps, channels): (&[u16], &[u16]), last: usize) -> usize {
        self.row_of_step.fill(NO_ROW);
        let mut rows = 0;
        let mut current = usize::MAX;
        for (&step, &channel) in steps.iter().zip(channels) {
            let step = usize::from(step);
            if step > last {
                break;
            }
            if step != current {
                current = step;
                self.row_of_step[step] = (self.taken + rows) as u32;
                rows += 1;
            }
            self.uses.push((channel.into(), (self.taken + rows - 1) as u32));
        }
        rows
    }
}
