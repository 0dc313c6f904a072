//! Training a decoder inside a run directory: progress on the terminal, checkpoints on the disk.

use std::ops::ControlFlow;

use equipoise_decoder::checkpoint;
use equipoise_decoder::device::Backend;
use equipoise_decoder::observer::{Batch, Event, Observer};
use equipoise_decoder::reconstruct::{
    DecoderConfig, FeatureConfig, Fitted, Pairs, Reconstructor, ReconstructorConfig,
};
use equipoise_decoder::training::{EpochReport, TrainConfig, TrainError};
use equipoise_report::RunDir;

use crate::console;
use crate::failure::{Failure, OrFail, Outcome};
use crate::interrupt;

/// Everything that stays the same between the trainings of a run.
#[derive(Debug)]
pub struct Trainer<'a> {
    /// Where checkpoints and models go.
    pub dir: &'a RunDir,
    /// Where progress is shown.
    pub progress: console::Progress,
    /// The decoder.
    pub decoder: &'a DecoderConfig,
    /// What it reads.
    pub features: &'a FeatureConfig,
    /// The backend that trains.
    pub backend: Backend,
}

impl Trainer<'_> {
    /// Trains a decoder, or goes on where a killed run stopped, and keeps it as
    /// `models/<label>.safetensors`.
    ///
    /// # Errors
    /// [`Failure::Interrupted`], or [`Failure::Run`] if the training diverges or cannot be kept.
    pub fn fit(
        &self,
        label: &str,
        training: Pairs<'_>,
        validation: Pairs<'_>,
        config: &TrainConfig,
    ) -> Outcome<Fitted> {
        let steps = training.features.images.div_ceil(config.batch_size) as u64;
        let task = self.progress.task(format!("train {label}"), config.epochs as u64 * steps);
        let name = checkpoint_name(label);
        let kept = self.newest_checkpoint(&name)?;
        let mut failed = None;
        let mut observer = Observer::new(|event: Event<'_, EpochReport>| {
            match event {
                Event::Batch(Batch { epoch, batch, batches, .. }) => {
                    task.set(((epoch - 1) * batches + batch) as u64);
                }
                Event::Epoch(epoch) => {
                    task.detail(format!("validation loss {:.5}", epoch.validation_loss));
                }
                Event::Checkpoint(checkpoint) => {
                    if let Err(error) = self.dir.save_checkpoint(&name, &checkpoint.to_bytes()) {
                        failed = Some(error);
                        return ControlFlow::Break(());
                    }
                }
                Event::Remark(remark) => self.progress.say(format!("{label}: {remark}")),
                _ => {}
            }
            interrupt::poll()
        })
        .resume_from(kept);
        let config = ReconstructorConfig {
            decoder: self.decoder.clone(),
            features: self.features.clone(),
            training: config.clone(),
            backend: self.backend,
        };
        let fitted = Reconstructor::fit(training, validation, &config, &mut observer);
        drop(observer);
        if let Some(error) = failed {
            return Err(error.into());
        }
        let fitted = match fitted {
            Err(TrainError::Stopped { .. }) => return Err(Failure::Interrupted("stopped".into())),
            Err(error @ TrainError::Backend(_)) => return Err(Failure::request(error)),
            fitted => fitted.or_run()?,
        };
        task.finish();
        let bytes = checkpoint::model_to_bytes(&fitted.reconstructor).or_run()?;
        self.dir.write_file(&format!("models/{label}.safetensors"), &bytes)?;
        Ok(fitted)
    }

    /// The newest whole checkpoint, if there is one.
    fn newest_checkpoint(&self, name: &str) -> Outcome<Option<Vec<u8>>> {
        let found = self.dir.load_checkpoint(name)?;
        for refused in found.iter().flat_map(|checkpoint| &checkpoint.refused) {
            let path = refused.path.display();
            self.progress
                .say(format!("{path} is damaged ({}); the one before is used", refused.reason));
        }
        Ok(found.map(|checkpoint| checkpoint.payload))
    }
}

/// Removes the checkpoints of a training whose result is kept: several times the size of its model,
/// and nothing would go on from them.
///
/// # Errors
/// The errors of the file system.
pub fn forget(dir: &RunDir, label: &str) -> Outcome {
    Ok(dir.remove_checkpoints(&checkpoint_name(label))?)
}

fn checkpoint_name(label: &str) -> String {
    format!("train-{label}")
}
