//! The plasticity rule: Hebbian for both types, with homeostasis and a soft bound.

use serde::{Deserialize, Serialize};

use super::NeuronType;
use super::error::{StimulationError, check_finite, check_not_negative};

/// How activity changes the synapses, for a presynaptic neuron `j` of type `eps`:
///
/// `tau_s dJ_ij/dt = eta(eps) (r_i - theta(eps)) r_j - beta_1 J_ij (r_i^2 - theta_0(eps)^2)
///  - beta_2 sign(J_ij) ReLU(|J_ij| - J_bar)^2`
///
/// (Borra, Cocco & Monasson, arXiv 2412.01683). A negative `eta` for inhibitory neurons makes
/// their weights more negative where both fire, that is, strengthens inhibition; a positive one
/// is the anti-Hebbian rule for inhibition, and a negative `eta` for excitatory neurons the
/// anti-Hebbian rule for excitation. Time is in units of `tau_s`.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlasticityRule {
    /// eta of synapses from excitatory neurons.
    pub eta_excitatory: f64,
    /// eta of synapses from inhibitory neurons.
    pub eta_inhibitory: f64,
    /// theta of synapses from excitatory neurons: the postsynaptic rate that separates
    /// potentiation from depression.
    pub theta_excitatory: f64,
    /// theta of synapses from inhibitory neurons.
    pub theta_inhibitory: f64,
    /// theta_0 of synapses from excitatory neurons: the rate that homeostasis drives towards.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub homeostatic_excitatory: f64,
    /// theta_0 of synapses from inhibitory neurons.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub homeostatic_inhibitory: f64,
    /// beta_1, the strength of homeostasis.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub beta_1: f64,
    /// beta_2, the strength of the soft bound.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub beta_2: f64,
    /// J_bar, where the soft bound begins.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub soft_bound: f64,
}

impl Default for PlasticityRule {
    fn default() -> Self {
        Self {
            eta_excitatory: 1.0,
            eta_inhibitory: -1.0,
            theta_excitatory: 0.35,
            theta_inhibitory: 0.35,
            homeostatic_excitatory: 0.35,
            homeostatic_inhibitory: 0.35,
            beta_1: 0.5,
            beta_2: 5.0,
            soft_bound: 1.0,
        }
    }
}

/// eta, theta and theta_0^2 of the synapses from neurons of one type.
#[derive(Clone, Copy)]
pub(super) struct Constants {
    pub(super) eta: f64,
    pub(super) theta: f64,
    pub(super) homeostatic_squared: f64,
}

impl PlasticityRule {
    /// Checks that all constants are finite and the strengths are not negative.
    ///
    /// # Errors
    /// [`StimulationError::Setting`] for the first that is not.
    pub fn validate(&self) -> Result<(), StimulationError> {
        for (name, value) in [
            ("eta_excitatory", self.eta_excitatory),
            ("eta_inhibitory", self.eta_inhibitory),
            ("theta_excitatory", self.theta_excitatory),
            ("theta_inhibitory", self.theta_inhibitory),
        ] {
            check_finite(name, value)?;
        }
        for (name, value) in [
            ("homeostatic_excitatory", self.homeostatic_excitatory),
            ("homeostatic_inhibitory", self.homeostatic_inhibitory),
            ("beta_1", self.beta_1),
            ("beta_2", self.beta_2),
            ("soft_bound", self.soft_bound),
        ] {
            check_not_negative(name, value)?;
        }
        Ok(())
    }

    pub(super) fn constants(&self, kind: NeuronType) -> Constants {
        let (eta, theta, homeostatic) = match kind {
            NeuronType::Excitatory => {
                (self.eta_excitatory, self.theta_excitatory, self.homeostatic_excitatory)
            }
            NeuronType::Inhibitory => {
                (self.eta_inhibitory, self.theta_inhibitory, self.homeostatic_inhibitory)
            }
        };
        Constants { eta, theta, homeostatic_squared: homeostatic * homeostatic }
    }

    /// tau_s dJ/dt at these weights and rates, for the existing synapses (0 elsewhere).
    pub fn drift(
        &self,
        types: &[NeuronType],
        mask: &[f64],
        weights: &[f64],
        rates: &[f64],
        drift: &mut [f64],
    ) {
        let n = types.len();
        for (j, &kind) in types.iter().enumerate() {
            let c = self.constants(kind);
            let pre = c.eta * rates[j];
            let column = j * n..(j + 1) * n;
            let synapses = mask[column.clone()].iter().zip(&weights[column.clone()]);
            for ((out, (&m, &w)), &r) in drift[column].iter_mut().zip(synapses).zip(rates) {
                let over = (w.abs() - self.soft_bound).max(0.0);
                let bound = self.beta_2 * over * over;
                let change = pre * (r - c.theta)
                    - self.beta_1 * w * (r * r - c.homeostatic_squared)
                    - if w < 0.0 { -bound } else { bound };
                *out = m * change;
            }
        }
    }

    /// One step of length `dt` (in tau_s) at fixed rates: `weights += dt * drift`, and weights
    /// that would change their sign stay at 0.
    pub fn step(
        &self,
        types: &[NeuronType],
        mask: &[f64],
        weights: &mut [f64],
        rates: &[f64],
        dt: f64,
        drift: &mut [f64],
    ) {
        self.drift(types, mask, weights, rates, drift);
        let n = types.len();
        for (j, &kind) in types.iter().enumerate() {
            let sign = kind.sign();
            for (w, d) in weights[j * n..(j + 1) * n].iter_mut().zip(&drift[j * n..]) {
                *w = sign * (sign * (*w + dt * d)).max(0.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::NetworkConfig;
    use super::*;

    #[test]
    fn the_rule_is_the_printed_formula() {
        let rule = PlasticityRule {
            theta_inhibitory: 0.2,
            homeostatic_inhibitory: 0.3,
            eta_inhibitory: -0.7,
            ..Default::default()
        };
        let config = NetworkConfig { excitatory_weight: 0.8, ..Default::default() };
        let network = config.build(3).unwrap();
        let n = 30;
        let rates: Vec<f64> = (0..n).map(|i| i as f64 / 30.0).collect();
        let mut drift = vec![9.0; n * n];
        rule.drift(network.types(), network.mask(), network.weights(), &rates, &mut drift);
        let mut over_the_bound = 0;
        for j in 0..n {
            for i in 0..n {
                let w = network.weights()[i + j * n];
                let want = if network.mask()[i + j * n] == 0.0 {
                    0.0
                } else {
                    let (eta, theta, zero): (f64, f64, f64) = match network.types()[j] {
                        NeuronType::Excitatory => (1.0, 0.35, 0.35),
                        NeuronType::Inhibitory => (-0.7, 0.2, 0.3),
                    };
                    over_the_bound += usize::from(w.abs() > 1.0);
                    eta * (rates[i] - theta) * rates[j]
                        - 0.5 * w * (rates[i].powi(2) - zero.powi(2))
                        - 5.0 * w.signum() * (w.abs() - 1.0).max(0.0).powi(2)
                };
                assert!((drift[i + j * n] - want).abs() < 1e-14);
            }
        }
        assert!(over_the_bound > 5);
    }

    #[test]
    fn weights_keep_their_signs() {
        let network = NetworkConfig::default().build(1).unwrap();
        let mut weights = network.weights().to_vec();
        let mut drift = vec![0.0; 900];
        let rule = PlasticityRule::default();
        // Silent postsynaptic neurons depress everything that reaches them from active ones.
        let rates: Vec<f64> = (0..30).map(|i| f64::from(u8::from(i % 2 == 0))).collect();
        for _ in 0..50 {
            rule.step(network.types(), network.mask(), &mut weights, &rates, 0.5, &mut drift);
        }
        for (at, &w) in weights.iter().enumerate() {
            assert!(w * network.types()[at / 30].sign() >= 0.0);
        }
        assert!(weights.iter().zip(network.mask()).any(|(&w, &m)| m == 1.0 && w == 0.0));
    }
}
