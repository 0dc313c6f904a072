//! `equipoise balance populations`: networks of any populations, and inhibition that learns.

use std::path::PathBuf;

use equipoise_studies::populations::{
    Populations, PopulationsLinearity, PopulationsMap, PopulationsTrack, read_network,
};
use equipoise_studies::settings::Layers;

use crate::failure::Outcome;
use crate::job::RunArgs;
use crate::{Global, study};

/// Options of `balance populations`.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  equipoise balance populations
  equipoise balance populations --preset microcircuit --scale 1 --input dc --record L4E
  equipoise balance populations --network circuit.toml"
)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    circuit: Circuit,
    /// Populations whose spikes are written to files, such as L4E,L4I
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    record: Option<Vec<String>>,
}

const EXAMPLES: &str = r#"Examples:
  equipoise balance populations map --preset brunel --set 'x={key="published.g",values=[3,4,5]}'
  equipoise balance populations track --network circuit.toml"#;

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show where balance ends in each population: a map over any two numbers of the network
    #[command(after_help = EXAMPLES)]
    Map(Circuit),
    /// Measure how straight the rate of each population rises with the drive
    #[command(after_help = EXAMPLES)]
    Linearity(Circuit),
    /// Measure how the rate of each population follows a ramp, a step or a sinusoid
    #[command(after_help = EXAMPLES)]
    Track(Circuit),
}

#[derive(Debug, clap::Args)]
struct Circuit {
    #[command(flatten)]
    run: RunArgs,
    /// A published network [default: microcircuit]
    #[arg(long, value_parser = ["brunel", "microcircuit", "clustered", "pv-sst-vip", "vogels"])]
    preset: Option<String>,
    /// Share of its neurons [default: 0.1 of the microcircuit, all of the others]
    #[arg(long, value_name = "SHARE")]
    scale: Option<f64>,
    /// Input of the microcircuit from outside [default: poisson]
    #[arg(long, value_parser = ["poisson", "dc"])]
    input: Option<String>,
    /// Your own network: a TOML file of populations and projections [default: a published one]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["preset", "scale", "input"])]
    network: Option<PathBuf>,
    /// Recorded, ms [default: as the network has it]
    #[arg(long, value_name = "MS")]
    duration: Option<f64>,
}

impl Circuit {
    fn layers(&self, duration: &str) -> Outcome<Layers> {
        Ok(Layers::default()
            .value("network", &self.network.as_deref().map(read_network).transpose()?)
            .value("published.name", &self.preset)
            .value("published.scale", &self.scale)
            .value("published.input", &self.input)
            .value(duration, &self.duration))
    }
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let of = |circuit: &Circuit| circuit.layers("network.duration");
    match &args.command {
        None => {
            let flags = of(&args.circuit)?.value("record", &args.record);
            study::run::<Populations>("", &args.circuit.run, flags, global)
        }
        Some(Command::Map(c)) => study::run::<PopulationsMap>("", &c.run, of(c)?, global),
        Some(Command::Linearity(c)) => {
            study::run::<PopulationsLinearity>("", &c.run, of(c)?, global)
        }
        Some(Command::Track(c)) => {
            study::run::<PopulationsTrack>("", &c.run, c.layers("duration")?, global)
        }
    }
}
