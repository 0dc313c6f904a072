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
//! Plain loops over sixteen lanes, which the compiler turns into vectors of each instruction set.
//! No operation is fused, so all give the same bits.

use std::ops::{Add, Mul, Sub};

use equipoise_simd::LANES;

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
}

macro_rules! real {
    ($type:ty) => {
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
        }
    };
}
real!(f32);
real!(f64);

/// Sixteen slots.
pub(crate) type Lanes<T> = [T; LANES];

/// The constants of a block in the precision of the state, sixteen slots at a time.
#[derive(Debug, Clone)]
pub(crate) struct BlockConstants<T> {
    pub(crate) model: Model,
    /// How far to go from sixteen slots to the next: 0 where all neurons are alike.
    stride: usize,
    decay: Vec<Lanes<T>>,
    gain: [Vec<Lanes<T>>; 3],
    drive: Vec<Lanes<T>>,
    leak: Vec<Lanes<T>>,
    slope: Vec<Lanes<T>>,
    threshold: Vec<Lanes<T>>,
    pub(crate) reset: Vec<T>,
    current_decay: [T; 3],
    /// Integral of a decay of each conductance over the parts of a step, ms.
    parts: [[T; 4]; 2],
    /// Decays over the parts of a step, of the conductances and of adaptation.
    part_decays: [[T; 3]; 3],
    per_capacitance: T,
    reversal: [T; 2],
    /// Time step, ms.
    dt: T,
    nodes: [T; 3],
    adapts: bool,
    pub(crate) increment: T,
}

/// Where the three points of Gauss's rule lie in a step, and their weights.
const NODES: [f64; 3] = [0.112_701_665_379_258_31, 0.5, 0.887_298_334_620_741_7];
const NODE_WEIGHTS: [f64; 3] = [5.0 / 18.0, 4.0 / 9.0, 5.0 / 18.0];

fn lanes<T: Real>(values: &[f64]) -> Vec<Lanes<T>> {
    values.as_chunks::<LANES>().0.iter().map(|chunk| chunk.map(T::of)).collect()
}

impl<T: Real> BlockConstants<T> {
    pub(crate) fn new(constants: &Constants, dt: f64) -> Self {
        let [a, b, c] = &constants.gain;
        let tau = constants.tau;
        let integral = |tau: f64, time: f64| -tau * libm::expm1(-time / tau);
        let part = |tau: f64| {
            let [a, b, c] = NODES.map(|node| T::of(integral(tau, node * dt)));
            [a, b, c, T::of(integral(tau, dt))]
        };
        Self {
            model: constants.model,
            stride: usize::from(!constants.alike),
            decay: lanes(&constants.decay),
            gain: [lanes(a), lanes(b), lanes(c)],
            drive: lanes(&constants.drive),
            leak: lanes(&constants.leak),
            slope: lanes(&constants.slope),
            threshold: lanes(&constants.threshold),
            reset: constants.reset.iter().map(|&reset| T::of(reset)).collect(),
            current_decay: constants.current_decay.map(T::of),
            parts: [part(tau[0]), part(tau[1])],
            part_decays: tau.map(|tau| NODES.map(|node| T::of(libm::exp(-node * dt / tau)))),
            per_capacitance: T::of(1.0 / constants.capacitance),
            reversal: constants.reversal.map(T::of),
            dt: T::of(dt),
            nodes: NODES.map(T::of),
            adapts: constants.increment != 0.0,
            increment: T::of(constants.increment),
        }
    }
}

/// What a block brings into a step, and takes out of it. All lists are of its slots.
pub(crate) struct Slots<'a, T> {
    /// From rest, mV.
    pub(crate) potential: &'a mut [Lanes<T>],
    /// Synaptic currents, pA, or conductances, nS; the second is empty where both are one.
    pub(crate) currents: [&'a mut [Lanes<T>]; 2],
    /// Adaptation, pA; empty without.
    pub(crate) adaptation: &'a mut [Lanes<T>],
    /// What arrives through synapses, in units; set to 0 here.
    pub(crate) sums: [&'a mut [Lanes<i32>]; 2],
    /// The weight of a unit in each sum.
    pub(crate) unit: [T; 2],
    /// What arrives besides, in the unit of the weights; empty for nothing.
    pub(crate) noise: [&'a [Lanes<T>]; 2],
}

impl<T: Real> BlockConstants<T> {
    /// Takes the block through a time step and appends the slots that fire, counted from `first`.
    #[inline(always)]
    pub(crate) fn step(&self, slots: &mut Slots<'_, T>, first: u32, fired: &mut Vec<u32>) {
        match self.model {
            Model::Delta => self.delta(slots, first, fired),
            Model::Exponential => self.exponential(slots, first, fired),
            Model::Conductance => self.conductance(slots, first, fired),
        }
    }

    /// What arrives at sixteen slots in one of the sums.
    #[inline(always)]
    fn arrived(slots: &mut Slots<'_, T>, sum: usize, chunk: usize) -> Lanes<T> {
        let sums = &mut slots.sums[sum][chunk];
        let unit = slots.unit[sum];
        let mut arrived = sums.map(|sum| unit * T::of_sum(sum));
        *sums = [0; LANES];
        if let Some(noise) = slots.noise[sum].get(chunk) {
            for (arrived, &noise) in arrived.iter_mut().zip(noise) {
                *arrived = *arrived + noise;
            }
        }
        arrived
    }

    /// Appends the slots that are at or above threshold.
    #[inline(always)]
    fn fire(&self, chunk: usize, potential: &Lanes<T>, first: u32, fired: &mut Vec<u32>) {
        let threshold = &self.threshold[chunk * self.stride];
        let mut any = false;
        for lane in 0..LANES {
            any |= potential[lane] >= threshold[lane];
        }
        if any {
            for lane in 0..LANES {
                if potential[lane] >= threshold[lane] {
                    fired.push(first + (chunk * LANES + lane) as u32);
                }
            }
        }
    }

    /// Lets adaptation decay, and takes what it does to the potential off.
    #[inline(always)]
    fn adapt(&self, slots: &mut Slots<'_, T>, chunk: usize, potential: &mut Lanes<T>) {
        if let Some(current) = slots.adaptation.get_mut(chunk) {
            let gain = &self.gain[2][chunk * self.stride];
            for lane in 0..LANES {
                potential[lane] = potential[lane] - gain[lane] * current[lane];
                current[lane] = self.current_decay[2] * current[lane];
            }
        }
    }

    #[inline(always)]
    fn delta(&self, slots: &mut Slots<'_, T>, first: u32, fired: &mut Vec<u32>) {
        for chunk in 0..slots.potential.len() {
            let at = chunk * self.stride;
            let (decay, drive) = (&self.decay[at], &self.drive[at]);
            let mut arrived = Self::arrived(slots, 0, chunk);
            if !slots.currents[1].is_empty() {
                let inhibition = Self::arrived(slots, 1, chunk);
                for lane in 0..LANES {
                    arrived[lane] = arrived[lane] + inhibition[lane];
                }
            }
            let mut potential = slots.potential[chunk];
            for lane in 0..LANES {
                potential[lane] = decay[lane] * potential[lane] + drive[lane];
            }
            self.adapt(slots, chunk, &mut potential);
            for lane in 0..LANES {
                potential[lane] = potential[lane] + arrived[lane];
            }
            slots.potential[chunk] = potential;
            self.fire(chunk, &potential, first, fired);
        }
    }

    #[inline(always)]
    fn exponential(&self, slots: &mut Slots<'_, T>, first: u32, fired: &mut Vec<u32>) {
        for chunk in 0..slots.potential.len() {
            let at = chunk * self.stride;
            let (decay, drive) = (&self.decay[at], &self.drive[at]);
            let mut potential = slots.potential[chunk];
            for lane in 0..LANES {
                potential[lane] = decay[lane] * potential[lane] + drive[lane];
            }
            for kind in 0..2 {
                if slots.currents[kind].is_empty() {
                    continue;
                }
                let arrived = Self::arrived(slots, kind, chunk);
                let gain = &self.gain[kind][at];
                let current = &mut slots.currents[kind][chunk];
                for lane in 0..LANES {
                    potential[lane] = potential[lane] + gain[lane] * current[lane];
                    current[lane] = self.current_decay[kind] * current[lane] + arrived[lane];
                }
            }
            self.adapt(slots, chunk, &mut potential);
            slots.potential[chunk] = potential;
            self.fire(chunk, &potential, first, fired);
        }
    }

    /// dV/dt = b(t) - a(t) V with a = 1 / tau_m + (g_E + g_I) / C and b of the driving currents:
    /// V(dt) = V(0) exp(-A(dt)) + ∫ b(s) exp(A(s) - A(dt)) ds, where A, the integral of a, is known
    /// exactly, and the integral over the step is Gauss's rule with three points (order 6).
    #[inline(always)]
    fn conductance(&self, slots: &mut Slots<'_, T>, first: u32, fired: &mut Vec<u32>) {
        for chunk in 0..slots.potential.len() {
            let at = chunk * self.stride;
            let (leak, slope) = (&self.leak[at], &self.slope[at]);
            let mut potential = slots.potential[chunk];
            let excitation = slots.currents[0][chunk];
            let inhibition = slots.currents[1][chunk];
            let adaptation = slots.adaptation.get(chunk).copied().unwrap_or([T::ZERO; LANES]);
            let per = self.per_capacitance;
            let exponent = |lane: usize, time: T, point: usize| {
                leak[lane] * time
                    + per
                        * (excitation[lane] * self.parts[0][point]
                            + inhibition[lane] * self.parts[1][point])
            };
            let whole: Lanes<T> = std::array::from_fn(|lane| exponent(lane, self.dt, 3));
            let mut driven = [T::ZERO; LANES];
            for (point, weight) in NODE_WEIGHTS.iter().enumerate() {
                let weight = T::of(*weight) * self.dt;
                let [d0, d1, d2] = self.part_decays.map(|decays| decays[point]);
                let mut left = [T::ZERO; LANES];
                for lane in 0..LANES {
                    left[lane] = whole[lane] - exponent(lane, self.nodes[point] * self.dt, point);
                }
                let left = decayed(left);
                for lane in 0..LANES {
                    let rate = slope[lane]
                        + per
                            * (excitation[lane] * d0 * self.reversal[0]
                                + inhibition[lane] * d1 * self.reversal[1]
                                - adaptation[lane] * d2);
                    driven[lane] = driven[lane] + weight * rate * left[lane];
                }
            }
            let whole = decayed(whole);
            for lane in 0..LANES {
                potential[lane] = potential[lane] * whole[lane] + driven[lane];
            }
            // What inhibits is below 0 in the sums, but a conductance is not.
            for (kind, sign) in [(0, T::of(1.0)), (1, T::of(-1.0))] {
                let arrived = Self::arrived(slots, kind, chunk);
                let current = &mut slots.currents[kind][chunk];
                for lane in 0..LANES {
                    current[lane] = self.current_decay[kind] * current[lane] + sign * arrived[lane];
                }
            }
            if let Some(current) = slots.adaptation.get_mut(chunk) {
                *current = current.map(|current| self.current_decay[2] * current);
            }
            slots.potential[chunk] = potential;
            self.fire(chunk, &potential, first, fired);
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
fn decayed<T: Real>(x: Lanes<T>) -> Lanes<T> {
    let most = T::of(40.0);
    let scale = T::of(-1.0 / 64.0);
    let one = T::of(1.0);
    let y = x.map(|x| scale * if x < most { x } else { most });
    let mut less_one = [one; LANES];
    for k in (2..=12).rev() {
        let reciprocal = T::of(1.0 / f64::from(k));
        for lane in 0..LANES {
            less_one[lane] = one + less_one[lane] * (y[lane] * reciprocal);
        }
    }
    for lane in 0..LANES {
        less_one[lane] = less_one[lane] * y[lane];
    }
    for _ in 0..6 {
        less_one = less_one.map(|e| e * (T::of(2.0) + e));
    }
    less_one.map(|e| one + e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decays_are_exponential() {
        for x in [0.0, 1e-6, 0.01, 0.5, 1.0, 7.0, 30.0] {
            let got = decayed([x; LANES])[0];
            let want = f64::exp(-x);
            assert!((got - want).abs() < 1e-14, "{x}: {got}, not {want}");
            let single = decayed([x as f32; LANES])[3];
            assert!((f64::from(single) - want).abs() < 2e-7, "{x}: {single}, not {want}");
        }
        assert!(decayed([1e9; LANES])[0] < 1e-17);
    }
}
