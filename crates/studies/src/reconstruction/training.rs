//! Training a decoder in a context: progress to its observer, checkpoints to its store.

use std::ops::ControlFlow;

use equipoise_decoder::observer::{Batch, Event, Observer};
use equipoise_decoder::reconstruct::{Fitted, LinearFits, Reconstructor, ReconstructorConfig};
use equipoise_decoder::training::{EpochReport, TrainError};

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
    /// The decoder, what it reads, and how it is trained.
    pub config: &'a ReconstructorConfig,
}

impl Training<'_> {
    /// Trains the decoder, or goes on where a killed run stopped, and keeps it as
    /// `models/<label>.safetensors`. A ridge regression that it starts at is that of `linear`.
    ///
    /// # Errors
    /// [`StudyError::Stopped`], [`StudyError::Failed`] if the training diverges, and those of the
    /// store.
    pub fn fit(&self, linear: &LinearFits<'_>) -> Result<(Fitted, Artefact), StudyError> {
        let Self { context, label, identity, config } = *self;
        let steps = linear.training().features.images.div_ceil(config.training.batch_size) as u64;
        let total = config.training.epochs as u64 * steps;
        let stage = context.stage(&format!("train {label}"), total)?;
        let key = checkpoint_name(label);
        let kept = context.load_checkpoint(&key, identity)?;
        let mut failed = None;
        let mut observer = Observer::new(|event: Event<'_, EpochReport>| {
            let told = match event {
                Event::Batch(Batch { epoch, batch, batches, .. }) => {
                    stage.set(((epoch - 1) * batches + batch) as u64, "").map_err(StudyError::from)
                }
                Event::Epoch(epoch) => stage
                    .detail(&format!("validation loss {:.5}", epoch.validation_loss))
                    .map_err(StudyError::from),
                Event::Checkpoint(checkpoint) => {
                    context.save_checkpoint(&key, identity, &checkpoint.to_bytes())
                }
                Event::Remark(remark) => {
                    context.remark(format!("{label}: {remark}"));
                    Ok(())
                }
                _ => Ok(()),
            };
            match told {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    // The first error is the one that stopped the training.
                    failed.get_or_insert(error);
                    ControlFlow::Break(())
                }
            }
        })
        .resume_from(kept);
        let fitted = Reconstructor::fit_sharing(linear, config, &mut observer);
        drop(observer);
        if let Some(error) = failed {
            return Err(error);
        }
        let mut fitted = match fitted {
            Err(TrainError::Stopped { .. }) => return Err(StudyError::Stopped),
            Err(error @ TrainError::Backend(_)) => return Err(StudyError::settings(error)),
            fitted => fitted.or_failed()?,
        };
        identity.add_to(&mut fitted.reconstructor.origin);
        let bytes = fitted.reconstructor.to_bytes().or_failed()?;
        let model = context.write(&model_file(label), &bytes)?;
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
}

/// The file of a model.
pub fn model_file(label: &str) -> String {
    format!("models/{label}.safetensors")
}

fn checkpoint_name(label: &str) -> String {
    format!("train-{label}")
}
