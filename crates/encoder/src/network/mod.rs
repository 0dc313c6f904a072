//! A spiking network of excitatory and inhibitory neurons, and how it encodes images.
//!
//! Write down a [`NetworkConfig`], take a [`Regime`] of it, [`Network::build`] it, and
//! [`Network::run`] it, with a [`Probe`] where potentials and inputs are to be seen. The
//! [`theory`] of the single neuron and of the mean field is what the simulation is tested by.

mod block;
mod build;
mod config;
mod connectivity;
mod counting;
mod encode;
mod error;
mod grid;
mod group;
mod input;
mod membrane;
pub(crate) mod noise;
mod parameter;
mod probe;
mod regime;
mod running;
mod simulate;
mod state;
mod stimulus;
pub mod theory;
mod trial;
mod validate;

pub use build::Network;
pub use config::{
    ColorCode, InputCode, InputConfig, InputTarget, Integration, NetworkConfig, ProjectionKind,
    Synapse, WeightScaling,
};
pub use encode::Population;
pub use equipoise_data::ImageShape;
pub use error::NetworkError;
pub use grid::off_grid;
pub use input::{color_channels, input_channels};
pub use parameter::{Distribution, Parameter};
pub use probe::Probe;
pub use regime::{REGIMES, Regime};
pub use running::RunningTrial;
pub use simulate::Simulation;
pub use trial::{Scene, Trial, Watch};
pub use validate::MAX_NEURONS;
