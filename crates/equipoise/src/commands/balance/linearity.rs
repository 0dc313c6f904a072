//! `equipoise balance linearity`: the population rate against the external rate.

use equipoise_studies::balance::Linear;

use super::network::NetworkArgs;
use crate::failure::Outcome;
use crate::{Global, study};

/// Options of `balance linearity`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise balance linearity
  equipoise balance linearity --neurons 1000 --trials 4")]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// Networks over which each rate is averaged
    #[arg(long, value_name = "N")]
    trials: Option<usize>,
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let flags = args.network.layers().value("trials", &args.trials);
    study::run::<Linear>("", &args.network.run, flags, global)
}
