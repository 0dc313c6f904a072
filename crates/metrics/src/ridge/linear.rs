//! The linear map that was fitted.

use super::error::RidgeError;
use super::table::{SAMPLES, Table};
use faer::linalg::matmul::matmul;
use faer::prelude::ReborrowMut;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

/// A linear map with an intercept.
#[derive(Debug, Clone, PartialEq)]
pub struct Ridge {
    pub(super) penalty: f64,
    pub(super) errors: Vec<(f64, f64)>,
    /// `[features, outputs]`
    pub(super) weights: Mat<f64>,
    pub(super) intercept: Vec<f64>,
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
