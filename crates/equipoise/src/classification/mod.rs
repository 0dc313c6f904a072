//! E:I classifiers: what `classify` and `study ratios` share.

pub mod figures;
pub mod ratios;
mod settings;
mod trial;

pub use settings::{DataSettings, NetworkSettings, Sets, ratio_name};
pub use trial::{Ending, Plan, Raster, TrialResult, finish, raster, representative, run_trial};
