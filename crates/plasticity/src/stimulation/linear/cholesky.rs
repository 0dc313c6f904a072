//! Cholesky factorisation.

use super::{axpy, dot, subtract_columns, subtract_columns_of_two, vectorised};

/// Columns that are factorised together before the rest of the matrix follows.
const BLOCK: usize = 32;

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
        // A row of the panel, the factors of one column to the right of it.
        let (mut of_one, mut of_two) = ([0.0; BLOCK], [0.0; BLOCK]);
        for first in (0..n).step_by(BLOCK) {
            let end = n.min(first + BLOCK);
            let (panel, right) = self.lower[first * n..].split_at_mut((end - first) * n);
            for j in first..end {
                let (before, after) = panel.split_at_mut((j - first) * n);
                let column = &mut after[j..n];
                let factors = row_of(before, n, j, &mut of_one);
                subtract_columns(column, before, n, j, factors);
                if !(column[0] > 0.0 && column[0].is_finite()) {
                    return false;
                }
                column[0] = column[0].sqrt();
                let inverse = 1.0 / column[0];
                column[1..].iter_mut().for_each(|x| *x *= inverse);
            }
            let mut pairs = right.chunks_exact_mut(2 * n);
            let mut j = end;
            for pair in &mut pairs {
                let (one, two) = pair.split_at_mut(n);
                let factors = row_of(panel, n, j, &mut of_one);
                let next = row_of(panel, n, j + 1, &mut of_two);
                // The diagonal of the first, and then the rows that both have.
                subtract_columns(&mut one[j..j + 1], panel, n, j, factors);
                let both = [&mut one[j + 1..], &mut two[j + 1..]];
                subtract_columns_of_two(both, panel, n, j + 1, [factors, next]);
                j += 2;
            }
            if let column @ [_, ..] = pairs.into_remainder() {
                let factors = row_of(panel, n, j, &mut of_one);
                subtract_columns(&mut column[j..], panel, n, j, factors);
            }
        }
        true
    }

    /// Solves `A x = b` in place.
    pub(in crate::stimulation) fn solve(&self, x: &mut [f64]) {
        let n = self.n;
        for (j, column) in self.lower.chunks_exact(n).enumerate() {
            x[j] /= column[j];
            let pivot = x[j];
            axpy(-pivot, &column[j + 1..], &mut x[j + 1..]);
        }
        for (j, column) in self.lower.chunks_exact(n).enumerate().rev() {
            x[j] = (x[j] - dot(&column[j + 1..], &x[j + 1..])) / column[j];
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
