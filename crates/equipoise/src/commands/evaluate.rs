//! `equipoise evaluate`: how well trained networks do on data that they have not seen.

use std::path::PathBuf;

use equipoise_report::RunDir;
use equipoise_studies::Study;
use equipoise_studies::classification::{Classify, EvaluateClassifier};
use equipoise_studies::reconstruction::steps::Evaluate;
use equipoise_studies::settings::Layers;

use super::own_data::RecordingArgs;
use super::steps;
use crate::failure::Outcome;
use crate::job::RunArgs;
use crate::{Global, study};

/// Score trained decoders, or a trained classifier, on data they have not seen.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise evaluate --run runs/photos --dataset folder:more-photos
  equipoise evaluate --encoded runs/mnist --model runs/unet
  equipoise evaluate --encoded runs/mnist --model decoder.safetensors --part validation
  equipoise evaluate --run runs/classify --dataset synthetic-digits
  equipoise evaluate --model classifier.safetensors --dataset fashion-mnist
  equipoise evaluate --run runs/recorded --counts more.npz --images more-stimuli.npz

With --run, the networks of a run of `reconstruct`, `demo` or `train` encode the images first; of a
run of `classify`, accuracy, confusion and activity are measured.
Writes report.html, quality.csv, reconstructions.npz, and images.csv (PSNR, MSE and SSIM of each
image, in a Gaussian window as in Wang et al. 2004 and in a uniform one of 7x7).")]
pub struct Args {
    #[command(flatten)]
    args: RunArgs,
    /// Run of `equipoise reconstruct`, `demo`, `train` or `classify` whose networks are scored
    #[arg(long, value_name = "DIR", conflicts_with_all = ["encoded", "model"])]
    run: Option<PathBuf>,
    /// Data set, with --run or a classifier [default: that of the run]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["encoded"])]
    dataset: Option<String>,
    #[command(flatten)]
    recordings: RecordingArgs,
    /// Test images or samples, with --run or a classifier [default: as in the run, or all]
    #[arg(long, value_name = "N", conflicts_with_all = ["encoded"])]
    test: Option<usize>,
    /// Run directory of `equipoise encode`
    #[arg(long, value_name = "DIR")]
    encoded: Option<PathBuf>,
    /// Model file, or run directory of `equipoise train`; without --encoded, file of a classifier
    #[arg(long, value_name = "PATH")]
    model: Option<PathBuf>,
    /// Part to score on: train, validation or test [default: test]
    #[arg(long, value_name = "PART")]
    part: Option<String>,
}

/// Runs the evaluation.
///
/// # Errors
/// For wrong settings or files.
pub fn run(args: &Args, global: &Global) -> Outcome {
    if is_of_a_classifier(args)? {
        let flags = Layers::default()
            .value("run", &args.run)
            .value("model", &args.model)
            .value("dataset", &args.dataset)
            .value("samples", &args.test);
        return study::run::<EvaluateClassifier>("", &args.args, flags, global);
    }
    let flags = Layers::default()
        .value("run", &args.run)
        .value("data.dataset", &args.dataset)
        .value("data.test", &args.test)
        .value("encoded", &args.encoded)
        .value("model", &args.model)
        .value("part", &args.part);
    let flags = args.recordings.layers(flags);
    let preset = steps::settings_of_earlier_run(&args.args, &flags)?;
    study::run::<Evaluate>(&preset, &args.args, flags, global)
}

/// Whether a classifier is to be evaluated: the run that is named, or the evaluation that is
/// continued, is one of it.
fn is_of_a_classifier(args: &Args) -> Outcome<bool> {
    let command = |dir| RunDir::stored_record(dir).map(|record| record.command);
    Ok(match (&args.run, &args.args.resume) {
        (Some(dir), _) => command(dir)? == Classify::NAME,
        (None, Some(dir)) => command(dir)? == EvaluateClassifier::NAME,
        (None, None) => args.model.is_some() && args.dataset.is_some(),
    })
}
