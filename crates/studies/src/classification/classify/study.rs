//! The study of one training.

use std::path::Path;

use equipoise_decoder::classifier::{EpochRecord, Trainer};
use equipoise_report::Report;

use super::report;
use super::results::ClassifyResults;
use super::settings::ClassifySettings;
use crate::classification::data::Sets;
use crate::classification::trial::{BETWEEN_STATES, Plan, TrialResult};
use crate::classification::{remarks, tables};
use crate::context::Turn;
use crate::{Context, Identity, Metrics, OrStudyError, Settings as _, Study, StudyError};

/// Name of the file of the trained network.
pub const MODEL: &str = "model.safetensors";
/// Name of the training among the units.
pub const TRAINING: &str = "training";

/// Trains one classifier of excitatory and inhibitory neurons; the one unit is the training.
#[derive(Debug)]
pub struct Classify;

fn plan(settings: &ClassifySettings, sets: &Sets) -> Plan {
    let network = &settings.network;
    Plan {
        key: TRAINING.to_owned(),
        config: network.fitted(network.on(&sets.facts, settings.ratio), sets.train.len()),
        seed: settings.seed,
        distances: settings.distances(),
        model: Some(MODEL.to_owned()),
        between_states: BETWEEN_STATES,
    }
}

impl Study for Classify {
    const NAME: &'static str = "classify";
    type Settings = ClassifySettings;
    type Inputs = Sets;
    type Results = ClassifyResults;

    fn open(settings: &ClassifySettings, root: &Path) -> Result<Sets, StudyError> {
        settings.validate().or_settings()?;
        let sets = settings.data.open(root, settings.seed)?;
        Trainer::check(&plan(settings, &sets).config, &sets.train).or_settings()?;
        Ok(sets)
    }

    fn data(sets: &Sets) -> Identity {
        sets.identify(Identity::new())
    }

    fn remarks(settings: &ClassifySettings, sets: &Sets) -> Vec<String> {
        let rounded = remarks::rounding(&plan(settings, sets).config);
        let own = [rounded, remarks::batch(&settings.network, &sets.facts)];
        sets.remarks.iter().cloned().chain(own.into_iter().flatten()).collect()
    }

    fn run(
        settings: &ClassifySettings,
        sets: &Sets,
        context: &Context<'_>,
    ) -> Result<ClassifyResults, StudyError> {
        let plan = plan(settings, sets);
        let stored = || plan.stored(sets, context);
        let trial = match context.turn(plan.unit(sets), &plan.identity(sets), stored)? {
            Turn::Done(trial) => trial,
            Turn::Ours(unit) => context.make(&unit, || train(&plan, sets, context))?,
            Turn::Theirs => return Err(StudyError::Deferred),
        };
        if let Some(reason) = trial.ending.reason() {
            return Err(StudyError::failed(reason));
        }
        remarks::of(&trial).into_iter().for_each(|remark| context.remark(remark));
        Ok(ClassifyResults { settings: settings.clone(), trial })
    }

    fn report(results: &ClassifyResults) -> Report {
        report::report(results)
    }

    fn metrics(results: &ClassifyResults) -> Metrics {
        let mut metrics = Metrics::default();
        let trial = &results.trial;
        metrics.put("accuracy", trial.last());
        metrics.put("peak_accuracy", trial.peak());
        metrics.put_some("train_accuracy", trial.records.last().and_then(|r| r.train_accuracy));
        metrics.put_some("loss", trial.records.last().map(|r| r.test.loss));
        metrics.put("initial_rate_hz", trial.initial_rate());
        metrics.put("rate_hz", trial.final_rate());
        metrics.count("lost_classes", trial.lost_classes());
        metrics.count("epochs", trial.records.len().saturating_sub(1));
        tables::balance_metrics(&mut metrics, trial);
        if let Some(hardware) = &trial.hardware {
            tables::hardware_metrics(&mut metrics, hardware);
        }
        metrics
    }

    fn summary_within(results: &ClassifyResults, _: usize) -> String {
        report::summary(results)
    }
}

fn train(plan: &Plan, sets: &Sets, context: &Context<'_>) -> Result<TrialResult, StudyError> {
    let stage = context.stage("training", plan.config.epochs as u64)?;
    let measured_on = sets.facts.measured_on.label();
    plan.run(sets, context, &mut |_, record: &EpochRecord| {
        if record.epoch == 0 && record.is_silent() {
            context.remark(remarks::SILENT_AT_START);
        }
        let detail = format!(
            "{measured_on} accuracy {:.2} %, {:.1} Hz",
            100.0 * record.test.accuracy,
            record.test.activity.rate
        );
        stage.set(record.epoch as u64, &detail)
    })
}
