//! The operations that every instruction set has: what kernels are written in.

use std::fmt::Debug;
use std::ops::{Add, BitAnd, BitOr, BitXor, Mul, Sub};

/// Lanes of [`F32x16`] and [`U32x16`].
pub const LANES: usize = 16;

/// 64-bit words of a row of bits.
pub const ROW_WORDS: usize = 16;

/// An instruction set of this processor. A value of it proves that the processor has it.
pub trait Simd: Copy + Send + Sync + Debug + 'static {
    /// Sixteen floats.
    type F32x16: F32x16<Mask = Self::Mask, U32x16 = Self::U32x16>;
    /// Sixteen integers.
    type U32x16: U32x16<Mask = Self::Mask, F32x16 = Self::F32x16>;
    /// A truth value for each of sixteen lanes.
    type Mask: Mask;
    /// Four doubles.
    type F64x4: F64x4;
    /// A piece of a row of bits.
    type Words: Words;

    /// How many [`F32x16`] the registers hold at once.
    const REGISTERS: usize;
    /// Whether a look-up of all lanes in a table ([`F32x16::look_up`]) takes a few instructions,
    /// and not one lane after the other.
    const LOOKS_UP: bool;

    /// Sixteen times `x`.
    fn splat(self, x: f32) -> Self::F32x16;
    /// These floats.
    fn floats(self, from: &[f32; LANES]) -> Self::F32x16;
    /// Sixteen times `x`.
    fn splat_u32(self, x: u32) -> Self::U32x16;
    /// These integers.
    fn integers(self, from: &[u32; LANES]) -> Self::U32x16;
    /// Four times `x`.
    fn splat_f64(self, x: f64) -> Self::F64x4;
    /// These doubles.
    fn doubles(self, from: &[f64; 4]) -> Self::F64x4;
    /// The same 64 bits in every word.
    fn splat_words(self, word: u64) -> Self::Words;
    /// The `piece`-th [`Words::WORDS`] words of a row.
    ///
    /// # Panics
    /// If the row has no such piece.
    fn words(self, row: &[u64; ROW_WORDS], piece: usize) -> Self::Words;

    /// The sixteen floats from `from` on.
    ///
    /// # Safety
    /// They must be readable.
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Self::F32x16 {
        // SAFETY: the caller vouches for sixteen floats, and an array needs no more alignment.
        self.floats(unsafe { &*from.cast::<[f32; LANES]>() })
    }

    /// Writes the lanes to the sixteen floats from `to` on.
    ///
    /// # Safety
    /// They must be writable, and nothing else may refer to them.
    #[inline(always)]
    unsafe fn store(self, values: Self::F32x16, to: *mut f32) {
        // SAFETY: the caller vouches for sixteen floats, and an array needs no more alignment.
        values.write(unsafe { &mut *to.cast::<[f32; LANES]>() });
    }
}

/// Sixteen floats. `a * b + c` is rounded twice, [`F32x16::mul_add`] once.
pub trait F32x16: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> {
    /// A truth value for each lane.
    type Mask: Mask;
    /// As many integers.
    type U32x16: Copy;

    /// Writes the lanes.
    fn write(self, to: &mut [f32; LANES]);
    /// `self * factor + term`, rounded once.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    /// `term - self * factor`, rounded once.
    fn neg_mul_add(self, factor: Self, term: Self) -> Self;
    /// Without its sign.
    fn abs(self) -> Self;
    /// `self > other ? self : other`: `other` where one is not a number.
    fn max(self, other: Self) -> Self;
    /// `self > other`; false where one is not a number.
    fn above(self, other: Self) -> Self::Mask;
    /// `self >= other`; false where one is not a number.
    fn at_least(self, other: Self) -> Self::Mask;
    /// Not `self <= other`: true where one is not a number.
    fn not_at_most(self, other: Self) -> Self::Mask;
    /// `self == other`; false where one is not a number.
    fn equal(self, other: Self) -> Self::Mask;
    /// 0 where the mask is true, else `self`.
    fn zero_where(self, mask: Self::Mask) -> Self;
    /// `by` where the mask is true, else `self`.
    fn replace_where(self, mask: Self::Mask, by: Self) -> Self;
    /// For each lane the number of this table of sixteen that the lowest four bits of the index
    /// name.
    fn look_up(self, index: Self::U32x16) -> Self;
    /// The same in a table of 32, of which `self` is the first half, by the lowest five bits.
    fn look_up_32(self, second: Self, index: Self::U32x16) -> Self;
    /// 1 / `self` within 13 %, for positive normal numbers: the difference of the bit pattern
    /// from a constant halves and negates the exponent in one subtraction.
    fn reciprocal_guess(self) -> Self;

    /// 1 / `self` to the last bit or two, for positive normal numbers below 1e37: a guess, a
    /// Newton step (error e² = 1.6e-2) and two Halley steps (error e³ each). `one` is 1.
    #[inline(always)]
    fn reciprocal(self, one: Self) -> Self {
        let y = self.reciprocal_guess();
        let y = self.neg_mul_add(y, one).mul_add(y, y);
        let error = self.neg_mul_add(y, one);
        let y = error.mul_add(error, error).mul_add(y, y);
        let error = self.neg_mul_add(y, one);
        error.mul_add(y, y)
    }

    /// The sum over the lanes, halving them until one is left.
    #[inline(always)]
    fn sum(self) -> f32 {
        let mut lanes = [0.0f32; LANES];
        self.write(&mut lanes);
        let mut half = LANES / 2;
        while half > 0 {
            for i in 0..half {
                lanes[i] += lanes[i + half];
            }
            half /= 2;
        }
        lanes[0]
    }
}

/// The constant of [`F32x16::reciprocal_guess`]; with it the guess is best after the first Newton
/// step.
pub(crate) const GUESS: u32 = 0x7EF3_11C7;

/// Sixteen integers of 32 bits; sums and differences wrap around.
pub trait U32x16: Copy + Add<Output = Self> + BitXor<Output = Self> {
    /// A truth value for each lane.
    type Mask: Mask;
    /// As many floats.
    type F32x16: Copy;

    /// Writes the lanes.
    fn write(self, to: &mut [u32; LANES]);
    /// Shifted up by `n` bits, from 0 to 31.
    fn up(self, n: u32) -> Self;
    /// Shifted down by `n` bits, from 0 to 31.
    fn down(self, n: u32) -> Self;
    /// Rotated up by `n` bits, from 1 to 31.
    fn rotated(self, n: u32) -> Self;
    /// `self < other`.
    fn below(self, other: Self) -> Self::Mask;
    /// `by` where the mask is true, else `self`.
    fn replace_where(self, mask: Self::Mask, by: Self) -> Self;
    /// For each lane of `index`, below 32, the number of the table whose halves are `self` and
    /// `second`.
    fn look_up_32(self, second: Self, index: Self) -> Self;
    /// As floats, for numbers below 2^24.
    fn to_floats(self) -> Self::F32x16;
}

/// A truth value for each of sixteen lanes.
pub trait Mask: Copy {
    /// As bits, that of lane 0 lowest.
    fn bits(self) -> u16;
}

/// Four doubles.
pub trait F64x4: Copy + Add<Output = Self> + Mul<Output = Self> {
    /// The lanes.
    fn to_array(self) -> [f64; 4];
}

/// Some words of a row of bits.
pub trait Words:
    Copy + BitAnd<Output = Self> + BitOr<Output = Self> + BitXor<Output = Self>
{
    /// How many, a power of two up to 8.
    const WORDS: usize;

    /// Writes them as the `piece`-th words of a row.
    ///
    /// # Panics
    /// If the row has no such piece.
    fn write(self, row: &mut [u64; ROW_WORDS], piece: usize);
    /// Writes them as the `piece`-th 32-bit words of half a row, the lower half of each first.
    ///
    /// # Panics
    /// If half a row has no such piece.
    fn write_halves(self, to: &mut [u32; ROW_WORDS], piece: usize);
    /// The bits of `yes` where `self` has 1, those of `no` where it has 0.
    fn select(self, yes: Self, no: Self) -> Self;
    /// Every 64-bit word shifted up by `n` bits, from 0 to 63.
    fn up(self, n: u32) -> Self;
    /// Every 64-bit word shifted down by `n` bits, from 0 to 63.
    fn down(self, n: u32) -> Self;
    /// Sum and carry of three bits, for each bit.
    fn full_adder(self, b: Self, c: Self) -> (Self, Self);
}
