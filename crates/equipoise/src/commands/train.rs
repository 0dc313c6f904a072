//! `equipoise train`: one decoder on spikes that `equipoise encode` has made.

use std::path::PathBuf;

use equipoise_studies::reconstruction::steps::Train;
use equipoise_studies::settings::Layers;

use super::own_data::RecordingArgs;
use super::steps;
use crate::failure::Outcome;
use crate::job::RunArgs;
use crate::{Global, study};

/// Train a decoder on encoded images.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise encode --dataset mnist --out runs/mnist
  equipoise train --encoded runs/mnist --out runs/unet
  equipoise evaluate --encoded runs/mnist --model runs/unet
  equipoise train --counts recording.npz --images stimuli.npz --out runs/unet

The settings are those of the encoding, but for what is given here.
Writes models/decoder.safetensors, epochs.csv and the learning curve.")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Run directory of `equipoise encode`
    #[arg(long, value_name = "DIR", conflicts_with = "counts")]
    encoded: Option<PathBuf>,
    #[command(flatten)]
    recordings: RecordingArgs,
    /// Decoder: mlp-unet or mlp-vae
    #[arg(long, value_name = "KIND")]
    decoder: Option<String>,
    /// Epochs of training, at most
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Backend that trains: flex, or ndarray and wgpu where compiled in
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,
}

/// Runs the training.
///
/// # Errors
/// For wrong settings or files, an interrupted or a diverged training.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let flags = Layers::default()
        .value("encoded", &args.encoded)
        .value("decoders", &args.decoder.as_ref().map(|decoder| [decoder]))
        .value("training.epochs", &args.epochs)
        .value("backend", &args.backend);
    let flags = args.recordings.layers(flags);
    let preset = steps::settings_of_earlier_run(&args.run, &flags)?;
    study::run::<Train>(&preset, &args.run, flags, global)
}
