//! The forward pass of one sample.

use super::buffer::{Buffer, LANES, padded};
use super::lanes::{Lanes, Task};
use super::recurrent::recurrent_forward;
use super::{Dynamics, Logit, Matrices, Shape};

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
pub(super) struct Spikes {
    masks: *const u16,
    end: *const u16,
    bits: u64,
    base: usize,
    hidden: usize,
}

impl Spikes {
    /// # Safety
    /// `masks` must stay valid for [`Net::mask_width`] numbers while this is used.
    #[inline(always)]
    pub unsafe fn of(net: &Net<'_>, masks: *const u16) -> Spikes {
        // SAFETY: the end of what the caller promises.
        let end = unsafe { masks.add(net.mask_width) };
        Spikes { masks, end, bits: 0, base: 0usize.wrapping_sub(64), hidden: net.shape.hidden }
    }

    #[inline(always)]
    pub fn next(&mut self) -> Option<usize> {
        loop {
            while self.bits == 0 {
                if self.masks == self.end {
                    return None;
                }
                // SAFETY: below the end, and the width is a multiple of 4.
                unsafe {
                    for part in 0..4 {
                        self.bits |= u64::from(*self.masks.add(part)) << (16 * part);
                    }
                    self.masks = self.masks.add(4);
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

/// The forward pass of one sample.
pub(super) struct Forward<'a> {
    pub net: &'a Net<'a>,
    /// The sample's events.
    pub steps: &'a [u16],
    pub channels: &'a [u16],
    /// Room for other steps' row numbers (recurrent only).
    pub sources: &'a mut Vec<u32>,
    /// Out: v, `[steps, width]`, from the first step on at which something happens.
    pub membrane: &'a mut [f32],
    /// Out: spike bits, `[steps, mask_width]`.
    pub masks: &'a mut [u16],
    /// Out: `[classes]`.
    pub logits: &'a mut [f32],
    /// Out: the time of each logit, in 0..=T, `[class_width]`.
    pub peaks: &'a mut [f32],
    /// Out: spikes of each neuron over all steps, `[hidden]`.
    pub counts: &'a mut [u32],
}

impl Task for Forward<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<L: Lanes>(mut self) {
        let net = self.net;
        let (steps, width) = (net.dynamics.steps, net.width);
        assert!(self.membrane.len() >= steps * width && self.masks.len() >= steps * net.mask_width);
        assert!(self.logits.len() == net.shape.classes && self.peaks.len() == net.class_width);
        assert!(self.counts.len() == net.shape.hidden && self.steps.len() == self.channels.len());
        let first = net.first_step(self.steps);
        self.masks.fill(0);
        self.counts.fill(0);
        // SAFETY: the sizes were just checked; the events are within the shape, as the kernel
        // checked before; the processor has the instructions of `L`.
        unsafe {
            if net.shape.recurrent {
                let (membrane, masks) = (self.membrane.as_mut_ptr(), self.masks.as_mut_ptr());
                let events = (self.steps, self.channels);
                if net.dynamics.graded {
                    recurrent_forward::<L, true>(net, events, first, self.sources, membrane, masks);
                } else {
                    recurrent_forward::<L, false>(
                        net,
                        events,
                        first,
                        self.sources,
                        membrane,
                        masks,
                    );
                }
            } else {
                let vectors = width / LANES;
                let blocks = vectors.div_ceil(8);
                for block in 0..blocks {
                    let from = block * vectors / blocks;
                    let count = (block + 1) * vectors / blocks - from;
                    self.hidden::<L>(first, from, count);
                }
            }
            self.readout::<L>(first);
        }
    }
}

impl Forward<'_> {
    /// The hidden layer's vectors `from..from + count`, at most 8.
    #[inline(always)]
    unsafe fn hidden<L: Lanes>(&mut self, first: usize, from: usize, count: usize) {
        macro_rules! blocks {
            ($($n:literal)*) => {
                // SAFETY: the caller checked the sizes.
                unsafe {
                    match (count, self.net.dynamics.graded) {
                        $(($n, false) => self.block::<L, $n, false>(first, from),
                        ($n, true) => self.block::<L, $n, true>(first, from),)*
                        _ => unreachable!("at most 8 vectors a block"),
                    }
                }
            };
        }
        blocks!(1 2 3 4 5 6 7 8)
    }

    /// As many vectors as fit in registers, over all steps.
    #[inline(always)]
    unsafe fn block<L: Lanes, const N: usize, const GRADED: bool>(
        &mut self,
        first: usize,
        from: usize,
    ) {
        let net = self.net;
        let (steps, channels) = (self.steps, self.channels);
        // SAFETY: step < T, channel < inputs and the block's vectors are within a row.
        unsafe {
            let weights = net.rows.as_ptr().add(LANES * from);
            let membrane = self.membrane.as_mut_ptr().add(LANES * from);
            let masks = self.masks.as_mut_ptr().add(from);
            let (alpha, beta) = (L::splat(net.dynamics.alpha), L::splat(net.dynamics.beta));
            let one = L::splat(1.0);
            let mut v = [L::splat(0.0); N];
            let mut i = [L::splat(0.0); N];
            let mut event = 0;
            for step in first..net.dynamics.steps {
                let to = membrane.add(step * net.width);
                let bits = masks.add(step * net.mask_width);
                for n in 0..N {
                    v[n].store(to.add(LANES * n));
                    let next = v[n].mul_add(beta, i[n]);
                    if GRADED {
                        *bits.add(n) = u16::MAX;
                        v[n] = next;
                    } else {
                        let fired = v[n].above(one);
                        *bits.add(n) = L::bits(fired);
                        v[n] = next.zero_where(fired);
                    }
                    i[n] = i[n].mul(alpha);
                }
                while event < steps.len() && usize::from(*steps.get_unchecked(event)) == step {
                    let channel = usize::from(*channels.get_unchecked(event));
                    let row = weights.add(channel * net.width);
                    for (n, i) in i.iter_mut().enumerate() {
                        *i = i.add(L::load(row.add(LANES * n)));
                    }
                    event += 1;
                }
            }
        }
    }

    /// The leaky integrators, their maxima or extremes, and the spike counts.
    #[inline(always)]
    unsafe fn readout<L: Lanes>(&mut self, first: usize) {
        let net = self.net;
        let extreme = net.dynamics.logit == Logit::Extreme;
        for from in (0..net.class_width).step_by(LANES) {
            // SAFETY: neurons are below `hidden`, the vector is within a row.
            unsafe {
                let weights = net.readout.as_ptr().add(from);
                let (alpha, beta) = (L::splat(net.dynamics.alpha), L::splat(net.dynamics.beta));
                let mut f = L::splat(0.0);
                let mut o = L::splat(0.0);
                let mut best = L::splat(0.0);
                let mut peak = L::splat(0.0);
                let counts = self.counts.as_mut_ptr();
                for step in first..net.dynamics.steps {
                    o = o.mul_add(beta, f);
                    f = f.mul(alpha);
                    let masks = self.masks.as_ptr().add(step * net.mask_width);
                    let mut spikes = Spikes::of(net, masks);
                    while let Some(neuron) = spikes.next() {
                        let row = L::load(weights.add(neuron * net.class_width));
                        if net.dynamics.graded {
                            let v = *self.membrane.as_ptr().add(step * net.width + neuron);
                            let spike = net.dynamics.surrogate.antiderivative(v - 1.0);
                            f = L::splat(spike).mul_add(row, f);
                        } else {
                            f = f.add(row);
                        }
                        if from == 0 {
                            *counts.add(neuron) += 1;
                        }
                    }
                    // A value that is not a number becomes the maximum, so that it is seen.
                    let higher =
                        if extreme { o.abs().not_at_most(best.abs()) } else { o.not_at_most(best) };
                    best = L::select(higher, o, best);
                    peak = L::select(higher, L::splat((step + 1) as f32), peak);
                }
                peak.store(self.peaks.as_mut_ptr().add(from));
                let mut values = Buffer::zeros(LANES);
                best.store(values.as_mut_ptr());
                let count = LANES.min(net.shape.classes - from);
                self.logits[from..from + count].copy_from_slice(&values[..count]);
            }
        }
    }
}
