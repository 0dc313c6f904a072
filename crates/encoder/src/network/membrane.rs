//! The membranes of a block of neurons: their state, and one time step of all of them.

use equipoise_random::Stream;

#[cfg(target_arch = "x86_64")]
use super::build::Weights;
use super::config::{Integration, NetworkConfig, Synapse};
#[cfg(target_arch = "x86_64")]
use super::counting::{BLOCK, Counts, WORDS, quarters_avx512};
use super::noise::LANES;

/// The constants of the neurons of a block, one number per neuron in each vector, padded to a
/// whole number of 64 with neurons that never fire.
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
    pub(crate) refractory: Vec<i32>,
    /// Whether all neurons have the same decay and threshold. The padding may then be given them
    /// too, because its potential is held at 0 for ever.
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
    /// Room for `neurons` neurons, padded to a multiple of 64 with neurons that never fire.
    pub(crate) fn silent(neurons: usize, config: &NetworkConfig) -> Self {
        let n = neurons.next_multiple_of(64);
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
        self.uniform = alike(&self.decay) && alike(&self.threshold);
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
        self.refractory[i] = (refractory / config.dt).round() as i32;
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
    pub(crate) held_until: Vec<i32>,
    /// Excitatory and inhibitory current (exponential synapses only).
    pub(crate) current_excitatory: Vec<f32>,
    pub(crate) current_inhibitory: Vec<f32>,
}

/// A step of delta synapses: V <- decay V + drive + input, held while refractory. Calls `spike`
/// with the index of each neuron at or above its threshold.
///
/// The sums are taken in one fixed order and without fused multiply-add, so that all kernels give
/// the same bits.
#[inline(always)]
pub(crate) fn step_delta(
    constants: &Constants,
    state: &mut State,
    step: i32,
    excitatory: &[f32],
    inhibitory: &[f32],
    drive: &[f32],
    spikes: &mut Vec<u32>,
) {
    let n = state.potential.len();
    let decay = &constants.decay[..n];
    let threshold = &constants.threshold[..n];
    let held_until = &state.held_until[..n];
    let potential = &mut state.potential[..n];
    let (drive, excitatory, inhibitory) = (&drive[..n], &excitatory[..n], &inhibitory[..n]);
    for start in (0..n).step_by(LANES) {
        let mut fired = 0u32;
        for i in start..start + LANES {
            let next = potential[i] * decay[i] + (drive[i] + (excitatory[i] + inhibitory[i]));
            let v = if step > held_until[i] { next } else { potential[i] };
            potential[i] = v;
            fired |= u32::from(v >= threshold[i]) << (i - start);
        }
        push_spikes(fired, start, spikes);
    }
}

/// A step of exponential synapses: the potential by the currents at the start of the step, then
/// the currents decay, then the spikes of this step arrive.
#[inline(always)]
pub(crate) fn step_exponential(
    constants: &Constants,
    state: &mut State,
    step: i32,
    excitatory: &[f32],
    inhibitory: &[f32],
    drive: &[f32],
    spikes: &mut Vec<u32>,
) {
    let n = state.potential.len();
    let decay = &constants.decay[..n];
    let threshold = &constants.threshold[..n];
    let response_e = &constants.response_excitatory[..n];
    let response_i = &constants.response_inhibitory[..n];
    let held_until = &state.held_until[..n];
    let potential = &mut state.potential[..n];
    let current_e = &mut state.current_excitatory[..n];
    let current_i = &mut state.current_inhibitory[..n];
    let (drive, excitatory, inhibitory) = (&drive[..n], &excitatory[..n], &inhibitory[..n]);
    for start in (0..n).step_by(LANES) {
        let mut fired = 0u32;
        for i in start..start + LANES {
            let input = current_e[i] * response_e[i] + current_i[i] * response_i[i];
            let next = potential[i] * decay[i] + (drive[i] + input);
            let v = if step > held_until[i] { next } else { potential[i] };
            potential[i] = v;
            current_e[i] = current_e[i] * constants.current_decay_excitatory + excitatory[i];
            current_i[i] = current_i[i] * constants.current_decay_inhibitory + inhibitory[i];
            fired |= u32::from(v >= threshold[i]) << (i - start);
        }
        push_spikes(fired, start, spikes);
    }
}

#[inline(always)]
fn push_spikes(mut fired: u32, start: usize, spikes: &mut Vec<u32>) {
    while fired != 0 {
        spikes.push(start as u32 + fired.trailing_zeros());
        fired &= fired - 1;
    }
}

/// [`step_delta`] with the counts of the arriving spikes still in their planes: what arrives is
/// added up in registers, in the order in which [`add_counts`](super::counting::add_counts) would
/// have added it in memory, and never stored.
#[cfg(target_arch = "x86_64")]
pub(crate) struct FusedStep<'a> {
    pub(crate) constants: &'a Constants,
    pub(crate) step: i32,
    pub(crate) excitatory: &'a Counts,
    pub(crate) inhibitory: &'a Counts,
    pub(crate) input: &'a Counts,
    pub(crate) weights: &'a Weights,
    pub(crate) background: Option<&'a [f32]>,
    pub(crate) drive: &'a [f32],
}

#[cfg(target_arch = "x86_64")]
impl FusedStep<'_> {
    /// Takes the step.
    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    pub(crate) fn run_avx512(&self, state: &mut State, spikes: &mut Vec<u32>) {
        match (self.constants.uniform, self.background.is_some()) {
            (true, true) => self.kernel_avx512::<true, true>(state, spikes),
            (true, false) => self.kernel_avx512::<true, false>(state, spikes),
            (false, true) => self.kernel_avx512::<false, true>(state, spikes),
            (false, false) => self.kernel_avx512::<false, false>(state, spikes),
        }
    }

    /// `UNIFORM`: the neurons share decay and threshold. `BACKGROUND`: there is one.
    #[target_feature(enable = "avx512f,avx512bw")]
    fn kernel_avx512<const UNIFORM: bool, const BACKGROUND: bool>(
        &self,
        state: &mut State,
        spikes: &mut Vec<u32>,
    ) {
        use std::arch::x86_64::*;
        let n = state.potential.len();
        assert!(n.is_multiple_of(64) && n <= BLOCK);
        let decay = self.constants.decay[..n].as_ptr();
        let threshold = self.constants.threshold[..n].as_ptr();
        let held_until = state.held_until[..n].as_ptr();
        let potential = state.potential[..n].as_mut_ptr();
        let drive = self.drive[..n].as_ptr();
        let background = self.background.map_or(drive, |b| b[..n].as_ptr());
        let step = _mm512_set1_epi32(self.step);
        let [weight_e, weight_i, weight_in] =
            [self.weights.excitatory, self.weights.inhibitory, self.weights.input]
                .map(|w| _mm512_set1_ps(w));
        let (decay_all, threshold_all) =
            (_mm512_set1_ps(self.constants.decay[0]), _mm512_set1_ps(self.constants.threshold[0]));
        let mut fired = [0u64; WORDS];
        for (word, fired) in fired[..n / 64].iter_mut().enumerate() {
            let e = quarters_avx512(self.excitatory.bytes_avx512(word));
            let i = quarters_avx512(self.inhibitory.bytes_avx512(word));
            let x = quarters_avx512(self.input.bytes_avx512(word));
            for quarter in 0..4 {
                let at = 64 * word + 16 * quarter;
                // SAFETY: every pointer is to n elements of 4 bytes, and at + 16 <= n.
                let over = unsafe {
                    let mut sum = _mm512_mul_ps(weight_e, e[quarter]);
                    if BACKGROUND {
                        sum = _mm512_add_ps(_mm512_loadu_ps(background.add(at)), sum);
                    }
                    sum = _mm512_add_ps(sum, _mm512_mul_ps(weight_in, x[quarter]));
                    sum = _mm512_add_ps(sum, _mm512_mul_ps(weight_i, i[quarter]));
                    sum = _mm512_add_ps(_mm512_loadu_ps(drive.add(at)), sum);
                    let (decay, threshold) = if UNIFORM {
                        (decay_all, threshold_all)
                    } else {
                        (_mm512_loadu_ps(decay.add(at)), _mm512_loadu_ps(threshold.add(at)))
                    };
                    let held = _mm512_loadu_si512(held_until.add(at).cast());
                    let free = _mm512_cmpgt_epi32_mask(step, held);
                    let before = _mm512_loadu_ps(potential.add(at));
                    let left = _mm512_mul_ps(before, decay);
                    let v = _mm512_mask_add_ps(before, free, left, sum);
                    _mm512_storeu_ps(potential.add(at), v);
                    _mm512_cmp_ps_mask::<_CMP_GE_OQ>(v, threshold)
                };
                *fired |= u64::from(over) << (16 * quarter);
            }
        }
        for (word, mut fired) in fired.into_iter().enumerate() {
            while fired != 0 {
                spikes.push(64 * word as u32 + fired.trailing_zeros());
                fired &= fired - 1;
            }
        }
    }
}
