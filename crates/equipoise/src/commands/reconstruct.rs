//! `equipoise reconstruct`: the main job on any data set, any regimes, any number of repetitions.

use equipoise_studies::reconstruction::images::ScoreOn;
use equipoise_studies::reconstruction::{Reconstruction, Settings};
use equipoise_studies::settings::Layers;

use super::circuits::CircuitArgs;
use super::own_data::{ImageArgs, RecordingArgs};
use crate::failure::{Failure, Outcome};
use crate::job::RunArgs;
use crate::{Global, study};

/// Encode images in E/I networks, train decoders on the spikes, and compare the regimes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise reconstruct --dataset mnist
  equipoise reconstruct --dataset cifar-10 --regimes balanced,unbalanced-g,unbalanced-p --repeats 5
  equipoise reconstruct --decoder mlp-vae --set network.duration=200 --set training.epochs=40
  equipoise reconstruct --dataset mnist --populations pv-sst-vip,circuit.toml --onto E
  equipoise reconstruct --dataset mnist --regimes balanced --populations pv-sst-vip
  equipoise reconstruct --counts recording.npz --images stimuli.npz

Writes report.html, quality.csv, tests.csv, images.csv, reconstructions.npz, models and figures to
the run directory. With --counts, the decoders read your recordings, and no network is simulated.")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Data set (see `equipoise data list`)
    #[arg(long, value_name = "NAME", conflicts_with = "counts")]
    dataset: Option<String>,
    /// Regimes to compare, the reference first
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    regimes: Option<Vec<String>>,
    /// Independent repetitions, each with networks and decoders of its own
    #[arg(long, value_name = "N")]
    repeats: Option<usize>,
    /// Training images [default: 10000, or what validation leaves of a smaller set]
    #[arg(long, value_name = "N")]
    train: Option<usize>,
    /// Test images [default: all]
    #[arg(long, value_name = "N")]
    test: Option<usize>,
    #[command(flatten)]
    images: ImageArgs,
    #[command(flatten)]
    recordings: RecordingArgs,
    /// Score on images held out of the training part, to choose settings by
    #[arg(long)]
    held_out: bool,
    /// Decoders to train: mlp-unet, mlp-vae
    #[arg(long = "decoder", value_name = "KIND,...", value_delimiter = ',')]
    decoders: Option<Vec<String>>,
    /// Epochs of training, at most
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Neurons of the network
    #[arg(long, value_name = "N", conflicts_with = "populations")]
    neurons: Option<usize>,
    /// Controls: mean-image, ridge, shuffled, pixels
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    controls: Option<Vec<String>>,
    /// Recordings of each part to keep as spikes, for each regime [default: none]
    #[arg(long, value_name = "N")]
    keep_spikes: Option<usize>,
    /// Backend that trains: flex, or ndarray and wgpu where compiled in
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,
    #[command(flatten)]
    circuits: CircuitArgs,
}

/// Runs the comparison.
///
/// # Errors
/// As the parts of the comparison.
pub fn run(args: Args, global: &Global) -> Outcome {
    let flags = Layers::default()
        .value("data.dataset", &args.dataset)
        .value("regimes", &args.regimes)
        .value("repeats", &args.repeats)
        .value("data.train", &args.train)
        .value("data.test", &args.test)
        .value("data.score_on", &args.held_out.then_some(ScoreOn::HeldOut))
        .value("decoders", &args.decoders)
        .value("training.epochs", &args.epochs)
        .value("network.neurons", &args.neurons)
        .value("controls", &args.controls)
        .value("keep_spikes", &args.keep_spikes)
        .value("backend", &args.backend);
    let flags = args.recordings.layers(args.images.layers(flags));
    let flags = args.circuits.layers(flags, args.regimes.is_some())?;
    let preset = Settings::layer("").map_err(Failure::run)?;
    study::run::<Reconstruction>(&preset, &args.run, flags, global)
}
