//! `equipoise stimulate`: train a rate network that can only be driven, not set.

mod associate;
mod controllability;
mod structure;

use clap::Subcommand;

use crate::Global;
use crate::failure::Outcome;

/// Train a rate network by stimulating it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise stimulate associate --digits 0,1,2 --seed 1 --out runs/digits
  equipoise stimulate associate --digits 0,1,2,3,4,5,6,7,8,9 --neurons 60 --guided --no-sweeps
  equipoise stimulate associate --exclusive-or --no-sweeps
  equipoise stimulate structure --networks 5
  equipoise stimulate controllability --sizes 30,60,100")]
pub struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Teach input patterns to evoke digits on the output neurons
    Associate(associate::Args),
    /// Turn a network into a ring attractor
    Structure(structure::Args),
    /// Analyse which changes of the weights stimulation can make, and what a step costs
    Controllability(controllability::Args),
}

/// Runs one task.
pub fn run(args: &Args, global: &Global) -> Outcome {
    match &args.task {
        Task::Associate(args) => associate::run(args, global),
        Task::Structure(args) => structure::run(args, global),
        Task::Controllability(args) => controllability::run(args, global),
    }
}
