//! `equipoise stimulate associate`: input patterns learn to evoke digits.

use equipoise_plasticity::stimulation::{AssociativeTask, NetworkConfig};
use equipoise_studies::settings::Layers;
use equipoise_studies::stimulation::{Associate, GUIDED};

use crate::failure::Outcome;
use crate::job::RunArgs;
use crate::{Global, study};

/// Teach input patterns to evoke digits on the output neurons.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise stimulate associate --networks 2 --no-sweeps
  equipoise stimulate associate --digits 0,1,2 --seed 1 --out runs/digits
  equipoise stimulate associate --digits 0,1,2,3,4,5,6,7,8,9 --neurons 60 --guided --no-sweeps
  equipoise stimulate associate --exclusive-or --no-sweeps")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// The digits to learn, such as 0,1,2
    #[arg(long, value_delimiter = ',', value_name = "D,..", value_parser = clap::value_parser!(u8).range(0..10))]
    digits: Option<Vec<u8>>,
    /// Learn the exclusive or of two groups of inputs, which is not linearly separable, instead
    #[arg(long, conflicts_with = "digits")]
    exclusive_or: bool,
    /// Lead the network towards weights that solve the task, and end once it is solved (the
    /// exclusive or always does): the shorter way to many digits
    #[arg(long)]
    guided: bool,
    /// Number of neurons
    #[arg(long, value_name = "N")]
    neurons: Option<usize>,
    /// How many of them are inhibitory
    #[arg(long, value_name = "N")]
    inhibitory: Option<usize>,
    /// Number of networks to train
    #[arg(long, value_name = "N")]
    networks: Option<u64>,
    /// Largest number of stimulations
    #[arg(long, value_name = "N")]
    budget: Option<usize>,
    /// Train only as configured, without the curves over dt, noise and wrong constants
    #[arg(long)]
    no_sweeps: bool,
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let none: Option<Vec<f64>> = args.no_sweeps.then(Vec::new);
    // The share of inhibitory neurons stays what it is, unless it is given.
    let inhibitory = args.inhibitory.or(args.neurons.map(|n| NetworkConfig::of_size(n).inhibitory));
    let flags = Layers::default()
        .value("task.digits", &args.digits)
        .value("task.task", &args.exclusive_or.then_some(AssociativeTask::ExclusiveOr))
        .value("network.neurons", &args.neurons)
        .value("network.inhibitory", &inhibitory)
        .value("networks", &args.networks)
        .value("training.budget", &args.budget)
        .value("durations", &none)
        .value("noises", &none)
        .value("parameter_errors", &none);
    let preset = if args.exclusive_or || args.guided { GUIDED } else { "" };
    study::run::<Associate>(preset, &args.run, flags, global)
}
