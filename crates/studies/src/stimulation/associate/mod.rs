//! Input patterns learn to evoke digits on the output neurons.

mod conditions;
mod report;
mod settings;

use std::path::Path;

use equipoise_plasticity::stimulation::{
    AssociativeConfig, SimulatedPlant, StepRecord, TrainingResult, train, train_guided,
};
use equipoise_report::Report;
use serde::{Deserialize, Serialize};

use super::figures;
use super::trials::{self, DURATION, Trainings, Trial};
use crate::{Context, Identity, Metrics, OrStudyError, Study, StudyError};
pub use settings::{AssociateSettings, GUIDED};
use settings::{CORRECTED, NOISE, WRONG};

/// What became of the networks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssociateResults {
    /// What was asked.
    pub settings: AssociateSettings,
    /// The trainings.
    pub trainings: Trainings,
}

/// Teaches input patterns to evoke images on the output neurons; a unit is a training.
#[derive(Debug)]
pub struct Associate;

impl Study for Associate {
    const NAME: &'static str = "stimulate-associate";
    type Settings = AssociateSettings;
    type Inputs = ();
    type Results = AssociateResults;

    fn open(_: &AssociateSettings, _: &Path) -> Result<(), StudyError> {
        Ok(())
    }

    fn run(
        settings: &AssociateSettings,
        (): &(),
        context: &Context<'_>,
    ) -> Result<AssociateResults, StudyError> {
        let conditions = [
            (DURATION, &settings.durations[..]),
            (NOISE, &settings.noises[..]),
            (WRONG, &settings.parameter_errors[..]),
            (CORRECTED, &settings.parameter_errors[..]),
        ];
        let identity = Identity::new().with_settings("settings", settings);
        let networks = settings.networks;
        let trainings = trials::train_all(context, &identity, networks, &conditions, |trial| {
            one(context, settings, trial)
        })?;
        context.write("summary.csv", &trainings.csv()?)?;
        context.write("steps.csv", report::steps(&trainings.full).to_csv().as_bytes())?;
        if let Some(first) = trainings.full.first() {
            let network = settings.network.build(settings.seed_of(0)).or_settings()?;
            figures::write_tables(context, network.mask(), first)?;
        }
        Ok(AssociateResults { settings: settings.clone(), trainings })
    }

    fn report(results: &AssociateResults) -> Report {
        report::report(results)
    }

    fn metrics(results: &AssociateResults) -> Metrics {
        results.trainings.metrics()
    }

    fn summary_within(results: &AssociateResults, _: usize) -> String {
        report::summary(results)
    }
}

fn one(
    context: &Context<'_>,
    settings: &AssociateSettings,
    trial: &Trial,
) -> Result<TrainingResult, StudyError> {
    let seed = settings.seed_of(trial.network);
    let network = settings.network.build(seed).or_settings()?;
    let truth = settings.training.transfer;
    let task = settings.task.build(&network, &truth, seed).or_settings()?;
    let mut plant = SimulatedPlant::new(network.clone(), truth, settings.training.rule)
        .with_substeps(settings.substeps);
    let mut training = settings.training.clone();
    match trial.condition {
        DURATION => {
            training.control.duration = trial.value;
            training.control.shortest = 1.0;
        }
        NOISE => {
            training.inference.noise = trial.value;
            training.stop_when_solved = true;
            plant = plant.with_noise(trial.value, seed);
        }
        WRONG | CORRECTED => {
            training = training.with_wrong_constants(trial.value, seed);
            training.calibrate |= trial.condition == CORRECTED;
            training.stop_when_solved = true;
        }
        _ => {}
    }
    let mut watch = |_: &StepRecord| context.poll();
    let result = if settings.guide.rounds > 0 {
        let wider = AssociativeConfig { margin: settings.guide.margin, ..settings.task.clone() };
        let wider = wider.build(&network, &truth, seed).or_settings()?;
        let guide = &settings.guide;
        train_guided(&mut plant, &network, &task, &wider, &training, guide, seed, &mut watch)
    } else {
        train(&mut plant, &network, &task, &training, seed, &mut watch)
    };
    result.or_settings()
}
