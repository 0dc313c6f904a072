//! Two AVX2 registers for sixteen lanes.

use super::memory::{read, write};
use super::task::Task;
use super::vectors::{self, GUESS, LANES, ROW_WORDS, Simd};
use std::arch::x86_64::*;
use std::ops::{Add, BitAnd, BitOr, BitXor, Mul, Sub};

/// The processor has AVX2, FMA, BMI and POPCNT.
#[derive(Debug, Clone, Copy)]
pub struct Avx2(());

/// Does the work with these instructions.
#[target_feature(enable = "avx2,fma,bmi1,bmi2,popcnt")]
pub(crate) fn run<T: Task>(task: T) -> T::Output {
    task.run(Avx2(()))
}

/// Sixteen floats in two registers.
#[derive(Clone, Copy)]
pub struct F32x16(__m256, __m256);

/// Sixteen integers in two registers.
#[derive(Clone, Copy)]
pub struct U32x16(__m256i, __m256i);

/// All bits or none in each lane of two registers.
#[derive(Clone, Copy)]
pub struct Mask(__m256, __m256);

/// Four doubles in a register.
#[derive(Clone, Copy)]
pub struct F64x4(__m256d);

/// A quarter of a row of bits in a register.
#[derive(Clone, Copy)]
pub struct Words(__m256i);

/// Applies an operation to both halves.
macro_rules! both {
    ($type:ident, $f:ident $(::<$c:ident>)?, $($x:expr),+) => {
        $type($f$(::<$c>)?($($x.0),+), $f$(::<$c>)?($($x.1),+))
    };
}

/// The lanes of a table of eight that the lowest three bits of each index name.
#[target_feature(enable = "avx2")]
#[inline]
fn look_up_8(table: __m256, index: __m256i) -> __m256 {
    _mm256_permutevar8x32_ps(table, index)
}

/// The lanes of a table of sixteen that the lowest four bits of each index name. `high` is the
/// index with its bit 3 as sign.
#[target_feature(enable = "avx2")]
#[inline]
fn look_up_16(table: F32x16, index: __m256i, high: __m256) -> __m256 {
    _mm256_blendv_ps(look_up_8(table.0, index), look_up_8(table.1, index), high)
}

/// Bit `bit` of every lane as sign.
#[target_feature(enable = "avx2")]
#[inline]
fn as_sign<const UP: i32>(index: __m256i) -> __m256 {
    _mm256_castsi256_ps(_mm256_slli_epi32::<UP>(index))
}

#[target_feature(enable = "avx2")]
#[inline]
fn floats_of(a: U32x16) -> F32x16 {
    both!(F32x16, _mm256_castsi256_ps, a)
}

#[target_feature(enable = "avx2")]
#[inline]
fn look_up_32(first: F32x16, second: F32x16, index: U32x16) -> F32x16 {
    let one = |index| {
        let high = as_sign::<28>(index);
        let (low_half, high_half) =
            (look_up_16(first, index, high), look_up_16(second, index, high));
        _mm256_blendv_ps(low_half, high_half, as_sign::<27>(index))
    };
    F32x16(one(index.0), one(index.1))
}

impl Simd for Avx2 {
    type F32x16 = F32x16;
    type U32x16 = U32x16;
    type Mask = Mask;
    type F64x4 = F64x4;
    type Words = Words;
    const REGISTERS: usize = 8;
    const LOOKS_UP: bool = true;

    operations! { "avx2":
        fn splat(_token: Avx2, x: f32) -> F32x16 { F32x16(_mm256_set1_ps(x), _mm256_set1_ps(x)) }
        fn floats(_token: Avx2, from: &[f32; LANES]) -> F32x16 {
            let (halves, _) = from.as_chunks::<8>();
            F32x16(read(&halves[0]), read(&halves[1]))
        }
        fn splat_u32(_token: Avx2, x: u32) -> U32x16 {
            U32x16(_mm256_set1_epi32(x as i32), _mm256_set1_epi32(x as i32))
        }
        fn integers(_token: Avx2, from: &[u32; LANES]) -> U32x16 {
            let (halves, _) = from.as_chunks::<8>();
            U32x16(read(&halves[0]), read(&halves[1]))
        }
        fn splat_f64(_token: Avx2, x: f64) -> F64x4 { F64x4(_mm256_set1_pd(x)) }
        fn doubles(_token: Avx2, from: &[f64; 4]) -> F64x4 { F64x4(read(from)) }
        fn splat_words(_token: Avx2, word: u64) -> Words { Words(_mm256_set1_epi64x(word as i64)) }
        fn words(_token: Avx2, row: &[u64; ROW_WORDS], piece: usize) -> Words {
            Words(read(&row.as_chunks::<4>().0[piece]))
        }
    }
}

impl vectors::F32x16 for F32x16 {
    type Mask = Mask;
    type U32x16 = U32x16;

    operations! { "avx2,fma":
        fn write(a: F32x16, to: &mut [f32; LANES]) {
            let (halves, _) = to.as_chunks_mut::<8>();
            write(a.0, &mut halves[0]);
            write(a.1, &mut halves[1]);
        }
        fn mul_add(a: F32x16, factor: F32x16, term: F32x16) -> F32x16 {
            both!(F32x16, _mm256_fmadd_ps, a, factor, term)
        }
        fn neg_mul_add(a: F32x16, factor: F32x16, term: F32x16) -> F32x16 {
            both!(F32x16, _mm256_fnmadd_ps, a, factor, term)
        }
        fn abs(a: F32x16) -> F32x16 {
            let sign = F32x16(_mm256_set1_ps(-0.0), _mm256_set1_ps(-0.0));
            both!(F32x16, _mm256_andnot_ps, sign, a)
        }
        fn max(a: F32x16, b: F32x16) -> F32x16 { both!(F32x16, _mm256_max_ps, a, b) }
        fn above(a: F32x16, b: F32x16) -> Mask { both!(Mask, _mm256_cmp_ps::<_CMP_GT_OQ>, a, b) }
        fn at_least(a: F32x16, b: F32x16) -> Mask {
            both!(Mask, _mm256_cmp_ps::<_CMP_GE_OQ>, a, b)
        }
        fn not_at_most(a: F32x16, b: F32x16) -> Mask {
            both!(Mask, _mm256_cmp_ps::<_CMP_NLE_UQ>, a, b)
        }
        fn equal(a: F32x16, b: F32x16) -> Mask { both!(Mask, _mm256_cmp_ps::<_CMP_EQ_OQ>, a, b) }
        fn zero_where(a: F32x16, mask: Mask) -> F32x16 {
            both!(F32x16, _mm256_andnot_ps, mask, a)
        }
        fn replace_where(a: F32x16, mask: Mask, by: F32x16) -> F32x16 {
            both!(F32x16, _mm256_blendv_ps, a, by, mask)
        }
        fn look_up(table: F32x16, index: U32x16) -> F32x16 {
            F32x16(
                look_up_16(table, index.0, as_sign::<28>(index.0)),
                look_up_16(table, index.1, as_sign::<28>(index.1)),
            )
        }
        fn look_up_32(first: F32x16, second: F32x16, index: U32x16) -> F32x16 {
            look_up_32(first, second, index)
        }
        fn reciprocal_guess(a: F32x16) -> F32x16 {
            let guess = _mm256_set1_epi32(GUESS as i32);
            let one = |x| _mm256_castsi256_ps(_mm256_sub_epi32(guess, _mm256_castps_si256(x)));
            F32x16(one(a.0), one(a.1))
        }
    }
}

impl vectors::U32x16 for U32x16 {
    type Mask = Mask;
    type F32x16 = F32x16;

    operations! { "avx2":
        fn write(a: U32x16, to: &mut [u32; LANES]) {
            let (halves, _) = to.as_chunks_mut::<8>();
            write(a.0, &mut halves[0]);
            write(a.1, &mut halves[1]);
        }
        fn up(a: U32x16, n: u32) -> U32x16 {
            let n = _mm_cvtsi32_si128(n as i32);
            U32x16(_mm256_sll_epi32(a.0, n), _mm256_sll_epi32(a.1, n))
        }
        fn down(a: U32x16, n: u32) -> U32x16 {
            let n = _mm_cvtsi32_si128(n as i32);
            U32x16(_mm256_srl_epi32(a.0, n), _mm256_srl_epi32(a.1, n))
        }
        fn rotated(a: U32x16, n: u32) -> U32x16 {
            let (up, down) = (_mm_cvtsi32_si128(n as i32), _mm_cvtsi32_si128(32 - n as i32));
            let one = |x| _mm256_or_si256(_mm256_sll_epi32(x, up), _mm256_srl_epi32(x, down));
            U32x16(one(a.0), one(a.1))
        }
        fn below(a: U32x16, b: U32x16) -> Mask {
            // There is a comparison of signed numbers only.
            let middle = _mm256_set1_epi32(i32::MIN);
            let one = |a, b| {
                let (a, b) = (_mm256_xor_si256(a, middle), _mm256_xor_si256(b, middle));
                _mm256_castsi256_ps(_mm256_cmpgt_epi32(b, a))
            };
            Mask(one(a.0, b.0), one(a.1, b.1))
        }
        fn replace_where(a: U32x16, mask: Mask, by: U32x16) -> U32x16 {
            let blended = both!(Mask, _mm256_blendv_ps, floats_of(a), floats_of(by), mask);
            both!(U32x16, _mm256_castps_si256, blended)
        }
        fn look_up_32(first: U32x16, second: U32x16, index: U32x16) -> U32x16 {
            let found = look_up_32(floats_of(first), floats_of(second), index);
            both!(U32x16, _mm256_castps_si256, found)
        }
        fn to_floats(a: U32x16) -> F32x16 { both!(F32x16, _mm256_cvtepi32_ps, a) }
    }
}

impl vectors::Mask for Mask {
    operations! { "avx":
        fn bits(a: Mask) -> u16 { (_mm256_movemask_ps(a.0) | _mm256_movemask_ps(a.1) << 8) as u16 }
    }
}

impl vectors::F64x4 for F64x4 {
    operations! { "avx":
        fn to_array(a: F64x4) -> [f64; 4] {
            let mut to = [0.0; 4];
            write(a.0, &mut to);
            to
        }
    }
}

impl vectors::Words for Words {
    const WORDS: usize = 4;

    operations! { "avx2":
        fn write(a: Words, row: &mut [u64; ROW_WORDS], piece: usize) {
            write(a.0, &mut row.as_chunks_mut::<4>().0[piece]);
        }
        fn write_halves(a: Words, to: &mut [u32; ROW_WORDS], piece: usize) {
            write(a.0, &mut to.as_chunks_mut::<8>().0[piece]);
        }
        fn select(mask: Words, yes: Words, no: Words) -> Words {
            let yes = _mm256_and_si256(mask.0, yes.0);
            Words(_mm256_or_si256(yes, _mm256_andnot_si256(mask.0, no.0)))
        }
        fn up(a: Words, n: u32) -> Words {
            Words(_mm256_sll_epi64(a.0, _mm_cvtsi32_si128(n as i32)))
        }
        fn down(a: Words, n: u32) -> Words {
            Words(_mm256_srl_epi64(a.0, _mm_cvtsi32_si128(n as i32)))
        }
        fn full_adder(a: Words, b: Words, c: Words) -> (Words, Words) {
            let half = _mm256_xor_si256(a.0, b.0);
            let carry =
                _mm256_or_si256(_mm256_and_si256(a.0, b.0), _mm256_and_si256(half, c.0));
            (Words(_mm256_xor_si256(half, c.0)), Words(carry))
        }
    }
}

operators! { "avx2":
    Add for F32x16: fn add(a, b) { both!(F32x16, _mm256_add_ps, a, b) }
    Sub for F32x16: fn sub(a, b) { both!(F32x16, _mm256_sub_ps, a, b) }
    Mul for F32x16: fn mul(a, b) { both!(F32x16, _mm256_mul_ps, a, b) }
    Add for U32x16: fn add(a, b) { both!(U32x16, _mm256_add_epi32, a, b) }
    BitXor for U32x16: fn bitxor(a, b) { both!(U32x16, _mm256_xor_si256, a, b) }
    Add for F64x4: fn add(a, b) { F64x4(_mm256_add_pd(a.0, b.0)) }
    Mul for F64x4: fn mul(a, b) { F64x4(_mm256_mul_pd(a.0, b.0)) }
    BitAnd for Words: fn bitand(a, b) { Words(_mm256_and_si256(a.0, b.0)) }
    BitOr for Words: fn bitor(a, b) { Words(_mm256_or_si256(a.0, b.0)) }
    BitXor for Words: fn bitxor(a, b) { Words(_mm256_xor_si256(a.0, b.0)) }
}
