//! Is a network balanced, and where does balance end?

pub mod choice;
pub mod map;
