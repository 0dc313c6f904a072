//! What a person can say of the associative task.

use equipoise_plasticity::stimulation::{
    AssociativeConfig, GuideConfig, NetworkConfig, StimulationError, TrainingConfig,
};
use equipoise_random::derive_seed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::trials;
use crate::Settings;

/// All that can be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AssociateSettings {
    /// Seed of networks, codes, probes and searches.
    pub seed: u64,
    /// Number of networks, each with its own weights and codes.
    #[schemars(range(min = 1, max = 10000))]
    pub networks: u64,
    /// Steps in which the network under control integrates a stimulation; the controller plans
    /// with one.
    #[schemars(range(min = 1, max = 1000000))]
    pub substeps: usize,
    /// The values of dt / tau_s of the curve of speed against accuracy; empty for none.
    #[schemars(extend("unit" = "tau_s"))]
    pub durations: Vec<f64>,
    /// The relative noises of the measured rates to train with; empty for none.
    pub noises: Vec<f64>,
    /// The relative errors of the controller's constants to train with; empty for none.
    pub parameter_errors: Vec<f64>,
    /// The networks.
    pub network: NetworkConfig,
    /// What they are to learn.
    pub task: AssociativeConfig,
    /// How they are trained.
    pub training: TrainingConfig,
    /// Whether a training is guided; then the guide's phases set its budget.
    pub guide: GuideConfig,
}

impl Default for AssociateSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            networks: 10,
            substeps: 1,
            durations: vec![0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3],
            noises: vec![0.01, 0.02, 0.05, 0.1, 0.15, 0.2],
            parameter_errors: vec![0.02, 0.05, 0.1, 0.2],
            network: NetworkConfig::default(),
            task: AssociativeConfig::default(),
            training: TrainingConfig::default(),
            guide: GuideConfig::default(),
        }
    }
}

impl Settings for AssociateSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        let wrong = |e: StimulationError| e.to_string();
        trials::validate(self.networks, self.substeps, &self.durations)?;
        let in_noise = |x: f64| (0.0..=1.0).contains(&x);
        trials::check_values("noises", &self.noises, "they lie in [0, 1]", in_noise)?;
        let in_error = |x: f64| (0.0..1.0).contains(&x);
        let errors = &self.parameter_errors;
        trials::check_values("parameter_errors", errors, "they lie in [0, 1)", in_error)?;
        self.guide.validate().map_err(|e| format!("guide: {e}"))?;
        self.task.validate(self.network.neurons).map_err(wrong)?;
        let network = self.network.build(self.seed).map_err(wrong)?;
        self.training.validate(&network).map_err(wrong)
    }
}

impl AssociateSettings {
    /// The seed of one network and its codes.
    pub(super) fn seed_of(&self, network: u64) -> u64 {
        derive_seed(self.seed, "stimulate/network", network)
    }
}

pub(super) const NOISE: &str = "noise";
pub(super) const WRONG: &str = "wrong constants";
pub(super) const CORRECTED: &str = "wrong constants, corrected";

/// A guide, which the exclusive or needs to get off its plateau, and which is the shorter way to
/// many digits.
pub const GUIDED: &str = "
[guide]
rounds = 5
margin = 0.18
[training]
stop_when_solved = true
";
