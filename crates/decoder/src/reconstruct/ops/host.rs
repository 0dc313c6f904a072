//! The numbers behind a Flex tensor, without a copy.

use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Device, Shape};

/// Whether a tensor of this device is a [`FlexTensor`], with or without autodiff.
pub(super) fn is_flex(device: &Device) -> bool {
    *device == Device::flex() && device.gradient_checkpointing_strategy().is_none_or(is_plain)
}

fn is_plain(strategy: burn::tensor::GradientCheckpointingStrategy) -> bool {
    matches!(strategy, burn::tensor::GradientCheckpointingStrategy::Disabled)
}

/// Row-major `f32` numbers of a tensor: borrowed when they lie so, copied otherwise.
pub(super) fn with_numbers<R>(tensor: &FlexTensor, f: impl FnOnce(&[f32]) -> R) -> R {
    match tensor.as_slice::<f32>() {
        Some(slice) => f(slice),
        None => f(tensor.to_contiguous().as_slice::<f32>().expect("a tensor of f32")),
    }
}

/// A tensor that takes over `numbers`.
pub(super) fn from_numbers(numbers: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(numbers), Layout::contiguous(shape.into()), DType::F32)
}
