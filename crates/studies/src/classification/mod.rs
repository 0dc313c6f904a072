//! E:I classifiers: spiking networks under Dale's law, trained with surrogate gradients.
//!
//! [`classify`] trains one and measures it; [`ratios`] trains many, over ratios of excitatory to
//! inhibitory neurons, initial rates and noise, and compares them; [`trained`] asks whether training
//! makes them balanced, and what that gives.

pub mod classify;
pub mod data;
pub mod evaluate;
mod figures;
pub mod measure;
mod progress;
pub mod published;
pub mod ratios;
mod remarks;
pub mod settings;
mod tables;
pub mod trained;
pub mod trial;

pub use classify::{Classify, ClassifyResults, ClassifySettings};
pub use evaluate::{EvaluateClassifier, EvaluateClassifierResults, EvaluateClassifierSettings};
pub use ratios::{Ratios, RatiosResults, RatiosSettings};
pub use trained::{Trained, TrainedResults, TrainedSettings};
