//! LU factorisation with partial pivoting.

use super::{
    BLOCK, COLUMNS, Factors, add_columns, dots, fused_axpy, subtract_columns_of_four, vectorised,
};

/// An LU factorisation with partial pivoting in storage that is used again and again.
#[derive(Clone)]
pub(in crate::stimulation) struct Lu {
    n: usize,
    /// L below the diagonal (whose own is 1), U on it and above; column-major.
    packed: Vec<f64>,
    /// The row of the matrix that stands in each row of the factors.
    rows: Vec<usize>,
    /// One over the diagonal of U.
    inverse: Vec<f64>,
    permuted: Vec<f64>,
    determinant: f64,
}

impl Lu {
    /// Storage for n x n matrices.
    pub(in crate::stimulation) fn new(n: usize) -> Self {
        Self {
            n,
            packed: vec![0.0; n * n],
            rows: vec![0; n],
            inverse: vec![0.0; n],
            permuted: vec![0.0; n],
            determinant: 0.0,
        }
    }

    /// Takes over the factors of another matrix of the same size, without allocating.
    pub(in crate::stimulation) fn copy_from(&mut self, other: &Self) {
        debug_assert_eq!(self.n, other.n, "factorisations of different sizes");
        self.packed.copy_from_slice(&other.packed);
        self.rows.copy_from_slice(&other.rows);
        self.inverse.copy_from_slice(&other.inverse);
        self.determinant = other.determinant;
    }

    /// Factorises the matrix that `fill` writes, column by column.
    pub(in crate::stimulation) fn factorise(&mut self, mut fill: impl FnMut(usize, &mut [f64])) {
        let n = self.n;
        for (j, column) in self.packed.chunks_exact_mut(n).enumerate() {
            fill(j, column);
        }
        vectorised(
            #[inline(always)]
            || self.eliminate(),
        );
    }

    #[inline(always)]
    fn eliminate(&mut self) {
        let n = self.n;
        for (row, at) in self.rows.iter_mut().zip(0..) {
            *row = at;
        }
        self.determinant = 1.0;
        let mut swaps = [0; BLOCK];
        for first in (0..n).step_by(BLOCK) {
            let end = n.min(first + BLOCK);
            for (k, swap) in (first..end).zip(&mut swaps) {
                *swap = self.pivot(k, first, end);
            }
            let (left, panel_and_right) = self.packed.split_at_mut(first * n);
            let (panel, right) = panel_and_right.split_at_mut((end - first) * n);
            for column in left.chunks_exact_mut(n).chain(right.chunks_exact_mut(n)) {
                for (k, &swap) in (first..end).zip(&swaps) {
                    column.swap(k, swap);
                }
            }
            let mut fours = right.chunks_exact_mut(COLUMNS * n);
            for four in &mut fours {
                let mut factors: Factors = [[0.0; COLUMNS]; BLOCK];
                let factors = &mut factors[..end - first];
                for (c, column) in four.chunks_exact(n).enumerate() {
                    for (factors, x) in factors.iter_mut().zip(&column[first..end]) {
                        factors[c] = *x;
                    }
                }
                solve_unit_lower_of_four(panel, n, first, factors);
                let mut below: [&mut [f64]; COLUMNS] = Default::default();
                for (c, (column, below)) in four.chunks_exact_mut(n).zip(&mut below).enumerate() {
                    let (above, rest) = column.split_at_mut(end);
                    for (x, factors) in above[first..].iter_mut().zip(&*factors) {
                        *x = factors[c];
                    }
                    *below = rest;
                }
                subtract_columns_of_four(below, panel, n, end, factors);
            }
            for column in fours.into_remainder().chunks_exact_mut(n) {
                let (factors, below) = column.split_at_mut(end);
                solve_unit_lower(panel, n, first, &mut factors[first..]);
                add_columns(-1.0, below, panel, n, end, &factors[first..]);
            }
        }
    }

    /// Column `k` of the block of columns `first..end`: its pivot comes to the diagonal, and the
    /// block's columns to the right of it follow. Gives the row the pivot was in.
    #[inline(always)]
    fn pivot(&mut self, k: usize, first: usize, end: usize) -> usize {
        let n = self.n;
        let (mut pivot, mut largest) = (k, 0.0);
        for (i, value) in self.packed[k * n..(k + 1) * n].iter().enumerate().skip(k) {
            if value.abs() > largest {
                (pivot, largest) = (i, value.abs());
            }
        }
        if pivot != k {
            for column in self.packed[first * n..end * n].chunks_exact_mut(n) {
                column.swap(k, pivot);
            }
            self.rows.swap(k, pivot);
            self.determinant = -self.determinant;
        }
        let (before, after) = self.packed.split_at_mut((k + 1) * n);
        let column = &mut before[k * n..];
        let diagonal = column[k];
        self.inverse[k] = 1.0 / diagonal;
        if !(diagonal.abs() > 0.0) {
            self.determinant = 0.0;
            return pivot;
        }
        if diagonal < 0.0 {
            self.determinant = -self.determinant;
        }
        let multipliers = &mut column[k + 1..];
        multipliers.iter_mut().for_each(|x| *x *= self.inverse[k]);
        for other in after[..(end - k - 1) * n].chunks_exact_mut(n) {
            fused_axpy(-other[k], multipliers, &mut other[k + 1..]);
        }
        pivot
    }

    /// The sign of the determinant of what was factorised: 1, -1, or 0 for a singular matrix.
    pub(in crate::stimulation) fn determinant_sign(&self) -> f64 {
        self.determinant
    }

    /// Solves `A x = b` in place.
    pub(in crate::stimulation) fn solve(&mut self, x: &mut [f64]) {
        for (to, &from) in self.permuted.iter_mut().zip(&self.rows) {
            *to = x[from];
        }
        vectorised(
            #[inline(always)]
            || self.substitute(),
        );
        x.copy_from_slice(&self.permuted);
    }

    /// Forward and back substitution in `permuted`, four columns at a time.
    #[inline(always)]
    fn substitute(&mut self) {
        let (n, packed, y) = (self.n, &self.packed, &mut self.permuted);
        for first in (0..n).step_by(4) {
            let end = n.min(first + 4);
            for c in first..end {
                for r in c + 1..end {
                    y[r] -= y[c] * packed[c * n + r];
                }
            }
            let (done, rest) = y.split_at_mut(end);
            add_columns(-1.0, rest, &packed[first * n..], n, end, &done[first..]);
        }
        for first in (0..n).step_by(4).rev() {
            let end = n.min(first + 4);
            for c in (first..end).rev() {
                y[c] *= self.inverse[c];
                for r in first..c {
                    y[r] -= y[c] * packed[c * n + r];
                }
            }
            let (rest, done) = y.split_at_mut(first);
            add_columns(-1.0, rest, &packed[first * n..], n, 0, &done[..end - first]);
        }
    }

    /// Solves `A^T x = b` in place.
    pub(in crate::stimulation) fn solve_transposed(&mut self, x: &mut [f64]) {
        vectorised(
            #[inline(always)]
            || self.substitute_transposed(x),
        );
        for (&to, &from) in self.rows.iter().zip(x.iter()) {
            self.permuted[to] = from;
        }
        x.copy_from_slice(&self.permuted);
    }

    #[inline(always)]
    fn substitute_transposed(&self, x: &mut [f64]) {
        let (n, packed) = (self.n, &self.packed);
        for first in (0..n).step_by(4) {
            let end = n.min(first + 4);
            let products = dots(&packed[first * n..], n, end - first, 0, &x[..first]);
            for (c, product) in (first..end).zip(products) {
                x[c] -= product;
                for r in first..c {
                    x[c] -= packed[c * n + r] * x[r];
                }
                x[c] *= self.inverse[c];
            }
        }
        for first in (0..n).step_by(4).rev() {
            let end = n.min(first + 4);
            let products = dots(&packed[first * n..], n, end - first, end, &x[end..]);
            for (c, product) in (first..end).zip(products).rev() {
                x[c] -= product;
                for r in c + 1..end {
                    x[c] -= packed[c * n + r] * x[r];
                }
            }
        }
    }
}

/// Solves `L x = b` in place for the L of a panel of columns, the first of which is number `first`.
#[inline(always)]
fn solve_unit_lower(panel: &[f64], n: usize, first: usize, x: &mut [f64]) {
    for k in 0..x.len() {
        let (done, rest) = x.split_at_mut(k + 1);
        fused_axpy(-done[k], &panel[k * n + first + k + 1..][..rest.len()], rest);
    }
}

/// [`solve_unit_lower`] for four vectors at once.
#[inline(always)]
fn solve_unit_lower_of_four(panel: &[f64], n: usize, first: usize, x: &mut [[f64; COLUMNS]]) {
    for (k, column) in (0..x.len()).zip(panel.chunks_exact(n)) {
        let (done, rest) = x.split_at_mut(k + 1);
        let pivots = done[k];
        for (x, l) in rest.iter_mut().zip(&column[first + k + 1..]) {
            for c in 0..COLUMNS {
                x[c] = (-l).mul_add(pivots[c], x[c]);
            }
        }
    }
}
