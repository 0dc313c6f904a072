//! The training loop.

use super::adam::Adam;
use super::config::{TrainConfig, TrainConfigError};
use super::state::{EpochReport, Position, State};
use crate::checkpoint::ArchiveError;
use crate::device::BackendError;
use crate::observer::{Batch, Checkpoint, Event, Observer};
use crate::reconstruct::layout::push_channels_last;
use crate::reconstruct::model::mean_output;
use crate::reconstruct::weights::{self, Weights, WeightsError};
use crate::reconstruct::{ConfigError, DecoderConfig, DecoderModel, Draws, LinearStart};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use equipoise_data::ImageShape;
use equipoise_metrics::ridge::RidgeError;
use equipoise_random::stream;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::ops::ControlFlow;
use std::time::Instant;

/// Features and the images that belong to them.
#[derive(Debug, Clone, Copy)]
pub struct Examples<'a> {
    /// Number of images.
    pub images: usize,
    /// Normalised features [images, n].
    pub features: &'a [f32],
    /// Intensities in [0, 1], [images, channels, height, width].
    pub targets: &'a [f32],
}

impl Examples<'_> {
    /// The features and targets of some images as tensors.
    fn batch(
        &self,
        images: &[usize],
        features: usize,
        shape: ImageShape,
        device: &Device,
    ) -> (Tensor<2>, Tensor<4>) {
        let (mut x, mut y) = (Vec::new(), Vec::new());
        for &i in images {
            x.extend_from_slice(&self.features[i * features..][..features]);
            push_channels_last(
                &self.targets[i * shape.pixels()..][..shape.pixels()],
                shape,
                &mut y,
            );
        }
        let x = TensorData::new(x, [images.len(), features]);
        let y = TensorData::new(y, [images.len(), shape.height, shape.width, shape.channels]);
        (Tensor::from_data(x, device), Tensor::from_data(y, device))
    }
}

/// Why a training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finish {
    /// All epochs were done.
    AllEpochs,
    /// The validation loss had not fallen for `patience` epochs.
    EarlyStopping,
}

/// A trained decoder with the weights of its best epoch.
#[derive(Debug)]
pub struct TrainedModel {
    /// Ready for reconstruction, without autodiff.
    pub model: DecoderModel,
    /// All epochs.
    pub history: Vec<EpochReport>,
    /// Why training ended.
    pub finish: Finish,
    /// Seconds of training that led to the checkpoint from which this one went on; 0 without one.
    pub seconds_before: f64,
}

/// Why a training failed.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A setting of the decoder.
    #[error(transparent)]
    Decoder(#[from] ConfigError),
    /// A setting of the training.
    #[error(transparent)]
    Config(#[from] TrainConfigError),
    /// There is no such device.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// There is no ridge regression to start from.
    #[error("no ridge regression to start from: {0}")]
    Ridge(#[from] RidgeError),
    /// The numbers of features, images and targets do not go together.
    #[error("{0}")]
    Data(String),
    /// The checkpoint cannot be used.
    #[error("the checkpoint is damaged: {0}")]
    Checkpoint(#[from] ArchiveError),
    /// The checkpoint was made with other settings or data.
    #[error("the checkpoint belongs to another training: settings or data have changed")]
    OtherTraining,
    /// The checkpoint's weights do not fit.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The observer asked for it; the state it was in had been offered as a checkpoint.
    #[error("stopped on request in epoch {epoch}")]
    Stopped {
        /// Epoch, from 1.
        epoch: usize,
    },
    /// The loss is no longer a number.
    #[error("the loss is {loss} in epoch {epoch}, update {step}: lower `learning_rate`")]
    Diverged {
        /// Epoch, from 1.
        epoch: usize,
        /// Update in the epoch, from 1.
        step: usize,
        /// The loss.
        loss: f64,
    },
}

/// Images that one forward pass without gradients takes. The last pass is filled up, so that an
/// image's reconstruction does not depend on how many others there are.
pub(crate) const CHUNK: usize = 64;

/// The training of a decoder on normalised features.
#[derive(Debug, Clone, Copy)]
pub struct Training<'a> {
    /// What is trained.
    pub decoder: &'a DecoderConfig,
    /// Shape of the images.
    pub shape: ImageShape,
    /// How it is trained.
    pub config: &'a TrainConfig,
    /// Where it is trained.
    pub device: &'a Device,
    /// What it starts from; without it all weights are random at first.
    pub start: Option<&'a LinearStart>,
}

impl Training<'_> {
    /// Trains the decoder, choosing the epoch by `validation`; from the observer's checkpoint, if it
    /// has one.
    ///
    /// The result is the same, bit for bit, for any number of threads and after any number of
    /// interruptions. The observer is told of every update, of a checkpoint every
    /// `checkpoint_every` updates and at the end of each epoch, and of the epoch after that.
    ///
    /// # Errors
    /// Settings out of range, data that do not fit, a checkpoint that is damaged or of another
    /// training, a loss that is not finite; [`TrainError::Stopped`] if the observer asked for it.
    pub fn run(
        &self,
        training: Examples<'_>,
        validation: Examples<'_>,
        observer: &mut Observer<'_, EpochReport>,
    ) -> Result<TrainedModel, TrainError> {
        let Self { decoder, shape, config, device, start } = *self;
        config.validate()?;
        decoder.validate(shape)?;
        let features = check_data(shape, training, validation)?;
        let fingerprint = fingerprint(decoder, shape, config, training, validation);
        let device = device.clone().autodiff();
        let mut model = DecoderModel::new(decoder, features, shape, config.seed, &device)
            .with_output_bias(&mean_output(decoder, training.targets, shape));
        if let Some(start) = start {
            model = model.started_at(start);
        }
        let first = weights::read(&model);
        let (mut at, mut adam, mut best) = match observer.take_checkpoint() {
            Some(bytes) => {
                let state = State::from_bytes(&bytes, &first)?;
                if state.position.fingerprint != fingerprint {
                    return Err(TrainError::OtherTraining);
                }
                model = weights::write(model, &state.weights)?;
                (state.position, state.adam, state.best)
            }
            None => {
                let adam = Adam::new(first.iter().map(|w| w.values.len()));
                (Position::new(fingerprint), adam, Vec::new())
            }
        };
        drop(first);
        let seconds_before = at.total_seconds();
        let highest = config.highest_rate(decoder.kind);
        let steps = training.images.div_ceil(config.batch_size);

        while at.finished.is_none() {
            let (begun, before) = (Instant::now(), at.seconds);
            let epoch = at.epoch + 1;
            let stopped = Err(TrainError::Stopped { epoch });
            let order =
                stream(config.seed, "decoder/order", at.epoch as u64).permutation(training.images);
            while at.step < steps {
                let from = at.step * config.batch_size;
                let images = &order[from..training.images.min(from + config.batch_size)];
                let (x, y) = training.batch(images, features, shape, &device);
                let draws = Draws { seed: config.seed, epoch: at.epoch, images };
                let losses = model.forward(decoder, x, Some(&draws)).losses(decoder, y);
                let loss = losses.mean();
                let batch_loss = f64::from(loss.clone().inner().into_scalar::<f32>());
                if !batch_loss.is_finite() {
                    let step = at.step + 1;
                    return Err(TrainError::Diverged { epoch, step, loss: batch_loss });
                }
                let rate = config.rate(highest, adam.step, steps);
                model = adam.update(model, loss.backward(), rate, config.weight_decay);
                at.loss_sum += batch_loss * images.len() as f64;
                at.step += 1;
                let batch = Batch { epoch, batch: at.step, batches: steps, loss: batch_loss };
                let stop = observer.tell(Event::Batch(batch)).is_break();
                let due = config.checkpoint_every > 0
                    && at.step.is_multiple_of(config.checkpoint_every)
                    && at.step < steps;
                if due || stop {
                    at.seconds = before + begun.elapsed().as_secs_f64();
                    let answer = offer(observer, &at, &model, &adam, &best);
                    if stop || answer.is_break() {
                        return stopped;
                    }
                }
            }
            let (validation_loss, validation_mse) =
                validate(&model.valid(), decoder, shape, validation, features);
            let is_best = at.best_loss.is_none_or(|best| validation_loss < best);
            if is_best {
                at.best_loss = Some(validation_loss);
                best = weights::read(&model);
            }
            let done = EpochReport {
                epoch,
                train_loss: at.loss_sum / training.images as f64,
                validation_loss,
                validation_mse,
                learning_rate: config.rate(highest, adam.step.saturating_sub(1), steps),
                best: is_best,
                seconds: before + begun.elapsed().as_secs_f64(),
            };
            at.history.push(done.clone());
            at.epoch += 1;
            at.step = 0;
            (at.loss_sum, at.seconds) = (0.0, 0.0);
            let since = at.history.iter().rev().take_while(|report| !report.best).count();
            if at.epoch == config.epochs {
                at.finished = Some(Finish::AllEpochs);
            } else if config.patience > 0 && since >= config.patience {
                at.finished = Some(Finish::EarlyStopping);
            }
            if offer(observer, &at, &model, &adam, &best).is_break() {
                return stopped;
            }
            // A training that is at its end has its result to give, whatever is asked.
            if observer.tell(Event::Epoch(&done)).is_break() && at.finished.is_none() {
                return stopped;
            }
        }
        let model = model.valid();
        let model = if best.is_empty() { model } else { weights::write(model, &best)? };
        let finish = at.finished.unwrap_or(Finish::AllEpochs);
        Ok(TrainedModel { model, history: at.history, finish, seconds_before })
    }
}

impl Position {
    fn new(fingerprint: String) -> Self {
        Self {
            fingerprint,
            epoch: 0,
            step: 0,
            loss_sum: 0.0,
            seconds: 0.0,
            adam_step: 0,
            best_loss: None,
            history: Vec::new(),
            finished: None,
        }
    }
}

/// Offers the state as a checkpoint.
fn offer(
    observer: &mut Observer<'_, EpochReport>,
    at: &Position,
    model: &DecoderModel,
    adam: &Adam,
    best: &[Weights],
) -> ControlFlow<()> {
    let write = || {
        let position = Position { adam_step: adam.step, ..at.clone() };
        let weights = weights::read(model);
        State { position, weights, adam: adam.clone(), best: best.to_vec() }.to_bytes()
    };
    observer.tell(Event::Checkpoint(&Checkpoint::new(&write)))
}

/// Mean loss (without KL) and mean squared error over all images.
fn validate(
    model: &DecoderModel,
    decoder: &DecoderConfig,
    shape: ImageShape,
    data: Examples<'_>,
    features: usize,
) -> (f64, f64) {
    let device = model.devices().pop().unwrap_or_default().without_autodiff();
    let without_kl = DecoderConfig { beta: 0.0, ..decoder.clone() };
    let (mut loss_sum, mut error_sum) = (0.0, 0.0);
    for from in (0..data.images).step_by(CHUNK) {
        let images: Vec<usize> = (from..data.images.min(from + CHUNK)).collect();
        let (x, y) = data.batch(&images, features, shape, &device);
        let mut decoded = model.forward(&without_kl, x, None);
        decoded.latent = None;
        // Intensities, as a finished reconstruction has them.
        decoded.images = decoded.images.clamp(0.0, 1.0);
        let errors = crate::reconstruct::loss::squared_error(decoded.images.clone(), y.clone());
        let sum = |t: Tensor<1>| -> f64 {
            let values: Vec<f32> = t.into_data().try_into_vec().expect("losses are f32");
            values.iter().map(|&v| f64::from(v)).sum()
        };
        error_sum += sum(errors);
        loss_sum += sum(decoded.losses(&without_kl, y));
    }
    (loss_sum / data.images as f64, error_sum / data.images as f64)
}

/// Checks the sizes and the numbers; the number of features.
fn check_data(
    shape: ImageShape,
    training: Examples<'_>,
    validation: Examples<'_>,
) -> Result<usize, TrainError> {
    let error = |text: String| Err(TrainError::Data(text));
    let mut features = 0;
    for (name, set) in [("training", training), ("validation", validation)] {
        if set.images == 0 {
            return error(format!("the {name} set has no images"));
        }
        if !set.features.len().is_multiple_of(set.images) || set.features.is_empty() {
            return error(format!(
                "the {name} set has {} features in all, which {} images cannot share evenly",
                set.features.len(),
                set.images
            ));
        }
        if set.targets.len() != set.images * shape.pixels() {
            return error(format!(
                "the {name} set has {} intensities; {} images of {shape} have {}",
                set.targets.len(),
                set.images,
                set.images * shape.pixels()
            ));
        }
        let each = set.features.len() / set.images;
        if features != 0 && each != features {
            return error(format!(
                "training images have {features} features, validation images {each}"
            ));
        }
        features = each;
        if let Some(i) = set.features.iter().position(|v| !v.is_finite()) {
            let (image, feature) = (i / each, i % each);
            return error(format!("feature {feature} of {name} image {image} is not finite"));
        }
        if let Some(i) = set.targets.iter().position(|v| !(0.0..=1.0).contains(v)) {
            let image = i / shape.pixels();
            return error(format!("{name} image {image} has the intensity {}", set.targets[i]));
        }
    }
    Ok(features)
}

/// SHA-256 of all that a training depends on.
fn fingerprint(
    decoder: &DecoderConfig,
    shape: ImageShape,
    config: &TrainConfig,
    training: Examples<'_>,
    validation: Examples<'_>,
) -> String {
    let mut hash = Sha256::new();
    // When checkpoints are kept changes nothing in the result.
    let learning_rate = Some(config.highest_rate(decoder.kind));
    let config = TrainConfig { checkpoint_every: 0, learning_rate, ..config.clone() };
    hash.update(format!("{decoder:?} {shape:?} {config:?}"));
    for part in [training.features, training.targets, validation.features, validation.targets] {
        hash.update((part.len() as u64).to_le_bytes());
        for chunk in part.chunks(4096) {
            let bytes: Vec<u8> = chunk.iter().flat_map(|v| v.to_le_bytes()).collect();
            hash.update(bytes);
        }
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}
