//! `equipoise stimulate controllability`: which changes of the weights stimulation can make.

use equipoise_studies::settings::Layers;
use equipoise_studies::stimulation::Controllability;

use crate::failure::Outcome;
use crate::job::RunArgs;
use crate::{Global, study};

/// Analyse which changes of the weights stimulation can make.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise stimulate controllability --sizes 30,60 --no-timing
  equipoise stimulate controllability --densities 0.2,0.5,1.0 --networks 3")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Sizes to analyse, such as 30,60,100
    #[arg(long, value_delimiter = ',', value_name = "N,..")]
    sizes: Option<Vec<usize>>,
    /// Densities to analyse
    #[arg(long, value_delimiter = ',', value_name = "P,..")]
    densities: Option<Vec<f64>>,
    /// Number of networks per size and density
    #[arg(long, value_name = "N")]
    networks: Option<u64>,
    /// Leave out the cost of a step
    #[arg(long)]
    no_timing: bool,
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let flags = Layers::default()
        .value("sizes", &args.sizes)
        .value("densities", &args.densities)
        .value("networks", &args.networks)
        .value("timed_sizes", &args.no_timing.then(Vec::<usize>::new));
    study::run::<Controllability>("", &args.run, flags, global)
}
