//! One time step of the neurons of a block.
//!
//! At the start of a step the synaptic currents are those of the last, and in this order
//!
//! 1. the potential moves under them, the constant current and adaptation;
//! 2. the currents decay, and what arrives at the end of the step joins them; with delta synapses
//!    it joins the potential;
//! 3. a neuron at or above threshold fires.
//!
//! A neuron that is refractory has the potential minus infinity, to which whatever is added is
//! lost, so that nothing need be asked of each neuron in each step.
//!
//! Plain loops over the slots of a block, which the compiler turns into vectors of each instruction
//! set. No operation is fused, so all give the same bits.

use std::ops::{Add, Mul, Sub};

use equipoise_simd::{F32x16 as _, LANES, Mask, Simd};

use super::constants::Constants;
use super::settings::Model;

/// What states are kept in.
pub(crate) trait Real:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Send
    + Sync
    + std::fmt::Debug
    + 'static
{
    const ZERO: Self;
    /// The potential of a neuron that is held: minus infinity.
    const HELD: Self;
    fn of(value: f64) -> Self;
    fn of_sum(sum: i32) -> Self;
    fn of_count(count: f32) -> Self;
    fn wide(self) -> f64;
    /// A bit for each lane that is at or above that of `threshold`.
    fn at_least<S: Simd>(simd: S, values: &Lanes<Self>, threshold: &Lanes<Self>) -> u16;
}

macro_rules! real {
    ($type:ty, $at_least:item) => {
        impl Real for $type {
            const ZERO: Self = 0.0;
            const HELD: Self = Self::NEG_INFINITY;
            #[inline(always)]
            fn of(value: f64) -> Self {
                value as Self
            }
            #[inline(always)]
            fn of_sum(sum: i32) -> Self {
                sum as Self
            }
            #[inline(always)]
            fn of_count(count: f32) -> Self {
                count as Self
            }
            #[inline(always)]
            fn wide(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            $at_least
        }
    };
}
real!(
    f32,
    fn at_least<S: Simd>(simd: S, values: &Lanes<f32>, threshold: &Lanes<f32>) -> u16 {
        simd.floats(values).at_least(simd.floats(threshold)).bits()
    }
);
real!(
    f64,
    fn at_least<S: Simd>(_: S, values: &Lanes<f64>, threshold: &Lanes<f64>) -> u16 {
        let any = values.iter().zip(threshold).fold(false, |any, (v, t)| any | (v >= t));
        if !any {
            return 0;
        }
        let bits = values.iter().zip(threshold).enumerate();
        bits.fold(0, |bits, (lane, (v, t))| bits | u16::from(v >= t) << lane)
    }
);

/// Sixteen slots.
pub(crate) type Lanes<T> = [T; LANES];

/// The constants of a block in the precision of the state; of one neuron where all are alike.
#[derive(Debug, Clone)]
pub(crate) struct BlockConstants<T> {
    pub(crate) model: Model,
    alike: bool,
    decay: Vec<T>,
    gain: [Vec<T>; 3],
    drive: Vec<T>,
    leak: Vec<T>,
    slope: Vec<T>,
    threshold: Vec<Lanes<T>>,
    pub(crate) reset: Vec<T>,
    current_decay: [T; 3],
    conductance: Conductance<T>,
    adapts: bool,
    pub(crate) increment: T,
}

/// What conductances need besides.
#[derive(Debug, Clone)]
struct Conductance<T> {
    /// The points of Gauss's rule in a step, and its end, ms.
    times: [T; 4],
    /// Their weights, ms.
    weights: [T; 3],
    /// Integral of the decay of each conductance up to each of the times, ms.
    integrals: [[T; 4]; 2],
    /// Decay up to each of the points, of the conductances and of adaptation.
    decays: [[T; 3]; 3],
    per_capacitance: T,
    /// From rest, mV.
    reversal: [T; 2],
}

/// Where the three points of Gauss's rule lie in a step, and their weights.
const NODES: [f64; 3] = [0.112_701_665_379_258_31, 0.5, 0.887_298_334_620_741_7];
const NODE_WEIGHTS: [f64; 3] = [5.0 / 18.0, 4.0 / 9.0, 5.0 / 18.0];

impl<T: Real> Conductance<T> {
    fn new(constants: &Constants, dt: f64) -> Self {
        let [a, b, c] = NODES.map(|node| node * dt);
        let times = [a, b, c, dt];
        let [excitation, inhibition, _] = constants.tau;
        Self {
            times: times.map(T::of),
            weights: NODE_WEIGHTS.map(|weight| T::of(weight * dt)),
            integrals: [excitation, inhibition]
                .map(|tau| times.map(|time| T::of(-tau * libm::expm1(-time / tau)))),
            decays: constants.tau.map(|tau| [a, b, c].map(|time| T::of(libm::exp(-time / tau)))),
            per_capacitance: T::of(1.0 / constants.capacitance),
            reversal: constants.reversal.map(T::of),
        }
    }
}

impl<T: Real> BlockConstants<T> {
    pub(crate) fn new(constants: &Constants, dt: f64) -> Self {
        let kept = |values: &[f64]| values.iter().map(|&value| T::of(value)).collect::<Vec<T>>();
        let [a, b, c] = &constants.gain;
        let threshold = constants.threshold.as_chunks::<LANES>().0;
        Self {
            model: constants.model,
            alike: constants.alike,
            decay: kept(&constants.decay),
            gain: [kept(a), kept(b), kept(c)],
            drive: kept(&constants.drive),
            leak: kept(&constants.leak),
            slope: kept(&constants.slope),
            threshold: threshold.iter().map(|chunk| chunk.map(T::of)).collect(),
            reset: kept(&constants.reset),
            current_decay: constants.current_decay.map(T::of),
            conductance: Conductance::new(constants, dt),
            adapts: constants.increment != 0.0,
            increment: T::of(constants.increment),
        }
    }
}

/// A constant of the slots of a block: the same for all, or one for each.
#[derive(Clone, Copy)]
struct Values<'a, T, const ALIKE: bool> {
    first: T,
    each: &'a [T],
}

impl<'a, T: Real, const ALIKE: bool> Values<'a, T, ALIKE> {
    #[inline(always)]
    fn new(values: &'a [T], slots: usize) -> Self {
        Self { first: values[0], each: if ALIKE { &[] } else { &values[..slots] } }
    }

    #[inline(always)]
    fn at(&self, slot: usize) -> T {
        if ALIKE { self.first } else { self.each[slot] }
    }
}

/// What a block brings into a step, and takes out of it. All lists are of its slots.
pub(crate) struct Slots<'a, T> {
    /// From rest, mV.
    pub(crate) potential: &'a mut [T],
    /// Synaptic currents, pA, or conductances, nS; the second is empty where both are one.
    pub(crate) currents: [&'a mut [T]; 2],
    /// Adaptation, pA; empty without.
    pub(crate) adaptation: &'a mut [T],
    /// What arrives through synapses, in units; set to 0 here.
    pub(crate) sums: [&'a mut [i32]; 2],
    /// The weight of a unit in each sum.
    pub(crate) unit: [T; 2],
    /// What arrives besides, in the unit of the weights; empty for nothing.
    pub(crate) noise: [&'a [T]; 2],
}

impl<T: Real> Slots<'_, T> {
    /// What arrives in one of the sums; `arrives` is called with each slot and it.
    #[inline(always)]
    fn arrivals(
        sums: &mut [i32],
        unit: T,
        noise: &[T],
        slots: usize,
        mut arrives: impl FnMut(usize, T),
    ) {
        let sums = &mut sums[..slots];
        if noise.is_empty() {
            for (slot, sum) in sums.iter_mut().enumerate() {
                arrives(slot, unit * T::of_sum(*sum));
                *sum = 0;
            }
        } else {
            let noise = &noise[..slots];
            for (slot, sum) in sums.iter_mut().enumerate() {
                arrives(slot, unit * T::of_sum(*sum) + noise[slot]);
                *sum = 0;
            }
        }
    }
}

impl<T: Real> BlockConstants<T> {
    /// Takes the block through a time step and appends the slots that fire, counted from `first`.
    #[inline(always)]
    pub(crate) fn step<S: Simd>(
        &self,
        simd: S,
        slots: &mut Slots<'_, T>,
        first: u32,
        fired: &mut Vec<u32>,
    ) {
        match (self.model, self.alike) {
            (Model::Delta, true) => self.delta::<true>(slots),
            (Model::Delta, false) => self.delta::<false>(slots),
            (Model::Exponential, true) => self.exponential::<true>(slots),
            (Model::Exponential, false) => self.exponential::<false>(slots),
            (Model::Conductance, true) => self.conductance::<true>(slots),
            (Model::Conductance, false) => self.conductance::<false>(slots),
        }
        let stride = usize::from(!self.alike);
        for (chunk, potential) in slots.potential.as_chunks::<LANES>().0.iter().enumerate() {
            let mut bits = T::at_least(simd, potential, &self.threshold[chunk * stride]);
            while bits != 0 {
                fired.push(first + (chunk * LANES) as u32 + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
    }

    /// Takes what adaptation does to the potential off, and lets it decay.
    #[inline(always)]
    fn adapt<const ALIKE: bool>(&self, slots: &mut Slots<'_, T>) {
        let count = slots.potential.len();
        if slots.adaptation.len() == count {
            let gain = Values::<T, ALIKE>::new(&self.gain[2], count);
            let decay = self.current_decay[2];
            let potential = &mut slots.potential[..count];
            for (slot, current) in slots.adaptation[..count].iter_mut().enumerate() {
                potential[slot] = potential[slot] - gain.at(slot) * *current;
                *current = decay * *current;
            }
        }
    }

    #[inline(always)]
    fn delta<const ALIKE: bool>(&self, slots: &mut Slots<'_, T>) {
        let count = slots.potential.len();
        let decay = Values::<T, ALIKE>::new(&self.decay, count);
        let drive = Values::<T, ALIKE>::new(&self.drive, count);
        for (slot, potential) in slots.potential.iter_mut().enumerate() {
            *potential = decay.at(slot) * *potential + drive.at(slot);
        }
        self.adapt::<ALIKE>(slots);
        for kind in 0..2 {
            if slots.sums[kind].is_empty() {
                continue;
            }
            let potential = &mut slots.potential[..count];
            let (unit, noise) = (slots.unit[kind], slots.noise[kind]);
            Slots::arrivals(slots.sums[kind], unit, noise, count, |slot, arrived| {
                potential[slot] = potential[slot] + arrived;
            });
        }
    }

    #[inline(always)]
    fn exponential<const ALIKE: bool>(&self, slots: &mut Slots<'_, T>) {
        let count = slots.potential.len();
        let decay = Values::<T, ALIKE>::new(&self.decay, count);
        let drive = Values::<T, ALIKE>::new(&self.drive, count);
        let gain = Values::<T, ALIKE>::new(&self.gain[0], count);
        let current_decay = self.current_decay[0];
        let potential = &mut slots.potential[..count];
        let current = &mut slots.currents[0][..count];
        let (unit, noise) = (slots.unit[0], slots.noise[0]);
        Slots::arrivals(slots.sums[0], unit, noise, count, |slot, arrived| {
            let moved = decay.at(slot) * potential[slot] + drive.at(slot);
            potential[slot] = moved + gain.at(slot) * current[slot];
            current[slot] = current_decay * current[slot] + arrived;
        });
        if !slots.sums[1].is_empty() {
            let gain = Values::<T, ALIKE>::new(&self.gain[1], count);
            let current_decay = self.current_decay[1];
            let current = &mut slots.currents[1][..count];
            let (unit, noise) = (slots.unit[1], slots.noise[1]);
            Slots::arrivals(slots.sums[1], unit, noise, count, |slot, arrived| {
                potential[slot] = potential[slot] + gain.at(slot) * current[slot];
                current[slot] = current_decay * current[slot] + arrived;
            });
        }
        self.adapt::<ALIKE>(slots);
    }

    /// dV/dt = b(t) - a(t) V with a = 1 / tau_m + (g_E + g_I) / C and b of the driving currents:
    /// V(dt) = V(0) exp(-A(dt)) + ∫ b(s) exp(A(s) - A(dt)) ds, where A, the integral of a, is known
    /// exactly, and the integral over the step is Gauss's rule with three points (order 6).
    #[inline(always)]
    fn conductance<const ALIKE: bool>(&self, slots: &mut Slots<'_, T>) {
        let count = slots.potential.len();
        let leak = Values::<T, ALIKE>::new(&self.leak, count);
        let slope = Values::<T, ALIKE>::new(&self.slope, count);
        let Conductance { times, weights, integrals, decays, per_capacitance: per, reversal } =
            self.conductance.clone();
        let potential = &mut slots.potential[..count];
        let [excitation, inhibition] = &mut slots.currents;
        let (excitation, inhibition) = (&mut excitation[..count], &mut inhibition[..count]);
        let adapts = slots.adaptation.len() == count;
        for slot in 0..count {
            let (e, i) = (per * excitation[slot], per * inhibition[slot]);
            let w = if adapts { per * slots.adaptation[slot] } else { T::ZERO };
            let up_to =
                |k: usize| leak.at(slot) * times[k] + (e * integrals[0][k] + i * integrals[1][k]);
            let whole = up_to(3);
            let mut driven = T::ZERO;
            for k in 0..3 {
                let synaptic = e * decays[0][k] * reversal[0] + i * decays[1][k] * reversal[1];
                let rate = slope.at(slot) + (synaptic - w * decays[2][k]);
                driven = driven + weights[k] * rate * decayed(whole - up_to(k));
            }
            potential[slot] = potential[slot] * decayed(whole) + driven;
        }
        // What inhibits is below 0 in the sums, but a conductance is not.
        for (kind, sign) in [(0, T::of(1.0)), (1, T::of(-1.0))] {
            let decay = self.current_decay[kind];
            let current = &mut slots.currents[kind][..count];
            let (unit, noise) = (slots.unit[kind], slots.noise[kind]);
            Slots::arrivals(slots.sums[kind], unit, noise, count, |slot, arrived| {
                current[slot] = decay * current[slot] + sign * arrived;
            });
        }
        if adapts {
            for current in &mut *slots.adaptation {
                *current = self.current_decay[2] * *current;
            }
        }
    }

    /// Whether the neurons adapt.
    pub(crate) fn adapts(&self) -> bool {
        self.adapts
    }
}

/// exp(-x) for x from 0 on; beyond 40, in which nothing is left, as for 40: the same on every
/// machine, and in vectors. By the Taylor series of exp(y) - 1 for y = -x / 64, doubled six times by
/// exp(2 y) - 1 = (exp(y) - 1) (2 + exp(y) - 1), so that small x lose nothing.
#[inline(always)]
fn decayed<T: Real>(x: T) -> T {
    let most = T::of(40.0);
    let one = T::of(1.0);
    let y = T::of(-1.0 / 64.0) * if x < most { x } else { most };
    let mut sum = one;
    for k in (2..=12).rev() {
        sum = one + sum * (y * T::of(1.0 / f64::from(k)));
    }
    let mut less_one = sum * y;
    for _ in 0..6 {
        less_one = less_one * (T::of(2.0) + less_one);
    }
    one + less_one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decays_are_exponential() {
        for x in [0.0f64, 1e-6, 0.01, 0.5, 1.0, 7.0, 30.0] {
            let got = decayed(x);
            let want = libm::exp(-x);
            assert!((got - want).abs() < 1e-14, "{x}: {got}, not {want}");
            let single = decayed(x as f32);
            assert!((f64::from(single) - want).abs() < 2e-7, "{x}: {single}, not {want}");
        }
        assert!(decayed(1e9) < 1e-15);
    }
}
