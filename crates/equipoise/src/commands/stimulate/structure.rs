//! `equipoise stimulate structure`: a network becomes a ring attractor.

use equipoise_studies::settings::Layers;
use equipoise_studies::stimulation::Structure;

use crate::failure::Outcome;
use crate::job::RunArgs;
use crate::{Global, study};

/// Turn a network into a ring attractor.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise stimulate structure --networks 2 --no-sweeps
  equipoise stimulate structure --excitatory 24 --inhibitory 12")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Number of excitatory neurons, on the ring
    #[arg(long, value_name = "N")]
    excitatory: Option<usize>,
    /// Number of inhibitory neurons
    #[arg(long, value_name = "N")]
    inhibitory: Option<usize>,
    /// Number of networks to train
    #[arg(long, value_name = "N")]
    networks: Option<u64>,
    /// Largest number of stimulations
    #[arg(long, value_name = "N")]
    budget: Option<usize>,
    /// Train only as configured, without the curve over dt
    #[arg(long)]
    no_sweeps: bool,
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let flags = Layers::default()
        .value("ring.excitatory", &args.excitatory)
        .value("ring.inhibitory", &args.inhibitory)
        .value("networks", &args.networks)
        .value("training.budget", &args.budget)
        .value("durations", &args.no_sweeps.then(Vec::<f64>::new));
    study::run::<Structure>("", &args.run, flags, global)
}
