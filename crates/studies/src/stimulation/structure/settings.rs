//! What a person can say of the structural task.

use equipoise_plasticity::stimulation::{RingConfig, RingTask, StimulationError, TrainingConfig};
use equipoise_random::derive_seed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::trials;
use crate::Settings;

/// All that can be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StructureSettings {
    /// Seed of initial weights, probes and searches.
    pub seed: u64,
    /// Number of networks, each with its own initial weights.
    #[schemars(range(min = 1, max = 10000))]
    pub networks: u64,
    /// Steps in which the network under control integrates a stimulation.
    #[schemars(range(min = 1, max = 1000000))]
    pub substeps: usize,
    /// The values of dt / tau_s of the curve of speed against accuracy; empty for none.
    #[schemars(extend("unit" = "tau_s"))]
    pub durations: Vec<f64>,
    /// What they are to become.
    pub ring: RingConfig,
    /// How they are trained.
    pub training: TrainingConfig,
}

impl Default for StructureSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            networks: 10,
            substeps: 1,
            durations: vec![0.01, 0.02, 0.03, 0.05, 0.1, 0.2],
            ring: RingConfig::default(),
            // The cost may rise a little while the bumps are brought to rest.
            training: TrainingConfig { budget: 600, patience: 600, ..TrainingConfig::default() },
        }
    }
}

impl Settings for StructureSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        let wrong = |e: StimulationError| e.to_string();
        trials::validate(self.networks, self.substeps, &self.durations)?;
        self.training.transfer.validate().map_err(wrong)?;
        let task = self.ring.build(&self.training.transfer, self.seed).map_err(wrong)?;
        self.training.validate(&task.initial).map_err(wrong)
    }
}

impl StructureSettings {
    /// The task of one network, and the seed of its training.
    pub(super) fn task_of(&self, network: u64) -> Result<(RingTask, u64), StimulationError> {
        let seed = derive_seed(self.seed, "stimulate/ring", network);
        Ok((self.ring.build(&self.training.transfer, seed)?, seed))
    }
}
