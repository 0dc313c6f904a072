//! One AVX-512 register (F, BW, DQ, VL) for sixteen lanes.

use super::memory::{read, write};
use super::task::Task;
use super::vectors::{self, GUESS, LANES, ROW_WORDS, Simd};
use std::arch::x86_64::*;
use std::ops::{Add, BitAnd, BitOr, BitXor, Mul, Sub};

/// The processor has AVX-512 F, BW, DQ and VL, AVX2, FMA, BMI and POPCNT.
#[derive(Debug, Clone, Copy)]
pub struct Avx512(());

/// Does the work with these instructions.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi1,bmi2,popcnt")]
pub(crate) fn run<T: Task>(task: T) -> T::Output {
    task.run(Avx512(()))
}

/// Sixteen floats in a register.
#[derive(Clone, Copy)]
pub struct F32x16(__m512);

/// Sixteen integers in a register.
#[derive(Clone, Copy)]
pub struct U32x16(__m512i);

/// A bit for each lane.
#[derive(Clone, Copy)]
pub struct Mask(__mmask16);

/// Four doubles in a register.
#[derive(Clone, Copy)]
pub struct F64x4(__m256d);

/// Half a row of bits in a register.
#[derive(Clone, Copy)]
pub struct Words(__m512i);

impl Simd for Avx512 {
    type F32x16 = F32x16;
    type U32x16 = U32x16;
    type Mask = Mask;
    type F64x4 = F64x4;
    type Words = Words;
    const REGISTERS: usize = 32;
    const LOOKS_UP: bool = true;

    operations! { "avx512f,avx2":
        fn splat(_token: Avx512, x: f32) -> F32x16 { F32x16(_mm512_set1_ps(x)) }
        fn floats(_token: Avx512, from: &[f32; LANES]) -> F32x16 { F32x16(read(from)) }
        fn splat_u32(_token: Avx512, x: u32) -> U32x16 { U32x16(_mm512_set1_epi32(x as i32)) }
        fn integers(_token: Avx512, from: &[u32; LANES]) -> U32x16 { U32x16(read(from)) }
        fn splat_f64(_token: Avx512, x: f64) -> F64x4 { F64x4(_mm256_set1_pd(x)) }
        fn doubles(_token: Avx512, from: &[f64; 4]) -> F64x4 { F64x4(read(from)) }
        fn splat_words(_token: Avx512, word: u64) -> Words {
            Words(_mm512_set1_epi64(word as i64))
        }
        fn words(_token: Avx512, row: &[u64; ROW_WORDS], piece: usize) -> Words {
            Words(read(&row.as_chunks::<8>().0[piece]))
        }
    }
}

impl vectors::F32x16 for F32x16 {
    type Mask = Mask;
    type U32x16 = U32x16;

    operations! { "avx512f,avx512dq":
        fn write(a: F32x16, to: &mut [f32; LANES]) { write(a.0, to) }
        fn mul_add(a: F32x16, factor: F32x16, term: F32x16) -> F32x16 {
            F32x16(_mm512_fmadd_ps(a.0, factor.0, term.0))
        }
        fn neg_mul_add(a: F32x16, factor: F32x16, term: F32x16) -> F32x16 {
            F32x16(_mm512_fnmadd_ps(a.0, factor.0, term.0))
        }
        fn abs(a: F32x16) -> F32x16 { F32x16(_mm512_abs_ps(a.0)) }
        fn max(a: F32x16, b: F32x16) -> F32x16 { F32x16(_mm512_max_ps(a.0, b.0)) }
        fn above(a: F32x16, b: F32x16) -> Mask {
            Mask(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(a.0, b.0))
        }
        fn at_least(a: F32x16, b: F32x16) -> Mask {
            Mask(_mm512_cmp_ps_mask::<_CMP_GE_OQ>(a.0, b.0))
        }
        fn not_at_most(a: F32x16, b: F32x16) -> Mask {
            Mask(_mm512_cmp_ps_mask::<_CMP_NLE_UQ>(a.0, b.0))
        }
        fn equal(a: F32x16, b: F32x16) -> Mask {
            Mask(_mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a.0, b.0))
        }
        fn zero_where(a: F32x16, mask: Mask) -> F32x16 {
            F32x16(_mm512_maskz_mov_ps(!mask.0, a.0))
        }
        fn look_up(table: F32x16, index: U32x16) -> F32x16 {
            F32x16(_mm512_permutexvar_ps(index.0, table.0))
        }
        fn look_up_32(first: F32x16, second: F32x16, index: U32x16) -> F32x16 {
            F32x16(_mm512_permutex2var_ps(first.0, index.0, second.0))
        }
        fn replace_where(a: F32x16, mask: Mask, by: F32x16) -> F32x16 {
            F32x16(_mm512_mask_blend_ps(mask.0, a.0, by.0))
        }
        fn reciprocal_guess(a: F32x16) -> F32x16 {
            let guess = _mm512_set1_epi32(GUESS as i32);
            F32x16(_mm512_castsi512_ps(_mm512_sub_epi32(guess, _mm512_castps_si512(a.0))))
        }
    }
}

impl vectors::U32x16 for U32x16 {
    type Mask = Mask;
    type F32x16 = F32x16;

    operations! { "avx512f":
        fn write(a: U32x16, to: &mut [u32; LANES]) { write(a.0, to) }
        fn up(a: U32x16, n: u32) -> U32x16 {
            U32x16(_mm512_sll_epi32(a.0, _mm_cvtsi32_si128(n as i32)))
        }
        fn down(a: U32x16, n: u32) -> U32x16 {
            U32x16(_mm512_srl_epi32(a.0, _mm_cvtsi32_si128(n as i32)))
        }
        fn rotated(a: U32x16, n: u32) -> U32x16 {
            U32x16(_mm512_rolv_epi32(a.0, _mm512_set1_epi32(n as i32)))
        }
        fn below(a: U32x16, b: U32x16) -> Mask { Mask(_mm512_cmplt_epu32_mask(a.0, b.0)) }
        fn look_up_32(first: U32x16, second: U32x16, index: U32x16) -> U32x16 {
            U32x16(_mm512_permutex2var_epi32(first.0, index.0, second.0))
        }
        fn to_floats(a: U32x16) -> F32x16 { F32x16(_mm512_cvtepi32_ps(a.0)) }
        fn replace_where(a: U32x16, mask: Mask, by: U32x16) -> U32x16 {
            U32x16(_mm512_mask_blend_epi32(mask.0, a.0, by.0))
        }
    }
}

impl vectors::Mask for Mask {
    #[inline(always)]
    fn bits(self) -> u16 {
        self.0
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
    const WORDS: usize = 8;

    operations! { "avx512f":
        fn write(a: Words, row: &mut [u64; ROW_WORDS], piece: usize) {
            write(a.0, &mut row.as_chunks_mut::<8>().0[piece]);
        }
        fn write_halves(a: Words, to: &mut [u32; ROW_WORDS], piece: usize) {
            write(a.0, &mut to.as_chunks_mut::<16>().0[piece]);
        }
        fn select(mask: Words, yes: Words, no: Words) -> Words {
            Words(_mm512_ternarylogic_epi64::<0xca>(mask.0, yes.0, no.0))
        }
        fn up(a: Words, n: u32) -> Words {
            Words(_mm512_sll_epi64(a.0, _mm_cvtsi32_si128(n as i32)))
        }
        fn down(a: Words, n: u32) -> Words {
            Words(_mm512_srl_epi64(a.0, _mm_cvtsi32_si128(n as i32)))
        }
        fn full_adder(a: Words, b: Words, c: Words) -> (Words, Words) {
            let sum = _mm512_ternarylogic_epi64::<0x96>(a.0, b.0, c.0);
            let carry = _mm512_ternarylogic_epi64::<0xe8>(a.0, b.0, c.0);
            (Words(sum), Words(carry))
        }
    }
}

operators! { "avx512f":
    Add for F32x16: fn add(a, b) { F32x16(_mm512_add_ps(a.0, b.0)) }
    Sub for F32x16: fn sub(a, b) { F32x16(_mm512_sub_ps(a.0, b.0)) }
    Mul for F32x16: fn mul(a, b) { F32x16(_mm512_mul_ps(a.0, b.0)) }
    Add for U32x16: fn add(a, b) { U32x16(_mm512_add_epi32(a.0, b.0)) }
    BitXor for U32x16: fn bitxor(a, b) { U32x16(_mm512_xor_si512(a.0, b.0)) }
    Add for F64x4: fn add(a, b) { F64x4(_mm256_add_pd(a.0, b.0)) }
    Mul for F64x4: fn mul(a, b) { F64x4(_mm256_mul_pd(a.0, b.0)) }
    BitAnd for Words: fn bitand(a, b) { Words(_mm512_and_si512(a.0, b.0)) }
    BitOr for Words: fn bitor(a, b) { Words(_mm512_or_si512(a.0, b.0)) }
    BitXor for Words: fn bitxor(a, b) { Words(_mm512_xor_si512(a.0, b.0)) }
}
