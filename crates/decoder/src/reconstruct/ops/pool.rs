//! The larger of each 2x2 square of pixels, on channels-last images of the Flex backend.

use super::host::{from_numbers, is_flex, with_numbers};
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, Flex, TensorMetadata};
use burn::tensor::Tensor;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use rayon::prelude::*;

/// The maximum of each 2x2 square of pixels: [b, h, w, c] to [b, h / 2, w / 2, c]; h and w even.
/// Of equal pixels the first, row by row, takes the gradient.
pub fn max_pool2x2(image: Tensor<4>) -> Tensor<4> {
    if !is_flex(&image.device()) {
        return max_pool_in_tensors(image);
    }
    if !image.device().is_autodiff() {
        let image = image.try_into_primitive::<Flex>().expect("the device is Flex");
        return Tensor::from_primitive::<Flex>(forward(&image));
    }
    let (image, node) =
        image.try_into_primitive::<Autodiff<Flex>>().expect("the device is Flex").into_parts();
    let out = forward(&image);
    let out = match MaxPool.prepare::<NoCheckpointing>([node]).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish((image, out.clone()), out),
        OpsKind::UnTracked(prepared) => prepared.finish(out),
    };
    Tensor::from_primitive::<Autodiff<Flex>>(out)
}

/// [`max_pool2x2`] in plain tensor operations.
pub(super) fn max_pool_in_tensors(image: Tensor<4>) -> Tensor<4> {
    let options = MaxPoolOptions::new([2, 2]);
    max_pool2d(image.permute([0, 3, 1, 2]), options).permute([0, 2, 3, 1])
}

#[derive(Debug)]
struct MaxPool;

impl Backward<Flex, 1> for MaxPool {
    type State = (FlexTensor, FlexTensor);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let upstream = grads.consume::<Flex>(&ops.node);
        let (image, out) = ops.state;
        if let [Some(node)] = ops.parents {
            grads.register::<Flex>(node.id, backward(&image, &out, &upstream));
        }
    }
}

/// The four pixels of the square under output pixel `index` of an image's rows.
fn square(index: usize, width: usize, channels: usize) -> [usize; 4] {
    let (y, x) = (index / (width / 2), index % (width / 2));
    let first = (2 * y * width + 2 * x) * channels;
    [first, first + channels, first + width * channels, first + (width + 1) * channels]
}

fn forward(image: &FlexTensor) -> FlexTensor {
    let shape = image.shape();
    let [batch, height, width, channels] = [shape[0], shape[1], shape[2], shape[3]];
    let size = height / 2 * (width / 2) * channels;
    let mut out = vec![0.0f32; batch * size];
    with_numbers(image, |image| {
        let images = image.par_chunks_exact(height * width * channels);
        out.par_chunks_exact_mut(size).zip(images).for_each(|(out, image)| {
            for (index, out) in out.chunks_exact_mut(channels).enumerate() {
                let [a, b, c, d] =
                    square(index, width, channels).map(|at| &image[at..at + channels]);
                for (i, out) in out.iter_mut().enumerate() {
                    *out = a[i].max(b[i]).max(c[i].max(d[i]));
                }
            }
        });
    });
    from_numbers(out, [batch, height / 2, width / 2, channels])
}

fn backward(image: &FlexTensor, out: &FlexTensor, upstream: &FlexTensor) -> FlexTensor {
    let shape = image.shape();
    let [batch, height, width, channels] = [shape[0], shape[1], shape[2], shape[3]];
    let (size, half) = (height * width * channels, height / 2 * (width / 2) * channels);
    let mut to = vec![0.0f32; batch * size];
    let each = |image: &[f32], out: &[f32], upstream: &[f32], to: &mut [f32]| {
        for index in 0..half / channels {
            let at = index * channels;
            let (out, upstream) = (&out[at..at + channels], &upstream[at..at + channels]);
            let squares = square(index, width, channels);
            let [a, b, c, _] = squares.map(|at| &image[at..at + channels]);
            for i in 0..channels {
                let place = if a[i] == out[i] {
                    0
                } else if b[i] == out[i] {
                    1
                } else if c[i] == out[i] {
                    2
                } else {
                    3
                };
                to[squares[place] + i] = upstream[i];
            }
        }
    };
    with_numbers(image, |image| {
        with_numbers(out, |out| {
            with_numbers(upstream, |upstream| {
                to.par_chunks_exact_mut(size)
                    .zip(image.par_chunks_exact(size))
                    .zip(out.par_chunks_exact(half).zip(upstream.par_chunks_exact(half)))
                    .for_each(|((to, image), (out, upstream))| each(image, out, upstream, to));
            });
        });
    });
    from_numbers(to, shape)
}
