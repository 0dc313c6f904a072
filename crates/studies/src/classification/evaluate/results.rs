//! What a trained network does on other data.

use equipoise_decoder::classifier::{ClassifierConfig, Evaluation, Hardware};
use equipoise_metrics::statistics::Interval;
use serde::{Deserialize, Serialize};

use crate::classification::data::DataFacts;
use crate::classification::trial::TrialResult;

/// What a trained network does on the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvaluateClassifierResults {
    /// The network.
    pub config: ClassifierConfig,
    /// Its training; absent for a network from a file.
    pub trained: Option<TrialResult>,
    /// The data measured on.
    pub data: DataFacts,
    /// Accuracy, confusion and activity.
    pub evaluation: Evaluation,
    /// The accuracy with its 95 % interval (Wilson).
    pub accuracy: Interval,
    /// What it costs on hardware.
    pub hardware: Hardware,
    /// What a person should know of it.
    pub remarks: Vec<String>,
}
