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
//! # Equations
//!
//! Hidden and output states in layer `l + 1`, from those of layer `l`, and the update after each
//! presentation:
//!
//! ```text
//! S_j = sign( sum_i w_ij S_i ),   sign(0) = +1
//! w_ij <- (1 - epsilon) w_ij + epsilon S_i S_j type_i
//! ```
//!
//! # Parameters
//!
//! Those of [`HebbConfig`]; weights and states have no unit, time is in epochs.
//!
//! | name | symbol | unit | default | meaning |
//! |---|---|---|---|---|
//! | `neurons` | N | | 4 | neurons in every layer, and pairs of the mapping; 1 to 64 |
//! | `layers` | L | | 3 | layers, input and output among them; 2 to 64 |
//! | `epsilon` | epsilon | per presentation | 0.01 | rate of learning and of forgetting, in (0, 1) |
//! | `max_epochs` | | epochs | 3000 | the most epochs of a run; 1 to 10^8 |
//! | `criterion` | | | exact | what counts as having learned the mapping, [`Criterion`] |
//! | `hold_epochs` | | epochs | 1 | epochs in a row for which the criterion must hold |
//! | `frozen.epochs` | M | epochs | 100 | for `frozen`: epochs without a change of sign |
//! | `frozen.tolerance` | | | 1e-6 | and the largest change of a weight from epoch to epoch |
//! | `initial.low` | | | 0.01 | smallest magnitude of an initial weight |
//! | `initial.high` | | | 0.10 | largest magnitude |
//! | `initial.decimals` | | | 2 | decimals it is rounded to; 0 to 9 |
//! | `variants.dale` | | | free | `clamp` keeps excitatory weights in (0, 1], inhibitory in [-1, 0) |
//! | `variants.dale_floor` | | | 1e-6 | with `clamp`, the least magnitude of a weight |
//! | `variants.lateral` | | | none | competition in a hidden layer: `winner-takes-all`, `subtractive` |
//! | `variants.lateral_strength` | | | 1 | factor of subtractive inhibition |
//! | `variants.centred` | | | false | states relative to their means (Sejnowski 1977, J. Math. Biol. 4:303) |
//! | `variants.other_outputs` | | | zero | state at which the other outputs are clamped: `zero`, `minus-one` |
//! | `variants.edges` | | | 1 | edges between two neurons; 1 to 1000 |
//! | `variants.back_and_forth` | | | false | every pair a second time, from the output down |
//! | `variants.undirected` | | | false | edges conduct both ways |
//!
//! # Example
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
//! simulation of the network many times faster. A plan's runs come in chunks
//! ([`Plan::run_chunk`]), each a function of the plan alone, so that they can be done in any order,
//! on any machine, and be added up ([`Summary::join`]).
//!
//! # What it is not made for
//!
//! Layers have one size, of at most 64 neurons, and mappings are permutations. Neurons have no
//! time within a presentation.

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
pub use trainer::{Outcome, Trainer, train, trainer};
pub use trajectories::Trajectories;
