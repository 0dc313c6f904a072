//! Training a reconstructor: the loop, its settings, its optimiser and its checkpoints.

mod config;
mod data;
mod optimizer;
mod state;
mod steps;

pub use config::{Schedule, TrainConfig};
pub use data::{DataError, Examples, Set};
pub use state::{EpochReport, TRAINING};
pub(crate) use steps::CHUNK;
pub use steps::{Finish, TrainError, TrainedModel, Training};
