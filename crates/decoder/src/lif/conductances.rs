//! The backward pass of a network with conductance synapses and recurrent connections: as
//! [`super::recurrent`], with derivatives for two conductances instead of one current.

use super::backward::Upstream;
use super::buffer::Buffer;
use super::net::Net;
use super::product::{TOGETHER, product};
use super::recurrent::{Member, inject};
use super::surrogate::{Arctangent, Factor, FastSigmoid, LaneByLane, Surrogate};
use equipoise_simd::{F32x16, LANES, Simd, Task};

/// Rows of derivatives that a sample has: of excitation, then of inhibition, at each step and one
/// after the last.
pub(super) const fn rows(steps: usize) -> usize {
    2 * (steps + 1)
}

/// The backward pass of the hidden layer of up to [`TOGETHER`] samples.
pub(super) struct ConductancesBackward<'a> {
    pub net: &'a Net<'a>,
    pub members: &'a [Member<'a>],
    /// The last step to visit.
    pub last: usize,
    /// Out: di and dh of each sample, `[members, 2, steps + 1, width]`, from its first step to
    /// `last + 1`.
    pub currents: &'a mut [f32],
    /// Room for dv, di, dh, p, q and V1 (di, dh) of each sample, `[6, TOGETHER, width]`.
    pub state: &'a mut Buffer,
}

impl Task for ConductancesBackward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let net = self.net;
        let (steps, width) = (net.dynamics.steps, net.width);
        assert!(self.members.len() <= TOGETHER && self.last < steps && net.has_conductances());
        assert!(self.members.iter().all(|m| m.membrane.len() >= steps * net.stride));
        let counts = |m: &Member<'_>| m.upstream.counts.is_none_or(|c| c.len() == width);
        assert!(self.members.iter().all(counts));
        assert!(self.currents.len() >= self.members.len() * rows(steps) * width);
        self.state.grow(6 * TOGETHER * width);
        self.state.fill(0.0);
        // SAFETY: the sizes were just checked.
        unsafe {
            match net.dynamics.surrogate {
                Surrogate::FastSigmoid { scale } => self.all::<S, _>(simd, FastSigmoid(scale)),
                Surrogate::Arctangent { scale } => self.all::<S, _>(simd, Arctangent(scale)),
                other => self.all::<S, _>(simd, LaneByLane(other)),
            }
        }
    }
}

impl ConductancesBackward<'_> {
    /// # Safety
    /// The buffers have their sizes.
    #[inline(always)]
    unsafe fn all<S: Simd, F: Factor>(&mut self, simd: S, surrogate: F) {
        let net = self.net;
        let (steps, width) = (net.dynamics.steps, net.width);
        let plane = TOGETHER * width;
        let excitatory = net.senders.start..net.inhibitory.max(net.senders.start);
        let excitatory = Net::vectors(&excitatory);
        let inhibitory = Net::vectors(&(net.inhibitory..net.senders.end));
        // SAFETY: steps are below T, members below their number, vectors within a row.
        unsafe {
            let dv = self.state.as_mut_ptr();
            let (di, dh) = (dv.add(plane), dv.add(2 * plane));
            let (p, q) = (dv.add(3 * plane), dv.add(4 * plane));
            let through = dv.add(5 * plane);
            let alpha = simd.splat(net.dynamics.alpha);
            let (per_reversal, ratio) = net.dynamics.synapses.factors();
            let (per_reversal, ratio) = (simd.splat(per_reversal), simd.splat(ratio));
            let readout_alpha = simd.splat(net.dynamics.readout_alpha);
            let readout_beta = simd.splat(net.dynamics.readout_beta);
            let one = simd.splat(1.0);
            let reset = simd.splat(if net.dynamics.graded { f32::INFINITY } else { 1.0 });
            let mut taken = [0; TOGETHER];
            let first = self.members.iter().map(|m| m.first).min().unwrap_or(steps);
            for step in (first..=self.last).rev() {
                for (m, member) in self.members.iter().enumerate() {
                    let p = p.add(m * width);
                    taken[m] = inject(simd, net, &member.injections, taken[m], step + 1, p);
                }
                if step < self.last {
                    let (e, i) = (&net.recurrent_transposed, &net.inhibitory_transposed);
                    product::<S, false>(simd, net, e, excitatory.clone(), di, through);
                    if excitatory.end > inhibitory.start {
                        // One vector has sources of both kinds.
                        let both = inhibitory.start..excitatory.end.min(inhibitory.end);
                        let rest = both.end..inhibitory.end;
                        product::<S, true>(simd, net, i, both, dh, through);
                        product::<S, false>(simd, net, i, rest, dh, through);
                    } else {
                        product::<S, false>(simd, net, i, inhibitory.clone(), dh, through);
                    }
                }
                for (m, member) in self.members.iter().enumerate() {
                    if step < member.first {
                        continue;
                    }
                    let Upstream { counts, .. } = member.upstream;
                    let membrane = member.membrane.as_ptr().add(step * net.stride);
                    let row = m * rows(steps) + step + 1;
                    let out = self.currents.as_mut_ptr().add(row * width);
                    let out_inhibitory = out.add((steps + 1) * width);
                    for at in (0..width).step_by(LANES) {
                        let lane = m * width + at;
                        let v = simd.load(membrane.add(at));
                        let factor_of_v = simd.load(membrane.add(width + at));
                        let (old_q, old_p) = (simd.load(q.add(lane)), simd.load(p.add(lane)));
                        let mut ds = old_q + simd.load(through.add(lane));
                        if let Some(counts) = counts {
                            ds = ds + simd.load(counts.as_ptr().add(at));
                        }
                        let kept = simd.load(dv.add(lane)).zero_where(v.above(reset));
                        let factor = surrogate.factor(simd, v - one);
                        simd.store(factor.mul_add(ds, kept * factor_of_v), dv.add(lane));
                        let (e, h) = (simd.load(di.add(lane)), simd.load(dh.add(lane)));
                        simd.store(e, out.add(at));
                        simd.store(h, out_inhibitory.add(at));
                        let towards_e = kept * v.neg_mul_add(per_reversal, one);
                        let towards_i = kept * (v * per_reversal - ratio);
                        simd.store(e.mul_add(alpha, towards_e), di.add(lane));
                        simd.store(h.mul_add(alpha, towards_i), dh.add(lane));
                        simd.store(old_q.mul_add(readout_alpha, old_p), q.add(lane));
                        simd.store(old_p * readout_beta, p.add(lane));
                    }
                }
            }
        }
    }
}
