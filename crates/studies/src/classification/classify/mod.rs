//! One classifier trained and measured.

mod report;
mod settings;
mod study;

pub use settings::ClassifySettings;
pub use study::{Classify, ClassifyResults, MODEL};
