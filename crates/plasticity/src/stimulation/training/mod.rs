//! The loop: infer the connectivity, plan a stimulation, stimulate, and again.

mod config;
mod result;
#[cfg(test)]
mod tests;

pub use config::TrainingConfig;
pub(super) use result::Offset;
pub use result::{Outcome, StepRecord, TrainingResult};

use std::ops::ControlFlow;

use super::calibration::{self, RuleEstimate};
use super::{
    Assessment, Estimator, Measurements, Model, Network, Objective, Plant, StimulationError,
    Workspace, plan,
};
use crate::power::power;

/// Where the task is solved, a stimulation that would raise the cost to more than this multiple is
/// not given, and ends the training: what is learnt is not risked.
const LARGEST_RISE: f64 = 2.0;

/// Trains `plant` for a task.
///
/// `structure` tells which neurons and synapses there are; its weights are not looked at. After
/// every stimulation (and before the first) `progress` sees the record and may end the training.
/// Whatever happens to the network, the training ends with an [`Outcome`] and all that was done.
///
/// # Errors
/// Only for settings that make no sense, before anything is done to the plant.
pub fn train(
    plant: &mut dyn Plant,
    structure: &Network,
    objective: &dyn Objective,
    config: &TrainingConfig,
    seed: u64,
    progress: &mut dyn FnMut(&StepRecord) -> ControlFlow<()>,
) -> Result<TrainingResult, StimulationError> {
    config.validate(structure)?;
    if plant.neurons() != structure.neurons() {
        let (given, wanted) = (plant.neurons(), structure.neurons());
        return Err(StimulationError::Shape {
            what: "neurons of a plant",
            given,
            wanted,
            neurons: wanted,
        });
    }
    let mut result = TrainingResult {
        outcome: Outcome::BudgetSpent,
        first_solved_at: None,
        solved_at: None,
        records: Vec::new(),
        stimulations: Vec::new(),
        durations: Vec::new(),
        weights_before: Vec::new(),
        weights_after: Vec::new(),
        transfer: config.transfer,
        rule: config.rule,
    };
    let mut run = Run::new(structure, objective, config, seed);
    result.weights_before = run.present_weights(plant);
    let ended = run.go(plant, &mut result, progress);
    result.conclude(ended);
    result.weights_after = run.present_weights(plant);
    (result.transfer, result.rule) = (run.model.transfer, run.model.rule);
    Ok(result)
}

/// The controller's state during a training.
struct Run<'a> {
    objective: &'a dyn Objective,
    config: &'a TrainingConfig,
    seed: u64,
    model: Model,
    estimator: Estimator,
    workspace: Workspace,
    probes: usize,
    calibration: Option<Calibration>,
}

/// What a controller that corrects its constants knows.
struct Calibration {
    rule: RuleEstimate,
    /// The last stimulation: the network before, the rates under it, and how long it was.
    last: Option<(Network, Vec<f64>, f64)>,
}

impl<'a> Run<'a> {
    fn new(
        structure: &Network,
        objective: &'a dyn Objective,
        config: &'a TrainingConfig,
        seed: u64,
    ) -> Self {
        let mut network = structure.clone();
        network.set_weights(&vec![0.0; structure.weights().len()]);
        Self {
            objective,
            config,
            seed,
            estimator: Estimator::new(&network, config.inference, network.weights()),
            workspace: Workspace::new(network.neurons(), objective.states()),
            model: Model { network, transfer: config.transfer, rule: config.rule },
            probes: 0,
            calibration: config.calibrate.then(|| Calibration {
                rule: RuleEstimate::new(config.rule, config.inference.noise),
                last: None,
            }),
        }
    }

    /// The true weights where known, else the inferred ones.
    fn present_weights(&self, plant: &dyn Plant) -> Vec<f64> {
        plant.truth().map_or(self.estimator.weights(), Network::weights).to_vec()
    }

    fn go(
        &mut self,
        plant: &mut dyn Plant,
        result: &mut TrainingResult,
        progress: &mut dyn FnMut(&StepRecord) -> ControlFlow<()>,
    ) -> Outcome {
        let mut lowest = f64::INFINITY;
        let mut lowest_at = 0;
        let mut last = (f64::NAN, 0.0, (0, 0));
        for step in 0..=self.config.budget {
            if step.is_multiple_of(self.config.inference.every)
                && let Err(outcome) = self.infer(plant, step)
            {
                return outcome;
            }
            self.model.network.set_weights(self.estimator.weights());
            if step == 0 {
                // What is inferred first, where the truth is not known.
                result.weights_before = self.present_weights(plant);
            }
            let record = match self.record(plant, step, result, last) {
                Ok(record) => record,
                Err(reason) => {
                    return Outcome::Unstable { reason: format!("at the task: {reason}") };
                }
            };
            let assessment = record.assessment.clone();
            let stop = progress(&record).is_break();
            result.records.push(record);
            if let Some(outcome) = self.end(&assessment, stop) {
                return outcome;
            }
            if assessment.cost < lowest * (1.0 - 1e-4) {
                (lowest, lowest_at) = (assessment.cost, step);
            }
            if step - lowest_at >= self.config.patience {
                return Outcome::Stalled;
            }
            if step == self.config.budget {
                break;
            }
            last = match self.stimulate(plant, step, result) {
                Ok(last) => last,
                Err(outcome) => return outcome,
            };
        }
        Outcome::BudgetSpent
    }

    fn infer(&mut self, plant: &mut dyn Plant, step: usize) -> Result<(), Outcome> {
        let config = &self.config.inference;
        let mut count = config.probes_for(&self.model.network);
        if step == 0 && config.noise > 0.0 {
            // Nothing is known yet, and the first plan rests on this alone.
            count *= 4;
        }
        let data = Measurements::take(plant, config, count, self.seed, step as u64);
        let data = data.map_err(|reason| match reason {
            StimulationError::NoSteadyState { .. } | StimulationError::UnstableState { .. } => {
                Outcome::Unstable { reason: format!("while probing: {reason}") }
            }
            reason => Outcome::PlantFailed { reason: reason.to_string() },
        })?;
        self.probes += count;
        if step == 0 && self.calibration.is_some() {
            let found = calibration::gain_of(&self.model.transfer, &self.model.network, &data);
            // Probes that no gain explains are looked into below.
            self.model.transfer = found.unwrap_or(self.model.transfer);
        }
        let transfer = self.model.transfer;
        self.estimator.update(&transfer, &data).map_err(|reason| {
            // A network that no drive moves cannot be inferred, and that is the reason; but one
            // that does not settle under some drives, and is silent or saturated under the others,
            // is neither of these.
            let (saturated, silent) = data.extremes(&transfer);
            if data.unsettled > 0 {
                Outcome::Unstable {
                    reason: format!(
                        "under {} of {} probes the network did not settle, and the others do not \
                         tell its connectivity: {reason}",
                        data.unsettled,
                        data.unsettled + count
                    ),
                }
            } else if saturated > 0.5 {
                Outcome::Saturated
            } else if silent > 0.5 {
                Outcome::Silent
            } else {
                Outcome::PlantFailed { reason: reason.to_string() }
            }
        })?;
        if let Some(calibration) = &mut self.calibration
            && let Some((network, rates, duration)) = calibration.last.take()
        {
            calibration.rule.observe(&network, &rates, duration, self.estimator.weights());
            self.model.rule = calibration.rule.rule();
        }
        Ok(())
    }

    fn record(
        &self,
        plant: &dyn Plant,
        step: usize,
        result: &TrainingResult,
        (predicted_cost, stimulated_rate, evaluations): (f64, f64, (usize, usize)),
    ) -> Result<StepRecord, StimulationError> {
        let transfer = plant.true_transfer().unwrap_or(self.model.transfer);
        let truth = plant.truth();
        let weights = truth.map_or(self.estimator.weights(), Network::weights);
        let inference_error = truth.map(|network| {
            let squares = network.weights().iter().zip(self.estimator.weights());
            let sum: f64 = squares.map(|(a, b)| power(a - b, 2)).sum();
            (sum / network.synapses().max(1) as f64).sqrt()
        });
        let assessment = self.objective.assess(&transfer, weights)?;
        Ok(StepRecord {
            stimulations: step,
            time: result.durations.iter().sum(),
            predicted_cost: if step == 0 { assessment.cost } else { predicted_cost },
            assessment,
            inference_error,
            stimulated_rate,
            evaluations,
            probes: self.probes,
        })
    }

    /// Whether the state of the network ends the training.
    fn end(&self, assessment: &Assessment, stop: bool) -> Option<Outcome> {
        let unstable = assessment.states.iter().find(|s| !(s.spectral_abscissa < 0.0));
        if let Some(state) = unstable {
            let reason = format!(
                "a steady state of the task has an eigenvalue with the real part {:.3}",
                state.spectral_abscissa
            );
            return Some(Outcome::Unstable { reason });
        }
        if assessment.saturated_share > 0.9 {
            return Some(Outcome::Saturated);
        }
        if assessment.active_share < 0.1 {
            return Some(Outcome::Silent);
        }
        if assessment.finished {
            return Some(Outcome::Finished);
        }
        if assessment.solved && self.config.stop_when_solved {
            return Some(Outcome::Solved);
        }
        stop.then_some(Outcome::Stopped)
    }

    fn stimulate(
        &mut self,
        plant: &mut dyn Plant,
        step: usize,
        result: &mut TrainingResult,
    ) -> Result<(f64, f64, (usize, usize)), Outcome> {
        let unstable = |reason| Outcome::Unstable { reason };
        let plan = plan(
            &self.model,
            self.objective,
            &self.config.control,
            &mut self.workspace,
            result.stimulations.last().map(Vec::as_slice),
            self.seed,
            step as u64,
        )
        .map_err(|e| unstable(format!("while planning: {e}")))?;
        let is_solved = result.last().is_some_and(|r| r.assessment.solved);
        if is_solved && plan.predicted_cost > LARGEST_RISE * plan.present_cost {
            return Err(Outcome::Stalled);
        }
        if let Some(calibration) = &mut self.calibration {
            let mut rates = vec![0.0; plan.rates.len()];
            plant
                .measure(&plan.drive, &mut rates)
                .map_err(|e| unstable(format!("under stimulation: {e}")))?;
            self.probes += 1;
            calibration.last = Some((self.model.network.clone(), rates, plan.duration));
        }
        plant
            .stimulate(&plan.drive, plan.duration)
            .map_err(|e| unstable(format!("under stimulation: {e}")))?;
        // What the rule makes of the estimate, for the next inference to begin with.
        let (network, rule) = (&self.model.network, &self.model.rule);
        let mut weights = self.estimator.weights().to_vec();
        let mut drift = vec![0.0; weights.len()];
        rule.step(
            network.types(),
            network.mask(),
            &mut weights,
            &plan.rates,
            plan.duration,
            &mut drift,
        );
        self.estimator.predict(&weights);
        let mean = plan.rates.iter().sum::<f64>() / plan.rates.len() as f64;
        result.durations.push(plan.duration);
        result.stimulations.push(plan.drive);
        Ok((plan.predicted_cost, mean, plan.evaluations))
    }
}
