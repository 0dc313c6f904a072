//! The rows of a study's table, and what they add up to.

use std::collections::BTreeMap;

use equipoise_metrics::statistics::wilson;
use serde::{Deserialize, Serialize};

use super::study::{Cell, RunSpec};
use super::{Allotment, Mapping, Outcome};
use crate::power::power;

/// One run: a row of the study's table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Which run it is: mapping, allotment, seed.
    pub run: RunSpec,
    /// How it ended.
    pub outcome: Outcome,
}

impl Row {
    /// The columns of the table, in the order of [`Row::fields`].
    pub const COLUMNS: [&str; 11] = [
        "run",
        "mapping",
        "ratio",
        "allotment",
        "inhibitory_inputs",
        "inhibitory_hidden",
        "seed",
        "epochs_to_convergence",
        "converged",
        "exact_at_end",
        "margin",
    ];

    /// The fields of the row. The ratio is E:I of the hidden neurons; epochs are empty where the
    /// run did not converge.
    pub fn fields(&self) -> [String; 11] {
        let (run, outcome) = (&self.run, &self.outcome);
        [
            run.index.to_string(),
            run.mapping.to_string(),
            run.types.hidden_ratio(),
            run.types.to_string(),
            run.cell.inhibitory_inputs.to_string(),
            run.cell.inhibitory_hidden.to_string(),
            run.repeat.to_string(),
            outcome.converged_at.map(|epoch| epoch.to_string()).unwrap_or_default(),
            outcome.converged_at.is_some().to_string(),
            outcome.exact_at_end.to_string(),
            format!("{:e}", outcome.margin),
        ]
    }

    /// The weights at the end as one field, separated by spaces, `[layer][pre][post][edge]`, with
    /// the eight decimals that the study prints.
    pub fn weights_field(&self) -> String {
        let weights: Vec<String> =
            self.outcome.weights.iter().map(|weight| format!("{weight:.8}")).collect();
        weights.join(" ")
    }
}

/// A smaller margin is rounding: raw sums are sums of a few weights of at most 1, computed with
/// 53 bits.
pub const ROUNDING: f64 = 1e-13;

/// Successes among trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Proportion {
    /// How many succeeded.
    pub successes: u64,
    /// Of how many.
    pub trials: u64,
}

impl Proportion {
    /// The share; `None` of no trials.
    pub fn value(self) -> Option<f64> {
        (self.trials > 0).then(|| self.successes as f64 / self.trials as f64)
    }

    /// Wilson's 95 % interval; (0, 1) of no trials.
    pub fn interval(self) -> (f64, f64) {
        wilson(self.successes, self.trials, 0.95).map_or((0.0, 1.0), |i| (i.low, i.high))
    }

    fn count(&mut self, success: bool) {
        self.trials += 1;
        self.successes += u64::from(success);
    }

    fn join(&mut self, other: Self) {
        self.trials += other.trials;
        self.successes += other.successes;
    }
}

/// The runs of one cell: of one number of inhibitory inputs and one of inhibitory hidden neurons.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CellSummary {
    /// Runs that converged.
    pub converged: Proportion,
    /// Runs whose weights at the end show the mapping exactly.
    pub exact_at_end: Proportion,
    /// Runs that converged by a margin below [`ROUNDING`].
    pub by_rounding: u64,
    /// The epochs to convergence of those that did, in rising order.
    pub epochs: Vec<u32>,
    /// Runs that converged, mapping by mapping.
    pub mappings: BTreeMap<Mapping, Proportion>,
    /// Runs that converged, allotment by allotment.
    pub allotments: BTreeMap<Allotment, Proportion>,
    /// The epochs to convergence of those that did, allotment by allotment, in rising order.
    pub allotment_epochs: BTreeMap<Allotment, Vec<u32>>,
}

impl CellSummary {
    /// The mean epoch of convergence and its standard deviation over the runs (0 of one run);
    /// `None` where none converged.
    pub fn mean_epochs(&self) -> Option<(f64, f64)> {
        if self.epochs.is_empty() {
            return None;
        }
        let n = self.epochs.len() as f64;
        let mean = self.epochs.iter().map(|&e| f64::from(e)).sum::<f64>() / n;
        let squares = self.epochs.iter().map(|&e| power(f64::from(e) - mean, 2)).sum::<f64>();
        Some((mean, if n > 1.0 { (squares / (n - 1.0)).sqrt() } else { 0.0 }))
    }

    /// The quantile `q` in 0..=1 of the epochs to convergence, by linear interpolation; `None`
    /// where none converged.
    pub fn epochs_quantile(&self, q: f64) -> Option<f64> {
        let last = self.epochs.len().checked_sub(1)?;
        let place = q.clamp(0.0, 1.0) * last as f64;
        let (low, high) = (place.floor() as usize, place.ceil() as usize);
        let (a, b) = (f64::from(self.epochs[low]), f64::from(self.epochs[high]));
        Some(a + (b - a) * (place - low as f64))
    }

    /// How many of the mappings that were tried converged at least once.
    pub fn mappings_learned(&self) -> Proportion {
        let successes = self.mappings.values().filter(|p| p.successes > 0).count() as u64;
        Proportion { successes, trials: self.mappings.len() as u64 }
    }

    fn join(&mut self, other: Self) {
        self.converged.join(other.converged);
        self.exact_at_end.join(other.exact_at_end);
        self.by_rounding += other.by_rounding;
        self.epochs.extend(other.epochs);
        self.epochs.sort_unstable();
        for (mapping, share) in other.mappings {
            self.mappings.entry(mapping).or_default().join(share);
        }
        for (types, share) in other.allotments {
            self.allotments.entry(types).or_default().join(share);
        }
        for (types, epochs) in other.allotment_epochs {
            let all = self.allotment_epochs.entry(types).or_default();
            all.extend(epochs);
            all.sort_unstable();
        }
    }
}

/// What the rows of a study add up to. The order in which rows or summaries are added changes
/// nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<(Cell, CellSummary)>", into = "Vec<(Cell, CellSummary)>")]
pub struct Summary {
    /// The cells, by inhibitory inputs, then inhibitory hidden neurons.
    pub cells: BTreeMap<Cell, CellSummary>,
}

impl From<Vec<(Cell, CellSummary)>> for Summary {
    fn from(cells: Vec<(Cell, CellSummary)>) -> Self {
        Self { cells: cells.into_iter().collect() }
    }
}

impl From<Summary> for Vec<(Cell, CellSummary)> {
    fn from(summary: Summary) -> Self {
        summary.cells.into_iter().collect()
    }
}

impl Summary {
    /// The summary of some rows.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Self {
        let mut summary = Self::default();
        for row in rows {
            let cell = summary.cells.entry(row.run.cell).or_default();
            let converged = row.outcome.converged_at.is_some();
            cell.converged.count(converged);
            cell.by_rounding += u64::from(converged && row.outcome.margin < ROUNDING);
            cell.exact_at_end.count(row.outcome.exact_at_end);
            cell.mappings.entry(row.run.mapping.clone()).or_default().count(converged);
            cell.allotments.entry(row.run.types.clone()).or_default().count(converged);
            if let Some(epoch) = row.outcome.converged_at {
                let epoch = epoch.try_into().unwrap_or(u32::MAX);
                cell.epochs.push(epoch);
                cell.allotment_epochs.entry(row.run.types.clone()).or_default().push(epoch);
            }
        }
        for cell in summary.cells.values_mut() {
            cell.epochs.sort_unstable();
            cell.allotment_epochs.values_mut().for_each(|epochs| epochs.sort_unstable());
        }
        summary
    }

    /// Adds another summary.
    pub fn join(&mut self, other: Self) {
        for (cell, runs) in other.cells {
            self.cells.entry(cell).or_default().join(runs);
        }
    }

    /// All runs, and those that converged.
    pub fn converged(&self) -> Proportion {
        let mut all = Proportion::default();
        for cell in self.cells.values() {
            all.join(cell.converged);
        }
        all
    }

    /// The cell with the largest share of converged runs (the first among equals), if any
    /// converged.
    pub fn best(&self) -> Option<(Cell, &CellSummary)> {
        let share = |cell: &CellSummary| cell.converged.value().unwrap_or(0.0);
        let mut best: Option<(Cell, &CellSummary)> = None;
        for (&cell, runs) in &self.cells {
            if share(runs) > best.map_or(0.0, |(_, runs)| share(runs)) {
                best = Some((cell, runs));
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_intervals() {
        // scipy.stats.binomtest(18, 200).proportion_ci(method="wilson")
        let near = |p: Proportion, low: f64, high: f64| {
            let (a, b) = p.interval();
            assert!((a - low).abs() < 1e-12 && (b - high).abs() < 1e-12, "{a} {b}");
        };
        near(
            Proportion { successes: 18, trials: 200 },
            0.057_687_448_862_193_17,
            0.137_765_718_767_165_42,
        );
        assert_eq!(Proportion { successes: 0, trials: 200 }.interval().0, 0.0);
        assert_eq!(Proportion { successes: 200, trials: 200 }.interval().1, 1.0);
        assert_eq!(Proportion::default().interval(), (0.0, 1.0));
        assert_eq!(Proportion::default().value(), None);
    }

    #[test]
    fn a_summary_survives_serialisation() {
        let study = crate::hebb::StudyConfig {
            hebb: crate::hebb::HebbConfig { neurons: 3, ..Default::default() },
            seeds: 1,
            ..Default::default()
        };
        let summary = crate::hebb::Plan::new(&study, 0).unwrap().summary();
        assert!(summary.converged().successes > 0);
        let text = serde_json::to_string(&summary).unwrap();
        assert_eq!(serde_json::from_str::<Summary>(&text).unwrap(), summary);
    }

    #[test]
    fn quantiles_and_means_of_epochs() {
        let cell = CellSummary { epochs: vec![2, 4, 9], ..CellSummary::default() };
        assert_eq!(cell.epochs_quantile(0.5), Some(4.0));
        assert_eq!(cell.epochs_quantile(0.25), Some(3.0));
        assert_eq!(cell.epochs_quantile(1.0), Some(9.0));
        assert_eq!(cell.mean_epochs(), Some((5.0, 13f64.sqrt())));
        assert_eq!(CellSummary::default().mean_epochs(), None);
        assert_eq!(CellSummary::default().epochs_quantile(0.5), None);
    }
}
