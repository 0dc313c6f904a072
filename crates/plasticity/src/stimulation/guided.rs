//! Training with a guide: weights that solve the task, to be approached first.

use std::ops::ControlFlow;

use equipoise_random::derive_seed;
use serde::{Deserialize, Serialize};

use super::error::{check_count, check_number, wrong};
use super::training::Offset;
use super::{
    Assessment, Estimator, Measurements, Network, Objective, Outcome, Plant, SteadySolver,
    StepRecord, StimulationError, Structural, TrainingConfig, TrainingResult, Transfer, train,
};
use crate::power::power;

/// How a training is guided.
///
/// A task that is not linearly separable has a plateau where the network answers with what is
/// common to all patterns. Weights that could be set would leave it by small steps of the gradient;
/// stimulation, whose changes are no subspace but a cone, often cannot. With a guide the
/// controller computes from the inferred weights, on paper, the weights that descent by the
/// gradient would reach, drives the network towards them (a quadratic cost, without plateaus), and
/// then goes on with the task itself; and again, where that was not enough.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuideConfig {
    /// Largest number of rounds of a guided and a free phase; 0 for a training without a guide.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1000)))]
    pub rounds: usize,
    /// Stimulations of a guided phase.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 100000)))]
    pub guided: usize,
    /// Stimulations of a free phase.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 100000)))]
    pub free: usize,
    /// The margin that the guide has at the task, as a share of the maximal rate.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1)))]
    pub margin: f64,
    /// Steps of the descent to the guide.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 10000000)))]
    pub descent: usize,
    /// Length of a step of the descent, the most by which it changes a weight.
    #[cfg_attr(feature = "schema", schemars(range(max = 1), extend("exclusiveMinimum" = 0)))]
    pub step: f64,
}

impl Default for GuideConfig {
    fn default() -> Self {
        Self { rounds: 0, guided: 60, free: 60, margin: 0.3, descent: 1000, step: 0.003 }
    }
}

impl GuideConfig {
    /// Checks the numbers.
    ///
    /// # Errors
    /// [`StimulationError::Setting`] for the first that is out of range.
    pub fn validate(&self) -> Result<(), StimulationError> {
        check_count("rounds", self.rounds, 0..=1000)?;
        let least = usize::from(self.rounds > 0);
        check_count("guided", self.guided, least..=100_000)?;
        check_count("free", self.free, least..=100_000)?;
        check_count("descent", self.descent, least..=10_000_000)?;
        let is_margin = self.margin > 0.0 && self.margin < 1.0;
        check_number("margin", self.margin, is_margin, "it lies between 0 and 1")?;
        let is_step = self.step > 0.0 && self.step <= 1.0;
        check_number("step", self.step, is_step, "it lies in (0, 1]")
    }
}

/// Trains `plant` for a task in rounds: guided by weights that solve `wider` (the task with the
/// margin of the guide), then for the task itself, until it is solved or the rounds are over. The
/// phases count their own budgets; the one of `config` is not used.
///
/// Records, stimulations and outcome are as of [`train`]; in guided phases the predicted cost is
/// the mean squared distance from the guide.
///
/// # Errors
/// As of [`train`], and for a guide that makes no sense.
#[expect(clippy::too_many_arguments, reason = "those of a training, and the guide")]
pub fn train_guided(
    plant: &mut dyn Plant,
    structure: &Network,
    objective: &dyn Objective,
    wider: &dyn Objective,
    config: &TrainingConfig,
    guide: &GuideConfig,
    seed: u64,
    progress: &mut dyn FnMut(&StepRecord) -> ControlFlow<()>,
) -> Result<TrainingResult, StimulationError> {
    guide.validate()?;
    config.validate(structure)?;
    let mut whole: Option<TrainingResult> = None;
    // What a phase has learnt of the constants, the next one begins with.
    let mut known = (config.transfer, config.rule);
    for phase in 0..2 * guide.rounds as u64 {
        let seed = derive_seed(seed, "stimulation/guide", phase);
        let is_guided = phase % 2 == 0;
        let mut config = config.clone();
        (config.transfer, config.rule) = known;
        config.budget = if is_guided { guide.guided } else { guide.free };
        config.stop_when_solved |= is_guided;
        let guided;
        let objective = if is_guided {
            let weights = match measure(plant, structure, &config, seed) {
                Ok(weights) => weights,
                // The training itself finds out what is wrong with the network, and reports it.
                Err(_) => structure.weights().iter().map(|_| 0.0).collect(),
            };
            let target = descend(structure, wider, &config.transfer, weights, guide);
            guided = Guided {
                task: objective,
                distance: Structural::new(&target, &vec![1.0; target.weights().len()], 0.0)?,
            };
            &guided as &dyn Objective
        } else {
            objective
        };
        let before = whole.as_ref().map_or(Offset::default(), Offset::of);
        let mut is_first = whole.is_some();
        let mut watch = |record: &StepRecord| {
            // The last record of a phase is the first of the next.
            if std::mem::take(&mut is_first) {
                return ControlFlow::Continue(());
            }
            progress(&before.applied_to(record.clone()))
        };
        let result = train(plant, structure, objective, &config, seed, &mut watch)?;
        known = (result.transfer, result.rule);
        let whole = match &mut whole {
            None => whole.insert(result),
            Some(whole) => {
                whole.append(result, &before);
                whole
            }
        };
        let is_lost = !matches!(
            whole.outcome,
            Outcome::Finished | Outcome::Solved | Outcome::BudgetSpent | Outcome::Stalled
        );
        let is_solved = whole.last().is_some_and(|r| r.assessment.solved);
        if is_lost || (is_solved && (!is_guided || whole.outcome == Outcome::Finished)) {
            break;
        }
    }
    whole.ok_or_else(|| wrong("rounds", 0, "a guided training has at least 1"))
}

/// The inferred weights of the plant.
fn measure(
    plant: &mut dyn Plant,
    structure: &Network,
    config: &TrainingConfig,
    seed: u64,
) -> Result<Vec<f64>, StimulationError> {
    let seed = derive_seed(seed, "stimulation/guide-probes", 0);
    let mut count = config.inference.probes_for(structure);
    if config.inference.noise > 0.0 {
        count *= 4;
    }
    let zero = vec![0.0; structure.weights().len()];
    let mut estimator = Estimator::new(structure, config.inference, &zero);
    let data = Measurements::take(plant, &config.inference, count, seed, 0)?;
    estimator.update(&config.transfer, &data)?;
    Ok(estimator.weights().to_vec())
}

/// The weights that Adam (Kingma & Ba 2015) reaches from `weights` when it may set them: synapses
/// and signs are those of `structure`, and no weight is larger than 1.
fn descend(
    structure: &Network,
    objective: &dyn Objective,
    transfer: &Transfer,
    weights: Vec<f64>,
    guide: &GuideConfig,
) -> Network {
    let mut network = structure.clone();
    network.set_weights(&weights);
    let mut weights = network.weights().to_vec();
    let mut solvers = vec![SteadySolver::new(structure.neurons()); objective.states()];
    let mut gradient = vec![0.0; weights.len()];
    let mut moments = vec![(0.0, 0.0); weights.len()];
    for t in 1..=guide.descent as u64 {
        if objective.evaluate(transfer, &weights, &mut solvers, Some(&mut gradient)).is_err() {
            break;
        }
        let (c1, c2) = (1.0 - power(0.9, t), 1.0 - power(0.999, t));
        for ((w, &g), (m, v)) in weights.iter_mut().zip(&gradient).zip(&mut moments) {
            *m = 0.9 * *m + 0.1 * g;
            *v = 0.999 * *v + 0.001 * g * g;
            *w = (*w - guide.step * (*m / c1) / ((*v / c2).sqrt() + 1e-4)).clamp(-1.0, 1.0);
        }
        network.set_weights(&weights);
        weights.copy_from_slice(network.weights());
        let judged = t % 20 == 0;
        if judged && objective.assess(transfer, &weights).is_ok_and(|a| a.finished) {
            break;
        }
    }
    network
}

/// The distance from the guide as the cost, judged by the task.
struct Guided<'a> {
    task: &'a dyn Objective,
    distance: Structural,
}

impl Objective for Guided<'_> {
    fn states(&self) -> usize {
        self.distance.states()
    }

    fn evaluate(
        &self,
        transfer: &Transfer,
        weights: &[f64],
        solvers: &mut [SteadySolver],
        gradient: Option<&mut [f64]>,
    ) -> Result<f64, StimulationError> {
        self.distance.evaluate(transfer, weights, solvers, gradient)
    }

    fn assess(&self, transfer: &Transfer, weights: &[f64]) -> Result<Assessment, StimulationError> {
        self.task.assess(transfer, weights)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        AssociativeConfig, AssociativeTask, NetworkConfig, PlasticityRule, SimulatedPlant,
    };
    use super::*;

    #[test]
    fn a_guide_leads_off_the_plateau_of_the_exclusive_or() {
        let seed = 3000;
        let network = NetworkConfig::default().build(seed).unwrap();
        let transfer = Transfer::default();
        let config = AssociativeConfig { task: AssociativeTask::ExclusiveOr, ..Default::default() };
        let task = config.build(&network, &transfer, seed).unwrap();
        let guide = GuideConfig { rounds: 3, ..Default::default() };
        let wider = AssociativeConfig { margin: guide.margin, ..config }
            .build(&network, &transfer, seed)
            .unwrap();
        let training = TrainingConfig { stop_when_solved: true, ..Default::default() };
        let plant = || SimulatedPlant::new(network.clone(), transfer, PlasticityRule::default());
        let mut seen = Vec::new();
        let mut watch = |r: &StepRecord| {
            seen.push(r.stimulations);
            ControlFlow::Continue(())
        };
        let mut trained = plant();
        let result = train_guided(
            &mut trained,
            &network,
            &task,
            &wider,
            &training,
            &guide,
            seed,
            &mut watch,
        )
        .unwrap();
        assert_eq!(result.outcome, Outcome::Solved);
        let count = result.stimulations.len();
        assert!(result.solved_at == Some(count) && count <= 360, "{count}");
        assert_eq!(seen, (0..=count).collect::<Vec<_>>());
        assert!(result.records.windows(2).all(|r| r[0].time < r[1].time));
        // The stimulations alone do it.
        let mut fresh = plant();
        for (drive, &duration) in result.stimulations.iter().zip(&result.durations) {
            fresh.stimulate(drive, duration).unwrap();
        }
        let images = task.images(&transfer, fresh.truth().unwrap().weights()).unwrap();
        assert!(images.iter().all(|(_, margin)| *margin > 0.0));
        assert!(GuideConfig { free: 0, ..guide }.validate().is_err());
        assert!(GuideConfig { margin: 1.0, ..guide }.validate().is_err());
        assert!(GuideConfig { step: 0.0, ..guide }.validate().is_err());
    }
}
