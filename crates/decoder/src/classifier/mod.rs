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
mod error;
mod initial;
mod measure;
mod model;
mod optimizer;
mod predict;
mod state;
#[cfg(test)]
mod tests;
mod trainer;

pub use config::{ClassifierConfig, InitialWeights, Optimizer, Regularizer, Schedule};
pub use dale::Signs;
pub use data::LabelledEvents;
pub use error::{ClassifierError, Diverged, Grid, SampleError};
pub use initial::initial_weights;
pub use measure::{
    Activity, Evaluation, VanRossum, WeightSummary, evaluate, van_rossum_by_type, weight_summary,
};
pub use model::EiNetwork;
pub use predict::{Classifier, Prediction, SEED, TRAINING_SAMPLES};
pub use trainer::{EpochRecord, Trainer, score};
