//! What a person can say of an analysis of controllability.

use equipoise_plasticity::stimulation::{
    AssociativeConfig, ControlConfig, NetworkConfig, PlasticityRule, StimulationError, Transfer,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::trials;
use crate::Settings;

/// All that can be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ControllabilitySettings {
    /// Seed of networks, codes and drives.
    pub seed: u64,
    /// Number of networks per size and density.
    #[schemars(range(min = 1, max = 10000))]
    pub networks: u64,
    /// Sizes N to analyse, at the density of `network`.
    pub sizes: Vec<usize>,
    /// Densities to analyse, at the size of `network`.
    pub densities: Vec<f64>,
    /// Number of stimulations up to which the reachable directions are followed.
    #[schemars(range(min = 1, max = 10000))]
    pub stimulations: usize,
    /// Sizes at which a stimulation is planned and its cost measured; empty for none.
    pub timed_sizes: Vec<usize>,
    /// The network that sizes and densities are changed of.
    pub network: NetworkConfig,
    /// What it is to learn.
    pub task: AssociativeConfig,
    /// How stimulations are planned.
    pub control: ControlConfig,
    /// The transfer function.
    pub transfer: Transfer,
    /// The plasticity rule.
    pub rule: PlasticityRule,
}

impl Default for ControllabilitySettings {
    fn default() -> Self {
        Self {
            seed: 0,
            networks: 5,
            sizes: vec![30, 45, 60, 80, 100],
            densities: vec![0.1, 0.25, 0.5, 0.75, 1.0],
            stimulations: 25,
            timed_sizes: vec![30, 100, 300, 1000],
            network: NetworkConfig::default(),
            task: AssociativeConfig::default(),
            control: ControlConfig::default(),
            transfer: Transfer::default(),
            rule: PlasticityRule::default(),
        }
    }
}

impl ControllabilitySettings {
    pub(super) fn network(&self, neurons: usize, density: f64) -> NetworkConfig {
        let share = self.network.inhibitory as f64 / self.network.neurons as f64;
        let inhibitory = (share * neurons as f64).round() as usize;
        NetworkConfig { neurons, inhibitory, density, ..self.network.clone() }
    }
}

impl Settings for ControllabilitySettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        let wrong = |e: StimulationError| e.to_string();
        trials::check_networks(self.networks)?;
        if !(1..=10_000).contains(&self.stimulations) {
            return Err(format!("stimulations is {}; it is 1 to 10000", self.stimulations));
        }
        self.network.validate().map_err(wrong)?;
        for &neurons in self.sizes.iter().chain(&self.timed_sizes) {
            self.network(neurons, self.network.density).validate().map_err(wrong)?;
            self.task.validate(neurons).map_err(wrong)?;
        }
        for &density in &self.densities {
            self.network(self.network.neurons, density).validate().map_err(wrong)?;
        }
        self.task.validate(self.network.neurons).map_err(wrong)?;
        self.control.validate().map_err(wrong)?;
        self.transfer.validate().map_err(wrong)?;
        self.rule.validate().map_err(wrong)
    }
}
