//! The study, part by part.

use std::fmt::Write as _;
use std::path::Path;

use equipoise_plasticity::hebb::{
    Allotment, Criterion, Enumeration, HebbConfig, Mapping, Plan, Row, StudyConfig, Variants,
};
use equipoise_report::Report;
use rayon::prelude::*;

use super::choice::{is_one_part_less, leader, sure_cells};
use super::dynamics::{Dynamics, Trace};
use super::part::{self, Part};
use super::results::HebbResults;
use super::settings::HebbSettings;
use super::theory::TheoryCheck;
use super::{report, tables};
use crate::context::{Unit, gather, gather_parallel, unless_deferred};
use crate::{Context, Identity, Metrics, OrStudyError, Study, StudyError};

/// Epochs over which weights and outputs are shown.
const SHOWN_EPOCHS: usize = 120;

/// The most runs of the best combination on every mapping.
const MOST_KEPT_RUNS: u64 = 200_000;

/// The name of the part whose runs are kept one by one.
const MAIN: &str = "main/runs";

/// Does the ratio of excitation to inhibition matter for learning a one-to-one map by Hebb's rule?
///
/// The study goes in parts, each a plan of runs over mappings, ratios, allotments and seeds:
///
/// 1. the rule as it is configured (the plain one by default), every combination or a sample;
/// 2. the same networks under every criterion of convergence;
/// 3. a screening of every combination of the variants;
/// 4. each variant alone, the best combination, and that combination without each of its parts;
/// 5. the best combination on every mapping at the ratios where it always converged, with the
///    demand that the map is kept.
///
/// A unit is a chunk of the runs of one part.
#[derive(Debug)]
pub struct HebbStudy;

impl Study for HebbStudy {
    const NAME: &'static str = "study-hebb";
    type Settings = HebbSettings;
    type Inputs = ();
    type Results = HebbResults;

    fn open(_: &HebbSettings, _: &Path) -> Result<(), StudyError> {
        Ok(())
    }

    fn remarks(settings: &HebbSettings, (): &()) -> Vec<String> {
        let plan = Plan::new(&settings.study, settings.seed);
        plan.ok().and_then(|plan| plan.note().map(str::to_owned)).into_iter().collect()
    }

    fn run(
        settings: &HebbSettings,
        (): &(),
        context: &Context<'_>,
    ) -> Result<HebbResults, StudyError> {
        let plan = Plan::new(&settings.study, settings.seed).or_settings()?;
        let main = {
            let stage = context.stage("the rule as configured", plan.runs())?;
            unless_deferred(Part::record(context, &stage, MAIN, &plan, settings.weights))?
        };
        let criteria = unless_deferred(criteria(settings, context))?;
        let hebb = &settings.study.hebb;
        let of_network = Identity::new().with_settings("network", &(hebb, settings.seed));
        let theory = context.unit(Unit::new("theory").seconds(0.1), &of_network, || {
            TheoryCheck::of(hebb, settings.seed, context)
        });
        let theory = unless_deferred(theory)?;
        let halves = vec![hebb.neurons / 2; hebb.layers - 2];
        let configured = dynamics(settings, context, "as-configured", hebb, &halves);
        let configured = unless_deferred(configured)?;
        let screening = screening(settings, context)?;
        let best = leader(&screening).map(Part::variants);
        let compared = compared(settings, context, best)?;
        let best = best.and_then(|best| compared.iter().position(|p| p.variants() == best));
        let kept = match best {
            Some(best) => kept(settings, context, &compared[best])?,
            None => None,
        };
        let combined = best
            .map(|at| {
                let best = &compared[at];
                let hidden = best.summary.best().map_or(0, |(cell, _)| cell.inhibitory_hidden);
                let filled: Vec<usize> = (0..hebb.layers - 2)
                    .map(|layer| hidden.saturating_sub(layer * hebb.neurons).min(hebb.neurons))
                    .collect();
                dynamics(settings, context, "best-combination", &best.config.hebb, &filled)
            })
            .transpose()?;
        let (Some(main), Some(criteria)) = (main, criteria) else {
            return Err(StudyError::Deferred);
        };
        let (Some(theory), Some(configured)) = (theory, configured) else {
            return Err(StudyError::Deferred);
        };
        let results = HebbResults {
            settings: settings.clone(),
            main,
            criteria,
            screening,
            compared,
            best,
            kept,
            theory,
            configured,
            combined,
        };
        write_runs(context, &plan, settings.weights)?;
        context.write("cells.csv", tables::cells(&results).to_csv().as_bytes())?;
        Ok(results)
    }

    fn report(results: &HebbResults) -> Report {
        report::report(results)
    }

    fn metrics(results: &HebbResults) -> Metrics {
        let mut metrics = Metrics::default();
        let mut add = |name: &str, part: &Part| {
            metrics.put(format!("{name}.runs"), part.runs as f64);
            let converged = part.summary.converged().value();
            metrics.put_some(format!("{name}.converged"), converged);
            let best = part.summary.best().and_then(|(_, cell)| cell.converged.value());
            metrics.put_some(format!("{name}.best_ratio_converged"), best);
        };
        add("as_configured", &results.main);
        for (criterion, part) in &results.criteria {
            add(&format!("criterion.{criterion}"), part);
        }
        if let Some(best) = results.best.and_then(|best| results.compared.get(best)) {
            add("best_combination", best);
        }
        if let Some(kept) = &results.kept {
            add("kept", kept);
        }
        metrics
    }

    fn summary_within(results: &HebbResults, _: usize) -> String {
        report::paragraphs(results).iter().fold(String::new(), |text, p| text + p + "\n")
    }
}

/// A part of which the counts are kept, with a stage of its own.
fn counted(
    context: &Context<'_>,
    seed: u64,
    (name, what): (&str, &str),
    study: &StudyConfig,
) -> Result<Part, StudyError> {
    let plan = Plan::new(study, seed).or_settings()?;
    let stage = context.stage(what, plan.runs())?;
    Part::count(context, &stage, name, &plan)
}

fn criteria(
    settings: &HebbSettings,
    context: &Context<'_>,
) -> Result<Vec<(Criterion, Part)>, StudyError> {
    if settings.criterion_runs == 0 {
        return Ok(Vec::new());
    }
    let part = |criterion: Criterion| {
        let hebb = HebbConfig { criterion, ..settings.study.hebb.clone() };
        let study = settings.sampled(settings.criterion_runs, hebb);
        let names = (format!("criteria/{criterion}"), format!("criterion {criterion}"));
        Ok((criterion, counted(context, settings.seed, (&names.0, &names.1), &study)?))
    };
    gather(Criterion::ALL.into_iter().map(part))
}

fn screening(settings: &HebbSettings, context: &Context<'_>) -> Result<Vec<Part>, StudyError> {
    if settings.screening_runs == 0 {
        return Ok(Vec::new());
    }
    let all = Variants::combinations(settings.variant_edges);
    let plans = all
        .iter()
        .map(|&variants| {
            let study = settings.sampled(settings.screening_runs, settings.with(variants));
            Plan::new(&study, settings.seed).or_settings()
        })
        .collect::<Result<Vec<_>, StudyError>>()?;
    let runs = plans.iter().map(Plan::runs).sum();
    let stage = context.stage("every combination of variants", runs)?;
    gather_parallel(plans.par_iter().enumerate().map(|(number, plan)| {
        Part::count(context, &stage, &format!("screening/{number:03}"), plan)
    }))
}

/// The variants alone, the best combination, and that without each of its parts.
fn compared(
    settings: &HebbSettings,
    context: &Context<'_>,
    best: Option<Variants>,
) -> Result<Vec<Part>, StudyError> {
    if settings.screening_runs == 0 {
        return Ok(Vec::new());
    }
    let all = Variants::combinations(settings.variant_edges);
    let mut list: Vec<Variants> =
        all.iter().copied().filter(|variants| variants.departures() <= 1).collect();
    if let Some(best) = best {
        let without = all.iter().copied().filter(|v| is_one_part_less(v, &best));
        list.extend(std::iter::once(best).chain(without));
    }
    let mut wanted: Vec<Variants> = Vec::new();
    for variants in list {
        let variants = settings.with(variants).variants;
        if !wanted.contains(&variants) {
            wanted.push(variants);
        }
    }
    let part = |(number, variants): (usize, Variants)| {
        let study = settings.sampled(settings.variant_runs, settings.with(variants));
        let names = (format!("variants/{number:02}"), format!("variant: {variants}"));
        counted(context, settings.seed, (&names.0, &names.1), &study)
    };
    gather(wanted.into_iter().enumerate().map(part))
}

/// The best combination on every mapping, at the ratios where every one of its runs converged.
fn kept(
    settings: &HebbSettings,
    context: &Context<'_>,
    best: &Part,
) -> Result<Option<Part>, StudyError> {
    let Some((inputs, hidden)) = sure_cells(best) else { return Ok(None) };
    let hold_epochs = settings.kept_epochs;
    let mut study = StudyConfig {
        hebb: HebbConfig { hold_epochs, ..best.config.hebb.clone() },
        enumeration: Enumeration::Auto,
        enumeration_limit: settings.study.enumeration_limit.min(MOST_KEPT_RUNS),
        inhibitory_inputs: inputs,
        inhibitory_hidden: hidden,
        seeds: settings.kept_seeds,
        runs_per_cell: settings.variant_runs,
        mappings: 0,
        allotments: 0,
        ..settings.study.clone()
    };
    while study.seeds > 1 && !Plan::new(&study, settings.seed).or_settings()?.is_complete() {
        study.seeds /= 2;
    }
    let names = ("kept/runs", "the best on every mapping");
    counted(context, settings.seed, names, &study).map(Some)
}

/// The first epochs of a network with half of its inputs and, in each hidden layer, the first so
/// many neurons inhibitory.
fn dynamics(
    settings: &HebbSettings,
    context: &Context<'_>,
    name: &str,
    hebb: &HebbConfig,
    inhibitory_hidden: &[usize],
) -> Result<Dynamics, StudyError> {
    let (n, layers) = (hebb.neurons, hebb.layers);
    let seed = settings.seed;
    let first = |count: usize| if count == 0 { 0 } else { u64::MAX >> (64 - count) };
    let mut masks = vec![0u64; layers];
    masks[0] = first(n / 2);
    for (mask, &count) in masks[1..layers - 1].iter_mut().zip(inhibitory_hidden) {
        *mask = first(count);
    }
    let identity = Identity::new().with_settings("network", &(hebb, seed, inhibitory_hidden));
    let key = format!("dynamics/{name}");
    context.unit(Unit::new(&key).seed(seed).seconds(0.01), &identity, || {
        let mut stream = equipoise_random::stream(seed, "study/hebb/dynamics", 0);
        let mapping = Mapping::new(&stream.permutation(n)).or_failed()?;
        let types = Allotment::from_masks(n, &masks).or_failed()?;
        let poll = || context.poll();
        let trace = Trace::of(hebb, &mapping, &types, seed, SHOWN_EPOCHS, poll)?;
        Ok(Dynamics { hebb: hebb.clone(), types, trace })
    })
}

/// Puts the recorded chunks of the first part together into the table of runs.
fn write_runs(context: &Context<'_>, plan: &Plan, with_weights: bool) -> Result<(), StudyError> {
    let Some(path) = context.path("runs.csv")? else { return Ok(()) };
    let mut heading = Row::COLUMNS.join(",");
    if with_weights {
        heading.push_str(",weights");
    }
    heading.push('\n');
    // An error of the store inside the writer, which can only hand on errors of files.
    let mut failure = None;
    let written = equipoise_report::atomic_write_with(&path, |writer| {
        writer.write_all(heading.as_bytes())?;
        for chunk in 0..plan.chunks() {
            let records = match part::records(context, MAIN, plan, with_weights, chunk) {
                Ok(records) => records,
                Err(error) => {
                    failure = Some(error);
                    return Err(std::io::Error::other("the records cannot be read"));
                }
            };
            let mut text = String::new();
            for (index, record) in plan.chunk(chunk).zip(&records) {
                text.push_str(&record.row(plan, index).fields().join(","));
                if with_weights {
                    let _ = write!(text, ",{}", record.weights);
                }
                text.push('\n');
            }
            writer.write_all(text.as_bytes())?;
        }
        Ok(())
    });
    match failure {
        Some(failure) => Err(failure),
        None => Ok(written.map(|_| ())?),
    }
}
