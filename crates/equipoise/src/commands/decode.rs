//! `equipoise decode`: what recorded neurons say of what they were shown.

use std::path::PathBuf;

use equipoise_report::RunDir;
use equipoise_studies::Study;
use equipoise_studies::decoding::Decoding;
use equipoise_studies::reconstruction::{Reconstruction, Settings};
use equipoise_studies::settings::Layers;

use super::own_data::RecordingArgs;
use crate::failure::{Failure, Outcome};
use crate::job::RunArgs;
use crate::{Global, study};

/// The controls for images; the mean and the turned responses are always there for a stimulus.
const CONTROLS: &str = "controls = [\"mean-image\", \"ridge\", \"shuffled\"]";

/// Decode what recorded neurons were shown: images, or a stimulus that changed over time.
#[derive(Debug, clap::Args)]
#[command(mut_arg("counts", |arg| arg.required_unless_present_any(["config", "resume"])))]
#[command(after_help = "\
Examples:
  equipoise decode --counts recording.npz --images stimuli.npz
  equipoise decode --counts recording.npz --stimulus sound.npz
  equipoise decode --counts recording.h5 --stimulus recording.h5 --bin 2 --set after_ms=100

Images are decoded by the decoders of `equipoise reconstruct`, whose keys --set takes; a stimulus
by a linear decoder. Both are compared with controls, and the recordings are measured.")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    recordings: RecordingArgs,
    /// The stimulus over time, [samples] or [recordings, samples], in the place of images [default:
    /// none]
    #[arg(long, value_name = "FILE", requires = "counts", conflicts_with = "images")]
    #[arg(help_heading = "Recordings")]
    stimulus: Option<PathBuf>,
    /// Width of the bins that a stimulus is decoded in, ms
    #[arg(id = "bin_ms", long = "bin", value_name = "MS")]
    #[arg(requires = "stimulus", conflicts_with = "images")]
    bin: Option<f64>,
}

/// Decodes images or a stimulus, whichever there is.
///
/// # Errors
/// As the study.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let resumes =
        |dir: &PathBuf| RunDir::stored_record(dir).is_ok_and(|run| run.command == Decoding::NAME);
    if args.stimulus.is_some() || args.run.resume.as_ref().is_some_and(resumes) {
        let flags =
            Layers::default().value("recorded.stimulus", &args.stimulus).value("bin_ms", &args.bin);
        let flags = args.recordings.layers_in("recorded", flags);
        return study::run::<Decoding>("", &args.run, flags, global);
    }
    let preset = Settings::layer(CONTROLS).map_err(Failure::run)?;
    let flags = args.recordings.layers(Layers::default());
    study::run::<Reconstruction>(&preset, &args.run, flags, global)
}
