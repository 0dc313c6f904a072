//! A model's numbers by name: initial values, reading and writing.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};
use equipoise_random::stream;

/// One parameter of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// Path in the model, such as `unet.head.weight`.
    pub name: String,
    /// Sizes of its dimensions.
    pub shape: Vec<usize>,
    /// Row-major numbers.
    pub values: Vec<f32>,
}

/// Sets biases to 0 and weights to normal numbers of variance `gain` / inputs, where `gain` is a
/// function of the parameter's name: 2 where a ReLU follows (He et al. 2015, ICCV), otherwise 1.
/// Each parameter has its own stream of the seed.
pub fn initialise<M: Module>(model: M, seed: u64, gain: &dyn Fn(&str) -> f64) -> M {
    model.map(&mut Initialise { path: Vec::new(), seed, gain })
}

struct Initialise<'a> {
    path: Vec<String>,
    seed: u64,
    gain: &'a dyn Fn(&str) -> f64,
}

impl ModuleMapper for Initialise<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.join(".");
        param.map(|tensor| {
            let shape = tensor.dims();
            let mut values = vec![0.0f32; shape.iter().product()];
            if name.ends_with("weight") {
                let gain = (self.gain)(&name);
                let deviation = (gain / shape[0] as f64).sqrt();
                let mut numbers = stream(self.seed, &format!("decoder/weights/{name}"), 0);
                values.iter_mut().for_each(|v| *v = (deviation * numbers.normal()) as f32);
            }
            let tensor = Tensor::from_data(TensorData::new(values, shape), &tensor.device());
            if tensor.is_autodiff() { tensor.require_grad() } else { tensor }
        })
    }
}

/// Sets the bias of the last layer, so that an untrained decoder gives images of the right mean
/// intensity: one that starts too bright is driven towards black so hard that its units die.
pub fn set_output_bias<M: Module>(model: M, bias: &[f32]) -> M {
    model.map(&mut OutputBias { path: Vec::new(), bias })
}

struct OutputBias<'a> {
    path: Vec<String>,
    bias: &'a [f32],
}

impl ModuleMapper for OutputBias<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !self.path.ends_with(&["head".to_owned(), "bias".to_owned()]) {
            return param;
        }
        param.map(|tensor| {
            let data = TensorData::new(self.bias.to_vec(), tensor.dims());
            let tensor = Tensor::from_data(data, &tensor.device());
            if tensor.is_autodiff() { tensor.require_grad() } else { tensor }
        })
    }
}

/// All parameters, in the order of the model.
pub fn read<M: Module>(model: &M) -> Vec<Weights> {
    let mut read = Read { path: Vec::new(), found: Vec::new() };
    model.visit(&mut read);
    read.found
}

struct Read {
    path: Vec<String>,
    found: Vec<Weights>,
}

impl ModuleVisitor for Read {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        self.found.push(Weights {
            name: self.path.join("."),
            shape: tensor.dims().to_vec(),
            values: tensor.into_data().try_into_vec().expect("parameters are f32"),
        });
    }
}

/// Puts numbers in place of a model's, parameter by parameter in the order of the model.
///
/// # Errors
/// The first parameter whose name, shape or count differs.
pub fn write<M: Module>(model: M, weights: &[Weights]) -> Result<M, WeightsError> {
    let mut write = Write { path: Vec::new(), weights: weights.iter(), error: None };
    let model = model.map(&mut write);
    match (write.error, write.weights.next()) {
        (Some(error), _) => Err(error),
        (None, Some(left)) => Err(WeightsError(format!("parameter `{}` has no place", left.name))),
        (None, None) => Ok(model),
    }
}

/// Weights that belong to another model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the weights are not of this model: {0}")]
pub struct WeightsError(pub String);

struct Write<'a> {
    path: Vec<String>,
    weights: std::slice::Iter<'a, Weights>,
    error: Option<WeightsError>,
}

impl ModuleMapper for Write<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.error.is_some() {
            return param;
        }
        let name = self.path.join(".");
        let shape = param.val().dims();
        let Some(weights) = self.weights.next() else {
            self.error = Some(WeightsError(format!("parameter `{name}` is missing")));
            return param;
        };
        let fits = weights.values.len() == shape.iter().product::<usize>();
        if weights.name != name || weights.shape != shape || !fits {
            self.error = Some(WeightsError(format!(
                "`{name}` of shape {shape:?} is wanted where `{}` of shape {:?} stands",
                weights.name, weights.shape
            )));
            return param;
        }
        param.map(|tensor| {
            let data = TensorData::new(weights.values.clone(), shape);
            let tensor = Tensor::from_data(data, &tensor.device());
            if tensor.is_autodiff() { tensor.require_grad() } else { tensor }
        })
    }
}
