//! Cholesky factorisation.

use super::{
    BLOCK, COLUMNS, Factors, add_columns, fused_axpy, fused_dot, subtract_columns_of_four,
    vectorised,
};

/// A Cholesky factorisation `A = L L^T` of a symmetric positive definite matrix.
pub(in crate::stimulation) struct Cholesky {
    n: usize,
    /// L, column-major.
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factorises the n x n matrix with these entries, of which the lower triangle is looked at;
    /// `None` if it is not positive definite.
    pub(in crate::stimulation) fn new(
        n: usize,
        mut entry: impl FnMut(usize, usize) -> f64,
    ) -> Option<Self> {
        let mut lower = vec![0.0; n * n];
        for (j, column) in lower.chunks_exact_mut(n.max(1)).enumerate() {
            column[j..].iter_mut().zip(j..).for_each(|(value, i)| *value = entry(i, j));
        }
        let mut factor = Self { n, lower };
        let is_positive = vectorised(
            #[inline(always)]
            || factor.eliminate(),
        );
        is_positive.then_some(factor)
    }

    /// False where a pivot is not positive.
    #[inline(always)]
    fn eliminate(&mut self) -> bool {
        let n = self.n;
        // A row of the panel, the factors of a column to the right of it.
        let mut row = [0.0; BLOCK];
        for first in (0..n).step_by(BLOCK) {
            let end = n.min(first + BLOCK);
            let (panel, right) = self.lower[first * n..].split_at_mut((end - first) * n);
            for j in first..end {
                let (before, after) = panel.split_at_mut((j - first) * n);
                let column = &mut after[j..n];
                let factors = row_of(before, n, j, &mut row);
                add_columns(-1.0, column, before, n, j, factors);
                if !(column[0] > 0.0 && column[0].is_finite()) {
                    return false;
                }
                column[0] = column[0].sqrt();
                let inverse = 1.0 / column[0];
                column[1..].iter_mut().for_each(|x| *x *= inverse);
            }
            let mut fours = right.chunks_exact_mut(COLUMNS * n);
            let mut j = end;
            for four in &mut fours {
                let mut factors: Factors = [[0.0; COLUMNS]; BLOCK];
                let factors = &mut factors[..end - first];
                for (factors, column) in factors.iter_mut().zip(panel.chunks_exact(n)) {
                    factors.copy_from_slice(&column[j..j + COLUMNS]);
                }
                // From the diagonal of each to the diagonal of the last, and then the rows that
                // all have.
                let mut below: [&mut [f64]; COLUMNS] = Default::default();
                for (c, (column, below)) in four.chunks_exact_mut(n).zip(&mut below).enumerate() {
                    let (head, rest) = column.split_at_mut(j + COLUMNS);
                    let of_one = row_of(panel, n, j + c, &mut row);
                    add_columns(-1.0, &mut head[j + c..], panel, n, j + c, of_one);
                    *below = rest;
                }
                subtract_columns_of_four(below, panel, n, j + COLUMNS, factors);
                j += COLUMNS;
            }
            for column in fours.into_remainder().chunks_exact_mut(n) {
                let factors = row_of(panel, n, j, &mut row);
                add_columns(-1.0, &mut column[j..], panel, n, j, factors);
                j += 1;
            }
        }
        true
    }

    /// Solves `A x = b` in place.
    pub(in crate::stimulation) fn solve(&self, x: &mut [f64]) {
        vectorised(
            #[inline(always)]
            || self.substitute(x),
        );
    }

    #[inline(always)]
    fn substitute(&self, x: &mut [f64]) {
        let n = self.n;
        for (j, column) in self.lower.chunks_exact(n).enumerate() {
            x[j] /= column[j];
            let pivot = x[j];
            fused_axpy(-pivot, &column[j + 1..], &mut x[j + 1..]);
        }
        for (j, column) in self.lower.chunks_exact(n).enumerate().rev() {
            x[j] = (x[j] - fused_dot(&column[j + 1..], &x[j + 1..])) / column[j];
        }
    }
}

/// Row `at` of a panel of columns.
#[inline(always)]
fn row_of<'a>(panel: &[f64], n: usize, at: usize, row: &'a mut [f64; BLOCK]) -> &'a [f64] {
    let mut columns = 0;
    for (to, column) in row.iter_mut().zip(panel.chunks_exact(n)) {
        *to = column[at];
        columns += 1;
    }
    &row[..columns]
}
