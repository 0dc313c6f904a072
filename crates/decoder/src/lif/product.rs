//! The product of the recurrent weights with the derivatives of a few samples.

use super::net::Net;
use equipoise_simd::{F32x16, LANES, Simd};

/// The samples that go backward together.
pub(super) const TOGETHER: usize = 8;

/// `through[m, :] = V1 di[m, :]` for all samples and the vectors of sources that are asked for, in
/// tiles of as many samples and vectors as the registers hold: the recurrent weights are read once,
/// or once for each half of the samples. With `ADD` it is added to what is there.
///
/// # Safety
/// `di` and `through` hold `[TOGETHER, width]`, `transposed` is `[hidden, width]`, and the vectors are
/// within a row.
#[inline(always)]
pub(super) unsafe fn product<S: Simd, const ADD: bool>(
    simd: S,
    net: &Net<'_>,
    transposed: &[f32],
    vectors: std::ops::Range<usize>,
    di: *const f32,
    through: *mut f32,
) {
    let (start, count) = (vectors.start, vectors.len());
    // SAFETY: the tiles' vectors are within a row, their samples below their number.
    unsafe {
        if S::REGISTERS >= 32 {
            let blocks = count.div_ceil(3);
            for block in 0..blocks {
                let from = block * count / blocks;
                let wide = (block + 1) * count / blocks - from;
                let from = start + from;
                macro_rules! tile {
                    ($n:literal) => {
                        product_tile::<S, TOGETHER, $n, ADD>(
                            simd, net, transposed, di, through, from,
                        )
                    };
                }
                match wide {
                    1 => tile!(1),
                    2 => tile!(2),
                    _ => tile!(3),
                }
            }
        } else {
            const HALF: usize = TOGETHER / 2;
            let second = HALF * net.width;
            for from in vectors {
                product_tile::<S, HALF, 1, ADD>(simd, net, transposed, di, through, from);
                let (di, through) = (di.add(second), through.add(second));
                product_tile::<S, HALF, 1, ADD>(simd, net, transposed, di, through, from);
            }
        }
    }
}

/// `M` samples and the `N` vectors from number `from` on.
///
/// # Safety
/// `di` and `through` hold `[M, width]`, and the vectors are within a row.
#[inline(always)]
unsafe fn product_tile<S: Simd, const M: usize, const N: usize, const ADD: bool>(
    simd: S,
    net: &Net<'_>,
    transposed: &[f32],
    di: *const f32,
    through: *mut f32,
    from: usize,
) {
    // SAFETY: the caller's promise, and the transposed weights are `[hidden, width]`.
    unsafe {
        let weights = transposed.as_ptr().add(LANES * from);
        let mut sum = [[simd.splat(0.0); N]; M];
        if ADD {
            for (m, sum) in sum.iter_mut().enumerate() {
                for (n, sum) in sum.iter_mut().enumerate() {
                    *sum = simd.load(through.add(m * net.width + LANES * (from + n)));
                }
            }
        }
        for target in net.receivers.clone() {
            let row = weights.add(target * net.width);
            let mut w = [simd.splat(0.0); N];
            for (n, w) in w.iter_mut().enumerate() {
                *w = simd.load(row.add(LANES * n));
            }
            for (m, sum) in sum.iter_mut().enumerate() {
                let d = simd.splat(*di.add(m * net.width + target));
                for (sum, &w) in sum.iter_mut().zip(&w) {
                    *sum = w.mul_add(d, *sum);
                }
            }
        }
        for (m, sum) in sum.iter().enumerate() {
            for (n, sum) in sum.iter().enumerate() {
                simd.store(*sum, through.add(m * net.width + LANES * (from + n)));
            }
        }
    }
}
