//! Training a decoder inside a run directory: progress on the terminal, checkpoints on the disk.

use std::io;
use std::ops::ControlFlow;

use equipoise_data::ImageShape;
use equipoise_decoder::checkpoint;
use equipoise_decoder::device::Backend;
use equipoise_decoder::reconstruct::{DecoderConfig, FeatureConfig, Fitted, Pairs, Reconstructor};
use equipoise_decoder::training::{CheckpointStore, Finish, Progress, TrainConfig};
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
    /// Shape of the images.
    pub shape: ImageShape,
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
        let device = self.backend.device().or_request()?;
        let steps = training.features.images.div_ceil(config.batch_size) as u64;
        let task = self.progress.task(format!("train {label}"), config.epochs as u64 * steps);
        let mut store =
            RunStore { dir: self.dir, progress: self.progress, name: checkpoint_name(label) };
        let mut report = |progress: Progress<'_>| {
            match progress {
                Progress::Step { epoch, step, steps, .. } => {
                    task.set(((epoch - 1) * steps + step) as u64);
                }
                Progress::Epoch(epoch) => {
                    task.detail(format!("validation loss {:.5}", epoch.validation_loss));
                }
            }
            match interrupt::check() {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        };
        let fitted = Reconstructor::fit(
            self.decoder,
            self.features,
            self.shape,
            training,
            validation,
            config,
            &device,
            &mut report,
            Some(&mut store),
        )
        .or_run()?;
        if fitted.finish == Finish::Interrupted {
            return Err(Failure::Interrupted("stopped".into()));
        }
        task.finish();
        let bytes = checkpoint::model_to_bytes(&fitted.reconstructor).or_run()?;
        self.dir.write_file(&format!("models/{label}.safetensors"), &bytes)?;
        Ok(fitted)
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

/// Checkpoints in the run directory, under a checksum.
struct RunStore<'a> {
    dir: &'a RunDir,
    progress: console::Progress,
    name: String,
}

impl CheckpointStore for RunStore<'_> {
    fn save(&mut self, checkpoint: &[u8]) -> io::Result<()> {
        self.dir.save_checkpoint(&self.name, checkpoint).map(|_| ()).map_err(io::Error::other)
    }

    fn load(&mut self) -> io::Result<Option<Vec<u8>>> {
        let found = self.dir.load_checkpoint(&self.name).map_err(io::Error::other)?;
        for refused in found.iter().flat_map(|checkpoint| &checkpoint.refused) {
            let path = refused.path.display();
            self.progress
                .say(format!("{path} is damaged ({}); the one before is used", refused.reason));
        }
        Ok(found.map(|checkpoint| checkpoint.payload))
    }
}
