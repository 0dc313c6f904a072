//! The explicit dynamics of rates and synapses, which the steady states approximate.

use super::linear;
use super::{NeuronType, PlasticityRule, Transfer};

/// Integrates `tau_n dr/dt = -r + Phi(J r + f)` with the classical fourth-order Runge-Kutta
/// method. Time is in units of tau_n.
#[derive(Debug, Clone)]
pub struct RateDynamics {
    transfer: Transfer,
    step: f64,
    input: Vec<f64>,
    unused: Vec<f64>,
    stages: [Vec<f64>; 4],
    at: Vec<f64>,
}

impl RateDynamics {
    /// For networks of `n` neurons, with steps of 0.1 tau_n.
    pub fn new(transfer: Transfer, n: usize) -> Self {
        Self {
            transfer,
            step: 0.1,
            input: vec![0.0; n],
            unused: vec![0.0; n],
            stages: std::array::from_fn(|_| vec![0.0; n]),
            at: vec![0.0; n],
        }
    }

    /// The same with other steps (in tau_n).
    pub fn with_step(mut self, step: f64) -> Self {
        self.step = step;
        self
    }

    fn stage(&mut self, stage: usize, weights: &[f64], drive: &[f64]) {
        linear::multiply(weights, &self.at, &mut self.input);
        linear::axpy(1.0, drive, &mut self.input);
        let out = &mut self.stages[stage];
        self.transfer.apply(&self.input, out, &mut self.unused);
        linear::axpy(-1.0, &self.at, out);
    }

    fn advance(&mut self, weights: &[f64], drive: &[f64], rates: &mut [f64], dt: f64) {
        self.at.copy_from_slice(rates);
        self.stage(0, weights, drive);
        for (stage, share) in [(1, 0.5), (2, 0.5), (3, 1.0)] {
            self.at.copy_from_slice(rates);
            linear::axpy(share * dt, &self.stages[stage - 1], &mut self.at);
            self.stage(stage, weights, drive);
        }
        for (stage, weight) in [1.0, 2.0, 2.0, 1.0].into_iter().enumerate() {
            linear::axpy(weight * dt / 6.0, &self.stages[stage], rates);
        }
    }

    /// Lets the rates run for `duration` (in tau_n) with fixed synapses.
    pub fn relax(&mut self, weights: &[f64], drive: &[f64], rates: &mut [f64], duration: f64) {
        let steps = (duration / self.step).ceil().max(1.0);
        for _ in 0..steps as usize {
            self.advance(weights, drive, rates, duration / steps);
        }
    }

    /// Lets rates and synapses run together for `duration` (in tau_s), where `ratio` is
    /// tau_s / tau_n. The synapses advance once a step of the rates, by the rule at its end.
    #[expect(clippy::too_many_arguments, reason = "the parts of one physical system")]
    pub fn co_evolve(
        &mut self,
        rule: &PlasticityRule,
        types: &[NeuronType],
        mask: &[f64],
        weights: &mut [f64],
        drive: &[f64],
        rates: &mut [f64],
        duration: f64,
        ratio: f64,
    ) {
        let steps = (duration * ratio / self.step).ceil().max(1.0);
        let dt = duration * ratio / steps;
        let mut drift = vec![0.0; weights.len()];
        for _ in 0..steps as usize {
            self.advance(weights, drive, rates, dt);
            rule.step(types, mask, weights, rates, dt / ratio, &mut drift);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NetworkConfig, SteadySolver};
    use super::*;

    #[test]
    fn an_uncoupled_neuron_relaxes_exponentially() {
        let transfer = Transfer::default();
        let mut dynamics = RateDynamics::new(transfer, 1).with_step(0.02);
        let mut r = [0.9];
        dynamics.relax(&[0.0], &[0.4], &mut r, 1.7);
        let target = transfer.rate(0.4);
        let want = target + (0.9 - target) * libm::exp(-1.7f64);
        assert!((r[0] - want).abs() < 1e-9, "{} {want}", r[0]);
    }

    #[test]
    fn slow_synapses_see_steady_rates() {
        // The quasi-steady plasticity is the limit of tau_s / tau_n to infinity, with an error
        // that shrinks with one over the ratio.
        let network = NetworkConfig::default().build(4).unwrap();
        let (transfer, rule) = (Transfer::default(), PlasticityRule::default());
        let drive: Vec<f64> = (0..30).map(|i| -0.5 + i as f64 / 20.0).collect();
        let mut solver = SteadySolver::new(30);
        let mut drift = vec![0.0; 900];
        let mut slow = network.weights().to_vec();
        for _ in 0..300 {
            solver.solve(&transfer, &slow, &drive).unwrap();
            let r = solver.rates().to_vec();
            rule.step(network.types(), network.mask(), &mut slow, &r, 1e-4, &mut drift);
        }
        let error = |ratio: f64| {
            let mut weights = network.weights().to_vec();
            let mut rates = vec![0.0; 30];
            let mut dynamics = RateDynamics::new(transfer, 30);
            dynamics.relax(&weights, &drive, &mut rates, 60.0);
            dynamics.co_evolve(
                &rule,
                network.types(),
                network.mask(),
                &mut weights,
                &drive,
                &mut rates,
                0.03,
                ratio,
            );
            weights.iter().zip(&slow).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        let (coarse, fine) = (error(100.0), error(1000.0));
        assert!(fine < 1e-4 && fine < 0.3 * coarse, "{coarse} {fine}");
    }
}
