//! Poisson numbers for many neurons at once: the background drive.
//!
//! Every neuron gets an independent Poisson count in every time step. At Brunel's 12,500 neurons
//! and dt 0.1 ms that is 125 million Poisson numbers a second of biological time, so a draw may
//! cost little more than a nanosecond. It is one 32-bit number from one of sixteen generators
//! side by side (xoshiro128++, Blackman & Vigna 2021, ACM Trans. Math. Softw. 47:36), turned into
//! a count by the alias method (Walker 1977, ACM Trans. Math. Softw. 3:253): five bits choose one
//! of 32 columns, the other 27 decide between the column's two counts. The probabilities are
//! exact to 2^-32.

use equipoise_random::Stream;
use equipoise_simd::{F32x16, LANES, Simd, U32x16};

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

    /// The states of the generators, to go on from.
    pub(crate) fn state(&self) -> [[u32; LANES]; 4] {
        self.state
    }

    /// Generators that go on from these states.
    pub(crate) fn from_state(state: [[u32; LANES]; 4]) -> Self {
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
    pub(crate) fn fill<S: Simd>(
        &self,
        simd: S,
        generator: &mut LaneGenerator,
        weight: f32,
        out: &mut [f32],
    ) {
        if S::LOOKS_UP {
            let mut noise = VectorNoise::load(simd, self, generator, weight);
            for chunk in out.as_chunks_mut().0 {
                noise.draw().write(chunk);
            }
            noise.store(generator);
        } else {
            self.fill_in_memory(generator, weight, out);
        }
    }

    #[inline(always)]
    fn fill_in_memory(&self, generator: &mut LaneGenerator, weight: f32, out: &mut [f32]) {
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
}

/// A table and a generator in registers, for instruction sets that look up in them.
#[derive(Clone, Copy)]
pub(crate) struct VectorNoise<S: Simd> {
    state: [S::U32x16; 4],
    limit: [S::U32x16; 2],
    alias: [S::F32x16; 2],
    weight: S::F32x16,
    draws: u32,
}

impl<S: Simd> VectorNoise<S> {
    /// Takes them from memory.
    #[inline(always)]
    pub(crate) fn load(
        simd: S,
        table: &PoissonTable,
        generator: &LaneGenerator,
        weight: f32,
    ) -> Self {
        let [s0, s1, s2, s3] = &generator.state;
        let (limit, _) = table.limit.as_chunks();
        let (alias, _) = table.alias.as_chunks();
        Self {
            state: [simd.integers(s0), simd.integers(s1), simd.integers(s2), simd.integers(s3)],
            limit: [simd.integers(&limit[0]), simd.integers(&limit[1])],
            alias: [simd.floats(&alias[0]), simd.floats(&alias[1])],
            weight: simd.splat(weight),
            draws: table.draws,
        }
    }

    /// Puts the generator back.
    #[inline(always)]
    pub(crate) fn store(self, generator: &mut LaneGenerator) {
        for (word, state) in generator.state.iter_mut().zip(self.state) {
            state.write(word);
        }
    }

    /// The weight times a Poisson number for each lane.
    #[inline(always)]
    pub(crate) fn draw(&mut self) -> S::F32x16 {
        let mut count = self.count();
        for _ in 1..self.draws {
            count = count + self.count();
        }
        self.weight * count
    }

    #[inline(always)]
    fn count(&mut self) -> S::F32x16 {
        let s = &mut self.state;
        let draw = (s[0] + s[3]).rotated(7) + s[0];
        let t = s[1].up(9);
        s[2] = s[2] ^ s[0];
        s[3] = s[3] ^ s[1];
        s[1] = s[1] ^ s[2];
        s[0] = s[0] ^ s[3];
        s[2] = s[2] ^ t;
        s[3] = s[3].rotated(11);
        let column = draw.down(27);
        let own = draw.up(5).below(self.limit[0].look_up_32(self.limit[1], column));
        let alias = self.alias[0].look_up_32(self.alias[1], column);
        alias.replace_where(own, column.to_floats())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;
    use equipoise_simd::{Instructions, Task};

    /// [`PoissonTable::fill`].
    struct Fill<'a>(&'a PoissonTable, &'a mut LaneGenerator, f32, &'a mut [f32]);

    impl Task for Fill<'_> {
        type Output = ();

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            self.0.fill(simd, self.1, self.2, self.3);
        }
    }

    #[test]
    fn counts_are_poisson() {
        for (index, mean) in [0.001, 0.2, 2.0, 7.9, 20.0].into_iter().enumerate() {
            let mut generator = LaneGenerator::new(&mut stream(4, "noise-test", index as u64));
            let table = PoissonTable::new(mean);
            let mut out = vec![0.0; 1 << 20];
            Instructions::best().run(Fill(&table, &mut generator, 1.0, &mut out));
            let n = out.len() as f64;
            let mut seen = [0.0f64; 64];
            for &count in &out {
                seen[count as usize] += 1.0;
            }
            let (mut p, mut chi2, mut bins) = (libm::exp(-mean), 0.0, 0);
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
        Instructions::best().run(Fill(&table, &mut generator, 1.0, &mut out));
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
    fn every_instruction_set_gives_the_same_bits() {
        for mean in [0.2, 2.0, 20.0] {
            let table = PoissonTable::new(mean);
            let draw = |instructions: Instructions| {
                let mut generator = LaneGenerator::new(&mut stream(4, "noise-same", 0));
                let mut out = vec![0.0; 3072];
                for part in out.chunks_mut(1024) {
                    instructions.run(Fill(&table, &mut generator, 0.3, part));
                }
                out
            };
            let want = draw(Instructions::PORTABLE);
            for instructions in Instructions::available() {
                assert_eq!(draw(instructions), want, "{instructions:?}");
            }
        }
    }
}
