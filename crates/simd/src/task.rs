//! Work that runs on any instruction set.

use super::vectors::Simd;

/// Work that is written over [`Simd`].
pub trait Task {
    /// What the work gives.
    type Output;
    /// Does it. Must be `#[inline(always)]`.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}
