//! The forward pass of one sample.

use super::net::{Net, Spikes};
use super::recurrent::recurrent_forward;
use super::{Logit, Scheme};
use equipoise_simd::{F32x16, LANES, Mask, Simd, Task};

/// A membrane that fired is 0 after the next input was added: that input is lost.
const AFTER_INPUT: u8 = 0;
/// It is 0 before the next input is added.
const BEFORE_INPUT: u8 = 1;
/// It is not reset: a graded run.
const NO_RESET: u8 = 2;
/// As [`AFTER_INPUT`], with conductance synapses.
const CONDUCTANCES: u8 = 3;
/// As [`NO_RESET`], with conductance synapses.
const CONDUCTANCES_NO_RESET: u8 = 4;

/// The forward pass of one sample.
pub(super) struct Forward<'a> {
    pub net: &'a Net<'a>,
    /// The sample's events.
    pub steps: &'a [u16],
    pub channels: &'a [u16],
    /// Room for other steps' row numbers (recurrent only).
    pub sources: &'a mut Vec<u32>,
    /// Out: v, `[steps, stride]`, from the first step on at which something happens; with conductance
    /// synapses followed by the factors with which v goes into the next.
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
    fn run<S: Simd>(mut self, simd: S) {
        let net = self.net;
        let (steps, width) = (net.dynamics.steps, net.width);
        assert!(
            self.membrane.len() >= steps * net.stride && self.masks.len() >= steps * net.mask_width
        );
        assert!(self.logits.len() == net.shape.classes && self.peaks.len() == net.class_width);
        assert!(self.counts.len() == net.shape.hidden && self.steps.len() == self.channels.len());
        let first = net.first_step(self.steps);
        self.masks.fill(0);
        self.counts.fill(0);
        if net.shape.recurrent {
            let events = (self.steps, self.channels);
            let (sources, v, masks) = (&mut *self.sources, &mut *self.membrane, &mut *self.masks);
            // SAFETY: the sizes were just checked, and the kernel checked the events before.
            unsafe {
                recurrent_forward::<S>(simd, net, events, first, sources, v, masks);
            }
        } else {
            let vectors = width / LANES;
            let blocks = vectors.div_ceil(8);
            for block in 0..blocks {
                let from = block * vectors / blocks;
                let count = (block + 1) * vectors / blocks - from;
                // SAFETY: as above; the blocks cover the vectors of a row.
                unsafe { self.hidden(simd, first, from, count) };
            }
        }
        // SAFETY: the sizes were just checked.
        unsafe { self.readout(simd, first) };
    }
}

impl Forward<'_> {
    /// The hidden layer's vectors `from..from + count`, at most 8.
    ///
    /// # Safety
    /// They are within a row, the buffers have their sizes, the events are within the network.
    #[inline(always)]
    unsafe fn hidden<S: Simd>(&mut self, simd: S, first: usize, from: usize, count: usize) {
        macro_rules! blocks {
            ($($n:literal)*) => {
                // SAFETY: the caller's promise.
                unsafe {
                    match (count, self.reset()) {
                        $(($n, AFTER_INPUT) => self.block::<S, $n, AFTER_INPUT>(simd, first, from),
                          ($n, BEFORE_INPUT) => self.block::<S, $n, BEFORE_INPUT>(simd, first, from),
                          ($n, NO_RESET) => self.block::<S, $n, NO_RESET>(simd, first, from),
                          ($n, CONDUCTANCES) => self.block::<S, $n, CONDUCTANCES>(simd, first, from),
                          ($n, CONDUCTANCES_NO_RESET) => {
                              self.block::<S, $n, CONDUCTANCES_NO_RESET>(simd, first, from)
                          })*
                        _ => unreachable!("at most 8 vectors a block"),
                    }
                }
            };
        }
        blocks!(1 2 3 4 5 6 7 8)
    }

    /// When a membrane that fired is reset, and what synapses are.
    fn reset(&self) -> u8 {
        match self.net.dynamics.scheme {
            _ if self.net.has_conductances() => {
                if self.net.dynamics.graded {
                    CONDUCTANCES_NO_RESET
                } else {
                    CONDUCTANCES
                }
            }
            _ if self.net.dynamics.graded => NO_RESET,
            Scheme::SpyTorch => AFTER_INPUT,
            Scheme::Nir => BEFORE_INPUT,
        }
    }

    /// As many vectors as fit in registers, over all steps.
    ///
    /// # Safety
    /// As for [`Self::hidden`].
    #[inline(always)]
    unsafe fn block<S: Simd, const N: usize, const RESET: u8>(
        &mut self,
        simd: S,
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
            let (alpha, beta) = (simd.splat(net.dynamics.alpha), simd.splat(net.dynamics.beta));
            let per_reversal = simd.splat(net.dynamics.synapses.factors().0);
            let one = simd.splat(1.0);
            let mut v = [simd.splat(0.0); N];
            // With conductance synapses the conductance times the reversal potential.
            let mut i = [simd.splat(0.0); N];
            let mut event = 0;
            for step in first..net.dynamics.steps {
                let to = membrane.add(step * net.stride);
                let bits = masks.add(step * net.mask_width);
                for n in 0..N {
                    simd.store(v[n], to.add(LANES * n));
                    if RESET == CONDUCTANCES || RESET == CONDUCTANCES_NO_RESET {
                        let factor = i[n].neg_mul_add(per_reversal, beta);
                        simd.store(factor, to.add(net.width + LANES * n));
                        let next = v[n].mul_add(factor, i[n]);
                        if RESET == CONDUCTANCES {
                            let fired = v[n].above(one);
                            *bits.add(n) = fired.bits();
                            v[n] = next.zero_where(fired);
                        } else {
                            *bits.add(n) = u16::MAX;
                            v[n] = next;
                        }
                    } else if RESET == NO_RESET {
                        *bits.add(n) = u16::MAX;
                        v[n] = v[n].mul_add(beta, i[n]);
                    } else {
                        let fired = v[n].above(one);
                        *bits.add(n) = fired.bits();
                        v[n] = if RESET == BEFORE_INPUT {
                            v[n].zero_where(fired).mul_add(beta, i[n])
                        } else {
                            v[n].mul_add(beta, i[n]).zero_where(fired)
                        };
                    }
                    i[n] = i[n] * alpha;
                }
                while event < steps.len() && usize::from(*steps.get_unchecked(event)) == step {
                    let channel = usize::from(*channels.get_unchecked(event));
                    let row = weights.add(channel * net.width);
                    for (n, i) in i.iter_mut().enumerate() {
                        *i = *i + simd.load(row.add(LANES * n));
                    }
                    event += 1;
                }
            }
        }
    }

    /// The leaky integrators, their maxima or extremes, and the spike counts.
    ///
    /// # Safety
    /// The buffers have their sizes.
    #[inline(always)]
    unsafe fn readout<S: Simd>(&mut self, simd: S, first: usize) {
        let net = self.net;
        let extreme = net.dynamics.logit == Logit::Extreme;
        for from in (0..net.class_width).step_by(LANES) {
            // SAFETY: neurons are below `hidden`, the vector is within a row.
            unsafe {
                let weights = net.readout.as_ptr().add(from);
                let alpha = simd.splat(net.dynamics.readout_alpha);
                let beta = simd.splat(net.dynamics.readout_beta);
                let mut f = simd.splat(0.0);
                let mut o = simd.splat(0.0);
                let mut best = simd.splat(0.0);
                let mut peak = simd.splat(0.0);
                let counts = self.counts.as_mut_ptr();
                for step in first..net.dynamics.steps {
                    o = o.mul_add(beta, f);
                    f = f * alpha;
                    let mut spikes = Spikes::of(net, net.masks_of_step(self.masks, step));
                    while let Some(neuron) = spikes.next() {
                        let row = simd.load(weights.add(neuron * net.class_width));
                        if net.dynamics.graded {
                            let v = *self.membrane.as_ptr().add(step * net.stride + neuron);
                            let spike = net.dynamics.surrogate.antiderivative(v - 1.0);
                            f = simd.splat(spike).mul_add(row, f);
                        } else {
                            f = f + row;
                        }
                        if from == 0 {
                            *counts.add(neuron) += 1;
                        }
                    }
                    // A value that is not a number becomes the maximum, so that it is seen.
                    let higher =
                        if extreme { o.abs().not_at_most(best.abs()) } else { o.not_at_most(best) };
                    best = best.replace_where(higher, o);
                    peak = peak.replace_where(higher, simd.splat((step + 1) as f32));
                }
                simd.store(peak, self.peaks.as_mut_ptr().add(from));
                let mut values = [0.0; LANES];
                best.write(&mut values);
                let count = LANES.min(net.shape.classes - from);
                self.logits[from..from + count].copy_from_slice(&values[..count]);
            }
        }
    }
}
