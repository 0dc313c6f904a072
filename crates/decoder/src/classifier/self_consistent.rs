//! Fluctuation-driven initial weights at the rates that hidden neurons have with them.

use super::fluctuations::{Means, Rates};
use super::initial::{fluctuating, initial_weights};
use super::{ClassifierConfig, ClassifierError, InitialWeights, LabelledEvents};
use crate::lif::kernel::Kernel;
use crate::lif::{Matrices, Shape};
use std::ops::Range;

/// Samples that rates are measured on, at most.
const MOST_SAMPLES: usize = 256;
/// Times that weights are drawn, at most.
const MOST_ROUNDS: usize = 40;
/// How far the logarithms of a measured rate and of the rate that weights were drawn for may differ.
const CLOSE: f64 = 0.01;

/// The weights of a network before it learns from these samples.
pub(super) fn weights_before_training(
    config: &ClassifierConfig,
    seed: u64,
    data: &LabelledEvents,
) -> Result<Matrices, ClassifierError> {
    let shape = config.shape(data.grid().channels, data.classes().len());
    match config.initial {
        InitialWeights::FluctuationDriven { xi, rate, measured: true, input_share } => {
            let rates = Rates { excitatory: rate, inhibitory: rate };
            weights_at_own_rates(config, seed, shape, data, rates, (xi, input_share))
        }
        _ => initial_weights(config, seed, shape, data.mean_rate()),
    }
}

/// Draws weights for rates and measures the rates with them, until they agree. Each time the next rate
/// is halfway between, as a logarithm, because more inhibition for a smaller rate makes it smaller
/// again. Neurons of a type that does not fire keep the rate that was assumed.
fn weights_at_own_rates(
    config: &ClassifierConfig,
    seed: u64,
    shape: Shape,
    data: &LabelledEvents,
    mut rates: Rates,
    constants: (f64, f64),
) -> Result<Matrices, ClassifierError> {
    config.validate()?;
    shape.validate()?;
    let input_rate = data.mean_rate();
    let kernel = Kernel::new(shape, config.dynamics(data.grid().steps))?;
    let few = data.len().min(MOST_SAMPLES);
    let samples: Vec<usize> = (0..few).map(|k| k * data.len() / few).collect();
    let mut rounds = 0;
    loop {
        let means = Means::new(config, shape, input_rate, rates, constants);
        let weights = fluctuating(config, seed, shape, &means)?;
        rounds += 1;
        if rounds == MOST_ROUNDS || !(config.recurrent || config.feed_forward_inhibition) {
            return Ok(weights);
        }
        let counts = kernel.evaluate(&weights, data.input(), &samples)?.counts;
        let rate = |neurons| mean_rate(&counts, shape.hidden, neurons, data.grid().steps);
        let inhibitory = rate(config.excitatory()..shape.hidden);
        // Of feed-forward inhibition no weight depends on the excitatory rate.
        let excitatory = config.recurrent.then(|| rate(0..config.excitatory())).flatten();
        let apart = [
            approach(&mut rates.excitatory, excitatory),
            approach(&mut rates.inhibitory, inhibitory),
        ];
        if apart.iter().all(|apart| *apart < CLOSE) {
            return Ok(weights);
        }
    }
}

/// Takes a rate halfway to the one that was found, and says how far apart their logarithms were.
fn approach(rate: &mut f64, found: Option<f64>) -> f64 {
    let Some(found) = found else { return 0.0 };
    let apart = libm::log(found / *rate).abs();
    *rate = (*rate * found).sqrt();
    apart
}

/// Spikes of a neuron in a step, from the counts of all `hidden` neurons in each sample; none if
/// there are no spikes.
fn mean_rate(counts: &[u32], hidden: usize, neurons: Range<usize>, steps: usize) -> Option<f64> {
    let rows = counts.chunks_exact(hidden);
    let places = (rows.len() * neurons.len() * steps) as f64;
    let spikes: u64 = rows.flat_map(|row| &row[neurons.clone()]).map(|&n| u64::from(n)).sum();
    (spikes > 0).then(|| spikes as f64 / places)
}

#[cfg(test)]
mod tests {
    use super::super::{InputBalance, Trainer, input_balance};
    use super::*;
    use equipoise_encoder::code::Events;
    use equipoise_random::stream;

    /// Samples whose events come in the first tenth of the time, as in a latency code.
    fn early(samples: usize) -> LabelledEvents {
        let sample = |k: usize| {
            let mut random = stream(1, "test/early", k as u64);
            let mut events: Vec<(usize, usize)> =
                (0..100).map(|channel| (random.below(10), channel)).collect();
            events.sort_unstable();
            events
        };
        let events = Events::from_samples(100, 100, (0..samples).map(sample)).unwrap();
        LabelledEvents::new(events, vec![0; samples], vec!["noise".into()]).unwrap()
    }

    fn before_training(recurrent: bool, measured: bool, data: &LabelledEvents) -> InputBalance {
        let (xi, rate, input_share) = (1.0, 0.01, 0.9);
        let config = ClassifierConfig {
            hidden: 400,
            batch: 10,
            recurrent,
            feed_forward_inhibition: !recurrent,
            initial: InitialWeights::FluctuationDriven { xi, rate, measured, input_share },
            ..ClassifierConfig::default()
        };
        let trainer = Trainer::new(config, 4, data).unwrap();
        let samples: Vec<usize> = (0..data.len()).collect();
        input_balance(trainer.kernel(), trainer.weights(), config.signs(), data, &samples).unwrap()
    }

    /// Excitation and inhibition cancel at the rates that the network has, as its own currents say.
    #[test]
    fn excitation_and_inhibition_cancel() {
        let data = early(50);
        for recurrent in [true, false] {
            let ratio = |measured| {
                let balance = before_training(recurrent, measured, &data);
                balance.excitatory.unwrap().ratio.unwrap()
            };
            assert!((ratio(true) - 1.0).abs() < 0.03, "{recurrent} {}", ratio(true));
            assert!((ratio(false) - 1.0).abs() > 0.1, "{recurrent} {}", ratio(false));
        }
    }

    #[test]
    fn rates_are_spikes_over_neurons_and_steps() {
        let counts = [0, 0, 1, 0, 0, 2];
        assert_eq!(mean_rate(&counts, 3, 2..3, 10), Some(0.15));
        for none in [0..2, 3..3] {
            assert_eq!(mean_rate(&counts, 3, none, 10), None);
        }
        let mut rate = 0.02;
        assert_eq!(approach(&mut rate, None), 0.0);
        assert!((approach(&mut rate, Some(0.005)) - libm::log(4.0)).abs() < 1e-12);
        assert!((rate - 0.01).abs() < 1e-12);
    }

    #[test]
    fn rates_are_not_measured_without_samples() {
        let initial = InitialWeights::FluctuationDriven {
            xi: 1.0,
            rate: 0.01,
            measured: true,
            input_share: 0.9,
        };
        let config = ClassifierConfig { initial, ..ClassifierConfig::default() };
        assert!(initial_weights(&config, 1, config.shape(3, 2), 0.1).is_err());
    }
}
