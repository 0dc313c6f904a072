//! `equipoise study hebb`: does the ratio of excitation to inhibition matter for learning a
//! one-to-one map by Hebb's rule?

use equipoise_studies::hebb::HebbStudy;

use crate::commands::hebb::RuleArgs;
use crate::failure::Outcome;
use crate::job::RunArgs;
use crate::{Global, study};

/// Options of the study.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise study hebb
  equipoise study hebb --neurons 3 --enumeration complete --screening-runs 0
  equipoise study hebb --seeds 5 --runs-per-cell 200 --out runs/hebb")]
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

/// Runs the study.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let flags = args
        .rule
        .layers("study.hebb")
        .value("study.enumeration", &args.enumeration)
        .value("study.seeds", &args.seeds)
        .value("study.runs_per_cell", &args.runs_per_cell)
        .value("study.mappings", &args.mappings)
        .value("study.allotments", &args.allotments)
        .value("criterion_runs", &args.criterion_runs)
        .value("screening_runs", &args.screening_runs)
        .value("variant_runs", &args.variant_runs);
    study::run::<HebbStudy>("", &args.run, flags, global)
}
