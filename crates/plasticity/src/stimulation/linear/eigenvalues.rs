//! Eigenvalues of a matrix that is not symmetric.

use super::singular::reflect;
use super::{fused_axpy, fused_dot, max_abs, vectorised};

/// Steps that one eigenvalue may take; two or three are usual.
const STEPS: usize = 90;

/// The largest real part among the eigenvalues of an n x n column-major matrix; `None` if the
/// iteration does not converge (which needs a matrix that is not finite).
///
/// Householder reflections bring the matrix to Hessenberg form, and steps of the QR algorithm with
/// Francis' double shift deflate it (Golub & Van Loan, Matrix Computations, 4th edition, algorithms
/// 7.4.2 and 7.5.1; the tests for small subdiagonals and the shifts are those of EISPACK's hqr).
pub(in crate::stimulation) fn spectral_abscissa(matrix: &[f64], n: usize) -> Option<f64> {
    if !max_abs(matrix).is_finite() {
        return None;
    }
    let mut hessenberg = Hessenberg::new(matrix.to_vec(), n);
    vectorised(
        #[inline(always)]
        || {
            hessenberg.reduce();
            let mut largest = f64::NEG_INFINITY;
            let mut left = n;
            while left > 0 {
                let (found, count) = hessenberg.deflate(left)?;
                largest = largest.max(found);
                left -= count;
            }
            Some(largest)
        },
    )
}

/// An upper Hessenberg matrix, column-major.
struct Hessenberg {
    n: usize,
    a: Vec<f64>,
    /// The sum of the absolute values, by which small is measured where nothing else is there.
    norm: f64,
    /// What exceptional shifts have taken off the diagonal.
    shifted: f64,
}

impl Hessenberg {
    /// From a matrix, still to be reduced.
    fn new(a: Vec<f64>, n: usize) -> Self {
        Self { n, a, norm: 0.0, shifted: 0.0 }
    }

    /// Brings the matrix to Hessenberg form.
    #[inline(always)]
    fn reduce(&mut self) {
        let n = self.n;
        let mut product = vec![0.0; n];
        for k in 0..n.saturating_sub(2) {
            let (done, rest) = self.a.split_at_mut((k + 1) * n);
            let reflector = &mut done[k * n + k + 1..];
            let (head, factor) = reflect(reflector);
            for column in rest.chunks_exact_mut(n) {
                let column = &mut column[k + 1..];
                fused_axpy(-factor * fused_dot(reflector, column), reflector, column);
            }
            product.fill(0.0);
            for (column, &v) in rest.chunks_exact(n).zip(&*reflector) {
                fused_axpy(v, column, &mut product);
            }
            for (column, &v) in rest.chunks_exact_mut(n).zip(&*reflector) {
                fused_axpy(-factor * v, &product, column);
            }
            reflector.fill(0.0);
            reflector[0] = head;
        }
        self.norm = self.a.iter().map(|x| x.abs()).sum();
    }

    #[inline(always)]
    fn at(&self, i: usize, j: usize) -> f64 {
        self.a[i + j * self.n]
    }

    #[inline(always)]
    fn at_mut(&mut self, i: usize, j: usize) -> &mut f64 {
        &mut self.a[i + j * self.n]
    }

    /// Splits one eigenvalue, or a pair, off the leading `size` rows and columns: gives the larger
    /// real part, and how many there are.
    #[inline(always)]
    fn deflate(&mut self, size: usize) -> Option<(f64, usize)> {
        let last = size - 1;
        for step in 0..STEPS {
            let first = self.first_of_block(last);
            let x = self.at(last, last);
            if first == last {
                return Some((x + self.shifted, 1));
            }
            let y = self.at(last - 1, last - 1);
            let w = self.at(last, last - 1) * self.at(last - 1, last);
            if first + 1 == last {
                let p = 0.5 * (y - x);
                let q = p * p + w;
                let (x, root) = (x + self.shifted, q.abs().sqrt());
                if q < 0.0 {
                    return Some((x + p, 2));
                }
                let z = p + root.copysign(p);
                let other = if z == 0.0 { x } else { x - w / z };
                return Some(((x + z).max(other), 2));
            }
            let mut shift = (x, y, w);
            if step % 10 == 9 {
                // A cycle is broken by a shift that has nothing to do with it.
                self.shifted += x;
                (0..size).for_each(|i| *self.at_mut(i, i) -= x);
                let s = self.at(last, last - 1).abs() + self.at(last - 1, last - 2).abs();
                shift = (0.75 * s, 0.75 * s, -0.4375 * s * s);
            }
            self.step(first, last, shift);
        }
        None
    }

    /// Where the block that ends at `last` begins: above it there is a subdiagonal that is 0 to
    /// rounding.
    #[inline(always)]
    fn first_of_block(&mut self, last: usize) -> usize {
        for l in (1..=last).rev() {
            let beside = self.at(l - 1, l - 1).abs() + self.at(l, l).abs();
            let scale = if beside == 0.0 { self.norm } else { beside };
            if self.at(l, l - 1).abs() + scale == scale {
                *self.at_mut(l, l - 1) = 0.0;
                return l;
            }
        }
        0
    }

    /// One double-shift step on the rows and columns `first..=last`, of which there are three or
    /// more.
    #[inline(always)]
    fn step(&mut self, first: usize, last: usize, (x, y, w): (f64, f64, f64)) {
        // Two small subdiagonals in a row let the step begin below `first`.
        let mut start = last - 2;
        let (mut p, mut q, mut r);
        loop {
            let z = self.at(start, start);
            let (from_x, from_y) = (x - z, y - z);
            p = (from_x * from_y - w) / self.at(start + 1, start) + self.at(start, start + 1);
            q = self.at(start + 1, start + 1) - z - from_x - from_y;
            r = self.at(start + 2, start + 1);
            let s = p.abs() + q.abs() + r.abs();
            (p, q, r) = (p / s, q / s, r / s);
            if start == first {
                break;
            }
            let u = self.at(start, start - 1).abs() * (q.abs() + r.abs());
            let around =
                self.at(start - 1, start - 1).abs() + z.abs() + self.at(start + 1, start + 1).abs();
            let v = p.abs() * around;
            if u + v == v {
                break;
            }
            start -= 1;
        }
        for i in start + 2..=last {
            *self.at_mut(i, i - 2) = 0.0;
            if i > start + 2 {
                *self.at_mut(i, i - 3) = 0.0;
            }
        }
        for k in start..last {
            let three = k + 1 < last;
            let mut scale = 1.0;
            if k > start {
                (p, q) = (self.at(k, k - 1), self.at(k + 1, k - 1));
                r = if three { self.at(k + 2, k - 1) } else { 0.0 };
                scale = p.abs() + q.abs() + r.abs();
                if scale != 0.0 {
                    (p, q, r) = (p / scale, q / scale, r / scale);
                }
            }
            let s = (p * p + q * q + r * r).sqrt().copysign(p);
            if s == 0.0 {
                continue;
            }
            if k > start {
                *self.at_mut(k, k - 1) = -s * scale;
            } else if first < start {
                *self.at_mut(k, k - 1) = -self.at(k, k - 1);
            }
            p += s;
            let row = [p / s, q / s, if three { r / s } else { 0.0 }];
            let column = [1.0, q / p, if three { r / p } else { 0.0 }];
            (q, r) = (column[1], column[2]);
            self.reflect_rows(k, last, row, (q, r), three);
            self.reflect_columns(first, k, last, row, (q, r), three);
        }
    }

    /// The reflection from the left, of rows `k`, `k + 1` and (of three) `k + 2`.
    #[inline(always)]
    fn reflect_rows(
        &mut self,
        k: usize,
        last: usize,
        [x, y, z]: [f64; 3],
        (q, r): (f64, f64),
        three: bool,
    ) {
        for column in self.a[k * self.n..(last + 1) * self.n].chunks_exact_mut(self.n) {
            if three {
                let [a, b, c] = &mut column[k..k + 3] else { unreachable!("three rows") };
                let p = r.mul_add(*c, q.mul_add(*b, *a));
                *c = (-p).mul_add(z, *c);
                *b = (-p).mul_add(y, *b);
                *a = (-p).mul_add(x, *a);
            } else {
                let [a, b] = &mut column[k..k + 2] else { unreachable!("two rows") };
                let p = *a + q * *b;
                *b -= p * y;
                *a -= p * x;
            }
        }
    }

    /// The same from the right, of the columns.
    #[inline(always)]
    fn reflect_columns(
        &mut self,
        first: usize,
        k: usize,
        last: usize,
        [x, y, z]: [f64; 3],
        (q, r): (f64, f64),
        three: bool,
    ) {
        let n = self.n;
        let rows = first..last.min(k + 3) + 1;
        let (one, rest) = self.a[k * n..].split_at_mut(n);
        let (two, rest) = rest.split_at_mut(n);
        let both = one[rows.clone()].iter_mut().zip(&mut two[rows.clone()]);
        if three {
            for ((a, b), c) in both.zip(&mut rest[rows]) {
                let p = z.mul_add(*c, y.mul_add(*b, x * *a));
                *c = (-p).mul_add(r, *c);
                *b = (-p).mul_add(q, *b);
                *a -= p;
            }
        } else {
            for (a, b) in both {
                let p = x * *a + y * *b;
                *b -= p * q;
                *a -= p;
            }
        }
    }
}
