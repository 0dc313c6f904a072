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
mod guided;
mod inference;
mod linear;
mod network;
mod objective;
mod optimiser;
mod plan;
mod plant;
mod ring;
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
pub use guided::{GuideConfig, train_guided};
pub use inference::{Estimator, InferenceConfig, Measurements, infer};
pub use network::{Network, NetworkConfig, NeuronType};
pub use objective::{Assessment, Objective};
pub use optimiser::Method;
pub use plan::{Plan, plan};
pub use plant::{Plant, SimulatedPlant};
pub use ring::{RingConfig, RingTask};
pub use rule::PlasticityRule;
pub use steady::{RESIDUAL_TOLERANCE, SteadySolver, SteadySummary};
pub use structural::Structural;
pub use training::{Outcome, StepRecord, TrainingConfig, TrainingResult, train};
pub use transfer::Transfer;

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StimulationError {
    /// A setting or a network that makes no sense; the text says which and what would.
    #[error("{0}")]
    Config(String),
    /// The rates do not settle.
    #[error(
        "the network has no steady state that its dynamics reaches (residual {residual:.1e}); \
         weaker weights or a weaker drive would settle"
    )]
    NoSteadyState {
        /// The residual where the search ended.
        residual: f64,
    },
    /// The rates settle at a state that the least disturbance makes them leave.
    #[error(
        "the steady state is not stable (an eigenvalue of -I + D J has the real part \
         {abscissa:.3}); weaker weights or a weaker drive would make it so"
    )]
    UnstableState {
        /// The largest real part of the eigenvalues.
        abscissa: f64,
    },
    /// A computation that should converge did not.
    #[error("{0}")]
    Numerical(String),
    /// The measurements do not determine the connectivity.
    #[error(
        "{measurements} measurements cannot determine the {inputs} synapses onto neuron {neuron}: \
         more probes, probes that differ more, or a ridge would"
    )]
    Underdetermined {
        /// The neuron.
        neuron: usize,
        /// Its in-degree.
        inputs: usize,
        /// The number of measurements.
        measurements: usize,
    },
    /// The system under control failed.
    #[error("the network under control: {0}")]
    Plant(String),
}
