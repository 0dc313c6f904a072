//! `equipoise classify`: train one E:I classifier and measure it.

use equipoise_studies::classification::Classify;
use equipoise_studies::settings::Layers;

use crate::failure::Outcome;
use crate::job::RunArgs;
use crate::{Global, study};

/// Train one spiking classifier of excitatory and inhibitory neurons under Dale's law.
///
/// An absent option keeps the published setting for the kind of data: that for Fashion-MNIST on
/// images, that for the Heidelberg digits on recorded spikes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise classify
  equipoise classify --ratio 1.0 --sigma-1 0.03
  equipoise classify --ratio 0.5 --set network.logit=extreme
  equipoise classify --unbounded
  equipoise classify --dataset synthetic-digits --epochs 5
  equipoise classify --dataset spikes:recordings/words --recurrent --validation-speaker 3

The first trains 80:20 on Fashion-MNIST; synthetic-digits needs no data; --unbounded has no law and
SpyTorch's settings; the readout network.logit=extreme loses no class.
Writes report.html, epochs.csv, classes.csv, weights.csv, distances.csv, figures, training.json
and model.safetensors to the run directory.")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Data set (see `equipoise data list`)
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// Training samples [default: all]
    #[arg(long, value_name = "N")]
    train: Option<usize>,
    /// Test samples [default: all]
    #[arg(long, value_name = "N")]
    test: Option<usize>,
    /// Scale the images of a folder to this size, such as 32 or 28x40 (height x width) [default: a
    /// size that fits the set]
    #[arg(long, value_name = "SIZE", value_parser = super::own_data::image_size)]
    size: Option<(u32, u32)>,
    /// The time of recordings that is used, ms; later spikes are left out [default: what the files
    /// say, or a round time after the last spike]
    #[arg(long, value_name = "MS")]
    duration: Option<f64>,
    /// Measure on this share of the training samples [default: on the test set]
    #[arg(long, value_name = "SHARE")]
    validation_share: Option<f64>,
    /// Measure on this speaker of the training samples [default: on the test set]
    #[arg(long, value_name = "ID")]
    validation_speaker: Option<u16>,
    /// Share of the hidden neurons that are excitatory
    #[arg(long, value_name = "SHARE")]
    ratio: Option<f64>,
    /// Standard deviation of the initial input weights, which sets the initial rate
    /// [default: 0.002, for recordings 0.0005]
    #[arg(long = "sigma-1", value_name = "SIGMA")]
    sigma_1: Option<f64>,
    /// Noise of every update, in units of sigma_init (0.001) [default: 0]
    #[arg(long, value_name = "LEVEL")]
    noise: Option<f64>,
    /// Optimiser: sgd or adam [default: sgd; adam with --unbounded]
    #[arg(long, value_name = "KIND")]
    optimizer: Option<String>,
    /// Learning rate [default: 0.01, for recordings 0.001; 0.0002 of adam]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// Hidden neurons [default: 100, for recordings 200]
    #[arg(long, value_name = "N")]
    hidden: Option<usize>,
    /// Epochs [default: 30, for recordings 200]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Connect the hidden neurons among themselves
    #[arg(long)]
    recurrent: bool,
    /// No Dale's law; weights and optimiser of the SpyTorch tutorials
    #[arg(long)]
    unbounded: bool,
}

/// Runs the training.
///
/// # Errors
/// A wrong request, or a training that diverged.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let layers = Layers::default()
        .value("data.dataset", &args.dataset)
        .value("data.train", &args.train)
        .value("data.test", &args.test)
        .value("data.validation_share", &args.validation_share)
        .value("data.validation_speaker", &args.validation_speaker)
        .value("data.folder.size", &args.size)
        .value("data.binning.max_time", &args.duration.map(|ms| ms / 1000.0))
        .value("ratio", &args.ratio)
        .value("network.sigma_1", &args.sigma_1)
        .value("network.noise", &args.noise)
        .value("network.optimizer", &args.optimizer)
        .value("network.learning_rate", &args.learning_rate)
        .value("network.hidden", &args.hidden)
        .value("network.epochs", &args.epochs)
        .value("network.recurrent", &args.recurrent.then_some(true))
        .value("network.unbounded", &args.unbounded.then_some(true));
    study::run::<Classify>("", &args.run, layers, global)
}
