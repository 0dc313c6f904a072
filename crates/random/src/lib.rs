//! Named random streams.
//!
//! Every random number in Equipoise comes from a [`Stream`] that is a pure function of three
//! things: the seed of the run, the *purpose* of the numbers, and an *index* (the image, the
//! neuron, the trial). Nothing is drawn from a shared generator, so the numbers do not depend on
//! the number of threads, on the size of a batch, on what else was measured, or on whether the
//! run was interrupted; and a new purpose changes no existing stream.
//!
//! ```
//! use equipoise_random::stream;
//!
//! let mut a = stream(7, "encoder/poisson-input", 42);
//! let mut b = stream(7, "encoder/poisson-input", 42);
//! assert_eq!(a.uniform(), b.uniform());
//! ```
//!
//! The generator is xoshiro256++ (Blackman & Vigna 2021, ACM Trans. Math. Softw. 47:36), its key
//! is made by absorbing seed, purpose and index with the finaliser of SplitMix64 (Steele, Lea &
//! Flood 2014, OOPSLA). The distributions are written out here, on the portable functions of
//! `libm`, so that a stream can change neither with a dependency's version nor with the platform.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// The version of the streams: it changes when any stream gives other numbers than before, so that
/// results made from one are not continued with another.
pub const VERSION: u32 = 1;

/// The increment of SplitMix64: 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64, a bijection on 64 bits in which every input bit reaches every
/// output bit.
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The stream of random numbers for `purpose` and `index` in the run with this `seed`.
///
/// Purposes are paths such as `"encoder/connectivity"`. Different triples give independent
/// streams; seed 0 is a seed like any other.
pub fn stream(seed: u64, purpose: &str, index: u64) -> Stream {
    Stream { generator: Xoshiro256PlusPlus::from_seed(key(seed, purpose, index)) }
}

/// A seed derived from another, for a part of a run that has streams of its own (a trial of a
/// study, one network of several).
pub fn derive_seed(seed: u64, purpose: &str, index: u64) -> u64 {
    stream(seed, purpose, index).next_u64()
}

fn key(seed: u64, purpose: &str, index: u64) -> [u8; 32] {
    // Lengths are absorbed too, so that no two purposes can run together.
    let mut state = mix(seed.wrapping_add(GOLDEN));
    let mut absorb = |word: u64| state = mix(state.wrapping_add(GOLDEN) ^ mix(word ^ GOLDEN));
    absorb(purpose.len() as u64);
    for chunk in purpose.as_bytes().chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        absorb(u64::from_le_bytes(word));
    }
    absorb(index);
    let mut bytes = [0; 32];
    for (lane, out) in bytes.chunks_exact_mut(8).enumerate() {
        let word = mix(state.wrapping_add(GOLDEN.wrapping_mul(lane as u64 + 1)));
        out.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// A stream of random numbers, made by [`stream`].
#[derive(Debug, Clone)]
pub struct Stream {
    generator: Xoshiro256PlusPlus,
}

impl Stream {
    /// The next 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// The next 32 random bits (the upper half of a 64-bit draw).
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }

    /// Uniform in [0, 1), a multiple of 2^-53.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in (0, 1], safe to take the logarithm of.
    #[inline]
    pub fn uniform_open(&mut self) -> f64 {
        1.0 - self.uniform()
    }

    /// Uniform in [low, high).
    #[inline]
    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Uniform in 0..n, without bias (Lemire 2019, ACM Trans. Model. Comput. Simul. 29:3).
    ///
    /// # Panics
    /// If `n` is 0.
    #[inline]
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "a number below 0 was asked for");
        let n = n as u64;
        let mut product = u128::from(self.next_u64()) * u128::from(n);
        if (product as u64) < n {
            let reject = n.wrapping_neg() % n;
            while (product as u64) < reject {
                product = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as usize
    }

    /// True with probability `p` (never for p <= 0, always for p >= 1).
    #[inline]
    pub fn bernoulli(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// A standard normal number, by the polar method of Marsaglia (1964).
    pub fn normal(&mut self) -> f64 {
        loop {
            let (x, y) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let r2 = x * x + y * y;
            if r2 > 0.0 && r2 < 1.0 {
                return x * libm::sqrt(-2.0 * libm::log(r2) / r2);
            }
        }
    }

    /// An exponential number of mean 1.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        -libm::log(self.uniform_open())
    }

    /// A Poisson number of this mean: by multiplication below 10, by transformed rejection
    /// (PTRS, Hörmann 1993, Insurance Math. Econom. 12:39) from there on. A mean of 0 or less
    /// gives 0.
    pub fn poisson(&mut self, mean: f64) -> u64 {
        if mean.is_nan() || mean <= 0.0 {
            return 0;
        }
        if mean < 10.0 {
            let limit = libm::exp(-mean);
            let mut product = self.uniform_open();
            let mut count = 0;
            while product > limit {
                product *= self.uniform_open();
                count += 1;
            }
            return count;
        }
        let log_mean = libm::log(mean);
        let b = 0.931 + 2.53 * libm::sqrt(mean);
        let a = -0.059 + 0.024_83 * b;
        let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
        let v_r = 0.9277 - 3.6224 / (b - 2.0);
        loop {
            let u = self.uniform() - 0.5;
            let v = self.uniform_open();
            let us = 0.5 - u.abs();
            let k = libm::floor((2.0 * a / us + b) * u + mean + 0.43);
            if us >= 0.07 && v <= v_r {
                return k as u64;
            }
            if k < 0.0 || (us < 0.013 && v > us) {
                continue;
            }
            let accept = libm::log(v * inverse_alpha / (a / (us * us) + b));
            if accept <= k * log_mean - mean - libm::lgamma(k + 1.0) {
                return k as u64;
            }
        }
    }

    /// Puts the items in a random order (Fisher & Yates), each order equally likely.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// A random order of 0..n.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        self.shuffle(&mut order);
        order
    }

    /// `count` different numbers from 0..n, sorted, each set equally likely (Floyd; Bentley &
    /// Floyd 1987, Commun. ACM 30:754).
    ///
    /// # Panics
    /// If `count` is more than `n`.
    pub fn choose(&mut self, n: usize, count: usize) -> Vec<usize> {
        assert!(count <= n, "{count} different numbers below {n} were asked for");
        let mut chosen = std::collections::HashSet::with_capacity(count);
        for top in n - count..n {
            let candidate = self.below(top + 1);
            if !chosen.insert(candidate) {
                chosen.insert(top);
            }
        }
        let mut chosen: Vec<usize> = chosen.into_iter().collect();
        chosen.sort_unstable();
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Mean and variance of `n` draws.
    fn moments(n: usize, mut draw: impl FnMut() -> f64) -> (f64, f64) {
        let values: Vec<f64> = (0..n).map(|_| draw()).collect();
        let mean = values.iter().sum::<f64>() / n as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
        (mean, variance)
    }

    #[test]
    fn the_streams_never_change() {
        // A change of these numbers would change every result ever published with this tool.
        let mut s = stream(0, "", 0);
        let first = [s.next_u64(), s.next_u64()];
        let mut s = stream(1, "encoder/connectivity", 9);
        let second = [s.next_u64(), s.next_u64()];
        assert_eq!(first, PINNED[0]);
        assert_eq!(second, PINNED[1]);
        assert!((stream(3, "normal", 0).normal() - PINNED_NORMAL).abs() < 1e-15);
    }

    /// Made by `scripts/reference/random_streams.py`.
    const PINNED: [[u64; 2]; 2] = [
        [7_820_026_309_194_848_955, 12_876_890_628_348_068_877],
        [3_580_754_221_995_550_355, 6_563_505_297_954_989_446],
    ];
    const PINNED_NORMAL: f64 = 0.424_325_938_992_657_25;

    #[test]
    fn different_names_give_different_streams() {
        let first = |seed, purpose, index| stream(seed, purpose, index).next_u64();
        let mut all = vec![first(0, "a", 0), first(0, "b", 0), first(0, "a", 1), first(1, "a", 0)];
        all.extend([first(0, "a\0", 0), first(0, "", 0), first(0, "aaaaaaaa", 0)]);
        all.extend([first(0, "aaaaaaaaa", 0), first(u64::MAX, "a", 0), first(0, "a", u64::MAX)]);
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn neighbouring_streams_are_uncorrelated() {
        let n = 20_000;
        let first = |i| stream(5, "neighbours", i).uniform() - 0.5;
        let products: f64 = (0..n).map(|i| first(i) * first(i + 1)).sum();
        // The sum of n independent products has standard deviation sqrt(n) / 12.
        assert!(products.abs() < 4.0 * (n as f64).sqrt() / 12.0, "{products}");
    }

    #[test]
    fn moments_of_the_distributions() {
        let n = 200_000;
        let mut s = stream(11, "moments", 0);
        let near = |got: f64, want: f64, tolerance: f64| {
            assert!((got - want).abs() < tolerance, "{got} is not {want} ± {tolerance}");
        };
        let (mean, variance) = moments(n, || s.uniform());
        near(mean, 0.5, 0.003);
        near(variance, 1.0 / 12.0, 0.001);
        let (mean, variance) = moments(n, || s.normal());
        near(mean, 0.0, 0.01);
        near(variance, 1.0, 0.015);
        let (mean, variance) = moments(n, || s.exponential());
        near(mean, 1.0, 0.01);
        near(variance, 1.0, 0.03);
        for lambda in [0.05, 3.0, 9.9, 10.0, 60.0, 1e4] {
            let (mean, variance) = moments(n, || s.poisson(lambda) as f64);
            let error = 5.0 * (lambda / n as f64).sqrt();
            near(mean, lambda, error);
            near(variance / lambda, 1.0, 0.02 + 5.0 / (lambda * n as f64).sqrt());
        }
    }

    #[test]
    fn poisson_has_the_right_shape() {
        // Chi-square over the bins 0..=30 for a mean on each side of the switch of methods.
        for lambda in [4.0f64, 15.0] {
            let n = 100_000;
            let mut s = stream(2, "poisson-shape", lambda as u64);
            let mut seen = [0usize; 31];
            for _ in 0..n {
                seen[(s.poisson(lambda) as usize).min(30)] += 1;
            }
            let mut p = libm::exp(-lambda);
            let mut chi2 = 0.0;
            for (k, &count) in seen.iter().enumerate().take(30) {
                let expected = p * n as f64;
                if expected > 5.0 {
                    chi2 += (count as f64 - expected).powi(2) / expected;
                }
                p *= lambda / (k as f64 + 1.0);
            }
            assert!(chi2 < 65.0, "chi-square {chi2} on at most 30 degrees of freedom");
        }
    }

    #[test]
    fn absurd_means_give_zero() {
        let mut s = stream(0, "absurd", 0);
        for mean in [0.0, -1.0, f64::NAN] {
            assert_eq!(s.poisson(mean), 0);
        }
    }

    proptest! {
        #[test]
        fn below_is_below(seed: u64, n in 1usize..1_000_000) {
            prop_assert!(stream(seed, "below", 0).below(n) < n);
        }

        #[test]
        fn chosen_numbers_are_sorted_and_different(seed: u64, n in 0usize..200, share in 0.0f64..=1.0) {
            let count = (n as f64 * share) as usize;
            let chosen = stream(seed, "choose", 0).choose(n, count);
            prop_assert_eq!(chosen.len(), count);
            prop_assert!(chosen.windows(2).all(|w| w[0] < w[1]));
            prop_assert!(chosen.iter().all(|&c| c < n));
        }

        #[test]
        fn a_permutation_holds_every_number(seed: u64, n in 0usize..300) {
            let mut order = stream(seed, "permutation", 0).permutation(n);
            order.sort_unstable();
            prop_assert_eq!(order, (0..n).collect::<Vec<_>>());
        }
    }

    #[test]
    fn choices_are_even() {
        let mut seen = [0; 10];
        for i in 0..20_000 {
            for c in stream(1, "even", i).choose(10, 3) {
                seen[c] += 1;
            }
        }
        // Each number is in 30 % of the choices: 6000 ± 4.4 standard deviations.
        assert!(seen.iter().all(|&n: &i32| (n - 6000).abs() < 285), "{seen:?}");
    }
}
