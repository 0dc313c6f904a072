//! Updates of the weights on the kernel's own layout: the numbers of Burn's optimisers, noise, and
//! Dale's law, in one pass.

use super::{ClassifierConfig, Optimizer, Signs};
use crate::lif::{Matrices, Row};
use equipoise_random::{derive_seed, stream};
use rayon::prelude::*;

/// The state of an optimiser.
#[derive(Debug, Clone)]
pub(super) struct Updates {
    pub optimizer: Optimizer,
    /// Share of the learning rate that the next update takes.
    pub factor: f64,
    pub weight_decay: f64,
    pub signs: Signs,
    pub sigma_noise: f64,
    pub noise_seed: u64,
    /// Updates done.
    pub done: u64,
    /// Adam's means of the gradients and of their squares.
    pub moments: Option<[Matrices; 2]>,
}

impl Updates {
    pub fn new(config: &ClassifierConfig, seed: u64, weights: &Matrices) -> Updates {
        let moments = match config.optimizer {
            Optimizer::Sgd { .. } => None,
            Optimizer::Adam { .. } => Some([weights.zeros_like(), weights.zeros_like()]),
        };
        Updates {
            optimizer: config.optimizer,
            factor: 1.0,
            weight_decay: config.weight_decay,
            signs: Signs { excitatory: config.excitatory(), dale: config.dale },
            sigma_noise: config.sigma_noise(),
            noise_seed: derive_seed(seed, "classifier/noise", 0),
            done: 0,
            moments,
        }
    }

    /// One update: W <- clamp(W - step + noise).
    pub fn apply(&mut self, weights: &mut Matrices, gradients: &Matrices) {
        self.done += 1;
        let Updates { optimizer, signs, sigma_noise, noise_seed, done, moments, .. } = self;
        let rate = (optimizer.learning_rate() * self.factor) as f32;
        let decay = self.weight_decay as f32;
        let finish = |source: Row, row: &mut [f32]| {
            if *sigma_noise > 0.0 {
                // One stream a row and update, so that rows can be done in any order.
                let (purpose, index) = match source {
                    Row::Input(k) => ("input", k),
                    Row::Recurrent(k) => ("recurrent", k),
                    Row::Readout(k) => ("readout", k),
                };
                let mut random = stream(*noise_seed, purpose, *done << 16 | index as u64);
                for w in row.iter_mut() {
                    *w += (random.normal() * *sigma_noise) as f32;
                }
            }
            signs.clamp_row(hidden_source(source), row);
        };
        match (*optimizer, moments) {
            (Optimizer::Adam { beta_1, beta_2, epsilon, .. }, Some([mean, square])) => {
                let power = i32::try_from(*done).unwrap_or(i32::MAX);
                let adam = Adam {
                    rate,
                    decay,
                    beta_1: beta_1 as f32,
                    beta_2: beta_2 as f32,
                    epsilon: epsilon as f32,
                    complement_1: (1.0 - beta_1) as f32,
                    complement_2: (1.0 - beta_2) as f32,
                    correct_1: (1.0 - beta_1.powi(power)) as f32,
                    correct_2: (1.0 - beta_2.powi(power)) as f32,
                };
                weights
                    .par_rows_mut()
                    .zip(gradients.par_rows())
                    .zip(mean.par_rows_mut().zip(square.par_rows_mut()))
                    .for_each(|(((source, row), gradient), ((_, mean), (_, square)))| {
                        adam.update(row, gradient, mean, square);
                        finish(source, row);
                    });
            }
            _ => {
                weights.par_rows_mut().zip(gradients.par_rows()).for_each(
                    |((source, row), gradient)| {
                        for (w, g) in row.iter_mut().zip(gradient) {
                            *w -= rate * (g + decay * *w);
                        }
                        finish(source, row);
                    },
                );
            }
        }
    }
}

/// The hidden neuron that a row comes from; none for an input channel.
pub(super) fn hidden_source(row: Row) -> Option<usize> {
    match row {
        Row::Input(_) => None,
        Row::Recurrent(k) | Row::Readout(k) => Some(k),
    }
}

/// The constants of one Adam update.
struct Adam {
    rate: f32,
    decay: f32,
    beta_1: f32,
    beta_2: f32,
    epsilon: f32,
    /// 1 - beta, from 64 bits: 1 - 0.999 in 32 has only five digits.
    complement_1: f32,
    complement_2: f32,
    /// 1 - beta^t.
    correct_1: f32,
    correct_2: f32,
}

impl Adam {
    fn update(&self, weights: &mut [f32], gradients: &[f32], mean: &mut [f32], square: &mut [f32]) {
        let moments = mean.iter_mut().zip(square);
        for ((w, &g), (m, v)) in weights.iter_mut().zip(gradients).zip(moments) {
            *m = self.beta_1 * *m + self.complement_1 * g;
            *v = self.beta_2 * *v + self.complement_2 * (g * g);
            let step = (*m / self.correct_1) / ((*v / self.correct_2).sqrt() + self.epsilon);
            *w -= self.rate * (step + self.decay * *w);
        }
    }
}
