//! Poisson numbers for many neurons at once: the background drive.
//!
//! Every neuron gets an independent Poisson count in every time step. At Brunel's 12,500 neurons
//! and dt 0.1 ms that is 125 million Poisson numbers a second of biological time, so a draw may
//! cost little more than a nanosecond. It is one 32-bit number from one of sixteen generators
//! side by side (xoshiro128++, Blackman & Vigna 2021, ACM Trans. Math. Softw. 47:36), turned into
//! a count by the alias method (Walker 1977, ACM Trans. Math. Softw. 3:253): five bits choose one
//! of 32 columns, the other 27 decide between the column's two counts. The probabilities are
//! exact to 2^-32.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use equipoise_random::Stream;

/// Neurons that are computed side by side, and generators in a [`LaneGenerator`].
pub(crate) const LANES: usize = 16;

/// Columns of the alias table.
const COLUMNS: usize = 32;

/// The largest mean of one draw; beyond it, a count is the sum of several draws. A Poisson number
/// of mean 8 exceeds the table's 31 with probability 1e-10.
const LARGEST_MEAN: f64 = 8.0;

/// Sixteen xoshiro128++ generators side by side; lane k of every draw comes from generator k.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(crate) struct LaneGenerator {
    state: [[u32; LANES]; 4],
}

impl LaneGenerator {
    /// Generators whose states are drawn from the stream.
    pub(crate) fn new(stream: &mut Stream) -> Self {
        let mut state = [[0; LANES]; 4];
        for lane in 0..LANES {
            for word in &mut state {
                word[lane] = stream.next_u32();
            }
            // The all-zero state is the one a xoshiro generator never leaves.
            if state.iter().all(|word| word[lane] == 0) {
                state[0][lane] = 1;
            }
        }
        Self { state }
    }

    #[inline(always)]
    fn next(&mut self) -> [u32; LANES] {
        let [s0, s1, s2, s3] = &mut self.state;
        let mut out = [0; LANES];
        for lane in 0..LANES {
            out[lane] = s0[lane].wrapping_add(s3[lane]).rotate_left(7).wrapping_add(s0[lane]);
            let t = s1[lane] << 9;
            s2[lane] ^= s0[lane];
            s3[lane] ^= s1[lane];
            s1[lane] ^= s2[lane];
            s0[lane] ^= s3[lane];
            s2[lane] ^= t;
            s3[lane] = s3[lane].rotate_left(11);
        }
        out
    }
}

/// The alias table of a Poisson distribution.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(crate) struct PoissonTable {
    /// Below this, the column's own number; otherwise its alias.
    limit: [u32; COLUMNS],
    alias: [f32; COLUMNS],
    /// How many draws make up one count.
    draws: u32,
}

impl PoissonTable {
    /// The table of a Poisson distribution of this mean (> 0).
    pub(crate) fn new(mean: f64) -> Self {
        let draws = (mean / LARGEST_MEAN).ceil().max(1.0);
        let mean = mean / draws;
        let mut probability = [0.0; COLUMNS];
        let mut p = libm::exp(-mean);
        for (k, slot) in probability.iter_mut().enumerate() {
            *slot = p;
            p *= mean / (k as f64 + 1.0);
        }
        let total: f64 = probability.iter().sum();
        // Vose's way of filling the table (1991, IEEE Trans. Softw. Eng. 17:972).
        let mut share = probability.map(|p| p / total * COLUMNS as f64);
        let mut limit = [u32::MAX; COLUMNS];
        let mut alias: [f32; COLUMNS] = std::array::from_fn(|k| k as f32);
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..COLUMNS).partition(|&k| share[k] < 1.0);
        while let (Some(&poor), Some(&rich)) = (small.last(), large.last()) {
            small.pop();
            limit[poor] = (share[poor] * 4_294_967_296.0) as u32;
            alias[poor] = rich as f32;
            share[rich] -= 1.0 - share[poor];
            if share[rich] < 1.0 {
                large.pop();
                small.push(rich);
            }
        }
        Self { limit, alias, draws: draws as u32 }
    }

    /// Sets `out[i]` to `weight` times a Poisson number, for every i; a multiple of [`LANES`].
    #[inline(always)]
    pub(crate) fn fill(&self, generator: &mut LaneGenerator, weight: f32, out: &mut [f32]) {
        for chunk in out.chunks_exact_mut(LANES) {
            let mut count = [0.0f32; LANES];
            for _ in 0..self.draws {
                let draw = generator.next();
                for lane in 0..LANES {
                    let column = (draw[lane] >> 27) as usize;
                    count[lane] += if draw[lane] << 5 < self.limit[column] {
                        column as f32
                    } else {
                        self.alias[column]
                    };
                }
            }
            for lane in 0..LANES {
                chunk[lane] = weight * count[lane];
            }
        }
    }

    /// [`PoissonTable::fill`] with the table in four registers.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(crate) fn fill_avx512(&self, generator: &mut LaneGenerator, weight: f32, out: &mut [f32]) {
        let mut noise = VectorNoise::load(self, generator, weight);
        for chunk in out.chunks_exact_mut(LANES) {
            // SAFETY: a chunk is sixteen numbers of 4 bytes, 64 bytes.
            unsafe { _mm512_storeu_ps(chunk.as_mut_ptr(), noise.draw()) };
        }
        noise.store(generator);
    }
}

/// A table and a generator in registers.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct VectorNoise {
    state: [__m512i; 4],
    limit: [__m512i; 2],
    alias: [__m512; 2],
    weight: __m512,
    draws: u32,
}

#[cfg(target_arch = "x86_64")]
impl VectorNoise {
    /// Takes them from memory.
    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(crate) fn load(table: &PoissonTable, generator: &LaneGenerator, weight: f32) -> Self {
        let (limit, alias) = (table.limit.as_ptr(), table.alias.as_ptr());
        // SAFETY: the table has twice sixteen numbers of 4 bytes, a generator word sixteen.
        unsafe {
            Self {
                state: generator.state.each_ref().map(|w| _mm512_loadu_si512(w.as_ptr().cast())),
                limit: [0, 16].map(|at| _mm512_loadu_si512(limit.add(at).cast())),
                alias: [0, 16].map(|at| _mm512_loadu_ps(alias.add(at))),
                weight: _mm512_set1_ps(weight),
                draws: table.draws,
            }
        }
    }

    /// Puts the generator back.
    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(crate) fn store(self, generator: &mut LaneGenerator) {
        for (word, state) in generator.state.iter_mut().zip(self.state) {
            // SAFETY: a generator word is sixteen numbers of 4 bytes.
            unsafe { _mm512_storeu_si512(word.as_mut_ptr().cast(), state) };
        }
    }

    /// The weight times a Poisson number for each lane.
    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(crate) fn draw(&mut self) -> __m512 {
        let mut count = self.count();
        for _ in 1..self.draws {
            count = _mm512_add_ps(count, self.count());
        }
        _mm512_mul_ps(self.weight, count)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn count(&mut self) -> __m512 {
        let s = &mut self.state;
        let draw = _mm512_add_epi32(_mm512_rol_epi32::<7>(_mm512_add_epi32(s[0], s[3])), s[0]);
        let t = _mm512_slli_epi32::<9>(s[1]);
        s[2] = _mm512_xor_si512(s[2], s[0]);
        s[3] = _mm512_xor_si512(s[3], s[1]);
        s[1] = _mm512_xor_si512(s[1], s[2]);
        s[0] = _mm512_xor_si512(s[0], s[3]);
        s[2] = _mm512_xor_si512(s[2], t);
        s[3] = _mm512_rol_epi32::<11>(s[3]);
        let column = _mm512_srli_epi32::<27>(draw);
        let own = _mm512_cmplt_epu32_mask(
            _mm512_slli_epi32::<5>(draw),
            _mm512_permutex2var_epi32(self.limit[0], column, self.limit[1]),
        );
        let alias = _mm512_permutex2var_ps(self.alias[0], column, self.alias[1]);
        _mm512_mask_cvtepi32_ps(alias, own, column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;

    #[test]
    fn counts_are_poisson() {
        for (index, mean) in [0.001, 0.2, 2.0, 7.9, 20.0].into_iter().enumerate() {
            let mut generator = LaneGenerator::new(&mut stream(4, "noise-test", index as u64));
            let table = PoissonTable::new(mean);
            let mut out = vec![0.0; 1 << 20];
            table.fill(&mut generator, 1.0, &mut out);
            let n = out.len() as f64;
            let mut seen = [0.0f64; 64];
            for &count in &out {
                seen[count as usize] += 1.0;
            }
            let (mut p, mut chi2, mut bins) = ((-mean).exp(), 0.0, 0);
            for (k, &count) in seen.iter().enumerate() {
                if p * n > 5.0 {
                    chi2 += (count - p * n).powi(2) / (p * n);
                    bins += 1;
                }
                p *= mean / (k as f64 + 1.0);
            }
            // Five standard deviations of a chi-square of `bins` degrees of freedom.
            let bound = bins as f64 + 5.0 * (2.0 * bins as f64).sqrt();
            assert!(chi2 < bound, "mean {mean}: chi-square {chi2} over {bins} counts");
        }
    }

    #[test]
    fn lanes_are_uncorrelated() {
        let mut generator = LaneGenerator::new(&mut stream(4, "noise-lanes", 0));
        let table = PoissonTable::new(2.0);
        let mut out = vec![0.0; 1 << 20];
        table.fill(&mut generator, 1.0, &mut out);
        for lag in [1, 2, 8, 16, 32] {
            let product: f64 = out
                .windows(lag + 1)
                .map(|w| f64::from(w[0] - 2.0) * f64::from(w[lag] - 2.0))
                .sum::<f64>()
                / (2.0 * (out.len() as f64).sqrt());
            assert!(product.abs() < 4.5, "lag {lag}: {product} standard deviations");
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn the_vector_kernel_gives_the_same_bits() {
        if !is_x86_feature_detected!("avx512f") {
            println!("skipped: this machine has no AVX-512");
            return;
        }
        for mean in [0.2, 2.0, 20.0] {
            let mut one = LaneGenerator::new(&mut stream(4, "noise-same", 0));
            let mut two = one.clone();
            let table = PoissonTable::new(mean);
            let (mut a, mut b) = (vec![0.0; 1024], vec![0.0; 1024]);
            for _ in 0..3 {
                table.fill(&mut one, 0.3, &mut a);
                // SAFETY: the machine has AVX-512F, as was asked above.
                unsafe { table.fill_avx512(&mut two, 0.3, &mut b) };
                assert_eq!(a, b);
            }
        }
    }
}
