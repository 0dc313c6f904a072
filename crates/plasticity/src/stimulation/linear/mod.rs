//! Dense column-major linear algebra with the same bits on every processor.
//!
//! A library's kernels are chosen by the processor they run on: vectors of another width add in
//! another order, and some round a product and a sum once where others do so twice. The steady
//! states of a recurrent network carry such a difference on from step to step, until two machines
//! train two different networks. So what the training needs is written out here, for the sizes of
//! rate networks (tens to a thousand neurons), in loops whose order is fixed; the tests compare it
//! with faer. The loops are compiled for the vectors of several processors ([`vectorised`]), and a
//! compiler neither reorders nor fuses what is written. Where a product and a sum are to be rounded
//! once, that is written too; a processor from before 2013 does it in software, which is slow but
//! gives the same bits.

mod cholesky;
mod eigenvalues;
mod lu;
mod singular;

pub(super) use cholesky::Cholesky;
pub(super) use eigenvalues::spectral_abscissa;
pub(super) use lu::Lu;
pub(super) use singular::singular_values;

/// Columns that are factorised together before the rest of the matrix follows.
const BLOCK: usize = 32;

/// Runs `f`, with all that is inlined into it, compiled for the widest vectors of the processor.
#[inline]
fn vectorised<R>(f: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(f)
}

/// `y += a x`.
#[inline(always)]
pub(super) fn axpy(a: f64, x: &[f64], y: &mut [f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// Numbers that are worked on together: one vector of the widest kind.
const LANES: usize = 8;

/// The columns that are worked on together in [`subtract_columns_of_four`].
const COLUMNS: usize = 4;

/// [`axpy`] with each product and sum rounded once, for what runs [`vectorised`]: elsewhere the
/// instruction for it is not there.
#[inline(always)]
fn fused_axpy(a: f64, x: &[f64], y: &mut [f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = a.mul_add(*x, *y);
    }
}

/// `y += sign sum_k a_k x_k` for the columns `x_k` that begin `stride` entries after one another,
/// each from `from` on. Four of them at a time, so that `y` is read and written less often.
#[inline(always)]
fn add_columns(
    sign: f64,
    y: &mut [f64],
    columns: &[f64],
    stride: usize,
    from: usize,
    factors: &[f64],
) {
    let length = y.len();
    let column = |k: usize| &columns[k * stride + from..][..length];
    let (fours, rest) = factors.as_chunks::<COLUMNS>();
    for (block, a) in fours.iter().enumerate() {
        let a = a.map(|a| sign * a);
        let k = COLUMNS * block;
        let (x0, x1, x2, x3) = (column(k), column(k + 1), column(k + 2), column(k + 3));
        for ((((y, x0), x1), x2), x3) in y.iter_mut().zip(x0).zip(x1).zip(x2).zip(x3) {
            *y += a[0].mul_add(*x0, a[1] * x1) + a[2].mul_add(*x2, a[3] * x3);
        }
    }
    for (k, &a) in (COLUMNS * fours.len()..).zip(rest) {
        fused_axpy(sign * a, column(k), y);
    }
}

/// Factors of four vectors, those of the first column of a block first.
type Factors = [[f64; COLUMNS]; BLOCK];

/// `y -= sum_k a_k x_k` for four vectors `y` of one length, each with factors of its own for as
/// many columns `x_k`, which lie as in [`add_columns`]. Pieces of the four stay in registers while
/// the columns go by, which are read once for all.
#[inline(always)]
fn subtract_columns_of_four(
    mut targets: [&mut [f64]; COLUMNS],
    columns: &[f64],
    stride: usize,
    from: usize,
    factors: &[[f64; COLUMNS]],
) {
    let length = targets[0].len();
    let whole = length / LANES * LANES;
    for at in (0..whole).step_by(LANES) {
        let mut sums = [[0.0; LANES]; COLUMNS];
        for (sum, target) in sums.iter_mut().zip(&targets) {
            sum.copy_from_slice(&target[at..at + LANES]);
        }
        for (column, a) in columns.chunks(stride).zip(factors) {
            let mut x = [0.0; LANES];
            x.copy_from_slice(&column[from + at..from + at + LANES]);
            for (sum, a) in sums.iter_mut().zip(a) {
                for lane in 0..LANES {
                    sum[lane] = (-a).mul_add(x[lane], sum[lane]);
                }
            }
        }
        for (sum, target) in sums.iter().zip(&mut targets) {
            target[at..at + LANES].copy_from_slice(sum);
        }
    }
    for at in whole..length {
        let mut sums = [0.0; COLUMNS];
        for (sum, target) in sums.iter_mut().zip(&targets) {
            *sum = target[at];
        }
        for (column, a) in columns.chunks(stride).zip(factors) {
            let x = column[from + at];
            for (sum, a) in sums.iter_mut().zip(a) {
                *sum = (-a).mul_add(x, *sum);
            }
        }
        for (sum, target) in sums.iter().zip(&mut targets) {
            target[at] = *sum;
        }
    }
}

/// The inner products of `x` with up to four columns, which begin `stride` entries after one
/// another, each from `from` on. Together they do not wait for one another's sums.
#[inline(always)]
fn dots(columns: &[f64], stride: usize, count: usize, from: usize, x: &[f64]) -> [f64; 4] {
    let column = |k: usize| &columns[k * stride + from..][..x.len()];
    let mut products = [0.0; 4];
    if count < 4 {
        for (k, product) in products.iter_mut().enumerate().take(count) {
            *product = fused_dot(column(k), x);
        }
        return products;
    }
    let of: [&[f64]; 4] = [column(0), column(1), column(2), column(3)];
    let mut sums = [[0.0; 4]; 4];
    let whole = x.len() / 4 * 4;
    for at in (0..whole).step_by(4) {
        for (sums, column) in sums.iter_mut().zip(of) {
            for lane in 0..4 {
                sums[lane] = column[at + lane].mul_add(x[at + lane], sums[lane]);
            }
        }
    }
    for ((product, sums), column) in products.iter_mut().zip(sums).zip(of) {
        let rest: f64 = column[whole..].iter().zip(&x[whole..]).map(|(a, b)| a * b).sum();
        *product = (sums[0] + sums[2]) + (sums[1] + sums[3]) + rest;
    }
    products
}

/// The inner product, in four running sums that a compiler can keep in vector registers; the
/// order of the additions is fixed.
#[inline(always)]
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

/// [`dot`] with each product and sum rounded once, for what runs [`vectorised`].
#[inline(always)]
fn fused_dot(x: &[f64], y: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (xs, ys) = (x.chunks_exact(4), y.chunks_exact(4));
    let rest: f64 = xs.remainder().iter().zip(ys.remainder()).map(|(a, b)| a * b).sum();
    for (x, y) in xs.zip(ys) {
        for lane in 0..4 {
            sums[lane] = x[lane].mul_add(y[lane], sums[lane]);
        }
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3]) + rest
}

/// The largest absolute value (NaN if there is one).
#[inline(always)]
pub(super) fn max_abs(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |m: f64, v| if v.is_nan() || v.abs() > m { v.abs() } else { m })
}

/// `y = A x` for the column-major matrix `a`.
pub(super) fn multiply(a: &[f64], x: &[f64], y: &mut [f64]) {
    vectorised(
        #[inline(always)]
        || {
            y.fill(0.0);
            add_columns(1.0, y, a, y.len(), 0, x);
        },
    );
}

/// `y = A^T x` for the column-major matrix `a`.
pub(super) fn multiply_transposed(a: &[f64], x: &[f64], y: &mut [f64]) {
    vectorised(
        #[inline(always)]
        || {
            for (column, y) in a.chunks_exact(x.len()).zip(y) {
                *y = fused_dot(column, x);
            }
        },
    );
}

/// `A A^T` for the column-major matrix of this many rows; rows x rows.
pub(super) fn gram(columns: &[f64], rows: usize) -> Vec<f64> {
    let mut product = vec![0.0; rows * rows];
    vectorised(
        #[inline(always)]
        || {
            for column in columns.chunks_exact(rows) {
                for (j, &x) in column.iter().enumerate() {
                    fused_axpy(x, &column[j..], &mut product[j * rows + j..(j + 1) * rows]);
                }
            }
        },
    );
    for j in 0..rows {
        for i in 0..j {
            product[i + j * rows] = product[j + i * rows];
        }
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;
    use faer::MatRef;

    /// A matrix of standard normal entries.
    pub(super) fn random(rows: usize, columns: usize, seed: u64) -> Vec<f64> {
        let mut s = stream(seed, "test/linear", (rows + 1000 * columns) as u64);
        (0..rows * columns).map(|_| s.normal()).collect()
    }

    #[test]
    fn factorisation_solves_both_ways() {
        for n in [1, 2, 7, 30, 32, 33, 65, 131] {
            let a = random(n, n, 1);
            let x = random(n, 1, 2);
            let mut lu = Lu::new(n);
            lu.factorise(|j, column| column.copy_from_slice(&a[j * n..(j + 1) * n]));
            let mut b = vec![0.0; n];
            multiply(&a, &x, &mut b);
            lu.solve(&mut b);
            assert!(b.iter().zip(&x).all(|(b, x)| (b - x).abs() < 1e-9), "n = {n}");
            multiply_transposed(&a, &x, &mut b);
            lu.clone().solve_transposed(&mut b);
            assert!(b.iter().zip(&x).all(|(b, x)| (b - x).abs() < 1e-9), "n = {n}");
            let determinant = MatRef::from_column_major_slice(&a, n, n).determinant();
            assert_eq!(lu.determinant_sign(), determinant.signum(), "n = {n}");
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
    fn symmetric_systems_are_solved_or_known_to_be_indefinite() {
        for n in [1, 3, 16, 41] {
            let b = random(n, n + 2, 3);
            let a = gram(&b, n);
            let x = random(n, 1, 4);
            let mut y = vec![0.0; n];
            multiply(&a, &x, &mut y);
            Cholesky::new(n, |i, j| a[i + j * n]).unwrap().solve(&mut y);
            assert!(y.iter().zip(&x).all(|(y, x)| (y - x).abs() < 1e-7), "n = {n}");
            let shift = MatRef::from_column_major_slice(&a, n, n)
                .self_adjoint_eigenvalues(faer::Side::Lower)
                .unwrap();
            let shifted = |by: f64| {
                let entry = |i: usize, j: usize| a[i + j * n] - if i == j { by } else { 0.0 };
                Cholesky::new(n, entry).is_some()
            };
            assert!(shifted(shift[0] - 1e-9) && !shifted(shift[0] + 1e-9), "n = {n}");
        }
        assert!(Cholesky::new(2, |_, _| f64::NAN).is_none());
    }

    #[test]
    fn eigenvalues_are_those_of_faer() {
        for (n, seed) in [(1, 0), (2, 0), (2, 1), (2, 2), (3, 0), (8, 0), (30, 0), (30, 1), (77, 0)]
        {
            let a = random(n, n, 10 + seed);
            let theirs = MatRef::from_column_major_slice(&a, n, n).eigenvalues().unwrap();
            let theirs = theirs.iter().map(|z| z.re).fold(f64::NEG_INFINITY, f64::max);
            let ours = spectral_abscissa(&a, n).unwrap();
            assert!((ours - theirs).abs() < 1e-11 * (n as f64).sqrt(), "{n}: {ours} {theirs}");
        }
        // Eigenvalues -0.5 ± 2i and 3.
        let a = [-0.5, 2.0, 0.0, -2.0, -0.5, 0.0, 0.0, 0.0, 3.0];
        assert!((spectral_abscissa(&a, 3).unwrap() - 3.0).abs() < 1e-12);
        // A defective one (a Jordan block), a cyclic permutation, nothing at all, and no numbers.
        let jordan = [2.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 1.0, 2.0];
        assert!((spectral_abscissa(&jordan, 3).unwrap() - 2.0).abs() < 1e-5);
        let cyclic =
            [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0];
        assert!((spectral_abscissa(&cyclic, 4).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(spectral_abscissa(&[0.0; 25], 5), Some(0.0));
        // Almost diagonal: what is beside the diagonal is too small to be squared.
        let nearly: Vec<f64> =
            (0..36).map(|at| if at % 7 == 0 { -1.0 } else { 1e-161 * f64::from(at % 5) }).collect();
        assert!((spectral_abscissa(&nearly, 6).unwrap() + 1.0).abs() < 1e-12);
        assert_eq!(spectral_abscissa(&[f64::NAN; 9], 3), None);
    }

    #[test]
    fn singular_values_are_those_of_faer() {
        for (rows, columns) in [(1, 1), (3, 3), (40, 7), (7, 40), (90, 30), (400, 250)] {
            let mut a = random(rows, columns, 20);
            if columns > 3 {
                // Of less than full rank, and badly scaled.
                for i in 0..rows {
                    a[i + 2 * rows] = a[i] - a[i + rows];
                    a[i + 3 * rows] *= 1e-9;
                }
            }
            let ours = singular_values(&a, rows).unwrap();
            let theirs = MatRef::from_column_major_slice(&a, rows, columns).singular_values();
            let theirs: Vec<f64> = theirs.unwrap();
            assert_eq!(ours.len(), rows.min(columns));
            for (s, t) in ours.iter().zip(&theirs) {
                assert!((s - t).abs() < 1e-13 * theirs[0] * rows as f64, "{s} {t}");
            }
        }
        assert_eq!(singular_values(&[f64::INFINITY, 1.0], 2), None);
        assert_eq!(singular_values(&[0.0; 6], 3), Some(vec![0.0; 2]));
    }
}
