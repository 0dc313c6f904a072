//! `equipoise encode`: images to spikes, for decoders here or for other tools.

use equipoise_studies::Study;
use equipoise_studies::reconstruction::steps::Encode;
use equipoise_studies::settings::Layers;

use super::circuits::CircuitArgs;
use super::own_data::ImageArgs;
use crate::failure::{Failure, Outcome};
use crate::job::RunArgs;
use crate::{Global, study};

/// Encode the images of a data set in a spiking network and keep the spikes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise encode --dataset mnist --out runs/mnist-balanced
  equipoise encode --dataset fashion-mnist --regime unbalanced-g --bins 10 --spikes 1000
  equipoise encode --dataset mnist --populations microcircuit --record L4E,L4I

Takes the settings of every run of `reconstruct`, and gives the spikes that it would see.
Writes counts/PART.safetensors (spike counts and labels) and spikes/PART.h5 (events in the layout of
SHD, times in seconds) for the parts train, validation and test, and network.npz (the type of each
neuron, and who receives from whom). `equipoise train` takes the directory.")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Data set (see `equipoise data list`)
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// Regime of the network [default: balanced]
    #[arg(long, value_name = "NAME", conflicts_with = "populations")]
    regime: Option<String>,
    /// Training images [default: 10000, or what validation leaves of a smaller set]
    #[arg(long, value_name = "N")]
    train: Option<usize>,
    /// Test images [default: all]
    #[arg(long, value_name = "N")]
    test: Option<usize>,
    #[command(flatten)]
    images: ImageArgs,
    /// Count spikes in this many bins, for features of that kind [default: one, for counts]
    #[arg(long, value_name = "N")]
    bins: Option<usize>,
    /// Recordings of each part to keep as spikes [default: 100]
    #[arg(long, value_name = "N")]
    spikes: Option<usize>,
    /// Neurons of the network
    #[arg(long, value_name = "N", conflicts_with = "populations")]
    neurons: Option<usize>,
    #[command(flatten)]
    circuits: CircuitArgs,
}

/// Runs the encoding.
///
/// # Errors
/// For wrong settings or data, or if a file cannot be written.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let flags = Layers::default()
        .value("data.dataset", &args.dataset)
        .value("regimes", &args.regime.as_ref().map(|regime| [regime]))
        .value("data.train", &args.train)
        .value("data.test", &args.test)
        .value("features.kind", &args.bins.map(|_| "bins"))
        .value("features.bins", &args.bins)
        .value("keep_spikes", &args.spikes)
        .value("network.neurons", &args.neurons);
    let flags = args.circuits.layers(args.images.layers(flags), false)?;
    let preset = Encode::preset().map_err(Failure::run)?;
    study::run::<Encode>(&preset, &args.run, flags, global)
}
