//! Updates of the weights on the kernel's own layout: the numbers of Burn's optimisers, noise, and
//! Dale's law, in one pass.

use super::{ClassifierConfig, Optimizer, Signs};
use crate::adamw::{AdamW, Rounding};
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
            signs: config.signs(),
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
            signs.clamp_row(source, row);
        };
        match (*optimizer, moments) {
            (Optimizer::Adam { beta_1, beta_2, epsilon, .. }, Some([mean, square])) => {
                let learning_rate = optimizer.learning_rate() * self.factor;
                let weight_decay = self.weight_decay;
                let adam = AdamW { learning_rate, weight_decay, beta_1, beta_2, epsilon }
                    .update(*done, Rounding::Textbook);
                weights
                    .par_rows_mut()
                    .zip(gradients.par_rows())
                    .zip(mean.par_rows_mut().zip(square.par_rows_mut()))
                    .for_each(|(((source, row), gradient), ((_, mean), (_, square)))| {
                        adam.apply(row, gradient, mean, square);
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
