//! `equipoise balance`: simulate and diagnose a network, or several regimes side by side.

use equipoise_studies::balance::Diagnose;

use super::network::NetworkArgs;
use crate::failure::Outcome;
use crate::{Global, study};

/// Options of `balance` without a subcommand.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// Show the training images of a data set: mnist, fashion-mnist, cifar-10, folder:PATH,
    /// synthetic-digits, synthetic-color; may be given again [default: none, the background alone]
    #[arg(long = "dataset", value_name = "NAME")]
    datasets: Vec<String>,
    /// Images of each data set
    #[arg(long, value_name = "N")]
    images: Option<usize>,
    /// Length of the recording that figures show, ms
    #[arg(long, value_name = "MS")]
    window: Option<f64>,
    /// Neurons whose potential and inputs are written to a table, such as 0,17
    #[arg(long, value_name = "NEURONS", value_delimiter = ',')]
    record: Option<Vec<usize>>,
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let datasets = (!args.datasets.is_empty()).then(|| args.datasets.clone());
    let flags = args
        .network
        .layers()
        .value("datasets", &datasets)
        .value("images", &args.images)
        .value("window", &args.window)
        .value("record", &args.record);
    study::run::<Diagnose>("", &args.network.run, flags, global)
}
