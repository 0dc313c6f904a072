//! A network becomes a ring attractor.

mod report;
mod settings;

use std::path::Path;

use equipoise_plasticity::stimulation::{
    BumpMeasurement, SimulatedPlant, StepRecord, TrainingResult, train,
};
use equipoise_report::Report;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::figures;
use super::trials::{self, DURATION, Trainings, Trial};
use crate::context::{gather_parallel, unless_deferred};
use crate::{Context, Identity, Metrics, OrStudyError, Study, StudyError};
pub use settings::StructureSettings;

/// What became of the networks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StructureResults {
    /// What was asked.
    pub settings: StructureSettings,
    /// The trainings.
    pub trainings: Trainings,
    /// The bumps of the target.
    pub target: Vec<BumpMeasurement>,
    /// The bumps of every network that was trained as configured.
    pub bumps: Vec<Bumps>,
}

/// The bumps of one network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bumps {
    /// Before the training.
    pub untrained: Vec<BumpMeasurement>,
    /// After it.
    pub trained: Vec<BumpMeasurement>,
}

/// Turns networks into ring attractors; a unit is a training, or the bumps of one network.
#[derive(Debug)]
pub struct Structure;

impl Study for Structure {
    const NAME: &'static str = "stimulate-structure";
    type Settings = StructureSettings;
    type Inputs = ();
    type Results = StructureResults;

    fn open(_: &StructureSettings, _: &Path) -> Result<(), StudyError> {
        Ok(())
    }

    fn run(
        settings: &StructureSettings,
        (): &(),
        context: &Context<'_>,
    ) -> Result<StructureResults, StudyError> {
        let identity = Identity::new().with_settings("settings", settings);
        let conditions = [(DURATION, &settings.durations[..])];
        let networks = settings.networks;
        let trainings = trials::train_all(context, &identity, networks, &conditions, |trial| {
            one(context, settings, trial)
        })?;
        let stage = context.stage("measuring bumps", trainings.full.len() as u64)?;
        let transfer = &settings.training.transfer;
        let bumps =
            gather_parallel(trainings.full.par_iter().enumerate().map(|(network, result)| {
                let bumps = context.unit(&format!("bumps/{network:05}"), &identity, || {
                    let (task, _) = settings.task_of(network as u64).or_settings()?;
                    Ok(Bumps {
                        untrained: task.bumps(transfer, &result.weights_before),
                        trained: task.bumps(transfer, &result.weights_after),
                    })
                })?;
                stage.advance(1)?;
                Ok(bumps)
            }));
        let bumps: Option<Vec<Bumps>> = unless_deferred(bumps)?;
        let (task, _) = settings.task_of(0).or_settings()?;
        let target = context
            .unit("bumps/target", &identity, || Ok(task.bumps(transfer, task.target.weights())))?;
        let bumps = bumps.ok_or(StudyError::Deferred)?;
        context.write("summary.csv", &trainings.csv()?)?;
        let rows = report::every_bump(&target, &bumps);
        context.write("bumps.csv", rows.to_csv().as_bytes())?;
        if let Some(first) = trainings.full.first() {
            figures::write_tables(context, task.target.mask(), first)?;
        }
        Ok(StructureResults { settings: settings.clone(), trainings, target, bumps })
    }

    fn report(results: &StructureResults) -> Report {
        report::report(results)
    }

    fn metrics(results: &StructureResults) -> Metrics {
        results.trainings.metrics()
    }

    fn summary_within(results: &StructureResults, _: usize) -> String {
        report::summary(results)
    }
}

fn one(
    context: &Context<'_>,
    settings: &StructureSettings,
    trial: &Trial,
) -> Result<TrainingResult, StudyError> {
    let mut settings = settings.clone();
    if trial.condition == DURATION {
        // How low the cost alone can be brought. Shorter stimulations may be as many more, so that
        // all have the same time.
        (settings.ring.rotation_importance, settings.ring.drift_importance) = (0.0, 0.0);
        let training = &mut settings.training;
        let more = (training.control.duration / trial.value).max(1.0);
        training.budget = (0.5 * training.budget as f64 * more).round() as usize;
        training.control.duration = trial.value;
        training.control.shortest = 1.0;
    }
    let (task, seed) = settings.task_of(trial.network).or_settings()?;
    let training = &settings.training;
    let initial = &task.initial;
    let mut plant = SimulatedPlant::new(initial.clone(), training.transfer, training.rule)
        .with_substeps(settings.substeps);
    let mut watch = |_: &StepRecord| context.poll();
    train(&mut plant, initial, &task.objective, training, seed, &mut watch).or_settings()
}
