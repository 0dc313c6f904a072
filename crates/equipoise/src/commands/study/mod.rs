//! `equipoise study`: whole experiments, with many runs, tables, statistics and a report.

mod hebb;
mod ratios;
mod reconstruction;

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
    /// Which E/I ratio, rate and noise can a spiking classifier be trained under?
    Ratios(Box<ratios::Args>),
    /// Does the balance of excitation and inhibition help to code images?
    Reconstruction(Box<reconstruction::Args>),
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    match &args.study {
        Study::Hebb(args) => hebb::run(args, global),
        Study::Ratios(args) => ratios::run(args, global),
        Study::Reconstruction(args) => reconstruction::run(args, global),
    }
}
