//! Networks of any populations: simulated, diagnosed population by population, beside their mean
//! field; and inhibition that learns to balance.

mod case;
pub mod choice;
mod error;
mod figures;
mod images;
mod keys;
pub mod linearity;
pub mod map;
mod picture;
mod report;
mod results;
pub mod settings;
pub mod showing;
mod simulate;
mod spike_files;
mod study;
pub(crate) mod tables;
pub mod track;
mod variation;

pub use case::{PopulationsCase, encoders};
pub use choice::{named_cases, preset_or_file, read_network};
pub use images::{Counted, Shown};
pub use linearity::PopulationsLinearity;
pub use map::PopulationsMap;
pub use picture::Picture;
pub use results::{
    PopulationState, PopulationsResults, ProjectionState, Recorded, Simulated, StabilityMap, Window,
};
pub use study::{Inputs, Populations};
pub use track::PopulationsTrack;
pub(crate) use variation::resized;

#[cfg(test)]
mod tests;
