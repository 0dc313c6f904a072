//! The network as a Burn module.

use crate::lif::kernel::Kernel;
use crate::lif::layer::{self, Activity, WeightTensors};
use crate::lif::{LifError, Matrices, Shape, SharedInput};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};

/// The weights of an E:I classifier as Burn parameters, for Burn's optimisers and records and for
/// losses of one's own. [`super::Trainer`] trains the same network without the detour.
#[derive(Module, Debug)]
pub struct EiNetwork {
    /// `[inputs, hidden]`
    pub input: Param<Tensor<2>>,
    /// `[hidden, hidden]`, source first; absent if feed-forward.
    pub recurrent: Option<Param<Tensor<2>>>,
    /// `[hidden, classes]`
    pub readout: Param<Tensor<2>>,
}

impl EiNetwork {
    /// A module with these weights.
    pub fn from_matrices(weights: &Matrices, device: &Device) -> EiNetwork {
        let Shape { inputs, hidden, classes, .. } = weights.shape();
        let param = |numbers: Vec<f32>, size: [usize; 2]| {
            Param::from_tensor(Tensor::from_data(TensorData::new(numbers, size), device))
        };
        EiNetwork {
            input: param(weights.input(), [inputs, hidden]),
            recurrent: weights.recurrent().map(|v| param(v, [hidden, hidden])),
            readout: param(weights.readout(), [hidden, classes]),
        }
    }

    /// The weights in the kernel's layout.
    ///
    /// # Errors
    /// If the tensors do not hold 32-bit floats.
    pub fn to_matrices(&self) -> Result<Matrices, LifError> {
        let numbers = |name, p: &Param<Tensor<2>>| {
            let data = p.val().into_data();
            let found = data.dtype();
            data.try_to_vec::<f32>().map_err(|_| LifError::NumberType { name, found })
        };
        let [inputs, hidden] = self.input.val().dims();
        let [_, classes] = self.readout.val().dims();
        let shape = Shape { inputs, hidden, classes, recurrent: self.recurrent.is_some() };
        let recurrent = self.recurrent.as_ref().map(|p| numbers("recurrent", p)).transpose()?;
        let (input, readout) = (numbers("input", &self.input)?, numbers("readout", &self.readout)?);
        Matrices::from_slices(shape, &input, recurrent.as_deref(), &readout)
    }

    /// The answers to a batch: logits `[batch, classes]` and spike counts `[batch, hidden]`.
    ///
    /// # Errors
    /// If the sizes of network, kernel and events do not belong together.
    pub fn forward(
        &self,
        kernel: &Kernel,
        input: &SharedInput,
        samples: &[usize],
    ) -> Result<Activity, LifError> {
        let weights = WeightTensors {
            input: self.input.val(),
            recurrent: self.recurrent.as_ref().map(|r| r.val()),
            readout: self.readout.val(),
        };
        layer::forward(kernel, weights, input, samples)
    }
}
