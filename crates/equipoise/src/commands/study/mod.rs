//! `equipoise study`: whole experiments, with many runs, tables, statistics and a report.

mod hebb;
mod ratios;
mod reconstruction;

use equipoise_studies::Study as AnyStudy;
use equipoise_studies::classification::Trained;
use equipoise_studies::coding::{Dose, Speed};
use equipoise_studies::settings::Layers;

use crate::failure::Outcome;
use crate::job::RunArgs;
use crate::{Global, study};

/// Run a whole study.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    study: Study,
}

#[derive(Debug, clap::Subcommand)]
enum Study {
    /// How does the code of a network go with how balanced it is?
    ///
    /// Networks along lines of g, p, J_0 and N, at the same rate: how balanced they are, and what their
    /// spikes tell at equal time and at equal numbers of spikes. An interrupted study continues with the
    /// network it was at.
    #[command(after_help = "\
Examples:
  equipoise study dose --preset quick
  equipoise study dose --dataset fashion-mnist --out runs/dose
  equipoise study dose --preset smoke --set shuffles=1")]
    Dose(Box<Repeated>),
    /// Does the E/I ratio matter for learning one-to-one maps by Hebb's rule?
    Hebb(Box<hebb::Args>),
    /// Which E/I ratio, rate and noise can a spiking classifier be trained under?
    Ratios(Box<ratios::Args>),
    /// Does the balance of excitation and inhibition help to code images?
    Reconstruction(Box<reconstruction::Args>),
    /// How soon is an image read from networks that are more and less balanced?
    ///
    /// Images come on, stay and are replaced; networks of the same rate, or under the same drive, are
    /// read from the spikes since then, beside controls without recurrence. An interrupted study
    /// continues with the network it was at.
    #[command(after_help = "\
Examples:
  equipoise study speed --preset quick
  equipoise study speed --dataset fashion-mnist --out runs/speed
  equipoise study speed --preset smoke --set 'matchings=[\"rate\"]'")]
    Speed(Box<Repeated>),
    /// Are trained classifiers balanced, and do the balanced ones learn better?
    ///
    /// E:I classifiers with currents or conductances and several kinds of inhibition of their hidden neurons,
    /// whose balance is measured. An interrupted study continues with the epoch it was at.
    #[command(after_help = "\
Examples:
  equipoise study trained --preset quick
  equipoise study trained --dataset spikes:fsdd --out runs/trained
  equipoise study trained --preset smoke --set 'noise=[0]'")]
    Trained(Box<Repeated>),
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

/// Options of studies that are repeated on one data set.
#[derive(Debug, clap::Args)]
struct Repeated {
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

impl Repeated {
    /// Runs the study with its presets: full, quick and smoke.
    fn study<S: AnyStudy>(&self, [full, quick, smoke]: [&str; 3], global: &Global) -> Outcome {
        let flags =
            Layers::default().value("data.dataset", &self.dataset).value("repeats", &self.repeats);
        study::run::<S>(self.preset.of(full, quick, smoke), &self.run, flags, global)
    }
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    match &args.study {
        Study::Dose(args) => args.study::<Dose>([Dose::FULL, Dose::QUICK, Dose::SMOKE], global),
        Study::Hebb(args) => hebb::run(args, global),
        Study::Ratios(args) => ratios::run(args, global),
        Study::Reconstruction(args) => reconstruction::run(args, global),
        Study::Speed(args) => {
            args.study::<Speed>([Speed::FULL, Speed::QUICK, Speed::SMOKE], global)
        }
        Study::Trained(args) => {
            args.study::<Trained>([Trained::FULL, Trained::QUICK, Trained::SMOKE], global)
        }
    }
}
