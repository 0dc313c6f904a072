//! From images to spikes: input codes, a spiking network of excitatory and inhibitory neurons, and
//! diagnostics that say whether it is balanced.
//!
//! # The model
//!
//! N leaky integrate-and-fire neurons, of which the first N_E are excitatory. Below threshold the
//! potential V, counted from rest, follows
//!
//! ```text
//! tau_m dV/dt = -V + R I(t)
//! ```
//!
//! With `synapse = "delta"` a spike that arrives makes V jump by its weight J; with
//! `"exponential"` it starts a current R I = J (tau_m / tau_s) exp(-t / tau_s), which carries the
//! same charge. A recurrent spike arrives after the delay D. Each neuron receives C_E excitatory
//! spikes of weight J_E and C_I inhibitory ones of weight -g J_E, background spikes of weight J_ext
//! from a Poisson process of rate nu_ext of its own, and the spikes of the channels of an image.
//!
//! **Reset.** A neuron whose V is at or above the threshold V_th at the end of a time step spikes
//! then. V is V_r for the refractory time tau_ref, in which input is lost.
//!
//! **Integration** is exact on a grid of steps of dt (Rotter & Diesmann 1999): the membrane
//! decays by exp(-dt / tau_m) in a step, and spikes are on the grid. Constant delays and refractory
//! times are whole steps, or are refused.
//!
//! **Image input.** Channel c of intensity x_c in [0, 1] fires Poisson spikes of rate r_max x_c
//! (`input.code`: or one spike at the latency tau_lat ln(x / (x - x_0)), or a constant current).
//! Each neuron receives C_in channels, drawn at random or around its place.
//!
//! # Parameters
//!
//! The defaults are those of the network that encodes images
//! ([`NetworkConfig::encoder`](network::NetworkConfig::encoder)); Brunel's network is
//! [`NetworkConfig::brunel`](network::NetworkConfig::brunel). Any neuron parameter may be drawn from a
//! distribution ([`Parameter`](network::Parameter)).
//!
//! | name | symbol | unit | default | meaning |
//! |---|---|---|---|---|
//! | `neurons` | N | | 1000 | neurons, excitatory and inhibitory |
//! | `excitatory_fraction` | N_E / N | | 0.8 | share of excitatory neurons |
//! | `dt` | dt | ms | 0.1 | time step |
//! | `membrane` | tau_m | ms | 20 | membrane time constant |
//! | `threshold` | V_th | mV | 20 | threshold |
//! | `reset` | V_r | mV | 10 | potential after a spike |
//! | `refractory` | tau_ref | ms | 2 | absolute refractory time |
//! | `delay` | D | ms | 1.5 | delay of recurrent spikes |
//! | `initial_potential` | V_0 | mV | uniform, 0 to 20 | potential at the start |
//! | `current` | R I_0 | mV | 0 | constant input |
//! | `excitatory_weight` | J_E | mV | 0.4 | weight of an excitatory synapse |
//! | `g` | g | | 5 | strength of inhibition in units of excitation |
//! | `connection_probability` | p | | 0.1 | C_E = p N_E, C_I = p N_I |
//! | `tau_excitatory`, `tau_inhibitory` | tau_s | ms | 5, 10 | decay of exponential currents |
//! | `eta` | eta | | 1 | background over the rate that alone reaches threshold |
//! | `background_rate` | nu_ext | Hz | 500 | background, instead of `eta` |
//! | `background_weight` | J_ext | mV | 0.4 | weight of a background spike |
//! | `warm_up`, `duration` | | ms | 50, 100 | simulated before the recording, and recorded |
//! | `input.r_max` | r_max | Hz | 100 | rate of a channel at intensity 1 |
//! | `input.weight` | J_in | mV | 2 | weight of an input spike |
//! | `input.connection_probability` | p_in | | 0.1 | C_in = p_in channels |
//! | `input.latency_tau`, `input.latency_threshold` | tau_lat, x_0 | ms, | 20, 0.2 | latency code |
//!
//! [`NetworkConfig`](network::NetworkConfig) documents them all.
//!
//! # Example
//!
//! ```
//! use equipoise_encoder::balance::{DiagnosisConfig, diagnose};
//! use equipoise_encoder::network::{Network, NetworkConfig};
//!
//! let config = NetworkConfig { duration: 300.0, ..NetworkConfig::brunel(2500, 5.0, 2.0) };
//! let network = Network::build(&config, None, 1)?;
//! let found = diagnose(&network, &network.trial(1, 0), &DiagnosisConfig::default())?.diagnosis;
//! assert!(found.verdict.balanced, "{}", found.verdict);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The examples `judge` and, in the crate of studies, `balance_map` are programs of ten lines.
//!
//! # What it is not made for
//!
//! In [`network`] there are no conductances, no adaptation, no plasticity, and two populations, not
//! more; [`populations`] has all of these. There are no compartments. Spikes are on the grid. For
//! other models take
//! [NEST](https://nest-simulator.readthedocs.io) or [Brian](https://briansimulator.org), and judge what
//! they give with [`balance::judge`]. Networks that learn are in the crates of decoders and of
//! plasticity.
//!
//! # References
//!
//! * N. Brunel 2000, J. Comput. Neurosci. 8:183: the network and its regimes.
//! * C. van Vreeswijk & H. Sompolinsky 1996, Science 274:1724: the balanced state.
//! * S. Rotter & M. Diesmann 1999, Biol. Cybern. 81:381: exact integration.
//! * A. J. F. Siegert 1951, Phys. Rev. 81:617: the mean-field rate.
//! * D. Golomb & D. Hansel 2000, Neural Comput. 12:1095: the synchrony index.

pub mod balance;
pub mod code;
pub mod images;
mod memory;
pub mod network;
pub mod populations;
