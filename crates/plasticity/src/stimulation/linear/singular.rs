//! Singular values.

use super::{fused_axpy, fused_dot, max_abs, vectorised};

/// Sweeps of rotations; matrices of any size that is met here need about ten.
const SWEEPS: usize = 60;

/// The singular values of a column-major matrix of this many rows, largest first; `None` if the
/// iteration does not converge (which needs a matrix that is not finite).
///
/// A Householder QR leaves a square matrix, whose columns are then made orthogonal by rotations of
/// pairs of them; their lengths are the singular values, small ones included to their own precision
/// (one-sided Jacobi; Demmel & Veselić 1992, SIAM J. Matrix Anal. Appl. 13:1204).
pub(in crate::stimulation) fn singular_values(columns: &[f64], rows: usize) -> Option<Vec<f64>> {
    let count = columns.len().checked_div(rows).unwrap_or(0);
    let (matrix, rows, n) = if count <= rows {
        (columns.to_vec(), rows, count)
    } else {
        let transposed = (0..columns.len()).map(|at| columns[at / count + at % count * rows]);
        (transposed.collect(), count, rows)
    };
    vectorised(
        #[inline(always)]
        || values_of(triangle(matrix, rows, n), n),
    )
}

/// The singular values of a square matrix.
#[inline(always)]
fn values_of(mut square: Vec<f64>, n: usize) -> Option<Vec<f64>> {
    if !square.iter().all(|x| x.is_finite()) {
        return None;
    }
    // Rounding of the sums of products is of this size: no rotation makes columns more orthogonal.
    let tolerance = n as f64 * f64::EPSILON;
    let mut rotated = true;
    for _ in 0..SWEEPS {
        rotated = false;
        for b in 1..n {
            let (before, after) = square.split_at_mut(b * n);
            let second = &mut after[..n];
            for first in before.chunks_exact_mut(n) {
                rotated |= make_orthogonal(first, second, tolerance);
            }
        }
        if !rotated {
            break;
        }
    }
    let mut values: Vec<f64> =
        square.chunks_exact(n.max(1)).map(|c| fused_dot(c, c).sqrt()).collect();
    values.sort_by(|a, b| b.total_cmp(a));
    (!rotated).then_some(values)
}

/// Rotates two columns in their plane until they are orthogonal; false if the cosine of their angle
/// is within the tolerance already.
#[inline(always)]
fn make_orthogonal(a: &mut [f64], b: &mut [f64], tolerance: f64) -> bool {
    let (aa, bb, ab) = (fused_dot(a, a), fused_dot(b, b), fused_dot(a, b));
    // Of each apart: the product of two small lengths would vanish.
    if !(ab.abs() > tolerance * aa.sqrt() * bb.sqrt()) {
        return false;
    }
    let zeta = (bb - aa) / (2.0 * ab);
    let tangent = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
    let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
    let sine = cosine * tangent;
    for (a, b) in a.iter_mut().zip(b) {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    }
    true
}

/// The R of the QR factorisation of a matrix with at least as many rows as columns.
#[inline(always)]
fn triangle(mut matrix: Vec<f64>, rows: usize, columns: usize) -> Vec<f64> {
    let mut triangle = vec![0.0; columns * columns];
    for k in 0..columns {
        let (done, rest) = matrix.split_at_mut((k + 1) * rows);
        let column = &mut done[k * rows..];
        triangle[k * columns..k * columns + k].copy_from_slice(&column[..k]);
        let reflector = &mut column[k..];
        let (head, factor) = reflect(reflector);
        triangle[k * columns + k] = head;
        for other in rest.chunks_exact_mut(rows) {
            let other = &mut other[k..];
            fused_axpy(-factor * fused_dot(reflector, other), reflector, other);
        }
    }
    triangle
}

/// The Householder reflection `1 - factor v v^T` that brings a vector to its first axis: the vector
/// becomes `v`; its first entry after the reflection and the factor are given.
#[inline(always)]
pub(super) fn reflect(vector: &mut [f64]) -> (f64, f64) {
    let scale = max_abs(vector);
    if !(scale > 0.0) {
        return (scale, 0.0);
    }
    // Squares of small entries would vanish.
    vector.iter_mut().for_each(|x| *x /= scale);
    let head = -fused_dot(vector, vector).sqrt().copysign(vector[0]);
    vector[0] -= head;
    (scale * head, 2.0 / fused_dot(vector, vector))
}
