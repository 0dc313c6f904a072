//! `equipoise study reconstruction`: regimes, decoders, data sets and seeds in one experiment.
//!
//! [`settings`] says what is asked for; [`plan`] turns it into comparisons, each of them what
//! `equipoise reconstruct` does once; [`course`] keeps the numbers of the course project that asked
//! the question first; [`tables`], [`figures`] and [`report`] say what came out.

mod course;
mod figures;
mod plan;
mod report;
mod settings;
mod tables;

pub use plan::run;
pub use settings::Config;
