//! Trials of a study: computed in parallel, written down in order, not computed twice on resume.

use std::ops::ControlFlow;

use equipoise_plasticity::stimulation::{Outcome as Ending, StepRecord, TrainingResult};
use rayon::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::failure::Outcome;
use crate::interrupt;
use crate::job::{Config, Job};

/// Computes `count` trials under the name `name`. Those that an interrupted run has left in
/// `<name>.jsonl` are taken from there.
pub fn compute<C: Config, T: Serialize + DeserializeOwned + Send>(
    job: &Job<C>,
    name: &str,
    label: &str,
    count: usize,
    each: impl Fn(usize) -> Outcome<T> + Sync,
) -> Outcome<Vec<T>> {
    let mut trials: Vec<T> = job.dir.read_jsonl(name)?;
    let task = job.progress.task(label, count as u64);
    task.set(trials.len() as u64);
    let wave = 2 * rayon::current_num_threads();
    while trials.len() < count {
        let range = trials.len()..count.min(trials.len() + wave);
        let new: Vec<T> = range
            .into_par_iter()
            .map(|index| {
                let trial = each(index);
                task.advance(1);
                trial
            })
            .collect::<Outcome<_>>()?;
        interrupt::check()?;
        for trial in &new {
            job.dir.append_jsonl(name, trial)?;
        }
        trials.extend(new);
    }
    task.finish();
    Ok(trials)
}

/// Trained as the configuration says.
pub const AS_CONFIGURED: &str = "as configured";
/// Trained with stimulations of one length.
pub const DURATION: &str = "dt/tau_s";

/// One training that is to be done.
pub struct Trial {
    /// What is varied.
    pub condition: &'static str,
    /// Its value.
    pub value: f64,
    /// Number of the network.
    pub network: u64,
}

/// One training that was done; in full where it is shown.
#[derive(Serialize, Deserialize)]
struct Done {
    summary: Summary,
    full: Option<TrainingResult>,
}

/// Trains `networks` networks as configured, and again under every value of every condition.
/// Gives the summaries of all of them, and those as configured in full.
pub fn train_all<C: Config>(
    job: &Job<C>,
    networks: u64,
    conditions: &[(&'static str, &[f64])],
    each: impl Fn(&Trial) -> Outcome<TrainingResult> + Sync,
) -> Outcome<(Vec<Summary>, Vec<TrainingResult>)> {
    let varied =
        conditions.iter().flat_map(|&(name, values)| values.iter().map(move |&v| (name, v)));
    let plan: Vec<Trial> = std::iter::once((AS_CONFIGURED, 0.0))
        .chain(varied)
        .flat_map(|(condition, value)| {
            (0..networks).map(move |network| Trial { condition, value, network })
        })
        .collect();
    let done = compute(job, "trainings", "training", plan.len(), |index| {
        let trial = &plan[index];
        let result = each(trial)?;
        interrupt::check()?;
        let summary = Summary::of(trial.condition, trial.value, trial.network, &result);
        Ok(Done { summary, full: (trial.condition == AS_CONFIGURED).then_some(result) })
    })?;
    let (summaries, full): (Vec<Summary>, Vec<Option<TrainingResult>>) =
        done.into_iter().map(|d| (d.summary, d.full)).unzip();
    Ok((summaries, full.into_iter().flatten().collect()))
}

/// Stops a training where the user has interrupted the command.
pub fn until_interrupted(_: &StepRecord) -> ControlFlow<()> {
    match interrupt::check() {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}

/// Checks what the configurations of all tasks have.
pub fn validate(networks: u64, substeps: usize, durations: &[f64]) -> Result<(), String> {
    for (name, value) in [("networks", networks), ("substeps", substeps as u64)] {
        if value == 0 {
            return Err(format!("{name} must be at least 1"));
        }
    }
    match durations.iter().find(|d| !(**d > 0.0 && **d <= 10.0)) {
        Some(d) => Err(format!("durations must be in (0, 10] tau_s, not {d}")),
        None => Ok(()),
    }
}

/// How one training went, in a line of a table.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    pub fn of(condition: &str, value: f64, network: u64, result: &TrainingResult) -> Self {
        let states = || result.records.iter().flat_map(|r| &r.assessment.states);
        let errors = result.records.iter().filter_map(|r| r.inference_error);
        let last = result.last();
        Self {
            condition: condition.to_string(),
            value,
            network,
            outcome: ending(&result.outcome).into(),
            reason: match &result.outcome {
                Ending::Unstable { reason } | Ending::PlantFailed { reason } => {
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
pub fn ending(outcome: &Ending) -> &'static str {
    match outcome {
        Ending::Finished => "finished",
        Ending::Solved => "solved",
        Ending::BudgetSpent => "budget spent",
        Ending::Stalled => "stalled",
        Ending::Saturated => "saturated",
        Ending::Silent => "silent",
        Ending::Unstable { .. } => "no stable state",
        Ending::PlantFailed { .. } => "failed",
        Ending::Stopped => "stopped",
    }
}

/// One sentence a network that was lost, as trained under `condition`.
pub fn losses(summaries: &[Summary], condition: &str) -> Vec<String> {
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
pub struct SolvedAt {
    /// How many were solved.
    pub solved: usize,
    /// How many there are.
    pub total: usize,
    /// The median, those not solved counting as infinitely many; `None` if that is infinite.
    pub median: Option<f64>,
    /// The fewest and the most of those solved.
    pub range: Option<(usize, usize)>,
}

impl SolvedAt {
    /// Over these trainings: the first solution of each.
    pub fn of<'a>(summaries: impl IntoIterator<Item = &'a Summary>) -> Self {
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
    pub fn share(&self) -> f64 {
        100.0 * self.solved as f64 / self.total.max(1) as f64
    }
}

/// The median of sorted values.
pub fn median(sorted: &[f64]) -> Option<f64> {
    let n = sorted.len();
    (n > 0)
        .then(|| if n % 2 == 1 { sorted[n / 2] } else { 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]) })
}

/// The median of values in any order.
pub fn median_of(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().filter(|v| !v.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    median(&values)
}
