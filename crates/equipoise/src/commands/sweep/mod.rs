//! `equipoise sweep`: a study made by many processes.

mod collect;
mod plan;
mod run;
mod status;
mod submit;

pub use plan::{PlanOptions, Planned};

use std::path::Path;

use equipoise_report::RunRecord;
use equipoise_studies::sweep::{Plan, Program};

use crate::Global;
use crate::failure::Outcome;

/// Plan a study, share it out among many processes, and put it together again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise sweep plan study ratios --trials 8 --out runs/ratios
  equipoise sweep plan balance --preset encoder --grid network.g=3:6:0.5 --grid seed=0..8 --out runs/g
  equipoise sweep submit runs/ratios --engine slurm
  equipoise sweep run runs/ratios --task 3
  equipoise sweep status runs/ratios
  equipoise sweep collect runs/ratios

Any process that sees the directory may run any task, again and at the same time as others; what
comes out has the same bytes as if one process had made it.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Write down the work of a command in tasks, and do none of it
    Plan(plan::Args),
    /// Do one task, or one share of all
    Run(run::Args),
    /// Say how far the work is done
    Status(status::Args),
    /// Put the study together: tables, figures and report
    Collect(collect::Args),
    /// Write the script of an engine that does all tasks, or submit it
    Submit(submit::Args),
}

/// Runs the command.
pub fn run(args: Args, global: &Global) -> Outcome {
    match args.command {
        Command::Plan(args) => plan::run(args, global),
        Command::Run(args) => run::run(&args, global),
        Command::Status(args) => status::run(&args),
        Command::Collect(args) => collect::run(&args, global),
        Command::Submit(args) => submit::run(&args, global),
    }
}

/// This program, as plans know it.
fn program() -> Program {
    Program {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: option_env!("VERGEN_GIT_SHA").map(str::to_owned),
    }
}

/// The plan in a directory, which this program has to have made unless any may.
fn read(dir: &Path, any_version: bool) -> Outcome<(Plan, RunRecord)> {
    let here = program();
    Ok(Plan::read(dir, (!any_version).then_some(&here))?)
}
