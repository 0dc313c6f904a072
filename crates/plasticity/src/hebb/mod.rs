//! Hebbian one-to-one mapping under a ratio of excitation to inhibition.
//!
//! A feed-forward network of threshold neurons, `layers` layers of `neurons` neurons, is to learn
//! a fixed permutation: when input neuron `a` fires alone, output neuron `m(a)` fires alone. Every
//! neuron has a type, excitatory (+1) or inhibitory (-1). The protocol is that of the workshop
//! study "Does excitation/inhibition ratio have an effect in one-to-one learning of neural
//! networks using Hebb's rule?" (IMSc Chennai, 2025):
//!
//! * **Initial weights** are uniform in 0.01..0.10, rounded to two decimals, with the sign of the
//!   presynaptic neuron's type.
//! * **One epoch** presents the pairs `(a, m(a))` in the order of the inputs: input `a` is clamped
//!   to 1 and the others to 0, output `m(a)` to 1 and the others to 0, the hidden neurons take
//!   the sign of their summed input under the weights as they are (`sign(0) = +1`), and then
//!   every weight of the network follows
//!   `w <- (1 - epsilon) w + epsilon S_pre S_post type_pre`.
//! * **Convergence** is judged after each epoch, with the weights at its end: every input is
//!   clamped in turn, the outputs are free, and a [`Criterion`] compares them with the mapping. A
//!   run stops at the first epoch that meets the criterion. (Of the orders in which one could
//!   judge, this is the one that reproduces the convergence chances of the study; judging each
//!   pair when it is presented does not.)
//!
//! The study's own open questions are settings, [`Variants`].
//!
//! ```
//! use equipoise_plasticity::hebb::{Allotment, HebbConfig, Mapping, train};
//!
//! let config = HebbConfig { neurons: 3, ..HebbConfig::default() };
//! let mapping = Mapping::new(&[2, 0, 1])?;
//! let types: Allotment = "III|III|EEE".parse()?;
//! let outcome = train(&config, &mapping, &types, 7, 0)?;
//! assert_eq!(outcome.converged_at.is_some(), outcome.exact_at_end);
//! # Ok::<(), equipoise_plasticity::hebb::HebbError>(())
//! ```
//!
//! A whole experiment, every mapping, ratio and allotment over many seeds, is a [`Plan`]. The
//! plain rule has so much structure ([`theory`]) that its runs share a table of all the
//! trajectories a single weight can take ([`Trajectories`]), which gives the same bits as the
//! simulation of the network many times faster.

mod allotment;
mod combinations;
mod config;
mod error;
mod judge;
mod mapping;
mod network;
mod plan;
mod study;
mod summary;
pub mod theory;
mod trainer;
mod trajectories;

pub use allotment::{Allotment, NeuronType};
pub use config::{
    Criterion, Dale, Frozen, HebbConfig, InitialWeights, Lateral, OtherOutputs, Variants,
};
pub use error::HebbError;
pub use judge::Verdict;
pub use mapping::Mapping;
pub use network::Network;
pub use plan::Plan;
pub use study::{Cell, Enumeration, OutputTypes, RunSpec, StudyConfig};
pub use summary::{CellSummary, Proportion, ROUNDING, Row, Summary};
pub use trainer::{Outcome, Trainer, train, train_unless};
pub use trajectories::Trajectories;
