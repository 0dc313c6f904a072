//! Spike delivery by counting bits.
//!
//! The connections of one source onto a block of 1,024 neurons are a row of 1,024 bits. When the
//! weights are the same for all, what a neuron receives in a time step is the *number* of rows
//! with its bit set among the sources that fired. Rows are added bit-sliced: plane b holds bit b
//! of all 1,024 counts, and rows go into the planes through full adders (Harley & Seal's
//! population count; Muła, Kurz & Lemire 2018, Comput. J. 61:111): with AVX-512 two operations on
//! 512 bits for each row and half block, whatever the number of connections. At connection probability 0.1 a
//! spike costs its 100 targets about 20 cycles, where a list of targets costs 100 loads and 100
//! stores.
//!
//! The planes of all sources, excitatory, input and inhibitory, then go together in groups of
//! four. What a neuron receives through the four planes of a group is one of sixteen sums, and its
//! four bits say which: four planes are woven into codes of four bits a neuron, and a sum is one
//! look-up in a table that fits a vector register. No count is ever turned into a number.

use equipoise_simd::{ROW_WORDS, Simd, Words};

/// Neurons of a block.
pub(crate) const BLOCK: usize = 1024;
/// Neurons that are advanced together through a slice of time.
pub(crate) const GROUP: usize = 64;
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
pub(crate) struct Row([u64; ROW_WORDS]);

impl Row {
    pub(crate) const EMPTY: Self = Self([0; ROW_WORDS]);

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
    pub(crate) fn add<S: Simd>(&mut self, simd: S, rows: &[Row], sources: &[u32], weight: f32) {
        for sources in sources.chunks(MOST_ROWS) {
            let planes = planes_of(sources.len());
            self.grow(planes, weight);
            let planes = &mut self.planes[self.planes_used - planes..self.planes_used];
            count(simd, rows, sources, planes);
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
    pub(crate) fn fold<S: Simd>(&mut self, simd: S) {
        self.fill_up();
        self.folds_used = self.planes_used / FOLD;
        while self.folds.len() < self.folds_used {
            self.folds.push(Fold::EMPTY);
        }
        let (planes, _) = self.planes[..self.planes_used].as_chunks::<FOLD>();
        let (values, _) = self.values[..self.planes_used].as_chunks::<FOLD>();
        for (fold, (planes, values)) in self.folds.iter_mut().zip(planes.iter().zip(values)) {
            fold.sums = sums_of(values);
            weave(simd, planes, &mut fold.codes);
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

/// Planes that counts up to this number fill.
#[inline(always)]
fn planes_of(rows: usize) -> usize {
    (usize::BITS - rows.leading_zeros()) as usize
}

/// Counts in how many of the sources' rows each bit is set, in binary: bit b of the counts in
/// `planes[b]`. There are short cuts for up to seven rows.
#[inline(always)]
fn count<S: Simd>(simd: S, rows: &[Row], sources: &[u32], planes: &mut [Row]) {
    let row = |k: usize| sources.get(k).map_or(&Row::EMPTY, |&s| &rows[s as usize]);
    let pieces = ROW_WORDS / S::Words::WORDS;
    match sources.len() {
        0 => {}
        1 => planes[0] = *row(0),
        2 | 3 => {
            let rows = [row(0), row(1), row(2)];
            for piece in 0..pieces {
                let [a, b, c] = load(simd, rows, piece);
                let (ones, twos) = a.full_adder(b, c);
                ones.write(&mut planes[0].0, piece);
                twos.write(&mut planes[1].0, piece);
            }
        }
        4..8 => {
            let rows = [row(0), row(1), row(2), row(3), row(4), row(5), row(6)];
            for piece in 0..pieces {
                let x = load(simd, rows, piece);
                let (a, carry_a) = x[0].full_adder(x[1], x[2]);
                let (b, carry_b) = x[3].full_adder(x[4], x[5]);
                let (ones, carry_c) = a.full_adder(b, x[6]);
                let (twos, fours) = carry_a.full_adder(carry_b, carry_c);
                ones.write(&mut planes[0].0, piece);
                twos.write(&mut planes[1].0, piece);
                fours.write(&mut planes[2].0, piece);
            }
        }
        _ => {
            for piece in 0..pieces {
                let bits = count_piece(simd, rows, sources, piece);
                for (plane, bits) in planes.iter_mut().zip(bits) {
                    bits.write(&mut plane.0, piece);
                }
            }
        }
    }
}

/// The same piece of some rows.
#[inline(always)]
fn load<S: Simd, const N: usize>(simd: S, rows: [&Row; N], piece: usize) -> [S::Words; N] {
    let mut words = [simd.splat_words(0); N];
    for (words, row) in words.iter_mut().zip(rows) {
        *words = simd.words(&row.0, piece);
    }
    words
}

/// One piece of the eight planes that more than seven rows fill.
#[inline(always)]
fn count_piece<S: Simd>(simd: S, rows: &[Row], sources: &[u32], piece: usize) -> [S::Words; 8] {
    let mut bits = [simd.splat_words(0); 8];
    let (groups, rest) = sources.as_chunks::<8>();
    for group in groups {
        let x = load(simd, group.map(|source| &rows[source as usize]), piece);
        add_eight(&mut bits, x);
    }
    if !rest.is_empty() {
        let row = |k: usize| rest.get(k).map_or(&Row::EMPTY, |&s| &rows[s as usize]);
        let x = load(simd, [0, 1, 2, 3, 4, 5, 6, 7].map(row), piece);
        add_eight(&mut bits, x);
    }
    bits
}

/// Adds eight rows to the planes.
#[inline(always)]
fn add_eight<W: Words>(bits: &mut [W; 8], x: [W; 8]) {
    let (ones, a) = bits[0].full_adder(x[0], x[1]);
    let (ones, b) = ones.full_adder(x[2], x[3]);
    let (ones, c) = ones.full_adder(x[4], x[5]);
    let (ones, d) = ones.full_adder(x[6], x[7]);
    let (twos, e) = bits[1].full_adder(a, b);
    let (twos, f) = twos.full_adder(c, d);
    let (fours, mut carry) = bits[2].full_adder(e, f);
    (bits[0], bits[1], bits[2]) = (ones, twos, fours);
    for bit in &mut bits[3..] {
        (*bit, carry) = (*bit ^ carry, *bit & carry);
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
fn weave<S: Simd>(simd: S, planes: &[Row; FOLD], codes: &mut [Codes; BLOCK / 128]) {
    let (even, pairs) = (simd.splat_words(EVEN), simd.splat_words(PAIRS));
    let pieces = ROW_WORDS / S::Words::WORDS / 2;
    for half in 0..2 {
        for piece in 0..pieces {
            let rows = [&planes[0], &planes[1], &planes[2], &planes[3]];
            let [p0, p1, p2, p3] = load(simd, rows, half * pieces + piece);
            let (low, high) = (merge(even, 1, p0, p1), merge(even, 1, p2, p3));
            for parity in 0..2 {
                let woven = merge(pairs, 2, low[parity], high[parity]);
                for (second, code) in woven.into_iter().enumerate() {
                    code.write_halves(&mut codes[4 * half + parity + 2 * second].0, piece);
                }
            }
        }
    }
}

/// From a and b, the even and the odd fields of both side by side.
#[inline(always)]
fn merge<W: Words>(mask: W, shift: u32, a: W, b: W) -> [W; 2] {
    [mask.select(a, b.up(shift)), mask.select(a.down(shift), b)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;
    use equipoise_simd::{Instructions, Task};

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

    /// Counts both lists of sources twice over; the second pass finds nothing of the first.
    struct Count<'a> {
        rows: &'a [Row],
        sources: &'a [Vec<u32>; 2],
        apart: bool,
    }

    impl Task for Count<'_> {
        type Output = Arrived;

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> Arrived {
            let mut arrived = Arrived::default();
            for _ in 0..2 {
                arrived.clear();
                arrived.add(simd, self.rows, &self.sources[0], 0.5);
                arrived.begin_inhibition(self.apart);
                arrived.add(simd, self.rows, &self.sources[1], -2.0);
                arrived.fold(simd);
            }
            arrived
        }
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
            let received = |k: usize, i: usize| {
                sources[k].iter().filter(|&&s| rows[s as usize].has(i)).count() as f32
            };
            let sets = Instructions::available();
            for (set, apart) in sets.into_iter().flat_map(|set| [(set, false), (set, true)]) {
                let arrived = set.run(Count { rows: &rows, sources: &sources, apart });
                for group in 0..BLOCK / GROUP {
                    let (mut both, mut one, mut two) = ([1.0; GROUP], [0.0; GROUP], [0.0; GROUP]);
                    add_folds(arrived.folds(), group, &mut both);
                    let (excitatory, inhibitory) = arrived.folds_apart();
                    add_folds(excitatory, group, &mut one);
                    add_folds(inhibitory, group, &mut two);
                    for k in 0..GROUP {
                        let i = GROUP * group + k;
                        let [e, inh] = [0.5 * received(0, i), -2.0 * received(1, i)];
                        let what = format!("{fired} rows, neuron {i}, {set:?}");
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
