//! Networks of any populations: simulated, diagnosed population by population, beside their mean
//! field; and inhibition that learns to balance.

pub mod choice;
mod error;
mod figures;
mod images;
mod picture;
mod report;
mod results;
pub mod settings;
pub mod showing;
mod simulate;
mod spike_files;
mod study;
mod tables;

pub use choice::read_network;
pub use images::{Counted, Shown};
pub use picture::Picture;
pub use results::{
    PopulationState, PopulationsResults, ProjectionState, Recorded, Simulated, StabilityMap, Window,
};
pub use study::{Inputs, Populations};

#[cfg(test)]
mod tests;
