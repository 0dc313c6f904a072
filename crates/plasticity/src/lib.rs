//! Learning by local plasticity, without gradients through a deep network.
//!
//! * [`hebb`]: can a feed-forward network of threshold neurons learn a one-to-one map by Hebb's
//!   rule, and is there a ratio of excitation to inhibition at which it learns faster?

pub mod hebb;
