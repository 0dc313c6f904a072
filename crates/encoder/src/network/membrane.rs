//! The membranes of a block of neurons: their constants and their state.

use equipoise_random::Stream;

use super::config::{Integration, NetworkConfig, Synapse};
use super::counting::GROUP;

/// Steps for which a potential is held at most: longer than any simulation, and a step's number and
/// this still fit 32 bits.
const LONGEST_HOLD: f64 = 2_147_483_647.0;

/// The constants of the neurons of a block, one number per neuron in each vector, padded to
/// whole groups with neurons that never fire.
#[derive(Debug, Clone)]
pub(crate) struct Constants {
    /// What is left of the potential after a step.
    pub(crate) decay: Vec<f32>,
    /// What the constant current adds in a step, mV.
    pub(crate) drive: Vec<f32>,
    /// What a constant current R I of 1 mV adds in a step, mV.
    pub(crate) gain: Vec<f32>,
    /// Time constant, ms.
    pub(crate) membrane: Vec<f32>,
    pub(crate) threshold: Vec<f32>,
    pub(crate) reset: Vec<f32>,
    /// Steps for which the potential is held after a spike.
    pub(crate) refractory: Vec<u32>,
    /// Whether all neurons have the same decay, threshold, reset and refractory time. The padding
    /// may then be given them too, because its potential is held at 0 for ever.
    pub(crate) uniform: bool,
    /// Exponential synapses: what a unit of current adds to the potential in a step.
    pub(crate) response_excitatory: Vec<f32>,
    pub(crate) response_inhibitory: Vec<f32>,
    /// Exponential synapses: what is left of a current after a step.
    pub(crate) current_decay_excitatory: f32,
    pub(crate) current_decay_inhibitory: f32,
}

/// How a step of `dt` of a decay with this time constant is computed: what is left, and what a
/// constant input of 1 adds.
pub(crate) fn decay_and_gain(integration: Integration, dt: f64, tau: f64) -> (f64, f64) {
    match integration {
        Integration::Exact => (libm::exp(-dt / tau), -libm::expm1(-dt / tau)),
        Integration::Euler => (1.0 - dt / tau, dt / tau),
    }
}

/// What the potential gains in a step from an exponential current that carries the charge of a
/// jump by 1 mV, the current being 1 mV at the start of the step (Rotter & Diesmann 1999).
fn response(integration: Integration, dt: f64, membrane: f64, synapse: f64) -> f64 {
    if integration == Integration::Euler {
        return dt / synapse;
    }
    let rate = 1.0 / membrane - 1.0 / synapse;
    // exp(-dt/synapse) (1 - exp(-rate dt)) / (synapse rate), whose limit for rate -> 0 is plain.
    let ratio = if rate.abs() < 1e-9 { dt } else { -libm::expm1(-rate * dt) / rate };
    libm::exp(-dt / synapse) * ratio / synapse
}

impl Constants {
    /// Room for `neurons` neurons, padded to whole groups with neurons that never fire.
    pub(crate) fn silent(neurons: usize, config: &NetworkConfig) -> Self {
        let n = neurons.next_multiple_of(GROUP);
        let exponential = config.synapse == Synapse::Exponential;
        let currents = if exponential { n } else { 0 };
        let left = |tau| decay_and_gain(config.integration, config.dt, tau).0 as f32;
        Self {
            decay: vec![0.0; n],
            drive: vec![0.0; n],
            gain: vec![1.0; n],
            membrane: vec![1.0; n],
            threshold: vec![f32::INFINITY; n],
            reset: vec![0.0; n],
            refractory: vec![0; n],
            uniform: false,
            response_excitatory: vec![0.0; currents],
            response_inhibitory: vec![0.0; currents],
            current_decay_excitatory: if exponential { left(config.tau_excitatory) } else { 0.0 },
            current_decay_inhibitory: if exponential { left(config.tau_inhibitory) } else { 0.0 },
        }
    }

    /// Looks whether the first `neurons` neurons, all but the padding, are alike.
    pub(crate) fn note_uniformity(&mut self, neurons: usize) {
        let alike = |values: &[f32]| values[..neurons].windows(2).all(|w| w[0] == w[1]);
        self.uniform = [&self.decay, &self.threshold, &self.reset].into_iter().all(|v| alike(v))
            && self.refractory[..neurons].windows(2).all(|w| w[0] == w[1]);
    }

    /// Sets neuron `i` of the block, drawing its parameters from its own stream.
    pub(crate) fn set(&mut self, i: usize, config: &NetworkConfig, parameters: &mut Stream) {
        // In a fixed order, so that a parameter that becomes a distribution changes only itself
        // and those after it.
        let membrane = config.membrane.draw(parameters);
        let threshold = config.threshold.draw(parameters);
        let reset = config.reset.draw(parameters);
        let refractory = config.refractory.draw(parameters);
        let current = config.current.draw(parameters);
        let (decay, gain) = decay_and_gain(config.integration, config.dt, membrane);
        self.decay[i] = decay as f32;
        self.gain[i] = gain as f32;
        self.drive[i] = (gain * current) as f32;
        self.membrane[i] = membrane as f32;
        self.threshold[i] = threshold as f32;
        self.reset[i] = reset as f32;
        self.refractory[i] = (refractory / config.dt).round().min(LONGEST_HOLD) as u32;
        if config.synapse == Synapse::Exponential {
            let response = |tau| response(config.integration, config.dt, membrane, tau) as f32;
            self.response_excitatory[i] = response(config.tau_excitatory);
            self.response_inhibitory[i] = response(config.tau_inhibitory);
        }
    }
}

/// The state of the neurons of a block.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) potential: Vec<f32>,
    /// The last step for which the potential is held.
    pub(crate) held_until: Vec<u32>,
    /// Excitatory and inhibitory current (exponential synapses only).
    pub(crate) current_excitatory: Vec<f32>,
    pub(crate) current_inhibitory: Vec<f32>,
}
