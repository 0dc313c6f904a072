//! Networks of any populations and projections between them, up to a million neurons and four
//! billion synapses.
//!
//! # The models
//!
//! Leaky integrate-and-fire neurons with the membrane equation
//!
//! ```text
//! C dV/dt = -(C / tau_m) (V - E_L) + I_syn(t) - w(t) + I_0
//! ```
//!
//! A neuron at or above V_th at the end of a time step spikes then, and is held at V_r for the
//! refractory time, in which input to the potential is lost while currents go on. A spike arrives
//! after the delay of its synapse and does what the target's `model` says:
//!
//! | model | weight J | a spike | I_syn |
//! |---|---|---|---|
//! | `delta` | mV | V jumps by J | 0 |
//! | `exponential` | pA | I_E or I_I rises by J, and decays with tau_E or tau_I | I_E + I_I |
//! | `conductance` | nS | g_E or g_I rises by J, and decays with tau_E or tau_I | g_E (E_E - V) + g_I (E_I - V) |
//!
//! With `adaptation` every spike of the neuron raises w by its increment, and w decays with tau_w.
//!
//! **Integration** on a grid of dt is exact for `delta` and `exponential`, with adaptation or without
//! (Rotter & Diesmann 1999), and of order six in dt for `conductance`. These are the neurons
//! `iaf_psc_delta`, `iaf_psc_exp`, `iaf_cond_exp` and, for adaptation, `aeif_psc_exp` without its
//! exponential term (which NEST resets within a step; `iaf_psc_exp` that inhibits itself is exact), of
//! NEST, and the tests hold them against it.
//!
//! **Input** besides projections: a constant current, Poisson spikes that each neuron gets on its own
//! (`background`), and populations of spike sources that project like any other: an image is the rates
//! of one ([`Simulation::set_rates`]).
//!
//! # Parameters
//!
//! | name | symbol | unit | default | meaning |
//! |---|---|---|---|---|
//! | `dt` | dt | ms | 0.1 | time step |
//! | `size` | N_a | | | neurons of a population |
//! | `sign` | | | `excitatory` | what its neurons do to others |
//! | `capacitance` | C | pF | 250 | membrane capacitance |
//! | `membrane` | tau_m | ms | 10 | membrane time constant |
//! | `rest`, `threshold`, `reset` | E_L, V_th, V_r | mV | -65, -50, -65 | |
//! | `refractory` | t_ref | ms | 2 | absolute refractory time |
//! | `tau_excitatory`, `tau_inhibitory` | tau_E, tau_I | ms | 0.5, 0.5 | decay of currents or conductances |
//! | `reversal_excitatory`, `reversal_inhibitory` | E_E, E_I | mV | 0, -85 | of conductances |
//! | `adaptation.increment`, `adaptation.tau` | b, tau_w | pA, ms | none | adaptation |
//! | `current` | I_0 | pA | 0 | constant current |
//! | `background.rate`, `background.weight` | nu_ext, J_ext | Hz, | none | Poisson input |
//!
//! [`Settings`] documents them all. Any constant of the neurons, weights and delays may be drawn from
//! a distribution.
//!
//! # Precision
//!
//! A weight is kept as a whole number of units: of 16 bits less those that the number of neurons
//! needs beyond 65,536. The unit of the synapses onto a population is the greatest weight over the
//! greatest number, so a drawn weight is right to 1 in 30,000 of the greatest; constant weights that
//! have a common unit are exact. [`Network::projection_statistics`] says what was kept. What arrives
//! is added up in whole numbers of 32 bits, which cannot overflow, so the sums are exact and the same
//! in any order. States are kept in 32 bits, or 64 ([`Precision`]).
//!
//! # What it is not made for
//!
//! One excitatory and one inhibitory population of equal weights and delays are simulated faster by
//! [`network`](crate::network), which counts spikes in bits instead of adding weights, and which
//! everything that judges balance takes. There are no compartments, no gap junctions, and no
//! plasticity but the inhibitory one.
//!
//! # References
//!
//! * T. C. Potjans & M. Diesmann 2014, Cereb. Cortex 24:785: the cortical microcircuit.
//! * S. Rotter & M. Diesmann 1999, Biol. Cybern. 81:381: exact integration.
//! * T. P. Vogels, H. Sprekeler et al. 2011, Science 334:1569: inhibitory plasticity.
//! * S. J. van Albada, M. Helias & M. Diesmann 2015, PLoS Comput. Biol. 11:e1004490: scaling.

mod barrier;
mod build;
mod connect;
mod constants;
mod diagnosis;
mod error;
mod images;
mod layout;
mod plastic;
mod presets;
mod recording;
mod sampling;
mod settings;
mod shard;
mod simulate;
mod source;
mod state;
mod synapses;
pub mod theory;
mod units;
mod update;
mod validate;

pub use build::{Network, ProjectionStatistics, Synapse};
pub use connect::Watch;
pub use diagnosis::{NetworkDiagnosis, PopulationDiagnosis, diagnose, diagnose_watched};
pub use error::PopulationsError;
pub use images::{ImageEncoder, ImageEncoderConfig, ImageInput};
pub use presets::{
    MICROCIRCUIT_NEURONS, MICROCIRCUIT_POPULATIONS, MICROCIRCUIT_RATES_HZ, MicrocircuitInput,
    PV_SST_VIP_POPULATIONS, PV_SST_VIP_RATES_HZ, brunel, clustered, microcircuit, pv_sst_vip,
    vogels,
};
pub use recording::Recording;
pub use settings::{
    Adaptation, Background, Model, Neuron, Plasticity, Population, Precision, Projection, Rule,
    Settings, Sign, Source,
};
pub use simulate::Simulation;
pub use validate::{MAX_DELAY_STEPS, MAX_NEURONS, MAX_SYNAPSES, Size};
