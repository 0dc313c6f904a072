//! The study of E:I ratios: many trainings, each with a seed of its own, and what they say together.

use std::path::Path;

use equipoise_decoder::classifier::{ClassifierConfig, Trainer};
use equipoise_report::Report;
use rayon::prelude::*;

use super::comparison::Comparisons;
use super::grid::Condition;
use super::results::RatiosResults;
use super::settings::RatiosSettings;
use super::trials::Trial;
use super::{epochs, report};
use crate::classification::data::{DataSettings, Sets};
use crate::classification::remarks;
use crate::classification::trial::{BETWEEN_STATES, Plan, TrialResult};
use crate::context::{Stage, Turn, digest_of, gather_parallel};
use crate::{Context, Identity, Metrics, OrStudyError, Settings as _, Study, StudyError};

/// Which ratio, which initial activity and which noise can a spiking classifier be trained under?
/// The study of Kilgore et al. 2025, reproduced and corrected; a unit is a training.
#[derive(Debug)]
pub struct Ratios;

/// The sets of the study: one pair, or one for each speaker who is held out.
#[derive(Debug)]
pub struct RatiosInputs {
    first: Sets,
    /// Of the other speakers.
    others: Vec<(u16, Sets)>,
}

impl RatiosInputs {
    fn of(&self, condition: &Condition) -> &Sets {
        let of_speaker = self.others.iter().find(|s| Some(s.0) == condition.speaker);
        of_speaker.map_or(&self.first, |s| &s.1)
    }
}

/// The configuration of a condition's classifiers on these data.
fn config(settings: &RatiosSettings, sets: &Sets, condition: &Condition) -> ClassifierConfig {
    let network = settings.network(condition, sets.facts.kind, sets.facts.step_ms);
    settings.network.fitted(network, sets.train.len())
}

fn plan(settings: &RatiosSettings, sets: &Sets, condition: &Condition, trial: usize) -> Plan {
    let name = format!("{}-{trial}", condition.name());
    Plan {
        key: format!("trials/{name}"),
        config: config(settings, sets, condition),
        seed: condition.seed(settings.seed, trial),
        distances: settings.distances(),
        model: settings.keep_models.then(|| format!("models/{name}.safetensors")),
        between_states: BETWEEN_STATES,
    }
}

impl Study for Ratios {
    const NAME: &'static str = "study-ratios";
    type Settings = RatiosSettings;
    type Inputs = RatiosInputs;
    type Results = RatiosResults;

    fn open(settings: &RatiosSettings, root: &Path) -> Result<RatiosInputs, StudyError> {
        settings.validate().or_settings()?;
        let open = |speaker: Option<u16>| {
            let validation_speaker = speaker.or(settings.data.validation_speaker);
            let data = DataSettings { validation_speaker, ..settings.data.clone() };
            data.open(root, settings.seed)
        };
        let mut speakers = settings.held_out_speakers.iter();
        let first = open(speakers.next().copied())?;
        let others = speakers
            .map(|&speaker| Ok((speaker, open(Some(speaker))?)))
            .collect::<Result<_, StudyError>>()?;
        settings.validate_for(first.facts.kind).or_settings()?;
        let inputs = RatiosInputs { first, others };
        for condition in settings.conditions() {
            let sets = inputs.of(&condition);
            Trainer::check(&config(settings, sets, &condition), &sets.train)
                .map_err(|e| StudyError::settings(format!("{}: {e}", condition.title())))?;
        }
        Ok(inputs)
    }

    fn data(inputs: &RatiosInputs) -> Identity {
        let others = inputs.others.iter().map(|(speaker, sets)| (Some(*speaker), sets));
        std::iter::once((None, &inputs.first)).chain(others).fold(
            Identity::new(),
            |identity, (speaker, sets)| {
                let part = speaker.map_or("data".to_owned(), |s| format!("data.speaker-{s}"));
                identity.with(&part, digest_of(&sets.identify(Identity::new())))
            },
        )
    }

    fn remarks(settings: &RatiosSettings, inputs: &RatiosInputs) -> Vec<String> {
        let facts = &inputs.first.facts;
        let conditions = settings.conditions();
        let rounded = report::ratios(conditions.iter()).into_iter().filter_map(|condition| {
            let network = settings.network(condition, facts.kind, facts.step_ms);
            remarks::rounding(&network)
        });
        let batch = remarks::batch(&settings.network, facts);
        inputs.first.remarks.iter().cloned().chain(rounded).chain(batch).collect()
    }

    fn run(
        settings: &RatiosSettings,
        inputs: &RatiosInputs,
        context: &Context<'_>,
    ) -> Result<RatiosResults, StudyError> {
        let trials = train(settings, inputs, context)?;
        context.write(epochs::FILE, &epochs::csv(&trials)?)?;
        let data = inputs.first.facts.clone();
        let comparisons = Comparisons::of(settings, &trials, data.kind, context)?;
        Ok(RatiosResults { settings: settings.clone(), data, trials, comparisons })
    }

    fn report(results: &RatiosResults) -> Report {
        report::report(results)
    }

    fn metrics(results: &RatiosResults) -> Metrics {
        let mut metrics = Metrics::default();
        metrics.count("trials", results.trials.len());
        metrics.count("diverged", results.diverged());
        metrics.count("silent", results.silent());
        metrics.count("with_lost_classes", results.with_lost_classes());
        for best in results.best() {
            let name = best.condition.network_name();
            metrics.put(format!("{name}.score"), best.score);
            metrics.put(format!("{name}.last_accuracy"), best.last);
            metrics.put(format!("{name}.initial_rate_hz"), best.initial_rate);
            metrics.put_some(format!("{name}.sigma_1"), best.condition.sigma_1);
        }
        metrics
    }

    fn summary_within(results: &RatiosResults, _: usize) -> String {
        report::summary(results)
    }
}

/// A training of the study.
struct Task<'s> {
    condition: Condition,
    trial: usize,
    sets: &'s Sets,
    plan: Plan,
}

/// All trials of the study, in the order of the grids; those that the store lacks are trained.
fn train(
    settings: &RatiosSettings,
    inputs: &RatiosInputs,
    context: &Context<'_>,
) -> Result<Vec<Trial>, StudyError> {
    let mut tasks = Vec::new();
    for condition in settings.conditions() {
        for trial in 0..settings.trials_of(condition.grid) {
            let sets = inputs.of(&condition);
            let plan = plan(settings, sets, &condition, trial);
            tasks.push(Task { condition, trial, sets, plan });
        }
    }
    let turns = tasks
        .iter()
        .map(|Task { plan, sets, .. }| {
            context.turn(plan.unit(sets), &plan.identity(sets), || plan.stored(sets, context))
        })
        .collect::<Result<Vec<_>, StudyError>>()?;
    let found = turns.iter().filter(|turn| matches!(turn, Turn::Done(_))).count();
    if found > 0 {
        context.remark(format!("{found} of {} trials are already there", tasks.len()));
    }
    let epochs: usize = tasks.iter().map(|task| task.plan.config.epochs).sum();
    let stage = context.stage("training", epochs as u64)?;
    // Trials side by side; each of them may use idle threads for its own batches too.
    let each = tasks.par_iter().zip(turns);
    gather_parallel(each.map(|(task, turn)| train_one(task, turn, context, &stage)))
}

fn train_one(
    task: &Task<'_>,
    turn: Turn<'_, TrialResult>,
    context: &Context<'_>,
    stage: &Stage<'_>,
) -> Result<Trial, StudyError> {
    let Task { condition, trial, sets, plan } = task;
    let result = match turn {
        Turn::Done(result) => {
            stage.advance(plan.config.epochs as u64)?;
            result
        }
        Turn::Ours(unit) => context.make(&unit, || {
            let result = plan.run(sets, context, &mut |epochs, _| stage.advance(epochs as u64))?;
            stage.detail(&format!("{} {:.1} %", condition.title(), 100.0 * result.peak()))?;
            Ok(result)
        })?,
        Turn::Theirs => return Err(StudyError::Deferred),
    };
    Ok(Trial { condition: *condition, trial: *trial, result })
}
