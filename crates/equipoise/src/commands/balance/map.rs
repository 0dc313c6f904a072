//! `equipoise balance map`: where balance ends.

use equipoise_studies::balance::map::Maps;

use super::network::NetworkArgs;
use crate::failure::Outcome;
use crate::{Global, study};

/// Options of `balance map`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise balance map
  equipoise balance map --neurons 1000 --set 'maps=[{ x = { setting = \"g\", values = [3, 4, 5] }, \
y = { setting = \"eta\", values = [1, 2, 4] } }]'

Writes report.html, maps.csv, figures, and points/*.json to the run directory.")]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    study::run::<Maps>("", &args.network.run, args.network.layers(), global)
}
