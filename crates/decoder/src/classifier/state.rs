//! Classifiers and their trainings as archives.

use super::data::LabelledEvents;
use super::error::ClassifierError;
use super::predict::Classifier;
use super::trainer::{Network, Progress, Trainer};
use crate::checkpoint::archive::{self, Archive, Array, Kind, json};
use crate::checkpoint::file::{self, FileError};
use crate::lif::{Matrices, Shape};
use std::path::Path;

const NETWORK: &str = "network";
const TRAINING: &str = "training";
const MEAN: &str = "adam.mean.";
const SQUARE: &str = "adam.square.";

/// Appends the parts of a network's weights, their names after a common prefix.
fn append(arrays: &mut Vec<Array<'_>>, prefix: &str, matrices: &Matrices) {
    let Shape { inputs, hidden, classes, .. } = matrices.shape();
    let mut push = |name: &str, size: [usize; 2], numbers: Vec<f32>| {
        arrays.push(Array::new(format!("{prefix}{name}"), &size, numbers));
    };
    push("input", [inputs, hidden], matrices.input());
    if let Some(recurrent) = matrices.recurrent() {
        push("recurrent", [hidden, hidden], recurrent);
    }
    push("readout", [hidden, classes], matrices.readout());
}

/// The matrices that [`append`] took apart.
fn take(archive: &mut Archive, prefix: &str, shape: Shape) -> Result<Matrices, ClassifierError> {
    let Shape { inputs, hidden, classes, recurrent } = shape;
    let mut part = |name: &str, size: [usize; 2]| archive.take(&format!("{prefix}{name}"), &size);
    let input = part("input", [inputs, hidden])?;
    let among = recurrent.then(|| part("recurrent", [hidden, hidden])).transpose()?;
    let readout = part("readout", [hidden, classes])?;
    Ok(Matrices::from_slices(shape, &input, among.as_deref(), &readout)?)
}

/// Reads the network of an archive.
fn read(
    kinds: &'static [Kind],
    bytes: &[u8],
) -> Result<(Archive, Network, Matrices), ClassifierError> {
    let mut archive = archive::from_bytes(kinds, bytes)?;
    let network: Network = archive.value(NETWORK)?;
    network.config.validate()?;
    let shape = network.config.shape(network.grid.channels, network.classes.len());
    shape.validate()?;
    let weights = take(&mut archive, "", shape)?;
    Ok((archive, network, weights))
}

impl Trainer {
    /// All that training continues from.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut arrays = Vec::new();
        append(&mut arrays, "", self.weights());
        if let Some([mean, square]) = &self.updates().moments {
            append(&mut arrays, MEAN, mean);
            append(&mut arrays, SQUARE, square);
        }
        let texts = [
            (NETWORK, json(NETWORK, &self.network()).expect("numbers and texts alone")),
            (TRAINING, json(TRAINING, &self.progress()).expect("numbers and texts alone")),
        ];
        archive::to_bytes(Kind::ClassifierTraining, &self.origin(), &texts, &arrays)
            .expect("matrices have different names and whole shapes")
    }

    /// The trainer that was saved; it continues to the same bits.
    ///
    /// # Errors
    /// [`ClassifierError::Archive`] if the bytes are no such state, or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Trainer, ClassifierError> {
        let (mut archive, network, weights) = read(&[Kind::ClassifierTraining], bytes)?;
        let progress: Progress = archive.value(TRAINING)?;
        let shape = weights.shape();
        let (epoch, updates) = (progress.epoch, progress.updates);
        let mut trainer = Trainer::with_weights(network, progress.seed, progress.data, weights)?;
        let moments = match trainer.updates().moments {
            Some(_) => {
                let mean = take(&mut archive, MEAN, shape)?;
                Some([mean, take(&mut archive, SQUARE, shape)?])
            }
            None => None,
        };
        trainer.restore(epoch, updates, moments);
        Ok(trainer)
    }

    /// Whether this training and a saved one are one training on `train`.
    pub(super) fn continues(&self, saved: &Trainer, train: &LabelledEvents) -> bool {
        let what = |t: &Trainer| (*t.config(), t.seed(), t.kernel().shape(), t.kernel().dynamics());
        what(self) == what(saved) && saved.progress().data == train.fingerprint()
    }
}

impl Classifier {
    /// The bytes of a file with the network, its weights and its origin.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut arrays = Vec::new();
        append(&mut arrays, "", self.weights());
        let network =
            Network { config: *self.config(), classes: self.classes().to_vec(), grid: self.grid() };
        let texts = [(NETWORK, json(NETWORK, &network).expect("numbers and texts alone"))];
        archive::to_bytes(Kind::Classifier, &self.origin, &texts, &arrays)
            .expect("matrices have different names and whole shapes")
    }

    /// The classifier that [`to_bytes`](Self::to_bytes) wrote, or that is trained in a checkpoint.
    ///
    /// # Errors
    /// [`ClassifierError::Archive`] if the bytes hold none, or are damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Classifier, ClassifierError> {
        let (archive, network, weights) =
            read(&[Kind::Classifier, Kind::ClassifierTraining], bytes)?;
        let Network { config, classes, grid } = network;
        let mut classifier = Classifier::new(config, classes, grid, weights)?;
        classifier.origin = archive.origin().clone();
        Ok(classifier)
    }

    /// Writes the classifier to a file, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), FileError<ClassifierError>> {
        file::save(path, &self.to_bytes())
    }

    /// Reads a classifier from a file.
    ///
    /// # Errors
    /// When the file is not there, or is not a whole, undamaged classifier.
    pub fn load(path: &Path) -> Result<Classifier, FileError<ClassifierError>> {
        file::load(path, Self::from_bytes)
    }
}
