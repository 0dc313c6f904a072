//! From images and recordings to spikes: input codes, and the E/I spiking network with its balance
//! diagnostics.

pub mod balance;
pub mod code;
pub mod network;
