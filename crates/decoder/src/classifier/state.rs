//! A trainer as bytes, and back: safetensors, with the configuration and the progress beside the
//! weights, so that other tools read them too.

use super::{ClassifierConfig, ClassifierError, Trainer};
use crate::lif::{Matrices, Shape};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The one entry of the file's metadata. There is only one, since the order of several would
/// change from file to file, and equal trainers make equal bytes.
const ENTRY: &str = "trainer";

/// What a trainer is besides its tensors.
#[derive(Serialize, Deserialize)]
struct Progress {
    config: ClassifierConfig,
    seed: u64,
    epoch: usize,
    updates: u64,
    steps: usize,
}

/// The parts of a [`Matrices`] under a common prefix.
fn put(tensors: &mut Vec<(String, [usize; 2], Vec<u8>)>, prefix: &str, matrices: &Matrices) {
    let Shape { inputs, hidden, classes, .. } = matrices.shape();
    let bytes = |numbers: Vec<f32>| numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    let mut push = |name: &str, size, numbers| {
        tensors.push((format!("{prefix}{name}"), size, bytes(numbers)));
    };
    push("input", [inputs, hidden], matrices.input());
    if let Some(recurrent) = matrices.recurrent() {
        push("recurrent", [hidden, hidden], recurrent);
    }
    push("readout", [hidden, classes], matrices.readout());
}

fn wrong(what: impl ToString) -> ClassifierError {
    ClassifierError::State(what.to_string())
}

fn get(file: &SafeTensors<'_>, name: &str) -> Result<([usize; 2], Vec<f32>), ClassifierError> {
    let view = file.tensor(name).map_err(|e| wrong(format!("{name}: {e}")))?;
    let (Dtype::F32, &[rows, columns]) = (view.dtype(), view.shape()) else {
        let (dtype, shape) = (view.dtype(), view.shape());
        return Err(wrong(format!("{name} is {dtype:?} {shape:?}, not a matrix of F32")));
    };
    let mut numbers = Vec::with_capacity(rows * columns);
    for bytes in view.data().chunks_exact(4) {
        numbers.push(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    }
    Ok(([rows, columns], numbers))
}

fn get_matrices(file: &SafeTensors<'_>, prefix: &str) -> Result<Matrices, ClassifierError> {
    let name = |part: &str| format!("{prefix}{part}");
    let ([inputs, hidden], input) = get(file, &name("input"))?;
    let ([sources, classes], readout) = get(file, &name("readout"))?;
    if sources != hidden {
        return Err(wrong(format!(
            "{hidden} hidden neurons, but {sources} rows of readout weights"
        )));
    }
    let recurrent = match file.names().iter().any(|n| **n == name("recurrent")) {
        true => Some(get(file, &name("recurrent"))?.1),
        false => None,
    };
    let shape = Shape { inputs, hidden, classes, recurrent: recurrent.is_some() };
    Ok(Matrices::from_slices(shape, &input, recurrent.as_deref(), &readout)?)
}

impl Trainer {
    /// All that training continues from.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut tensors = Vec::new();
        put(&mut tensors, "", self.weights());
        if let Some([mean, square]) = &self.updates().moments {
            put(&mut tensors, "adam.mean.", mean);
            put(&mut tensors, "adam.square.", square);
        }
        let progress = Progress {
            config: *self.config(),
            seed: self.seed(),
            epoch: self.epoch(),
            updates: self.updates().done,
            steps: self.kernel().dynamics().steps,
        };
        let progress = serde_json::to_string(&progress).expect("numbers and texts alone");
        let metadata = HashMap::from([(ENTRY.to_owned(), progress)]);
        let mut views = Vec::with_capacity(tensors.len());
        for (name, size, bytes) in &tensors {
            let view = TensorView::new(Dtype::F32, size.to_vec(), bytes).expect("a whole matrix");
            views.push((name.as_str(), view));
        }
        safetensors::serialize(views, Some(metadata)).expect("names differ")
    }

    /// The trainer that was saved; it continues to the same bits.
    ///
    /// # Errors
    /// [`ClassifierError::State`] if the bytes are not such a state.
    pub fn from_bytes(bytes: &[u8]) -> Result<Trainer, ClassifierError> {
        let file = SafeTensors::deserialize(bytes).map_err(wrong)?;
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(wrong)?;
        let metadata = header.metadata().as_ref().and_then(|m| m.get(ENTRY));
        let metadata = metadata.ok_or_else(|| wrong(format!("its header has no `{ENTRY}`")))?;
        let Progress { config, seed, epoch, updates, steps } =
            serde_json::from_str(metadata).map_err(wrong)?;
        config.validate()?;
        let weights = get_matrices(&file, "")?;
        let shape = weights.shape();
        if (shape.hidden, shape.recurrent) != (config.hidden, config.recurrent) {
            return Err(wrong(format!("weights of {shape:?} for {} neurons", config.hidden)));
        }
        let mut trainer = Trainer::with_weights(config, seed, shape, steps, weights)?;
        let moments = match trainer.updates().moments {
            Some(_) => {
                let pair =
                    [get_matrices(&file, "adam.mean.")?, get_matrices(&file, "adam.square.")?];
                if pair.iter().any(|m| m.shape() != shape) {
                    return Err(wrong("Adam's moments have another shape than the weights"));
                }
                Some(pair)
            }
            None => None,
        };
        trainer.restore(epoch, updates, moments);
        Ok(trainer)
    }
}
