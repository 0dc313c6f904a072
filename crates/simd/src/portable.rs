//! Sixteen lanes in a plain array, for any processor.

use super::vectors::{self, GUESS, LANES, ROW_WORDS, Simd};
use std::array::from_fn;
use std::ops::{Add, BitAnd, BitOr, BitXor, Mul, Sub};

/// Plain code; every processor has it.
#[derive(Debug, Clone, Copy)]
pub struct Portable(());

impl Portable {
    pub(crate) fn new() -> Portable {
        Portable(())
    }
}

/// Sixteen floats in an array.
#[derive(Clone, Copy)]
pub struct F32x16([f32; LANES]);

/// Sixteen integers in an array.
#[derive(Clone, Copy)]
pub struct U32x16([u32; LANES]);

/// A truth value for each lane.
#[derive(Clone, Copy)]
pub struct Mask([bool; LANES]);

/// Four doubles in an array.
#[derive(Clone, Copy)]
pub struct F64x4([f64; 4]);

/// One word of a row of bits.
#[derive(Clone, Copy)]
pub struct Words(u64);

impl Simd for Portable {
    type F32x16 = F32x16;
    type U32x16 = U32x16;
    type Mask = Mask;
    type F64x4 = F64x4;
    type Words = Words;
    const REGISTERS: usize = 4;
    const LOOKS_UP: bool = false;

    #[inline(always)]
    fn splat(self, x: f32) -> F32x16 {
        F32x16([x; LANES])
    }
    #[inline(always)]
    fn floats(self, from: &[f32; LANES]) -> F32x16 {
        F32x16(*from)
    }
    #[inline(always)]
    fn splat_u32(self, x: u32) -> U32x16 {
        U32x16([x; LANES])
    }
    #[inline(always)]
    fn integers(self, from: &[u32; LANES]) -> U32x16 {
        U32x16(*from)
    }
    #[inline(always)]
    fn splat_f64(self, x: f64) -> F64x4 {
        F64x4([x; 4])
    }
    #[inline(always)]
    fn doubles(self, from: &[f64; 4]) -> F64x4 {
        F64x4(*from)
    }
    #[inline(always)]
    fn splat_words(self, word: u64) -> Words {
        Words(word)
    }
    #[inline(always)]
    fn words(self, row: &[u64; ROW_WORDS], piece: usize) -> Words {
        Words(row[piece])
    }
}

impl F32x16 {
    #[inline(always)]
    fn zip(self, other: F32x16, f: impl Fn(f32, f32) -> f32) -> F32x16 {
        F32x16(from_fn(|k| f(self.0[k], other.0[k])))
    }

    #[inline(always)]
    fn compare(self, other: F32x16, f: impl Fn(&f32, &f32) -> bool) -> Mask {
        Mask(from_fn(|k| f(&self.0[k], &other.0[k])))
    }
}

impl vectors::F32x16 for F32x16 {
    type Mask = Mask;
    type U32x16 = U32x16;

    #[inline(always)]
    fn write(self, to: &mut [f32; LANES]) {
        *to = self.0;
    }
    #[inline(always)]
    fn mul_add(self, factor: F32x16, term: F32x16) -> F32x16 {
        F32x16(from_fn(|k| self.0[k].mul_add(factor.0[k], term.0[k])))
    }
    #[inline(always)]
    fn neg_mul_add(self, factor: F32x16, term: F32x16) -> F32x16 {
        F32x16(from_fn(|k| (-self.0[k]).mul_add(factor.0[k], term.0[k])))
    }
    #[inline(always)]
    fn abs(self) -> F32x16 {
        F32x16(self.0.map(f32::abs))
    }
    #[inline(always)]
    fn max(self, other: F32x16) -> F32x16 {
        self.zip(other, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn above(self, other: F32x16) -> Mask {
        self.compare(other, f32::gt)
    }
    #[inline(always)]
    fn at_least(self, other: F32x16) -> Mask {
        self.compare(other, f32::ge)
    }
    #[inline(always)]
    fn not_at_most(self, other: F32x16) -> Mask {
        self.compare(other, |a, b| !a.le(b))
    }
    #[inline(always)]
    fn equal(self, other: F32x16) -> Mask {
        self.compare(other, |a, b| a == b)
    }
    #[inline(always)]
    fn zero_where(self, mask: Mask) -> F32x16 {
        F32x16(from_fn(|k| if mask.0[k] { 0.0 } else { self.0[k] }))
    }
    #[inline(always)]
    fn replace_where(self, mask: Mask, by: F32x16) -> F32x16 {
        F32x16(from_fn(|k| if mask.0[k] { by.0[k] } else { self.0[k] }))
    }
    #[inline(always)]
    fn look_up(self, index: U32x16) -> F32x16 {
        F32x16(index.0.map(|index| self.0[(index & 15) as usize]))
    }
    #[inline(always)]
    fn look_up_32(self, second: F32x16, index: U32x16) -> F32x16 {
        let table = [self.0, second.0];
        F32x16(index.0.map(|index| table.as_flattened()[(index & 31) as usize]))
    }
    #[inline(always)]
    fn reciprocal_guess(self) -> F32x16 {
        F32x16(self.0.map(|x| f32::from_bits(GUESS.wrapping_sub(x.to_bits()))))
    }
}

impl vectors::U32x16 for U32x16 {
    type Mask = Mask;
    type F32x16 = F32x16;

    #[inline(always)]
    fn write(self, to: &mut [u32; LANES]) {
        *to = self.0;
    }
    #[inline(always)]
    fn up(self, n: u32) -> U32x16 {
        U32x16(self.0.map(|x| x << n))
    }
    #[inline(always)]
    fn down(self, n: u32) -> U32x16 {
        U32x16(self.0.map(|x| x >> n))
    }
    #[inline(always)]
    fn rotated(self, n: u32) -> U32x16 {
        U32x16(self.0.map(|x| x.rotate_left(n)))
    }
    #[inline(always)]
    fn below(self, other: U32x16) -> Mask {
        Mask(from_fn(|k| self.0[k] < other.0[k]))
    }
    #[inline(always)]
    fn replace_where(self, mask: Mask, by: U32x16) -> U32x16 {
        U32x16(from_fn(|k| if mask.0[k] { by.0[k] } else { self.0[k] }))
    }
    #[inline(always)]
    fn look_up_32(self, second: U32x16, index: U32x16) -> U32x16 {
        let table = [self.0, second.0];
        U32x16(index.0.map(|index| table.as_flattened()[(index & 31) as usize]))
    }
    #[inline(always)]
    fn to_floats(self) -> F32x16 {
        F32x16(self.0.map(|x| x as f32))
    }
}

impl vectors::Mask for Mask {
    #[inline(always)]
    fn bits(self) -> u16 {
        self.0.iter().enumerate().fold(0, |bits, (k, &set)| bits | u16::from(set) << k)
    }
}

impl vectors::F64x4 for F64x4 {
    #[inline(always)]
    fn to_array(self) -> [f64; 4] {
        self.0
    }
}

impl vectors::Words for Words {
    const WORDS: usize = 1;

    #[inline(always)]
    fn write(self, row: &mut [u64; ROW_WORDS], piece: usize) {
        row[piece] = self.0;
    }
    #[inline(always)]
    fn write_halves(self, to: &mut [u32; ROW_WORDS], piece: usize) {
        to[2 * piece] = self.0 as u32;
        to[2 * piece + 1] = (self.0 >> 32) as u32;
    }
    #[inline(always)]
    fn select(self, yes: Words, no: Words) -> Words {
        Words((self.0 & yes.0) | (!self.0 & no.0))
    }
    #[inline(always)]
    fn up(self, n: u32) -> Words {
        Words(self.0 << n)
    }
    #[inline(always)]
    fn down(self, n: u32) -> Words {
        Words(self.0 >> n)
    }
    #[inline(always)]
    fn full_adder(self, b: Words, c: Words) -> (Words, Words) {
        let half = self.0 ^ b.0;
        (Words(half ^ c.0), Words((self.0 & b.0) | (half & c.0)))
    }
}

/// Implementations of binary operators, lane by lane.
macro_rules! operators {
    ($($trait:ident for $type:ident: $name:ident = |$a:ident, $b:ident| $body:expr;)*) => {$(
        impl $trait for $type {
            type Output = $type;
            #[inline(always)]
            fn $name(self, other: $type) -> $type {
                $type(from_fn(|k| {
                    let ($a, $b) = (self.0[k], other.0[k]);
                    $body
                }))
            }
        }
    )*};
}

operators! {
    Add for F32x16: add = |a, b| a + b;
    Sub for F32x16: sub = |a, b| a - b;
    Mul for F32x16: mul = |a, b| a * b;
    Add for U32x16: add = |a, b| a.wrapping_add(b);
    BitXor for U32x16: bitxor = |a, b| a ^ b;
    Add for F64x4: add = |a, b| a + b;
    Mul for F64x4: mul = |a, b| a * b;
}

impl BitAnd for Words {
    type Output = Words;
    #[inline(always)]
    fn bitand(self, other: Words) -> Words {
        Words(self.0 & other.0)
    }
}

impl BitOr for Words {
    type Output = Words;
    #[inline(always)]
    fn bitor(self, other: Words) -> Words {
        Words(self.0 | other.0)
    }
}

impl BitXor for Words {
    type Output = Words;
    #[inline(always)]
    fn bitxor(self, other: Words) -> Words {
        Words(self.0 ^ other.0)
    }
}
