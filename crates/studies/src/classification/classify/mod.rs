//! One classifier trained and measured.

mod report;
mod results;
mod settings;
mod study;

pub use results::ClassifyResults;
pub use settings::ClassifySettings;
pub use study::{Classify, MODEL, TRAINING};
