//! Decoders on Burn.

pub mod checkpoint;
pub mod device;
pub mod reconstruct;
pub mod training;
