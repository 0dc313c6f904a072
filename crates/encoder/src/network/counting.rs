//! Spike delivery by counting bits.
//!
//! The connections of one source onto a block of 1,024 neurons are a row of 1,024 bits. When the
//! weights are the same for all, what a neuron receives in a time step is the *number* of rows
//! with its bit set among the sources that fired. Rows are added bit-sliced: plane b holds bit b
//! of all 1,024 counts, and rows go into the planes through full adders (Harley & Seal's
//! population count; Muła, Kurz & Lemire 2018, Comput. J. 61:111), two operations on 512 bits for
//! each row and half block, whatever the number of connections. At connection probability 0.1 a
//! spike costs its 100 targets about 20 cycles, where a list of targets costs 100 loads and 100
//! stores.
//!
//! The planes of all sources, excitatory, input and inhibitory, then go together in groups of
//! four. What a neuron receives through the four planes of a group is one of sixteen sums, and its
//! four bits say which: four planes are woven into codes of four bits a neuron, and a sum is one
//! look-up in a table that fits a vector register. No count is ever turned into a number.

/// Neurons of a block.
pub(crate) const BLOCK: usize = 1024;
/// Neurons that are advanced together through a slice of time.
pub(crate) const GROUP: usize = 64;
/// 64-bit words of a row.
const WORDS: usize = BLOCK / 64;
/// Most rows that are counted in one set of planes, a multiple of eight below 256.
const MOST_ROWS: usize = 248;
/// Planes of a table.
const FOLD: usize = 4;

/// A bit for each neuron of a block: the connections of one source onto it, or a plane of counts.
///
/// The bits are in the order in which four planes become codes with the fewest operations: of the
/// 32 times 16 neurons of a half block, number `16 j + lane` is bit `4 (j mod 8) + j / 8` of the
/// 32-bit lane `lane`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(64))]
pub(crate) struct Row([u64; WORDS]);

impl Row {
    pub(crate) const EMPTY: Self = Self([0; WORDS]);

    /// The 64-bit word of a neuron, and the place of its bit there.
    fn place(neuron: usize) -> (usize, usize) {
        let (half, j, lane) = (neuron / 512, neuron % 512 / 16, neuron % 16);
        (8 * half + lane / 2, 32 * (lane % 2) + 4 * (j % 8) + j / 8)
    }

    pub(crate) fn set(&mut self, neuron: usize) {
        let (word, bit) = Self::place(neuron);
        self.0[word] |= 1 << bit;
    }

    pub(crate) fn has(&self, neuron: usize) -> bool {
        let (word, bit) = Self::place(neuron);
        self.0[word] >> bit & 1 == 1
    }

    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }
}

/// Codes of four bits for 128 neurons: that of neuron `16 n + lane` is nibble n of lane `lane`.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Codes(pub(crate) [u32; 16]);

/// What four planes bring: a sum for each code, and the codes of the block.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(crate) struct Fold {
    pub(crate) sums: [f32; 16],
    pub(crate) codes: [Codes; BLOCK / 128],
}

impl Fold {
    const EMPTY: Self = Self { sums: [0.0; 16], codes: [Codes([0; 16]); BLOCK / 128] };
}

/// The spikes that reach a block through rows of bits in one time step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrived {
    /// Planes, of which the first `planes_used` count; the others keep their memory.
    planes: Vec<Row>,
    planes_used: usize,
    /// What a bit of each plane brings, mV.
    values: Vec<f32>,
    /// The planes from here on are inhibitory.
    inhibitory: usize,
    /// Folds, of which the first `folds_used` count.
    folds: Vec<Fold>,
    folds_used: usize,
}

impl Arrived {
    pub(crate) fn clear(&mut self) {
        self.planes_used = 0;
        self.inhibitory = usize::MAX;
        self.folds_used = 0;
    }

    /// Adds the rows of these sources, each bit bringing `weight`.
    #[inline(always)]
    pub(crate) fn add(&mut self, kernel: Kernel, rows: &[Row], sources: &[u32], weight: f32) {
        for sources in sources.chunks(MOST_ROWS) {
            let planes = planes_of(sources.len());
            self.grow(planes, weight);
            let planes = &mut self.planes[self.planes_used - planes..self.planes_used];
            match kernel {
                Kernel::Portable => count(rows, sources, planes),
                #[cfg(target_arch = "x86_64")]
                // SAFETY: the kernel is chosen only where the machine has AVX-512.
                Kernel::Avx512 => unsafe { count_avx512(rows, sources, planes) },
            }
        }
    }

    /// Room for some more planes, the first of them with this value and each next with twice it.
    #[inline(always)]
    fn grow(&mut self, planes: usize, value: f32) {
        let first = self.planes_used;
        self.planes_used += planes;
        if self.planes.len() < self.planes_used {
            self.planes.resize(self.planes_used, Row::EMPTY);
            self.values.resize(self.planes_used, 0.0);
        }
        let mut value = value;
        for slot in &mut self.values[first..self.planes_used] {
            *slot = value;
            value *= 2.0;
        }
    }

    /// What is added from here on is inhibitory; `apart` if it is to be summed apart.
    pub(crate) fn begin_inhibition(&mut self, apart: bool) {
        if apart {
            self.fill_up();
        }
        self.inhibitory = self.planes_used;
    }

    #[inline(always)]
    fn fill_up(&mut self) {
        let missing = self.planes_used.next_multiple_of(FOLD) - self.planes_used;
        self.grow(missing, 0.0);
        self.planes[self.planes_used - missing..self.planes_used].fill(Row::EMPTY);
    }

    /// Makes the codes and the sums of what was added.
    #[inline(always)]
    pub(crate) fn fold(&mut self, kernel: Kernel) {
        self.fill_up();
        self.folds_used = self.planes_used / FOLD;
        while self.folds.len() < self.folds_used {
            self.folds.push(Fold::EMPTY);
        }
        let (planes, _) = self.planes[..self.planes_used].as_chunks::<FOLD>();
        let (values, _) = self.values[..self.planes_used].as_chunks::<FOLD>();
        for (fold, (planes, values)) in self.folds.iter_mut().zip(planes.iter().zip(values)) {
            match kernel {
                Kernel::Portable => {
                    fold.sums = sums_of(values);
                    weave(planes, &mut fold.codes);
                }
                #[cfg(target_arch = "x86_64")]
                // SAFETY: the kernel is chosen only where the machine has AVX-512.
                Kernel::Avx512 => unsafe {
                    sums_avx512(values, &mut fold.sums);
                    weave_avx512(planes, &mut fold.codes);
                },
            }
        }
    }

    /// The folds, excitatory first.
    #[inline(always)]
    pub(crate) fn folds(&self) -> &[Fold] {
        &self.folds[..self.folds_used]
    }

    /// The excitatory and the inhibitory folds, if they were kept apart.
    #[inline(always)]
    pub(crate) fn folds_apart(&self) -> (&[Fold], &[Fold]) {
        self.folds().split_at((self.inhibitory / FOLD).min(self.folds_used))
    }

    /// What reaches one neuron, excitatory and inhibitory, mV.
    pub(crate) fn of(&self, neuron: usize) -> [f32; 2] {
        let mut sums = [0.0; 2];
        let planes = self.planes[..self.planes_used].iter().zip(&self.values);
        for (k, (plane, &value)) in planes.enumerate() {
            if plane.has(neuron) {
                sums[usize::from(k >= self.inhibitory)] += value;
            }
        }
        sums
    }
}

/// Adds what the folds bring to the neurons of a group.
#[inline(always)]
pub(crate) fn add_folds(folds: &[Fold], group: usize, sum: &mut [f32; GROUP]) {
    for fold in folds {
        let codes = &fold.codes[group / 2].0;
        for (quarter, sum) in sum.chunks_exact_mut(16).enumerate() {
            let shift = 16 * (group % 2) + 4 * quarter;
            for (sum, code) in sum.iter_mut().zip(codes) {
                *sum += fold.sums[(code >> shift & 15) as usize];
            }
        }
    }
}

/// How bits are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kernel {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// Planes that counts up to this number fill.
#[inline(always)]
fn planes_of(rows: usize) -> usize {
    (usize::BITS - rows.leading_zeros()) as usize
}

/// Sum and carry of three bits, for 64 of them at once.
#[inline(always)]
fn full_adder(a: u64, b: u64, c: u64) -> (u64, u64) {
    let half = a ^ b;
    (half ^ c, (a & b) | (half & c))
}

#[inline(always)]
fn count(rows: &[Row], sources: &[u32], planes: &mut [Row]) {
    if let &[source] = sources {
        planes[0] = rows[source as usize];
        return;
    }
    for word in 0..WORDS {
        let mut bit = [0u64; 8];
        for group in sources.chunks(8) {
            let mut x = [0; 8];
            for (x, &source) in x.iter_mut().zip(group) {
                *x = rows[source as usize].0[word];
            }
            let mut carries = [0; 4];
            for (k, carry) in carries.iter_mut().enumerate() {
                (bit[0], *carry) = full_adder(bit[0], x[2 * k], x[2 * k + 1]);
            }
            let (twos, low) = full_adder(bit[1], carries[0], carries[1]);
            let (twos, high) = full_adder(twos, carries[2], carries[3]);
            bit[1] = twos;
            let mut carry;
            (bit[2], carry) = full_adder(bit[2], low, high);
            for bit in &mut bit[3..] {
                (*bit, carry) = (*bit ^ carry, *bit & carry);
            }
        }
        for (plane, bit) in planes.iter_mut().zip(bit) {
            plane.0[word] = bit;
        }
    }
}

/// What each code brings.
#[inline(always)]
fn sums_of(values: &[f32; FOLD]) -> [f32; 16] {
    std::array::from_fn(|code| {
        let part = |bit: usize| if code >> bit & 1 == 1 { values[bit] } else { 0.0 };
        part(0) + part(1) + part(2) + part(3)
    })
}

/// Bits 0, 2, 4, … of a word, and bits 0, 1, 4, 5, …
const EVEN: u64 = 0x5555_5555_5555_5555;
const PAIRS: u64 = 0x3333_3333_3333_3333;

/// Four planes become codes: first two planes become one of pairs of bits, then two of those one
/// of four bits.
#[inline(always)]
fn weave(planes: &[Row; FOLD], codes: &mut [Codes; BLOCK / 128]) {
    // From a and b, the even and the odd fields of both side by side.
    let merge = |mask: u64, shift: u32, a: u64, b: u64| {
        [(a & mask) | ((b & mask) << shift), ((a >> shift) & mask) | (b & !mask)]
    };
    for half in 0..2 {
        for word in 0..8 {
            let [p0, p1, p2, p3] = planes.map(|plane| plane.0[8 * half + word]);
            let (low, high) = (merge(EVEN, 1, p0, p1), merge(EVEN, 1, p2, p3));
            for parity in 0..2 {
                let woven = merge(PAIRS, 2, low[parity], high[parity]);
                for (second, code) in woven.into_iter().enumerate() {
                    let lanes = &mut codes[4 * half + parity + 2 * second].0;
                    lanes[2 * word] = code as u32;
                    lanes[2 * word + 1] = (code >> 32) as u32;
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use super::{BLOCK, Codes, EVEN, FOLD, PAIRS, Row};
    use std::arch::x86_64::*;

    const XOR: i32 = 0x96;
    const MAJORITY: i32 = 0xe8;
    /// The bits of b where a has 1, those of c where it has 0.
    const SELECT: i32 = 0xca;

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn full_adder(a: __m512i, b: __m512i, c: __m512i) -> (__m512i, __m512i) {
        (_mm512_ternarylogic_epi64::<XOR>(a, b, c), _mm512_ternarylogic_epi64::<MAJORITY>(a, b, c))
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn load(row: &Row, half: usize) -> __m512i {
        let words = &row.0[8 * half..8 * half + 8];
        // SAFETY: `words` are eight words of 8 bytes, 64 bytes.
        unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn store(row: &mut Row, half: usize, bits: __m512i) {
        let words = &mut row.0[8 * half..8 * half + 8];
        // SAFETY: `words` are eight words of 8 bytes, 64 bytes.
        unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), bits) }
    }

    /// [`count`](super::count) with the planes in registers, and short cuts for up to seven rows.
    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    pub(crate) fn count_avx512(rows: &[Row], sources: &[u32], planes: &mut [Row]) {
        let row = |k: usize| sources.get(k).map_or(&Row::EMPTY, |&s| &rows[s as usize]);
        match sources.len() {
            0 => {}
            1 => planes[0] = *row(0),
            2 | 3 => {
                let x = [row(0), row(1), row(2)];
                for half in 0..2 {
                    let [a, b, c] = x.map(|row| load(row, half));
                    let (ones, twos) = full_adder(a, b, c);
                    store(&mut planes[0], half, ones);
                    store(&mut planes[1], half, twos);
                }
            }
            4..8 => {
                let x = [row(0), row(1), row(2), row(3), row(4), row(5), row(6)];
                for half in 0..2 {
                    let x = x.map(|row| load(row, half));
                    let (a, carry_a) = full_adder(x[0], x[1], x[2]);
                    let (b, carry_b) = full_adder(x[3], x[4], x[5]);
                    let (ones, carry_c) = full_adder(a, b, x[6]);
                    let (twos, fours) = full_adder(carry_a, carry_b, carry_c);
                    store(&mut planes[0], half, ones);
                    store(&mut planes[1], half, twos);
                    store(&mut planes[2], half, fours);
                }
            }
            _ => {
                for half in 0..2 {
                    let bit = count_half(rows, sources, half);
                    for (plane, bit) in planes.iter_mut().zip(bit) {
                        store(plane, half, bit);
                    }
                }
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    fn count_half(rows: &[Row], sources: &[u32], half: usize) -> [__m512i; 8] {
        let mut bit = [_mm512_setzero_si512(); 8];
        let (groups, rest) = sources.as_chunks::<8>();
        for group in groups {
            add_eight(&mut bit, group.map(|source| load(&rows[source as usize], half)));
        }
        if !rest.is_empty() {
            let row = |k: usize| rest.get(k).map_or(&Row::EMPTY, |&s| &rows[s as usize]);
            add_eight(&mut bit, [0, 1, 2, 3, 4, 5, 6, 7].map(|k| load(row(k), half)));
        }
        bit
    }

    /// Adds eight rows to the planes.
    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    fn add_eight(bit: &mut [__m512i; 8], x: [__m512i; 8]) {
        let (ones, a) = full_adder(bit[0], x[0], x[1]);
        let (ones, b) = full_adder(ones, x[2], x[3]);
        let (ones, c) = full_adder(ones, x[4], x[5]);
        let (ones, d) = full_adder(ones, x[6], x[7]);
        let (twos, e) = full_adder(bit[1], a, b);
        let (twos, f) = full_adder(twos, c, d);
        let (fours, mut carry) = full_adder(bit[2], e, f);
        (bit[0], bit[1], bit[2]) = (ones, twos, fours);
        for bit in &mut bit[3..] {
            let next = _mm512_and_si512(*bit, carry);
            *bit = _mm512_xor_si512(*bit, carry);
            carry = next;
        }
    }

    /// [`sums_of`](super::sums_of) in a register.
    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    pub(crate) fn sums_avx512(values: &[f32; FOLD], sums: &mut [f32; 16]) {
        let mut sum = _mm512_setzero_ps();
        for (codes, &value) in [0xaaaa, 0xcccc, 0xf0f0, 0xff00].into_iter().zip(values) {
            sum = _mm512_mask_add_ps(sum, codes, sum, _mm512_set1_ps(value));
        }
        // SAFETY: sixteen numbers of 4 bytes, 64 bytes.
        unsafe { _mm512_storeu_ps(sums.as_mut_ptr(), sum) };
    }

    /// [`weave`](super::weave) with half a block in a register.
    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    pub(crate) fn weave_avx512(planes: &[Row; FOLD], codes: &mut [Codes; BLOCK / 128]) {
        let even = _mm512_set1_epi64(EVEN as i64);
        let pairs = _mm512_set1_epi64(PAIRS as i64);
        for half in 0..2 {
            let [p0, p1, p2, p3] = [0, 1, 2, 3].map(|k| load(&planes[k], half));
            let bits = |a, b| {
                [
                    _mm512_ternarylogic_epi64::<SELECT>(even, a, _mm512_slli_epi64::<1>(b)),
                    _mm512_ternarylogic_epi64::<SELECT>(even, _mm512_srli_epi64::<1>(a), b),
                ]
            };
            let (low, high) = (bits(p0, p1), bits(p2, p3));
            for parity in 0..2 {
                let (a, b) = (low[parity], high[parity]);
                let woven = [
                    _mm512_ternarylogic_epi64::<SELECT>(pairs, a, _mm512_slli_epi64::<2>(b)),
                    _mm512_ternarylogic_epi64::<SELECT>(pairs, _mm512_srli_epi64::<2>(a), b),
                ];
                for (second, code) in woven.into_iter().enumerate() {
                    let lanes = &mut codes[4 * half + parity + 2 * second].0;
                    // SAFETY: sixteen lanes of 4 bytes, 64 bytes.
                    unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), code) };
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
use avx512::{count_avx512, sums_avx512, weave_avx512};

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;

    fn example(sources: usize, seed: u64) -> Vec<Row> {
        let mut stream = stream(seed, "counting-test", 0);
        (0..sources)
            .map(|_| {
                let mut row = Row::EMPTY;
                (0..BLOCK).filter(|_| stream.bernoulli(0.3)).for_each(|i| row.set(i));
                row
            })
            .collect()
    }

    fn kernels() -> Vec<Kernel> {
        let mut kernels = vec![Kernel::Portable];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
            kernels.push(Kernel::Avx512);
        }
        kernels
    }

    #[test]
    fn every_neuron_has_a_bit_of_its_own() {
        let mut row = Row::EMPTY;
        for neuron in 0..BLOCK {
            assert!(!row.has(neuron));
            row.set(neuron);
            assert!(row.has(neuron));
            assert_eq!(row.count(), neuron + 1);
        }
    }

    #[test]
    fn rows_are_counted_one_by_one_and_together() {
        let rows = example(50, 1);
        let mut stream = stream(2, "counting-test", 0);
        for fired in [0usize, 1, 2, 3, 4, 7, 8, 9, 16, 40, 247, 248, 249, 600] {
            let [one, two] =
                [fired, fired / 3].map(|n| (0..n).map(|_| stream.below(50) as u32).collect());
            let sources: [Vec<u32>; 2] = [one, two];
            let heard = |k: usize, i: usize| {
                sources[k].iter().filter(|&&s| rows[s as usize].has(i)).count() as f32
            };
            for (kernel, apart) in kernels().into_iter().flat_map(|k| [(k, false), (k, true)]) {
                let mut arrived = Arrived::default();
                // A second pass finds nothing of the first.
                for _ in 0..2 {
                    arrived.clear();
                    arrived.add(kernel, &rows, &sources[0], 0.5);
                    arrived.begin_inhibition(apart);
                    arrived.add(kernel, &rows, &sources[1], -2.0);
                    arrived.fold(kernel);
                }
                for group in 0..BLOCK / GROUP {
                    let (mut both, mut one, mut two) = ([1.0; GROUP], [0.0; GROUP], [0.0; GROUP]);
                    add_folds(arrived.folds(), group, &mut both);
                    let (excitatory, inhibitory) = arrived.folds_apart();
                    add_folds(excitatory, group, &mut one);
                    add_folds(inhibitory, group, &mut two);
                    for k in 0..GROUP {
                        let i = GROUP * group + k;
                        let [e, inh] = [0.5 * heard(0, i), -2.0 * heard(1, i)];
                        let what = format!("{fired} rows, neuron {i}, {kernel:?}");
                        assert_eq!(both[k], 1.0 + e + inh, "{what}");
                        assert_eq!(arrived.of(i), [e, inh], "{what}");
                        if apart {
                            assert_eq!([one[k], two[k]], [e, inh], "{what}");
                        }
                    }
                }
            }
        }
    }
}
