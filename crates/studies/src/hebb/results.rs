//! What the study finds.

use equipoise_plasticity::hebb::Criterion;
use serde::{Deserialize, Serialize};

use super::dynamics::Dynamics;
use super::part::Part;
use super::settings::HebbSettings;
use super::theory::TheoryCheck;

/// Everything that was run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HebbResults {
    /// What was asked.
    pub settings: HebbSettings,
    /// The rule as configured.
    pub main: Part,
    /// Under each criterion.
    pub criteria: Vec<(Criterion, Part)>,
    /// Every combination of variants, a few runs each.
    pub screening: Vec<Part>,
    /// The variants that are compared; the plain rule is the first.
    pub compared: Vec<Part>,
    /// Where the best combination stands in `compared`.
    pub best: Option<usize>,
    /// The best combination on every mapping, at the ratios where it always converged.
    pub kept: Option<Part>,
    /// The theory of single weights beside simulated networks; none where there is none.
    pub theory: Option<TheoryCheck>,
    /// The rule as configured, with half of the inputs inhibitory, over the first epochs.
    pub configured: Dynamics,
    /// The best combination likewise.
    pub combined: Option<Dynamics>,
}
