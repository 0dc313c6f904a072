//! The normal equations of a regression, and their solution.

use super::error::RidgeError;
use super::linear::Ridge;
use super::table::{SAMPLES, Table};
use crate::matrix::{add_gram, add_product, by_columns, cholesky, solve_in_place};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};

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

    /// The regression with this penalty, a share as the [module](crate::ridge) says.
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
    pub(super) fn unit(&self) -> f64 {
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

/// The Cholesky factor of the lower triangle of a matrix with `penalty` added to its diagonal; none
/// if that is not positive definite to working precision.
fn factor(lower: &Mat<f64>, penalty: f64) -> Option<Mat<f64>> {
    let mut matrix = lower.clone();
    (0..matrix.nrows()).for_each(|i| matrix[(i, i)] += penalty);
    cholesky(&mut matrix).then_some(matrix)
}
