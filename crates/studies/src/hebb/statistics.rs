//! Tests on counts of runs.

use equipoise_metrics::statistics::kruskal_wallis;
use equipoise_plasticity::hebb::{Cell, CellSummary, Proportion};

use super::part::Part;

/// The p-value that groups of successes and failures do not differ, and of epochs likewise.
pub(super) fn p_of(groups: &[Vec<f64>]) -> Option<f64> {
    let groups: Vec<&Vec<f64>> = groups.iter().filter(|group| !group.is_empty()).collect();
    kruskal_wallis(&groups).ok().map(|test| test.p_value)
}

pub(super) fn outcomes(share: Proportion) -> Vec<f64> {
    (0..share.trials).map(|i| f64::from(u8::from(i < share.successes))).collect()
}

/// The cell with several allotments in which the most runs converged.
pub(super) fn most_allotments(stage: &Part) -> Option<(Cell, &CellSummary)> {
    let several = stage.summary.cells.iter().filter(|(_, runs)| runs.allotments.len() > 1);
    several
        .filter(|(_, runs)| runs.converged.successes > 0)
        .max_by_key(|(_, runs)| runs.converged.successes)
        .map(|(&cell, runs)| (cell, runs))
}
