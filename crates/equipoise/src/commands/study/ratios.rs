//! `equipoise study ratios`: the study of Kilgore et al. 2025, reproduced and corrected.

use equipoise_studies::classification::ratios::{Ratios, Reference};
use equipoise_studies::settings::Layers;

use crate::failure::Outcome;
use crate::job::RunArgs;
use crate::{Global, study};

/// Which ratio, which initial activity and which noise can a spiking classifier be trained under?
///
/// Two grids of trainings: ratios x sigma_1 x trials, and ratios x noise x trials, each trial with
/// a seed of its own. An interrupted study continues where it stopped.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise study ratios
  equipoise study ratios --trials 2 --sigma-1 0.002,0.01 --epochs 5 --noise-ratios ''
  equipoise study ratios --config scripts/ratios-shd.toml
  equipoise study ratios --ratios 0.5,0.8 --reference pairwise
  equipoise study ratios --resume runs/ratios

The first makes the published grids on Fashion-MNIST.
Writes report.html, epochs.csv (one row a trial and epoch), rates.csv, noise.csv, their tests,
distances.csv, figures, and trials/*.json to the run directory.")]
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
    /// Measure on this speaker of the training samples [default: on the test set]
    #[arg(long, value_name = "ID")]
    validation_speaker: Option<u16>,
    /// Hold these speakers out of the training samples in turn, and measure on them [default: none]
    #[arg(long, value_name = "ID,...", value_parser = whole_numbers)]
    held_out_speakers: Option<Whole>,
    /// Shares of excitatory neurons in the grid of rates; '' for none
    #[arg(long, value_name = "SHARE,...", value_parser = numbers)]
    ratios: Option<Numbers>,
    /// Standard deviations of the initial input weights
    #[arg(long = "sigma-1", value_name = "SIGMA,...", value_parser = numbers)]
    sigma_1: Option<Numbers>,
    /// Trainings of each point of the grid of rates
    #[arg(long, value_name = "N")]
    trials: Option<usize>,
    /// Shares of excitatory neurons in the grid of noise; '' for none
    #[arg(long, value_name = "SHARE,...", value_parser = numbers)]
    noise_ratios: Option<Numbers>,
    /// Noise levels, in units of sigma_init
    #[arg(long, value_name = "LEVEL,...", value_parser = numbers)]
    noise: Option<Numbers>,
    /// Trainings of each point of the grid of noise
    #[arg(long, value_name = "N")]
    noise_trials: Option<usize>,
    /// The ratio that the others are compared with, or pairwise [default: 1.0 if it is trained]
    #[arg(long, value_name = "RATIO")]
    reference: Option<Reference>,
    /// Epochs of each training [default: 30, for recordings 200]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Connect the hidden neurons among themselves
    #[arg(long)]
    recurrent: bool,
    /// Train every network feed-forward and recurrent
    #[arg(long, conflicts_with = "recurrent")]
    both_wirings: bool,
    /// Keep every trained network as a file
    #[arg(long)]
    keep_models: bool,
}

/// A list of whole numbers in one argument.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(transparent)]
struct Whole(Vec<u16>);

fn whole_numbers(text: &str) -> Result<Whole, String> {
    list(text, "a whole number from 0 to 65535").map(Whole)
}

/// A list of numbers in one argument, so that '' is the empty list.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(transparent)]
struct Numbers(Vec<f64>);

fn numbers(text: &str) -> Result<Numbers, String> {
    list(text, "a number").map(Numbers)
}

fn list<T: std::str::FromStr>(text: &str, what: &str) -> Result<Vec<T>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().map_err(|_| format!("`{part}` is not {what}")))
        .collect()
}

/// Runs the study.
///
/// # Errors
/// As the trainings.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let layers = Layers::default()
        .value("data.dataset", &args.dataset)
        .value("data.train", &args.train)
        .value("data.test", &args.test)
        .value("data.validation_speaker", &args.validation_speaker)
        .value("held_out_speakers", &args.held_out_speakers)
        .value("both_wirings", &args.both_wirings.then_some(true))
        .value("keep_models", &args.keep_models.then_some(true))
        .value("ratios", &args.ratios)
        .value("sigma_1", &args.sigma_1)
        .value("trials", &args.trials)
        .value("reference", &args.reference)
        .value("noise.ratios", &args.noise_ratios)
        .value("noise.levels", &args.noise)
        .value("noise.trials", &args.noise_trials)
        .value("network.epochs", &args.epochs)
        .value("network.recurrent", &args.recurrent.then_some(true));
    study::run::<Ratios>("", &args.run, layers, global)
}
