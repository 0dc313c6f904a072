//! Memory for vectors: floats aligned to 64 bytes.

use equipoise_simd::LANES;

/// One cache line, and one vector of the kernel.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LANES]);

/// `n` rounded up to whole vectors.
pub(super) const fn padded(n: usize) -> usize {
    n.div_ceil(LANES) * LANES
}

/// A fixed number of floats whose first is aligned to 64 bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffer {
    lines: Vec<Line>,
}

impl Buffer {
    /// Zeros; `len` is rounded up to whole lines.
    pub(super) fn zeros(len: usize) -> Buffer {
        Buffer { lines: vec![Line([0.0; LANES]); len.div_ceil(LANES)] }
    }

    /// Makes room for `len` floats; what it held is kept, new room is zero.
    pub(super) fn grow(&mut self, len: usize) {
        if self.lines.len() * LANES < len {
            self.lines.resize(len.div_ceil(LANES), Line([0.0; LANES]));
        }
    }
}

impl std::ops::Deref for Buffer {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        // SAFETY: a `Line` is exactly 16 floats without padding, so the lines are 16 times as
        // many floats, all initialised, in one allocation.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.lines.len() * LANES) }
    }
}

impl std::ops::DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `deref`; the exclusive borrow of `self` covers the lines.
        unsafe {
            std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.lines.len() * LANES)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_aligned_and_zero() {
        let mut buffer = Buffer::zeros(17);
        assert_eq!(buffer.len(), 32);
        assert_eq!(buffer.as_ptr() as usize % 64, 0);
        buffer[31] = 1.0;
        buffer.grow(33);
        assert_eq!((buffer.len(), buffer[31], buffer[47]), (48, 1.0, 0.0));
        assert_eq!((padded(0), padded(1), padded(16), padded(100)), (0, 16, 16, 112));
    }
}
