//! How a network is trained, and what the controller believes of it.

use equipoise_random::stream;
use serde::{Deserialize, Serialize};

use super::super::error::{check_count, check_number, wrong};
use super::super::{
    ControlConfig, InferenceConfig, Network, PlasticityRule, StimulationError, Transfer,
};

/// The most stimulations of one training.
const MAX_BUDGET: usize = 100_000;

/// How a network is trained.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingConfig {
    /// The transfer function the controller computes with.
    pub transfer: Transfer,
    /// The plasticity rule the controller computes with.
    pub rule: PlasticityRule,
    /// Whether the controller corrects these by what the network does: the gain of the transfer
    /// function by the first probes, and the rule, all but its soft bound, by the change of the
    /// weights under every stimulation. It then measures the rates under every stimulation, and
    /// needs an inference after each.
    pub calibrate: bool,
    /// How the connectivity is inferred.
    pub inference: InferenceConfig,
    /// How a stimulation is planned.
    pub control: ControlConfig,
    /// The largest number of stimulations.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 100000)))]
    pub budget: usize,
    /// End as soon as the task is solved, rather than going on to what is wanted at best (for
    /// digits: all pixels apart, rather than apart by the whole margin).
    pub stop_when_solved: bool,
    /// End after this many stimulations without a new lowest cost.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub patience: usize,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            transfer: Transfer::default(),
            rule: PlasticityRule::default(),
            calibrate: false,
            inference: InferenceConfig::default(),
            control: ControlConfig::default(),
            budget: 300,
            stop_when_solved: false,
            patience: 60,
        }
    }
}

impl TrainingConfig {
    /// Checks the numbers against a network.
    ///
    /// # Errors
    /// [`StimulationError::Setting`] for the first that makes no sense.
    pub fn validate(&self, network: &Network) -> Result<(), StimulationError> {
        self.transfer.validate()?;
        self.rule.validate()?;
        self.inference.validate(network)?;
        self.control.validate()?;
        if self.calibrate && self.inference.every != 1 {
            let wanted = "a controller that calibrates infers after every stimulation, 1";
            return Err(wrong("every", self.inference.every, wanted));
        }
        check_count("budget", self.budget, 0..=MAX_BUDGET)?;
        check_number("patience", self.patience as f64, self.patience > 0, "it is at least 1")
    }

    /// The same controller with wrong beliefs: the gain of the transfer function and every constant
    /// of the rule are off by the relative `error`, each up or down as the seed has it.
    pub fn with_wrong_constants(mut self, error: f64, seed: u64) -> Self {
        let mut draws = stream(seed, "stimulation/wrong-constants", 0);
        let rule = &mut self.rule;
        for constant in [
            &mut self.transfer.gain,
            &mut rule.eta_excitatory,
            &mut rule.eta_inhibitory,
            &mut rule.theta_excitatory,
            &mut rule.theta_inhibitory,
            &mut rule.homeostatic_excitatory,
            &mut rule.homeostatic_inhibitory,
            &mut rule.beta_1,
            &mut rule.beta_2,
            &mut rule.soft_bound,
        ] {
            *constant *= if draws.bernoulli(0.5) { 1.0 + error } else { 1.0 - error };
        }
        self
    }
}
