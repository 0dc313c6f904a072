//! Ridge regression (Hoerl & Kennard 1970, Technometrics 12:55): a linear map from spikes to images
//! or classes, fitted by least squares with a penalty on its squared weights.
//!
//! For samples x (rows of X, `[samples, features]`) with outputs y (rows of Y), both less their
//! means, the weights W `[features, outputs]` minimise
//!
//! ```text
//! |Y - X W|² + p |W|²:   W = (Xᵀ X + p I)⁻¹ Xᵀ Y     [as many samples as features, or more]
//!                        W = Xᵀ (X Xᵀ + p I)⁻¹ Y     [fewer; the same W]
//! ```
//!
//! and the intercept, mean(y) - mean(x) W, is not penalised. The penalty is given as a share s of
//! the mean variance of a feature summed over samples, p = s tr(XᵀX) / features, so that it means
//! the same for any number of samples and any unit of the features.
//!
//! [`NormalEquations`] are the sums over the samples, by far the dearest part; they can be solved
//! for many penalties ([`NormalEquations::fit`]), and for features brought to other units
//! ([`NormalEquations::standardised`]), without going through the samples again. All work is cut
//! into blocks whose borders do not depend on the number of threads, and each block is computed by
//! one thread, so that the bits do not depend on it either.
//!
//! ```
//! use equipoise_metrics::ridge::{NormalEquations, Table};
//!
//! let counts = [0u16, 1, 2, 3, 4, 5];
//! let targets = [1.0f32, 3.0, 5.0, 7.0, 9.0, 11.0];
//! let (x, y) = (Table::of_counts(&counts, 1)?, Table::of_floats(&targets, 1)?);
//! let ridge = NormalEquations::sum(x, y)?.solve(1e-12)?;
//! assert!((ridge.predict(Table::of_counts(&[10], 1)?)?[0] - 21.0).abs() < 1e-6);
//! # Ok::<(), equipoise_metrics::ridge::RidgeError>(())
//! ```
//!
//! Not for features by the ten thousands: memory grows with the square of the features or of the
//! samples, whichever are fewer, time with the cube.

use crate::matrix::{add_gram, add_product, by_columns, cholesky, solve_in_place};
use faer::linalg::matmul::matmul;
use faer::prelude::ReborrowMut;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Samples turned into `f64` at a time.
const SAMPLES: usize = 512;

/// Numbers in rows: one row a sample.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    rows: usize,
    columns: usize,
    numbers: Numbers<'a>,
}

#[derive(Clone, Copy)]
enum Numbers<'a> {
    Floats(&'a [f32]),
    Counts(&'a [u16]),
    Rows(&'a (dyn Fn(usize, &mut [f64]) + Sync)),
}

impl<'a> Table<'a> {
    /// Row-major floats.
    ///
    /// # Errors
    /// If they are no whole number of rows.
    pub fn of_floats(values: &'a [f32], columns: usize) -> Result<Self, RidgeError> {
        let rows = whole_rows(values.len(), columns)?;
        Ok(Self { rows, columns, numbers: Numbers::Floats(values) })
    }

    /// Row-major counts.
    ///
    /// # Errors
    /// If they are no whole number of rows.
    pub fn of_counts(values: &'a [u16], columns: usize) -> Result<Self, RidgeError> {
        let rows = whole_rows(values.len(), columns)?;
        Ok(Self { rows, columns, numbers: Numbers::Counts(values) })
    }

    /// Rows that are written by `row(index, out)`.
    pub fn of_rows(
        rows: usize,
        columns: usize,
        row: &'a (dyn Fn(usize, &mut [f64]) + Sync),
    ) -> Self {
        Self { rows, columns, numbers: Numbers::Rows(row) }
    }

    /// Samples.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Numbers of a sample.
    pub fn columns(&self) -> usize {
        self.columns
    }

    fn read(&self, row: usize, out: &mut [f64]) {
        let range = row * self.columns..(row + 1) * self.columns;
        match self.numbers {
            Numbers::Floats(v) => {
                out.iter_mut().zip(&v[range]).for_each(|(o, &v)| *o = f64::from(v));
            }
            Numbers::Counts(v) => {
                out.iter_mut().zip(&v[range]).for_each(|(o, &v)| *o = f64::from(v));
            }
            Numbers::Rows(read) => read(row, out),
        }
    }

    fn means(&self) -> Vec<f64> {
        let mut mean = vec![0.0; self.columns];
        let mut row = vec![0.0; self.columns];
        for i in 0..self.rows {
            self.read(i, &mut row);
            mean.iter_mut().zip(&row).for_each(|(m, v)| *m += v);
        }
        mean.iter_mut().for_each(|m| *m /= self.rows as f64);
        mean
    }

    /// Rows from `from` to `to` less `mean`, as columns: `[columns, to - from]`.
    fn block(&self, mean: &[f64], from: usize, to: usize) -> Mat<f64> {
        let mut block = Mat::zeros(self.columns, to - from);
        for k in from..to {
            let out = block.col_as_slice_mut(k - from);
            self.read(k, out);
            out.iter_mut().zip(mean).for_each(|(v, m)| *v -= m);
        }
        block
    }
}

fn whole_rows(numbers: usize, columns: usize) -> Result<usize, RidgeError> {
    if columns == 0 || !numbers.is_multiple_of(columns) {
        return Err(RidgeError::Rows { numbers, columns });
    }
    Ok(numbers / columns)
}

/// Why there is no ridge regression.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RidgeError {
    /// Numbers that are no whole rows.
    #[error("{numbers} numbers are no whole number of rows of {columns}")]
    Rows {
        /// Numbers given.
        numbers: usize,
        /// Numbers of a row.
        columns: usize,
    },
    /// Features and outputs of different numbers of samples.
    #[error("features of {features} samples, but outputs of {outputs}")]
    Samples {
        /// Samples with features.
        features: usize,
        /// Samples with outputs.
        outputs: usize,
    },
    /// Too little to fit anything.
    #[error(
        "{samples} samples of {features} features and {outputs} outputs; at least one of each is needed"
    )]
    Empty {
        /// Samples.
        samples: usize,
        /// Features of a sample.
        features: usize,
        /// Outputs of a sample.
        outputs: usize,
    },
    /// Another number of features or outputs than in the fit.
    #[error("the regression has {wanted} {what} a sample, these are {found}")]
    Columns {
        /// "features" or "outputs".
        what: &'static str,
        /// Those of the fit.
        wanted: usize,
        /// Those given.
        found: usize,
    },
    /// A penalty that is negative or no number, or no penalty at all.
    #[error("the penalties are {0:?}; at least one is needed, each 0 or more")]
    Penalty(Vec<f64>),
    /// No penalty made the equations solvable.
    #[error("the equations are singular with every penalty: a larger one is needed")]
    Singular,
}

/// The sums over all samples that every ridge regression of them is solved from.
#[derive(Debug, Clone)]
pub struct NormalEquations {
    mean_x: Vec<f64>,
    mean_y: Vec<f64>,
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    /// `Xᵀ X` (its lower triangle) and `Xᵀ Y`.
    Primal { gram: Mat<f64>, cross: Mat<f64> },
    /// `X Xᵀ` (its lower triangle), `Xᵀ` and `Y`.
    Dual { kernel: Mat<f64>, x: Mat<f64>, y: Mat<f64> },
}

impl NormalEquations {
    /// Sums over the samples: `x` their features, `y` their outputs.
    ///
    /// # Errors
    /// If the two do not have the same number of samples, or there are none.
    pub fn sum(x: Table<'_>, y: Table<'_>) -> Result<Self, RidgeError> {
        if x.rows != y.rows {
            return Err(RidgeError::Samples { features: x.rows, outputs: y.rows });
        }
        let (samples, features, outputs) = (x.rows, x.columns, y.columns);
        if samples == 0 || features == 0 || outputs == 0 {
            return Err(RidgeError::Empty { samples, features, outputs });
        }
        let (mean_x, mean_y) = (x.means(), y.means());
        let form = if features > samples {
            let y = y.block(&mean_y, 0, samples).transpose().to_owned();
            Form::dual(x.block(&mean_x, 0, samples), y)
        } else {
            let mut gram = Mat::zeros(features, features);
            let mut cross = Mat::zeros(features, outputs);
            for from in (0..samples).step_by(SAMPLES) {
                let to = samples.min(from + SAMPLES);
                let (a, b) = (x.block(&mean_x, from, to), y.block(&mean_y, from, to));
                add_gram(gram.as_mut(), a.as_ref());
                add_product(cross.as_mut(), a.as_ref(), b.transpose());
            }
            Form::Primal { gram, cross }
        };
        Ok(Self { mean_x, mean_y, form })
    }

    /// The equations of the features (x - shift) scale, feature by feature.
    ///
    /// # Panics
    /// If shifts and scales are not one each a feature.
    pub fn standardised(&self, shift: &[f32], scale: &[f32]) -> Self {
        let n = self.mean_x.len();
        assert!(shift.len() == n && scale.len() == n, "a shift and a scale for each feature");
        let scale: Vec<f64> = scale.iter().map(|&s| f64::from(s)).collect();
        let parts = self.mean_x.iter().zip(shift).zip(&scale);
        let mean_x = parts.map(|((m, &shift), s)| (m - f64::from(shift)) * s).collect();
        let scale_rows = |m: &Mat<f64>| {
            let mut m = m.clone();
            for j in 0..m.ncols() {
                m.col_as_slice_mut(j).iter_mut().zip(&scale).for_each(|(v, s)| *v *= s);
            }
            m
        };
        let form = match &self.form {
            Form::Primal { gram, cross } => {
                let mut gram = scale_rows(gram);
                for (j, s) in scale.iter().enumerate() {
                    gram.col_as_slice_mut(j).iter_mut().for_each(|v| *v *= s);
                }
                Form::Primal { gram, cross: scale_rows(cross) }
            }
            Form::Dual { x, y, .. } => Form::dual(scale_rows(x), y.clone()),
        };
        Self { mean_x, mean_y: self.mean_y.clone(), form }
    }

    /// Features of a sample.
    pub fn features(&self) -> usize {
        self.mean_x.len()
    }

    /// The regression with this penalty, a share as the [module](self) says.
    ///
    /// # Errors
    /// If the penalty is negative or no number, or the equations are singular with it.
    pub fn solve(&self, share: f64) -> Result<Ridge, RidgeError> {
        check_shares(&[share])?;
        let penalty = share * self.unit();
        self.solve_for(penalty).ok_or(RidgeError::Singular)
    }

    /// The regression with each penalty, and of these the one whose predictions of `outputs` from
    /// `features` have the least squared error.
    ///
    /// # Errors
    /// If a penalty is negative or no number, sizes do not fit, or the equations are singular with
    /// every penalty.
    pub fn fit(
        &self,
        shares: &[f64],
        features: Table<'_>,
        outputs: Table<'_>,
    ) -> Result<Ridge, RidgeError> {
        check_shares(shares)?;
        if features.rows != outputs.rows {
            return Err(RidgeError::Samples { features: features.rows, outputs: outputs.rows });
        }
        let unit = self.unit();
        let mut best: Option<(f64, Ridge)> = None;
        let mut errors = Vec::with_capacity(shares.len());
        for share in shares {
            let penalty = share * unit;
            let Some(ridge) = self.solve_for(penalty) else { continue };
            let error = ridge.squared_error(features, outputs)?;
            errors.push((penalty, error));
            if error.is_finite() && best.as_ref().is_none_or(|(least, _)| error < *least) {
                best = Some((error, ridge));
            }
        }
        let (_, ridge) = best.ok_or(RidgeError::Singular)?;
        Ok(Ridge { errors, ..ridge })
    }

    /// The mean variance of a feature summed over samples, of which a penalty is a share. Features
    /// that never vary have no scale, and any positive number will do.
    fn unit(&self) -> f64 {
        let diagonal = match &self.form {
            Form::Primal { gram, .. } => gram,
            Form::Dual { kernel, .. } => kernel,
        };
        let trace: f64 = (0..diagonal.nrows()).map(|i| diagonal[(i, i)]).sum();
        let unit = trace / self.features() as f64;
        if unit > 0.0 { unit } else { 1.0 }
    }

    fn solve_for(&self, penalty: f64) -> Option<Ridge> {
        let weights = match &self.form {
            Form::Primal { gram, cross } => {
                let factor = factor(gram, penalty)?;
                let mut weights = cross.clone();
                by_columns(weights.as_mut(), |_, part| solve_in_place(factor.as_ref(), part));
                weights
            }
            Form::Dual { kernel, x, y } => {
                let factor = factor(kernel, penalty)?;
                let mut weights = Mat::zeros(x.nrows(), y.ncols());
                by_columns(weights.as_mut(), |from, part| {
                    let mut dual = y.subcols(from, part.ncols()).to_owned();
                    solve_in_place(factor.as_ref(), dual.as_mut());
                    matmul(part, Accum::Replace, x, &dual, 1.0, Par::Seq);
                });
                weights
            }
        };
        let dot = |j: usize| -> f64 {
            weights.col_as_slice(j).iter().zip(&self.mean_x).map(|(w, m)| w * m).sum()
        };
        let intercept = self.mean_y.iter().enumerate().map(|(j, mean)| mean - dot(j)).collect();
        Some(Ridge { penalty, errors: Vec::new(), weights, intercept })
    }
}

impl Form {
    /// From the centred features `[features, samples]` and outputs `[samples, outputs]`.
    fn dual(x: Mat<f64>, y: Mat<f64>) -> Self {
        let mut kernel = Mat::zeros(x.ncols(), x.ncols());
        add_gram(kernel.as_mut(), x.transpose());
        Self::Dual { kernel, x, y }
    }
}

fn check_shares(shares: &[f64]) -> Result<(), RidgeError> {
    let good = |share: &f64| share.is_finite() && *share >= 0.0;
    if shares.is_empty() || !shares.iter().all(good) {
        return Err(RidgeError::Penalty(shares.to_vec()));
    }
    Ok(())
}

/// A linear map with an intercept.
#[derive(Debug, Clone, PartialEq)]
pub struct Ridge {
    penalty: f64,
    errors: Vec<(f64, f64)>,
    /// `[features, outputs]`
    weights: Mat<f64>,
    intercept: Vec<f64>,
}

impl Ridge {
    /// The penalty p, in units of the squared features summed over samples.
    pub fn penalty(&self) -> f64 {
        self.penalty
    }

    /// Of each penalty that was tried and made the equations solvable: p, and the mean squared error
    /// of the outputs that it was judged by.
    pub fn errors(&self) -> &[(f64, f64)] {
        &self.errors
    }

    /// Features of a sample.
    pub fn features(&self) -> usize {
        self.weights.nrows()
    }

    /// Outputs of a sample.
    pub fn outputs(&self) -> usize {
        self.intercept.len()
    }

    /// The weights, `[features, outputs]`.
    pub fn weights(&self) -> MatRef<'_, f64> {
        self.weights.as_ref()
    }

    /// The intercept, one number an output.
    pub fn intercept(&self) -> &[f64] {
        &self.intercept
    }

    /// The outputs of each sample, `[samples, outputs]`.
    ///
    /// # Errors
    /// If the number of features is another than in the fit.
    pub fn predict(&self, features: Table<'_>) -> Result<Vec<f64>, RidgeError> {
        self.check("features", self.features(), features)?;
        let m = self.outputs();
        let mut out = vec![0.0; features.rows * m];
        out.par_chunks_mut(SAMPLES * m).enumerate().for_each(|(chunk, out)| {
            let from = chunk * SAMPLES;
            let rows = out.len() / m;
            self.predict_block(features, from, MatMut::from_column_major_slice_mut(out, m, rows));
        });
        Ok(out)
    }

    /// Mean over samples and outputs of the squared error of the predictions.
    ///
    /// # Errors
    /// If the number of features or outputs is another than in the fit, or there are no samples.
    pub fn squared_error(
        &self,
        features: Table<'_>,
        outputs: Table<'_>,
    ) -> Result<f64, RidgeError> {
        self.check("features", self.features(), features)?;
        self.check("outputs", self.outputs(), outputs)?;
        let samples = features.rows;
        if samples == 0 || samples != outputs.rows {
            return Err(RidgeError::Samples { features: samples, outputs: outputs.rows });
        }
        let m = self.outputs();
        let blocks: Vec<usize> = (0..samples).step_by(SAMPLES).collect();
        let error = |&from: &usize| -> f64 {
            let rows = SAMPLES.min(samples - from);
            let mut predicted = Mat::zeros(m, rows);
            self.predict_block(features, from, predicted.as_mut());
            let mut row = vec![0.0; m];
            let mut sum = 0.0;
            for k in 0..rows {
                outputs.read(from + k, &mut row);
                let pairs = row.iter().zip(predicted.col_as_slice(k));
                sum += pairs.map(|(a, b)| (a - b).powi(2)).sum::<f64>();
            }
            sum
        };
        let sums: Vec<f64> = blocks.par_iter().map(error).collect();
        Ok(sums.iter().sum::<f64>() / (samples * m) as f64)
    }

    /// The outputs of the samples from `from` on, one a column.
    fn predict_block(&self, features: Table<'_>, from: usize, mut out: MatMut<'_, f64>) {
        let x = features.block(&vec![0.0; features.columns], from, from + out.ncols());
        for k in 0..out.ncols() {
            let column = out.rb_mut().col_mut(k);
            for (o, b) in column.iter_mut().zip(&self.intercept) {
                *o = *b;
            }
        }
        matmul(out, Accum::Add, self.weights.transpose(), x, 1.0, Par::Seq);
    }

    fn check(&self, what: &'static str, wanted: usize, table: Table<'_>) -> Result<(), RidgeError> {
        if table.columns != wanted {
            return Err(RidgeError::Columns { what, wanted, found: table.columns });
        }
        Ok(())
    }
}

/// The Cholesky factor of the lower triangle of a matrix with `penalty` added to its diagonal; none
/// if that is not positive definite to working precision.
fn factor(lower: &Mat<f64>, penalty: f64) -> Option<Mat<f64>> {
    let mut matrix = lower.clone();
    (0..matrix.nrows()).for_each(|i| matrix[(i, i)] += penalty);
    cholesky(&mut matrix).then_some(matrix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;

    fn numbers(n: usize, name: &str) -> Vec<f32> {
        let mut s = stream(1, name, 0);
        (0..n).map(|_| s.normal() as f32).collect()
    }

    /// NumPy's solution for a penalty of 2.5, from `scripts/reference/ridge.py`.
    #[test]
    fn agrees_with_numpy() {
        let x: Vec<f32> = (0..24u16).map(|i| f32::from(i * i % 7)).collect();
        let y: Vec<f32> = (0..16u16).map(|i| f32::from(i * 3 % 5) / 5.0).collect();
        let (x, y) = (Table::of_floats(&x, 3).unwrap(), Table::of_floats(&y, 2).unwrap());
        let equations = NormalEquations::sum(x, y).unwrap();
        let ridge = equations.solve(2.5 / equations.unit()).unwrap();
        assert!((ridge.penalty() - 2.5).abs() < 1e-12);
        for (k, want) in WEIGHTS.iter().enumerate() {
            // NumPy's targets are 64-bit, these are rounded to 32.
            assert!((ridge.weights()[(k / 2, k % 2)] - want).abs() < 1e-7);
        }
        for (got, want) in ridge.intercept().iter().zip(INTERCEPT) {
            assert!((got - want).abs() < 1e-7, "{got} {want}");
        }
    }

    const WEIGHTS: [f64; 6] = [
        0.100520604787,
        0.022486952073,
        -0.0872688236526,
        0.129889037941,
        -0.037362705972,
        0.0406709420365,
    ];
    const INTERCEPT: [f64; 2] = [0.396784081114, 0.05059627821];

    #[test]
    fn one_feature_is_shrunk_as_the_formula_says() {
        // Counts 0..=10, outputs twice them; the weight is 2 sxx / (sxx + penalty).
        let counts: Vec<u16> = (0..=10).collect();
        let target = |i: usize, out: &mut [f64]| out[0] = 2.0 * i as f64;
        let x = Table::of_counts(&counts, 1).unwrap();
        let equations = NormalEquations::sum(x, Table::of_rows(11, 1, &target)).unwrap();
        let ridge = equations.solve(0.5).unwrap();
        let of = |x: u16| ridge.predict(Table::of_counts(&[x], 1).unwrap()).unwrap()[0];
        assert!((of(1) - of(0) - 2.0 / 1.5).abs() < 1e-12);
        assert!((of(5) - 10.0).abs() < 1e-12);
    }

    /// The gradient of the squared error and the penalty is 0 at the solution, whichever equations
    /// gave it, and wherever blocks begin and end.
    #[test]
    fn the_gradient_vanishes_at_the_solution() {
        for (n, p, m) in [(9, 12, 2), (12, 9, 2), (700, 130, 140), (130, 300, 5), (1, 4, 1)] {
            let (x, y) = (numbers(n * p, "x"), numbers(n * m, "y"));
            let (tx, ty) = (Table::of_floats(&x, p).unwrap(), Table::of_floats(&y, m).unwrap());
            let ridge = NormalEquations::sum(tx, ty).unwrap().solve(0.3).unwrap();
            let predicted = ridge.predict(tx).unwrap();
            let residual = |i: usize, j: usize| predicted[i * m + j] - f64::from(y[i * m + j]);
            let scale = n as f64;
            for j in 0..m {
                let sum: f64 = (0..n).map(|i| residual(i, j)).sum();
                assert!(sum.abs() < 1e-9 * scale, "intercept {j}: {sum}");
                for k in (0..p).step_by(7) {
                    let error: f64 = (0..n).map(|i| residual(i, j) * f64::from(x[i * p + k])).sum();
                    let gradient = error + ridge.penalty() * ridge.weights()[(k, j)];
                    assert!(gradient.abs() < 1e-8 * scale, "{n} {p} {m}: {gradient}");
                }
            }
        }
    }

    #[test]
    fn standardised_equations_are_those_of_standardised_features() {
        for (n, p) in [(40, 8), (8, 40)] {
            let (x, y) = (numbers(n * p, "x"), numbers(n, "y"));
            let shift = numbers(p, "shift");
            let mut scale: Vec<f32> = numbers(p, "scale").iter().map(|s| s.abs() + 0.1).collect();
            scale[3] = 0.0;
            let moved: Vec<f32> =
                (0..n * p).map(|i| (x[i] - shift[i % p]) * scale[i % p]).collect();
            let y = Table::of_floats(&y, 1).unwrap();
            let plain = NormalEquations::sum(Table::of_floats(&x, p).unwrap(), y).unwrap();
            let table = Table::of_floats(&moved, p).unwrap();
            let a = plain.standardised(&shift, &scale).solve(0.1).unwrap();
            let b = NormalEquations::sum(table, y).unwrap().solve(0.1).unwrap();
            assert!((a.penalty() / b.penalty() - 1.0).abs() < 1e-6);
            for (a, b) in a.predict(table).unwrap().iter().zip(b.predict(table).unwrap()) {
                assert!((a - b).abs() < 1e-6, "{a} {b}");
            }
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let (n, p, m) = (1100, 300, 270);
        let (x, y) = (numbers(n * p, "x"), numbers(n * m, "y"));
        let (x, y) = (Table::of_floats(&x, p).unwrap(), Table::of_floats(&y, m).unwrap());
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| NormalEquations::sum(x, y).unwrap().fit(&[1e-3, 0.1], x, y).unwrap())
        };
        let one = with(1);
        assert!(one == with(2) && one == with(3));
    }

    #[test]
    fn the_penalty_with_the_least_error_is_chosen() {
        let x = numbers(60 * 5, "x");
        let y: Vec<f32> = x.chunks(5).map(|x| 2.0 * x[0] - x[3]).collect();
        let (x, y) = (Table::of_floats(&x, 5).unwrap(), Table::of_floats(&y, 1).unwrap());
        let ridge = NormalEquations::sum(x, y).unwrap().fit(&[1.0, 1e-6, 0.1], x, y).unwrap();
        let errors = ridge.errors();
        assert_eq!((errors.len(), ridge.penalty()), (3, errors[1].0));
        assert!(errors[1].1 < errors[2].1 && errors[2].1 < errors[0].1);
        let error = ridge.squared_error(x, y).unwrap();
        assert_eq!(error, errors[1].1);
    }

    #[test]
    fn silent_features_and_what_does_not_fit() {
        let target = |i: usize, out: &mut [f64]| out[0] = i as f64;
        let of = |rows| Table::of_rows(rows, 1, &target);
        let zeros = [0u16; 30];
        let silent = Table::of_counts(&zeros, 3).unwrap();
        let equations = NormalEquations::sum(silent, of(10)).unwrap();
        assert_eq!(equations.solve(0.0), Err(RidgeError::Singular));
        assert_eq!(equations.fit(&[0.0], silent, of(10)), Err(RidgeError::Singular));
        let ridge = equations.solve(1e-3).unwrap();
        let one = Table::of_counts(&[0, 0, 7], 3).unwrap();
        assert!((ridge.predict(one).unwrap()[0] - 4.5).abs() < 1e-9);
        let narrow = Table::of_counts(&[0, 0], 2).unwrap();
        assert!(matches!(ridge.predict(narrow), Err(RidgeError::Columns { wanted: 3, .. })));
        for share in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(equations.solve(share), Err(RidgeError::Penalty(_))));
        }
        assert!(matches!(equations.fit(&[], silent, of(10)), Err(RidgeError::Penalty(_))));
        let uneven = NormalEquations::sum(silent, of(9)).unwrap_err();
        assert_eq!(uneven, RidgeError::Samples { features: 10, outputs: 9 });
        let nothing = Table::of_counts(&[], 3).unwrap();
        let empty = NormalEquations::sum(nothing, of(0)).unwrap_err();
        assert!(matches!(empty, RidgeError::Empty { samples: 0, .. }));
        assert!(Table::of_counts(&zeros[1..], 3).is_err() && Table::of_counts(&[], 0).is_err());
    }
}
