//! The subcommands, one file each.
//!
//! A command that computes is a study of `equipoise_studies`: its options become layers of the
//! study's settings, and [`study::run`](crate::study::run) does the rest.

mod balance;
mod circuits;
mod classify;
mod completions;
mod convert;
mod data;
mod decode;
mod demo;
mod encode;
mod evaluate;
mod exchange;
mod explore;
mod hebb;
mod inspect;
mod own_data;
mod reconstruct;
mod runs;
mod settings;
mod steps;
mod stimulate;
mod study;
mod sweep;
mod train;

pub use sweep::{PlanOptions, Planned};

use crate::Global;
use crate::failure::Outcome;

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Do the main job on drawn digits, in minutes
    Demo(demo::Args),
    /// Encode, decode and compare regimes on a data set
    Reconstruct(reconstruct::Args),
    /// Decode what recorded neurons were shown, images or a stimulus over time
    Decode(decode::Args),
    /// Learn one-to-one maps by Hebb's rule
    Hebb(hebb::Args),
    /// Train one E:I classifier
    Classify(classify::Args),
    /// Run a whole study
    Study(study::Args),
    /// List, check, download and make data sets
    Data(data::DataArgs),
    /// Convert spikes and counts from one format to another
    Convert(convert::Args),
    /// Train a rate network by stimulating it: associations, a ring attractor, controllability
    Stimulate(Box<stimulate::Args>),
    /// Encode images in a spiking network and keep the spikes
    Encode(encode::Args),
    /// Train a decoder on encoded images
    Train(train::Args),
    /// Score a trained decoder
    Evaluate(evaluate::Args),
    /// Write a trained network for other tools
    #[command(subcommand)]
    Export(exchange::Export),
    /// Read a network that another tool wrote
    #[command(subcommand)]
    Import(exchange::Import),
    /// Simulate a network and say in numbers whether it is balanced
    Balance(Box<balance::Args>),
    /// Tell what a file or a run directory holds, and whether it is whole
    Inspect(inspect::Args),
    /// List and compare run directories
    Runs(runs::Args),
    /// Write a page on which a network runs, to play with its balance
    Explore(explore::Args),
    /// Share a study out among many processes, on a cluster or here
    Sweep(sweep::Args),
    /// List the settings of a command with unit, default, range and meaning
    Settings(settings::Args),
    /// Write a completion script for your shell
    Completions(completions::Args),
}

impl Command {
    /// Whether it is a study, which writes a run directory.
    pub fn computes(&self) -> bool {
        matches!(
            self,
            Self::Demo(_)
                | Self::Reconstruct(_)
                | Self::Decode(_)
                | Self::Hebb(_)
                | Self::Classify(_)
                | Self::Study(_)
                | Self::Stimulate(_)
                | Self::Encode(_)
                | Self::Train(_)
                | Self::Evaluate(_)
                | Self::Balance(_)
        )
    }
}

/// Runs one subcommand.
pub fn run(command: Command, global: &Global) -> Outcome {
    match command {
        Command::Demo(args) => demo::run(args, global),
        Command::Reconstruct(args) => reconstruct::run(args, global),
        Command::Decode(args) => decode::run(&args, global),
        Command::Data(args) => data::run(&args, global),
        Command::Convert(args) => convert::run(args, global),
        Command::Classify(args) => classify::run(&args, global),
        Command::Stimulate(args) => stimulate::run(&args, global),
        Command::Encode(args) => encode::run(&args, global),
        Command::Train(args) => train::run(&args, global),
        Command::Evaluate(args) => evaluate::run(&args, global),
        Command::Balance(args) => balance::run(&args, global),
        Command::Inspect(args) => inspect::run(&args),
        Command::Runs(args) => runs::run(&args),
        Command::Export(args) => exchange::export(&args),
        Command::Import(args) => exchange::import(&args),
        Command::Explore(args) => explore::run(&args),
        Command::Sweep(args) => sweep::run(args, global),
        Command::Settings(args) => settings::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Hebb(args) => hebb::run(&args, global),
        Command::Study(args) => study::run(&args, global),
    }
}
