//! Training a decoder in a context: progress to its observer, checkpoints to its store.

use std::io;
use std::ops::ControlFlow;

use equipoise_data::ImageShape;
use equipoise_decoder::checkpoint;
use equipoise_decoder::device::Backend;
use equipoise_decoder::reconstruct::{DecoderConfig, FeatureConfig, Fitted, Pairs, Reconstructor};
use equipoise_decoder::training::{CheckpointStore, Finish, Progress, TrainConfig, TrainError};

use crate::context::{Artefact, Context, Identity};
use crate::error::{OrStudyError, StudyError};

/// A training to be done.
#[derive(Debug)]
pub struct Training<'a> {
    /// Where it is shown and kept.
    pub context: &'a Context<'a>,
    /// The name of its model and its checkpoints.
    pub label: &'a str,
    /// What it depends on.
    pub identity: &'a Identity,
    /// The decoder.
    pub decoder: &'a DecoderConfig,
    /// What it reads.
    pub features: &'a FeatureConfig,
    /// Shape of the images.
    pub shape: ImageShape,
    /// How it is trained.
    pub config: &'a TrainConfig,
    /// The backend that trains.
    pub backend: Backend,
}

impl Training<'_> {
    /// Trains the decoder, or goes on where a killed run stopped, and keeps it as
    /// `models/<label>.safetensors`.
    ///
    /// # Errors
    /// [`StudyError::Stopped`], [`StudyError::Failed`] if the training diverges, and those of the
    /// store.
    pub fn fit(
        &self,
        training: Pairs<'_>,
        validation: Pairs<'_>,
    ) -> Result<(Fitted, Artefact), StudyError> {
        let device = self.backend.device().or_settings()?;
        let steps = training.features.images.div_ceil(self.config.batch_size) as u64;
        let total = self.config.epochs as u64 * steps;
        let stage = self.context.stage(&format!("train {}", self.label), total)?;
        let mut store =
            Checkpoints { context: self.context, key: self.checkpoint(), identity: self.identity };
        let mut report = |progress: Progress<'_>| {
            let told = match progress {
                Progress::Step { epoch, step, steps, .. } => {
                    stage.set(((epoch - 1) * steps + step) as u64, "")
                }
                Progress::Epoch(epoch) => {
                    stage.detail(&format!("validation loss {:.5}", epoch.validation_loss))
                }
            };
            if told.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let fitted = Reconstructor::fit(
            self.decoder,
            self.features,
            self.shape,
            training,
            validation,
            self.config,
            &device,
            &mut report,
            Some(&mut store),
        )
        .map_err(study_error)?;
        if fitted.finish == Finish::Interrupted {
            return Err(StudyError::Stopped);
        }
        let bytes = checkpoint::model_to_bytes(&fitted.reconstructor).or_failed()?;
        let model = self.context.write(&model_file(self.label), &bytes)?;
        Ok((fitted, model))
    }

    /// Removes the checkpoints of a training whose result is kept: several times the size of its
    /// model, and nothing would go on from them.
    ///
    /// # Errors
    /// Those of the store.
    pub fn forget(context: &Context<'_>, label: &str) -> Result<(), StudyError> {
        context.remove_checkpoint(&checkpoint_name(label))
    }

    fn checkpoint(&self) -> String {
        checkpoint_name(self.label)
    }
}

/// The file of a model.
pub fn model_file(label: &str) -> String {
    format!("models/{label}.safetensors")
}

fn checkpoint_name(label: &str) -> String {
    format!("train-{label}")
}

/// An error of the store comes through the trainer as it was.
fn study_error(error: TrainError) -> StudyError {
    match error {
        TrainError::Store(error) => match error.downcast::<StudyError>() {
            Ok(error) => error,
            Err(error) => StudyError::failed(error),
        },
        other => StudyError::failed(other),
    }
}

/// Checkpoints in the context's store.
struct Checkpoints<'a> {
    context: &'a Context<'a>,
    key: String,
    identity: &'a Identity,
}

impl CheckpointStore for Checkpoints<'_> {
    fn save(&mut self, checkpoint: &[u8]) -> io::Result<()> {
        self.context
            .save_checkpoint(&self.key, self.identity, checkpoint)
            .map_err(io::Error::other)
    }

    fn load(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.context.load_checkpoint(&self.key, self.identity).map_err(io::Error::other)
    }
}
