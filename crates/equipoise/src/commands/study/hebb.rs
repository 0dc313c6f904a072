//! `equipoise study hebb`: does the ratio of excitation to inhibition matter for learning a
//! one-to-one map by Hebb's rule?
//!
//! The study goes in parts, each a plan of runs over mappings, ratios, allotments and seeds:
//!
//! 1. the rule as it is configured (the plain one by default), every combination or a sample;
//! 2. the same networks under every criterion of convergence;
//! 3. a screening of every combination of the variants;
//! 4. each variant alone, the best combination, and that combination without each of its parts;
//! 5. the best combination on every mapping at the ratios where it always converged, with the
//!    demand that the map is kept.

mod figures;
mod findings;
mod stage;
mod tables;

use std::fmt::Write as _;

use equipoise_plasticity::hebb::{Criterion, Enumeration, HebbConfig, Plan, StudyConfig, Variants};
use equipoise_report::Report;
use serde::{Deserialize, Serialize};

use crate::Global;
use crate::commands::hebb::RuleArgs;
use crate::console::print;
use crate::failure::{OrFail, Outcome};
use crate::job::{self, Job, RunArgs};
use findings::Findings;
use stage::Stage;

/// Options of the study.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    rule: RuleArgs,
    /// complete, sample, or auto: complete if that is not too much
    #[arg(long, value_name = "HOW")]
    enumeration: Option<String>,
    /// Complete: runs of each mapping and allotment
    #[arg(long, value_name = "N")]
    seeds: Option<usize>,
    /// Sample: runs of each pair of ratios
    #[arg(long, value_name = "N")]
    runs_per_cell: Option<usize>,
    /// Complete: mappings to try, a sample [default: all]
    #[arg(long, value_name = "N")]
    mappings: Option<usize>,
    /// Complete: allotments to try at each pair of ratios, a sample [default: all]
    #[arg(long, value_name = "N")]
    allotments: Option<usize>,
    /// Runs of each pair of ratios under each criterion; 0 leaves the comparison out
    #[arg(long, value_name = "N")]
    criterion_runs: Option<usize>,
    /// Runs of each pair of ratios in the screening of all combinations; 0 leaves variants out
    #[arg(long, value_name = "N")]
    screening_runs: Option<usize>,
    /// Runs of each pair of ratios for each variant that is compared
    #[arg(long, value_name = "N")]
    variant_runs: Option<usize>,
}

/// What a person can say about the study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    seed: u64,
    /// Whether the table of runs holds the weights at the end.
    weights: bool,
    /// Runs in each cell under each criterion; 0 to leave the comparison out.
    criterion_runs: usize,
    /// Runs in each cell for each combination of variants; 0 to leave the variants out.
    screening_runs: usize,
    /// Runs in each cell for the variants that are compared.
    variant_runs: usize,
    /// Edges between two neurons in the variant with several.
    variant_edges: usize,
    /// Epochs for which the best variant must keep the map.
    kept_epochs: usize,
    /// Runs of each mapping and allotment with the best variant; fewer where they would be too
    /// many.
    kept_seeds: usize,
    /// Mappings, ratios, allotments, seeds, and the network.
    study: StudyConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 0,
            weights: true,
            criterion_runs: 2000,
            screening_runs: 20,
            variant_runs: 200,
            variant_edges: 3,
            kept_epochs: 100,
            kept_seeds: 20,
            study: StudyConfig::default(),
        }
    }
}

impl job::Config for Config {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        let hebb = &self.study.hebb;
        hebb.validate().map_err(|e| e.to_string())?;
        if self.screening_runs > 0 && self.variant_runs == 0 {
            return Err("variant_runs is 0; it is at least 1 where variants are screened".into());
        }
        if !(2..=100).contains(&self.variant_edges) {
            return Err(format!("variant_edges is {}; it is 2 to 100", self.variant_edges));
        }
        if self.kept_epochs == 0 || self.kept_epochs > hebb.max_epochs {
            return Err(format!(
                "kept_epochs is {}; it is 1 to study.hebb.max_epochs, {}",
                self.kept_epochs, hebb.max_epochs
            ));
        }
        if self.kept_seeds == 0 {
            return Err("kept_seeds is 0; it is at least 1".into());
        }
        // A plan says what else is wrong, and lays out nothing that is large before it has.
        Plan::new(&self.study, self.seed).map(|_| ()).map_err(|e| e.to_string())
    }
}

/// Runs the study.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let flags = args
        .rule
        .flags("study.hebb")
        .set("study.enumeration", &args.enumeration)
        .set("study.seeds", &args.seeds)
        .set("study.runs_per_cell", &args.runs_per_cell)
        .set("study.mappings", &args.mappings)
        .set("study.allotments", &args.allotments)
        .set("criterion_runs", &args.criterion_runs)
        .set("screening_runs", &args.screening_runs)
        .set("variant_runs", &args.variant_runs);
    Job::<Config>::open("study-hebb", &args.run, flags, global)?.run(work)
}

/// Everything that was run.
struct Results {
    /// The rule as configured.
    main: Stage,
    /// Under each criterion.
    criteria: Vec<(Criterion, Stage)>,
    /// Every combination of variants, a few runs each.
    screening: Vec<Stage>,
    /// The variants that are compared; the plain rule is the first.
    compared: Vec<Stage>,
    /// Where the best combination stands in `compared`.
    best: Option<usize>,
    /// The best combination on every mapping, at the ratios where it always converged.
    kept: Option<Stage>,
}

fn work(job: &Job<Config>) -> Outcome {
    let results = compute(job)?;
    write_runs(job)?;
    let findings = Findings::of(job, &results)?;
    let report = report(job, &results, &findings);
    job.dir.write_csv("cells", &tables::cells(&results)).or_run()?;
    job.dir.save_report(&report).or_run()?;
    // The records have served: everything they hold is in the tables.
    let parts = job.dir.file(stage::PARTS).or_run()?;
    std::fs::remove_dir_all(&parts)
        .map_err(|e| crate::failure::Failure::run(format!("{}: {e}", parts.display())))?;
    for paragraph in findings.paragraphs() {
        print(paragraph);
    }
    Ok(())
}

fn compute(job: &Job<Config>) -> Outcome<Results> {
    let config = &job.config;
    let part = |name: &str, what: &str, study: &StudyConfig, weights: bool| {
        let plan = Plan::new(study, config.seed).or_request()?;
        let task = job.progress.task(what, plan.runs());
        let stage = stage::run(job, name, &plan, weights, &task)?;
        task.finish();
        Ok::<Stage, crate::failure::Failure>(stage)
    };

    let main = part("main", "the rule as configured", &config.study, config.weights)?;
    if let Some(note) = &main.note {
        job.progress.say(note);
    }
    let (runs, seconds) = main.timed;
    if runs > 0 {
        job.progress.say(format!(
            "{runs} runs in {seconds:.2} s: {:.0} runs/s",
            runs as f64 / seconds.max(1e-9)
        ));
    }

    let sampled = |runs_per_cell: usize, hebb: HebbConfig| StudyConfig {
        hebb,
        enumeration: Enumeration::Sample,
        runs_per_cell,
        ..config.study.clone()
    };
    let mut criteria = Vec::new();
    if config.criterion_runs > 0 {
        for criterion in Criterion::ALL {
            let hebb = HebbConfig { criterion, ..config.study.hebb.clone() };
            let what = format!("criterion {criterion}");
            let study = sampled(config.criterion_runs, hebb);
            let stage = part(&format!("criterion-{criterion}"), &what, &study, false)?;
            criteria.push((criterion, stage));
        }
    }

    let (mut screening, mut compared, mut best, mut kept) = (Vec::new(), Vec::new(), None, None);
    if config.screening_runs > 0 {
        let base = config.study.hebb.clone();
        let with = |variants: Variants| HebbConfig {
            variants: Variants {
                dale_floor: base.variants.dale_floor,
                lateral_strength: base.variants.lateral_strength,
                ..variants
            },
            ..base.clone()
        };
        let all = Variants::combinations(config.variant_edges);
        let one = sampled(config.screening_runs, base.clone());
        let runs = Plan::new(&one, config.seed).or_request()?.runs();
        let task = job.progress.task("every combination of variants", runs * all.len() as u64);
        for (number, &variants) in all.iter().enumerate() {
            task.detail(variants.to_string());
            let study = sampled(config.screening_runs, with(variants));
            let plan = Plan::new(&study, config.seed).or_request()?;
            let name = format!("screening/{number:03}");
            screening.push(stage::run(job, &name, &plan, false, &task)?);
        }
        task.finish();

        let leader = tables::leader(&screening).map(|stage| stage.variants());
        let mut list: Vec<Variants> =
            all.iter().copied().filter(|variants| variants.departures() <= 1).collect();
        if let Some(leader) = leader {
            let without = all.iter().copied().filter(|v| is_one_part_less(v, &leader));
            list.extend(std::iter::once(leader).chain(without));
        }
        let mut wanted: Vec<Variants> = Vec::new();
        for variants in list {
            let variants = with(variants).variants;
            if !wanted.contains(&variants) {
                wanted.push(variants);
            }
        }
        for (number, variants) in wanted.into_iter().enumerate() {
            let study = sampled(config.variant_runs, with(variants));
            let what = format!("variant: {variants}");
            let stage = part(&format!("variant-{number:02}"), &what, &study, false)?;
            compared.push(stage);
        }
        best = leader.and_then(|leader| compared.iter().position(|s| s.variants() == leader));
        if let Some(best) = best.map(|at| &compared[at])
            && let Some((inputs, hidden)) = tables::sure_cells(best)
        {
            let mut study = StudyConfig {
                hebb: HebbConfig { hold_epochs: config.kept_epochs, ..best.config.hebb.clone() },
                enumeration: Enumeration::Auto,
                enumeration_limit: config.study.enumeration_limit.min(200_000),
                inhibitory_inputs: inputs,
                inhibitory_hidden: hidden,
                seeds: config.kept_seeds,
                runs_per_cell: config.variant_runs,
                mappings: 0,
                allotments: 0,
                ..config.study.clone()
            };
            while study.seeds > 1 && !Plan::new(&study, config.seed).or_request()?.is_complete() {
                study.seeds /= 2;
            }
            kept = Some(part("kept", "the best on every mapping", &study, false)?);
        }
    }
    Ok(Results { main, criteria, screening, compared, best, kept })
}

/// Whether `variants` is `whole` with exactly one of its parts taken out.
fn is_one_part_less(variants: &Variants, whole: &Variants) -> bool {
    let plain = Variants::default();
    let parts = [
        (variants.lateral == whole.lateral, variants.lateral == plain.lateral),
        (
            variants.other_outputs == whole.other_outputs,
            variants.other_outputs == plain.other_outputs,
        ),
        (variants.centred == whole.centred, !variants.centred),
        (variants.dale == whole.dale, variants.dale == plain.dale),
        (variants.edges == whole.edges, variants.edges == plain.edges),
        (variants.back_and_forth == whole.back_and_forth, !variants.back_and_forth),
        (variants.undirected == whole.undirected, !variants.undirected),
    ];
    variants.departures() + 1 == whole.departures()
        && parts.iter().all(|(as_whole, as_plain)| *as_whole || *as_plain)
}

/// Puts the recorded chunks of the first part together into the table of runs.
fn write_runs(job: &Job<Config>) -> Outcome {
    let with_weights = job.config.weights;
    let folder = job.dir.file(&format!("{}/main", stage::PARTS)).or_run()?;
    let path = job.dir.file("runs.csv").or_run()?;
    let plan = Plan::new(&job.config.study, job.config.seed).or_request()?;
    equipoise_report::atomic_write_with(&path, |writer| {
        writer.write_all(stage::heading(with_weights).as_bytes())?;
        for chunk in 0..plan.chunks() {
            let mut part = std::fs::File::open(folder.join(format!("{chunk:06}.csv")))?;
            std::io::copy(&mut part, writer)?;
        }
        Ok(())
    })
    .or_run()
}

fn report(job: &Job<Config>, results: &Results, findings: &Findings) -> Report {
    let hebb = &job.config.study.hebb;
    let mut report = Report::new(
        "Does the excitation/inhibition ratio have an effect in one-to-one learning by Hebb's rule?",
    );
    report.subtitle(&format!(
        "{} layers of {} threshold neurons, criterion {}, epsilon {}, at most {} epochs, seed {}",
        hebb.layers, hebb.neurons, hebb.criterion, hebb.epsilon, hebb.max_epochs, job.config.seed
    ));
    for paragraph in findings.paragraphs() {
        report.summary(paragraph);
    }
    findings.tiles(&mut report);

    report.heading("The answer in one figure");
    if let Some(figure) = figures::answer(results) {
        report.figure("answer", &figure, &figures::answer_caption(results));
    }
    report.heading("The rule as configured");
    if let Some(note) = &results.main.note {
        report.remark(note);
    }
    report.paragraph(&findings.main);
    report.figure("convergence", &figures::convergence(results), figures::CONVERGENCE_CAPTION);
    report.table("ratios", &tables::ratios(&results.main));
    if let Some(table) = tables::published(results) {
        report.table("known-results", &table);
    }

    report.heading("Theory beside measurement");
    report.paragraph(&findings.theory);
    report.figure("dynamics", &findings.dynamics, figures::DYNAMICS_CAPTION);
    report.table("theory", &findings.theory_table);

    report.heading("Mappings and allotments");
    report.paragraph(&findings.symmetry);
    if let Some(figure) = figures::allotments(results) {
        report.figure("allotments", &figure, figures::ALLOTMENTS_CAPTION);
    }

    if !results.compared.is_empty() {
        report.heading("Variants");
        report.paragraph(&findings.variants);
        report.figure("variants", &figures::variants(results), figures::VARIANTS_CAPTION);
        report.table("variants", &tables::variants(results));
        report.table("screening", &tables::screening(results));
    }
    report.heading("What was run");
    let mut text = String::new();
    let _ = write!(
        text,
        "runs.csv holds one row a run of the first part (mapping, ratio, allotment, seed, epochs \
         to convergence, converged{}); cells.csv the counts of every part. Intervals are Wilson's, \
         95 %.",
        if job.config.weights { ", weights" } else { "" }
    );
    report.paragraph(&text);
    report
}
