//! Learning by local plasticity, without gradients through a deep network.
//!
//! * [`hebb`]: can a feed-forward network of threshold neurons learn a one-to-one map by Hebb's
//!   rule, and is there a ratio of excitation to inhibition at which it learns faster?
//! * [`stimulation`]: can a network whose synapses nobody can set be trained by driving it?
//!
//! Each module's page has its equations, its parameters and an example.
//!
//! **Reproducibility.** Every random number comes from a named stream of one seed, and a result is
//! the same for any number of threads and on every processor: exponentials and logarithms are
//! those of `libm`, sums have a fixed order, and no product is fused with a sum. (Tested: the bits
//! of a training under qemu's Nehalem and Haswell and on a processor with AVX-512.)
//!
//! **Stopping.** Calls that may take long have a form that takes a callback: it is told how far the
//! call is, and ends it by [`ControlFlow::Break`](std::ops::ControlFlow::Break).
//!
//! **What it is not made for.** Neurons here have rates or signs, not spikes; spiking networks with
//! plastic synapses are another simulator's. Networks are small (tens to a thousand neurons) and
//! their matrices dense.

pub mod hebb;
mod power;
pub mod stimulation;
