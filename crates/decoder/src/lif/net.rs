//! A network as the forward and the backward pass read it.

use super::buffer::{Buffer, padded};
use super::{Dynamics, Matrices, Shape};

/// A network as the passes see it: weights in rows of whole vectors, and the transposes that the
/// backward pass reads.
pub(super) struct Net<'a> {
    pub shape: Shape,
    pub dynamics: Dynamics,
    /// Hidden neurons, padded to whole vectors.
    pub width: usize,
    /// Classes, padded to whole vectors.
    pub class_width: usize,
    /// Numbers of 16 spike bits a step, padded to whole 64-bit words.
    pub mask_width: usize,
    /// `[inputs (+ hidden), width]`.
    pub rows: &'a [f32],
    /// `[hidden, class_width]`.
    pub readout: &'a [f32],
    /// `[classes, width]`.
    pub readout_transposed: Buffer,
    /// `[hidden, width]`, target first; empty if feed-forward.
    pub recurrent_transposed: Buffer,
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
        let mut recurrent_transposed = Buffer::default();
        if shape.recurrent {
            recurrent_transposed = Buffer::zeros(shape.hidden * width);
            for (source, row) in weights.recurrent_rows().enumerate() {
                for (target, &w) in row.iter().enumerate() {
                    recurrent_transposed[target * width + source] = w;
                }
            }
        }
        Net {
            shape,
            dynamics,
            width,
            class_width: padded(shape.classes),
            mask_width: mask_width(shape.hidden),
            rows: &weights.rows,
            readout: &weights.readout,
            readout_transposed,
            recurrent_transposed,
        }
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
