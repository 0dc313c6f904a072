//! One part of the study: a plan, whose chunks are the units of work.

use equipoise_plasticity::hebb::{HebbError, Outcome, Plan, Row, StudyConfig, Summary, Variants};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::context::{Unit, unless_deferred};
use crate::{Context, Identity, OrStudyError, Stage, StudyError};

/// Seconds that one core needs for a run of the usual size.
const SECONDS_PER_RUN: f64 = 5e-5;

/// A part of the study that is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Which runs, of which network.
    pub config: StudyConfig,
    /// What they add up to.
    pub summary: Summary,
    /// Whether every combination was run, and not a sample.
    pub complete: bool,
    /// What a reader must know of the choice of runs.
    pub note: Option<String>,
    /// The number of runs.
    pub runs: u64,
}

impl Part {
    fn new(plan: &Plan, summary: Summary) -> Self {
        Self {
            config: plan.config().clone(),
            summary,
            complete: plan.is_complete(),
            note: plan.note().map(str::to_owned),
            runs: plan.runs(),
        }
    }

    /// The variants of its network.
    pub fn variants(&self) -> Variants {
        self.config.hebb.variants
    }

    /// The part of which only the counts are kept; a unit is a chunk of runs.
    ///
    /// # Errors
    /// Those of the context.
    pub(super) fn count(
        context: &Context<'_>,
        stage: &Stage<'_>,
        name: &str,
        plan: &Plan,
    ) -> Result<Self, StudyError> {
        let identity = identity_of(plan);
        let summary = joined((0..plan.chunks()).into_par_iter().map(|chunk| {
            let key = key(name, chunk);
            let counts = context.unit(unit_of(&key, plan, chunk), &identity, || {
                Ok(Summary::of(&rows_of(context, plan, chunk)?))
            })?;
            let range = plan.chunk(chunk);
            stage.advance(range.end - range.start)?;
            Ok(counts)
        }))?;
        Ok(Self::new(plan, summary))
    }

    /// The part of which every run is kept, with its weights at the end if they are wanted.
    ///
    /// # Errors
    /// Those of the context.
    pub(super) fn record(
        context: &Context<'_>,
        stage: &Stage<'_>,
        name: &str,
        plan: &Plan,
        with_weights: bool,
    ) -> Result<Self, StudyError> {
        let summary = joined((0..plan.chunks()).into_par_iter().map(|chunk| {
            let records = records(context, name, plan, with_weights, chunk)?;
            let range = plan.chunk(chunk);
            stage.advance(range.end - range.start)?;
            let rows = range.zip(records).map(|(index, record)| record.row(plan, index));
            Ok(Summary::of(&rows.collect::<Vec<_>>()))
        }))?;
        Ok(Self::new(plan, summary))
    }
}

/// What the chunks add up to. Those that are deferred do not keep the others from being made.
fn joined(
    chunks: impl ParallelIterator<Item = Result<Summary, StudyError>>,
) -> Result<Summary, StudyError> {
    let join = |a: Option<Summary>, b: Option<Summary>| {
        Ok(a.zip(b).map(|(mut a, b)| {
            a.join(b);
            a
        }))
    };
    let none_yet = || Some(Summary::default());
    let joined = chunks.map(unless_deferred).try_reduce(none_yet, join)?;
    joined.ok_or(StudyError::Deferred)
}

/// A chunk as a unit.
fn unit_of<'k>(key: &'k str, plan: &Plan, chunk: usize) -> Unit<'k> {
    let range = plan.chunk(chunk);
    let seconds = (range.end - range.start) as f64 * SECONDS_PER_RUN;
    Unit::new(key).seed(plan.seed()).seconds(seconds)
}

/// What a chunk's result depends on.
fn identity_of(plan: &Plan) -> Identity {
    Identity::new().with_settings("plan", &(plan.config(), plan.seed()))
}

fn key(name: &str, chunk: usize) -> String {
    format!("{name}-{chunk:04}")
}

fn rows_of(context: &Context<'_>, plan: &Plan, chunk: usize) -> Result<Vec<Row>, StudyError> {
    match plan.run_chunk(chunk, &|| context.poll()) {
        Err(HebbError::Stopped) => Err(StudyError::Stopped),
        other => other.or_failed(),
    }
}

/// What is kept of one run: the rest follows from its place in the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The epoch at which it converged.
    pub converged_at: Option<usize>,
    /// Whether its weights at the end show the mapping exactly.
    pub exact_at_end: bool,
    /// The margin of the verdict, as text: it may be infinite, for which JSON has no number.
    #[serde(with = "text")]
    pub margin: f64,
    /// The weights at the end, as the table of runs has them; empty if they are not kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub weights: String,
}

mod text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&format!("{value:e}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

impl RunRecord {
    fn of(row: &Row, with_weights: bool) -> Self {
        Self {
            converged_at: row.outcome.converged_at,
            exact_at_end: row.outcome.exact_at_end,
            margin: row.outcome.margin,
            weights: if with_weights { row.weights_field() } else { String::new() },
        }
    }

    /// The row of the table of runs, without weights.
    pub fn row(&self, plan: &Plan, index: u64) -> Row {
        Row {
            run: plan.run_spec(index),
            outcome: Outcome {
                converged_at: self.converged_at,
                epochs: self.converged_at.unwrap_or(plan.config().hebb.max_epochs),
                exact_at_end: self.exact_at_end,
                margin: self.margin,
                weights: Vec::new(),
            },
        }
    }
}

/// The runs of one chunk of a recorded part.
pub(super) fn records(
    context: &Context<'_>,
    name: &str,
    plan: &Plan,
    with_weights: bool,
    chunk: usize,
) -> Result<Vec<RunRecord>, StudyError> {
    let identity = identity_of(plan).with("weights", with_weights);
    let key = key(name, chunk);
    context.unit(unit_of(&key, plan, chunk), &identity, || {
        let rows = rows_of(context, plan, chunk)?;
        Ok(rows.iter().map(|row| RunRecord::of(row, with_weights)).collect())
    })
}
