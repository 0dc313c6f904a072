//! E:I classifiers: spiking networks that obey Dale's law, trained with surrogate gradients.
//!
//! The study of Kilgore, Kopsick, Ascoli & Adam 2025 (Sci. Rep. 15:24798): which ratio of
//! excitatory to inhibitory neurons, which initial activity and which noise can a spiking network
//! be trained under? The network is [`crate::lif`]; a [`Trainer`] holds its weights to the law
//! after every update; [`evaluate`] and [`van_rossum_by_type`] measure what it does.
//!
//! Everything is a function of the configuration, the seed and the data: the same bits
//! for any number of threads, after an interruption, and in a rerun.

mod config;
mod dale;
mod data;
mod initial;
mod measure;
mod model;
mod optimizer;
mod state;
#[cfg(test)]
mod tests;
mod trainer;

pub use config::{ClassifierConfig, InitialWeights, Optimizer, Regularizer, Schedule};
pub use dale::Signs;
pub use data::LabelledEvents;
pub use initial::initial_weights;
pub use measure::{
    Activity, Evaluation, VanRossum, WeightSummary, evaluate, van_rossum_by_type, weight_summary,
};
pub use model::EiNetwork;
pub use trainer::{EpochRecord, Trainer, score};

use crate::lif::LifError;

/// Why a classifier cannot be made, trained or read.
#[derive(Debug, thiserror::Error)]
pub enum ClassifierError {
    /// A setting that makes no sense.
    #[error("{key} = {value}: {expected}")]
    Setting {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        expected: String,
    },
    /// Data that the network cannot be trained on.
    #[error("{0}")]
    Data(String),
    /// The weights or the loss stopped being numbers.
    #[error(
        "training diverged in batch {batch} of epoch {epoch}: {what}; the {learning_rate} is \
         probably too large for these weights (try a tenth of it)"
    )]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
        /// The batch in it, from 1.
        batch: usize,
        /// What was found.
        what: &'static str,
        /// The optimiser's rate, in words.
        learning_rate: String,
    },
    /// The checkpoint was made with other settings or data.
    #[error("the checkpoint belongs to another training: settings, seed or sizes differ")]
    OtherTraining,
    /// The observer asked for it, in this epoch; nothing of the unfinished epoch was kept.
    #[error("stopped on request in epoch {0}")]
    Stopped(usize),
    /// A saved state that does not belong here or is damaged.
    #[error("the saved training state cannot be used: {0}")]
    State(String),
    /// The kernel refused.
    #[error(transparent)]
    Lif(#[from] LifError),
}
