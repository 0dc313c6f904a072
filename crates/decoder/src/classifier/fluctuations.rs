//! Fluctuation-driven initial weights (Rossbroich, Gygax & Zenke 2022, Neuromorph. Comput. Eng.
//! 2:044016), for excitation and inhibition apart.
//!
//! A spike that arrives with weight w moves the potential by w eps(t), with
//!
//! ```text
//! sum eps   = 1 / ((1 - alpha)(1 - beta))
//! sum eps^2 = (1 + alpha beta) / ((1 - alpha beta)(1 - alpha^2)(1 - beta^2))
//! ```
//!
//! Of independent Poisson trains the potential then has, without spikes of its own, the mean
//! (sum over sources of rate w) sum eps and the variance (sum of rate w^2) sum eps^2 (Campbell). With
//! weights of exponential distribution and mean m, the mean of w^2 is 2 m^2. Three conditions give
//! the means of the weights from inputs, m_x, and from excitatory and inhibitory hidden neurons, m_E
//! and m_I (n sources of rate nu each):
//!
//! ```text
//! n_x nu_x m_x + n_E nu_E m_E = n_I nu_I m_I rho         the mean potential is 0
//! n_x nu_x m_x^2 : n_E nu_E m_E^2 = share : 1 - share    whence the fluctuations of excitation come
//! xi sigma = 1                                           the threshold is xi deviations away
//! ```
//!
//! Rates are means over the time of a sample. Where all input comes at once, as in the latency code, the
//! potential is above its mean while it does, and inhibitory neurons fire more than is assumed; then
//! excitation and inhibition cancel only at rates that were measured.
//!
//! A neuron that nothing inhibits has a mean potential mu above 0, and instead of the first and the
//! last condition mu + xi sigma = 1. Of conductances a weight is the current at rest; inhibition
//! brings rho = -E_I / E_E of that, and 1 of currents. What conductances do to the time constant of
//! the membrane is left out, which is right as long as they are small against the leak.

use super::{ClassifierConfig, SynapseModel};
use crate::lif::{Shape, decay};

/// The means of the weights onto a hidden neuron, by the type of the neuron; without Dale's law the
/// standard deviations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Means {
    pub excitatory: Onto,
    pub inhibitory: Onto,
}

/// The sizes of the weights onto a neuron.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Onto {
    /// From an input channel.
    pub input: f64,
    /// From an excitatory hidden neuron.
    pub excitation: f64,
    /// From an inhibitory one.
    pub inhibition: f64,
}

/// Rates of the hidden neurons, spikes a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rates {
    pub excitatory: f64,
    pub inhibitory: f64,
}

/// Spikes a step that arrive at a neuron from sources of a kind, all together, and what they do.
struct Sources {
    input: f64,
    excitatory: f64,
    inhibitory: f64,
    /// Sums of eps and of its square.
    effect: (f64, f64),
    /// What inhibition brings of a weight at rest.
    rho: f64,
    xi: f64,
    share: f64,
}

impl Sources {
    /// The weights of exponential distribution.
    fn of_one_sign(&self) -> Onto {
        let (mean, square) = (self.effect.0, 2.0 * self.effect.1);
        // In units of the weight of an input.
        let excitation = self.recurrent_share(self.excitatory);
        let drive = self.input + self.excitatory * excitation;
        let inhibition =
            if self.inhibitory > 0.0 { drive / (self.inhibitory * self.rho) } else { 0.0 };
        let squares = self.input
            + self.excitatory * excitation.powi(2)
            + self.inhibitory * (self.rho * inhibition).powi(2);
        let left = if self.inhibitory > 0.0 { 0.0 } else { drive * mean };
        self.scaled(excitation, inhibition, left + self.xi * (square * squares).sqrt())
    }

    /// The weights of normal distribution about 0.
    fn of_both_signs(&self) -> Onto {
        let hidden = self.excitatory + self.inhibitory;
        let recurrent = self.recurrent_share(hidden);
        let squares = self.input + hidden * recurrent.powi(2);
        self.scaled(recurrent, recurrent, self.xi * (self.effect.1 * squares).sqrt())
    }

    /// The size of a recurrent weight that leaves inputs their share of the variance.
    fn recurrent_share(&self, spikes: f64) -> f64 {
        let rest = (1.0 - self.share) / self.share;
        if spikes > 0.0 { (rest * self.input / spikes).sqrt() } else { 0.0 }
    }

    /// With the weight of an input such that the threshold is reached.
    fn scaled(&self, excitation: f64, inhibition: f64, distance: f64) -> Onto {
        let input = if distance > 0.0 { distance.recip() } else { 0.0 };
        Onto { input, excitation: input * excitation, inhibition: input * inhibition }
    }
}

impl Means {
    /// For inputs of so many events a channel and step and hidden neurons of these rates; with the
    /// distance of the threshold and the share of the inputs.
    pub fn new(
        config: &ClassifierConfig,
        shape: Shape,
        input_rate: f64,
        rates: Rates,
        (xi, share): (f64, f64),
    ) -> Means {
        let alpha = f64::from(decay(config.dt, config.tau_syn));
        let beta = f64::from(decay(config.dt, config.tau_mem));
        let both = alpha * beta;
        let effect = (
            1.0 / ((1.0 - alpha) * (1.0 - beta)),
            (1.0 + both) / ((1.0 - both) * (1.0 - alpha * alpha) * (1.0 - beta * beta)),
        );
        let reversal = config.reversals();
        let rho = match config.synapses {
            SynapseModel::Current => 1.0,
            SynapseModel::Conductance => -reversal.inhibition / reversal.excitation,
        };
        let excitatory = config.excitatory();
        let hidden = |neurons: usize, rate: f64, there: bool| {
            if there { neurons as f64 * rate } else { 0.0 }
        };
        let recurrent = config.recurrent;
        let onto = |inhibited: bool| {
            let sources = Sources {
                input: shape.inputs as f64 * input_rate,
                excitatory: hidden(excitatory, rates.excitatory, recurrent),
                inhibitory: hidden(
                    shape.hidden - excitatory,
                    rates.inhibitory,
                    recurrent || inhibited,
                ),
                effect,
                rho,
                xi,
                share,
            };
            if config.dale { sources.of_one_sign() } else { sources.of_both_signs() }
        };
        Means { excitatory: onto(config.feed_forward_inhibition), inhibitory: onto(false) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{InitialWeights, LabelledEvents, initial_weights};
    use super::*;
    use crate::lif::kernel::Kernel;
    use crate::lif::{Dynamics, Matrices, Surrogate};
    use equipoise_encoder::code::Events;
    use equipoise_random::stream;

    const STEPS: usize = 400;
    const INPUTS: usize = 200;
    const RATE: f64 = 0.02;

    /// Poisson trains, and how many events a channel and step has.
    fn poisson(samples: usize) -> LabelledEvents {
        let sample = |k: usize| {
            let mut random = stream(1, "test/poisson", k as u64);
            let mut events = Vec::new();
            for step in 0..STEPS {
                for channel in 0..INPUTS {
                    events.extend((0..random.poisson(RATE)).map(|_| (step, channel)));
                }
            }
            events
        };
        let events = Events::from_samples(STEPS, INPUTS, (0..samples).map(sample)).unwrap();
        LabelledEvents::new(events, vec![0; samples], vec!["noise".into()]).unwrap()
    }

    fn driven(xi: f64, rate: f64, input_share: f64) -> InitialWeights {
        InitialWeights::FluctuationDriven { xi, rate, measured: false, input_share }
    }

    /// Mean of the potential over neurons, and the root of its mean variance over time, from the kernel
    /// itself. With a tenth of the weights no neuron fires.
    fn potential(config: &ClassifierConfig, data: &LabelledEvents) -> (f64, f64) {
        const SMALLER: f32 = 0.1;
        let shape = config.shape(INPUTS, 1);
        let weights = initial_weights(config, 3, shape, data.mean_rate()).unwrap();
        let input: Vec<f32> = weights.input().iter().map(|w| SMALLER * w).collect();
        let small = Shape { recurrent: false, ..shape };
        let readout = weights.readout();
        let small_weights = Matrices::from_slices(small, &input, None, &readout).unwrap();
        let dynamics: Dynamics =
            Dynamics::from_time_constants(5.0, 10.0, 1.0, STEPS, Surrogate::default());
        let kernel = Kernel::new(small, dynamics).unwrap();
        let samples: Vec<usize> = (0..data.len()).collect();
        let (_, tape) = kernel.forward(&small_weights, data.input(), &samples).unwrap();
        // Of each neuron the sums of the potential and of its square.
        let (mut sums, mut n) = (vec![(0.0, 0.0); shape.hidden], 0.0);
        for sample in samples {
            for step in STEPS / 4..STEPS {
                n += 1.0;
                let potentials = tape.potentials(&kernel, sample, step);
                for (sums, &v) in sums.iter_mut().zip(potentials) {
                    let v = f64::from(v / SMALLER);
                    *sums = (sums.0 + v, sums.1 + v * v);
                }
            }
        }
        let mean = sums.iter().map(|s| s.0 / n).sum::<f64>() / sums.len() as f64;
        let variances = sums.iter().map(|s| s.1 / n - (s.0 / n).powi(2));
        (mean, (variances.sum::<f64>() / sums.len() as f64).sqrt())
    }

    /// What nothing inhibits is xi standard deviations below the threshold, in the kernel.
    #[test]
    fn the_threshold_is_as_far_as_was_asked() {
        let data = poisson(12);
        assert!((data.mean_rate() / RATE - 1.0).abs() < 0.05);
        for (xi, dale) in [(1.0, true), (3.0, true), (2.0, false)] {
            let initial = driven(xi, 0.01, 0.9);
            let config = ClassifierConfig { initial, dale, ..ClassifierConfig::default() };
            let (mean, deviation) = potential(&config, &data);
            let threshold = mean + xi * deviation;
            assert!((threshold - 1.0).abs() < 0.05, "{xi} {dale}: {mean} {deviation}");
            // Without a sign nothing but fluctuations is left.
            assert_eq!(mean.abs() < 0.1, !dale, "{mean} {deviation}");
        }
    }

    /// By Campbell's theorem on the weights themselves, with hidden neurons of the assumed rate.
    #[test]
    fn excitation_and_inhibition_cancel_and_fluctuate() {
        let shape = |config: &ClassifierConfig| config.shape(INPUTS, 2);
        for (synapses, recurrent) in [
            (SynapseModel::Current, true),
            (SynapseModel::Current, false),
            (SynapseModel::Conductance, true),
            (SynapseModel::Conductance, false),
        ] {
            let (xi, rate, input_share) = (1.5, 0.02, 0.7);
            let config = ClassifierConfig {
                hidden: 300,
                synapses,
                recurrent,
                feed_forward_inhibition: !recurrent,
                initial: driven(xi, rate, input_share),
                ..ClassifierConfig::default()
            };
            let weights = initial_weights(&config, 7, shape(&config), RATE).unwrap();
            assert!(config.signs().hold(&weights));
            let rho = if synapses == SynapseModel::Current { 1.0 } else { 0.125 };
            let (alpha, beta) = (f64::from(decay(1.0, 5.0)), f64::from(decay(1.0, 10.0)));
            // The response to one spike, step by step.
            let (mut v, mut i, mut squares) = (0.0, 1.0, 0.0);
            for _ in 0..500 {
                (v, i) = (beta * v + i, alpha * i);
                squares += v * v;
            }
            let (mut means, mut variances) = ([0.0; 3], 0.0);
            let (mut of_inputs, mut of_excitatory) = (0.0, 0.0);
            let excitatory = config.excitatory();
            for target in 0..excitatory {
                for row in weights.input_rows() {
                    let w = f64::from(row[target]);
                    means[0] += RATE * w / excitatory as f64;
                    variances += RATE * w * w * squares / excitatory as f64;
                    of_inputs += RATE * w * w * squares / excitatory as f64;
                }
                for (source, row) in weights.recurrent_rows().enumerate() {
                    let inhibits = source >= excitatory;
                    let w = f64::from(row[target]) * if inhibits { rho } else { 1.0 };
                    means[if inhibits { 2 } else { 1 }] += rate * w / excitatory as f64;
                    variances += rate * w * w * squares / excitatory as f64;
                    if !inhibits {
                        of_excitatory += rate * w * w * squares / excitatory as f64;
                    }
                }
            }
            let excitation = means[0] + means[1];
            assert!((means[2] / excitation + 1.0).abs() < 0.03, "{means:?}");
            assert_eq!(means[1] > 0.0, recurrent);
            assert!((variances.sqrt() * xi - 1.0).abs() < 0.03, "{variances}");
            let share = of_inputs / (of_inputs + of_excitatory);
            let want = if recurrent { input_share } else { 1.0 };
            assert!((share - want).abs() < 0.01, "{share}");
        }
    }
}
