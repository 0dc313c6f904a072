//! `equipoise balance populations`: networks of any populations, and inhibition that learns.

use std::path::PathBuf;

use equipoise_studies::populations::{Populations, read_network};
use equipoise_studies::settings::Layers;

use crate::failure::Outcome;
use crate::job::RunArgs;
use crate::{Global, study};

/// Options of `balance populations`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise balance populations
  equipoise balance populations --preset microcircuit --scale 1 --input dc --record L4E
  equipoise balance populations --preset vogels --scale 0.1 --set learning.time=10000
  equipoise balance populations --set 'network.populations.L4E.neuron.threshold=-52'
  equipoise balance populations --network circuit.toml")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// A published network [default: microcircuit]
    #[arg(long, value_parser = ["brunel", "microcircuit", "clustered", "pv-sst-vip", "vogels"])]
    preset: Option<String>,
    /// Share of its neurons [default: 0.1 of the microcircuit, all of the others]
    #[arg(long, value_name = "SHARE")]
    scale: Option<f64>,
    /// Input of the microcircuit from outside [default: poisson]
    #[arg(long, value_parser = ["poisson", "dc"])]
    input: Option<String>,
    /// Your own network: a TOML file of populations and projections [default: a published one]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["preset", "scale", "input"])]
    network: Option<PathBuf>,
    /// Recorded, ms [default: as the network has it]
    #[arg(long, value_name = "MS")]
    duration: Option<f64>,
    /// Populations whose spikes are written to files, such as L4E,L4I
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    record: Option<Vec<String>>,
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let flags = Layers::default()
        .value("network", &args.network.as_deref().map(read_network).transpose()?)
        .value("published.name", &args.preset)
        .value("published.scale", &args.scale)
        .value("published.input", &args.input)
        .value("network.duration", &args.duration)
        .value("record", &args.record);
    study::run::<Populations>("", &args.run, flags, global)
}
