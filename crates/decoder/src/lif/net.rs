//! A network as the forward and the backward pass read it.

use super::buffer::{Buffer, padded};
use super::{Dynamics, Lateral, Matrices, Shape};
use equipoise_simd::LANES;
use std::ops::Range;

/// A network as the passes see it: weights in rows of whole vectors, and the transposes that the
/// backward pass reads.
pub(super) struct Net<'a> {
    pub shape: Shape,
    pub dynamics: Dynamics,
    /// Hidden neurons, padded to whole vectors.
    pub width: usize,
    /// Classes, padded to whole vectors.
    pub class_width: usize,
    /// Floats that are kept of a step: the potentials, and with conductance synapses the factors
    /// by which a potential goes into the next.
    pub stride: usize,
    /// Numbers of 16 spike bits a step, padded to whole 64-bit words.
    pub mask_width: usize,
    /// Hidden neurons that send recurrent connections.
    pub senders: Range<usize>,
    /// Hidden neurons that receive them.
    pub receivers: Range<usize>,
    /// The first inhibitory hidden neuron.
    pub inhibitory: usize,
    /// `[inputs (+ hidden), width]`.
    pub rows: &'a [f32],
    /// `[hidden, class_width]`.
    pub readout: &'a [f32],
    /// `[classes, width]`.
    pub readout_transposed: Buffer,
    /// `[hidden, width]`, target first; empty if feed-forward. With conductance synapses those of
    /// excitatory sources.
    pub recurrent_transposed: Buffer,
    /// With conductance synapses, those of inhibitory sources; else empty.
    pub inhibitory_transposed: Buffer,
}

impl<'a> Net<'a> {
    pub fn new(weights: &'a Matrices, dynamics: Dynamics) -> Net<'a> {
        let shape = weights.shape;
        let width = padded(shape.hidden);
        let mut readout_transposed = Buffer::zeros(shape.classes * width);
        for (h, row) in weights.readout_rows().enumerate() {
            for (c, &w) in row.iter().enumerate() {
                readout_transposed[c * width + h] = w;
            }
        }
        let inhibitory = dynamics.excitatory.min(shape.hidden);
        let conductances = dynamics.synapses.are_conductances();
        let mut recurrent_transposed = Buffer::default();
        let mut inhibitory_transposed = Buffer::default();
        if shape.recurrent {
            recurrent_transposed = Buffer::zeros(shape.hidden * width);
            if conductances {
                inhibitory_transposed = Buffer::zeros(shape.hidden * width);
            }
            for (source, row) in weights.recurrent_rows().enumerate() {
                let to = match conductances && source >= inhibitory {
                    true => &mut inhibitory_transposed,
                    false => &mut recurrent_transposed,
                };
                for (target, &w) in row.iter().enumerate() {
                    to[target * width + source] = w;
                }
            }
        }
        let (senders, receivers) = match dynamics.lateral {
            Lateral::All => (0..shape.hidden, 0..shape.hidden),
            Lateral::FeedForward => (inhibitory..shape.hidden, 0..inhibitory),
        };
        Net {
            shape,
            dynamics,
            width,
            stride: dynamics.stride(shape.hidden),
            senders,
            receivers,
            inhibitory,
            class_width: padded(shape.classes),
            mask_width: mask_width(shape.hidden),
            rows: &weights.rows,
            readout: &weights.readout,
            readout_transposed,
            recurrent_transposed,
            inhibitory_transposed,
        }
    }

    /// Whether synapses are conductances.
    #[inline(always)]
    pub fn has_conductances(&self) -> bool {
        self.dynamics.synapses.are_conductances()
    }

    /// The vectors in which neurons of this range are.
    pub fn vectors(range: &Range<usize>) -> Range<usize> {
        if range.is_empty() { 0..0 } else { range.start / LANES..range.end.div_ceil(LANES) }
    }

    /// The spike bits of a step.
    #[inline(always)]
    pub fn masks_of_step<'m>(&self, masks: &'m [u16], step: usize) -> &'m [u16] {
        &masks[step * self.mask_width..][..self.mask_width]
    }

    /// The first step at which anything can happen to a sample with events at these steps: T if
    /// there is none. (In a graded run a neuron at rest has a spike too.)
    pub fn first_step(&self, steps: &[u16]) -> usize {
        match steps.first() {
            _ if self.dynamics.graded => 0,
            Some(&step) => usize::from(step),
            None => self.dynamics.steps,
        }
    }
}

impl Dynamics {
    /// Numbers that are kept of a neuron and step.
    pub(super) fn states(&self) -> usize {
        if self.synapses.are_conductances() { 2 } else { 1 }
    }

    /// Floats that are kept of a step of so many hidden neurons.
    pub(super) fn stride(&self, hidden: usize) -> usize {
        padded(hidden) * self.states()
    }
}

/// Numbers of 16 spike bits that a step of `hidden` neurons takes.
pub(super) fn mask_width(hidden: usize) -> usize {
    hidden.div_ceil(64) * 4
}

/// The neurons whose bits are set in one step, in order.
pub(super) struct Spikes<'a> {
    words: std::slice::Iter<'a, [u16; 4]>,
    bits: u64,
    base: usize,
    hidden: usize,
}

impl<'a> Spikes<'a> {
    /// The spikes of a step, from its [`Net::mask_width`] numbers of 16 bits.
    #[inline(always)]
    pub fn of(net: &Net<'_>, masks: &'a [u16]) -> Spikes<'a> {
        let words = masks.as_chunks().0.iter();
        Spikes { words, bits: 0, base: 0usize.wrapping_sub(64), hidden: net.shape.hidden }
    }

    #[inline(always)]
    pub fn next(&mut self) -> Option<usize> {
        loop {
            while self.bits == 0 {
                let word = self.words.next()?;
                for (part, &bits) in word.iter().enumerate() {
                    self.bits |= u64::from(bits) << (16 * part);
                }
                self.base = self.base.wrapping_add(64);
            }
            let neuron = self.base + self.bits.trailing_zeros() as usize;
            self.bits &= self.bits - 1;
            // Padding has bits only in a graded run.
            if neuron < self.hidden {
                return Some(neuron);
            }
        }
    }
}
