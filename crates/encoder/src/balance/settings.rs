//! How a recording is judged.

use serde::{Deserialize, Serialize};

use super::criteria::Criteria;
use super::error::BalanceError;

/// What a diagnosis looks at.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DiagnosisConfig {
    /// Neurons whose inputs are recorded, spread evenly over the network.
    pub probed_neurons: usize,
    /// Time between samples of the inputs, ms.
    pub sample_ms: f64,
    /// Windows over which excitation and inhibition are correlated, ms.
    pub correlation_ms: f64,
    /// Windows of the counts for Fano factors, count correlations and the synchrony index, ms.
    pub count_ms: f64,
    /// Spikes that a neuron needs for a CV.
    pub minimum_spikes: usize,
    /// What counts as balanced.
    pub criteria: Criteria,
}

impl Default for DiagnosisConfig {
    fn default() -> Self {
        Self {
            probed_neurons: 100,
            sample_ms: 1.0,
            correlation_ms: 5.0,
            count_ms: 20.0,
            minimum_spikes: 5,
            criteria: Criteria::default(),
        }
    }
}

impl DiagnosisConfig {
    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// The first setting that is out of its range, and why.
    pub fn validate(&self) -> Result<(), BalanceError> {
        for (name, value) in [
            ("sample_ms", self.sample_ms),
            ("correlation_ms", self.correlation_ms),
            ("count_ms", self.count_ms),
        ] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(BalanceError::setting(
                    name,
                    format!("{value} ms is not a positive time"),
                ));
            }
        }
        if self.probed_neurons == 0 {
            return Err(BalanceError::setting("probed_neurons", "at least one neuron is needed"));
        }
        self.criteria.validate()
    }
}
