//! `equipoise study dose`: how does the code go with balance?

use equipoise_studies::coding::Dose;
use equipoise_studies::settings::Layers;

use super::Preset;
use crate::failure::Outcome;
use crate::job::RunArgs;
use crate::{Global, study};

/// How does the code of a network go with how balanced it is?
///
/// Networks along lines of g, p, J_0 and N, at the same rate: how balanced they are, and what their
/// spikes tell at equal time and at equal numbers of spikes. An interrupted study continues with the
/// network it was at.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise study dose --preset quick
  equipoise study dose --dataset fashion-mnist --out runs/dose
  equipoise study dose --preset smoke --set shuffles=1")]
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
    let preset = args.preset.of(Dose::FULL, Dose::QUICK, Dose::SMOKE);
    let flags =
        Layers::default().value("data.dataset", &args.dataset).value("repeats", &args.repeats);
    study::run::<Dose>(preset, &args.run, flags, global)
}
