//! From images and recordings to spikes: data sets, input codes, and the E/I spiking network with its
//! balance diagnostics.

pub mod balance;
pub mod code;
pub mod data;
pub mod network;
pub mod spikes;
