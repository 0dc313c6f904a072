//! `equipoise evaluate`: how well a trained decoder reconstructs images.

use std::path::{Path, PathBuf};

use equipoise_data::ImageSet;
use equipoise_decoder::checkpoint;
use equipoise_decoder::device::Backend;
use equipoise_decoder::reconstruct::{Reconstructor, SpikeFeatures};
use equipoise_figure::{Figure, ImageGrid};
use equipoise_metrics::image::SsimOptions;
use equipoise_metrics::summary::Summary;
use equipoise_report::{Column, Report, Table};
use serde::{Deserialize, Serialize};

use super::train::{encoded_with, features_of};
use crate::failure::{Failure, OrFail, Outcome};
use crate::job::{Config, Job, Request, RunArgs};
use crate::reconstruction::cell;
use crate::reconstruction::encoding::Part;
use crate::reconstruction::figures::picture;
use crate::reconstruction::images::{Images, intensities};
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

Writes report.html, quality.csv and images.csv (PSNR, MSE and SSIM of each
image, in a Gaussian window as in Wang et al. 2004 and in a uniform one of 7x7).")]
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
    let request = Request::<EvaluateSettings>::new("evaluate", "", &args.run, flags, global)?;
    let inputs = Inputs::open(&request)?;
    request.begin()?.run(|job| work(job, &inputs))
}

/// What the evaluation starts from, checked before anything is written.
struct Inputs {
    images: ImageSet,
    model: PathBuf,
    decoder: Reconstructor,
    features: SpikeFeatures,
}

impl Inputs {
    fn open(request: &Request<EvaluateSettings>) -> Outcome<Self> {
        let settings = &request.config;
        let encode = encoded_with(&settings.encoded)?;
        let Images { train, validation, test } =
            encode.data.open(&request.data_root, encode.seed)?;
        let images = match settings.part {
            Part::Train => train,
            Part::Validation => validation,
            Part::Test => test,
        };
        cell::check_shape(images.shape)?;
        let model = model_file(&settings.model);
        let device = settings.backend.device().or_request()?;
        let decoder = checkpoint::load(&model, &device).or_request()?;
        if decoder.shape != images.shape {
            return Err(Failure::request(format!(
                "{}: reconstructs images of {}, the data set has {}",
                model.display(),
                decoder.shape,
                images.shape
            )));
        }
        let (part, count) = (settings.part, images.len());
        let features = features_of(&settings.encoded, part, count, &decoder.features)?;
        decoder
            .normaliser
            .check(&features)
            .map_err(|e| Failure::request(format!("{}: {e}", model.display())))?;
        Ok(Self { images, model, decoder, features })
    }
}

fn work(job: &Job<EvaluateSettings>, inputs: &Inputs) -> Outcome {
    let settings = &job.config;
    let Inputs { images: set, model, decoder, features } = inputs;
    let predicted = decoder.predict(features).or_run()?;
    let originals = intensities(set);
    let quality = cell::score(set.shape, &originals, &predicted)?;
    let uniform = cell::score_with(set.shape, &originals, &predicted, &SsimOptions::uniform())?;

    let mut table = Table::new(&format!("Quality over {} images ({})", set.len(), set.name))
        .column(Column::text("measure"))
        .column(Column::number("mean"))
        .column(Column::number("lower end").key("ci_low"))
        .column(Column::number("upper end").key("ci_high"))
        .column(Column::number("median"))
        .column(Column::number("least"))
        .column(Column::number("greatest"))
        .note("Lower and upper end of the 95 % t interval of the mean over the images.");
    let measures: [(&str, Vec<f64>); 4] = [
        ("PSNR (dB)", quality.iter().map(|q| q.psnr).collect()),
        ("SSIM", quality.iter().map(|q| q.ssim).collect()),
        ("SSIM, uniform 7x7", uniform.iter().map(|q| q.ssim).collect()),
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
    let rows = quality.iter().zip(&uniform).enumerate().map(|(image, (q, uniform))| ImageRow {
        image,
        label: set.labels[image],
        mse: q.mse,
        psnr_db: q.psnr,
        ssim: q.ssim,
        ssim_uniform: uniform.ssim,
    });
    job.dir.write_records("images", rows)?;
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
        .subtitle(&format!("{} by {}", set.name, model.display()))
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

/// One row of `images.csv`.
#[derive(Serialize)]
struct ImageRow {
    image: usize,
    label: u16,
    mse: f64,
    psnr_db: f64,
    ssim: f64,
    ssim_uniform: f64,
}

/// A model file as it is, or the model of a run directory.
fn model_file(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("models/decoder.safetensors") } else { path.to_path_buf() }
}
