//! Dense column-major linear algebra for the inner loops: the factorisation is faer's, the
//! products and substitutions with single vectors are written out so that they allocate nothing.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::lu::partial_pivoting::factor;
use faer::linalg::solvers::Llt;
use faer::{Mat, MatMut, MatRef, Par, Side};

/// `y += a x`.
#[inline]
pub(super) fn axpy(a: f64, x: &[f64], y: &mut [f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// The inner product, in four running sums that a compiler can keep in vector registers; the
/// order of the additions is fixed.
#[inline]
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (xs, ys) = (x.chunks_exact(4), y.chunks_exact(4));
    let rest: f64 = xs.remainder().iter().zip(ys.remainder()).map(|(a, b)| a * b).sum();
    for (x, y) in xs.zip(ys) {
        for lane in 0..4 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3]) + rest
}

/// The largest absolute value (NaN if there is one).
#[inline]
pub(super) fn max_abs(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |m: f64, v| if v.is_nan() || v.abs() > m { v.abs() } else { m })
}

/// `y = A x` for the n x n matrix `a` (column-major).
pub(super) fn multiply(a: &[f64], x: &[f64], y: &mut [f64]) {
    y.fill(0.0);
    for (column, &x) in a.chunks_exact(y.len()).zip(x) {
        axpy(x, column, y);
    }
}

/// `y = A^T x` for the n x n matrix `a` (column-major).
pub(super) fn multiply_transposed(a: &[f64], x: &[f64], y: &mut [f64]) {
    for (column, y) in a.chunks_exact(x.len()).zip(y) {
        *y = dot(column, x);
    }
}

/// An LU factorisation with partial pivoting in storage that is used again and again.
pub(super) struct Lu {
    n: usize,
    packed: Vec<f64>,
    forward: Vec<usize>,
    inverse: Vec<usize>,
    stack: MemBuffer,
    permuted: Vec<f64>,
    determinant: f64,
}

impl Clone for Lu {
    fn clone(&self) -> Self {
        let mut copy = Self::new(self.n);
        copy.clone_from(self);
        copy
    }

    fn clone_from(&mut self, other: &Self) {
        debug_assert_eq!(self.n, other.n, "factorisations of different sizes");
        self.packed.copy_from_slice(&other.packed);
        self.forward.copy_from_slice(&other.forward);
        self.inverse.copy_from_slice(&other.inverse);
        self.determinant = other.determinant;
    }
}

impl Lu {
    pub(super) fn new(n: usize) -> Self {
        let need = factor::lu_in_place_scratch::<usize, f64>(n, n, Par::Seq, Default::default());
        Self {
            n,
            packed: vec![0.0; n * n],
            forward: vec![0; n],
            inverse: vec![0; n],
            stack: MemBuffer::new(need),
            permuted: vec![0.0; n],
            determinant: 0.0,
        }
    }

    /// Factorises the matrix that `fill` writes, column by column.
    pub(super) fn factorise(&mut self, mut fill: impl FnMut(usize, &mut [f64])) {
        let n = self.n;
        for (j, column) in self.packed.chunks_exact_mut(n).enumerate() {
            fill(j, column);
        }
        let (info, _) = factor::lu_in_place(
            MatMut::from_column_major_slice_mut(&mut self.packed, n, n),
            &mut self.forward,
            &mut self.inverse,
            Par::Seq,
            MemStack::new(&mut self.stack),
            Default::default(),
        );
        let odd = info.transposition_count % 2 == 1;
        let negative = (0..n).filter(|&i| self.packed[i * n + i] < 0.0).count() % 2 == 1;
        let singular = (0..n).any(|i| !(self.packed[i * n + i].abs() > 0.0));
        self.determinant = if singular {
            0.0
        } else if odd == negative {
            1.0
        } else {
            -1.0
        };
    }

    /// The sign of the determinant of what was factorised: 1, -1, or 0 for a singular matrix.
    pub(super) fn determinant_sign(&self) -> f64 {
        self.determinant
    }

    /// Solves `A x = b` in place.
    pub(super) fn solve(&mut self, x: &mut [f64]) {
        let n = self.n;
        for (to, &from) in self.permuted.iter_mut().zip(&self.forward) {
            *to = x[from];
        }
        let y = &mut self.permuted;
        for (j, column) in self.packed.chunks_exact(n).enumerate() {
            let pivot = y[j];
            axpy(-pivot, &column[j + 1..], &mut y[j + 1..]);
        }
        for (j, column) in self.packed.chunks_exact(n).enumerate().rev() {
            let pivot = y[j] / column[j];
            y[j] = pivot;
            axpy(-pivot, &column[..j], &mut y[..j]);
        }
        x.copy_from_slice(y);
    }

    /// Solves `A^T x = b` in place.
    pub(super) fn solve_transposed(&mut self, x: &mut [f64]) {
        let n = self.n;
        for (j, column) in self.packed.chunks_exact(n).enumerate() {
            x[j] = (x[j] - dot(&column[..j], &x[..j])) / column[j];
        }
        for (j, column) in self.packed.chunks_exact(n).enumerate().rev() {
            x[j] -= dot(&column[j + 1..], &x[j + 1..]);
        }
        for (&to, &from) in self.forward.iter().zip(x.iter()) {
            self.permuted[to] = from;
        }
        x.copy_from_slice(&self.permuted);
    }
}

/// The singular values of a column-major matrix of this many rows, largest first; `None` if the
/// iteration does not converge (which needs a matrix that is not finite).
pub(super) fn singular_values(columns: &[f64], rows: usize) -> Option<Vec<f64>> {
    MatRef::from_column_major_slice(columns, rows, columns.len() / rows.max(1))
        .singular_values()
        .ok()
}

/// Whether the symmetric n x n matrix with these entries (of which the lower triangle is looked
/// at) is positive definite.
pub(super) fn is_positive_definite(n: usize, entry: impl FnMut(usize, usize) -> f64) -> bool {
    Llt::new(Mat::from_fn(n, n, entry).as_ref(), Side::Lower).is_ok()
}

/// The largest real part among the eigenvalues of an n x n column-major matrix.
pub(super) fn spectral_abscissa(matrix: &[f64], n: usize) -> Option<f64> {
    let values = MatRef::from_column_major_slice(matrix, n, n).eigenvalues().ok()?;
    Some(values.iter().map(|z| z.re).fold(f64::NEG_INFINITY, f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;

    #[test]
    fn factorisation_solves_both_ways() {
        for n in [1, 2, 7, 30, 65] {
            let mut s = stream(1, "test/lu", n as u64);
            let a: Vec<f64> = (0..n * n).map(|_| s.normal()).collect();
            let x: Vec<f64> = (0..n).map(|_| s.normal()).collect();
            let mut lu = Lu::new(n);
            lu.factorise(|j, column| column.copy_from_slice(&a[j * n..(j + 1) * n]));
            let mut b = vec![0.0; n];
            multiply(&a, &x, &mut b);
            lu.solve(&mut b);
            assert!(b.iter().zip(&x).all(|(b, x)| (b - x).abs() < 1e-10), "n = {n}");
            multiply_transposed(&a, &x, &mut b);
            lu.clone().solve_transposed(&mut b);
            assert!(b.iter().zip(&x).all(|(b, x)| (b - x).abs() < 1e-10), "n = {n}");
        }
        let mut lu = Lu::new(3);
        lu.factorise(|j, c| {
            c.copy_from_slice(&[[0.0, 2.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 3.0]][j])
        });
        assert_eq!(lu.determinant_sign(), -1.0);
        lu.factorise(|_, c| c.fill(1.0));
        assert_eq!(lu.determinant_sign(), 0.0);
    }

    #[test]
    fn eigenvalues_of_a_rotation() {
        // Eigenvalues -0.5 ± 2i and 3.
        let a = [-0.5, 2.0, 0.0, -2.0, -0.5, 0.0, 0.0, 0.0, 3.0];
        assert!((spectral_abscissa(&a, 3).unwrap() - 3.0).abs() < 1e-12);
        let mut s = singular_values(&a, 3).unwrap();
        s.truncate(3);
        let want = [3.0, 4.25f64.sqrt(), 4.25f64.sqrt()];
        assert!(s.iter().zip(want).all(|(s, w)| (s - w).abs() < 1e-12), "{s:?}");
    }
}
