//! Linear readout: ridge regression from spike counts.

use faer::linalg::matmul::matmul;
use faer::linalg::solvers::Solve;
use faer::{Accum, Mat, MatRef, Par, Side};

use super::error::BalanceError;

/// A linear map with an intercept, fitted by ridge regression.
#[derive(Debug, Clone)]
pub struct Ridge {
    features: usize,
    outputs: usize,
    /// `[feature, output]`
    weights: Mat<f64>,
    intercept: Vec<f64>,
}

/// Samples that are turned into numbers at a time.
const BATCH: usize = 512;

impl Ridge {
    /// Fits `outputs` numbers a sample to `features` counts a sample: minimises the squared error
    /// plus `penalty`, in units of the mean squared deviation of a feature summed over samples,
    /// times the squared weights. The intercept is not penalised. `target(i, out)` writes sample i's
    /// outputs.
    ///
    /// # Errors
    /// If there are fewer than two samples, a length does not fit, or the penalty is not
    /// positive (without it a silent neuron makes the equations singular).
    pub fn fit(
        counts: &[u16],
        features: usize,
        outputs: usize,
        target: &dyn Fn(usize, &mut [f64]),
        penalty: f64,
    ) -> Result<Self, BalanceError> {
        let samples = samples_of(counts, features)?;
        if samples < 2 || outputs == 0 {
            return Err(BalanceError::Readout(format!(
                "a linear readout of {outputs} outputs from {samples} samples; at least 1 and 2"
            )));
        }
        if !(penalty > 0.0 && penalty.is_finite()) {
            return Err(BalanceError::Readout(format!(
                "a ridge penalty of {penalty}; it must be positive"
            )));
        }
        if features > samples {
            return Self::fit_dual(counts, features, outputs, target, penalty);
        }
        let mut gram = Mat::<f64>::zeros(features, features);
        let mut cross = Mat::<f64>::zeros(features, outputs);
        let mut mean_x = vec![0.0; features];
        let mut mean_y = vec![0.0; outputs];
        for start in (0..samples).step_by(BATCH) {
            let n = BATCH.min(samples - start);
            // Stored by sample, so that a row of counts is a column here.
            let mut x = Mat::<f64>::zeros(features, n);
            let mut y = Mat::<f64>::zeros(outputs, n);
            for k in 0..n {
                let row = &counts[(start + k) * features..(start + k + 1) * features];
                for ((slot, mean), &count) in
                    x.col_as_slice_mut(k).iter_mut().zip(&mut mean_x).zip(row)
                {
                    *slot = f64::from(count);
                    *mean += f64::from(count);
                }
                target(start + k, y.col_as_slice_mut(k));
                for (mean, value) in mean_y.iter_mut().zip(y.col_as_slice(k)) {
                    *mean += value;
                }
            }
            add_product(&mut gram, x.as_ref(), x.as_ref());
            add_product(&mut cross, x.as_ref(), y.as_ref());
        }
        let n = samples as f64;
        mean_x.iter_mut().chain(&mut mean_y).for_each(|mean| *mean /= n);
        let mut trace = 0.0;
        for j in 0..features {
            for i in 0..features {
                gram[(i, j)] -= n * mean_x[i] * mean_x[j];
            }
            trace += gram[(j, j)];
        }
        for j in 0..outputs {
            for i in 0..features {
                cross[(i, j)] -= n * mean_x[i] * mean_y[j];
            }
        }
        // A network that never fires has no variance, and any positive number will do.
        let strength = penalty * (trace / features as f64).max(1e-9);
        for j in 0..features {
            gram[(j, j)] += strength;
        }
        let factor = gram.llt(Side::Lower).map_err(|_| singular())?;
        let weights = factor.solve(&cross);
        let intercept = intercepts(&weights, &mean_x, &mean_y);
        Ok(Self { features, outputs, weights, intercept })
    }

    /// [`Ridge::fit`] by the equations of the samples, of which there are fewer than features:
    /// W = Xᵀ (X Xᵀ + penalty)⁻¹ Y, the same solution.
    fn fit_dual(
        counts: &[u16],
        features: usize,
        outputs: usize,
        target: &dyn Fn(usize, &mut [f64]),
        penalty: f64,
    ) -> Result<Self, BalanceError> {
        let samples = counts.len() / features;
        let n = samples as f64;
        let mut x = Mat::<f64>::zeros(features, samples);
        let mut y = Mat::<f64>::zeros(outputs, samples);
        for (k, row) in counts.chunks(features).enumerate() {
            for (slot, &count) in x.col_as_slice_mut(k).iter_mut().zip(row) {
                *slot = f64::from(count);
            }
            target(k, y.col_as_slice_mut(k));
        }
        let center = |m: &mut Mat<f64>| {
            let mut mean = vec![0.0; m.nrows()];
            for k in 0..samples {
                mean.iter_mut().zip(m.col_as_slice(k)).for_each(|(mean, v)| *mean += v / n);
            }
            for k in 0..samples {
                m.col_as_slice_mut(k).iter_mut().zip(&mean).for_each(|(v, mean)| *v -= mean);
            }
            mean
        };
        let (mean_x, mean_y) = (center(&mut x), center(&mut y));
        let mut kernel = Mat::<f64>::zeros(samples, samples);
        matmul(kernel.as_mut(), Accum::Replace, x.transpose(), x.as_ref(), 1.0, Par::Seq);
        let trace: f64 = (0..samples).map(|k| kernel[(k, k)]).sum();
        let strength = penalty * (trace / features as f64).max(1e-9);
        for k in 0..samples {
            kernel[(k, k)] += strength;
        }
        let factor = kernel.llt(Side::Lower).map_err(|_| singular())?;
        let dual = factor.solve(y.transpose());
        let mut weights = Mat::<f64>::zeros(features, outputs);
        matmul(weights.as_mut(), Accum::Replace, x.as_ref(), dual.as_ref(), 1.0, Par::Seq);
        let intercept = intercepts(&weights, &mean_x, &mean_y);
        Ok(Self { features, outputs, weights, intercept })
    }

    /// The outputs of each sample, `[sample, output]`.
    ///
    /// # Errors
    /// If the length of `counts` does not fit.
    pub fn predict(&self, counts: &[u16]) -> Result<Vec<f64>, BalanceError> {
        let samples = samples_of(counts, self.features)?;
        let mut out = Vec::with_capacity(samples * self.outputs);
        for rows in counts.chunks(BATCH * self.features) {
            let n = rows.len() / self.features;
            let mut x = Mat::<f64>::zeros(self.features, n);
            for (k, row) in rows.chunks(self.features).enumerate() {
                for (slot, &count) in x.col_as_slice_mut(k).iter_mut().zip(row) {
                    *slot = f64::from(count);
                }
            }
            let mut y = Mat::<f64>::zeros(self.outputs, n);
            let transposed = self.weights.transpose();
            matmul(y.as_mut(), Accum::Replace, transposed, x.as_ref(), 1.0, Par::Seq);
            for k in 0..n {
                out.extend(y.col_as_slice(k).iter().zip(&self.intercept).map(|(y, b)| y + b));
            }
        }
        Ok(out)
    }

    /// Numbers that come out for each sample.
    pub fn outputs(&self) -> usize {
        self.outputs
    }
}

fn intercepts(weights: &Mat<f64>, mean_x: &[f64], mean_y: &[f64]) -> Vec<f64> {
    let dot =
        |j: usize| -> f64 { weights.col_as_slice(j).iter().zip(mean_x).map(|(w, m)| w * m).sum() };
    mean_y.iter().enumerate().map(|(j, mean)| mean - dot(j)).collect()
}

fn singular() -> BalanceError {
    let reason = "the equations of the linear readout are singular; raise the penalty";
    BalanceError::Readout(reason.to_owned())
}

/// `to += a bᵀ`, on one thread, so that the sum has one order.
fn add_product(to: &mut Mat<f64>, a: MatRef<'_, f64>, b: MatRef<'_, f64>) {
    matmul(to.as_mut(), Accum::Add, a, b.transpose(), 1.0, Par::Seq);
}

fn samples_of(counts: &[u16], features: usize) -> Result<usize, BalanceError> {
    if features == 0 || !counts.len().is_multiple_of(features) {
        return Err(BalanceError::Readout(format!(
            "{} counts are no whole number of samples of {features} features",
            counts.len()
        )));
    }
    Ok(counts.len() / features)
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;

    #[test]
    fn a_linear_relation_is_found() {
        let mut stream = stream(1, "ridge-test", 0);
        let counts: Vec<u16> = (0..900 * 5).map(|_| stream.below(20) as u16).collect();
        let relation = |x: &[u16]| {
            let x: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
            [2.0 + 0.5 * x[0] - 3.0 * x[4], x[1] + x[2]]
        };
        let target = |i: usize, out: &mut [f64]| {
            out.copy_from_slice(&relation(&counts[5 * i..5 * i + 5]));
        };
        let ridge = Ridge::fit(&counts, 5, 2, &target, 1e-9).unwrap();
        let predicted = ridge.predict(&counts).unwrap();
        for (row, x) in predicted.chunks(2).zip(counts.chunks(5)) {
            for (got, expected) in row.iter().zip(relation(x)) {
                assert!((got - expected).abs() < 1e-6, "{got} is not {expected}");
            }
        }
    }

    #[test]
    fn one_feature_is_shrunk_as_the_formula_says() {
        // Counts 0..=10, outputs twice them; the weight is 2 sxx / (sxx + penalty).
        let counts: Vec<u16> = (0..=10).collect();
        let target = |i: usize, out: &mut [f64]| out[0] = 2.0 * i as f64;
        let ridge = Ridge::fit(&counts, 1, 1, &target, 0.5).unwrap();
        let predicted = ridge.predict(&[0, 1]).unwrap();
        assert!((predicted[1] - predicted[0] - 2.0 / 1.5).abs() < 1e-12);
        assert!((ridge.predict(&[5]).unwrap()[0] - 10.0).abs() < 1e-12);
    }

    #[test]
    fn both_forms_give_the_same_readout() {
        let mut stream = stream(2, "ridge-test", 0);
        let counts: Vec<u16> = (0..12 * 9).map(|_| stream.below(9) as u16).collect();
        let target = |i: usize, out: &mut [f64]| out.copy_from_slice(&[i as f64, (i * i) as f64]);
        let primal = Ridge::fit(&counts, 9, 2, &target, 0.1).unwrap();
        let dual = Ridge::fit_dual(&counts, 9, 2, &target, 0.1).unwrap();
        let (a, b) = (primal.predict(&counts).unwrap(), dual.predict(&counts).unwrap());
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-9), "{a:?} {b:?}");
    }

    #[test]
    fn silent_neurons_and_bad_shapes_do_no_harm() {
        let target = |i: usize, out: &mut [f64]| out[0] = i as f64;
        let ridge = Ridge::fit(&[0; 30], 3, 1, &target, 1e-3).unwrap();
        assert!((ridge.predict(&[0, 0, 0]).unwrap()[0] - 4.5).abs() < 1e-9);
        assert!(Ridge::fit(&[0; 31], 3, 1, &target, 1e-3).is_err());
        assert!(Ridge::fit(&[0; 30], 3, 1, &target, 0.0).is_err());
        assert!(Ridge::fit(&[0; 3], 3, 1, &target, 1.0).is_err());
        assert!(ridge.predict(&[0; 4]).is_err());
    }
}
