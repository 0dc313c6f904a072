//! `equipoise train`: one decoder on spikes that `equipoise encode` has made.

use std::path::{Path, PathBuf};

use equipoise_data::spikes::counts::read_counts;
use equipoise_decoder::device::Backend;
use equipoise_decoder::reconstruct::{
    CountTable, DecoderConfig, FeatureConfig, Pairs, SpikeFeatures,
};
use equipoise_decoder::training::TrainConfig;
use equipoise_figure::{Axis, Color, Dash, Figure, Line, Plot};
use equipoise_report::{Column, RunDir, Table};
use serde::{Deserialize, Serialize};

use super::encode::EncodeSettings;
use crate::failure::{Failure, OrFail, Outcome};
use crate::job::{Config, Job, Request, RunArgs};
use crate::reconstruction::encoding::Part;
use crate::reconstruction::images::{Images, intensities};
use crate::reconstruction::trainer::{self, Trainer};
use crate::settings::Flags;
use crate::{Global, console};

/// The configuration of `equipoise train`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainSettings {
    /// Seed of the run.
    pub seed: u64,
    /// The run directory of `equipoise encode`.
    pub encoded: PathBuf,
    /// Backend that trains.
    pub backend: Backend,
    /// What the decoder is given of the spikes.
    pub features: FeatureConfig,
    /// The decoder.
    pub decoder: DecoderConfig,
    /// Its training.
    pub training: TrainConfig,
}

impl Config for TrainSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        if self.encoded.as_os_str().is_empty() {
            return Err("encoded: give --encoded DIR, a run directory of `equipoise encode`".into());
        }
        self.backend.device().map_err(|e| e.to_string())?;
        self.features.validate().map_err(|e| format!("features: {e}"))?;
        self.training.validate().map_err(|e| format!("training: {e}"))
    }
}

/// Train a decoder on encoded images.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise encode --dataset mnist --out runs/mnist
  equipoise train --encoded runs/mnist --out runs/unet
  equipoise evaluate --encoded runs/mnist --model runs/unet

Writes models/decoder.safetensors, epochs.csv and the learning curve.")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Run directory of `equipoise encode`
    #[arg(long, value_name = "DIR")]
    encoded: Option<PathBuf>,
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
    let flags = Flags::default()
        .set("encoded", &args.encoded)
        .set("decoder.kind", &args.decoder)
        .set("training.epochs", &args.epochs)
        .set("backend", &args.backend);
    let request = Request::<TrainSettings>::new("train", "", &args.run, flags, global)?;
    if request.is_done() {
        return Ok(());
    }
    let inputs = Inputs::open(&request)?;
    request.begin()?.run(|job| work(job, &inputs))
}

/// What the training starts from, checked before anything is written.
struct Inputs {
    images: Images,
    train: SpikeFeatures,
    validation: SpikeFeatures,
}

impl Inputs {
    fn open(request: &Request<TrainSettings>) -> Outcome<Self> {
        let settings = &request.config;
        let encode = encoded_with(&settings.encoded)?;
        let images = encode.data.open(&request.data_root, encode.seed)?;
        settings.decoder.validate(images.train.shape).or_request()?;
        let of = |part, count| features_of(&settings.encoded, part, count, &settings.features);
        let train = of(Part::Train, images.train.len())?;
        let validation = of(Part::Validation, images.validation.len())?;
        Ok(Self { images, train, validation })
    }
}

/// The settings that a directory was encoded with.
///
/// # Errors
/// [`Failure::Request`] if it is no finished run of `equipoise encode`.
pub fn encoded_with(dir: &Path) -> Outcome<EncodeSettings> {
    let record = RunDir::stored_record(dir)?;
    if record.command != "encode" {
        return Err(Failure::request(format!(
            "{}: holds a run of `{}`; a run of `encode` is needed",
            dir.display(),
            record.command
        )));
    }
    Ok(RunDir::stored_config(dir)?)
}

/// The features of one part of an encoded directory.
///
/// # Errors
/// [`Failure::Request`] if the counts are missing, damaged, or do not belong to `images` images.
pub fn features_of(
    dir: &Path,
    part: Part,
    images: usize,
    config: &FeatureConfig,
) -> Outcome<SpikeFeatures> {
    let path = dir.join(format!("counts/{}.safetensors", part.name()));
    let counts = read_counts(&path).or_request()?;
    if counts.labels.len() != images {
        return Err(Failure::request(format!(
            "{}: {} recordings, but the data set gives {images} images; was it encoded from other \
             files?",
            path.display(),
            counts.labels.len()
        )));
    }
    let table = CountTable {
        images,
        units: counts.units,
        bins: counts.bins,
        bin_width: counts.duration_ms / counts.bins as f64,
        counts: &counts.counts,
    };
    config.extract(&table).map_err(|e| Failure::request(format!("{}: {e}", path.display())))
}

/// The name of the model, and of its checkpoints.
const DECODER: &str = "decoder";

fn work(job: &Job<TrainSettings>, inputs: &Inputs) -> Outcome {
    let settings = &job.config;
    let Inputs { images, train, validation } = inputs;
    let trainer = Trainer {
        dir: &job.dir,
        progress: job.progress,
        decoder: &settings.decoder,
        features: &settings.features,
        backend: settings.backend,
    };
    let config = TrainConfig { seed: settings.seed, ..settings.training.clone() };
    let shape = images.train.shape;
    let fitted = trainer.fit(
        DECODER,
        Pairs { features: train, images: &intensities(&images.train), shape },
        Pairs { features: validation, images: &intensities(&images.validation), shape },
        &config,
    )?;
    job.dir.write_records("epochs", &fitted.history)?;
    let epochs: Vec<f64> = fitted.history.iter().map(|e| e.epoch as f64).collect();
    let train_loss: Vec<f64> = fitted.history.iter().map(|e| e.train_loss).collect();
    let validation_loss: Vec<f64> = fitted.history.iter().map(|e| e.validation_loss).collect();
    let plot = Plot::new("Training")
        .x_axis(Axis::new("epoch"))
        .y_axis(Axis::new("loss").log())
        .with(Line::new(&epochs, &validation_loss).label("validation").color(Color::BALANCED))
        .with(
            Line::new(&epochs, &train_loss)
                .label("training")
                .color(Color::BALANCED)
                .dash(Dash::Dashed),
        );
    job.dir.save_figure("losses", &Figure::new().panel(plot))?;
    trainer::forget(&job.dir, DECODER)?;
    let best = fitted.history.iter().rfind(|e| e.best);
    let mut table = Table::new("The decoder that was kept")
        .column(Column::integer("epoch"))
        .column(Column::number("training loss"))
        .column(Column::number("validation loss"))
        .column(Column::number("validation MSE"));
    if let Some(epoch) = best {
        table.row([
            epoch.epoch.into(),
            epoch.train_loss.into(),
            epoch.validation_loss.into(),
            epoch.validation_mse.into(),
        ]);
    }
    console::print(table.to_text());
    console::print(format!(
        "model: {}",
        job.dir.path().join("models/decoder.safetensors").display()
    ));
    Ok(())
}
