//! Products and the Cholesky factorisation of row-major f64 matrices, most of the work in `gemm`.

/// Rows and columns that are factorised at a time.
const PANEL: usize = 64;

/// A row-major matrix.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Matrix {
    pub rows: usize,
    pub columns: usize,
    pub values: Vec<f64>,
}

/// A part of a matrix: its first element, and the distances between rows and columns.
#[derive(Clone, Copy)]
struct View {
    start: usize,
    rows: usize,
    columns: usize,
    row_step: usize,
    column_step: usize,
}

impl View {
    fn last(&self) -> usize {
        self.start + (self.rows - 1) * self.row_step + (self.columns - 1) * self.column_step
    }

    fn transposed(self) -> Self {
        Self {
            start: self.start,
            rows: self.columns,
            columns: self.rows,
            row_step: self.column_step,
            column_step: self.row_step,
        }
    }
}

impl Matrix {
    /// All zero.
    pub(super) fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, values: vec![0.0; rows * columns] }
    }

    fn part(&self, row: usize, column: usize, rows: usize, columns: usize) -> View {
        let start = row * self.columns + column;
        View { start, rows, columns, row_step: self.columns, column_step: 1 }
    }

    fn whole(&self) -> View {
        self.part(0, 0, self.rows, self.columns)
    }
}

/// out += factor a b on parts of matrices.
///
/// # Safety
/// `out` is valid for writes of its view, and its elements are none of those of `a` and `b`,
/// which are valid for reads of theirs.
unsafe fn add_product(
    factor: f64,
    (a, at): (*const f64, View),
    (b, bt): (*const f64, View),
    (out, ot): (*mut f64, View),
) {
    assert!(at.columns == bt.rows && at.rows == ot.rows && bt.columns == ot.columns);
    // SAFETY: the caller's promise; the views' sizes agree.
    unsafe {
        gemm::gemm(
            ot.rows,
            ot.columns,
            at.columns,
            out.add(ot.start),
            ot.column_step as isize,
            ot.row_step as isize,
            true,
            a.add(at.start),
            at.column_step as isize,
            at.row_step as isize,
            b.add(bt.start),
            bt.column_step as isize,
            bt.row_step as isize,
            1.0,
            factor,
            false,
            false,
            false,
            gemm::Parallelism::Rayon(0),
        );
    }
}

/// out += factor a b, either transposed when asked.
pub(super) fn product(
    factor: f64,
    a: &Matrix,
    a_transposed: bool,
    b: &Matrix,
    b_transposed: bool,
    out: &mut Matrix,
) {
    let at = if a_transposed { a.whole().transposed() } else { a.whole() };
    let bt = if b_transposed { b.whole().transposed() } else { b.whole() };
    let ot = out.whole();
    assert!(a.values.len() > at.last() && b.values.len() > bt.last());
    // SAFETY: the views are whole matrices, and `out` is borrowed alone.
    unsafe {
        let out = out.values.as_mut_ptr();
        add_product(factor, (a.values.as_ptr(), at), (b.values.as_ptr(), bt), (out, ot));
    }
}

/// Puts the lower Cholesky factor in place of a symmetric matrix (what lies above the diagonal is
/// left as it is); false when the matrix is not positive definite to working precision.
pub(super) fn cholesky(a: &mut Matrix) -> bool {
    let n = a.rows;
    let largest = (0..n).map(|i| a.values[i * n + i]).fold(0.0, f64::max);
    for from in (0..n).step_by(PANEL) {
        let to = n.min(from + PANEL);
        if from > 0 {
            let left = a.part(from, 0, n - from, from);
            let top = a.part(from, 0, to - from, from).transposed();
            let panel = a.part(from, from, n - from, to - from);
            let values = a.values.as_mut_ptr();
            // SAFETY: the panel begins at column `from`, the other parts end before it.
            unsafe { add_product(-1.0, (values, left), (values, top), (values, panel)) };
        }
        for column in from..to {
            for row in column..n {
                let (mut sum, from_column) = (a.values[row * n + column], column * n);
                for k in from..column {
                    sum -= a.values[row * n + k] * a.values[from_column + k];
                }
                if row > column {
                    a.values[row * n + column] = sum / a.values[column * n + column];
                } else if sum > largest * 1e-14 {
                    a.values[row * n + column] = sum.sqrt();
                } else {
                    return false;
                }
            }
        }
    }
    true
}

/// Solves L Lᵀ x = b in place, for the factor that [`cholesky`] left.
pub(super) fn solve(l: &Matrix, b: &mut Matrix) {
    let (n, m) = (l.rows, b.columns);
    let panels = |reverse: bool| {
        let starts: Vec<usize> = (0..n).step_by(PANEL).collect();
        let order: Box<dyn Iterator<Item = usize>> =
            if reverse { Box::new(starts.into_iter().rev()) } else { Box::new(starts.into_iter()) };
        order.map(|from| (from, n.min(from + PANEL)))
    };
    for (from, to) in panels(false) {
        if from > 0 {
            let left = l.part(from, 0, to - from, from);
            let (done, now) = (b.part(0, 0, from, m), b.part(from, 0, to - from, m));
            let values = b.values.as_mut_ptr();
            // SAFETY: rows before `from` are read, rows from there on written.
            unsafe { add_product(-1.0, (l.values.as_ptr(), left), (values, done), (values, now)) };
        }
        for row in from..to {
            eliminate(b, row, (from..row).map(|k| (k, l.values[row * n + k])));
            let scale = 1.0 / l.values[row * n + row];
            b.values[row * m..(row + 1) * m].iter_mut().for_each(|v| *v *= scale);
        }
    }
    for (from, to) in panels(true) {
        if to < n {
            let below = l.part(to, from, n - to, to - from).transposed();
            let (done, now) = (b.part(to, 0, n - to, m), b.part(from, 0, to - from, m));
            let values = b.values.as_mut_ptr();
            // SAFETY: rows from `to` on are read, rows before written.
            unsafe { add_product(-1.0, (l.values.as_ptr(), below), (values, done), (values, now)) };
        }
        for row in (from..to).rev() {
            eliminate(b, row, (row + 1..to).map(|k| (k, l.values[k * n + row])));
            let scale = 1.0 / l.values[row * n + row];
            b.values[row * m..(row + 1) * m].iter_mut().for_each(|v| *v *= scale);
        }
    }
}

/// Row `row` less multiples of other rows.
fn eliminate(b: &mut Matrix, row: usize, others: impl Iterator<Item = (usize, f64)>) {
    let m = b.columns;
    for (other, factor) in others {
        let (first, second) = b.values.split_at_mut(row.max(other) * m);
        let (low, high) = (row.min(other) * m, &mut second[..m]);
        let low = &mut first[low..low + m];
        let (to, from) = if row > other { (high, &*low) } else { (low, &*high) };
        to.iter_mut().zip(from).for_each(|(t, f)| *t -= factor * f);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;

    fn normal(rows: usize, columns: usize, index: u64) -> Matrix {
        let mut s = stream(1, "matrix", index);
        Matrix { rows, columns, values: (0..rows * columns).map(|_| s.normal()).collect() }
    }

    #[test]
    fn systems_are_solved() {
        for n in [1, 5, 64, 65, 200] {
            let root = normal(n + 3, n, 0);
            let mut a = Matrix::zeros(n, n);
            product(1.0, &root, true, &root, false, &mut a);
            let want = normal(n, 7, 1);
            let mut b = Matrix::zeros(n, 7);
            product(1.0, &a, false, &want, false, &mut b);
            assert!(cholesky(&mut a));
            solve(&a, &mut b);
            for (got, want) in b.values.iter().zip(&want.values) {
                assert!((got - want).abs() < 1e-6 * n as f64, "{got} {want}");
            }
        }
    }

    #[test]
    fn a_singular_matrix_is_noticed() {
        let root = normal(5, 8, 0);
        let mut a = Matrix::zeros(8, 8);
        product(1.0, &root, true, &root, false, &mut a);
        assert!(!cholesky(&mut a));
    }
}
