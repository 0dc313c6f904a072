//! The backward pass of a feed-forward network, and what feed-forward and recurrent ones share.
//!
//! From the derivative of the loss for each logit, d_c, which acts at the time of that logit's
//! maximum, t_c (p, q: the derivatives for o and f, seen through W2 by each hidden neuron):
//!
//! ```text
//! p[t]  = beta' p[t+1] + sum over c with t_c = t of d_c W2[:, c]
//! q[t]  = alpha' q[t+1] + p[t+1]
//! dv[t] = (q[t+1] + (V1 di[t+1])) surrogate(v[t]) + beta (1 - s[t]) dv[t+1]
//! di[t] = alpha di[t+1] + (1 - s[t]) dv[t+1]
//! dW1[channel] = sum over its events of di[step + 1]
//! ```
//!
//! In the form of [`Scheme::Nir`] the input of the step after a spike is kept, and a spike acts on
//! the current of its own step, so that instead
//!
//! ```text
//! di[t] = alpha di[t+1] + dv[t+1]
//! dv[t] = (q[t+1] + (V1 di[t])) surrogate(v[t]) + beta (1 - s[t]) dv[t+1]
//! ```
//!
//! With conductance synapses, of which g_E = i / E_E and g_I = -h / E_E are kept as weights are signed,
//! a potential goes into the next by the factor l[t] = beta - g_E[t] - g_I[t], which the forward pass
//! keeps, and what a potential is driven by depends on where it is:
//!
//! ```text
//! di[t] = alpha di[t+1] + (1 - s[t]) dv[t+1] (1 - v[t] / E_E)
//! dh[t] = alpha dh[t+1] + (1 - s[t]) dv[t+1] (v[t] - E_I) / E_E
//! dv[t] = (q[t+1] + (V1_E di[t+1]) + (V1_I dh[t+1])) surrogate(v[t]) + l[t] (1 - s[t]) dv[t+1]
//! ```
//!
//! Above the latest of the t_c everything is 0, and below a sample's first event nothing is left
//! to do, so only the steps between are visited.

use super::Scheme;
use super::net::{Net, Spikes};
use super::surrogate::{Arctangent, Factor, FastSigmoid, LaneByLane, Surrogate};
use equipoise_simd::{F32x16, LANES, Simd, Task};

/// What the backward pass of one sample starts from.
pub(super) struct Upstream<'a> {
    /// The derivative of the loss for each logit, `[class_width]`, padding zero.
    pub logits: &'a [f32],
    /// The time of each logit's maximum, `[class_width]`.
    pub peaks: &'a [f32],
    /// The derivative of the loss for each neuron's spike count, `[width]`, padding zero.
    pub counts: Option<&'a [f32]>,
}

impl Upstream<'_> {
    /// The last step whose states the loss depends on, if any: one before the latest peak, or the
    /// last of all if spikes themselves have a derivative.
    pub fn last_step(&self, classes: usize, steps: usize) -> Option<usize> {
        if self.counts.is_some() {
            return Some(steps - 1);
        }
        let peaks = self.peaks[..classes].iter().map(|&p| p as usize);
        peaks.max().unwrap_or(0).checked_sub(1)
    }

    /// (time, derivative, class) of every logit that has one, the latest first.
    pub fn injections(&self, classes: usize, to: &mut Vec<(usize, f32, usize)>) {
        to.clear();
        let all = (0..classes).map(|c| (self.peaks[c] as usize, self.logits[c], c));
        to.extend(all.filter(|&(peak, d, _)| peak > 0 && d != 0.0));
        to.sort_by_key(|&(peak, _, class)| (std::cmp::Reverse(peak), class));
    }
}

/// Adds the derivatives of the logits whose maximum is at `time` to p, as the neurons of one block
/// see them; gives the injections that are left.
///
/// # Safety
/// `readout` must point to the block's first vector in the transposed readout weights, and the
/// classes of the injections must be those of the network.
#[inline(always)]
unsafe fn inject<'a, S: Simd, const N: usize>(
    simd: S,
    net: &Net<'_>,
    mut injections: &'a [(usize, f32, usize)],
    time: usize,
    readout: *const f32,
    p: &mut [S::F32x16; N],
) -> &'a [(usize, f32, usize)] {
    while let Some((&(at, d, class), rest)) = injections.split_first()
        && at == time
    {
        for (n, p) in p.iter_mut().enumerate() {
            // SAFETY: the class and the block's vectors are within the weights.
            unsafe {
                let row = simd.load(readout.add(class * net.width + LANES * n));
                *p = row.mul_add(simd.splat(d), *p);
            }
        }
        injections = rest;
    }
    injections
}

/// No row is wanted for a step.
pub(super) const NO_ROW: u32 = u32::MAX;

/// A step of [`Scheme::SpyTorch`].
const SPYTORCH: u8 = 0;
/// A step of [`Scheme::Nir`].
const NIR: u8 = 1;
/// A step of [`Scheme::SpyTorch`] with conductance synapses.
const CONDUCTANCES: u8 = 2;

/// The backward pass of the hidden layer of one sample of a feed-forward network.
pub(super) struct Backward<'a> {
    pub net: &'a Net<'a>,
    pub upstream: &'a Upstream<'a>,
    /// From [`Upstream::injections`].
    pub injections: &'a [(usize, f32, usize)],
    /// The steps to visit, first and last.
    pub first: usize,
    pub last: usize,
    /// From the forward pass.
    pub membrane: &'a [f32],
    /// For each step the row of `currents` that its derivative goes to, or [`NO_ROW`].
    pub row_of_step: &'a [u32],
    /// Out: di[step + 1] for the steps with a row, `[rows, width]`.
    pub currents: &'a mut [f32],
}

impl Task for Backward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let net = self.net;
        assert!(self.last < net.dynamics.steps && self.row_of_step.len() == net.dynamics.steps);
        assert!(self.membrane.len() >= net.dynamics.steps * net.stride);
        assert!(self.upstream.counts.is_none_or(|c| c.len() == net.width));
        let rows = self.row_of_step.iter().filter(|&&row| row != NO_ROW).max().map_or(0, |r| r + 1);
        assert!(self.currents.len() >= rows as usize * net.width);
        // SAFETY: the sizes were just checked.
        unsafe {
            match net.dynamics.scheme {
                _ if net.has_conductances() => self.of_form::<S, CONDUCTANCES>(simd),
                Scheme::SpyTorch => self.of_form::<S, SPYTORCH>(simd),
                Scheme::Nir => self.of_form::<S, NIR>(simd),
            }
        }
    }
}

impl Backward<'_> {
    /// # Safety
    /// The buffers have their sizes.
    #[inline(always)]
    unsafe fn of_form<S: Simd, const FORM: u8>(&mut self, simd: S) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.net.dynamics.surrogate {
                Surrogate::FastSigmoid { scale } => {
                    self.all::<S, _, FORM>(simd, FastSigmoid(scale))
                }
                Surrogate::Arctangent { scale } => self.all::<S, _, FORM>(simd, Arctangent(scale)),
                other => self.all::<S, _, FORM>(simd, LaneByLane(other)),
            }
        }
    }

    /// # Safety
    /// The buffers have their sizes.
    #[inline(always)]
    unsafe fn all<S: Simd, F: Factor, const FORM: u8>(&mut self, simd: S, surrogate: F) {
        let vectors = self.net.width / LANES;
        let blocks = vectors.div_ceil(4);
        for block in 0..blocks {
            let from = block * vectors / blocks;
            // SAFETY: the caller checked the sizes.
            unsafe {
                match (block + 1) * vectors / blocks - from {
                    1 => self.block::<S, F, FORM, 1>(simd, surrogate, from),
                    2 => self.block::<S, F, FORM, 2>(simd, surrogate, from),
                    3 => self.block::<S, F, FORM, 3>(simd, surrogate, from),
                    _ => self.block::<S, F, FORM, 4>(simd, surrogate, from),
                }
            }
        }
    }

    /// # Safety
    /// As for [`Self::all`]; the vectors from number `from` on are within a row.
    #[inline(always)]
    unsafe fn block<S: Simd, F: Factor, const FORM: u8, const N: usize>(
        &mut self,
        simd: S,
        surrogate: F,
        from: usize,
    ) {
        let net = self.net;
        // SAFETY: steps are below T, the block's vectors within a row.
        unsafe {
            let membrane = self.membrane.as_ptr().add(LANES * from);
            let currents = self.currents.as_mut_ptr().add(LANES * from);
            let readout = net.readout_transposed.as_ptr().add(LANES * from);
            let (alpha, beta) = (simd.splat(net.dynamics.alpha), simd.splat(net.dynamics.beta));
            let readout_alpha = simd.splat(net.dynamics.readout_alpha);
            let readout_beta = simd.splat(net.dynamics.readout_beta);
            let per_reversal = simd.splat(net.dynamics.synapses.factors().0);
            let one = simd.splat(1.0);
            // A graded run has no reset.
            let reset = simd.splat(if net.dynamics.graded { f32::INFINITY } else { 1.0 });
            let zero = simd.splat(0.0);
            let (mut dv, mut di, mut p, mut q) = ([zero; N], [zero; N], [zero; N], [zero; N]);
            let mut left = inject(simd, net, self.injections, self.last + 1, readout, &mut p);
            for step in (self.first..=self.last).rev() {
                let row = *self.row_of_step.get_unchecked(step);
                if row != NO_ROW {
                    for (n, di) in di.iter().enumerate() {
                        simd.store(*di, currents.add(row as usize * net.width + LANES * n));
                    }
                }
                for n in 0..N {
                    let at = step * net.stride + LANES * n;
                    let v = simd.load(membrane.add(at));
                    let mut ds = q[n];
                    if let Some(counts) = self.upstream.counts {
                        ds = ds + simd.load(counts.as_ptr().add(LANES * (from + n)));
                    }
                    let kept = dv[n].zero_where(v.above(reset));
                    let factor = surrogate.factor(simd, v - one);
                    let (into_current, into_potential) = match FORM {
                        CONDUCTANCES => (
                            kept * v.neg_mul_add(per_reversal, one),
                            kept * simd.load(membrane.add(at + net.width)),
                        ),
                        NIR => (dv[n], kept * beta),
                        _ => (kept, kept * beta),
                    };
                    di[n] = di[n].mul_add(alpha, into_current);
                    dv[n] = factor.mul_add(ds, into_potential);
                    q[n] = q[n].mul_add(readout_alpha, p[n]);
                    p[n] = p[n] * readout_beta;
                }
                left = inject(simd, net, left, step, readout, &mut p);
            }
        }
    }
}

/// The gradient of the readout weights from one sample.
pub(super) struct ReadoutBackward<'a> {
    pub net: &'a Net<'a>,
    pub upstream: &'a Upstream<'a>,
    /// The steps to visit, first and last.
    pub first: usize,
    pub last: usize,
    /// From the forward pass.
    pub membrane: &'a [f32],
    pub masks: &'a [u16],
    /// Added to, `[hidden, class_width]`.
    pub gradient: &'a mut [f32],
}

impl Task for ReadoutBackward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let net = self.net;
        let hidden = net.shape.hidden;
        assert!(self.last < net.dynamics.steps);
        assert!(self.masks.len() >= net.dynamics.steps * net.mask_width);
        assert!(self.membrane.len() >= net.dynamics.steps * net.stride);
        assert!(self.gradient.len() >= hidden * net.class_width);
        assert!(self.upstream.logits.len() == net.class_width);
        assert!(self.upstream.peaks.len() == net.class_width);
        for from in (0..net.class_width).step_by(LANES) {
            // SAFETY: the sizes were just checked; neurons are below `hidden`.
            unsafe {
                let gradient = self.gradient.as_mut_ptr().add(from);
                let logits = simd.load(self.upstream.logits.as_ptr().add(from));
                let peaks = simd.load(self.upstream.peaks.as_ptr().add(from));
                let alpha = simd.splat(net.dynamics.readout_alpha);
                let beta = simd.splat(net.dynamics.readout_beta);
                let zero = simd.splat(0.0);
                let mut df = zero;
                let now = peaks.equal(simd.splat((self.last + 1) as f32));
                let mut d_o = zero.replace_where(now, logits);
                for step in (self.first..=self.last).rev() {
                    let mut spikes = Spikes::of(net, net.masks_of_step(self.masks, step));
                    while let Some(neuron) = spikes.next() {
                        let to = gradient.add(neuron * net.class_width);
                        if net.dynamics.graded {
                            let v = *self.membrane.as_ptr().add(step * net.stride + neuron);
                            let spike = net.dynamics.surrogate.antiderivative(v - 1.0);
                            simd.store(simd.splat(spike).mul_add(df, simd.load(to)), to);
                        } else {
                            simd.store(simd.load(to) + df, to);
                        }
                    }
                    df = df.mul_add(alpha, d_o);
                    let now = peaks.equal(simd.splat(step as f32));
                    d_o = d_o.mul_add(beta, zero.replace_where(now, logits));
                }
            }
        }
    }
}

/// Adds the derivatives of the currents of a few samples to the rows of the weights that made
/// them, each row once.
pub(super) struct Accumulate<'a> {
    /// Floats a row.
    pub width: usize,
    /// For row r of the gradient: the rows of `currents` in `order[starts[r]..starts[r + 1]]`.
    pub starts: &'a [u32],
    pub order: &'a [u32],
    pub currents: &'a [f32],
    /// Added to, `[rows, width]`.
    pub gradient: &'a mut [f32],
}

impl Task for Accumulate<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let rows = self.starts.len() - 1;
        assert!(self.gradient.len() >= rows * self.width);
        assert!(self.starts[rows] as usize <= self.order.len() && self.starts.is_sorted());
        let most = self.order.iter().max().map_or(0, |&r| r as usize + 1);
        assert!(self.currents.len() >= most * self.width);
        let vectors = self.width / LANES;
        let blocks = vectors.div_ceil(8);
        for block in 0..blocks {
            let from = block * vectors / blocks;
            macro_rules! blocks {
                ($($n:literal)*) => {
                    match (block + 1) * vectors / blocks - from {
                        // SAFETY: the sizes were just checked.
                        $($n => unsafe { self.block::<S, $n>(simd, from) },)*
                        _ => unreachable!("at most 8 vectors a block"),
                    }
                };
            }
            blocks!(1 2 3 4 5 6 7 8)
        }
    }
}

impl Accumulate<'_> {
    /// # Safety
    /// The buffers have their sizes; the vectors from number `from` on are within a row.
    #[inline(always)]
    unsafe fn block<S: Simd, const N: usize>(&mut self, simd: S, from: usize) {
        // SAFETY: row numbers and vectors are within the buffers, as the caller checked.
        unsafe {
            let gradient = self.gradient.as_mut_ptr().add(LANES * from);
            let currents = self.currents.as_ptr().add(LANES * from);
            for (row, ends) in self.starts.windows(2).enumerate() {
                let sources = self.order.get_unchecked(ends[0] as usize..ends[1] as usize);
                if sources.is_empty() {
                    continue;
                }
                let to = gradient.add(row * self.width);
                let mut sum = [simd.splat(0.0); N];
                for (n, sum) in sum.iter_mut().enumerate() {
                    *sum = simd.load(to.add(LANES * n));
                }
                for &source in sources {
                    let current = currents.add(source as usize * self.width);
                    for (n, sum) in sum.iter_mut().enumerate() {
                        *sum = *sum + simd.load(current.add(LANES * n));
                    }
                }
                for (n, sum) in sum.iter().enumerate() {
                    simd.store(*sum, to.add(LANES * n));
                }
            }
        }
    }
}
