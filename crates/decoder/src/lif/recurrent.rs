//! What the recurrent connections add: a forward pass in which all neurons take a step together,
//! and a backward pass in which a few samples do, so that the recurrent weights are read once for
//! all of them.

use super::backward::Upstream;
use super::buffer::{Buffer, LANES};
use super::forward::{Net, Spikes};
use super::lanes::{Lanes, Task};
use super::surrogate::{Arctangent, Factor, FastSigmoid, LaneByLane, Surrogate};

/// The hidden layer of a recurrent network over all steps.
///
/// # Safety
/// `membrane` must be valid for `[steps, width]` and `masks` for `[steps, mask_width]`; the events
/// must be within the network.
#[inline(always)]
pub(super) unsafe fn recurrent_forward<L: Lanes, const GRADED: bool>(
    net: &Net<'_>,
    (steps, channels): (&[u16], &[u16]),
    first: usize,
    sources: &mut Vec<u32>,
    membrane: *mut f32,
    masks: *mut u16,
) {
    let vectors = net.width / LANES;
    let mut state = Buffer::zeros(2 * net.width);
    let (v, i) = state.split_at_mut(net.width);
    let mut event = 0;
    // SAFETY: rows, steps and vectors are within the buffers, as the caller promises.
    unsafe {
        let one = L::splat(1.0);
        for step in first..net.dynamics.steps {
            let bits = masks.add(step * net.mask_width);
            for n in 0..vectors {
                let v = L::load(v.as_ptr().add(LANES * n));
                v.store(membrane.add(step * net.width + LANES * n));
                *bits.add(n) = if GRADED { u16::MAX } else { L::bits(v.above(one)) };
            }
            sources.clear();
            while event < steps.len() && usize::from(steps[event]) == step {
                sources.push(u32::from(channels[event]));
                event += 1;
            }
            if !GRADED {
                let mut spikes = Spikes::of(net, bits);
                while let Some(neuron) = spikes.next() {
                    sources.push((net.shape.inputs + neuron) as u32);
                }
            }
            let blocks = vectors.div_ceil(8);
            for block in 0..blocks {
                let from = block * vectors / blocks;
                let (v, i) = (v.as_mut_ptr().add(LANES * from), i.as_mut_ptr().add(LANES * from));
                macro_rules! blocks {
                    ($($n:literal)*) => {
                        match (block + 1) * vectors / blocks - from {
                            $($n => update::<L, $n, GRADED>(net, sources, from, v, i),)*
                            _ => unreachable!("at most 8 vectors a block"),
                        }
                    };
                }
                blocks!(1 2 3 4 5 6 7 8)
            }
            if GRADED {
                for neuron in 0..net.shape.hidden {
                    let v = *membrane.add(step * net.width + neuron);
                    let spike = L::splat(net.dynamics.surrogate.antiderivative(v - 1.0));
                    let row = net.rows.as_ptr().add((net.shape.inputs + neuron) * net.width);
                    for n in 0..vectors {
                        let i = i.as_mut_ptr().add(LANES * n);
                        spike.mul_add(L::load(row.add(LANES * n)), L::load(i)).store(i);
                    }
                }
            }
        }
    }
}

/// One step of the vectors of one block.
#[inline(always)]
unsafe fn update<L: Lanes, const N: usize, const GRADED: bool>(
    net: &Net<'_>,
    sources: &[u32],
    from: usize,
    v: *mut f32,
    i: *mut f32,
) {
    // SAFETY: the caller's pointers are those of the block, its row numbers those of the weights.
    unsafe {
        let (alpha, beta) = (L::splat(net.dynamics.alpha), L::splat(net.dynamics.beta));
        let one = L::splat(1.0);
        let weights = net.rows.as_ptr().add(LANES * from);
        let mut current = [L::splat(0.0); N];
        for (n, current) in current.iter_mut().enumerate() {
            let (v, i) = (v.add(LANES * n), L::load(i.add(LANES * n)));
            let old = L::load(v);
            let next = old.mul_add(beta, i);
            let next = if GRADED { next } else { next.zero_where(old.above(one)) };
            next.store(v);
            *current = i.mul(alpha);
        }
        for &source in sources {
            let row = weights.add(source as usize * net.width);
            for (n, current) in current.iter_mut().enumerate() {
                *current = current.add(L::load(row.add(LANES * n)));
            }
        }
        for (n, current) in current.iter().enumerate() {
            current.store(i.add(LANES * n));
        }
    }
}

/// The samples that go backward together.
pub(super) const TOGETHER: usize = 8;

/// One sample of a [`RecurrentBackward`].
pub(super) struct Member<'a> {
    pub upstream: Upstream<'a>,
    /// From [`Upstream::injections`].
    pub injections: Vec<(usize, f32, usize)>,
    /// The first step at which anything happens to it.
    pub first: usize,
    /// From the forward pass.
    pub membrane: &'a [f32],
}

/// The backward pass of the hidden layer of up to [`TOGETHER`] samples of a recurrent network.
pub(super) struct RecurrentBackward<'a> {
    pub net: &'a Net<'a>,
    pub members: &'a [Member<'a>],
    /// The last step to visit.
    pub last: usize,
    /// Out: di[step + 1] of each sample, `[members, steps, width]`, from its first step to `last`.
    pub currents: &'a mut [f32],
    /// Room for dv, di, p, q and V1 di of each sample, `[5, TOGETHER, width]`.
    pub state: &'a mut Buffer,
}

impl Task for RecurrentBackward<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<L: Lanes>(mut self) {
        let net = self.net;
        let (steps, width) = (net.dynamics.steps, net.width);
        assert!(self.members.len() <= TOGETHER && self.last < steps);
        assert!(self.members.iter().all(|m| m.membrane.len() >= steps * width));
        assert!(self.members.iter().all(|m| m.upstream.counts.is_none_or(|c| c.len() == width)));
        assert!(self.currents.len() >= self.members.len() * steps * width);
        self.state.grow(5 * TOGETHER * width);
        self.state.fill(0.0);
        // SAFETY: the sizes were just checked; the processor has the instructions of `L`.
        unsafe {
            match net.dynamics.surrogate {
                Surrogate::FastSigmoid { scale } => self.all::<L, _>(FastSigmoid(scale)),
                Surrogate::Arctangent { scale } => self.all::<L, _>(Arctangent(scale)),
                other => self.all::<L, _>(LaneByLane(other)),
            }
        }
    }
}

impl RecurrentBackward<'_> {
    #[inline(always)]
    unsafe fn all<L: Lanes, F: Factor>(&mut self, surrogate: F) {
        let net = self.net;
        let (steps, width) = (net.dynamics.steps, net.width);
        let plane = TOGETHER * width;
        // SAFETY: steps are below T, members below their number, vectors within a row.
        unsafe {
            let dv = self.state.as_mut_ptr();
            let (di, p, q) = (dv.add(plane), dv.add(2 * plane), dv.add(3 * plane));
            let through = dv.add(4 * plane);
            let (alpha, beta) = (L::splat(net.dynamics.alpha), L::splat(net.dynamics.beta));
            let one = L::splat(1.0);
            let reset = L::splat(if net.dynamics.graded { f32::INFINITY } else { 1.0 });
            let mut taken = [0; TOGETHER];
            let first = self.members.iter().map(|m| m.first).min().unwrap_or(steps);
            for step in (first..=self.last).rev() {
                for (m, member) in self.members.iter().enumerate() {
                    let p = p.add(m * width);
                    taken[m] = inject::<L>(net, &member.injections, taken[m], step + 1, p);
                }
                if step < self.last {
                    product::<L>(net, di, through);
                }
                for (m, member) in self.members.iter().enumerate() {
                    if step < member.first {
                        continue;
                    }
                    let membrane = member.membrane.as_ptr().add(step * width);
                    let out = self.currents.as_mut_ptr().add((m * steps + step) * width);
                    for at in (0..width).step_by(LANES) {
                        let lane = m * width + at;
                        let current = L::load(di.add(lane));
                        current.store(out.add(at));
                        let v = L::load(membrane.add(at));
                        let (old_q, old_p) = (L::load(q.add(lane)), L::load(p.add(lane)));
                        let mut ds = old_q.add(L::load(through.add(lane)));
                        if let Some(counts) = member.upstream.counts {
                            ds = ds.add(L::load(counts.as_ptr().add(at)));
                        }
                        let kept = L::load(dv.add(lane)).zero_where(v.above(reset));
                        let factor = surrogate.factor(v.sub(one));
                        factor.mul_add(ds, kept.mul(beta)).store(dv.add(lane));
                        current.mul_add(alpha, kept).store(di.add(lane));
                        old_q.mul_add(alpha, old_p).store(q.add(lane));
                        old_p.mul(beta).store(p.add(lane));
                    }
                }
            }
        }
    }
}

/// Adds the derivatives of the logits whose maximum is at `time`; gives how many are done.
#[inline(always)]
unsafe fn inject<L: Lanes>(
    net: &Net<'_>,
    injections: &[(usize, f32, usize)],
    mut done: usize,
    time: usize,
    p: *mut f32,
) -> usize {
    while let Some(&(at, d, class)) = injections.get(done)
        && at == time
    {
        for lane in (0..net.width).step_by(LANES) {
            // SAFETY: the class and the vectors are within the weights and the state.
            unsafe {
                let row = L::load(net.readout_transposed.as_ptr().add(class * net.width + lane));
                row.mul_add(L::splat(d), L::load(p.add(lane))).store(p.add(lane));
            }
        }
        done += 1;
    }
    done
}

/// `through[m, :] = V1 di[m, :]` for all samples: blocks of three vectors of all eight in
/// registers, the recurrent weights read once.
#[inline(always)]
unsafe fn product<L: Lanes>(net: &Net<'_>, di: *const f32, through: *mut f32) {
    let vectors = net.width / LANES;
    let blocks = vectors.div_ceil(3);
    for block in 0..blocks {
        let from = block * vectors / blocks;
        // SAFETY: the block's vectors are within the rows.
        unsafe {
            match (block + 1) * vectors / blocks - from {
                1 => product_block::<L, 1>(net, di, through, from),
                2 => product_block::<L, 2>(net, di, through, from),
                _ => product_block::<L, 3>(net, di, through, from),
            }
        }
    }
}

#[inline(always)]
unsafe fn product_block<L: Lanes, const N: usize>(
    net: &Net<'_>,
    di: *const f32,
    through: *mut f32,
    from: usize,
) {
    // SAFETY: `di` and `through` hold `[TOGETHER, width]`, the weights `[hidden, width]`.
    unsafe {
        let weights = net.recurrent_transposed.as_ptr().add(LANES * from);
        let mut sum = [[L::splat(0.0); N]; TOGETHER];
        for target in 0..net.shape.hidden {
            let row = weights.add(target * net.width);
            let mut w = [L::splat(0.0); N];
            for (n, w) in w.iter_mut().enumerate() {
                *w = L::load(row.add(LANES * n));
            }
            for (m, sum) in sum.iter_mut().enumerate() {
                let d = L::splat(*di.add(m * net.width + target));
                for (sum, &w) in sum.iter_mut().zip(&w) {
                    *sum = w.mul_add(d, *sum);
                }
            }
        }
        for (m, sum) in sum.iter().enumerate() {
            for (n, sum) in sum.iter().enumerate() {
                sum.store(through.add(m * net.width + LANES * (from + n)));
            }
        }
    }
}
