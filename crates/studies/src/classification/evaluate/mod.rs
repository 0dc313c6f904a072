//! A trained classifier measured on other data.

mod report;
mod results;
mod study;

pub use results::EvaluateClassifierResults;
pub use study::{EvaluateClassifier, EvaluateClassifierInputs, EvaluateClassifierSettings};
