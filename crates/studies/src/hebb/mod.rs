//! One-to-one maps by Hebb's rule: one network, and the study over every mapping, ratio of
//! excitation to inhibition, criterion and variant.
//!
//! The network and its rule are those of [`equipoise_plasticity::hebb`].

mod choice;
mod dynamics;
mod figures;
mod network;
mod part;
mod report;
mod results;
mod run;
mod settings;
mod statistics;
mod tables;
mod text;
mod theory;

pub use dynamics::{Dynamics, Trace};
pub use network::{NetworkResults, NetworkSettings, OneNetwork};
pub use part::{Part, RunRecord};
pub use results::HebbResults;
pub use run::HebbStudy;
pub use settings::HebbSettings;
pub use theory::{TheoryCheck, WeightEnd};
