//! The weights before training.

use super::fluctuations::{Means, Onto, Rates};
use super::{ClassifierConfig, ClassifierError, Combination, InitialWeights};
use crate::lif::{Matrices, Shape};
use equipoise_random::stream;

/// The initial weights of a network of this shape: normal numbers; under Dale's law their absolute
/// values, with the sign of the neuron that they come from. Where they are fluctuation-driven those
/// of hidden neurons are exponentially distributed under the law. `input_rate` is that of
/// [`LabelledEvents::mean_rate`](super::LabelledEvents::mean_rate), on which only
/// fluctuation-driven weights depend.
///
/// # Errors
/// If the configuration makes no sense, or its rates are to be measured.
pub fn initial_weights(
    config: &ClassifierConfig,
    seed: u64,
    shape: Shape,
    input_rate: f64,
) -> Result<Matrices, ClassifierError> {
    config.validate()?;
    shape.validate()?;
    let Shape { inputs, hidden, recurrent, .. } = shape;
    let readout_scale = readout_scale(config);
    let root = |n: usize| (n as f64).sqrt();
    let [input, among, readout] = match config.initial {
        InitialWeights::Study { sigma_1, sigma_2, sigma_recurrent } => [
            sigma_1,
            sigma_recurrent.unwrap_or(sigma_1),
            sigma_2.unwrap_or(readout_scale / root(hidden)),
        ],
        InitialWeights::SpyTorch { scale } => {
            let scale = scale.unwrap_or(readout_scale);
            [scale / root(inputs), scale / root(hidden), scale / root(hidden)]
        }
        InitialWeights::FluctuationDriven { measured: true, .. } => {
            return Err(Combination::MeasuredWithoutSamples.into());
        }
        InitialWeights::FluctuationDriven { xi, rate, input_share, .. } => {
            let rates = Rates { excitatory: rate, inhibitory: rate };
            let means = Means::new(config, shape, input_rate, rates, (xi, input_share));
            return fluctuating(config, seed, shape, &means);
        }
    };
    let w1 = normal(config, seed, INPUT, [inputs, hidden], input);
    let w2 = readout_weights(config, seed, shape, readout);
    let v1 = recurrent.then(|| normal(config, seed, RECURRENT, [hidden, hidden], among));
    let mut weights = Matrices::from_slices(shape, &w1, v1.as_deref(), &w2)?;
    if config.feed_forward_inhibition {
        config.signs().clamp(&mut weights);
    }
    Ok(weights)
}

/// Weights onto hidden neurons of these means, and a readout.
pub(super) fn fluctuating(
    config: &ClassifierConfig,
    seed: u64,
    shape: Shape,
    means: &Means,
) -> Result<Matrices, ClassifierError> {
    let Shape { inputs, hidden, recurrent, .. } = shape;
    let excitatory = config.excitatory();
    let matrix = |name: &str, sources: usize, size: fn(&Onto, bool) -> f64| -> Vec<f32> {
        let mut random = stream(seed, name, 0);
        let draw = |k: usize| {
            let (source, target) = (k / hidden, k % hidden);
            let onto = if target < excitatory { &means.excitatory } else { &means.inhibitory };
            let size = size(onto, source < excitatory);
            match config.dale {
                true if name == INPUT || source < excitatory => random.exponential() * size,
                true => -random.exponential() * size,
                false => random.normal() * size,
            }
        };
        (0..sources * hidden).map(draw).map(|w| w as f32).collect()
    };
    let input = matrix(INPUT, inputs, |onto, _| onto.input);
    let recurrent = recurrent.then(|| {
        matrix(RECURRENT, hidden, |onto, excites| match excites {
            true => onto.excitation,
            false => onto.inhibition,
        })
    });
    let readout =
        readout_weights(config, seed, shape, readout_scale(config) / (hidden as f64).sqrt());
    Ok(Matrices::from_slices(shape, &input, recurrent.as_deref(), &readout)?)
}

/// Of the readout of the SpyTorch tutorials, for a single source.
fn readout_scale(config: &ClassifierConfig) -> f64 {
    7.0 * (1.0 - libm::exp(-config.dt / config.tau_mem))
}

fn readout_weights(config: &ClassifierConfig, seed: u64, shape: Shape, sigma: f64) -> Vec<f32> {
    normal(config, seed, READOUT, [shape.hidden, shape.classes], sigma)
}

/// The streams of the matrices.
const INPUT: &str = "classifier/initial/input";
/// Of the recurrent weights.
const RECURRENT: &str = "classifier/initial/recurrent";
const READOUT: &str = "classifier/initial/readout";

/// Normal weights, `[sources, targets]`; under Dale's law their absolute values with the sign of
/// their source.
fn normal(
    config: &ClassifierConfig,
    seed: u64,
    matrix: &str,
    [sources, targets]: [usize; 2],
    sigma: f64,
) -> Vec<f32> {
    let excitatory = config.excitatory();
    let mut random = stream(seed, matrix, 0);
    (0..sources * targets)
        .map(|k| {
            let w = (random.normal() * sigma) as f32;
            match config.dale {
                false => w,
                true if matrix == INPUT || k / targets < excitatory => w.abs(),
                true => -w.abs(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(numbers: &[f32]) -> f64 {
        (numbers.iter().map(|&w| f64::from(w).powi(2)).sum::<f64>() / numbers.len() as f64).sqrt()
    }

    #[test]
    fn sizes_are_those_asked_for() {
        let mut config = ClassifierConfig { recurrent: true, ..ClassifierConfig::default() };
        let shape = config.shape(784, 10);
        let m = initial_weights(&config, 5, shape, 0.0).unwrap();
        assert!((spread(&m.input()) / 0.002 - 1.0).abs() < 0.02);
        assert!((spread(&m.recurrent().unwrap()) / 0.002 - 1.0).abs() < 0.03);
        let sigma_2 = 7.0 * (1.0 - libm::exp(-0.1f64)) / 10.0;
        assert!((spread(&m.readout()) / sigma_2 - 1.0).abs() < 0.1);
        config = ClassifierConfig { recurrent: true, ..ClassifierConfig::unbounded() };
        let m = initial_weights(&config, 5, shape, 0.0).unwrap();
        assert!((spread(&m.input()) * 28.0 / (10.0 * sigma_2) - 1.0).abs() < 0.02);
        let negative = m.input().iter().filter(|&&w| w < 0.0).count();
        assert!((negative as f64 / 78_400.0 - 0.5).abs() < 0.02);
    }
}
