//! Decoders on Burn: networks that turn spikes back into images, and classifiers of spiking neurons,
//! and how they are trained.

pub mod adamw;
pub mod checkpoint;
pub mod classifier;
pub mod device;
pub mod lif;
pub mod observer;
pub mod reconstruct;
pub mod setting;
pub mod training;
