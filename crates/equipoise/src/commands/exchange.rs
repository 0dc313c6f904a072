//! `equipoise export` and `equipoise import`: networks that go to other tools and come from them.

use std::path::{Path, PathBuf};

use equipoise_data::check_output;
use equipoise_decoder::classifier::Classifier;
use equipoise_studies::exchange::nir::{self, ImportSettings, NirError, Readout};

use crate::console::print;
use crate::failure::{Failure, Outcome};

/// Write a trained network for other tools.
#[derive(Debug, clap::Subcommand)]
pub enum Export {
    /// Write a classifier as a graph of NIR, for snnTorch, Norse and others
    #[command(after_help = "\
Examples:
  equipoise export nir runs/classify classifier.nir
  equipoise export nir runs/classify/model.safetensors hidden.nir --readout none

Train with --set network.dynamics=nir: other tools then compute the same spikes.")]
    Nir {
        /// Run directory of `equipoise classify`, or the file of a classifier
        model: PathBuf,
        /// The file to write
        out: PathBuf,
        /// The readout: li (two leaky integrators), cubali (one node) or none (spikes)
        #[arg(long, value_name = "KIND", default_value = "li", value_parser = readout)]
        readout: Readout,
        /// Write also what no reader reproduces
        #[arg(long)]
        force: bool,
        /// Replace the output if it is there
        #[arg(long)]
        overwrite: bool,
    },
}

/// Read a network that another tool wrote.
#[derive(Debug, clap::Subcommand)]
pub enum Import {
    /// Read a classifier from a graph of NIR
    #[command(after_help = "\
Examples:
  equipoise import nir network.nir network.safetensors
  equipoise import nir norse.nir norse.safetensors --dt 0.001 --steps 200

Then: equipoise evaluate --model network.safetensors --dataset fashion-mnist")]
    Nir {
        /// The file to read
        file: PathBuf,
        /// The file of the classifier to write
        out: PathBuf,
        /// The length of a step, s [default: what the file says, or 0.0001]
        #[arg(long, value_name = "SECONDS")]
        dt: Option<f64>,
        /// Steps of a sample, if the file does not say it
        #[arg(long, value_name = "N", default_value_t = 100)]
        #[arg(value_parser = clap::value_parser!(u32).range(1..=65_536))]
        steps: u32,
        /// The time that a step of the data stands for, ms, if the file does not say it
        #[arg(long, value_name = "MS", default_value_t = 1.0)]
        step_ms: f64,
        /// Replace the output if it is there
        #[arg(long)]
        overwrite: bool,
    },
}

fn readout(text: &str) -> Result<Readout, String> {
    match text {
        "li" => Ok(Readout::Li),
        "cubali" => Ok(Readout::CubaLi),
        "none" => Ok(Readout::None),
        _ => Err("li, cubali or none".into()),
    }
}

fn at(path: &Path) -> impl Fn(NirError) -> Failure {
    move |error| match error {
        NirError::File(error) => Failure::from(error),
        error => Failure::request(format!("{}: {error}", path.display())),
    }
}

/// Writes a network.
///
/// # Errors
/// If it cannot be read or written, or no reader would reproduce it.
pub fn export(Export::Nir { model, out, readout, force, overwrite }: &Export) -> Outcome {
    check_output(out, *overwrite)?;
    let file = if model.is_dir() { model.join("model.safetensors") } else { model.clone() };
    let classifier = Classifier::load(&file).map_err(Failure::request)?;
    let graph = nir::export(&classifier, *readout, *force).map_err(at(&file))?;
    nir::write(out, &graph).map_err(at(out))
}

/// Reads a network.
///
/// # Errors
/// If it cannot be read or written, or is none that can be computed here.
pub fn import(Import::Nir { file, out, dt, steps, step_ms, overwrite }: &Import) -> Outcome {
    check_output(out, *overwrite)?;
    let settings = ImportSettings { step: *dt, steps: *steps as usize, step_ms: *step_ms };
    let imported =
        nir::read(file).and_then(|graph| nir::import(&graph, &settings)).map_err(at(file))?;
    imported.remarks.iter().for_each(print);
    imported.classifier.save(out).map_err(Failure::run)
}
