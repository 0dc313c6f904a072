//! What goes into the network and what comes out of it, as tensors.

use burn::tensor::Tensor;

/// What the network answers to a batch, as tensors that a loss can be made of.
#[derive(Debug, Clone)]
pub struct Activity {
    /// The maximum over time of each readout, `[batch, classes]`.
    pub logits: Tensor<2>,
    /// The spikes of each hidden neuron over all steps, `[batch, hidden]`.
    pub counts: Tensor<2>,
}

/// The weights as tensors.
#[derive(Debug, Clone)]
pub struct WeightTensors {
    /// `[inputs, hidden]`
    pub input: Tensor<2>,
    /// `[hidden, hidden]`, source first; absent if feed-forward.
    pub recurrent: Option<Tensor<2>>,
    /// `[hidden, classes]`
    pub readout: Tensor<2>,
}
