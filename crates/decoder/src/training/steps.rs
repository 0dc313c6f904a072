//! The training loop.

use super::config::TrainConfig;
use super::data::{DataError, Examples, check_data};
use super::optimizer::ModuleOptimizer;
use super::state::{EpochReport, Position, State};
use crate::checkpoint::ArchiveError;
use crate::device::BackendError;
use crate::observer::{Batch, Checkpoint, Event, Observer};
use crate::reconstruct::model::mean_output;
use crate::reconstruct::weights::{self, Weights, WeightsError};
use crate::reconstruct::{ConfigError, DecoderConfig, DecoderModel, Draws, LinearStart};
use crate::setting::SettingError;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use equipoise_data::ImageShape;
use equipoise_metrics::ridge::RidgeError;
use equipoise_random::stream;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::ops::ControlFlow;
use std::time::Instant;

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
    /// SHA-256 of all that the training depended on: settings, features and images.
    pub fingerprint: String,
}

/// Why a training failed.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A setting of the decoder.
    #[error(transparent)]
    Decoder(#[from] ConfigError),
    /// A setting of the training.
    #[error(transparent)]
    Config(#[from] SettingError),
    /// There is no such device.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// There is no ridge regression to start from.
    #[error("no ridge regression to start from: {0}")]
    Ridge(#[from] RidgeError),
    /// The numbers of features, images and targets do not go together.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The checkpoint cannot be used.
    #[error("the checkpoint cannot be used: {0}")]
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
        let features = check_data(shape, training, validation)?;
        let together = training.images.min(config.batch_size).max(validation.images.min(CHUNK));
        decoder.validate_for(shape, features, together)?;
        let fingerprint = fingerprint(decoder, shape, config, training, validation);
        let device = device.clone().autodiff();
        let mut model = DecoderModel::new(decoder, features, shape, config.seed, &device)
            .with_output_bias(&mean_output(decoder, training.targets, shape));
        if let Some(start) = start {
            model = model.started_at(start);
        }
        let first = weights::read(&model);
        let (mut at, mut optimizer, mut best) = match observer.take_checkpoint() {
            Some(bytes) => {
                let state = State::from_bytes(&bytes, &first)?;
                if state.position.fingerprint != fingerprint {
                    return Err(TrainError::OtherTraining);
                }
                model = weights::write(model, &state.weights)?;
                (state.position, state.optimizer, state.best)
            }
            None => {
                let lengths = first.iter().map(|w| w.values.len());
                let optimizer = ModuleOptimizer::new(lengths);
                (Position::new(fingerprint), optimizer, Vec::new())
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
                let rate = config.rate(highest, optimizer.step, steps);
                model = optimizer.update(model, loss.backward(), rate, config.weight_decay);
                at.loss_sum += batch_loss * images.len() as f64;
                at.step += 1;
                let batch = Batch { epoch, batch: at.step, batches: steps, loss: batch_loss };
                let stop = observer.tell(Event::Batch(batch)).is_break();
                let due = config.checkpoint_every > 0
                    && at.step.is_multiple_of(config.checkpoint_every)
                    && at.step < steps;
                if due || stop {
                    at.seconds = before + begun.elapsed().as_secs_f64();
                    let answer = offer(observer, &at, &model, &optimizer, &best);
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
                learning_rate: config.rate(highest, optimizer.step.saturating_sub(1), steps),
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
            if offer(observer, &at, &model, &optimizer, &best).is_break() {
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
        let Position { history, fingerprint, .. } = at;
        Ok(TrainedModel { model, history, finish, seconds_before, fingerprint })
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
            updates: 0,
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
    optimizer: &ModuleOptimizer,
    best: &[Weights],
) -> ControlFlow<()> {
    let write = || {
        let position = Position { updates: optimizer.step, ..at.clone() };
        let weights = weights::read(model);
        State { position, weights, optimizer: optimizer.clone(), best: best.to_vec() }.to_bytes()
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
