//! `equipoise study speed`: how soon is an image read?

use equipoise_studies::coding::Speed;
use equipoise_studies::settings::Layers;

use super::Preset;
use crate::failure::Outcome;
use crate::job::RunArgs;
use crate::{Global, study};

/// How soon is an image read from networks that are more and less balanced?
///
/// Images come on, stay and are replaced; networks of the same rate, or under the same drive, are
/// read from the spikes since then, beside controls without recurrence. An interrupted study
/// continues with the network it was at.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise study speed --preset quick
  equipoise study speed --dataset fashion-mnist --out runs/speed
  equipoise study speed --preset smoke --set 'matchings=[\"rate\"]'")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// How much to do
    #[arg(long, value_enum, default_value_t = Preset::Full)]
    preset: Preset,
    /// Data set (see `equipoise data list`)
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// Independent repetitions, each with networks of its own
    #[arg(long, value_name = "N")]
    repeats: Option<usize>,
}

/// Runs the study.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let preset = args.preset.of(Speed::FULL, Speed::QUICK, Speed::SMOKE);
    let flags =
        Layers::default().value("data.dataset", &args.dataset).value("repeats", &args.repeats);
    study::run::<Speed>(preset, &args.run, flags, global)
}
