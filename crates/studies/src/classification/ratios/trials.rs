//! The trials of the study, and what is read off them.

use equipoise_metrics::summary::Summary;
use serde::{Deserialize, Serialize};

use super::grid::{Condition, Grid};
use super::settings::RatiosSettings;
use crate::classification::trial::TrialResult;

/// One training of the study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// What was trained.
    pub condition: Condition,
    /// Which repetition, from 0.
    pub trial: usize,
    /// What came out.
    pub result: TrialResult,
}

/// The trials of one condition, of all held-out speakers together.
#[derive(Debug)]
pub struct Group<'a> {
    /// The condition, without a speaker.
    pub condition: Condition,
    /// Its trials.
    pub trials: Vec<&'a Trial>,
}

impl Group<'_> {
    /// One number a trial.
    pub fn values(&self, f: impl Fn(&Trial) -> f64) -> Vec<f64> {
        self.trials.iter().map(|t| f(t)).collect()
    }

    /// Mean firing rate before training, Hz.
    pub fn initial_rate(&self) -> f64 {
        mean(&self.values(|t| t.result.initial_rate()))
    }

    /// The mean of `f` over the trials of each of these speakers.
    pub fn by_speaker(&self, speakers: &[u16], f: impl Fn(&Trial) -> f64) -> Vec<f64> {
        let of_speaker = |&speaker: &u16| {
            let trials = self.trials.iter().filter(|t| t.condition.speaker == Some(speaker));
            mean(&trials.map(|t| f(t)).collect::<Vec<_>>())
        };
        speakers.iter().map(of_speaker).collect()
    }
}

/// The mean; 0 for no values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Mean and 95 % interval of Student's t; only the mean where there is no spread to measure.
pub fn interval(values: &[f64]) -> (f64, f64, f64) {
    let summary = Summary::of(values);
    let middle = summary.mean.unwrap_or(f64::NAN);
    (middle, summary.ci_low.unwrap_or(f64::NAN), summary.ci_high.unwrap_or(f64::NAN))
}

/// The trials by condition, in the order of the grid.
pub fn groups<'a>(settings: &RatiosSettings, trials: &'a [Trial], grid: Grid) -> Vec<Group<'a>> {
    settings
        .conditions()
        .into_iter()
        .filter(|c| c.grid == grid && c.speaker == settings.held_out_speakers.first().copied())
        .map(|c| Condition { speaker: None, ..c })
        .map(|condition| Group {
            condition,
            trials: trials
                .iter()
                .filter(|t| Condition { speaker: None, ..t.condition } == condition)
                .collect(),
        })
        .collect()
}

/// The group of each ratio and wiring whose training accuracy was the best over the scored epochs:
/// the measured set has no say in the choice. The unbounded networks come last.
pub fn best<'g, 'a>(
    settings: &RatiosSettings,
    rates: &'g [Group<'a>],
    unbounded: &'g [Group<'a>],
    scored: usize,
) -> Vec<&'g Group<'a>> {
    let trained = |g: &Group<'_>| mean(&g.values(|t| t.result.train_score(scored)));
    let mut best = Vec::new();
    for recurrent in [false, true] {
        for &ratio in &settings.ratios {
            let of_ratio = rates
                .iter()
                .filter(|g| (g.condition.ratio, g.condition.recurrent) == (ratio, recurrent));
            best.extend(of_ratio.max_by(|a, b| trained(a).total_cmp(&trained(b))));
        }
        best.extend(unbounded.iter().filter(|g| g.condition.recurrent == recurrent));
    }
    best
}

/// The lowest mean initial rate of a ratio from which on no condition's mean peak accuracy reaches
/// the threshold; none if the highest rate tried still does.
pub fn collapse_rate(groups: &[&Group<'_>], threshold: f64) -> Option<f64> {
    let mut by_rate: Vec<(f64, f64)> =
        groups.iter().map(|g| (g.initial_rate(), mean(&g.values(|t| t.result.peak())))).collect();
    by_rate.sort_by(|a, b| a.0.total_cmp(&b.0));
    let last_success = by_rate.iter().rposition(|&(_, peak)| peak > threshold);
    let next = last_success.map_or(0, |k| k + 1);
    by_rate.get(next).map(|&(rate, _)| rate)
}
