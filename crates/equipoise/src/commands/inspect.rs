//! `equipoise inspect`: what files hold.

use std::path::PathBuf;

use equipoise_studies::inspect::{Checksum, inspect};

use crate::console::print;
use crate::failure::{Failure, Outcome};

/// Tell what a file or a run directory holds, what it was made from, and whether it is whole.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise inspect runs/mnist
  equipoise inspect runs/mnist/counts/test.safetensors runs/mnist/network.npz
  equipoise inspect --json recording.h5

Knows counts, spikes (SHD, SONATA, text, events of N-MNIST), models, units and directories of runs,
files that describe data sets, and the arrays of any NPZ, NPY, HDF5, IDX or safetensors file. Exit code 1 if a checksum is wrong.")]
pub struct Args {
    /// Files and run directories
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print JSON, one line for each path
    #[arg(long)]
    json: bool,
}

/// Looks at every path.
///
/// # Errors
/// If one cannot be read or is of no kind that is known, or a checksum is wrong.
pub fn run(args: &Args) -> Outcome {
    let mut wrong = Vec::new();
    for path in &args.paths {
        let found = inspect(path)?;
        let name = path.display().to_string();
        if args.json {
            let told = serde_json::json!({"path": name, "found": found});
            print(told);
        } else {
            print(format_args!("{name}: {}", found.to_text().trim_end()));
        }
        if let Checksum::Wrong(_) = found.checksum {
            wrong.push(name);
        }
    }
    match wrong.as_slice() {
        [] => Ok(()),
        names => Err(Failure::run(format!("damaged: {}", names.join(", ")))),
    }
}
