//! What the recurrent connections add: a forward pass in which all neurons take a step together,
//! and a backward pass in which a few samples do, so that the recurrent weights are read once for
//! all of them.
//!
//! The constant `NIR` of a function says which form a step has, [`Scheme::Nir`] or
//! [`Scheme::SpyTorch`]; `CONDUCTANCES` that synapses are conductances, whose backward pass is in
//! [`super::conductances`].

use super::Scheme;
use super::backward::Upstream;
use super::buffer::Buffer;
use super::net::{Net, Spikes};
use super::product::{TOGETHER, product};
use super::surrogate::{Arctangent, Factor, FastSigmoid, LaneByLane, Surrogate};
use equipoise_simd::{F32x16, LANES, Mask, Simd, Task};

/// The hidden layer of a recurrent network over all steps.
///
/// # Safety
/// `membrane` must hold `[steps, stride]` and `masks` `[steps, mask_width]`; the events must be
/// within the network.
#[inline(always)]
pub(super) unsafe fn recurrent_forward<S: Simd>(
    simd: S,
    net: &Net<'_>,
    events: (&[u16], &[u16]),
    first: usize,
    sources: &mut Vec<u32>,
    v: &mut [f32],
    masks: &mut [u16],
) {
    // SAFETY: the caller's promise.
    unsafe {
        macro_rules! kind {
            ($graded:literal, $nir:literal, $conductances:literal) => {
                over_all_steps::<S, $graded, $nir, $conductances>(
                    simd, net, events, first, sources, v, masks,
                )
            };
        }
        match (net.dynamics.graded, net.dynamics.scheme) {
            (false, _) if net.has_conductances() => kind!(false, false, true),
            (true, _) if net.has_conductances() => kind!(true, false, true),
            (false, Scheme::SpyTorch) => kind!(false, false, false),
            (false, Scheme::Nir) => kind!(false, true, false),
            (true, Scheme::SpyTorch) => kind!(true, false, false),
            (true, Scheme::Nir) => kind!(true, true, false),
        }
    }
}

/// [`recurrent_forward`] of one kind.
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn over_all_steps<S: Simd, const GRADED: bool, const NIR: bool, const CONDUCTANCES: bool>(
    simd: S,
    net: &Net<'_>,
    (steps, channels): (&[u16], &[u16]),
    first: usize,
    sources: &mut Vec<u32>,
    membrane: &mut [f32],
    masks: &mut [u16],
) {
    let vectors = net.width / LANES;
    // v, i and, of conductances, that of inhibition (at most 0, as its weights are).
    let mut state = Buffer::zeros(if CONDUCTANCES { 3 } else { 2 } * net.width);
    let (v, i) = state.split_at_mut(net.width);
    let mut event = 0;
    // SAFETY: rows, steps and vectors are within the buffers, as the caller promises.
    unsafe {
        let one = simd.splat(1.0);
        for step in first..net.dynamics.steps {
            let membrane = membrane[step * net.stride..][..net.stride].as_mut_ptr();
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
            // Of conductances, excitatory spikes go with the events.
            let mut before = sources.len();
            if !GRADED {
                let mut spikes = Spikes::of(net, bits);
                while let Some(neuron) = spikes.next() {
                    if net.senders.contains(&neuron) {
                        sources.push((net.shape.inputs + neuron) as u32);
                        if CONDUCTANCES && neuron < net.inhibitory {
                            before += 1;
                        }
                    }
                }
            }
            let sources = sources.split_at(before);
            if GRADED && NIR {
                graded_spikes::<S, CONDUCTANCES>(simd, net, membrane, i.as_mut_ptr());
            }
            let blocks = vectors.div_ceil(8);
            for block in 0..blocks {
                let from = block * vectors / blocks;
                let (v, i) = (v.as_mut_ptr().add(LANES * from), i.as_mut_ptr().add(LANES * from));
                let factors = membrane.wrapping_add(net.width + LANES * from);
                macro_rules! blocks {
                    ($($n:literal)*) => {
                        match (block + 1) * vectors / blocks - from {
                            $($n if CONDUCTANCES => update_conductances::<S, $n, GRADED>(
                                simd, net, sources, from, v, i, factors,
                            ),
                            $n => update::<S, $n, GRADED, NIR>(simd, net, sources, from, v, i),)*
                            _ => unreachable!("at most 8 vectors a block"),
                        }
                    };
                }
                blocks!(1 2 3 4 5 6 7 8)
            }
            if GRADED && !NIR {
                graded_spikes::<S, CONDUCTANCES>(simd, net, membrane, i.as_mut_ptr());
            }
        }
    }
}

/// Adds what the graded spikes of all neurons bring to the currents.
///
/// # Safety
/// `membrane` holds a row and `i` one, with conductance synapses two.
#[inline(always)]
unsafe fn graded_spikes<S: Simd, const CONDUCTANCES: bool>(
    simd: S,
    net: &Net<'_>,
    membrane: *const f32,
    i: *mut f32,
) {
    for neuron in net.senders.clone() {
        // SAFETY: the neuron is one of the network, the vectors are within a row.
        unsafe {
            let inhibits = CONDUCTANCES && neuron >= net.inhibitory;
            let i = if inhibits { i.add(net.width) } else { i };
            let v = *membrane.add(neuron);
            let spike = simd.splat(net.dynamics.surrogate.antiderivative(v - 1.0));
            let row = net.rows.as_ptr().add((net.shape.inputs + neuron) * net.width);
            for at in (0..net.width).step_by(LANES) {
                let i = i.add(at);
                simd.store(spike.mul_add(simd.load(row.add(at)), simd.load(i)), i);
            }
        }
    }
}

/// One step of the vectors of one block.
///
/// # Safety
/// `v` and `i` hold the block's vectors, the first of which is number `from` of a row, and the
/// events and spikes are rows of the weights.
#[inline(always)]
unsafe fn update<S: Simd, const N: usize, const GRADED: bool, const NIR: bool>(
    simd: S,
    net: &Net<'_>,
    (events, spikes): (&[u32], &[u32]),
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
            *current = simd.load(i.add(LANES * n));
        }
        if NIR {
            add_rows(simd, net, spikes, weights, &mut current);
        }
        for (n, current) in current.iter_mut().enumerate() {
            let v = v.add(LANES * n);
            let old = simd.load(v);
            let next = match (GRADED, NIR) {
                (true, _) => old.mul_add(beta, *current),
                (false, true) => old.zero_where(old.above(one)).mul_add(beta, *current),
                (false, false) => old.mul_add(beta, *current).zero_where(old.above(one)),
            };
            simd.store(next, v);
            *current = *current * alpha;
        }
        add_rows(simd, net, events, weights, &mut current);
        if !NIR {
            add_rows(simd, net, spikes, weights, &mut current);
        }
        for (n, current) in current.iter().enumerate() {
            simd.store(*current, i.add(LANES * n));
        }
    }
}

/// [`update`] with conductance synapses: `i` is followed by the row of inhibition, the sources are
/// the rows of excitatory and of inhibitory ones, and `factors` gets those of v.
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn update_conductances<S: Simd, const N: usize, const GRADED: bool>(
    simd: S,
    net: &Net<'_>,
    (excitatory, inhibitory): (&[u32], &[u32]),
    from: usize,
    v: *mut f32,
    i: *mut f32,
    factors: *mut f32,
) {
    // SAFETY: the caller's pointers are those of the block, its row numbers those of the weights.
    unsafe {
        let (alpha, beta) = (simd.splat(net.dynamics.alpha), simd.splat(net.dynamics.beta));
        let (per_reversal, ratio) = net.dynamics.synapses.factors();
        let (per_reversal, ratio) = (simd.splat(per_reversal), simd.splat(ratio));
        let one = simd.splat(1.0);
        let weights = net.rows.as_ptr().add(LANES * from);
        let h = i.add(net.width);
        let mut excitation = [simd.splat(0.0); N];
        let mut inhibition = [simd.splat(0.0); N];
        for n in 0..N {
            let (old, e) = (simd.load(v.add(LANES * n)), simd.load(i.add(LANES * n)));
            let h = simd.load(h.add(LANES * n));
            let factor = (e - h).neg_mul_add(per_reversal, beta);
            simd.store(factor, factors.add(LANES * n));
            let next = h.neg_mul_add(ratio, old.mul_add(factor, e));
            let next = if GRADED { next } else { next.zero_where(old.above(one)) };
            simd.store(next, v.add(LANES * n));
            (excitation[n], inhibition[n]) = (e * alpha, h * alpha);
        }
        add_rows(simd, net, excitatory, weights, &mut excitation);
        add_rows(simd, net, inhibitory, weights, &mut inhibition);
        for n in 0..N {
            simd.store(excitation[n], i.add(LANES * n));
            simd.store(inhibition[n], h.add(LANES * n));
        }
    }
}

/// Adds rows of the weights to the currents of one block.
///
/// # Safety
/// `weights` points to the block's first vector in the first row, and the sources are rows.
#[inline(always)]
unsafe fn add_rows<S: Simd, const N: usize>(
    simd: S,
    net: &Net<'_>,
    sources: &[u32],
    weights: *const f32,
    current: &mut [S::F32x16; N],
) {
    for &source in sources {
        for (n, current) in current.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            let row = unsafe { simd.load(weights.add(source as usize * net.width + LANES * n)) };
            *current = *current + row;
        }
    }
}

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
    /// Out: di of each sample, `[members, steps + 1, width]`, from its first step to `last + 1`.
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
        assert!(!net.has_conductances());
        assert!(self.members.iter().all(|m| m.membrane.len() >= steps * width));
        assert!(self.members.iter().all(|m| m.upstream.counts.is_none_or(|c| c.len() == width)));
        assert!(self.currents.len() >= self.members.len() * (steps + 1) * width);
        self.state.grow(5 * TOGETHER * width);
        self.state.fill(0.0);
        // SAFETY: the sizes were just checked.
        unsafe {
            match net.dynamics.scheme {
                Scheme::SpyTorch => self.of_form::<S, false>(simd),
                Scheme::Nir => self.of_form::<S, true>(simd),
            }
        }
    }
}

impl RecurrentBackward<'_> {
    /// # Safety
    /// The buffers have their sizes.
    #[inline(always)]
    unsafe fn of_form<S: Simd, const NIR: bool>(&mut self, simd: S) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.net.dynamics.surrogate {
                Surrogate::FastSigmoid { scale } => self.all::<S, _, NIR>(simd, FastSigmoid(scale)),
                Surrogate::Arctangent { scale } => self.all::<S, _, NIR>(simd, Arctangent(scale)),
                other => self.all::<S, _, NIR>(simd, LaneByLane(other)),
            }
        }
    }

    /// # Safety
    /// The buffers have their sizes.
    #[inline(always)]
    unsafe fn all<S: Simd, F: Factor, const NIR: bool>(&mut self, simd: S, surrogate: F) {
        let net = self.net;
        let (steps, width) = (net.dynamics.steps, net.width);
        let plane = TOGETHER * width;
        // SAFETY: steps are below T, members below their number, vectors within a row.
        unsafe {
            let dv = self.state.as_mut_ptr();
            let (di, p, q) = (dv.add(plane), dv.add(2 * plane), dv.add(3 * plane));
            let through = dv.add(4 * plane);
            let (alpha, beta) = (simd.splat(net.dynamics.alpha), simd.splat(net.dynamics.beta));
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
                    if NIR && step >= member.first {
                        // A spike acts on the current of its own step: that comes first.
                        let out =
                            self.currents.as_mut_ptr().add((m * (steps + 1) + step + 1) * width);
                        for at in (0..width).step_by(LANES) {
                            let lane = m * width + at;
                            let current = simd.load(di.add(lane));
                            simd.store(current, out.add(at));
                            simd.store(
                                current.mul_add(alpha, simd.load(dv.add(lane))),
                                di.add(lane),
                            );
                        }
                    }
                }
                if step < self.last {
                    let senders = Net::vectors(&net.senders);
                    let weights = &net.recurrent_transposed;
                    product::<S, false>(simd, net, weights, senders, di, through);
                }
                for (m, member) in self.members.iter().enumerate() {
                    if step < member.first {
                        continue;
                    }
                    let membrane = member.membrane.as_ptr().add(step * width);
                    let out = self.currents.as_mut_ptr().add((m * (steps + 1) + step + 1) * width);
                    for at in (0..width).step_by(LANES) {
                        let lane = m * width + at;
                        let v = simd.load(membrane.add(at));
                        let (old_q, old_p) = (simd.load(q.add(lane)), simd.load(p.add(lane)));
                        let mut ds = old_q + simd.load(through.add(lane));
                        if let Some(counts) = member.upstream.counts {
                            ds = ds + simd.load(counts.as_ptr().add(at));
                        }
                        let kept = simd.load(dv.add(lane)).zero_where(v.above(reset));
                        let factor = surrogate.factor(simd, v - one);
                        simd.store(factor.mul_add(ds, kept * beta), dv.add(lane));
                        if !NIR {
                            let current = simd.load(di.add(lane));
                            simd.store(current, out.add(at));
                            simd.store(current.mul_add(alpha, kept), di.add(lane));
                        }
                        simd.store(old_q.mul_add(readout_alpha, old_p), q.add(lane));
                        simd.store(old_p * readout_beta, p.add(lane));
                    }
                }
            }
            if NIR {
                for (m, member) in
                    self.members.iter().enumerate().filter(|(_, m)| m.first <= self.last)
                {
                    let row = (m * (steps + 1) + member.first) * width;
                    let out = self.currents[row..row + width].as_mut_ptr();
                    out.copy_from_nonoverlapping(di.add(m * width), width);
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
pub(super) unsafe fn inject<S: Simd>(
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
