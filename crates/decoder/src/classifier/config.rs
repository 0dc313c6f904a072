//! What can be said about a classifier.

use super::Signs;
use super::error::{ClassifierError, Combination};
use crate::lif::{Dynamics, Lateral, Logit, Scheme, Shape, Surrogate, Synapses, decay};
use crate::setting::{Allowed, number, whole};
use serde::{Deserialize, Serialize};

/// A network and its training. The defaults are the published study's for Fashion-MNIST at 80:20
/// and a low initial rate.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClassifierConfig {
    /// Share of the hidden neurons that are excitatory; the first floor(share · hidden) of them.
    pub excitatory_fraction: f64,
    /// Hidden neurons.
    pub hidden: usize,
    /// Connect the hidden neurons among themselves.
    pub recurrent: bool,
    /// Let the inhibitory hidden neurons inhibit the excitatory ones: feed-forward inhibition, since
    /// inputs alone drive them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub feed_forward_inhibition: bool,
    /// Whether inputs to hidden neurons are currents, as published, or conductances.
    #[serde(skip_serializing_if = "SynapseModel::is_default")]
    pub synapses: SynapseModel,
    /// Reversal potentials of conductance synapses; absent: 4 and -0.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reversal: Option<Reversal>,
    /// Dale's law: no input weight below 0, and no outgoing weight of the wrong sign. Without it
    /// the network is unbounded.
    pub dale: bool,
    /// Synaptic time constant, in the unit of `dt`; 0 if input acts on the membrane at once.
    pub tau_syn: f64,
    /// Membrane time constant, in the unit of `dt`.
    pub tau_mem: f64,
    /// Length of a step. It and the time constants are in one unit: 1 where they count steps, as
    /// published; the step of the data in ms where they are in ms.
    pub dt: f64,
    /// What stands for ds/dv in the backward pass.
    pub surrogate: Surrogate,
    /// Which value of a readout over time is its logit.
    pub logit: Logit,
    /// What a spike does in the step after it: spytorch, as published, or nir, as the tools step
    /// that read the Neuromorphic Intermediate Representation.
    #[serde(skip_serializing_if = "Scheme::is_default")]
    pub dynamics: Scheme,
    /// Time constants of the readout; absent, as published: those of the hidden neurons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readout: Option<ReadoutTimes>,
    /// The weights before training.
    pub initial: InitialWeights,
    /// How the weights are updated.
    pub optimizer: Optimizer,
    /// How the learning rate goes over the training.
    pub schedule: Schedule,
    /// Decoupled weight decay: each update takes this times the learning rate off every weight, as
    /// a share of it (AdamW, Loshchilov & Hutter 2019; with plain SGD the same as an L2 penalty).
    pub weight_decay: f64,
    /// What the spikes themselves cost.
    pub regularizer: Regularizer,
    /// Standard deviation of the noise that each update adds to each weight, in units of
    /// `sigma_init`.
    pub noise: f64,
    /// The unit of `noise`.
    pub sigma_init: f64,
    /// Samples of an update; a last partial batch of an epoch is dropped.
    pub batch: usize,
    /// Times that the training set is gone through.
    pub epochs: usize,
}

/// How an input acts on the potential of a hidden neuron.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SynapseModel {
    /// As a current, alike at every potential.
    #[default]
    Current,
    /// As a conductance, towards a reversal potential; only under Dale's law.
    Conductance,
}

impl SynapseModel {
    /// Whether this is the default.
    pub fn is_default(&self) -> bool {
        *self == SynapseModel::default()
    }
}

/// Reversal potentials, in units of the threshold from rest: where it is 20 mV above rest at -70 mV,
/// excitation with 0 mV reverses at 3.5 and inhibition with -80 mV at -0.5.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reversal {
    /// Of excitation; above 1.
    pub excitation: f64,
    /// Of inhibition; from -1000 to 0, at which it is shunting.
    pub inhibition: f64,
}

impl Default for Reversal {
    fn default() -> Self {
        Reversal { excitation: 4.0, inhibition: -0.5 }
    }
}

/// The time constants of a readout, in the unit of `dt`.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadoutTimes {
    /// Of its synaptic current; 0 if spikes act on it at once.
    pub tau_syn: f64,
    /// Of the readout itself; 0 if it forgets from step to step.
    pub tau_mem: f64,
}

/// How the weights are drawn before training. Under Dale's law they are the absolute values, with
/// the sign of the neuron they come from.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum InitialWeights {
    /// The E:I study: input weights N(0, sigma_1), which sets the initial firing rate.
    Study {
        /// Standard deviation of the input weights.
        sigma_1: f64,
        /// Of the readout weights; absent: 7 (1 - beta) / sqrt(hidden). The study takes 1e-4 for
        /// the Heidelberg digits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sigma_2: Option<f64>,
        /// Of the recurrent weights; absent: sigma_1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sigma_recurrent: Option<f64>,
    },
    /// The SpyTorch tutorials: N(0, scale / sqrt(number of sources)) for every matrix.
    SpyTorch {
        /// Absent: 7 (1 - beta), the tutorial on Fashion-MNIST; that on speech takes 0.2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scale: Option<f64>,
    },
    /// Fluctuation-driven (Rossbroich, Gygax & Zenke 2022, Neuromorph. Comput. Eng. 2:044016): the
    /// means of excitatory and of inhibitory weights, each exponentially distributed, are such that
    /// excitation and inhibition of a hidden neuron cancel in the mean over time and its potential
    /// fluctuates below the threshold. A neuron without inhibition has a mean potential below the
    /// threshold by the same measure. Without Dale's law the weights are normal with mean 0. The
    /// rate of the inputs is that of the training samples.
    FluctuationDriven {
        /// Distance of the threshold from the mean potential, in standard deviations of the
        /// potential.
        #[serde(default = "default_xi")]
        xi: f64,
        /// Assumed rate of a hidden neuron, spikes a step of the time grid.
        #[serde(default = "default_hidden_rate")]
        rate: f64,
        /// Whether the rates of excitatory and of inhibitory neurons are measured instead: the
        /// network is drawn with the assumed rate, run on up to 256 training samples, and drawn
        /// again with the rates that it had, until they agree. Only a [`Trainer`](super::Trainer)
        /// has samples for that.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        measured: bool,
        /// Share of the variance of excitation that inputs have, and not recurrent connections.
        #[serde(default = "default_input_share")]
        input_share: f64,
    },
}

/// How the weights are updated.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    /// Plain stochastic gradient descent.
    Sgd {
        /// Learning rate.
        learning_rate: f64,
    },
    /// Adam (Kingma & Ba 2015).
    Adam {
        /// Learning rate.
        learning_rate: f64,
        /// Decay of the mean of the gradients.
        #[serde(default = "default_beta_1")]
        beta_1: f64,
        /// Decay of the mean of their squares.
        #[serde(default = "default_beta_2")]
        beta_2: f64,
        /// Added to the root of the mean square.
        #[serde(default = "default_epsilon")]
        epsilon: f64,
    },
}

/// How the learning rate goes over the training.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// It stays as it is.
    #[default]
    Constant,
    /// It goes down to 0 in a straight line, update by update.
    Linear,
}

impl Schedule {
    /// The share of the learning rate at an update, `done` being the share of all updates that
    /// were made before it.
    pub fn factor(self, done: f64) -> f64 {
        match self {
            Schedule::Constant => 1.0,
            Schedule::Linear => 1.0 - done,
        }
    }
}

fn default_xi() -> f64 {
    1.0
}
fn default_hidden_rate() -> f64 {
    0.01
}
fn default_input_share() -> f64 {
    0.9
}
fn default_beta_1() -> f64 {
    0.9
}
fn default_beta_2() -> f64 {
    0.999
}
fn default_epsilon() -> f64 {
    1e-8
}

impl Optimizer {
    /// Adam with its authors' constants.
    pub fn adam(learning_rate: f64) -> Optimizer {
        Optimizer::Adam {
            learning_rate,
            beta_1: default_beta_1(),
            beta_2: default_beta_2(),
            epsilon: default_epsilon(),
        }
    }

    /// The learning rate.
    pub fn learning_rate(&self) -> f64 {
        match *self {
            Optimizer::Sgd { learning_rate } | Optimizer::Adam { learning_rate, .. } => {
                learning_rate
            }
        }
    }
}

/// SpyTorch's penalties on activity, added to the loss of a batch; it takes 2e-6 for both.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Regularizer {
    /// Times the number of hidden spikes in the batch.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub total_spikes: f64,
    /// Times the mean over neurons of the squared number of their spikes in the batch.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub squared_spikes: f64,
}

impl InitialWeights {
    /// Fluctuation-driven, with its authors' constants.
    pub fn fluctuation_driven() -> InitialWeights {
        InitialWeights::FluctuationDriven {
            xi: default_xi(),
            rate: default_hidden_rate(),
            measured: false,
            input_share: default_input_share(),
        }
    }
}

impl Default for InitialWeights {
    fn default() -> Self {
        InitialWeights::Study { sigma_1: 0.002, sigma_2: None, sigma_recurrent: None }
    }
}

impl Default for Optimizer {
    fn default() -> Self {
        Optimizer::Sgd { learning_rate: 0.01 }
    }
}

impl Default for ClassifierConfig {
    fn default() -> Self {
        ClassifierConfig {
            excitatory_fraction: 0.8,
            hidden: 100,
            recurrent: false,
            feed_forward_inhibition: false,
            synapses: SynapseModel::default(),
            reversal: None,
            dale: true,
            tau_syn: 5.0,
            tau_mem: 10.0,
            dt: 1.0,
            surrogate: Surrogate::default(),
            logit: Logit::default(),
            dynamics: Scheme::default(),
            readout: None,
            initial: InitialWeights::default(),
            optimizer: Optimizer::default(),
            schedule: Schedule::default(),
            weight_decay: 0.0,
            regularizer: Regularizer::default(),
            noise: 0.0,
            sigma_init: 0.001,
            batch: 256,
            epochs: 30,
        }
    }
}

/// The most hidden neurons, and samples of a batch.
const MOST: usize = 1 << 16;
/// The most epochs: more would be a slip of the pen.
const MOST_EPOCHS: usize = 1_000_000;
/// The farthest that a reversal potential may be.
const MOST_REVERSAL: f64 = 1e3;
/// Numbers from 0 that are no slip of the pen.
const DEVIATION: Allowed = Allowed::HalfOpen(0.0, 1e6);

impl ClassifierConfig {
    /// The study's settings for the Heidelberg digits, and for other speech on 700 channels.
    pub fn speech() -> ClassifierConfig {
        ClassifierConfig {
            hidden: 200,
            tau_mem: 5.0,
            initial: InitialWeights::Study {
                sigma_1: 5e-4,
                sigma_2: Some(1e-4),
                sigma_recurrent: None,
            },
            optimizer: Optimizer::Sgd { learning_rate: 0.001 },
            epochs: 200,
            ..ClassifierConfig::default()
        }
    }

    /// The study's unbounded network: SpyTorch's weights, Adam at its learning rate, no law.
    pub fn unbounded() -> ClassifierConfig {
        ClassifierConfig {
            dale: false,
            initial: InitialWeights::SpyTorch { scale: None },
            optimizer: Optimizer::adam(2e-4),
            ..ClassifierConfig::default()
        }
    }

    /// Checks every setting, and that a network of so many neurons fits into memory.
    ///
    /// # Errors
    /// [`ClassifierError::Setting`] with the first that is out of range, and its range;
    /// [`ClassifierError::Lif`] for a recurrent network with too many weights.
    pub fn validate(&self) -> Result<(), ClassifierError> {
        number("excitatory_fraction", self.excitatory_fraction, Allowed::Closed(0.0, 1.0))?;
        whole("hidden", self.hidden, 1, MOST)?;
        whole("batch", self.batch, 1, MOST)?;
        whole("epochs", self.epochs, 1, MOST_EPOCHS)?;
        number("tau_syn", self.tau_syn, Allowed::NotNegative)?;
        number("tau_mem", self.tau_mem, Allowed::Positive)?;
        number("dt", self.dt, Allowed::Positive)?;
        if let Some(ReadoutTimes { tau_syn, tau_mem }) = self.readout {
            number("readout.tau_syn", tau_syn, Allowed::NotNegative)?;
            number("readout.tau_mem", tau_mem, Allowed::NotNegative)?;
        }
        let scale = f64::from(self.surrogate.scale());
        number("surrogate.scale", scale, Allowed::PositiveUpTo(1e6))?;
        match self.initial {
            InitialWeights::Study { sigma_1, sigma_2, sigma_recurrent } => {
                number("initial.sigma_1", sigma_1, DEVIATION)?;
                number("initial.sigma_2", sigma_2.unwrap_or(0.0), DEVIATION)?;
                number("initial.sigma_recurrent", sigma_recurrent.unwrap_or(0.0), DEVIATION)?;
            }
            InitialWeights::SpyTorch { scale } => {
                number("initial.scale", scale.unwrap_or(0.0), DEVIATION)?;
            }
            InitialWeights::FluctuationDriven { xi, rate, input_share, .. } => {
                number("initial.xi", xi, Allowed::PositiveUpTo(1e6))?;
                number("initial.rate", rate, Allowed::PositiveUpTo(1.0))?;
                number("initial.input_share", input_share, Allowed::PositiveUpTo(1.0))?;
            }
        }
        number("optimizer.learning_rate", self.optimizer.learning_rate(), Allowed::Positive)?;
        if let Optimizer::Adam { beta_1, beta_2, epsilon, .. } = self.optimizer {
            number("optimizer.beta_1", beta_1, Allowed::HalfOpen(0.0, 1.0))?;
            number("optimizer.beta_2", beta_2, Allowed::HalfOpen(0.0, 1.0))?;
            number("optimizer.epsilon", epsilon, Allowed::Positive)?;
        }
        let Regularizer { total_spikes, squared_spikes } = self.regularizer;
        number("weight_decay", self.weight_decay, Allowed::NotNegative)?;
        number("noise", self.noise, Allowed::NotNegative)?;
        number("sigma_init", self.sigma_init, Allowed::NotNegative)?;
        number("regularizer.total_spikes", total_spikes, Allowed::NotNegative)?;
        number("regularizer.squared_spikes", squared_spikes, Allowed::NotNegative)?;
        self.validate_synapses()?;
        let least = self.shape(1, 1);
        least.validate()?;
        Ok(least.check_batch(self.batch)?)
    }

    /// Checks synapses and wiring, and what else they can go with.
    fn validate_synapses(&self) -> Result<(), ClassifierError> {
        let conductances = self.synapses == SynapseModel::Conductance;
        if let Some(Reversal { excitation, inhibition }) = self.reversal {
            number("reversal.excitation", excitation, Allowed::Above(1.0, MOST_REVERSAL))?;
            number("reversal.inhibition", inhibition, Allowed::Closed(-MOST_REVERSAL, 0.0))?;
            if !conductances {
                return Err(Combination::ReversalOfCurrents.into());
            }
        }
        if conductances && !self.dale {
            return Err(Combination::ConductancesWithoutDale.into());
        }
        if conductances && self.dynamics == Scheme::Nir {
            return Err(Combination::ConductancesInNir.into());
        }
        if self.feed_forward_inhibition {
            let (hidden, excitatory) = (self.hidden, self.excitatory());
            if self.recurrent {
                return Err(Combination::FeedForwardAndRecurrent.into());
            }
            if !self.dale {
                return Err(Combination::FeedForwardWithoutDale.into());
            }
            if excitatory == 0 || excitatory == hidden {
                return Err(Combination::OneType { hidden, excitatory }.into());
            }
        }
        let fluctuates = matches!(self.initial, InitialWeights::FluctuationDriven { .. });
        let shunting = conductances && self.reversals().inhibition == 0.0;
        let inhibited =
            self.feed_forward_inhibition || (self.recurrent && self.excitatory() < self.hidden);
        if fluctuates && shunting && inhibited {
            return Err(Combination::ShuntingCancelsNothing.into());
        }
        Ok(())
    }

    /// The reversal potentials that conductance synapses have.
    pub fn reversals(&self) -> Reversal {
        self.reversal.unwrap_or_default()
    }

    /// The types of the hidden neurons, and which connections there are.
    pub fn signs(&self) -> Signs {
        Signs {
            excitatory: self.excitatory(),
            dale: self.dale,
            feed_forward: self.feed_forward_inhibition,
        }
    }

    /// The number of excitatory hidden neurons, floor(share · hidden). A share within rounding of
    /// a whole number of neurons is that number: 0.55 · 100 is 55, though not in binary.
    pub fn excitatory(&self) -> usize {
        ((self.excitatory_fraction * self.hidden as f64 + 1e-9).floor() as usize).min(self.hidden)
    }

    /// Standard deviation of the noise of one update.
    pub fn sigma_noise(&self) -> f64 {
        self.noise * self.sigma_init
    }

    /// The sizes for data of `inputs` channels and `classes` classes.
    pub fn shape(&self, inputs: usize, classes: usize) -> Shape {
        let recurrent = self.recurrent || self.feed_forward_inhibition;
        Shape { inputs, hidden: self.hidden, classes, recurrent }
    }

    /// The constants for `steps` steps.
    pub fn dynamics(&self, steps: usize) -> Dynamics {
        let (syn, mem) = (self.tau_syn, self.tau_mem);
        let dynamics = Dynamics::from_time_constants(syn, mem, self.dt, steps, self.surrogate);
        let dynamics = Dynamics { logit: self.logit, scheme: self.dynamics, ..dynamics };
        let Reversal { excitation, inhibition } = self.reversals();
        let dynamics = Dynamics {
            synapses: match self.synapses {
                SynapseModel::Current => Synapses::Current,
                SynapseModel::Conductance => Synapses::Conductance {
                    excitation: excitation as f32,
                    inhibition: inhibition as f32,
                },
            },
            lateral: match self.feed_forward_inhibition {
                true => Lateral::FeedForward,
                false => Lateral::All,
            },
            excitatory: self.excitatory(),
            ..dynamics
        };
        match self.readout {
            None => dynamics,
            Some(ReadoutTimes { tau_syn, tau_mem }) => Dynamics {
                readout_alpha: decay(self.dt, tau_syn),
                readout_beta: decay(self.dt, tau_mem),
                ..dynamics
            },
        }
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
