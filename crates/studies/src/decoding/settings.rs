//! What a person can ask of a decoding.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Settings;

/// Recordings and the stimulus that changed while they were made: see
/// [`equipoise_data::read_stimulated`] for what the files hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StimulusFiles {
    /// The file of the counts or spikes: NPZ, NPY or HDF5.
    pub counts: PathBuf,
    /// The file of the stimulus; if not given, that of the counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stimulus: Option<PathBuf>,
    /// How long a recording lasts, ms, where the files do not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<f64>,
}

/// The settings of a decoding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DecodingSettings {
    /// Seed of the run; nothing is drawn by it but the interval of the branching ratio.
    pub seed: u64,
    /// Width of the bins that stimulus and spikes are taken in, ms; counts have their own.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub bin_ms: f64,
    /// How long before the time that is decoded counts are used, ms.
    #[schemars(range(min = 0), extend("unit" = "ms"))]
    pub before_ms: f64,
    /// How long after it counts are used, ms: neurons answer later.
    #[schemars(range(min = 0), extend("unit" = "ms"))]
    pub after_ms: f64,
    /// Parts that are decoded in turn from the others.
    #[schemars(range(min = 3))]
    pub folds: usize,
    /// Blocks of time that are dealt out to the folds and compared as pairs.
    #[schemars(range(min = 3))]
    pub blocks: usize,
    /// The files.
    pub recorded: StimulusFiles,
}

impl Default for DecodingSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            bin_ms: 1.0,
            before_ms: 20.0,
            after_ms: 60.0,
            folds: 5,
            blocks: 20,
            recorded: StimulusFiles::default(),
        }
    }
}

impl Settings for DecodingSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        if !(self.bin_ms > 0.0 && self.bin_ms.is_finite()) {
            return Err(format!("bin_ms is {}: it must be a positive time", self.bin_ms));
        }
        for (key, value) in [("before_ms", self.before_ms), ("after_ms", self.after_ms)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(format!("{key} is {value}: it must be a time of 0 or more"));
            }
        }
        if !(3..=1000).contains(&self.folds) {
            let folds = self.folds;
            return Err(format!(
                "folds is {folds}: 3 to 1000 are possible, to train, choose, test"
            ));
        }
        if self.blocks < self.folds || self.blocks > 100_000 {
            let blocks = self.blocks;
            return Err(format!("blocks is {blocks}: at least one each fold, at most 100000"));
        }
        match self.recorded.duration_ms {
            Some(ms) if !(ms > 0.0 && ms.is_finite()) => {
                Err(format!("recorded.duration_ms is {ms}: it must be a positive time"))
            }
            _ => Ok(()),
        }
    }
}
