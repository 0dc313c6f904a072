//! `equipoise study ratios`: the study of Kilgore et al. 2025, reproduced and corrected.

use crate::Global;
use crate::classification::ratios::{self, Config};
use crate::failure::Outcome;
use crate::job::{Request, RunArgs};
use crate::settings::Flags;

/// Which ratio, which initial activity and which noise can a spiking classifier be trained under?
///
/// Two grids of trainings: ratios x sigma_1 x trials, and ratios x noise x trials, each trial with
/// a seed of its own. An interrupted study continues with the trials that are missing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise study ratios                                 the published grids on Fashion-MNIST
  equipoise study ratios --trials 2 --sigma-1 0.002,0.01 --epochs 5 --noise-ratios ''
  equipoise study ratios --config scripts/ratios-shd.toml
  equipoise study ratios --resume runs/study-ratios-...

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
    /// Measure on this speaker of the training samples instead of on the test set
    #[arg(long, value_name = "ID")]
    validation_speaker: Option<u16>,
    /// Hold these speakers out of the training samples in turn, and measure on them
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
    /// Epochs of each training
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Connect the hidden neurons among themselves
    #[arg(long)]
    recurrent: bool,
    /// Train every network feed-forward and recurrent
    #[arg(long, conflicts_with = "recurrent")]
    both_wirings: bool,
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
    let flags = Flags::default()
        .set("data.dataset", &args.dataset)
        .set("data.train", &args.train)
        .set("data.test", &args.test)
        .set("data.validation_speaker", &args.validation_speaker)
        .set("held_out_speakers", &args.held_out_speakers)
        .set("both_wirings", &args.both_wirings.then_some(true))
        .set("ratios", &args.ratios)
        .set("sigma_1", &args.sigma_1)
        .set("trials", &args.trials)
        .set("noise.ratios", &args.noise_ratios)
        .set("noise.levels", &args.noise)
        .set("noise.trials", &args.noise_trials)
        .set("network.epochs", &args.epochs)
        .set("network.recurrent", &args.recurrent.then_some(true));
    let request = Request::<Config>::new("study-ratios", "", &args.run, flags, global)?;
    let data = ratios::Data::open(&request)?;
    request.begin()?.run(|job| ratios::run(job, &data))
}
