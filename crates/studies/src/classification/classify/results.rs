//! What came of one training.

use serde::{Deserialize, Serialize};

use super::settings::ClassifySettings;
use crate::classification::trial::TrialResult;

/// What came of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassifyResults {
    /// What was asked for.
    pub settings: ClassifySettings,
    /// The training.
    pub trial: TrialResult,
}
