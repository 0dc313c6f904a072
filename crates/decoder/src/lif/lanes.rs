//! Sixteen floats at a time, with the same results on every processor.
//!
//! [`Lanes`] is implemented by one AVX-512 register, by two AVX2 registers and by a plain array.
//! Every operation is either exact in IEEE arithmetic or correctly rounded (the multiplication
//! and addition are fused in all three), so a kernel written over it gives the same bits whichever
//! of them [`dispatch`] chooses at run time.

use super::buffer::LANES;

/// Sixteen floats.
///
/// # Safety
/// All methods require that the processor has the instructions of the implementing type, and the
/// pointers of `load` and `store` must be valid for sixteen floats (faster if aligned to 64 bytes).
#[allow(clippy::missing_safety_doc)]
pub(super) trait Lanes: Copy {
    /// One truth value a lane.
    type Mask: Copy;
    unsafe fn splat(x: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    /// `self * factor + term`, rounded once.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
    /// `term - self * factor`, rounded once.
    unsafe fn neg_mul_add(self, factor: Self, term: Self) -> Self;
    unsafe fn abs(self) -> Self;
    /// `self > other`; false where one is not a number.
    unsafe fn above(self, other: Self) -> Self::Mask;
    /// Not `self <= other`: true where one is not a number.
    unsafe fn not_at_most(self, other: Self) -> Self::Mask;
    unsafe fn equal(self, other: Self) -> Self::Mask;
    /// The truth values as bits, lane 0 lowest.
    unsafe fn bits(mask: Self::Mask) -> u16;
    /// 0 where the mask is true, else `self`.
    unsafe fn zero_where(self, mask: Self::Mask) -> Self;
    /// `yes` where the mask is true, else `no`.
    unsafe fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// 1 / `self` within 13 %, for positive normal numbers: the difference of the bit pattern
    /// from a constant halves and negates the exponent in one subtraction.
    unsafe fn reciprocal_guess(self) -> Self;
}

/// The constant of [`Lanes::reciprocal_guess`]; with it the guess is best after the first
/// Newton step.
const GUESS: u32 = 0x7EF3_11C7;

/// 1 / `x` to the last bit or two, for positive normal numbers below 1e37: a guess, a Newton step
/// (error e² = 1.6e-2) and two Halley steps (error e³ each).
///
/// # Safety
/// As for [`Lanes`].
#[inline(always)]
pub(super) unsafe fn reciprocal<L: Lanes>(x: L) -> L {
    // SAFETY: the caller's promise is this function's.
    unsafe {
        let one = L::splat(1.0);
        let y = x.reciprocal_guess();
        let y = x.neg_mul_add(y, one).mul_add(y, y);
        let error = x.neg_mul_add(y, one);
        let y = error.mul_add(error, error).mul_add(y, y);
        let error = x.neg_mul_add(y, one);
        error.mul_add(y, y)
    }
}

/// Work that is written over [`Lanes`].
pub(super) trait Task {
    /// What the work gives.
    type Output;
    /// Does it.
    ///
    /// # Safety
    /// The processor must have the instructions of `L`.
    unsafe fn run<L: Lanes>(self) -> Self::Output;
}

/// Which instructions to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instructions {
    /// AVX-512 (F, BW, DQ, VL).
    Avx512,
    /// AVX2 with fused multiply and add.
    Avx2,
    /// Whatever the compiler makes of plain code.
    Portable,
}

impl Instructions {
    /// The fastest that this processor has.
    pub fn best() -> Instructions {
        Instructions::available()[0]
    }

    /// All that this processor has, the fastest first.
    pub fn available() -> Vec<Instructions> {
        let mut all = Vec::with_capacity(3);
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("bmi1");
            if avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
            {
                all.push(Instructions::Avx512);
            }
            if avx2 {
                all.push(Instructions::Avx2);
            }
        }
        all.push(Instructions::Portable);
        all
    }
}

/// Runs the task with these instructions.
///
/// # Safety
/// The processor must have them: `instructions` must be one of [`Instructions::available`].
pub(super) unsafe fn dispatch<T: Task>(instructions: Instructions, task: T) -> T::Output {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi1,bmi2")]
        unsafe fn avx512<T: Task>(task: T) -> T::Output {
            // SAFETY: the features of this function are those of the type.
            unsafe { task.run::<x86::Avx512>() }
        }
        #[target_feature(enable = "avx2,fma,bmi1")]
        unsafe fn avx2<T: Task>(task: T) -> T::Output {
            // SAFETY: the features of this function are those of the type.
            unsafe { task.run::<x86::Avx2>() }
        }
        match instructions {
            // SAFETY: the caller promises that the processor has these instructions.
            Instructions::Avx512 => return unsafe { avx512(task) },
            // SAFETY: the caller promises that the processor has these instructions.
            Instructions::Avx2 => return unsafe { avx2(task) },
            Instructions::Portable => {}
        }
    }
    let _ = instructions;
    // SAFETY: plain code runs everywhere.
    unsafe { task.run::<Portable>() }
}

/// Sixteen floats in an array.
#[derive(Clone, Copy)]
pub(super) struct Portable([f32; LANES]);

impl Portable {
    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32) -> Portable {
        Portable(self.0.map(f))
    }

    #[inline(always)]
    fn zip(self, other: Portable, f: impl Fn(f32, f32) -> f32) -> Portable {
        Portable(std::array::from_fn(|k| f(self.0[k], other.0[k])))
    }

    #[inline(always)]
    fn compare(self, other: Portable, f: impl Fn(&f32, &f32) -> bool) -> [bool; LANES] {
        std::array::from_fn(|k| f(&self.0[k], &other.0[k]))
    }
}

impl Lanes for Portable {
    type Mask = [bool; LANES];
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Portable([x; LANES])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller promises sixteen floats there.
        Portable(unsafe { from.cast::<[f32; LANES]>().read() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller promises room for sixteen floats there.
        unsafe { to.cast::<[f32; LANES]>().write(self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        Portable(std::array::from_fn(|k| self.0[k].mul_add(factor.0[k], term.0[k])))
    }
    #[inline(always)]
    unsafe fn neg_mul_add(self, factor: Self, term: Self) -> Self {
        Portable(std::array::from_fn(|k| (-self.0[k]).mul_add(factor.0[k], term.0[k])))
    }
    #[inline(always)]
    unsafe fn abs(self) -> Self {
        self.map(f32::abs)
    }
    #[inline(always)]
    unsafe fn above(self, other: Self) -> [bool; LANES] {
        self.compare(other, f32::gt)
    }
    #[inline(always)]
    unsafe fn not_at_most(self, other: Self) -> [bool; LANES] {
        self.compare(other, |a, b| !a.le(b))
    }
    #[inline(always)]
    unsafe fn equal(self, other: Self) -> [bool; LANES] {
        self.compare(other, |a, b| a == b)
    }
    #[inline(always)]
    unsafe fn bits(mask: [bool; LANES]) -> u16 {
        mask.iter().enumerate().fold(0, |bits, (k, &set)| bits | u16::from(set) << k)
    }
    #[inline(always)]
    unsafe fn zero_where(self, mask: [bool; LANES]) -> Self {
        Portable(std::array::from_fn(|k| if mask[k] { 0.0 } else { self.0[k] }))
    }
    #[inline(always)]
    unsafe fn select(mask: [bool; LANES], yes: Self, no: Self) -> Self {
        Portable(std::array::from_fn(|k| if mask[k] { yes.0[k] } else { no.0[k] }))
    }
    #[inline(always)]
    unsafe fn reciprocal_guess(self) -> Self {
        self.map(|x| f32::from_bits(GUESS.wrapping_sub(x.to_bits())))
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    #![allow(clippy::undocumented_unsafe_blocks, reason = "one promise, made in the trait's doc")]
    use super::{GUESS, Lanes};
    use std::arch::x86_64::*;

    /// Sixteen floats in one AVX-512 register.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx512(__m512);

    impl Lanes for Avx512 {
        type Mask = __mmask16;
        #[inline(always)]
        unsafe fn splat(x: f32) -> Self {
            Avx512(unsafe { _mm512_set1_ps(x) })
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            Avx512(unsafe { _mm512_loadu_ps(from) })
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe { _mm512_storeu_ps(to, self.0) }
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            Avx512(unsafe { _mm512_add_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            Avx512(unsafe { _mm512_sub_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn mul(self, other: Self) -> Self {
            Avx512(unsafe { _mm512_mul_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
            Avx512(unsafe { _mm512_fmadd_ps(self.0, factor.0, term.0) })
        }
        #[inline(always)]
        unsafe fn neg_mul_add(self, factor: Self, term: Self) -> Self {
            Avx512(unsafe { _mm512_fnmadd_ps(self.0, factor.0, term.0) })
        }
        #[inline(always)]
        unsafe fn abs(self) -> Self {
            Avx512(unsafe { _mm512_abs_ps(self.0) })
        }
        #[inline(always)]
        unsafe fn above(self, other: Self) -> __mmask16 {
            unsafe { _mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, other.0) }
        }
        #[inline(always)]
        unsafe fn not_at_most(self, other: Self) -> __mmask16 {
            unsafe { _mm512_cmp_ps_mask::<_CMP_NLE_UQ>(self.0, other.0) }
        }
        #[inline(always)]
        unsafe fn equal(self, other: Self) -> __mmask16 {
            unsafe { _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(self.0, other.0) }
        }
        #[inline(always)]
        unsafe fn bits(mask: __mmask16) -> u16 {
            mask
        }
        #[inline(always)]
        unsafe fn zero_where(self, mask: __mmask16) -> Self {
            Avx512(unsafe { _mm512_maskz_mov_ps(!mask, self.0) })
        }
        #[inline(always)]
        unsafe fn select(mask: __mmask16, yes: Self, no: Self) -> Self {
            Avx512(unsafe { _mm512_mask_blend_ps(mask, no.0, yes.0) })
        }
        #[inline(always)]
        unsafe fn reciprocal_guess(self) -> Self {
            Avx512(unsafe {
                let bits = _mm512_castps_si512(self.0);
                _mm512_castsi512_ps(_mm512_sub_epi32(_mm512_set1_epi32(GUESS as i32), bits))
            })
        }
    }

    /// Sixteen floats in two AVX2 registers.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx2(__m256, __m256);

    /// Applies an operation to both halves.
    macro_rules! both {
        ($f:ident $(::<$c:ident>)?, $($x:expr),+) => {
            unsafe { Avx2($f$(::<$c>)?($($x.0),+), $f$(::<$c>)?($($x.1),+)) }
        };
    }

    impl Lanes for Avx2 {
        type Mask = Avx2;
        #[inline(always)]
        unsafe fn splat(x: f32) -> Self {
            unsafe { Avx2(_mm256_set1_ps(x), _mm256_set1_ps(x)) }
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            unsafe { Avx2(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))) }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe {
                _mm256_storeu_ps(to, self.0);
                _mm256_storeu_ps(to.add(8), self.1);
            }
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            both!(_mm256_add_ps, self, other)
        }
        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            both!(_mm256_sub_ps, self, other)
        }
        #[inline(always)]
        unsafe fn mul(self, other: Self) -> Self {
            both!(_mm256_mul_ps, self, other)
        }
        #[inline(always)]
        unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
            both!(_mm256_fmadd_ps, self, factor, term)
        }
        #[inline(always)]
        unsafe fn neg_mul_add(self, factor: Self, term: Self) -> Self {
            both!(_mm256_fnmadd_ps, self, factor, term)
        }
        #[inline(always)]
        unsafe fn abs(self) -> Self {
            let sign = unsafe { Self::splat(-0.0) };
            both!(_mm256_andnot_ps, sign, self)
        }
        #[inline(always)]
        unsafe fn above(self, other: Self) -> Avx2 {
            both!(_mm256_cmp_ps::<_CMP_GT_OQ>, self, other)
        }
        #[inline(always)]
        unsafe fn not_at_most(self, other: Self) -> Avx2 {
            both!(_mm256_cmp_ps::<_CMP_NLE_UQ>, self, other)
        }
        #[inline(always)]
        unsafe fn equal(self, other: Self) -> Avx2 {
            both!(_mm256_cmp_ps::<_CMP_EQ_OQ>, self, other)
        }
        #[inline(always)]
        unsafe fn bits(mask: Avx2) -> u16 {
            unsafe { (_mm256_movemask_ps(mask.0) | _mm256_movemask_ps(mask.1) << 8) as u16 }
        }
        #[inline(always)]
        unsafe fn zero_where(self, mask: Avx2) -> Self {
            both!(_mm256_andnot_ps, mask, self)
        }
        #[inline(always)]
        unsafe fn select(mask: Avx2, yes: Self, no: Self) -> Self {
            both!(_mm256_blendv_ps, no, yes, mask)
        }
        #[inline(always)]
        unsafe fn reciprocal_guess(self) -> Self {
            unsafe {
                let guess = _mm256_set1_epi32(GUESS as i32);
                let one = |x| _mm256_castsi256_ps(_mm256_sub_epi32(guess, _mm256_castps_si256(x)));
                Avx2(one(self.0), one(self.1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lif::buffer::Buffer;
    use equipoise_random::stream;

    /// Applies every operation once, to random numbers and to the odd ones.
    struct Everything<'a> {
        a: &'a Buffer,
        b: &'a Buffer,
        out: &'a mut Buffer,
    }

    impl Task for Everything<'_> {
        type Output = Vec<u16>;
        #[inline(always)]
        unsafe fn run<L: Lanes>(self) -> Vec<u16> {
            let mut bits = Vec::new();
            // SAFETY: the buffers are aligned and hold whole vectors, the output 10 for each.
            unsafe {
                for k in 0..self.a.len() / LANES {
                    let (a, b) = (
                        L::load(self.a.as_ptr().add(LANES * k)),
                        L::load(self.b.as_ptr().add(LANES * k)),
                    );
                    let above = a.above(b);
                    let not_at_most = a.not_at_most(b);
                    bits.extend([L::bits(above), L::bits(not_at_most), L::bits(a.equal(b))]);
                    let results = [
                        a.add(b),
                        a.sub(b),
                        a.mul(b),
                        a.mul_add(b, a),
                        a.neg_mul_add(b, a),
                        a.abs(),
                        a.zero_where(above),
                        L::select(not_at_most, a, b),
                        reciprocal(a.abs().add(L::splat(1.0))),
                        L::splat(0.25),
                    ];
                    for (r, value) in results.into_iter().enumerate() {
                        value.store(self.out.as_mut_ptr().add(LANES * (10 * k + r)));
                    }
                }
            }
            bits
        }
    }

    #[test]
    fn all_instructions_give_the_same_bits() {
        let mut random = stream(3, "lanes", 0);
        let (mut a, mut b) = (Buffer::zeros(1600), Buffer::zeros(1600));
        for k in 0..a.len() {
            a[k] = (random.normal() * 10f64.powf(random.range(-6.0, 6.0))) as f32;
            b[k] = if k % 7 == 0 { a[k] } else { random.normal() as f32 };
        }
        (a[3], b[5], b[9]) = (f32::NAN, f32::NAN, 0.0);
        let run = |instructions| {
            let mut out = Buffer::zeros(16_000);
            let task = Everything { a: &a, b: &b, out: &mut out };
            // SAFETY: only available instructions are asked for.
            let bits = unsafe { dispatch(instructions, task) };
            (bits, out.iter().map(|x| x.to_bits()).collect::<Vec<_>>())
        };
        let want = run(Instructions::Portable);
        for instructions in Instructions::available() {
            let got = run(instructions);
            assert_eq!(got.0, want.0, "{instructions:?}");
            for (k, (x, y)) in got.1.iter().zip(&want.1).enumerate() {
                let both_nan = f32::from_bits(*x).is_nan() && f32::from_bits(*y).is_nan();
                assert!(x == y || both_nan, "{instructions:?} {k}: {x:x} {y:x}");
            }
        }
        for (k, chunk) in want.1.chunks(160).enumerate() {
            for lane in 0..LANES {
                let x = 1.0 + f64::from(a[LANES * k + lane]).abs();
                let got = f64::from(f32::from_bits(chunk[128 + lane]));
                assert!(x.is_nan() || (got * x - 1.0).abs() < 2.5e-7, "1 / {x} is not {got}");
            }
        }
    }
}
