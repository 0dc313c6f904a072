//! E:I classifiers in the Neuromorphic Intermediate Representation (NIR; Pedersen et al. 2024, Nat.
//! Commun. 15:8122), which simulators and chips' tools read.
//!
//! # What is written
//!
//! | node | type | content |
//! |---|---|---|
//! | `input` | `Input` | the number of channels |
//! | `w1` | `Linear` | W1, target first |
//! | `lif` | `CubaLIF` | the hidden neurons |
//! | `w_rec` | `Linear` | V1, target first, from `lif` to `lif`; of a recurrent network |
//! | `w2` | `Linear` | W2, target first |
//! | `syn`, `mem` | `LI` | the readout: two leaky integrators in a row ([`Readout::Li`]) |
//! | `readout` | `CubaLI` | or one node of both ([`Readout::CubaLi`]) |
//! | `output` | `Output` | the number of classes, or of hidden neurons without a readout |
//!
//! NIR describes neurons by differential equations, and a file has no time step. Those who read one
//! step by Euler's method, most with dt = 0.1 ms, which snnTorch takes for granted. So the file has
//! the constants that give the classifier's own decays when they are stepped with [`STEP`], whatever
//! time a step of the classifier stands for:
//!
//! ```text
//! tau_syn = dt / (1 - alpha)    tau_mem = dt / (1 - beta)    w_in = tau_syn / dt    r = tau_mem / dt
//! v_threshold = 1    v_reset = v_leak = 0
//! ```
//!
//! With `dynamics = "nir"` ([`Scheme::Nir`](equipoise_decoder::lif::Scheme)) the spikes that readers
//! compute are then those of the classifier, two steps earlier, since its input acts on a membrane
//! after two steps; and the output of the readout four steps earlier.
//!
//! # What is read
//!
//! `Linear` or `Affine` without biases, then `CubaLIF` or `LIF`, perhaps connected among themselves,
//! then `Linear` or `Affine`, then `LI`, two of them, `CubaLI` or nothing; nested graphs are taken
//! apart. All neurons of a layer must have the same time constants; thresholds and gains may differ,
//! and are taken into the weights.

mod export;
mod file;
mod graph;
mod import;
#[cfg(test)]
mod tests;

pub use export::{Readout, export};
pub use file::{read, write};
pub use graph::{Graph, Matrix, NirError, Node};
pub use import::{ImportSettings, Imported, import};

/// The time step for which files are written, s: that which snnTorch takes for granted.
pub const STEP: f64 = 1e-4;
