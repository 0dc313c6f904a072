//! Learning by local plasticity, without gradients through a deep network.
//!
//! * [`hebb`]: can a feed-forward network of threshold neurons learn a one-to-one map by Hebb's
//!   rule, and is there a ratio of excitation to inhibition at which it learns faster?
//! * [`stimulation`]: can a network whose synapses nobody can set be trained by driving it?

pub mod hebb;
mod power;
pub mod stimulation;
