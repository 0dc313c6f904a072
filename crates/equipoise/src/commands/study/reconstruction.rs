//! `equipoise study reconstruction`: does balance help to code images?

use equipoise_studies::reconstruction::sweep::{ReconstructionSweep, SweepSettings};
use equipoise_studies::settings::Layers;

use super::Preset;
use crate::commands::circuits::CircuitArgs;
use crate::failure::{Failure, Outcome};
use crate::job::RunArgs;
use crate::{Global, study};

/// Does the balance of excitation and inhibition help to code images?
///
/// Networks x decoders x data sets x seeds with controls, at equal time and at equal numbers of
/// spikes; learning curves; codes of colour. An interrupted study continues with the training it
/// was in.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise study reconstruction --preset quick
  equipoise study reconstruction --out runs/reconstruction
  equipoise study reconstruction --datasets folder:photos --repeats 3
  equipoise study reconstruction --regimes balanced --populations pv-sst-vip --preset quick
  equipoise study reconstruction --resume runs/reconstruction

Writes report.html, quality.csv, tests.csv, overview.csv, the curves, figures, models, and cells/*.json
to the run directory.")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// How much to do
    #[arg(long, value_enum, default_value_t = Preset::Full)]
    preset: Preset,
    /// Data sets (see `equipoise data list`)
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    datasets: Option<Vec<String>>,
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
    /// Epochs of training, at most
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    #[command(flatten)]
    circuits: CircuitArgs,
}

/// Runs the study.
///
/// # Errors
/// As its comparisons.
pub fn run(args: &Args, global: &Global) -> Outcome {
    type Of = ReconstructionSweep;
    let preset = args.preset.of(Of::FULL, Of::QUICK, Of::SMOKE);
    let flags = Layers::default()
        .value("datasets", &args.datasets)
        .value("regimes", &args.regimes)
        .value("repeats", &args.repeats)
        .value("data.train", &args.train)
        .value("data.test", &args.test)
        .value("training.epochs", &args.epochs);
    let flags = args.circuits.layers(flags, args.regimes.is_some())?;
    let preset = SweepSettings::layer(preset).map_err(Failure::run)?;
    study::run::<ReconstructionSweep>(&preset, &args.run, flags, global)
}
