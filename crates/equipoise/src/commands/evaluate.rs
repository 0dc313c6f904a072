//! `equipoise evaluate`: how well a trained decoder reconstructs images.

use std::path::{Path, PathBuf};

use equipoise_decoder::checkpoint;
use equipoise_decoder::device::Backend;
use equipoise_metrics::summary::Summary;
use equipoise_report::{Column, Figure, ImageGrid, Report, Table};
use serde::{Deserialize, Serialize};

use super::train::{encoded_with, features_of};
use crate::failure::{Failure, OrFail, Outcome};
use crate::job::{Config, Job, RunArgs};
use crate::reconstruction::cell;
use crate::reconstruction::encoding::Part;
use crate::reconstruction::figures::picture;
use crate::reconstruction::images::intensities;
use crate::settings::Flags;
use crate::{Global, console};

/// Test images that the report shows.
const GALLERY: usize = 10;

/// The configuration of `equipoise evaluate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluateSettings {
    /// Seed of the choice of images that are shown.
    pub seed: u64,
    /// The run directory of `equipoise encode`.
    pub encoded: PathBuf,
    /// A model file, or the run directory of `equipoise train`.
    pub model: PathBuf,
    /// The part of the data to score on.
    pub part: Part,
    /// Backend that reconstructs.
    pub backend: Backend,
}

impl Default for EvaluateSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            encoded: PathBuf::new(),
            model: PathBuf::new(),
            part: Part::Test,
            backend: Backend::default(),
        }
    }
}

impl Config for EvaluateSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        if self.encoded.as_os_str().is_empty() {
            return Err("encoded: give --encoded DIR, a run directory of `equipoise encode`".into());
        }
        if self.model.as_os_str().is_empty() {
            return Err("model: give --model FILE, or a run directory of `equipoise train`".into());
        }
        self.backend.device().map(|_| ()).map_err(|e| e.to_string())
    }
}

/// Score a trained decoder on images it has not seen.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise evaluate --encoded runs/mnist --model runs/unet
  equipoise evaluate --encoded runs/mnist --model decoder.safetensors --part validation

Writes report.html, quality.csv and images.csv (PSNR, SSIM and MSE of each image).")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Run directory of `equipoise encode`
    #[arg(long, value_name = "DIR")]
    encoded: Option<PathBuf>,
    /// Model file, or run directory of `equipoise train`
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
    let flags = Flags::default()
        .set("encoded", &args.encoded)
        .set("model", &args.model)
        .set("part", &args.part);
    let job = Job::<EvaluateSettings>::open("evaluate", &args.run, flags, global)?;
    job.run(work)
}

fn work(job: &Job<EvaluateSettings>) -> Outcome {
    let settings = &job.config;
    let encode = encoded_with(&settings.encoded)?;
    let images = encode.data.open(&job.data_root, encode.seed)?;
    let set = match settings.part {
        Part::Train => &images.train,
        Part::Validation => &images.validation,
        Part::Test => &images.test,
    };
    let path = model_file(&settings.model);
    let device = settings.backend.device().or_request()?;
    let decoder = checkpoint::load(&path, &device).or_request()?;
    if decoder.shape != set.shape {
        return Err(Failure::request(format!(
            "{}: reconstructs images of {}, the data set has {}",
            path.display(),
            decoder.shape,
            set.shape
        )));
    }
    let features = features_of(&settings.encoded, settings.part, set.len(), &decoder.features)?;
    let predicted = decoder.predict(&features).or_request()?;
    let quality = cell::score(set.shape, &intensities(set), &predicted)?;

    let mut table = Table::new(&format!("Quality over {} images ({})", set.len(), set.name))
        .column(Column::text("measure"))
        .column(Column::number("mean"))
        .column(Column::number("lower end").key("ci_low"))
        .column(Column::number("upper end").key("ci_high"))
        .column(Column::number("median"))
        .column(Column::number("least"))
        .column(Column::number("greatest"))
        .note("Lower and upper end of the 95 % t interval of the mean over the images.");
    let measures: [(&str, Vec<f64>); 3] = [
        ("PSNR (dB)", quality.iter().map(|q| q.psnr).collect()),
        ("SSIM", quality.iter().map(|q| q.ssim).collect()),
        ("MSE", quality.iter().map(|q| q.mse).collect()),
    ];
    for (name, values) in &measures {
        let s = Summary::of(values);
        table.row([
            (*name).into(),
            s.mean.into(),
            s.ci_low.into(),
            s.ci_high.into(),
            s.median.into(),
            s.min.into(),
            s.max.into(),
        ]);
    }
    job.dir.write_records("images", quality.iter())?;
    let shown = set.balanced_indices(GALLERY.min(set.len()), settings.seed).or_request()?;
    let pictures = cell::pictures(&predicted, set.shape.pixels(), &shown);
    let originals = shown.iter().map(|&i| (picture(set.image(i), set.shape), String::new()));
    let decoded = pictures.iter().map(|(i, bytes)| {
        let q = &quality[*i];
        (picture(bytes, set.shape), format!("{:.1} dB\n{:.2}", q.psnr, q.ssim))
    });
    let grid = ImageGrid::new("").row("original", originals).row("reconstruction", decoded);
    let mut report = Report::new("Reconstruction from spikes");
    report
        .subtitle(&format!("{} by {}", set.name, path.display()))
        .table("quality", &table)
        .figure(
            "gallery",
            &Figure::new().panel(grid),
            "Images over their reconstructions, with PSNR and SSIM.",
        )
        .footer(job.dir.record());
    job.dir.save_report(&report)?;
    console::print(table.to_text());
    console::print(format!("report: {}", job.dir.path().join("report.html").display()));
    Ok(())
}

/// A model file as it is, or the model of a run directory.
fn model_file(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("models/decoder.safetensors") } else { path.to_path_buf() }
}
