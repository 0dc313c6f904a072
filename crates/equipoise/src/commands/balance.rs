//! `equipoise balance`: is a network balanced, how does it respond, and what does it code?

mod coding;
mod diagnose;
mod linearity;
mod network;
mod populations;
mod track;

use equipoise_studies::balance::Maps;

use crate::failure::Outcome;
use crate::{Global, study};

/// Simulate a network and say in numbers whether it is balanced.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    diagnose: diagnose::Args,
}

const EXAMPLES: &str = "Examples:
  equipoise balance --g 3.5
  equipoise balance --regime balanced --regime unbalanced-g
  equipoise balance --dataset mnist --dataset cifar-10 --regime balanced
  equipoise balance map --set 'maps=[{ x = { setting = \"g\", values = [3, 4, 5] }, \
y = { setting = \"eta\", values = [1, 2, 4] } }]'
  equipoise balance linearity
  equipoise balance track --waveform sinusoid
  equipoise balance coding --dataset mnist
  equipoise balance populations --preset microcircuit";

const MAP_EXAMPLES: &str = "Examples:
  equipoise balance map
  equipoise balance map --neurons 1000 --set 'maps=[{ x = { setting = \"g\", values = [3, 4, 5] }, \
y = { setting = \"eta\", values = [1, 2, 4] } }]'

Writes report.html, maps.csv, figures, and points/*.json to the run directory.";

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show where balance ends: a map over g, connection probability and threshold
    #[command(after_help = MAP_EXAMPLES)]
    Map(Box<network::NetworkArgs>),
    /// Measure how straight the rate rises with the external rate
    Linearity(Box<linearity::Args>),
    /// Measure how the rate follows a ramp, a step or a sinusoid
    Track(Box<track::Args>),
    /// Measure how much of an image is in the spikes, before any decoder
    Coding(Box<coding::Args>),
    /// Judge each population of a network of any populations, and let inhibition learn balance
    Populations(Box<populations::Args>),
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    match &args.command {
        None => diagnose::run(&args.diagnose, global),
        Some(Command::Map(args)) => study::run::<Maps>("", &args.run, args.layers(), global),
        Some(Command::Linearity(args)) => linearity::run(args, global),
        Some(Command::Track(args)) => track::run(args, global),
        Some(Command::Coding(args)) => coding::run(args, global),
        Some(Command::Populations(args)) => populations::run(args, global),
    }
}
