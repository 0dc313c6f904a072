//! `equipoise reconstruct`: the main job on any data set, any regimes, any number of repetitions.

use crate::Global;
use crate::failure::Outcome;
use crate::job::{Request, RunArgs};
use crate::reconstruction::images::ScoreOn;
use crate::reconstruction::{self, RegimeChoice, Settings};
use crate::settings::Flags;

/// Under the configuration: the network, its input and its recording.
const PRESET: &str = include_str!("../../presets/reconstruct.toml");

/// Encode images in E/I networks, train decoders on the spikes, and compare the regimes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise reconstruct --dataset mnist
  equipoise reconstruct --dataset cifar-10 --regimes balanced,unbalanced-g,unbalanced-p --repeats 5
  equipoise reconstruct --decoder mlp-vae --set network.duration=200 --set training.epochs=40
  equipoise reconstruct --dataset folder:photos --set data.folder.size=[32,32] --out runs/photos

Writes report.html, quality.csv, tests.csv, images.csv, models and figures to the run directory.")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Data set (see `equipoise data list`)
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// Regimes to compare, the reference first
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    regimes: Option<Vec<String>>,
    /// Independent repetitions, each with networks and decoders of its own
    #[arg(long, value_name = "N")]
    repeats: Option<usize>,
    /// Training images
    #[arg(long, value_name = "N")]
    train: Option<usize>,
    /// Test images [default: all]
    #[arg(long, value_name = "N")]
    test: Option<usize>,
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
    #[arg(long, value_name = "N")]
    neurons: Option<usize>,
    /// Controls: mean-image, ridge, shuffled, pixels
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    controls: Option<Vec<String>>,
    /// Backend that trains: flex, or ndarray and wgpu where compiled in
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,
}

/// Runs the comparison.
///
/// # Errors
/// As the parts of the comparison.
pub fn run(args: Args, global: &Global) -> Outcome {
    let regimes: Option<Vec<RegimeChoice>> =
        args.regimes.map(|names| names.into_iter().map(RegimeChoice::Named).collect());
    let flags = Flags::default()
        .set("data.dataset", &args.dataset)
        .set("regimes", &regimes)
        .set("repeats", &args.repeats)
        .set("data.train", &args.train)
        .set("data.test", &args.test)
        .set("data.score_on", &args.held_out.then_some(ScoreOn::HeldOut))
        .set("decoders", &args.decoders)
        .set("training.epochs", &args.epochs)
        .set("network.neurons", &args.neurons)
        .set("controls", &args.controls)
        .set("backend", &args.backend);
    let request = Request::<Settings>::new("reconstruct", PRESET, &args.run, flags, global)?;
    reconstruction::compare(request, "Does balance help to code images?")
}
