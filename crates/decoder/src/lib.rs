//! Decoders on Burn: networks that turn spikes back into images, and how they are trained.

pub mod checkpoint;
pub mod device;
pub mod reconstruct;
pub mod training;
