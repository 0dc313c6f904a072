//! A layer of leaky integrate-and-fire neurons with a leaky readout, over all time steps at once.
//!
//! The network of the E:I classifiers (Kilgore et al. 2025, after Neftci, Mostafa & Zenke 2019):
//! input events, one hidden layer of LIF neurons, feed-forward or recurrent, and leaky
//! integrators that read it out, no biases. One step, all states starting at 0:
//!
//! ```text
//! s[t]   = v[t] > 1
//! v[t+1] = (beta v[t] + i[t]) (1 - s[t])          the reset carries no gradient
//! i[t+1] = alpha i[t] + x[t] W1 + s[t] V1
//! o[t+1] = beta' o[t] + f[t]
//! f[t+1] = alpha' f[t] + s[t] W2                  logit = max of o[0], ..., o[T], see [`Logit`]
//! ```
//!
//! In the published network alpha' = alpha and beta' = beta.
//!
//! In this form, that of SpyTorch, the input that arrives in the step after a spike is lost, and a
//! spike acts on other hidden neurons after two steps. Other simulators step in the form of the
//! Neuromorphic Intermediate Representation (NIR), in which neither is so ([`Scheme`]):
//!
//! ```text
//! j[t]   = i[t] + s[t] V1
//! v[t+1] = beta v[t] (1 - s[t]) + j[t]
//! i[t+1] = alpha j[t] + x[t] W1
//! ```
//!
//! Both forms have *current synapses*: a spike moves the potential as far wherever that is. With
//! *conductance synapses* ([`Synapses::Conductance`]) it moves it towards a reversal potential, E_E
//! of excitation, E_I of inhibition, in units of the threshold with rest at 0 (Destexhe, Rudolph &
//! Pare 2003, Nat. Rev. Neurosci. 4:739). Excitatory and inhibitory conductances g_E, g_I >= 0 decay
//! with alpha and rise by the weights of their sources divided by E_E, so that the weight of an
//! excitatory synapse is, as before, the current that one spike brings at rest:
//!
//! ```text
//! v[t+1]   = (beta v[t] + g_E[t] (E_E - v[t]) + g_I[t] (E_I - v[t])) (1 - s[t])
//! g_E[t+1] = alpha g_E[t] + (x[t] W1 + s_E[t] V1_E) / E_E
//! g_I[t+1] = alpha g_I[t] + s_I[t] |V1_I| / E_E
//! ```
//!
//! As a step is explicit, it follows a membrane as long as g_E + g_I stays below 1.
//!
//! Of the recurrent connections V1 all can be there, or those alone by which the inhibitory neurons
//! inhibit the excitatory ones ([`Lateral`]): since the inputs drive the inhibitory neurons too, that
//! is feed-forward inhibition (Cornford et al. 2021, ICLR).
//!
//! * [`kernel`] computes it on slices, forward and backward: it walks events and spikes instead of
//!   dense `[T, B, N]` tensors, so its memory is one float a neuron and step, and its time that of
//!   the spikes.
//! * [`layer`] is that kernel as one node of Burn's autodiff graph.
//! * [`mod@reference`] is the same network in plain tensor operations, for every device;
//!   [`tensors`] has what goes into both and what they answer.

mod backward;
mod buffer;
mod conductances;
mod error;
mod forward;
pub mod kernel;
pub mod layer;
mod matrices;
mod net;
mod product;
mod recurrent;
pub mod reference;
mod size;
mod surrogate;
pub mod tensors;
#[cfg(test)]
mod tests;

pub use equipoise_simd::Instructions;
pub use error::{EventProblem, LifError};
pub use matrices::{Matrices, Row};
pub use size::{MOST_GRADIENTS, MOST_KEPT_STATES, MOST_STATES, MOST_WEIGHTS};
pub use surrogate::Surrogate;

use equipoise_encoder::code::Events;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The sizes of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Input channels.
    pub inputs: usize,
    /// Hidden neurons.
    pub hidden: usize,
    /// Output classes.
    pub classes: usize,
    /// Whether the hidden neurons are connected among themselves.
    pub recurrent: bool,
}

/// Which value of a readout over time is its logit.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Logit {
    /// The maximum of `o[0], ..., o[T]`, as in the published study. Since `o[0]` is 0, a readout that
    /// is inhibited at all times has the logit 0, which depends on no weight: no gradient can ever
    /// bring its class back.
    #[default]
    Maximum,
    /// The value farthest from 0, so that a readout that is inhibited at all times has its lowest
    /// value, and a gradient there.
    Extreme,
}

/// The form that one step of the hidden neurons has. The two differ in what a spike does in the
/// step after it.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// `v <- (beta v + i) (1 - s)`, as in the published study and the SpyTorch tutorials: the input
    /// that arrives in the step after a spike is lost. A spike acts on other hidden neurons after
    /// two steps.
    #[default]
    SpyTorch,
    /// `v <- beta v (1 - s) + i`, as the simulators step that read the Neuromorphic Intermediate
    /// Representation (Pedersen et al. 2024, Nat. Commun. 15:8122): that input is kept. A spike acts
    /// on other hidden neurons after one step.
    Nir,
}

impl Scheme {
    /// Whether this is the default.
    pub fn is_default(&self) -> bool {
        *self == Scheme::default()
    }
}

/// How an input acts on the potential of a hidden neuron.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Synapses {
    /// As a current: alike at every potential.
    #[default]
    Current,
    /// As a conductance: towards a reversal potential. Inputs are excitatory.
    Conductance {
        /// Reversal potential of excitation, E_E, in units of the threshold; above 1.
        excitation: f32,
        /// Reversal potential of inhibition, E_I, in the same; at most 0, where it is shunting.
        inhibition: f32,
    },
}

impl Synapses {
    /// Whether these are conductances.
    pub fn are_conductances(&self) -> bool {
        matches!(self, Synapses::Conductance { .. })
    }

    /// (1 / E_E, E_I / E_E), the two numbers that the dynamics contain; (0, -1) of currents.
    pub(crate) fn factors(&self) -> (f32, f32) {
        match *self {
            Synapses::Current => (0.0, -1.0),
            Synapses::Conductance { excitation, inhibition } => {
                (excitation.recip(), inhibition / excitation)
            }
        }
    }
}

/// Which connections there are among the hidden neurons of a network that has any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lateral {
    /// From all to all.
    #[default]
    All,
    /// From the inhibitory neurons to the excitatory ones: all other recurrent weights must be 0, and
    /// have no gradient that means anything.
    FeedForward,
}

/// The constants of the dynamics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dynamics {
    /// Decay of the synaptic current in one step, exp(-dt / tau_syn).
    pub alpha: f32,
    /// Decay of the membrane potential in one step, exp(-dt / tau_mem).
    pub beta: f32,
    /// Decay of the synaptic current of the readout in one step.
    pub readout_alpha: f32,
    /// Decay of the readout in one step.
    pub readout_beta: f32,
    /// The number of steps, T.
    pub steps: usize,
    /// What stands for ds/dv in the backward pass.
    pub surrogate: Surrogate,
    /// Which value of a readout is its logit.
    pub logit: Logit,
    /// The form of a step.
    pub scheme: Scheme,
    /// How an input acts on a hidden neuron.
    pub synapses: Synapses,
    /// Which recurrent connections there are.
    pub lateral: Lateral,
    /// The first so many hidden neurons are excitatory, the others inhibitory. Only conductance
    /// synapses and feed-forward inhibition depend on it.
    pub excitatory: usize,
    /// Graded spikes for checking gradients: s is [`Surrogate::antiderivative`] of v - 1 instead
    /// of a step, and there is no reset, so that the backward pass computes a true derivative.
    pub graded: bool,
}

impl Dynamics {
    /// The dynamics with these time constants (ms), those of the readout too, for `steps` steps of
    /// `dt` ms. A time constant of 0 is that of no filter.
    pub fn from_time_constants(
        tau_syn: f64,
        tau_mem: f64,
        dt: f64,
        steps: usize,
        surrogate: Surrogate,
    ) -> Dynamics {
        Dynamics {
            alpha: decay(dt, tau_syn),
            beta: decay(dt, tau_mem),
            readout_alpha: decay(dt, tau_syn),
            readout_beta: decay(dt, tau_mem),
            steps,
            surrogate,
            logit: Logit::Maximum,
            scheme: Scheme::SpyTorch,
            synapses: Synapses::Current,
            lateral: Lateral::All,
            excitatory: usize::MAX,
            graded: false,
        }
    }
}

/// The decay in a step of length `dt` with the time constant `tau`, in one unit.
pub fn decay(dt: f64, tau: f64) -> f32 {
    libm::exp(-dt / tau) as f32
}

/// Events that were checked once, so that the kernel can trust them.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    events: &'a Events,
}

impl<'a> Input<'a> {
    /// Checks that the events of every sample are sorted by step and within their grid.
    ///
    /// # Errors
    /// The first event that is not.
    pub fn new(events: &'a Events) -> Result<Input<'a>, LifError> {
        let ends = (events.step.len(), events.channel.len());
        if events.offsets.first() != Some(&0)
            || events.offsets.last().is_none_or(|&end| (end, end) != ends)
            || !events.offsets.is_sorted()
        {
            return Err(LifError::Offsets { steps: ends.0, channels: ends.1 });
        }
        for sample in 0..events.len() {
            let (steps, channels) = events.sample(sample);
            let mut last = 0;
            for (index, (&step, &channel)) in steps.iter().zip(channels).enumerate() {
                let problem = if usize::from(step) >= events.steps {
                    EventProblem::Step { step, steps: events.steps }
                } else if usize::from(channel) >= events.channels {
                    EventProblem::Channel { channel, channels: events.channels }
                } else if step < last {
                    EventProblem::Order { step, last }
                } else {
                    last = step;
                    continue;
                };
                return Err(LifError::Event { sample, index, problem });
            }
        }
        Ok(Input { events })
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The steps and channels of sample `i`.
    ///
    /// # Panics
    /// If there is no such sample.
    #[inline]
    pub fn sample(&self, i: usize) -> (&'a [u16], &'a [u16]) {
        self.events.sample(i)
    }

    /// The number of input channels.
    pub fn channels(&self) -> usize {
        self.events.channels
    }

    /// The number of steps.
    pub fn steps(&self) -> usize {
        self.events.steps
    }

    /// The time that a step stands for, ms.
    pub fn step_ms(&self) -> f64 {
        self.events.step_ms
    }
}

/// Checked events that several owners share, as an autodiff graph needs them.
#[derive(Debug, Clone)]
pub struct SharedInput {
    events: Arc<Events>,
}

impl SharedInput {
    /// Checks the events as [`Input::new`] does.
    ///
    /// # Errors
    /// The first event that is out of place.
    pub fn new(events: Events) -> Result<SharedInput, LifError> {
        Input::new(&events)?;
        Ok(SharedInput { events: Arc::new(events) })
    }

    /// The events, for the kernel.
    pub fn view(&self) -> Input<'_> {
        Input { events: &self.events }
    }
}
