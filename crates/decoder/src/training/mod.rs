//! Training a reconstructor: the loop, its settings, its optimiser and its checkpoints.

mod adam;
mod config;
mod state;
mod steps;

pub use config::{Schedule, TrainConfig, TrainConfigError};
pub use state::EpochReport;
pub(crate) use steps::CHUNK;
pub use steps::{Examples, Finish, TrainError, TrainedModel, Training};
