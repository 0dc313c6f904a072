//! `equipoise balance coding`: how much of an image is in the spikes, before any decoder.

use equipoise_studies::balance::Coding;

use super::network::NetworkArgs;
use crate::failure::Outcome;
use crate::{Global, study};

/// Options of `balance coding`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise balance coding
  equipoise balance coding --dataset mnist --training-images 500 --test-images 100")]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// The images: mnist, fashion-mnist, cifar-10, folder:PATH, synthetic-digits, synthetic-color
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// Images that the readout is fitted to
    #[arg(long, value_name = "N")]
    training_images: Option<usize>,
    /// Images that it is tried on
    #[arg(long, value_name = "N")]
    test_images: Option<usize>,
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let flags = args
        .network
        .layers()
        .value("dataset", &args.dataset)
        .value("training_images", &args.training_images)
        .value("test_images", &args.test_images);
    study::run::<Coding>("", &args.network.run, flags, global)
}
