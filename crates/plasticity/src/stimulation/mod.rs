//! Training a rate network whose synapses cannot be set, only driven.
//!
//! External stimulation `f` changes the activity of a network, and activity changes its synapses.
//! Borra, Cocco & Monasson (HAL hal-04339067, 2023; arXiv 2412.01683) showed in theory how to find
//! the stimulations that train such a network for a task. This module is that control loop:
//!
//! 1. The network ([`Network`]) has neurons with a [`Transfer`] function; under a drive `f` its
//!    rates settle at `r = Phi(J r + f)` ([`SteadySolver`]; [`RateDynamics`] is the explicit way
//!    there).
//! 2. A [`PlasticityRule`] turns rates into changes of the weights.
//! 3. The controller cannot read the weights. It measures rates under probing drives and infers
//!    them ([`infer`], [`Estimator`]).
//! 4. It plans the stimulation whose plasticity lowers the cost of a task the most ([`plan`]), by
//!    the implicit derivative of the steady state.
//! 5. It stimulates, and begins again ([`train`]), until the task is solved or the budget is
//!    spent.
//!
//! Where the task is not linearly separable, [`train_guided`] goes that way in phases.
//!
//! A task is an [`Objective`]: [`Associative`] (input patterns are to evoke images on the output
//! neurons) or [`Structural`] (the weights are to become given ones, such as those of a ring
//! attractor). What is trained is a [`Plant`]: a [`SimulatedPlant`], or a person's own chip.
//! [`controllability`] says which changes of the weights stimulation can make at all.
//!
//! # Equations
//!
//! Rates, transfer function and plasticity (`eps_j` is the type of the presynaptic neuron):
//!
//! ```text
//! tau_n dr_i/dt  = -r_i + Phi( sum_j J_ij r_j + f_i )
//! Phi(x)         = (1/k) [ ln(1 + e^{k x}) - ln(1 + e^{k (x - r_max)}) ]
//! tau_s dJ_ij/dt = eta(eps_j) (r_i - theta(eps_j)) r_j - beta_1 J_ij (r_i^2 - theta_0(eps_j)^2)
//!                  - beta_2 sign(J_ij) ReLU(|J_ij| - J_bar)^2
//! ```
//!
//! with tau_s >> tau_n, on existing synapses only, no self-connections, signs kept. The cost of the
//! associative task is the mean of `D exp(gamma D)`, `D = ReLU(r_off - r_on + delta_r)^2`, over
//! pairs of a pixel that should be off and one that should be on; that of the structural task the
//! mean of `w_ij (J_ij - J*_ij)^2`.
//!
//! # Parameters
//!
//! Rates and weights are relative to `max_rate`; every configuration's page has all of its keys.
//!
//! | name | symbol | unit | default | meaning |
//! |---|---|---|---|---|
//! | [`NetworkConfig`] `neurons` | N | | 30 | neurons; 2 to 2000 |
//! | `inhibitory` | | | 8 | how many are inhibitory |
//! | `density` | p | | 0.5 | probability of a synapse |
//! | `excitatory_weight` | | | 0.05 | mean weight at an in-degree of 11 |
//! | `inhibitory_weight` | | | 0.15 | mean strength at an in-degree of 4 |
//! | [`Transfer`] `gain` | k | 1/input | 4 | steepness of the thresholds |
//! | `max_rate` | r_max | rate | 1 | the rate that no input exceeds |
//! | [`PlasticityRule`] `eta_excitatory` | eta(E) | | 1 | Hebbian strength of synapses from E |
//! | `eta_inhibitory` | eta(I) | | -1 | of synapses from I; negative strengthens inhibition |
//! | `theta_excitatory`, `theta_inhibitory` | theta | rate | 0.35 | rate between depression and potentiation |
//! | `homeostatic_excitatory`, `homeostatic_inhibitory` | theta_0 | rate | 0.35 | rate that homeostasis drives towards |
//! | `beta_1` | beta_1 | | 0.5 | strength of homeostasis |
//! | `beta_2` | beta_2 | | 5 | strength of the soft bound |
//! | `soft_bound` | J_bar | weight | 1 | where the soft bound begins |
//! | [`ControlConfig`] `duration` | dt | tau_s | 0.03 | length of a stimulation |
//! | `drive_low`, `drive_high` | f | input | -1, 1.5 | bounds of the drive |
//! | [`AssociativeConfig`] `margin` | delta_r | r_max | 0.14 | margin that is wanted between pixels |
//! | `gamma` | gamma | 1/rate^2 | 10 | by which large violations weigh more |
//! | [`InferenceConfig`] `probes` | m | | 0 | probes of an inference; 0 for 4/3 of the in-degree and 10 |
//! | `noise` | | | 0 | assumed relative noise of measured rates |
//!
//! # Example
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use equipoise_plasticity::stimulation::{
//!     AssociativeConfig, NetworkConfig, SimulatedPlant, StepRecord, TrainingConfig, train,
//! };
//!
//! let training = TrainingConfig { budget: 3, ..TrainingConfig::default() };
//! let network = NetworkConfig::default().build(1)?;
//! let task = AssociativeConfig::default().build(&network, &training.transfer, 1)?;
//! let mut plant = SimulatedPlant::new(network.clone(), training.transfer, training.rule);
//! let mut watch = |_: &StepRecord| ControlFlow::Continue(());
//! let result = train(&mut plant, &network, &task, &training, 1, &mut watch)?;
//! assert!(result.records[3].assessment.cost < result.records[0].assessment.cost);
//! # Ok::<(), equipoise_plasticity::stimulation::StimulationError>(())
//! ```
//!
//! # What it is not made for
//!
//! Networks are dense matrices, of at most [`MAX_NEURONS`] neurons; the controller knows which
//! synapses exist and of which sign they are. Rates are in a steady state under every stimulation:
//! a network that oscillates is refused, not averaged.
//!
//! Matrices are column-major, `[i + j * n]` for the synapse from `j` onto `i`. Drives are in the
//! units of the input to the transfer function, durations in tau_s, the time constant of the
//! synapses.

#![expect(
    clippy::neg_cmp_op_on_partial_ord,
    reason = "!(a < b) is meant to be true where one of them is not a number"
)]

mod associative;
mod attractor;
mod bump;
mod calibration;
mod control;
mod controllability;
mod dynamics;
mod error;
mod guided;
mod inference;
mod linear;
mod network;
mod objective;
mod optimiser;
mod plan;
mod plant;
mod ring;
mod ring_config;
mod rule;
mod steady;
mod structural;
mod training;
mod transfer;

pub use associative::{Associative, AssociativeConfig, AssociativeTask, DIGITS, Pattern};
pub use attractor::RingObjective;
pub use bump::BumpMeasurement;
pub use control::{ControlConfig, Model, StimulationCost, Workspace};
pub use controllability::{
    ControllabilityReport, GrowthReport, controllability, plasticity_jacobian, reachable_growth,
};
pub use dynamics::RateDynamics;
pub use error::StimulationError;
pub use guided::{GuideConfig, train_guided};
pub use inference::{Estimator, InferenceConfig, Measurements, infer};
pub use network::{MAX_NEURONS, Network, NetworkConfig, NeuronType};
pub use objective::{Assessment, Objective};
pub use optimiser::Method;
pub use plan::{Plan, plan};
pub use plant::{Plant, SimulatedPlant};
pub use ring::RingTask;
pub use ring_config::RingConfig;
pub use rule::PlasticityRule;
pub use steady::{RESIDUAL_TOLERANCE, SteadySolver, SteadySummary};
pub use structural::Structural;
pub use training::{Outcome, StepRecord, TrainingConfig, TrainingResult, train};
pub use transfer::Transfer;
