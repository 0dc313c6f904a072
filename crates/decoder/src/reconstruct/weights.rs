//! A model's numbers by name: initial values, reading and writing.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
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

/// Where the initial weights of a layer come from: a seed, and the layer's place in the model, which
/// names its stream of random numbers.
#[derive(Debug, Clone)]
pub struct Initial<'a> {
    seed: u64,
    path: String,
    device: &'a Device,
}

/// Variance of a layer's initial weights times its inputs, where a ReLU follows (He et al. 2015,
/// ICCV).
pub const BEFORE_RELU: f64 = 2.0;
/// The same where none follows.
pub const LINEAR: f64 = 1.0;

impl<'a> Initial<'a> {
    /// For the parts of the model `root`.
    pub fn new(seed: u64, root: &str, device: &'a Device) -> Self {
        Self { seed, path: root.to_owned(), device }
    }

    /// For a part of this part.
    pub fn part(&self, name: impl std::fmt::Display) -> Self {
        Self { path: format!("{}.{name}", self.path), ..*self }
    }

    /// Normal numbers of variance `gain` / inputs, `[inputs, outputs]`.
    pub(super) fn weight(&self, inputs: usize, outputs: usize, gain: f64) -> Param<Tensor<2>> {
        let deviation = (gain / inputs as f64).sqrt();
        let mut numbers = stream(self.seed, &format!("decoder/weights/{}.weight", self.path), 0);
        let values: Vec<f32> =
            (0..inputs * outputs).map(|_| (deviation * numbers.normal()) as f32).collect();
        let data = TensorData::new(values, [inputs, outputs]);
        Param::from_tensor(Tensor::from_data(data, self.device))
    }

    /// Zeros.
    pub(super) fn bias(&self, outputs: usize) -> Param<Tensor<1>> {
        Param::from_tensor(Tensor::zeros([outputs], self.device))
    }
}

/// A parameter with other numbers in place of its own.
pub(super) fn replaced<const D: usize>(
    param: Param<Tensor<D>>,
    replace: impl FnOnce(&mut [f32]),
) -> Param<Tensor<D>> {
    param.map(|tensor| {
        let (device, shape) = (tensor.device(), tensor.dims());
        let tracked = tensor.is_autodiff();
        let mut values: Vec<f32> = tensor.into_data().try_into_vec().expect("parameters are f32");
        replace(&mut values);
        let tensor = Tensor::from_data(TensorData::new(values, shape), &device);
        if tracked { tensor.require_grad() } else { tensor }
    })
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
        (None, Some(left)) => Err(WeightsError::NoPlace(left.name.clone())),
        (None, None) => Ok(model),
    }
}

/// Weights that belong to another model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// A parameter that the model has not.
    #[error("the weights are of another model: `{0}` has no place in this one")]
    NoPlace(String),
    /// A parameter of the model that is not there.
    #[error("the weights are of another model: this one has `{0}` too")]
    Missing(String),
    /// Another parameter, or one of another shape, where one of the model stands.
    #[error(
        "the weights are of another model: `{name}` of shape {shape:?} is wanted where \
         `{found}` of shape {found_shape:?} stands"
    )]
    Other {
        /// The parameter of the model.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// The parameter that is there.
        found: String,
        /// Its shape.
        found_shape: Vec<usize>,
    },
}

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
            self.error = Some(WeightsError::Missing(name));
            return param;
        };
        let fits = weights.values.len() == shape.iter().product::<usize>();
        if weights.name != name || weights.shape != shape || !fits {
            self.error = Some(WeightsError::Other {
                name,
                shape: shape.to_vec(),
                found: weights.name.clone(),
                found_shape: weights.shape.clone(),
            });
            return param;
        }
        param.map(|tensor| {
            let data = TensorData::new(weights.values.clone(), shape);
            let tensor = Tensor::from_data(data, &tensor.device());
            if tensor.is_autodiff() { tensor.require_grad() } else { tensor }
        })
    }
}
