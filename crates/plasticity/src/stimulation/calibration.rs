//! Correcting the constants that a controller computes with by what the network does.

use super::linear::{self, Cholesky};
use super::{Measurements, Network, NeuronType, PlasticityRule, StimulationError, Transfer};
use crate::power::power;

/// Standard deviation of a constant around what is believed of it at first, relative to that.
const PRIOR_DEVIATION: f64 = 0.2;

/// Error of an inferred weight without noise, and what the relative noise of the rates adds to it.
const WEIGHT_ERROR: (f64, f64) = (1e-5, 0.3);

/// Synapses stronger than this share of the soft bound are left out, since the bound's own
/// constants are not estimated.
const BELOW_BOUND: f64 = 0.8;

/// eta_E, (eta theta)_E, eta_I, (eta theta)_I, beta_1, (beta_1 theta_0^2)_E, (beta_1 theta_0^2)_I,
/// in which the rule is linear.
const UNKNOWN: usize = 7;

/// The factor by which the gain of the transfer function may be wrong.
const WIDEST: f64 = 1.6;

/// The gain of the transfer function with which probes are explained best: the one of the least
/// error in the rates when every neuron's weights are fitted. Without noise and at the true gain
/// that is 0, for there are more probes than synapses onto any neuron.
///
/// # Errors
/// [`StimulationError::NoGain`] where no gain explains the probes.
pub(super) fn gain_of(
    believed: &Transfer,
    network: &Network,
    data: &Measurements,
) -> Result<Transfer, StimulationError> {
    let error = |log_gain: f64| {
        let transfer = Transfer { gain: libm::exp(log_gain), ..*believed };
        misfit(&transfer, network, data).unwrap_or(f64::INFINITY)
    };
    // A coarse scan for the valley, and the golden section in it.
    let (middle, reach) = (libm::log(believed.gain), libm::log(WIDEST));
    let points = 12;
    let at = |p: usize| middle + reach * (2.0 * p as f64 / points as f64 - 1.0);
    let best = (0..=points)
        .map(|p| (error(at(p)), p))
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|best| best.0.is_finite())
        .ok_or(StimulationError::NoGain)?
        .1;
    let (mut low, mut high) = (at(best.saturating_sub(1)), at((best + 1).min(points)));
    let ratio = 0.5 * (5f64.sqrt() - 1.0);
    let (mut left, mut right) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut of_left, mut of_right) = (error(left), error(right));
    for _ in 0..40 {
        if of_left < of_right {
            (high, right, of_right) = (right, left, of_left);
            left = high - ratio * (high - low);
            of_left = error(left);
        } else {
            (low, left, of_left) = (left, right, of_right);
            right = low + ratio * (high - low);
            of_right = error(right);
        }
    }
    Ok(Transfer { gain: libm::exp(0.5 * (low + high)), ..*believed })
}

/// The sum of the squared errors of the rates under the weights that fit them best.
fn misfit(transfer: &Transfer, network: &Network, data: &Measurements) -> Option<f64> {
    let n = network.neurons();
    let mut sum = 0.0;
    for i in 0..n {
        let pre = network.inputs_of(i);
        let k = pre.len();
        let mut normal = vec![0.0; k * k];
        let mut rhs = vec![0.0; k];
        let mut square = 0.0;
        for (rates, drives) in data.rates.chunks_exact(n).zip(data.drives.chunks_exact(n)) {
            // An error of the input is one of the rate by the slope there.
            let Some(input) = transfer.inverse(rates[i]) else { continue };
            let weight = power(transfer.slope(input), 2);
            let wanted = input - drives[i];
            square += weight * wanted * wanted;
            for (b, &j) in pre.iter().enumerate() {
                rhs[b] += weight * wanted * rates[j];
                for (a, &i) in pre.iter().enumerate() {
                    normal[a + b * k] += weight * rates[j] * rates[i];
                }
            }
        }
        if pre.is_empty() {
            sum += square;
            continue;
        }
        let factor = Cholesky::new(k, |a, b| normal[a + b * k])?;
        let mut fit = rhs.clone();
        factor.solve(&mut fit);
        sum += square - linear::dot(&fit, &rhs);
    }
    sum.is_finite().then_some(sum)
}

/// What is known of the constants of the plasticity rule: the normal equations of how weights have
/// changed under stimulations, beginning with what is believed.
#[derive(Debug, Clone)]
pub(super) struct RuleEstimate {
    believed: PlasticityRule,
    error: f64,
    normal: [[f64; UNKNOWN]; UNKNOWN],
    rhs: [f64; UNKNOWN],
}

impl RuleEstimate {
    /// From what is believed, where measured rates have this relative noise.
    pub(super) fn new(believed: PlasticityRule, noise: f64) -> Self {
        let mut normal = [[0.0; UNKNOWN]; UNKNOWN];
        let mut rhs = [0.0; UNKNOWN];
        for (a, value) in unknowns(&believed).into_iter().enumerate() {
            normal[a][a] = 1.0 / power(PRIOR_DEVIATION * value.abs().max(1e-3), 2);
            rhs[a] = normal[a][a] * value;
        }
        Self { believed, error: WEIGHT_ERROR.0 + WEIGHT_ERROR.1 * noise, normal, rhs }
    }

    /// Takes into account that the weights of `network` became `after` under `rates` for
    /// `duration`.
    pub(super) fn observe(
        &mut self,
        network: &Network,
        rates: &[f64],
        duration: f64,
        after: &[f64],
    ) {
        let n = network.neurons();
        let precision = power(duration / self.error, 2);
        let bound = BELOW_BOUND * self.believed.soft_bound;
        for (j, kind) in network.types().iter().enumerate() {
            for i in 0..n {
                let at = i + j * n;
                let (w, changed) = (network.weights()[at], after[at]);
                // What is clipped at 0, to the error of the inference, tells less than the rule.
                let is_clipped = w.abs().min(changed.abs()) < 3.0 * self.error;
                if network.mask()[at] == 0.0 || is_clipped || w.abs() > bound {
                    continue;
                }
                let mut row = [0.0; UNKNOWN];
                let (of_eta, of_theta, of_homeostasis) = match kind {
                    NeuronType::Excitatory => (0, 1, 5),
                    NeuronType::Inhibitory => (2, 3, 6),
                };
                row[of_eta] = rates[i] * rates[j];
                row[of_theta] = -rates[j];
                row[4] = -w * rates[i] * rates[i];
                row[of_homeostasis] = w;
                let speed = (changed - w) / duration;
                for a in 0..UNKNOWN {
                    self.rhs[a] += precision * row[a] * speed;
                    for b in 0..UNKNOWN {
                        self.normal[a][b] += precision * row[a] * row[b];
                    }
                }
            }
        }
    }

    /// The rule that explains the changes best; the soft bound is as believed.
    pub(super) fn rule(&self) -> PlasticityRule {
        let Some(factor) = Cholesky::new(UNKNOWN, |a, b| self.normal[a][b]) else {
            return self.believed;
        };
        let mut x = self.rhs;
        factor.solve(&mut x);
        let theta = |product: f64, eta: f64, believed: f64| {
            if eta.abs() > 1e-6 { product / eta } else { believed }
        };
        let beta_1 = x[4].max(0.0);
        let homeostatic = |product: f64, believed: f64| {
            if beta_1 > 1e-6 { (product / beta_1).max(0.0).sqrt() } else { believed }
        };
        let b = &self.believed;
        let rule = PlasticityRule {
            eta_excitatory: x[0],
            eta_inhibitory: x[2],
            theta_excitatory: theta(x[1], x[0], b.theta_excitatory),
            theta_inhibitory: theta(x[3], x[2], b.theta_inhibitory),
            homeostatic_excitatory: homeostatic(x[5], b.homeostatic_excitatory),
            homeostatic_inhibitory: homeostatic(x[6], b.homeostatic_inhibitory),
            beta_1,
            ..*b
        };
        if rule.validate().is_ok() { rule } else { self.believed }
    }
}

/// The constants of a rule in the form in which it is linear in them.
fn unknowns(rule: &PlasticityRule) -> [f64; UNKNOWN] {
    [
        rule.eta_excitatory,
        rule.eta_excitatory * rule.theta_excitatory,
        rule.eta_inhibitory,
        rule.eta_inhibitory * rule.theta_inhibitory,
        rule.beta_1,
        rule.beta_1 * power(rule.homeostatic_excitatory, 2),
        rule.beta_1 * power(rule.homeostatic_inhibitory, 2),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::{
        InferenceConfig, NetworkConfig, Plant, SimulatedPlant, TrainingConfig, infer,
    };
    use super::*;

    #[test]
    fn constants_are_found_from_probes_and_one_stimulation() {
        let network = NetworkConfig::default().build(7).unwrap();
        let (transfer, rule) = (Transfer::default(), PlasticityRule::default());
        let wrong = TrainingConfig::default().with_wrong_constants(0.2, 7);
        assert!((wrong.transfer.gain / transfer.gain - 1.0).abs() > 0.19);
        let mut plant = SimulatedPlant::new(network.clone(), transfer, rule);
        let config = InferenceConfig::default();
        let probes = config.probes_for(&network);
        let data = Measurements::take(&mut plant, &config, probes, 7, 0).unwrap();
        let found = gain_of(&wrong.transfer, &network, &data).unwrap();
        assert!((found.gain / transfer.gain - 1.0).abs() < 1e-5, "{}", found.gain);

        let mut rates = vec![0.0; 30];
        let drive: Vec<f64> = (0..30).map(|i| -0.5 + i as f64 / 20.0).collect();
        plant.measure(&drive, &mut rates).unwrap();
        plant.stimulate(&drive, 0.03).unwrap();
        let data = Measurements::take(&mut plant, &config, probes, 7, 1).unwrap();
        let after = infer(&found, &network, &data).unwrap();
        let mut estimate = RuleEstimate::new(wrong.rule, 0.0);
        assert!((estimate.rule().eta_excitatory - wrong.rule.eta_excitatory).abs() < 1e-12);
        estimate.observe(&network, &rates, 0.03, &after);
        let found = estimate.rule();
        for (a, b) in unknowns(&found).into_iter().zip(unknowns(&rule)) {
            assert!((a / b - 1.0).abs() < 0.02, "{found:?}");
        }
        assert_eq!(found.soft_bound, wrong.rule.soft_bound);
    }
}
