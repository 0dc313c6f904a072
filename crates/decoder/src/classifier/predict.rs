//! A trained classifier at work on new spikes.

use super::data::LabelledEvents;
use super::error::{ClassifierError, Grid, SampleError};
use super::measure::{Evaluation, evaluate, largest, together};
use super::{ClassifierConfig, Signs};
use crate::checkpoint::archive::Origin;
use crate::lif::kernel::Kernel;
use crate::lif::{Input, LifError, Matrices};
use equipoise_encoder::code::Events;

/// A network and its weights, without what a training needs beside them.
#[derive(Debug, Clone)]
pub struct Classifier {
    config: ClassifierConfig,
    classes: Vec<String>,
    grid: Grid,
    kernel: Kernel,
    weights: Matrices,
    /// What it was made from. Training says on which samples ([`TRAINING_SAMPLES`]) and from which seed
    /// ([`SEED`]); whoever knows more adds it.
    pub origin: Origin,
}

/// The part of a classifier's [`Origin`] that is the fingerprint of the samples it was trained on.
pub const TRAINING_SAMPLES: &str = "training samples";

/// The part of a classifier's [`Origin`] that is the seed of its training.
pub const SEED: &str = "seed";

/// What a classifier says of one sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The class with the largest logit; the first of equal ones.
    pub class: usize,
    /// The logit of each class.
    pub logits: Vec<f32>,
    /// Spikes of all hidden neurons.
    pub spikes: u64,
}

impl Classifier {
    /// A classifier of samples on this grid with these weights.
    ///
    /// # Errors
    /// If the configuration makes no sense, or the weights are of another network.
    pub fn new(
        config: ClassifierConfig,
        classes: Vec<String>,
        grid: Grid,
        weights: Matrices,
    ) -> Result<Classifier, ClassifierError> {
        config.validate()?;
        let shape = config.shape(grid.channels, classes.len());
        if weights.shape() != shape {
            return Err(LifError::Weights { found: weights.shape(), wanted: shape }.into());
        }
        let kernel = Kernel::new(shape, config.dynamics(grid.steps))?;
        Ok(Classifier { config, classes, grid, kernel, weights, origin: Origin::new() })
    }

    /// The answer to each sample. The events have to be on the grid that the network was trained
    /// on.
    ///
    /// # Errors
    /// If they are on another, or out of order.
    pub fn predict(&self, events: &Events) -> Result<Vec<Prediction>, ClassifierError> {
        let input = Input::new(events)?;
        let found = Grid::of(input);
        if found != self.grid {
            return Err(SampleError::Grid { found, wanted: self.grid }.into());
        }
        let (hidden, classes) = (self.kernel.shape().hidden, self.kernel.shape().classes);
        let samples: Vec<usize> = (0..input.len()).collect();
        let mut predictions = Vec::with_capacity(samples.len());
        for chunk in samples.chunks(together(hidden)) {
            let output = self.kernel.evaluate(&self.weights, input, chunk)?;
            let rows = output.logits.chunks_exact(classes).zip(output.counts.chunks_exact(hidden));
            predictions.extend(rows.map(|(logits, counts)| Prediction {
                class: largest(logits),
                logits: logits.to_vec(),
                spikes: counts.iter().map(|&count| u64::from(count)).sum(),
            }));
        }
        Ok(predictions)
    }

    /// Accuracy, loss and activity on labelled samples.
    ///
    /// # Errors
    /// If they do not fit the network.
    pub fn evaluate(&self, data: &LabelledEvents) -> Result<Evaluation, ClassifierError> {
        evaluate(&self.kernel, &self.weights, self.signs(), data, None)
    }

    /// The configuration that it was trained with.
    pub fn config(&self) -> &ClassifierConfig {
        &self.config
    }

    /// The names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The grid of the events that it was trained on.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// The network's computation.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The weights.
    pub fn weights(&self) -> &Matrices {
        &self.weights
    }

    /// The types of the hidden neurons.
    pub fn signs(&self) -> Signs {
        self.config.signs()
    }
}
