//! The structural task: the weights are to become given ones.

use super::error::wrong;
use super::{Assessment, Network, Objective, SteadySolver, StimulationError, Transfer};

/// The cost `U = sum w_ij (J_ij - J*_ij)^2` over the synapses of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Structural {
    n: usize,
    target: Vec<f64>,
    importance: Vec<f64>,
    goal: f64,
    drive: Vec<f64>,
}

impl Structural {
    /// The task of reaching the weights of `target`; `importance` are the w_ij before they are
    /// scaled to the sum 1 (so U is a weighted mean of squares), and the task is solved where U is
    /// below `goal`.
    ///
    /// # Errors
    /// If the sizes differ, an importance is negative or not finite, or all are 0.
    pub fn new(target: &Network, importance: &[f64], goal: f64) -> Result<Self, StimulationError> {
        let n = target.neurons();
        if importance.len() != n * n {
            let given = importance.len();
            let what = "importances";
            return Err(StimulationError::Shape { what, given, wanted: n * n, neurons: n });
        }
        let masked: Vec<f64> = importance.iter().zip(target.mask()).map(|(w, m)| w * m).collect();
        let sum: f64 = masked.iter().sum();
        if !(sum > 0.0 && sum.is_finite() && masked.iter().all(|&w| w >= 0.0)) {
            let wanted = "importances are finite, not negative and not all 0";
            return Err(wrong("the sum of the importances", sum, wanted));
        }
        let importance = masked.iter().map(|w| w / sum).collect();
        Ok(Self { n, target: target.weights().to_vec(), importance, goal, drive: vec![0.0; n] })
    }

    /// The drive under which the network is judged to be stable, silent or saturated (none, if this
    /// is not called).
    ///
    /// # Panics
    /// If it is not one value per neuron.
    pub fn judged_under(mut self, drive: Vec<f64>) -> Self {
        assert_eq!(drive.len(), self.n, "one drive per neuron");
        self.drive = drive;
        self
    }

    /// The target weights J*.
    pub fn target(&self) -> &[f64] {
        &self.target
    }

    /// The cost alone.
    pub fn cost(&self, weights: &[f64]) -> f64 {
        let each = |((w, t), i): ((&f64, &f64), &f64)| i * (w - t) * (w - t);
        weights.iter().zip(&self.target).zip(&self.importance).map(each).sum()
    }
}

impl Objective for Structural {
    fn states(&self) -> usize {
        0
    }

    fn evaluate(
        &self,
        _: &Transfer,
        weights: &[f64],
        _: &mut [SteadySolver],
        gradient: Option<&mut [f64]>,
    ) -> Result<f64, StimulationError> {
        if let Some(gradient) = gradient {
            let given = weights.iter().zip(&self.target).zip(&self.importance);
            for (g, ((w, t), i)) in gradient.iter_mut().zip(given) {
                *g = 2.0 * i * (w - t);
            }
        }
        Ok(self.cost(weights))
    }

    fn assess(&self, transfer: &Transfer, weights: &[f64]) -> Result<Assessment, StimulationError> {
        let cost = self.cost(weights);
        let mut assessment = Assessment {
            cost,
            margin: None,
            solved: cost < self.goal,
            finished: false,
            states: Vec::new(),
            saturated_share: 0.0,
            active_share: 1.0,
        };
        let mut solver = SteadySolver::new(self.n);
        solver.solve(transfer, weights, &self.drive)?;
        assessment.count(solver.rates(), transfer.max_rate);
        assessment.states.push(solver.summary(weights)?);
        Ok(assessment)
    }
}

#[cfg(test)]
mod tests {
    use super::super::NetworkConfig;
    use super::*;

    #[test]
    fn the_cost_is_a_weighted_mean_of_squares() {
        let target = NetworkConfig::default().build(0).unwrap();
        let task = Structural::new(&target, &vec![3.0; 900], 1e-3).unwrap();
        let off: Vec<f64> =
            target.weights().iter().zip(target.mask()).map(|(w, m)| w + 0.1 * m).collect();
        assert!((task.cost(&off) - 0.01).abs() < 1e-15);
        let mut gradient = vec![0.0; 900];
        task.evaluate(&Transfer::default(), &off, &mut [], Some(&mut gradient)).unwrap();
        let each = 0.2 / target.synapses() as f64;
        for (g, m) in gradient.iter().zip(target.mask()) {
            assert!((g - each * m).abs() < 1e-15);
        }
        assert!(Structural::new(&target, &[1.0; 4], 1e-3).is_err());
        assert!(Structural::new(&target, &vec![0.0; 900], 1e-3).is_err());
    }
}
