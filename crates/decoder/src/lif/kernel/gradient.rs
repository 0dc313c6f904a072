//! The gradients of a batch: the backward pass alone, and forward and backward in one.

use super::super::backward::{Accumulate, Backward, ReadoutBackward, Upstream};
use super::super::conductances::{self, ConductancesBackward};
use super::super::net::{Net, Spikes};
use super::super::product::TOGETHER;
use super::super::recurrent::{Member, RecurrentBackward};
use super::super::{Input, LifError, Matrices, Scheme, Shape};
use super::scratch::{SCRATCH, Scratch};
use super::workspace::Workspace;
use super::{GROUP, Kernel, Outcome, Tape, cross_entropy};
use rayon::prelude::*;

/// Bytes of derivatives that are collected before they are added to the weights' gradients: a
/// part of the second-level cache. It changes no result, since a sum's order stays the same.
const COLLECT: usize = 1 << 18;

/// Where the backward pass of a sample starts and what it reads.
struct Sample<'a> {
    events: (&'a [u16], &'a [u16]),
    membrane: &'a [f32],
    masks: &'a [u16],
    upstream: Upstream<'a>,
}

impl Kernel {
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
            return Err(LifError::OtherBatch { samples: batch });
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
        self.step_with_price(weights, input, labels, samples, 0.0, workspace)
    }

    /// [`Self::step`] with `price` for every hidden spike of the batch in the gradients; the
    /// outcome's loss is without it.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn step_with_price(
        &self,
        weights: &Matrices,
        input: Input<'_>,
        labels: &[u16],
        samples: &[usize],
        price: f32,
        workspace: &mut Workspace,
    ) -> Result<Outcome, LifError> {
        self.check(weights, input, samples)?;
        if labels.len() != input.len() {
            return Err(LifError::Labels { labels: labels.len(), samples: input.len() });
        }
        if let Some(&s) = samples.iter().find(|&&s| usize::from(labels[s]) >= self.shape.classes) {
            let (label, classes) = (labels[s], self.shape.classes);
            return Err(LifError::Label { sample: s, label, classes });
        }
        let net = Net::new(weights, self.dynamics);
        let groups = samples.len().div_ceil(GROUP).max(1);
        workspace.prepare(self.shape, groups)?;
        let scale = 1.0 / samples.len() as f32;
        let mut prices = vec![0.0; net.width];
        prices[..self.shape.hidden].fill(price);
        let prices = (price != 0.0).then_some(prices.as_slice());
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
                            (scale, prices),
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
        (scale, prices): (f32, Option<&[f32]>),
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
                counts: prices,
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
            self.instructions.run(task);
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
                self.instructions.run(task);
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
        let rows = if net.has_conductances() { conductances::rows(steps) } else { steps + 1 };
        scratch.currents.grow(tile.len() * rows * width);
        let Scratch { currents, state, .. } = scratch;
        if net.has_conductances() {
            let task = ConductancesBackward { net, members: &members, last, currents, state };
            self.instructions.run(task);
        } else {
            let task = RecurrentBackward { net, members: &members, last, currents, state };
            self.instructions.run(task);
        }
        for (k, (sample, member)) in tile.iter().zip(&members).enumerate() {
            // Where di of a step is: events act on that of the next, spikes on that of the same or
            // of the next.
            let row = |step: usize| (k * rows + step) as u32;
            // Of conductances, those of inhibition come after those of excitation.
            let inhibits = |neuron: usize| net.has_conductances() && neuron >= net.inhibitory;
            let row_of = |neuron: usize, step: usize| {
                row(step + if inhibits(neuron) { steps + 1 } else { 0 })
            };
            let delay = match self.dynamics.scheme {
                Scheme::SpyTorch => 1,
                Scheme::Nir => 0,
            };
            for (&step, &channel) in sample.events.0.iter().zip(sample.events.1) {
                if usize::from(step) <= last {
                    scratch.uses.push((channel.into(), row(usize::from(step) + 1)));
                }
            }
            for step in member.first..=last {
                if self.dynamics.graded {
                    for neuron in net.senders.clone() {
                        let row = row_of(neuron, step + delay) as usize;
                        let currents = &scratch.currents[row * width..][..width];
                        let v = sample.membrane[step * net.stride + neuron];
                        let spike = self.dynamics.surrogate.antiderivative(v - 1.0);
                        let at = (self.shape.inputs + neuron) * width;
                        for (g, d) in partial.rows[at..at + width].iter_mut().zip(currents) {
                            *g += spike * d;
                        }
                    }
                } else {
                    let mut spikes = Spikes::of(net, net.masks_of_step(sample.masks, step));
                    while let Some(neuron) = spikes.next() {
                        if net.senders.contains(&neuron) {
                            let source = (self.shape.inputs + neuron) as u32;
                            scratch.uses.push((source, row_of(neuron, step + delay)));
                        }
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
        self.instructions.run(task);
        uses.clear();
        *taken = 0;
    }
}
