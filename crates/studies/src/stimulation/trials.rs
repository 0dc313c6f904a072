//! Trainings of many networks, each a unit of work, and what they add up to.

use equipoise_plasticity::stimulation::{Outcome, TrainingResult};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::context::{Unit, gather_parallel};
use crate::{Context, Identity, Metrics, StudyError};

/// The most networks of a study, and values of a condition.
const MOST: u64 = 10_000;

/// Seconds that a training of the usual size takes one core.
const SECONDS: f64 = 5.0;

/// Trained as the settings say.
pub(super) const AS_CONFIGURED: &str = "as configured";
/// Trained with stimulations of one length.
pub(super) const DURATION: &str = "dt/tau_s";

/// One training that is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Trial {
    /// What is varied.
    pub(super) condition: &'static str,
    /// Its value.
    pub(super) value: f64,
    /// Number of the network.
    pub(super) network: u64,
}

/// One training that was done; in full where it is shown.
#[derive(Serialize, Deserialize)]
struct Done {
    summary: Summary,
    full: Option<TrainingResult>,
}

/// The trainings of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trainings {
    /// One line for each.
    pub summaries: Vec<Summary>,
    /// Those as configured in full, one for each network.
    pub full: Vec<TrainingResult>,
}

/// Trains `networks` networks as configured, and again under every value of every condition. A
/// training is a unit, made from `identity` and its condition.
pub(super) fn train_all(
    context: &Context<'_>,
    identity: &Identity,
    networks: u64,
    conditions: &[(&'static str, &[f64])],
    each: impl Fn(&Trial) -> Result<TrainingResult, StudyError> + Sync,
) -> Result<Trainings, StudyError> {
    let varied =
        conditions.iter().flat_map(|&(name, values)| values.iter().map(move |&v| (name, v)));
    let plan: Vec<Trial> = std::iter::once((AS_CONFIGURED, 0.0))
        .chain(varied)
        .flat_map(|(condition, value)| {
            (0..networks).map(move |network| Trial { condition, value, network })
        })
        .collect();
    let stage = context.stage("training", plan.len() as u64)?;
    let done = gather_parallel(plan.par_iter().enumerate().map(|(index, trial)| {
        let identity = identity.clone().with_settings("trial", trial);
        let key = format!("trainings/{index:05}");
        let done = context.unit(Unit::new(&key).seconds(SECONDS), &identity, || {
            let result = each(trial)?;
            if result.outcome == Outcome::Stopped {
                return Err(StudyError::Stopped);
            }
            let summary = Summary::of(trial.condition, trial.value, trial.network, &result);
            Ok(Done { summary, full: (trial.condition == AS_CONFIGURED).then_some(result) })
        })?;
        stage.advance(1)?;
        Ok(done)
    }))?;
    let (summaries, full): (Vec<Summary>, Vec<Option<TrainingResult>>) =
        done.into_iter().map(|d| (d.summary, d.full)).unzip();
    Ok(Trainings { summaries, full: full.into_iter().flatten().collect() })
}

impl Trainings {
    /// The trainings as configured.
    pub(super) fn as_configured(&self) -> impl Iterator<Item = &Summary> {
        self.summaries.iter().filter(|s| s.condition == AS_CONFIGURED)
    }

    /// Their numbers: those of the trainings as configured, over networks.
    pub(super) fn metrics(&self) -> Metrics {
        let mut metrics = Metrics::default();
        metrics.count("trainings", self.summaries.len());
        let solved = SolvedAt::of(self.as_configured());
        metrics.count("networks", solved.total);
        metrics.count("solved", solved.solved);
        metrics.put("solved_share", solved.share() / 100.0);
        metrics.put_some("median_stimulations_to_solution", solved.median);
        metrics.mean("cost", self.as_configured().filter_map(|s| s.cost));
        metrics.mean("margin", self.as_configured().filter_map(|s| s.margin));
        metrics.mean("stimulations", self.as_configured().map(|s| s.stimulations as f64));
        metrics
    }

    /// The table of all trainings.
    pub(super) fn csv(&self) -> Result<Vec<u8>, StudyError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for summary in &self.summaries {
            writer.serialize(summary).map_err(StudyError::failed)?;
        }
        writer.into_inner().map_err(StudyError::failed)
    }
}

/// Checks what the settings of all tasks have.
pub(super) fn validate(networks: u64, substeps: usize, durations: &[f64]) -> Result<(), String> {
    check_networks(networks)?;
    if !(1..=1_000_000).contains(&substeps) {
        return Err(format!("substeps is {substeps}; it is 1 to 1000000"));
    }
    check_values("durations", durations, "they lie in (0, 10] tau_s", |d| d > 0.0 && d <= 10.0)
}

/// Checks the number of networks.
pub(super) fn check_networks(networks: u64) -> Result<(), String> {
    if (1..=MOST).contains(&networks) {
        return Ok(());
    }
    Err(format!("networks is {networks}; it is 1 to {MOST}"))
}

/// Checks the values of a condition.
pub(super) fn check_values(
    key: &str,
    values: &[f64],
    wanted: &str,
    is_right: impl Fn(f64) -> bool,
) -> Result<(), String> {
    if values.len() as u64 > MOST {
        return Err(format!("{key} has {} values; {MOST} at most are possible", values.len()));
    }
    match values.iter().find(|&&value| !is_right(value)) {
        Some(value) => Err(format!("{key} has {value}; {wanted}")),
        None => Ok(()),
    }
}

/// How one training went, in a line of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// What was varied: `as configured`, `dt/tau_s`, `noise`, `wrong constants`.
    pub condition: String,
    /// Its value.
    pub value: f64,
    /// Number of the network.
    pub network: u64,
    /// How the training ended.
    pub outcome: String,
    /// Why, where the network was lost.
    pub reason: Option<String>,
    /// Stimulations until the task was solved for the first time.
    pub first_solved_at: Option<usize>,
    /// Stimulations until the task was solved for good.
    pub solved_at: Option<usize>,
    /// Stimulations in all.
    pub stimulations: usize,
    /// Their durations together, in tau_s.
    pub time: f64,
    /// Cost at the start; like all that follows, unknown where the network was lost before it could
    /// be judged.
    pub initial_cost: Option<f64>,
    /// Cost at the end.
    pub cost: Option<f64>,
    /// Smallest margin at the end.
    pub margin: Option<f64>,
    /// Probes measured.
    pub probes: usize,
    /// Largest residual of any steady state of the task, over all steps.
    pub worst_residual: Option<f64>,
    /// Largest real part of an eigenvalue of -I + D J at the steady states of the task, over all
    /// steps.
    pub worst_abscissa: Option<f64>,
    /// Largest root mean square error of the inferred weights over all steps.
    pub worst_inference_error: Option<f64>,
}

impl Summary {
    /// Sums up one training.
    pub(super) fn of(condition: &str, value: f64, network: u64, result: &TrainingResult) -> Self {
        let states = || result.records.iter().flat_map(|r| &r.assessment.states);
        let errors = result.records.iter().filter_map(|r| r.inference_error);
        let last = result.last();
        Self {
            condition: condition.to_string(),
            value,
            network,
            outcome: ending(&result.outcome).into(),
            reason: match &result.outcome {
                Outcome::Unstable { reason } | Outcome::PlantFailed { reason } => {
                    Some(reason.clone())
                }
                _ => None,
            },
            first_solved_at: result.first_solved_at,
            solved_at: result.solved_at,
            stimulations: result.stimulations.len(),
            time: result.durations.iter().sum(),
            initial_cost: result.records.first().map(|r| r.assessment.cost),
            cost: last.map(|r| r.assessment.cost),
            margin: last.and_then(|r| r.assessment.margin),
            probes: last.map_or(0, |r| r.probes),
            worst_residual: states().map(|s| s.residual).reduce(f64::max),
            worst_abscissa: states().map(|s| s.spectral_abscissa).reduce(f64::max),
            worst_inference_error: errors.reduce(f64::max),
        }
    }
}

/// How a training ended, in a word or two.
pub(super) fn ending(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Finished => "finished",
        Outcome::Solved => "solved",
        Outcome::BudgetSpent => "budget spent",
        Outcome::Stalled => "stalled",
        Outcome::Saturated => "saturated",
        Outcome::Silent => "silent",
        Outcome::Unstable { .. } => "no stable state",
        Outcome::PlantFailed { .. } => "failed",
        Outcome::Stopped => "stopped",
    }
}

/// One sentence a network that was lost, as trained under `condition`.
pub(super) fn losses(summaries: &[Summary], condition: &str) -> Vec<String> {
    let lost = |s: &&Summary| {
        let endings = ["saturated", "silent", "no stable state", "failed"];
        s.condition == condition && endings.contains(&s.outcome.as_str())
    };
    summaries
        .iter()
        .filter(lost)
        .map(|s| {
            let what = match s.outcome.as_str() {
                "saturated" => "more than nine tenths of its neurons fire at the maximal rate",
                "silent" => "fewer than a tenth of its neurons fire",
                other => s.reason.as_deref().unwrap_or(other),
            };
            format!(
                "network {} was lost after {} stimulations ({}): {what}",
                s.network, s.stimulations, s.outcome
            )
        })
        .collect()
}

/// Number of stimulations to the solution over several networks.
pub(super) struct SolvedAt {
    /// How many were solved.
    pub(super) solved: usize,
    /// How many there are.
    pub(super) total: usize,
    /// The median, those not solved counting as infinitely many; `None` if that is infinite.
    pub(super) median: Option<f64>,
    /// The fewest and the most of those solved.
    pub(super) range: Option<(usize, usize)>,
}

impl SolvedAt {
    /// Over these trainings: the first solution of each.
    pub(super) fn of<'a>(summaries: impl IntoIterator<Item = &'a Summary>) -> Self {
        let mut all: Vec<f64> = summaries
            .into_iter()
            .map(|s| s.first_solved_at.map_or(f64::INFINITY, |at| at as f64))
            .collect();
        all.sort_by(f64::total_cmp);
        let solved: Vec<usize> =
            all.iter().filter(|s| s.is_finite()).map(|&s| s as usize).collect();
        Self {
            solved: solved.len(),
            total: all.len(),
            median: median(&all).filter(|m| m.is_finite()),
            range: solved.first().copied().zip(solved.last().copied()),
        }
    }
}

impl SolvedAt {
    /// The share of those solved, in percent.
    pub(super) fn share(&self) -> f64 {
        100.0 * self.solved as f64 / self.total.max(1) as f64
    }
}

/// The median of sorted values.
pub(super) fn median(sorted: &[f64]) -> Option<f64> {
    let n = sorted.len();
    (n > 0)
        .then(|| if n % 2 == 1 { sorted[n / 2] } else { 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]) })
}

/// The median of values in any order.
pub(super) fn median_of(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().filter(|v| !v.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    median(&values)
}
