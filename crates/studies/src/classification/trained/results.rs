//! What the study of balance in trained networks finds.

use equipoise_decoder::classifier::{InputBalance, TypeBalance};
use serde::{Deserialize, Serialize};

use super::settings::{Condition, TrainedSettings};
use crate::classification::data::DataFacts;
use crate::classification::trial::TrialResult;

/// One network in one repetition, trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainedCell {
    /// What was trained.
    pub condition: Condition,
    /// The repetition, from 0.
    pub repeat: usize,
    /// Whether loss and weights stayed numbers.
    pub finished: bool,
    /// Mean accuracy of the last epochs.
    pub score: f64,
    /// Accuracy before training and after each epoch.
    pub accuracy: Vec<f64>,
    /// The first epoch with the accuracy that the settings name.
    pub reached: Option<usize>,
    /// Spikes of the hidden neurons for a decision, after the last epoch.
    pub spikes: f64,
    /// Mean rate of the hidden neurons before training and after it, Hz.
    pub rates: (f64, f64),
    /// Excitation and inhibition of the hidden neurons before training.
    pub before: Option<InputBalance>,
    /// The same after it; none if it diverged.
    pub after: Option<InputBalance>,
}

impl TrainedCell {
    /// What of a training is kept.
    pub(super) fn of(
        condition: Condition,
        repeat: usize,
        trial: &TrialResult,
        settings: &TrainedSettings,
    ) -> Self {
        let accuracy: Vec<f64> = trial.records.iter().map(|r| r.test.accuracy).collect();
        Self {
            condition,
            repeat,
            finished: trial.ending.reason().is_none(),
            score: trial.score(settings.scored(trial.config.epochs)),
            reached: accuracy.iter().position(|&a| a >= settings.accuracy),
            spikes: trial.records.last().map_or(0.0, |r| r.test.activity.spikes),
            rates: (trial.initial_rate(), trial.final_rate()),
            before: trial.before.balance.clone(),
            after: trial.after.as_ref().and_then(|m| m.balance.clone()),
            accuracy,
        }
    }

    /// Inputs of the excitatory neurons before training.
    pub fn start(&self) -> Option<&TypeBalance> {
        self.before.as_ref().and_then(InputBalance::main)
    }

    /// Inputs of the excitatory neurons after training.
    pub fn end(&self) -> Option<&TypeBalance> {
        self.after.as_ref().and_then(InputBalance::main)
    }
}

/// What the study finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainedResults {
    /// What was asked.
    pub settings: TrainedSettings,
    /// The data.
    pub data: DataFacts,
    /// Epochs of a training.
    pub epochs: usize,
    /// Every network in every repetition.
    pub cells: Vec<TrainedCell>,
}

/// A number of a trained network.
pub type Number = fn(&TrainedCell) -> Option<f64>;

/// The outcomes: what each is called, its key, its scale, and its number.
pub const OUTCOMES: [(&str, &str, f64, Number); 3] = [
    ("accuracy, points", "accuracy", 100.0, |c| Some(c.score)),
    ("epochs to the level", "epochs", 1.0, |c| c.reached.map(|epoch| epoch as f64)),
    ("spikes per decision", "spikes", 1.0, |c| c.finished.then_some(c.spikes)),
];

/// The measures of balance after training: what each is called, and its number.
pub const BALANCES: [(&str, Number); 2] =
    [("I / E", |c| c.end()?.ratio), ("correlation of E and I", |c| c.end()?.correlation)];

impl TrainedResults {
    /// The cells of a condition, in the order of the repetitions.
    pub fn of<'a>(&'a self, condition: &'a Condition) -> impl Iterator<Item = &'a TrainedCell> {
        self.cells.iter().filter(move |cell| cell.condition == *condition)
    }

    /// A number of each repetition of a condition, where it has one.
    pub fn numbers(&self, condition: &Condition, of: Number) -> Vec<f64> {
        self.of(condition).filter_map(of).collect()
    }

    /// Trainings with a mean conductance of the excitatory neurons, before or after, at which an explicit
    /// step is not stable: v[t+1] = (beta - g) v + ... leaves every bound for g > 1 + beta, the total
    /// conductance g in units of a step.
    pub fn unstable(&self) -> usize {
        let is = |cell: &&TrainedCell| {
            let config = self.settings.config(&cell.condition, &self.data);
            let beta = f64::from(config.dynamics(self.data.steps).beta);
            let most = (1.0 + beta) / (1.0 - beta);
            let conductances = [cell.start(), cell.end()].into_iter().flatten();
            conductances.filter_map(|b| b.conductance).any(|over_leak| over_leak > most)
        };
        self.cells.iter().filter(is).count()
    }

    /// Trainings that did not come to their end.
    pub fn diverged(&self) -> usize {
        self.cells.iter().filter(|cell| !cell.finished).count()
    }
}
