//! What a training did, step by step, and why it ended.

use serde::{Deserialize, Serialize};

use super::super::{Assessment, PlasticityRule, Transfer};

/// Why a training ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// Everything that was wanted is reached.
    Finished,
    /// The task is solved, with less than the wanted margin.
    Solved,
    /// The budget is spent and the task is not solved.
    BudgetSpent,
    /// No stimulation lowers the cost any more, and the task is not solved.
    Stalled,
    /// More than nine tenths of the neurons fire at their maximal rate.
    Saturated,
    /// Fewer than a tenth of the neurons fire.
    Silent,
    /// The network has no stable steady state where the task needs one.
    Unstable {
        /// What failed.
        reason: String,
    },
    /// The plant could not be measured or driven.
    PlantFailed {
        /// What failed.
        reason: String,
    },
    /// The caller stopped it.
    Stopped,
}

/// The network after some number of stimulations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Number of stimulations so far.
    pub stimulations: usize,
    /// tau_s that stimulation has taken so far.
    pub time: f64,
    /// The network at its task: the true one where it is known, else the inferred one.
    pub assessment: Assessment,
    /// The cost that the last plan expected here.
    pub predicted_cost: f64,
    /// Root mean square error of the inferred weights, where the truth is known.
    pub inference_error: Option<f64>,
    /// Mean rate under the last stimulation, as planned.
    pub stimulated_rate: f64,
    /// Gradients of the linearised and of the true cost that the last plan evaluated.
    pub evaluations: (usize, usize),
    /// Probes measured so far.
    pub probes: usize,
}

/// What a training did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingResult {
    /// Why it ended.
    pub outcome: Outcome,
    /// After how many stimulations the task was solved for the first time.
    pub first_solved_at: Option<usize>,
    /// After how many stimulations the task was solved for good (that is, until the end).
    pub solved_at: Option<usize>,
    /// The network before (index 0) and after each stimulation.
    pub records: Vec<StepRecord>,
    /// The drive of every stimulation.
    pub stimulations: Vec<Vec<f64>>,
    /// The duration of every stimulation, in tau_s.
    pub durations: Vec<f64>,
    /// The weights before: true where known, else inferred.
    pub weights_before: Vec<f64>,
    /// The weights after.
    pub weights_after: Vec<f64>,
    /// The transfer function the controller assumed in the end.
    pub transfer: Transfer,
    /// The rule the controller assumed in the end.
    pub rule: PlasticityRule,
}

impl TrainingResult {
    /// The last record.
    pub fn last(&self) -> Option<&StepRecord> {
        self.records.last()
    }

    /// Says how it ended and when the task was solved, from the records.
    pub(super) fn conclude(&mut self, ended: Outcome) {
        let solved = self.last().is_some_and(|r| r.assessment.solved);
        self.outcome = match ended {
            Outcome::BudgetSpent | Outcome::Stalled if solved => Outcome::Solved,
            other => other,
        };
        let first = self.records.iter().find(|r| r.assessment.solved);
        self.first_solved_at = first.map(|r| r.stimulations);
        let unsolved = self.records.iter().rposition(|r| !r.assessment.solved);
        self.solved_at = match unsolved {
            _ if !solved => None,
            Some(last) => self.records.get(last + 1).map(|r| r.stimulations),
            None => self.records.first().map(|r| r.stimulations),
        };
    }

    /// Appends a further phase of the same training.
    pub(in super::super) fn append(&mut self, phase: Self, before: &Offset) {
        // Its first record is the last one here.
        self.records.extend(phase.records.into_iter().skip(1).map(|r| before.applied_to(r)));
        self.stimulations.extend(phase.stimulations);
        self.durations.extend(phase.durations);
        self.weights_after = phase.weights_after;
        (self.transfer, self.rule) = (phase.transfer, phase.rule);
        self.conclude(phase.outcome);
    }
}

/// What went before a phase.
#[derive(Debug, Clone, Copy, Default)]
pub(in super::super) struct Offset {
    stimulations: usize,
    time: f64,
    probes: usize,
}

impl Offset {
    pub(in super::super) fn of(result: &TrainingResult) -> Self {
        Self {
            stimulations: result.stimulations.len(),
            time: result.durations.iter().sum(),
            probes: result.last().map_or(0, |r| r.probes),
        }
    }

    /// The record of a phase as one of the whole training.
    pub(in super::super) fn applied_to(&self, mut record: StepRecord) -> StepRecord {
        record.stimulations += self.stimulations;
        record.time += self.time;
        record.probes += self.probes;
        record
    }
}
