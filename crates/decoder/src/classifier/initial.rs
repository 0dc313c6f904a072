//! The weights before training.

use super::{ClassifierConfig, ClassifierError, InitialWeights};
use crate::lif::{Matrices, Shape};
use equipoise_random::stream;

/// The initial weights of a network of this shape: normal numbers; under Dale's law their absolute
/// values, with the sign of the neuron that they come from.
///
/// # Errors
/// If the configuration makes no sense.
pub fn initial_weights(
    config: &ClassifierConfig,
    seed: u64,
    shape: Shape,
) -> Result<Matrices, ClassifierError> {
    config.validate()?;
    shape.validate()?;
    let Shape { inputs, hidden, classes, recurrent } = shape;
    let readout_scale = 7.0 * (1.0 - libm::exp(-config.dt / config.tau_mem));
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
    };
    let excitatory = config.excitatory();
    let draw = |purpose: &str, sources: usize, targets: usize, sigma: f64, from_inputs: bool| {
        let mut random = stream(seed, purpose, 0);
        (0..sources * targets)
            .map(|k| {
                let w = (random.normal() * sigma) as f32;
                match config.dale {
                    false => w,
                    true if from_inputs || k / targets < excitatory => w.abs(),
                    true => -w.abs(),
                }
            })
            .collect::<Vec<f32>>()
    };
    let w1 = draw("classifier/initial/input", inputs, hidden, input, true);
    let w2 = draw("classifier/initial/readout", hidden, classes, readout, false);
    let v1 = recurrent.then(|| draw("classifier/initial/recurrent", hidden, hidden, among, false));
    Ok(Matrices::from_slices(shape, &w1, v1.as_deref(), &w2)?)
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
        let m = initial_weights(&config, 5, shape).unwrap();
        assert!((spread(&m.input()) / 0.002 - 1.0).abs() < 0.02);
        assert!((spread(&m.recurrent().unwrap()) / 0.002 - 1.0).abs() < 0.03);
        let sigma_2 = 7.0 * (1.0 - libm::exp(-0.1f64)) / 10.0;
        assert!((spread(&m.readout()) / sigma_2 - 1.0).abs() < 0.1);
        config = ClassifierConfig { recurrent: true, ..ClassifierConfig::unbounded() };
        let m = initial_weights(&config, 5, shape).unwrap();
        assert!((spread(&m.input()) * 28.0 / (10.0 * sigma_2) - 1.0).abs() < 0.02);
        let negative = m.input().iter().filter(|&&w| w < 0.0).count();
        assert!((negative as f64 / 78_400.0 - 0.5).abs() < 0.02);
    }
}
