//! What a task is, seen from the controller.

use serde::{Deserialize, Serialize};

use super::{SteadySolver, SteadySummary, StimulationError, Transfer};

/// A task: a cost U(J) of the weights with its gradient, and a judgement of a network.
pub trait Objective: Sync {
    /// How many steady states a cost needs (the input patterns); each has a solver of its own,
    /// which stays warm from one evaluation to the next.
    fn states(&self) -> usize;

    /// The cost U(J), and its gradient dU/dJ (n x n, column-major, all entries written) where
    /// asked for.
    ///
    /// # Errors
    /// Those of [`SteadySolver::solve`].
    fn evaluate(
        &self,
        transfer: &Transfer,
        weights: &[f64],
        solvers: &mut [SteadySolver],
        gradient: Option<&mut [f64]>,
    ) -> Result<f64, StimulationError>;

    /// The objective as it is near these weights, for planning one stimulation from there, where
    /// that is not the objective itself (a part of it may be known to first order only).
    fn around(&self, _: &Transfer, _: &[f64]) -> Option<Box<dyn Objective + '_>> {
        None
    }

    /// Judges a network, with every steady state sought from silence and its stability checked.
    ///
    /// # Errors
    /// Those of [`SteadySolver::solve`] and [`SteadySolver::summary`].
    fn assess(&self, transfer: &Transfer, weights: &[f64]) -> Result<Assessment, StimulationError>;
}

/// How good a network is at its task, and how it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// The cost U.
    pub cost: f64,
    /// The smallest margin by which the task is fulfilled, where the task has margins: over all
    /// patterns, the lowest rate of a pixel that should be on minus the highest of one that should
    /// be off.
    pub margin: Option<f64>,
    /// Whether the task counts as solved: all margins positive, or the cost at its goal.
    pub solved: bool,
    /// Whether nothing is left to gain.
    pub finished: bool,
    /// The steady states.
    pub states: Vec<SteadySummary>,
    /// Largest share of neurons within 1 % of the maximal rate, in any state.
    pub saturated_share: f64,
    /// Smallest share of neurons that fire at more than 1 % of the maximal rate, in any state.
    pub active_share: f64,
}
