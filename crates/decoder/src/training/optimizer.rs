//! [AdamW](crate::adamw) on the parameters of a Burn module.
//!
//! Burn's optimisers make a new tensor for each of a dozen operations; for the fully connected
//! layers, whose update moves more memory than their forward pass, one fused pass is several
//! times faster. Its state is plain numbers, so a checkpoint is simple and exact.

use crate::adamw::{AdamW, Rounding, Update};
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use rayon::prelude::*;

/// Numbers updated by one task.
const CHUNK: usize = 1 << 15;

/// Mean and uncentred variance of one parameter's gradient.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Moments {
    pub mean: Vec<f32>,
    pub square: Vec<f32>,
}

/// The optimiser's state.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct ModuleOptimizer {
    /// Updates so far.
    pub step: u64,
    /// In the order of the model's parameters.
    pub moments: Vec<Moments>,
}

impl ModuleOptimizer {
    /// For parameters of these lengths.
    pub(super) fn new(lengths: impl Iterator<Item = usize>) -> Self {
        let zero = |n| Moments { mean: vec![0.0; n], square: vec![0.0; n] };
        Self { step: 0, moments: lengths.map(zero).collect() }
    }

    /// One update. Parameters without a gradient stay.
    pub(super) fn update<M: Module>(
        &mut self,
        model: M,
        gradients: Gradients,
        learning_rate: f64,
        weight_decay: f64,
    ) -> M {
        self.step += 1;
        let update = AdamW::new(learning_rate, weight_decay).update(self.step, Rounding::Folded);
        model.map(&mut Mapper { gradients, moments: self.moments.iter_mut(), update })
    }
}

struct Mapper<'a> {
    gradients: Gradients,
    moments: std::slice::IterMut<'a, Moments>,
    update: Update,
}

impl ModuleMapper for Mapper<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let moments = self.moments.next().expect("one state for each parameter");
        let Some(gradient) = param.val().grad_remove(&mut self.gradients) else {
            return param;
        };
        let gradient = gradient.into_data();
        let gradient = gradient.as_slice::<f32>().expect("gradients are f32");
        // A vector decays less usefully than a matrix: biases are spared.
        let update = if D > 1 { self.update } else { self.update.without_decay() };
        param.map(|tensor| {
            let (device, shape) = (tensor.device(), tensor.dims());
            let data = tensor.inner().into_data();
            let mut values: Vec<f32> = data.try_into_vec().expect("parameters are f32");
            values
                .par_chunks_mut(CHUNK)
                .zip(gradient.par_chunks(CHUNK))
                .zip(moments.mean.par_chunks_mut(CHUNK).zip(moments.square.par_chunks_mut(CHUNK)))
                .for_each(|((values, gradient), (mean, square))| {
                    update.apply(values, gradient, mean, square);
                });
            Tensor::from_data(TensorData::new(values, shape), &device).require_grad()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[derive(Module, Debug)]
    struct Quadratic {
        w: Param<Tensor<2>>,
        b: Param<Tensor<1>>,
    }

    /// Three steps of torch.optim.AdamW(lr=0.1, weight_decay=0.01 on `w` only) on
    /// sum(w²) + sum((b - 1)³), from `scripts/reference/adamw.py`.
    #[test]
    fn agrees_with_pytorch() {
        let device = Device::flex().autodiff();
        let mut model = Quadratic {
            w: Param::from_tensor(Tensor::from_floats([[1.0, -2.0], [0.5, 3.0]], &device)),
            b: Param::from_tensor(Tensor::from_floats([0.0, 2.0], &device)),
        };
        let mut optimizer = ModuleOptimizer::new([4, 2].into_iter());
        for _ in 0..3 {
            let w = model.w.val();
            let loss = w.clone().mul(w).sum() + (model.b.val() - 1.0).powi_scalar(3).sum();
            model = optimizer.update(model, loss.backward(), 0.1, 0.01);
        }
        let near = |got: Vec<f32>, want: &[f32]| {
            for (got, want) in got.iter().zip(want) {
                assert!((got - want).abs() < 2e-6, "{got} {want}");
            }
        };
        near(model.w.val().into_data().try_into_vec().unwrap(), &WANT_W);
        near(model.b.val().into_data().try_into_vec().unwrap(), &WANT_B);
    }

    const WANT_W: [f32; 4] = [0.698_911_25, -1.694_944_6, 0.203_712_4, 2.691_703_6];
    const WANT_B: [f32; 2] = [-0.300_214_7, 1.704_153_8];
}
