//! `equipoise demo`: the main job, in minutes, on images that it draws itself.

use crate::Global;
use crate::failure::Outcome;
use crate::job::{Request, RunArgs};
use crate::reconstruction::{self, Settings};
use crate::settings::Flags;

/// Encode drawn digits in a balanced and an unbalanced network, decode them, compare.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
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
    let base = match args.preset {
        Preset::Standard => include_str!("../../presets/demo.toml"),
        Preset::Smoke => include_str!("../../presets/smoke.toml"),
    };
    let request = Request::<Settings>::new("demo", base, &args.run, Flags::default(), global)?;
    reconstruction::compare(request, "Does balance help to code images? A demonstration")
}
