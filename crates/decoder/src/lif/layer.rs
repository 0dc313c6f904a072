//! The network as one node of Burn's autodiff graph.

use super::kernel::{Kernel, Tape};
use super::reference;
pub use super::tensors::{Activity, WeightTensors};
use super::{Input, LifError, Matrices, SharedInput};
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::{Autodiff, Flex};
use burn::tensor::{Bytes, DType, Shape, Tensor};
use std::sync::Arc;

/// The answers to a batch of samples: the kernel on Burn's Flex backend, plain tensor operations
/// ([`reference::forward`]) on every other.
///
/// # Errors
/// If the sizes do not belong together.
pub fn forward(
    kernel: &Kernel,
    weights: WeightTensors,
    input: &SharedInput,
    samples: &[usize],
) -> Result<Activity, LifError> {
    let device = weights.input.device();
    let batch = samples.len();
    let (hidden, classes) = (kernel.shape().hidden, kernel.shape().classes);
    let parts = |out: Tensor<2>| Activity {
        logits: out.clone().slice([0..batch, 0..classes]),
        counts: out.slice([0..batch, classes..classes + hidden]),
    };
    let tensors = || {
        [Some(&weights.input), Some(&weights.readout), weights.recurrent.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
    };
    if device.is_autodiff() {
        let tracked: Option<Vec<_>> =
            tensors().map(|t| t.try_into_primitive::<Autodiff<Flex>>().ok()).collect();
        if let Some(tracked) = tracked {
            let (plain, nodes): (Vec<_>, Vec<_>) =
                tracked.into_iter().map(|t| t.into_parts()).unzip();
            let op = Pass { kernel: *kernel, input: input.clone(), samples: samples.into() };
            let out = match <[_; 3]>::try_from(nodes) {
                Ok(nodes) => op.tracked(plain, nodes)?,
                Err(nodes) => {
                    let nodes: [_; 2] = nodes.try_into().map_err(|_| LifError::Matrices)?;
                    op.tracked(plain, nodes)?
                }
            };
            return Ok(parts(Tensor::from_primitive::<Autodiff<Flex>>(out)));
        }
    } else {
        let plain: Option<Vec<_>> =
            tensors().map(|t| t.try_into_primitive::<Flex>().ok()).collect();
        if let Some(plain) = plain {
            let op = Pass { kernel: *kernel, input: input.clone(), samples: samples.into() };
            let weights = op.matrices(&plain)?;
            let output = kernel.evaluate(&weights, input.view(), samples)?;
            return Ok(parts(Tensor::from_primitive::<Flex>(op.packed(&output))));
        }
    }
    reference::forward(kernel, weights, input.view(), samples)
}

/// One call of [`forward`].
#[derive(Debug, Clone)]
struct Pass {
    kernel: Kernel,
    input: SharedInput,
    samples: Arc<[usize]>,
}

/// What the backward pass needs.
#[derive(Debug, Clone)]
struct State {
    weights: Arc<Matrices>,
    tape: Arc<Tape>,
}

/// The numbers of a tensor, row-major.
fn numbers(tensor: &FlexTensor) -> Vec<f32> {
    match tensor.as_slice::<f32>() {
        Some(slice) => slice.to_vec(),
        None => tensor.to_contiguous().as_slice::<f32>().unwrap_or_default().to_vec(),
    }
}

fn tensor(numbers: Vec<f32>, shape: [usize; 2]) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(numbers), Layout::contiguous(Shape::new(shape)), DType::F32)
}

impl Pass {
    fn view(&self) -> Input<'_> {
        self.input.view()
    }

    /// From the input, readout and perhaps recurrent weights.
    fn matrices(&self, plain: &[FlexTensor]) -> Result<Matrices, LifError> {
        let numbers: Vec<Vec<f32>> = plain.iter().map(numbers).collect();
        let recurrent = numbers.get(2).map(Vec::as_slice);
        Matrices::from_slices(self.kernel.shape(), &numbers[0], recurrent, &numbers[1])
    }

    /// Logits and counts side by side, since a node has one output.
    fn packed(&self, output: &super::kernel::Output) -> FlexTensor {
        let (hidden, classes) = (self.kernel.shape().hidden, self.kernel.shape().classes);
        let rows = output.logits.chunks_exact(classes).zip(output.counts.chunks_exact(hidden));
        let mut packed = Vec::with_capacity(self.samples.len() * (classes + hidden));
        for (logits, counts) in rows {
            packed.extend_from_slice(logits);
            packed.extend(counts.iter().map(|&c| c as f32));
        }
        tensor(packed, [self.samples.len(), classes + hidden])
    }

    fn tracked<const N: usize>(
        self,
        plain: Vec<FlexTensor>,
        nodes: [burn::backend::autodiff::ops::NodeGuard; N],
    ) -> Result<burn::backend::tensor::FloatTensor<Autodiff<Flex>>, LifError> {
        let weights = self.matrices(&plain)?;
        let (output, tape) = self.kernel.forward(&weights, self.view(), &self.samples)?;
        let out = self.packed(&output);
        let prepared = Backward::<Flex, N>::prepare::<NoCheckpointing>(self, nodes);
        Ok(match prepared.compute_bound().stateful() {
            OpsKind::Tracked(step) => {
                step.finish(State { weights: Arc::new(weights), tape: Arc::new(tape) }, out)
            }
            OpsKind::UnTracked(step) => step.finish(out),
        })
    }
}

impl<const N: usize> Backward<Flex, N> for Pass {
    type State = State;

    fn backward(self, ops: Ops<State, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let upstream = numbers(&grads.consume::<Flex>(&ops.node));
        let shape = self.kernel.shape();
        let (hidden, classes) = (shape.hidden, shape.classes);
        let mut d_logits = Vec::with_capacity(self.samples.len() * classes);
        let mut d_counts = Vec::with_capacity(self.samples.len() * hidden);
        for row in upstream.chunks_exact(classes + hidden) {
            d_logits.extend_from_slice(&row[..classes]);
            d_counts.extend_from_slice(&row[classes..]);
        }
        // A loss that does not depend on the spike counts has no derivative for them.
        let d_counts = d_counts.iter().any(|&d| d != 0.0).then_some(d_counts);
        let State { weights, tape } = &ops.state;
        let gradients = self
            .kernel
            .backward(weights, self.view(), &self.samples, tape, &d_logits, d_counts.as_deref())
            .expect("the same batch went forward");
        let mut register = |k: usize, numbers: &dyn Fn() -> Vec<f32>, shape| {
            if let Some(Some(node)) = ops.parents.get(k) {
                grads.register::<Flex>(node.id, tensor(numbers(), shape));
            }
        };
        register(0, &|| gradients.input(), [shape.inputs, hidden]);
        register(1, &|| gradients.readout(), [hidden, classes]);
        register(2, &|| gradients.recurrent().unwrap_or_default(), [hidden, hidden]);
    }
}
