//! Training rate networks that can be driven, not set: the associative and the structural task, and
//! which changes of the weights stimulation can make at all.
//!
//! The networks, the tasks and the controller are those of [`equipoise_plasticity::stimulation`].

mod associate;
mod controllability;
mod figures;
mod structure;
mod trials;

pub use associate::{Associate, AssociateResults, AssociateSettings, GUIDED};
pub use controllability::{
    Analysed, Controllability, ControllabilityResults, ControllabilitySettings, Planned,
};
pub use structure::{Bumps, Structure, StructureResults, StructureSettings};
pub use trials::{Summary, Trainings};
