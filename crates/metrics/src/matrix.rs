//! Products and factorisations of dense matrices (faer's) that give the same bits for any number
//! of threads: work is cut into blocks of columns whose borders do not depend on the threads, and
//! each block is computed by one of them.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::linalg::triangular_solve;
use faer::prelude::ReborrowMut;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Columns of a result that one task computes.
const COLUMNS: usize = 128;

/// a b.
pub fn product(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let mut out = Mat::zeros(a.nrows(), b.ncols());
    add_product(out.as_mut(), a, b);
    out
}

/// Calls `work(first column, columns)` for blocks of columns, on as many threads as there are.
pub fn by_columns(out: MatMut<'_, f64>, work: impl Fn(usize, MatMut<'_, f64>) + Sync) {
    let mut parts = Vec::new();
    let (mut rest, mut from) = (out, 0);
    while rest.ncols() > 0 {
        let columns = rest.ncols().min(COLUMNS);
        let (part, after) = rest.split_at_col_mut(columns);
        parts.push((from, part));
        from += columns;
        rest = after;
    }
    parts.into_par_iter().for_each(|(from, part)| work(from, part));
}

/// The lower triangle of `out += a aᵀ`, on as many threads as there are.
pub fn add_gram(out: MatMut<'_, f64>, a: MatRef<'_, f64>) {
    let n = out.nrows();
    by_columns(out, |from, part| {
        let columns = part.ncols();
        let (diagonal, below) = part.split_at_row_mut(from).1.split_at_row_mut(columns);
        let right = a.subrows(from, columns);
        let (lower, full) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
        triangular::matmul(
            diagonal,
            lower,
            Accum::Add,
            right,
            full,
            right.transpose(),
            full,
            1.0,
            Par::Seq,
        );
        let rest = a.subrows(from + columns, n - from - columns);
        matmul(below, Accum::Add, rest, right.transpose(), 1.0, Par::Seq);
    });
}

/// `out += a b`, on as many threads as there are.
pub fn add_product(out: MatMut<'_, f64>, a: MatRef<'_, f64>, b: MatRef<'_, f64>) {
    by_columns(out, |from, part| {
        let right = b.subcols(from, part.ncols());
        matmul(part, Accum::Add, a, right, 1.0, Par::Seq);
    });
}

/// Puts the Cholesky factor L of a symmetric matrix, of which the lower triangle is read, in that
/// triangle's place; false if the matrix is not positive definite to working precision. One thread.
pub fn cholesky(matrix: &mut Mat<f64>) -> bool {
    let n = matrix.nrows();
    let largest = (0..n).map(|i| matrix[(i, i)]).fold(0.0, f64::max);
    let scratch = llt::factor::cholesky_in_place_scratch::<f64>(n, Par::Seq, Default::default());
    let mut memory = MemBuffer::new(scratch);
    let stack = MemStack::new(&mut memory);
    let done = llt::factor::cholesky_in_place(
        matrix.as_mut(),
        Default::default(),
        Par::Seq,
        stack,
        Default::default(),
    );
    done.is_ok() && (0..n).all(|i| matrix[(i, i)].powi(2) > largest * 1e-14)
}

/// Solves L Lᵀ x = b in place of b, for the factor that [`cholesky`] left. One thread.
pub fn solve_in_place(factor: MatRef<'_, f64>, mut b: MatMut<'_, f64>) {
    triangular_solve::solve_lower_triangular_in_place(factor, b.rb_mut(), Par::Seq);
    triangular_solve::solve_upper_triangular_in_place(factor.transpose(), b, Par::Seq);
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;

    fn normal(rows: usize, columns: usize, index: u64) -> Mat<f64> {
        let mut s = stream(1, "matrix", index);
        Mat::from_fn(rows, columns, |_, _| s.normal())
    }

    #[test]
    fn systems_are_solved() {
        for n in [1, 5, 64, 65, 300] {
            let root = normal(n + 3, n, 0);
            let mut a = Mat::zeros(n, n);
            add_gram(a.as_mut(), root.transpose());
            let whole = product(root.transpose(), root.as_ref());
            for j in 0..n {
                for i in j..n {
                    assert!((a[(i, j)] - whole[(i, j)]).abs() < 1e-9 * n as f64);
                }
            }
            let want = normal(n, 7, 1);
            let mut b = product(whole.as_ref(), want.as_ref());
            assert!(cholesky(&mut a));
            solve_in_place(a.as_ref(), b.as_mut());
            for j in 0..7 {
                for i in 0..n {
                    assert!((b[(i, j)] - want[(i, j)]).abs() < 1e-6 * n as f64);
                }
            }
        }
    }

    #[test]
    fn a_singular_matrix_is_noticed() {
        let root = normal(5, 8, 0);
        let mut a = product(root.transpose(), root.as_ref());
        assert!(!cholesky(&mut a));
        assert!(!cholesky(&mut Mat::zeros(3, 3)));
        assert!(!cholesky(&mut Mat::from_fn(2, 2, |_, _| f64::NAN)));
    }
}
