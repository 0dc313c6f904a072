//! `equipoise balance track`: how the population rate follows an external rate that changes.

use equipoise_studies::balance::Track;
use equipoise_studies::balance::track::{RAMP, SINUSOID, STEP};

use super::network::NetworkArgs;
use crate::failure::Outcome;
use crate::{Global, study};

/// Options of `balance track`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise balance track
  equipoise balance track --waveform sinusoid --neurons 1000 --trials 2")]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// Only this waveform [default: all three]
    #[arg(long, value_parser = ["ramp", "step", "sinusoid"])]
    waveform: Option<String>,
    /// Trials over which the rate is averaged
    #[arg(long, value_name = "N")]
    trials: Option<usize>,
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let waveforms = args.waveform.as_deref().map(|shape| match shape {
        "ramp" => [RAMP],
        "step" => [STEP],
        _ => [SINUSOID],
    });
    let flags = args.network.layers().value("waveforms", &waveforms).value("trials", &args.trials);
    study::run::<Track>("", &args.network.run, flags, global)
}
