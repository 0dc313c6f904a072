//! Sixteen numbers at a time, on whatever the processor offers.
//!
//! Every implementation performs the same fused multiply-adds in the same order on sixteen
//! logical lanes, so a result does not depend on the processor's vector width.

/// Logical lanes of a vector, the same for every instruction set.
pub(super) const LANES: usize = 16;

/// Vectors of sixteen `f32`.
pub(super) trait Lanes: Copy {
    /// Sixteen numbers.
    type V: Copy;
    /// Vectors of one pixel that the registers hold beside each other: 1 or 2.
    const ACROSS: usize;
    /// Whether there are registers for tiles of more than four pixels.
    const WIDE: bool;

    /// Sixteen times `x`.
    ///
    /// # Safety
    /// The processor has this instruction set (so for all methods).
    unsafe fn splat(x: f32) -> Self::V;
    /// The sixteen numbers from `at` on.
    ///
    /// # Safety
    /// Sixteen numbers can be read there.
    unsafe fn load(at: *const f32) -> Self::V;
    /// Writes sixteen numbers from `at` on.
    ///
    /// # Safety
    /// Sixteen numbers can be written there.
    unsafe fn store(at: *mut f32, v: Self::V);
    /// `a b + c`, rounded once.
    ///
    /// # Safety
    /// The processor has this instruction set.
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The larger of each pair.
    ///
    /// # Safety
    /// The processor has this instruction set.
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V;

    /// The sum over the lanes, halving them until one is left.
    ///
    /// # Safety
    /// The processor has this instruction set.
    #[inline(always)]
    unsafe fn sum(v: Self::V) -> f32 {
        let mut lanes = [0.0f32; LANES];
        // SAFETY: the array holds sixteen numbers.
        unsafe { Self::store(lanes.as_mut_ptr(), v) };
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

/// Plain Rust, for any processor.
#[derive(Clone, Copy)]
pub(super) struct Portable;

impl Lanes for Portable {
    type V = [f32; LANES];
    const ACROSS: usize = 1;
    const WIDE: bool = false;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self::V {
        [x; LANES]
    }
    #[inline(always)]
    unsafe fn load(at: *const f32) -> Self::V {
        // SAFETY: the caller vouches for sixteen readable numbers; arrays of f32 need no more
        // alignment than one of them.
        unsafe { at.cast::<Self::V>().read() }
    }
    #[inline(always)]
    unsafe fn store(at: *mut f32, v: Self::V) {
        // SAFETY: as in `load`.
        unsafe { at.cast::<Self::V>().write(v) }
    }
    #[inline(always)]
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
    }
    #[inline(always)]
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| if a[i] > b[i] { a[i] } else { b[i] })
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Lanes;
    use std::arch::x86_64::*;

    /// One 512-bit register a vector.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx512;

    // SAFETY of the bodies: each is one instruction (or two) of the set that the caller vouches
    // for, on memory that the caller vouches for.
    impl Lanes for Avx512 {
        type V = __m512;
        const ACROSS: usize = 2;
        const WIDE: bool = true;

        #[inline(always)]
        unsafe fn splat(x: f32) -> __m512 {
            // SAFETY: see above.
            unsafe { _mm512_set1_ps(x) }
        }
        #[inline(always)]
        unsafe fn load(at: *const f32) -> __m512 {
            // SAFETY: see above.
            unsafe { _mm512_loadu_ps(at) }
        }
        #[inline(always)]
        unsafe fn store(at: *mut f32, v: __m512) {
            // SAFETY: see above.
            unsafe { _mm512_storeu_ps(at, v) }
        }
        #[inline(always)]
        unsafe fn fma(a: __m512, b: __m512, c: __m512) -> __m512 {
            // SAFETY: see above.
            unsafe { _mm512_fmadd_ps(a, b, c) }
        }
        #[inline(always)]
        unsafe fn max(a: __m512, b: __m512) -> __m512 {
            // SAFETY: see above.
            unsafe { _mm512_max_ps(a, b) }
        }
    }

    /// Two 256-bit registers a vector.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx2;

    impl Lanes for Avx2 {
        type V = (__m256, __m256);
        const ACROSS: usize = 1;
        const WIDE: bool = false;

        #[inline(always)]
        unsafe fn splat(x: f32) -> Self::V {
            // SAFETY: see above.
            unsafe { (_mm256_set1_ps(x), _mm256_set1_ps(x)) }
        }
        #[inline(always)]
        unsafe fn load(at: *const f32) -> Self::V {
            // SAFETY: see above.
            unsafe { (_mm256_loadu_ps(at), _mm256_loadu_ps(at.add(8))) }
        }
        #[inline(always)]
        unsafe fn store(at: *mut f32, v: Self::V) {
            // SAFETY: see above.
            unsafe {
                _mm256_storeu_ps(at, v.0);
                _mm256_storeu_ps(at.add(8), v.1);
            }
        }
        #[inline(always)]
        unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
            // SAFETY: see above.
            unsafe { (_mm256_fmadd_ps(a.0, b.0, c.0), _mm256_fmadd_ps(a.1, b.1, c.1)) }
        }
        #[inline(always)]
        unsafe fn max(a: Self::V, b: Self::V) -> Self::V {
            // SAFETY: see above.
            unsafe { (_mm256_max_ps(a.0, b.0), _mm256_max_ps(a.1, b.1)) }
        }
    }
}

/// An instruction set found on this processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InstructionSet {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl InstructionSet {
    /// The widest of this processor.
    pub(super) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }
}
