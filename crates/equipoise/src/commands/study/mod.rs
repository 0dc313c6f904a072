//! `equipoise study`: whole experiments, with many runs, tables, statistics and a report.

mod hebb;

use crate::Global;
use crate::failure::Outcome;

/// Run a whole study.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    study: Study,
}

#[derive(Debug, clap::Subcommand)]
enum Study {
    /// Does the E/I ratio matter for learning one-to-one maps by Hebb's rule?
    Hebb(Box<hebb::Args>),
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    match &args.study {
        Study::Hebb(args) => hebb::run(args, global),
    }
}
