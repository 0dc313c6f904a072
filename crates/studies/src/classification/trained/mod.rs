//! Are trained networks balanced, and do the balanced ones learn better?
//!
//! E:I classifiers with current and with conductance synapses, whose hidden neurons nothing inhibits
//! (as published), recurrent or feed-forward inhibition does, from the published weights or from
//! balanced ones, under more and less noise of their updates. Of each the excitation and inhibition of
//! the hidden neurons are measured before and after training, and its accuracy, the epochs that it
//! takes, and the spikes of a decision. In a repetition all networks have one seed, so that they are
//! compared in pairs.

mod comparison;
mod figures;
mod report;
pub mod results;
pub mod settings;
mod tables;
#[cfg(test)]
mod tests;

use std::path::Path;

use equipoise_decoder::classifier::Trainer;
use equipoise_report::Report;
use rayon::prelude::*;

use crate::classification::data::Sets;
use crate::classification::measure::DistanceSettings;
use crate::classification::remarks;
use crate::classification::trial::{BETWEEN_STATES, Plan, TrialResult};
use crate::context::{Stage, Turn, gather_parallel};
use crate::{Context, Identity, Metrics, OrStudyError, Settings as _, Study, StudyError};
pub use results::{TrainedCell, TrainedResults};
use settings::Condition;
pub use settings::TrainedSettings;

/// Balance of trained networks; a unit is a training.
#[derive(Debug)]
pub struct Trained;

impl Trained {
    /// A night on two cores: all of Fashion-MNIST, five repetitions.
    pub const FULL: &str = include_str!("../../../presets/trained-full.toml");
    /// A quarter of an hour at most: fewer images and epochs, three repetitions.
    pub const QUICK: &str = include_str!("../../../presets/trained-quick.toml");
    /// Under a minute: shows that every part works on images that it draws itself.
    pub const SMOKE: &str = include_str!("../../../presets/trained-smoke.toml");
}

fn plan(settings: &TrainedSettings, sets: &Sets, condition: &Condition, repeat: usize) -> Plan {
    Plan {
        key: format!("trainings/{}-{repeat}", condition.name()),
        config: settings.config(condition, &sets.facts),
        seed: settings.seed_of(repeat),
        // Distances are the study of ratios' subject.
        distances: DistanceSettings { samples: 0, tau: 1.0 },
        model: None,
        between_states: BETWEEN_STATES,
    }
}

impl Study for Trained {
    const NAME: &'static str = "study-trained";
    type Settings = TrainedSettings;
    type Inputs = Sets;
    type Results = TrainedResults;

    fn preset() -> Result<String, String> {
        Ok(Self::FULL.to_owned())
    }

    fn open(settings: &TrainedSettings, root: &Path) -> Result<Sets, StudyError> {
        settings.validate().or_settings()?;
        let sets = settings.data.open(root, settings.seed)?;
        for condition in settings.conditions() {
            Trainer::check(&settings.config(&condition, &sets.facts), &sets.train)
                .map_err(|e| StudyError::settings(format!("{}: {e}", condition.title())))?;
        }
        Ok(sets)
    }

    fn data(sets: &Sets) -> Identity {
        sets.identify(Identity::new())
    }

    fn remarks(settings: &TrainedSettings, sets: &Sets) -> Vec<String> {
        let first = settings.conditions().into_iter().next();
        let rounded = first.and_then(|c| remarks::rounding(&settings.config(&c, &sets.facts)));
        sets.remarks.iter().cloned().chain(rounded).collect()
    }

    fn run(
        settings: &TrainedSettings,
        sets: &Sets,
        context: &Context<'_>,
    ) -> Result<TrainedResults, StudyError> {
        let conditions = settings.conditions();
        let tasks: Vec<(Condition, usize, Plan)> = (0..settings.repeats)
            .flat_map(|repeat| {
                conditions.iter().map(move |c| (*c, repeat, plan(settings, sets, c, repeat)))
            })
            .collect();
        let turns = tasks
            .iter()
            .map(|(_, _, plan)| {
                context.turn(plan.unit(sets), &plan.identity(sets), || plan.stored(sets, context))
            })
            .collect::<Result<Vec<_>, StudyError>>()?;
        let found = turns.iter().filter(|turn| matches!(turn, Turn::Done(_))).count();
        if found > 0 {
            context.remark(format!("{found} of {} trainings are already there", tasks.len()));
        }
        let epochs: usize = tasks.iter().map(|(_, _, plan)| plan.config.epochs).sum();
        let stage = context.stage("training", epochs as u64)?;
        let cells = gather_parallel(tasks.par_iter().zip(turns).map(|(task, turn)| {
            let (condition, repeat, plan) = task;
            let trial = train(plan, condition, sets, turn, context, &stage)?;
            Ok(TrainedCell::of(*condition, *repeat, &trial, settings))
        }))?;
        let results = TrainedResults {
            settings: settings.clone(),
            data: sets.facts.clone(),
            epochs: tasks.first().map_or(0, |(_, _, plan)| plan.config.epochs),
            cells,
        };
        context.write("trainings.csv", tables::cells(&results).to_csv().as_bytes())?;
        Ok(results)
    }

    fn report(results: &TrainedResults) -> Report {
        report::report(results)
    }

    fn metrics(results: &TrainedResults) -> Metrics {
        let mut metrics = Metrics::default();
        metrics.count("trainings", results.cells.len());
        metrics.count("diverged", results.diverged());
        for condition in results.settings.conditions() {
            let name = condition.name();
            for (_, key, _, of) in results::OUTCOMES {
                metrics.mean(format!("{name}.{key}"), results.numbers(&condition, of));
            }
            let ratio: results::Number = |c| c.end()?.ratio;
            metrics.mean(
                format!("{name}.inhibition_over_excitation"),
                results.numbers(&condition, ratio),
            );
        }
        metrics
    }

    fn summary_within(results: &TrainedResults, width: usize) -> String {
        report::summary(results, width)
    }
}

fn train(
    plan: &Plan,
    condition: &Condition,
    sets: &Sets,
    turn: Turn<'_, TrialResult>,
    context: &Context<'_>,
    stage: &Stage<'_>,
) -> Result<TrialResult, StudyError> {
    match turn {
        Turn::Done(result) => {
            stage.advance(plan.config.epochs as u64)?;
            Ok(result)
        }
        Turn::Ours(unit) => context.make(&unit, || {
            let result = plan.run(sets, context, &mut |epochs, _| stage.advance(epochs as u64))?;
            stage.detail(&format!("{} {:.1} %", condition.title(), 100.0 * result.last()))?;
            Ok(result)
        }),
        Turn::Theirs => Err(StudyError::Deferred),
    }
}
