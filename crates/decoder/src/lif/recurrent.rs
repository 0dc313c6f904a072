//! What the recurrent connections add: a forward pass in which all neurons take a step together,
//! and a backward pass in which a few samples do, so that the recurrent weights are read once for
//! all of them.

use super::backward::Upstream;
use super::buffer::Buffer;
use super::net::{Net, Spikes};
use super::surrogate::{Arctangent, Factor, FastSigmoid, LaneByLane, Surrogate};
use equipoise_simd::{F32x16, LANES, Mask, Simd, Task};

/// The hidden layer of a recurrent network over all steps.
///
/// # Safety
/// `membrane` must hold `[steps, width]` and `masks` `[steps, mask_width]`; the events must be
/// within the network.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "one buffer each")]
pub(super) unsafe fn recurrent_forward<S: Simd, const GRADED: bool>(
    simd: S,
    net: &Net<'_>,
    (steps, channels): (&[u16], &[u16]),
    first: usize,
    sources: &mut Vec<u32>,
    membrane: &mut [f32],
    masks: &mut [u16],
) {
    let vectors = net.width / LANES;
    let mut state = Buffer::zeros(2 * net.width);
    let (v, i) = state.split_at_mut(net.width);
    let mut event = 0;
    // SAFETY: rows, steps and vectors are within the buffers, as the caller promises.
    unsafe {
        let one = simd.splat(1.0);
        for step in first..net.dynamics.steps {
            let membrane = membrane[step * net.width..][..net.width].as_mut_ptr();
            let bits = &mut masks[step * net.mask_width..][..net.mask_width];
            for (n, bits) in bits.iter_mut().enumerate().take(vectors) {
                let v = simd.load(v.as_ptr().add(LANES * n));
                simd.store(v, membrane.add(LANES * n));
                *bits = if GRADED { u16::MAX } else { v.above(one).bits() };
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
                            $($n => update::<S, $n, GRADED>(simd, net, sources, from, v, i),)*
                            _ => unreachable!("at most 8 vectors a block"),
                        }
                    };
                }
                blocks!(1 2 3 4 5 6 7 8)
            }
            if GRADED {
                for neuron in 0..net.shape.hidden {
                    let v = *membrane.add(neuron);
                    let spike = simd.splat(net.dynamics.surrogate.antiderivative(v - 1.0));
                    let row = net.rows.as_ptr().add((net.shape.inputs + neuron) * net.width);
                    for n in 0..vectors {
                        let i = i.as_mut_ptr().add(LANES * n);
                        simd.store(spike.mul_add(simd.load(row.add(LANES * n)), simd.load(i)), i);
                    }
                }
            }
        }
    }
}

/// One step of the vectors of one block.
///
/// # Safety
/// `v` and `i` hold the block's vectors, the first of which is number `from` of a row, and the
/// sources are rows of the weights.
#[inline(always)]
unsafe fn update<S: Simd, const N: usize, const GRADED: bool>(
    simd: S,
    net: &Net<'_>,
    sources: &[u32],
    from: usize,
    v: *mut f32,
    i: *mut f32,
) {
    // SAFETY: the caller's pointers are those of the block, its row numbers those of the weights.
    unsafe {
        let (alpha, beta) = (simd.splat(net.dynamics.alpha), simd.splat(net.dynamics.beta));
        let one = simd.splat(1.0);
        let weights = net.rows.as_ptr().add(LANES * from);
        let mut current = [simd.splat(0.0); N];
        for (n, current) in current.iter_mut().enumerate() {
            let (v, i) = (v.add(LANES * n), simd.load(i.add(LANES * n)));
            let old = simd.load(v);
            let next = old.mul_add(beta, i);
            let next = if GRADED { next } else { next.zero_where(old.above(one)) };
            simd.store(next, v);
            *current = i * alpha;
        }
        for &source in sources {
            let row = weights.add(source as usize * net.width);
            for (n, current) in current.iter_mut().enumerate() {
                *current = *current + simd.load(row.add(LANES * n));
            }
        }
        for (n, current) in current.iter().enumerate() {
            simd.store(*current, i.add(LANES * n));
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
    fn run<S: Simd>(mut self, simd: S) {
        let net = self.net;
        let (steps, width) = (net.dynamics.steps, net.width);
        assert!(self.members.len() <= TOGETHER && self.last < steps);
        assert!(self.members.iter().all(|m| m.membrane.len() >= steps * width));
        assert!(self.members.iter().all(|m| m.upstream.counts.is_none_or(|c| c.len() == width)));
        assert!(self.currents.len() >= self.members.len() * steps * width);
        self.state.grow(5 * TOGETHER * width);
        self.state.fill(0.0);
        // SAFETY: the sizes were just checked.
        unsafe {
            match net.dynamics.surrogate {
                Surrogate::FastSigmoid { scale } => self.all(simd, FastSigmoid(scale)),
                Surrogate::Arctangent { scale } => self.all(simd, Arctangent(scale)),
                other => self.all(simd, LaneByLane(other)),
            }
        }
    }
}

impl RecurrentBackward<'_> {
    /// # Safety
    /// The buffers have their sizes.
    #[inline(always)]
    unsafe fn all<S: Simd, F: Factor>(&mut self, simd: S, surrogate: F) {
        let net = self.net;
        let (steps, width) = (net.dynamics.steps, net.width);
        let plane = TOGETHER * width;
        // SAFETY: steps are below T, members below their number, vectors within a row.
        unsafe {
            let dv = self.state.as_mut_ptr();
            let (di, p, q) = (dv.add(plane), dv.add(2 * plane), dv.add(3 * plane));
            let through = dv.add(4 * plane);
            let (alpha, beta) = (simd.splat(net.dynamics.alpha), simd.splat(net.dynamics.beta));
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
                    product(simd, net, di, through);
                }
                for (m, member) in self.members.iter().enumerate() {
                    if step < member.first {
                        continue;
                    }
                    let membrane = member.membrane.as_ptr().add(step * width);
                    let out = self.currents.as_mut_ptr().add((m * steps + step) * width);
                    for at in (0..width).step_by(LANES) {
                        let lane = m * width + at;
                        let current = simd.load(di.add(lane));
                        simd.store(current, out.add(at));
                        let v = simd.load(membrane.add(at));
                        let (old_q, old_p) = (simd.load(q.add(lane)), simd.load(p.add(lane)));
                        let mut ds = old_q + simd.load(through.add(lane));
                        if let Some(counts) = member.upstream.counts {
                            ds = ds + simd.load(counts.as_ptr().add(at));
                        }
                        let kept = simd.load(dv.add(lane)).zero_where(v.above(reset));
                        let factor = surrogate.factor(simd, v - one);
                        simd.store(factor.mul_add(ds, kept * beta), dv.add(lane));
                        simd.store(current.mul_add(alpha, kept), di.add(lane));
                        simd.store(old_q.mul_add(alpha, old_p), q.add(lane));
                        simd.store(old_p * beta, p.add(lane));
                    }
                }
            }
        }
    }
}

/// Adds the derivatives of the logits whose maximum is at `time`; gives how many are done.
///
/// # Safety
/// `p` holds a row, and the classes of the injections are those of the network.
#[inline(always)]
unsafe fn inject<S: Simd>(
    simd: S,
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
                let row = simd.load(net.readout_transposed.as_ptr().add(class * net.width + lane));
                simd.store(row.mul_add(simd.splat(d), simd.load(p.add(lane))), p.add(lane));
            }
        }
        done += 1;
    }
    done
}

/// `through[m, :] = V1 di[m, :]` for all samples, in tiles of as many samples and vectors as the
/// registers hold: the recurrent weights are read once, or once for each half of the samples.
///
/// # Safety
/// `di` and `through` hold `[TOGETHER, width]`.
#[inline(always)]
unsafe fn product<S: Simd>(simd: S, net: &Net<'_>, di: *const f32, through: *mut f32) {
    let vectors = net.width / LANES;
    // SAFETY: the tiles' vectors are within a row, their samples below their number.
    unsafe {
        if S::REGISTERS >= 32 {
            let blocks = vectors.div_ceil(3);
            for block in 0..blocks {
                let from = block * vectors / blocks;
                match (block + 1) * vectors / blocks - from {
                    1 => product_tile::<S, TOGETHER, 1>(simd, net, di, through, from),
                    2 => product_tile::<S, TOGETHER, 2>(simd, net, di, through, from),
                    _ => product_tile::<S, TOGETHER, 3>(simd, net, di, through, from),
                }
            }
        } else {
            const HALF: usize = TOGETHER / 2;
            let second = HALF * net.width;
            for from in 0..vectors {
                product_tile::<S, HALF, 1>(simd, net, di, through, from);
                product_tile::<S, HALF, 1>(simd, net, di.add(second), through.add(second), from);
            }
        }
    }
}

/// `M` samples and the `N` vectors from number `from` on.
///
/// # Safety
/// `di` and `through` hold `[M, width]`, and the vectors are within a row.
#[inline(always)]
unsafe fn product_tile<S: Simd, const M: usize, const N: usize>(
    simd: S,
    net: &Net<'_>,
    di: *const f32,
    through: *mut f32,
    from: usize,
) {
    // SAFETY: the caller's promise, and the transposed weights are `[hidden, width]`.
    unsafe {
        let weights = net.recurrent_transposed.as_ptr().add(LANES * from);
        let mut sum = [[simd.splat(0.0); N]; M];
        for target in 0..net.shape.hidden {
            let row = weights.add(target * net.width);
            let mut w = [simd.splat(0.0); N];
            for (n, w) in w.iter_mut().enumerate() {
                *w = simd.load(row.add(LANES * n));
            }
            for (m, sum) in sum.iter_mut().enumerate() {
                let d = simd.splat(*di.add(m * net.width + target));
                for (sum, &w) in sum.iter_mut().zip(&w) {
                    *sum = w.mul_add(d, *sum);
                }
            }
        }
        for (m, sum) in sum.iter().enumerate() {
            for (n, sum) in sum.iter().enumerate() {
                simd.store(*sum, through.add(m * net.width + LANES * (from + n)));
            }
        }
    }
}
