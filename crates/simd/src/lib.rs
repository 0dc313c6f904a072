//! Vectors with the same results on every processor, and the choice of the instruction set at run
//! time.
//!
//! Numerical code is written once, generic over [`Simd`], in vectors of sixteen lanes:
//! [`F32x16`] and [`U32x16`] are one AVX-512 register, two AVX2 registers or a plain array;
//! [`F64x4`] and [`Words`] (a piece of a row of bits) are as wide as suits the instruction set.
//! Every operation is exact or correctly rounded in IEEE arithmetic and is done in the same order
//! everywhere; a multiplication and an addition are rounded once where they are asked for in one
//! ([`F32x16::mul_add`]) and never elsewhere. So a kernel gives the same bits on all of them.
//!
//! [`Instructions`] names an instruction set that this processor has. [`Instructions::run`]
//! compiles a [`Task`] for each of them and runs the right one:
//!
//! ```
//! use equipoise_simd::{F32x16, Instructions, LANES, Simd, Task};
//!
//! /// y <- a x + y
//! struct Axpy<'a>(f32, &'a [[f32; LANES]], &'a mut [[f32; LANES]]);
//!
//! impl Task for Axpy<'_> {
//!     type Output = ();
//!     #[inline(always)]
//!     fn run<S: Simd>(self, simd: S) {
//!         let a = simd.splat(self.0);
//!         for (x, y) in self.1.iter().zip(self.2) {
//!             simd.floats(x).mul_add(a, simd.floats(y)).write(y);
//!         }
//!     }
//! }
//!
//! let (x, mut y) = ([[2.0; LANES]], [[1.0; LANES]]);
//! Instructions::best().run(Axpy(3.0, &x, &mut y));
//! assert_eq!(y, [[7.0; LANES]]);
//! ```
//!
//! A value of a type that implements [`Simd`] exists only where the processor has its
//! instructions, and so does every vector, because a vector is only made from such a value or from
//! other vectors. That is why operations on vectors are safe; only reading and writing through
//! pointers ([`Simd::load`], [`Simd::store`]) is not.
//!
//! Everything that is generic over [`Simd`] must be `#[inline(always)]` down from [`Task::run`]:
//! what is not inlined there is compiled without the instructions, which is right but many times
//! slower. A closure is not inlined for sure, so what it would do with vectors is better a function.
//!
//! Not made for: other lane counts, saturating or 8 and 16 bit arithmetic, transcendental
//! functions.

#[cfg(target_arch = "x86_64")]
#[macro_use]
mod operations;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod instructions;
#[cfg(target_arch = "x86_64")]
mod memory;
mod portable;
mod prefetch;
mod task;
#[cfg(test)]
mod tests;
mod vectors;

pub use instructions::{Forced, Instructions, force};
pub use prefetch::prefetch;
pub use task::Task;
pub use vectors::{F32x16, F64x4, LANES, Mask, ROW_WORDS, Simd, U32x16, Words};
