//! Reading and writing whole registers.

/// A register without padding or invalid bit patterns.
pub(crate) trait Register: Copy {}
#[cfg(target_arch = "x86_64")]
mod registers {
    use std::arch::x86_64::*;
    impl super::Register for __m256 {}
    impl super::Register for __m256i {}
    impl super::Register for __m256d {}
    impl super::Register for __m512 {}
    impl super::Register for __m512i {}
}

/// Numbers of which any bit pattern is one.
pub(crate) trait Number: Copy {}
impl Number for f32 {}
impl Number for f64 {}
impl Number for u32 {}
impl Number for u64 {}

/// The register with these numbers.
#[inline(always)]
pub(crate) fn read<T: Number, R: Register, const N: usize>(from: &[T; N]) -> R {
    const { assert!(size_of::<[T; N]>() == size_of::<R>()) };
    // SAFETY: as many bytes are there as a register has, any of which are right.
    unsafe { std::ptr::from_ref(from).cast::<R>().read_unaligned() }
}

/// Writes a register over these numbers.
#[inline(always)]
pub(crate) fn write<T: Number, R: Register, const N: usize>(register: R, to: &mut [T; N]) {
    const { assert!(size_of::<[T; N]>() == size_of::<R>()) };
    // SAFETY: as many bytes are there as a register has, and they are borrowed alone.
    unsafe { std::ptr::from_mut(to).cast::<R>().write_unaligned(register) }
}
