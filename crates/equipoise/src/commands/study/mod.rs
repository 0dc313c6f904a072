//! `equipoise study`: whole experiments, with many runs, tables, statistics and a report.

mod dose;
mod hebb;
mod ratios;
mod reconstruction;
mod speed;

use equipoise_studies::settings::Layers;

use crate::Global;
use crate::failure::Outcome;
use crate::job::RunArgs;

/// Run a whole study.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    study: Study,
}

#[derive(Debug, clap::Subcommand)]
enum Study {
    /// How does the code of a network go with how balanced it is?
    Dose(Box<dose::Args>),
    /// Does the E/I ratio matter for learning one-to-one maps by Hebb's rule?
    Hebb(Box<hebb::Args>),
    /// Which E/I ratio, rate and noise can a spiking classifier be trained under?
    Ratios(Box<ratios::Args>),
    /// Does the balance of excitation and inhibition help to code images?
    Reconstruction(Box<reconstruction::Args>),
    /// How soon is an image read from networks that are more and less balanced?
    Speed(Box<speed::Args>),
}

/// How much to do.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Preset {
    /// A night on two cores
    Full,
    /// Twenty minutes at most: the same tables on fewer images and seeds
    Quick,
    /// Under a minute: shows that every part works on images that it draws itself
    Smoke,
}

impl Preset {
    /// The settings of this preset.
    fn of<'a>(self, full: &'a str, quick: &'a str, smoke: &'a str) -> &'a str {
        match self {
            Self::Full => full,
            Self::Quick => quick,
            Self::Smoke => smoke,
        }
    }
}

/// Options of the studies of what images tell in networks that are more and less balanced.
#[derive(Debug, clap::Args)]
struct CodingArgs {
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

impl CodingArgs {
    /// What is given of the settings.
    fn flags(&self) -> Layers {
        Layers::default().value("data.dataset", &self.dataset).value("repeats", &self.repeats)
    }
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    match &args.study {
        Study::Dose(args) => dose::run(args, global),
        Study::Hebb(args) => hebb::run(args, global),
        Study::Ratios(args) => ratios::run(args, global),
        Study::Reconstruction(args) => reconstruction::run(args, global),
        Study::Speed(args) => speed::run(args, global),
    }
}
