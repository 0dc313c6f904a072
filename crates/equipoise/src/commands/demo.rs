//! `equipoise demo`: the main job, in minutes, on images that it draws itself.

use equipoise_studies::reconstruction::{Demonstration, Settings};
use equipoise_studies::settings::Layers;

use crate::failure::{Failure, Outcome};
use crate::job::RunArgs;
use crate::{Global, study};

/// Encode drawn digits in a balanced and an unbalanced network, decode them, compare.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise demo
  equipoise demo --preset smoke --seed 1 --out runs/demo

Needs no data and no network connection. Open report.html in the run directory afterwards.
For your own data and regimes, see `equipoise reconstruct --help`.")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// How much to do
    #[arg(long, value_enum, default_value_t = Preset::Standard)]
    preset: Preset,
}

/// How much to do.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Preset {
    /// A few minutes; a small but fair comparison
    Standard,
    /// Seconds; shows that every part works
    Smoke,
}

/// Runs the demo.
///
/// # Errors
/// As the parts of the comparison.
pub fn run(args: Args, global: &Global) -> Outcome {
    let preset = match args.preset {
        Preset::Standard => Demonstration::STANDARD,
        Preset::Smoke => Demonstration::SMOKE,
    };
    let preset = Settings::layer(preset).map_err(Failure::run)?;
    study::run::<Demonstration>(&preset, &args.run, Layers::default(), global)
}
