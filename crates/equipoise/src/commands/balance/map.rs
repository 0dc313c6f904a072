//! `equipoise balance map`: where balance ends.

use equipoise_studies::balance::map::Maps;

use super::network::NetworkArgs;
use crate::failure::Outcome;
use crate::{Global, study};

/// Options of `balance map`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    study::run::<Maps>("", &args.network.run, args.network.layers(), global)
}
