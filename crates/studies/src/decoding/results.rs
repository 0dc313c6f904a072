//! What a decoding found.

use equipoise_metrics::statistics::PairwiseTest;
use serde::{Deserialize, Serialize};

use crate::recordings::RecordingMeasures;

/// How well one method estimates the stimulus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MethodScore {
    /// `linear`, `mean` or `shuffled`.
    pub method: String,
    /// Share of the stimulus's variance that it explains; below 0 if it is worse than the mean.
    pub r_squared: f64,
    /// Pearson's correlation with the stimulus; none where the estimate does not vary.
    pub correlation: Option<f64>,
    /// Root of the mean squared error, in the unit of the stimulus.
    pub rms_error: f64,
    /// Mean squared error of each block.
    pub block_errors: Vec<f64>,
}

/// The weights of one unit in the first fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnitFilter {
    /// The unit.
    pub unit: usize,
    /// The weight of a spike at each lag, in the unit of the stimulus.
    pub weights: Vec<f64>,
}

/// What a decoding found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecodingResults {
    /// The file of the stimulus.
    pub name: String,
    /// Width of the bins, ms.
    pub bin_ms: f64,
    /// Bins that were decoded.
    pub bins: usize,
    /// The linear decoder, the mean stimulus, and the linear decoder on turned responses.
    pub methods: Vec<MethodScore>,
    /// The controls against the linear decoder over blocks, in the order of `methods`.
    pub tests: Vec<PairwiseTest>,
    /// The lags of the weights, ms after the time that is decoded.
    pub lags_ms: Vec<f64>,
    /// The weights of the units with the largest.
    pub filters: Vec<UnitFilter>,
    /// Times (ms), stimulus and estimate in the first recording.
    pub excerpt: [Vec<f64>; 3],
    /// What the recordings look like.
    pub recordings: RecordingMeasures,
}
