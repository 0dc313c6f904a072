//! The whole state of a training, as one block of bytes that a killed run continues from.

use super::optimizer::{ModuleOptimizer, Moments};
use crate::checkpoint::archive::{self, ArchiveError, Array, Kind, Origin};
use crate::reconstruct::weights::Weights;
use serde::{Deserialize, Serialize};

/// What one epoch came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// From 1.
    pub epoch: usize,
    /// Mean loss over the training images, as they were seen.
    pub train_loss: f64,
    /// Mean loss over the validation images, without noise and without KL.
    pub validation_loss: f64,
    /// Mean squared error over the validation images.
    pub validation_mse: f64,
    /// Learning rate of the epoch's last update.
    pub learning_rate: f64,
    /// Whether the validation loss is the lowest so far.
    pub best: bool,
    /// Seconds for the epoch; of a resumed epoch, those that led to its checkpoint and those since.
    pub seconds: f64,
}

/// Where a training stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Which training this is: settings and data.
    pub fingerprint: String,
    /// Epoch under way, from 0.
    pub epoch: usize,
    /// Updates of it that are done.
    pub step: usize,
    /// Sum of losses over its images so far.
    pub loss_sum: f64,
    /// Seconds that it has taken so far.
    pub seconds: f64,
    /// Updates of the optimiser.
    pub updates: u64,
    /// Lowest validation loss, once there is one.
    pub best_loss: Option<f64>,
    /// Epochs finished.
    pub history: Vec<EpochReport>,
    /// Whether nothing is left to do.
    pub finished: Option<super::Finish>,
}

impl Position {
    /// Seconds that the training has taken so far.
    pub(super) fn total_seconds(&self) -> f64 {
        self.seconds + self.history.iter().map(|epoch| epoch.seconds).sum::<f64>()
    }
}

/// Everything that a training needs to go on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    pub position: Position,
    pub weights: Vec<Weights>,
    pub optimizer: ModuleOptimizer,
    /// Weights with the lowest validation loss.
    pub best: Vec<Weights>,
}

/// The part of the [`Origin`] of a trained reconstructor that is the SHA-256 of all that its training
/// depended on: settings, features and images.
pub const TRAINING: &str = "training";

const POSITION: &str = "position";

impl State {
    /// As bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut arrays = Vec::with_capacity(4 * self.weights.len());
        for (w, m) in self.weights.iter().zip(&self.optimizer.moments) {
            arrays.push(Array::new(format!("weights/{}", w.name), &w.shape, &w.values));
            arrays.push(Array::new(format!("mean/{}", w.name), &w.shape, &m.mean));
            arrays.push(Array::new(format!("square/{}", w.name), &w.shape, &m.square));
        }
        for w in &self.best {
            arrays.push(Array::new(format!("best/{}", w.name), &w.shape, &w.values));
        }
        let position = serde_json::to_string(&self.position).expect("numbers and texts alone");
        let origin = Origin::from([(TRAINING.to_owned(), self.position.fingerprint.clone())]);
        archive::to_bytes(Kind::ReconstructorTraining, &origin, &[(POSITION, position)], &arrays)
            .expect("parameters have different names and whole shapes")
    }

    /// From bytes; `like` are the parameters of the model, in order.
    pub(super) fn from_bytes(bytes: &[u8], like: &[Weights]) -> Result<Self, ArchiveError> {
        let mut archive = archive::from_bytes(&[Kind::ReconstructorTraining], bytes)?;
        let position: Position = archive.value(POSITION)?;
        let mut take = |part: &str, w: &Weights| -> Result<Weights, ArchiveError> {
            let values = archive.take(&format!("{part}/{}", w.name), &w.shape)?;
            Ok(Weights { name: w.name.clone(), shape: w.shape.clone(), values })
        };
        let (mut weights, mut moments, mut best) = (Vec::new(), Vec::new(), Vec::new());
        for w in like {
            weights.push(take("weights", w)?);
            let (mean, square) = (take("mean", w)?.values, take("square", w)?.values);
            moments.push(Moments { mean, square });
            if position.best_loss.is_some() {
                best.push(take("best", w)?);
            }
        }
        let optimizer = ModuleOptimizer { step: position.updates, moments };
        Ok(Self { position, weights, optimizer, best })
    }
}
