//! Spike delivery by counting bits.
//!
//! The connections of one source onto a block of 1,024 neurons are a row of 1,024 bits. When the
//! weights are the same for all, what a neuron receives in a time step is the *number* of rows
//! with its bit set among the sources that fired. Rows are added bit-sliced: plane b holds bit b
//! of all 1,024 counts, and eight rows go into the planes through a tree of full adders (Harley &
//! Seal's population count; Muła, Kurz & Lemire 2018, Comput. J. 61:111), 28 logical operations
//! on 512 bits for each half row, whatever the number of connections. At connection probability
//! 0.1 a spike costs its 100 targets about 20 cycles, where a list of targets costs 100 loads and
//! 100 stores.

/// Neurons of a block.
pub(crate) const BLOCK: usize = 1024;
/// 64-bit words of a row.
pub(crate) const WORDS: usize = BLOCK / 64;
/// Bits of a count.
const PLANES: usize = 8;
/// Most rows that can be counted before the counts overflow, a multiple of eight.
const MOST_ROWS: usize = 248;

/// The connections of one source onto a block: bit i is set if neuron i hears it.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Row(pub(crate) [u64; WORDS]);

impl Row {
    pub(crate) const EMPTY: Self = Self([0; WORDS]);
}

/// The bits of the counts, plane by plane.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Planes([[u64; WORDS]; PLANES]);

/// Counts of a time step that fit into the planes of one pass.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    planes: Planes,
    /// Planes that are not all 0.
    used: usize,
}

impl Counts {
    pub(crate) const NONE: Self = Self { planes: Planes([[0; WORDS]; PLANES]), used: 0 };

    /// Counts the rows of these sources; `None` if they are too many for one pass.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    pub(crate) fn of_avx512(rows: &[Row], sources: &[u32]) -> Option<Self> {
        match sources.len() {
            0 => Some(Self::NONE),
            n if n > MOST_ROWS => None,
            n => Some(Self { planes: count_avx512(rows, sources), used: planes_of(n) }),
        }
    }

    /// The counts of the 64 neurons of a word, a byte each.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    pub(crate) fn bytes_avx512(&self, word: usize) -> std::arch::x86_64::__m512i {
        use std::arch::x86_64::*;
        let mut counts = _mm512_setzero_si512();
        let mut value = _mm512_set1_epi8(1);
        for plane in &self.planes.0[..self.used] {
            counts = _mm512_mask_add_epi8(counts, plane[word], counts, value);
            value = _mm512_add_epi8(value, value);
        }
        counts
    }
}

/// Adds `weight` times the number of rows `rows[s]`, s in `sources`, with bit i to `out[i]`.
/// The length of `out` is a multiple of 64 and at most [`BLOCK`].
#[inline(always)]
pub(crate) fn add_counts(rows: &[Row], sources: &[u32], weight: f32, out: &mut [f32]) {
    for sources in sources.chunks(MOST_ROWS) {
        let planes = count(rows, sources);
        expand(&planes, planes_of(sources.len()), weight, out);
    }
}

/// Planes that counts up to this number can fill.
#[inline(always)]
fn planes_of(rows: usize) -> usize {
    (usize::BITS - rows.leading_zeros()) as usize
}

#[inline(always)]
fn count(rows: &[Row], sources: &[u32]) -> Planes {
    let mut planes = Planes([[0; WORDS]; PLANES]);
    for group in sources.chunks(8) {
        let mut row = [&Row::EMPTY; 8];
        for (row, &source) in row.iter_mut().zip(group) {
            *row = &rows[source as usize];
        }
        for word in 0..WORDS {
            let mut bit = planes.0.map(|plane| plane[word]);
            let x = row.map(|row| row.0[word]);
            let mut full = |level: usize, a: u64, b: u64| {
                let half = bit[level] ^ a;
                let carry = (bit[level] & a) | (half & b);
                bit[level] = half ^ b;
                carry
            };
            let ones = [
                full(0, x[0], x[1]),
                full(0, x[2], x[3]),
                full(0, x[4], x[5]),
                full(0, x[6], x[7]),
            ];
            let twos = [full(1, ones[0], ones[1]), full(1, ones[2], ones[3])];
            let mut carry = full(2, twos[0], twos[1]);
            for bit in &mut bit[3..] {
                (*bit, carry) = (*bit ^ carry, *bit & carry);
            }
            for (plane, bit) in planes.0.iter_mut().zip(bit) {
                plane[word] = bit;
            }
        }
    }
    planes
}

/// For each byte, its bits as eight bytes of 0 or 1.
static BYTES_OF_BITS: [u64; 256] = {
    let mut table = [0u64; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut bit = 0;
        while bit < 8 {
            table[byte] |= ((byte as u64 >> bit) & 1) << (8 * bit);
            bit += 1;
        }
        byte += 1;
    }
    table
};

#[inline(always)]
fn expand(planes: &Planes, used: usize, weight: f32, out: &mut [f32]) {
    for (word, chunk) in out.chunks_exact_mut(64).enumerate() {
        for (byte, eight) in chunk.chunks_exact_mut(8).enumerate() {
            let mut counts = 0u64;
            for (b, plane) in planes.0[..used].iter().enumerate() {
                let bits = (plane[word] >> (8 * byte)) as u8;
                counts |= BYTES_OF_BITS[bits as usize] << b;
            }
            for (slot, count) in eight.iter_mut().zip(counts.to_le_bytes()) {
                *slot += weight * f32::from(count);
            }
        }
    }
}

/// [`add_counts`] with the planes in registers: two halves of 512 bits one after the other.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
pub(crate) fn add_counts_avx512(rows: &[Row], sources: &[u32], weight: f32, out: &mut [f32]) {
    for sources in sources.chunks(MOST_ROWS) {
        let counts = Counts { planes: count_avx512(rows, sources), used: planes_of(sources.len()) };
        expand_avx512(&counts, weight, out);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn count_avx512(rows: &[Row], sources: &[u32]) -> Planes {
    use std::arch::x86_64::*;
    const XOR: i32 = 0x96;
    const MAJORITY: i32 = 0xe8;
    let used = planes_of(sources.len()).max(4);
    let mut planes = Planes([[0; WORDS]; PLANES]);
    for half in 0..2 {
        let mut bit = [_mm512_setzero_si512(); PLANES];
        for group in sources.chunks(8) {
            let mut x = [_mm512_setzero_si512(); 8];
            for (x, &source) in x.iter_mut().zip(group) {
                let words = &rows[source as usize].0[8 * half..8 * half + 8];
                // SAFETY: `words` are eight words of 8 bytes, 64 bytes.
                *x = unsafe { _mm512_loadu_si512(words.as_ptr().cast()) };
            }
            let mut full = |level: usize, a: __m512i, b: __m512i| {
                let carry = _mm512_ternarylogic_epi64::<MAJORITY>(bit[level], a, b);
                bit[level] = _mm512_ternarylogic_epi64::<XOR>(bit[level], a, b);
                carry
            };
            let ones = [
                full(0, x[0], x[1]),
                full(0, x[2], x[3]),
                full(0, x[4], x[5]),
                full(0, x[6], x[7]),
            ];
            let twos = [full(1, ones[0], ones[1]), full(1, ones[2], ones[3])];
            let mut carry = full(2, twos[0], twos[1]);
            for bit in &mut bit[3..] {
                let next = _mm512_and_si512(*bit, carry);
                *bit = _mm512_xor_si512(*bit, carry);
                carry = next;
            }
        }
        for (plane, bit) in planes.0[..used].iter_mut().zip(bit) {
            // SAFETY: the half of a plane is eight words of 8 bytes, 64 bytes.
            unsafe { _mm512_storeu_si512(plane[8 * half..8 * half + 8].as_mut_ptr().cast(), bit) };
        }
    }
    planes
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn expand_avx512(counts: &Counts, weight: f32, out: &mut [f32]) {
    use std::arch::x86_64::*;
    let weight = _mm512_set1_ps(weight);
    for (word, chunk) in out.chunks_exact_mut(64).enumerate() {
        let quarters = quarters_avx512(counts.bytes_avx512(word));
        for (sixteen, counts) in chunk.chunks_exact_mut(16).zip(quarters) {
            // SAFETY: sixteen numbers of 4 bytes, 64 bytes.
            unsafe {
                let sum =
                    _mm512_add_ps(_mm512_loadu_ps(sixteen.as_ptr()), _mm512_mul_ps(weight, counts));
                _mm512_storeu_ps(sixteen.as_mut_ptr(), sum);
            }
        }
    }
}

/// 64 bytes as four times sixteen numbers.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
#[inline]
pub(crate) fn quarters_avx512(bytes: std::arch::x86_64::__m512i) -> [std::arch::x86_64::__m512; 4] {
    use std::arch::x86_64::*;
    [
        _mm512_castsi512_si128(bytes),
        _mm512_extracti32x4_epi32::<1>(bytes),
        _mm512_extracti32x4_epi32::<2>(bytes),
        _mm512_extracti32x4_epi32::<3>(bytes),
    ]
    .map(|sixteen| _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(sixteen)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;

    fn example(sources: usize, seed: u64) -> Vec<Row> {
        let mut stream = stream(seed, "counting-test", 0);
        (0..sources)
            .map(|_| {
                let mut row = Row::EMPTY;
                for i in 0..BLOCK {
                    row.0[i / 64] |= u64::from(stream.bernoulli(0.3)) << (i % 64);
                }
                row
            })
            .collect()
    }

    #[test]
    fn rows_are_counted_one_by_one_and_together() {
        let rows = example(50, 1);
        let mut stream = stream(2, "counting-test", 0);
        for fired in [0usize, 1, 2, 7, 8, 9, 16, 40, 247, 248, 249, 600] {
            let sources: Vec<u32> = (0..fired).map(|_| stream.below(50) as u32).collect();
            for length in [64, 192, BLOCK] {
                let expected: Vec<f32> = (0..length)
                    .map(|i| {
                        let hit = |&&s: &&u32| rows[s as usize].0[i / 64] >> (i % 64) & 1 == 1;
                        1.0 + 0.5 * sources.iter().filter(hit).count() as f32
                    })
                    .collect();
                let mut out = vec![1.0; length];
                add_counts(&rows, &sources, 0.5, &mut out);
                assert_eq!(out, expected, "{fired} rows onto {length} neurons");
                #[cfg(target_arch = "x86_64")]
                if is_x86_feature_detected!("avx512bw") {
                    let mut out = vec![1.0; length];
                    // SAFETY: the machine has AVX-512BW, as was asked above.
                    unsafe { add_counts_avx512(&rows, &sources, 0.5, &mut out) };
                    assert_eq!(out, expected, "{fired} rows onto {length} neurons, AVX-512");
                }
            }
        }
    }
}
