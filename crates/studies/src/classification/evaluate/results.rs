//! What a trained network does on other data.

use equipoise_decoder::classifier::Evaluation;
use equipoise_metrics::statistics::Interval;
use serde::{Deserialize, Serialize};

use crate::classification::data::DataFacts;
use crate::classification::trial::TrialResult;

/// What a trained network does on the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvaluateClassifierResults {
    /// The training.
    pub trained: TrialResult,
    /// The data measured on.
    pub data: DataFacts,
    /// Accuracy, confusion and activity.
    pub evaluation: Evaluation,
    /// The accuracy with its 95 % interval (Wilson).
    pub accuracy: Interval,
    /// What a person should know of it.
    pub remarks: Vec<String>,
}
