//! What a person can say of one training.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Settings;
use crate::classification::data::DataSettings;
use crate::classification::measure::DistanceSettings;
use crate::classification::settings::NetworkSettings;

/// What to train, on what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClassifySettings {
    /// Seed of subsets, initial weights, order of the samples and noise.
    pub seed: u64,
    /// Share of the hidden neurons that are excitatory.
    #[schemars(range(min = 0, max = 1))]
    pub ratio: f64,
    /// Samples whose van Rossum distances are measured before and after training, spread over the
    /// measured set.
    pub van_rossum_samples: usize,
    /// Time constant of the distances, steps.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "steps"))]
    pub van_rossum_tau: f64,
    /// The data.
    pub data: DataSettings,
    /// What differs from the published network.
    pub network: NetworkSettings,
}

impl Default for ClassifySettings {
    fn default() -> Self {
        Self {
            seed: 0,
            ratio: 0.8,
            van_rossum_samples: 200,
            van_rossum_tau: 1.0,
            data: DataSettings::default(),
            network: NetworkSettings::default(),
        }
    }
}

impl ClassifySettings {
    /// How distances are measured.
    pub fn distances(&self) -> DistanceSettings {
        DistanceSettings { samples: self.van_rossum_samples, tau: self.van_rossum_tau }
    }
}

impl Settings for ClassifySettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.ratio) {
            return Err(format!("ratio = {}: a share lies in 0 to 1 (0.8 is 80:20)", self.ratio));
        }
        self.distances().validate()?;
        self.data.validate()?;
        self.network.validate(self.ratio)
    }
}
