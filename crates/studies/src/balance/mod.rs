//! Is a network balanced, how does it respond to its input, what does it code, and where does
//! balance end?

pub mod choice;
pub mod coding;
pub mod diagnose;
pub mod diagnosis;
mod figures;
pub mod linearity;
pub mod map;
mod measurement;
mod picture;
pub(crate) mod tables;
pub mod track;
pub(crate) mod tracking;
mod units;

pub use coding::Coding;
pub use diagnose::Diagnose;
pub use linearity::Linear;
pub use map::Maps;
pub use picture::Picture;
pub use track::Track;

#[cfg(test)]
mod tests;
