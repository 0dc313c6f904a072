//! What the study found.

use serde::{Deserialize, Serialize};

use super::comparison::Comparisons;
use super::grid::{Condition, Grid};
use super::settings::RatiosSettings;
use super::trials::{Group, Trial, best, groups, mean};
use crate::classification::data::DataFacts;
use crate::classification::trial::Ending;

/// All that the study found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RatiosResults {
    /// What was asked for.
    pub settings: RatiosSettings,
    /// The data; those of the first speaker if speakers were held out in turn.
    pub data: DataFacts,
    /// Every training, in the order of the grids.
    pub trials: Vec<Trial>,
    /// Tests over the trials.
    pub comparisons: Comparisons,
}

/// The score of a ratio and wiring, at the initial rate at which it was trained best.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    /// The condition, without a speaker.
    pub condition: Condition,
    /// Mean accuracy of the scored epochs over its trials.
    pub score: f64,
    /// Mean accuracy after the last epoch.
    pub last: f64,
    /// Mean rate of the hidden neurons before training, Hz.
    pub initial_rate: f64,
}

impl RatiosResults {
    /// The best condition of each ratio and wiring, chosen by the accuracy on the training samples;
    /// the unbounded networks last.
    pub fn best(&self) -> Vec<Best> {
        let rates = groups(&self.settings, &self.trials, Grid::Rates);
        let unbounded = groups(&self.settings, &self.trials, Grid::Unbounded);
        let scored = self.settings.scored(self.data.kind).count;
        let of_group = |group: &Group<'_>| Best {
            condition: group.condition,
            score: mean(&group.values(|t| t.result.score(scored))),
            last: mean(&group.values(|t| t.result.last())),
            initial_rate: group.initial_rate(),
        };
        best(&self.settings, &rates, &unbounded, scored).into_iter().map(of_group).collect()
    }

    /// Trainings that did not come to their end.
    pub fn diverged(&self) -> usize {
        self.trials.iter().filter(|t| t.result.ending != Ending::Finished).count()
    }

    /// Trainings that ended with a network that does not fire.
    pub fn silent(&self) -> usize {
        self.trials.iter().filter(|t| t.result.is_silent()).count()
    }

    /// Trainings that ended with a network that fires and never answers some class.
    pub fn with_lost_classes(&self) -> usize {
        let lost = |t: &&Trial| !t.result.is_silent() && t.result.lost_classes() > 0;
        self.trials.iter().filter(lost).count()
    }
}
