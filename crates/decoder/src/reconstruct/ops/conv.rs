//! 3x3 convolution with zeros around the image, on channels-last images of the Flex backend.

use super::host::{from_numbers, is_flex, with_numbers};
use super::kernels::{self, Geometry, Packed, WeightGradient};
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, Flex, TensorMetadata};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Tensor, activation};
use equipoise_simd::Instructions;
use rayon::prelude::*;

/// What follows a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// max(0, x).
    Relu,
}

/// The images that a convolution reads, channels last, of a whole batch.
///
/// The channels of `full` come first, then those of `half`, whose images have half the height and
/// width and are upsampled to full size by repeating each pixel in a 2x2 square.
#[derive(Clone, Copy)]
struct Source<'a> {
    full: Option<(&'a [f32], usize)>,
    half: Option<(&'a [f32], usize)>,
}

impl Source<'_> {
    /// Writes image `index` into the inside of `bordered`, whose border is zero.
    fn place(&self, geometry: Geometry, index: usize, bordered: &mut [f32]) {
        let Geometry { height, width, inputs, .. } = geometry;
        let row = geometry.bordered_row();
        for y in 0..height {
            let line = &mut bordered[(y + 1) * row + inputs..][..width * inputs];
            if let Some((full, channels)) = self.full {
                let from = &full[(index * height + y) * width * channels..][..width * channels];
                if channels == inputs {
                    line.copy_from_slice(from);
                } else {
                    let pixels = line.chunks_exact_mut(inputs).zip(from.chunks_exact(channels));
                    pixels.for_each(|(to, from)| to[..channels].copy_from_slice(from));
                }
            }
            if let Some((half, channels)) = self.half {
                let (height, width) = (height / 2, width / 2);
                let from = &half[(index * height + y / 2) * width * channels..][..width * channels];
                let pairs = line.chunks_exact_mut(2 * inputs).zip(from.chunks_exact(channels));
                for (to, from) in pairs {
                    to[inputs - channels..inputs].copy_from_slice(from);
                    to[2 * inputs - channels..].copy_from_slice(from);
                }
            }
        }
    }
}

/// Gradients with respect to a source's two parts, for those that were asked for.
struct SourceGradient {
    full: Option<Vec<f32>>,
    half: Option<Vec<f32>>,
}

/// All images of `source` convolved: [batch, height, width, outputs].
fn forward(source: Source<'_>, w: &Packed, g: Geometry, batch: usize, relu: bool) -> Vec<f32> {
    let instructions = Instructions::best();
    let mut out = vec![0.0; batch * g.pixels() * g.outputs];
    out.par_chunks_mut(g.pixels() * g.outputs).enumerate().for_each_init(
        || vec![0.0; g.bordered()],
        |bordered, (index, out)| {
            source.place(g, index, bordered);
            kernels::convolve(instructions, bordered, w, relu, out);
        },
    );
    out
}

/// Images whose gradients of the weights are summed one after another; the sums of such groups
/// are added in order. It depends on the batch alone, so the result does not depend on threads.
fn group_size(batch: usize) -> usize {
    batch.div_ceil(16)
}

/// The backward pass of [`forward`]: `out` is its result where a ReLU followed, `upstream` the
/// gradient of the loss with respect to that result.
fn backward(
    source: Source<'_>,
    weight: &[f32],
    g: Geometry,
    batch: usize,
    out: Option<&[f32]>,
    upstream: &[f32],
    wanted: bool,
) -> (SourceGradient, Vec<f32>, Vec<f32>) {
    let instructions = Instructions::best();
    let back = g.transposed();
    let packed = wanted.then(|| Packed::transposed(g, weight));
    let image = g.pixels() * g.outputs;
    let part = |part: Option<(&[f32], usize)>| match part {
        Some((numbers, _)) if wanted => vec![0.0; numbers.len()],
        _ => Vec::new(),
    };
    let (mut full, mut half) = (part(source.full), part(source.half));
    let channels = |part: Option<(&[f32], usize)>| part.map_or(0, |(_, channels)| channels);
    let (full_channels, half_channels) = (channels(source.full), channels(source.half));
    let (full_size, half_size) = (g.pixels() * full_channels, g.pixels() / 4 * half_channels);

    let group = group_size(batch);
    let groups = batch.div_ceil(group);
    let parts: Vec<_> = pieces(&mut full, groups, group * full_size)
        .into_iter()
        .zip(pieces(&mut half, groups, group * half_size))
        .enumerate()
        .collect();
    let sums: Vec<(WeightGradient, Vec<f32>)> = parts
        .into_par_iter()
        .map(|(shard, (full, half))| {
            let mut weights = WeightGradient::new(g);
            let mut bias = vec![0.0; g.outputs];
            let mut bordered = vec![0.0; g.bordered()];
            let mut masked = vec![0.0; back.bordered()];
            let mut mixed = vec![0.0; if half.is_empty() { 0 } else { g.pixels() * g.inputs }];
            for (local, index) in (shard * group..batch.min((shard + 1) * group)).enumerate() {
                let upstream = &upstream[index * image..][..image];
                let out = out.map(|out| &out[index * image..][..image]);
                place_gradient(back, out, upstream, &mut masked, &mut bias);
                source.place(g, index, &mut bordered);
                kernels::accumulate(instructions, &bordered, &masked, &mut weights);
                let Some(packed) = &packed else { continue };
                if half.is_empty() {
                    let to = &mut full[local * full_size..][..full_size];
                    kernels::convolve(instructions, &masked, packed, false, to);
                } else {
                    kernels::convolve(instructions, &masked, packed, false, &mut mixed);
                    let full = full.chunks_exact_mut(full_size.max(1)).nth(local);
                    let half = &mut half[local * half_size..][..half_size];
                    split(g, &mixed, full.unwrap_or_default(), half, half_channels);
                }
            }
            (weights, bias)
        })
        .collect();
    let mut sums = sums.into_iter();
    let (mut weights, mut bias) = sums.next().expect("a batch has images");
    for (more, more_bias) in sums {
        weights.add(&more);
        bias.iter_mut().zip(&more_bias).for_each(|(a, b)| *a += b);
    }
    let some = |numbers: Vec<f32>| (!numbers.is_empty()).then_some(numbers);
    (SourceGradient { full: some(full), half: some(half) }, weights.unpacked(), bias)
}

/// `numbers` in `count` pieces of `size` (the last may be smaller), or as many empty ones.
fn pieces(numbers: &mut [f32], count: usize, size: usize) -> Vec<&mut [f32]> {
    if numbers.is_empty() {
        (0..count).map(|_| Default::default()).collect()
    } else {
        numbers.chunks_mut(size).collect()
    }
}

/// Writes the gradient of an image of outputs, masked where the ReLU was at rest, into the inside
/// of `bordered`, and adds it up over pixels. `back` is the geometry of the backward pass.
fn place_gradient(
    back: Geometry,
    out: Option<&[f32]>,
    upstream: &[f32],
    bordered: &mut [f32],
    bias: &mut [f32],
) {
    let Geometry { height, width, inputs: channels, .. } = back;
    let (row, line) = (back.bordered_row(), width * channels);
    for y in 0..height {
        let to = &mut bordered[(y + 1) * row + channels..][..line];
        to.copy_from_slice(&upstream[y * line..][..line]);
        if let Some(out) = out {
            for (to, &out) in to.iter_mut().zip(&out[y * line..][..line]) {
                *to = if out > 0.0 { *to } else { 0.0 };
            }
        }
        for pixel in to.chunks_exact(channels) {
            bias.iter_mut().zip(pixel).for_each(|(bias, &upstream)| *bias += upstream);
        }
    }
}

/// Parts the gradient of the joined channels: the first into `full`, the others, summed over the
/// 2x2 squares that repeat one pixel, into `half`.
fn split(g: Geometry, mixed: &[f32], full: &mut [f32], half: &mut [f32], channels: usize) {
    let Geometry { height, width, inputs, .. } = g;
    let first = inputs - channels;
    if first > 0 {
        let pixels = full.chunks_exact_mut(first).zip(mixed.chunks_exact(inputs));
        pixels.for_each(|(to, from)| to.copy_from_slice(&from[..first]));
    }
    for y in 0..height / 2 {
        for x in 0..width / 2 {
            let to = &mut half[(y * (width / 2) + x) * channels..][..channels];
            let at = |dy, dx| &mixed[((2 * y + dy) * width + 2 * x + dx) * inputs + first..];
            let (a, b, c, d) = (at(0, 0), at(0, 1), at(1, 0), at(1, 1));
            for (i, to) in to.iter_mut().enumerate() {
                *to = (a[i] + b[i]) + (c[i] + d[i]);
            }
        }
    }
}

/// What the backward pass needs of one convolution of a plain or a joined source.
#[derive(Debug, Clone)]
struct State {
    full: Option<FlexTensor>,
    half: Option<FlexTensor>,
    weight: FlexTensor,
    /// The result, where a ReLU followed.
    out: Option<FlexTensor>,
    geometry: Geometry,
    batch: usize,
}

/// Calls `f` with the numbers of a source's tensors.
fn with_source<R>(
    full: Option<&FlexTensor>,
    half: Option<&FlexTensor>,
    f: impl FnOnce(Source<'_>) -> R,
) -> R {
    let channels = |tensor: &FlexTensor| tensor.shape()[3];
    let with_half = |full: Option<(&[f32], usize)>| match half {
        Some(tensor) => with_numbers(tensor, |numbers| {
            f(Source { full, half: Some((numbers, channels(tensor))) })
        }),
        None => f(Source { full, half: None }),
    };
    match full {
        Some(tensor) => {
            with_numbers(tensor, |numbers| with_half(Some((numbers, channels(tensor)))))
        }
        None => with_half(None),
    }
}

impl State {
    /// Gradients of (full, half, weight, bias) from that of the result.
    fn gradients(&self, upstream: &FlexTensor, wanted: bool) -> [Option<FlexTensor>; 4] {
        let (source, weight, bias) =
            with_source(self.full.as_ref(), self.half.as_ref(), |source| {
                with_numbers(&self.weight, |weight| {
                    with_numbers(upstream, |upstream| {
                        let of = |out: Option<&[f32]>| {
                            backward(
                                source,
                                weight,
                                self.geometry,
                                self.batch,
                                out,
                                upstream,
                                wanted,
                            )
                        };
                        match &self.out {
                            Some(out) => with_numbers(out, |out| of(Some(out))),
                            None => of(None),
                        }
                    })
                })
            });
        let like = |numbers: Option<Vec<f32>>, tensor: &Option<FlexTensor>| {
            let shape = tensor.as_ref().map(|tensor| tensor.shape());
            numbers.zip(shape).map(|(numbers, shape)| from_numbers(numbers, shape))
        };
        [
            like(source.full, &self.full),
            like(source.half, &self.half),
            Some(from_numbers(weight, self.weight.shape())),
            Some(from_numbers(bias, [self.geometry.outputs])),
        ]
    }
}

/// The backward pass of a source with one part (parents: image, weight, bias).
#[derive(Debug)]
struct OnePart;

impl Backward<Flex, 3> for OnePart {
    type State = State;

    fn backward(self, ops: Ops<State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let upstream = grads.consume::<Flex>(&ops.node);
        let [image, weight, bias] = ops.parents;
        let [full, half, d_weight, d_bias] = ops.state.gradients(&upstream, image.is_some());
        for (node, gradient) in [(image, full.or(half)), (weight, d_weight), (bias, d_bias)] {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                grads.register::<Flex>(node.id, gradient);
            }
        }
    }
}

/// The backward pass of a joined source (parents: full, half, weight, bias).
#[derive(Debug)]
struct TwoParts;

impl Backward<Flex, 4> for TwoParts {
    type State = State;

    fn backward(self, ops: Ops<State, 4>, grads: &mut Gradients, _: &mut Checkpointer) {
        let upstream = grads.consume::<Flex>(&ops.node);
        let wanted = ops.parents[0].is_some() || ops.parents[1].is_some();
        let gradients = ops.state.gradients(&upstream, wanted);
        for (node, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                grads.register::<Flex>(node.id, gradient);
            }
        }
    }
}

/// Runs the forward pass and keeps what the backward pass needs.
fn run(
    full: Option<FlexTensor>,
    half: Option<FlexTensor>,
    weight: FlexTensor,
    bias: &FlexTensor,
    activation: Activation,
) -> (FlexTensor, State) {
    let relu = activation == Activation::Relu;
    let shape = |tensor: &Option<FlexTensor>| tensor.as_ref().map(|t| t.shape());
    let (full_shape, half_shape) = (shape(&full), shape(&half));
    let channels = |shape: &Option<burn::tensor::Shape>| shape.as_ref().map_or(0, |s| s[3]);
    let (batch, height, width) = match (&full_shape, &half_shape) {
        (Some(s), _) => (s[0], s[1], s[2]),
        (None, Some(s)) => (s[0], 2 * s[1], 2 * s[2]),
        (None, None) => unreachable!("a convolution has a source"),
    };
    let inputs = channels(&full_shape) + channels(&half_shape);
    let outputs = weight.shape()[1];
    assert_eq!(weight.shape()[0], 9 * inputs, "rows of the weights of a 3x3 convolution");
    let geometry = Geometry { height, width, inputs, outputs };
    let packed = with_numbers(&weight, |weight| {
        with_numbers(bias, |bias| Packed::new(geometry, weight, bias))
    });
    let out = with_source(full.as_ref(), half.as_ref(), |source| {
        forward(source, &packed, geometry, batch, relu)
    });
    let out = from_numbers(out, [batch, height, width, outputs]);
    let kept = relu.then(|| out.clone());
    (out, State { full, half, weight, out: kept, geometry, batch })
}

/// The 3x3 convolution of channels-last images, with zeros around them.
///
/// `image` [batch, height, width, inputs], `weight` [9 inputs, outputs] (rows ordered by kernel
/// row, kernel column, input), `bias` `[outputs]` give [batch, height, width, outputs].
pub fn conv3x3(image: Tensor<4>, weight: Tensor<2>, bias: Tensor<1>, a: Activation) -> Tensor<4> {
    if is_flex(&image.device()) {
        one_part(image, false, weight, bias, a)
    } else {
        conv3x3_in_tensors(image, weight, bias, a)
    }
}

/// [`conv3x3`] of images upsampled to twice their height and width by repeating each pixel.
pub fn upsample_conv3x3(
    half: Tensor<4>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    a: Activation,
) -> Tensor<4> {
    if is_flex(&half.device()) {
        one_part(half, true, weight, bias, a)
    } else {
        conv3x3_in_tensors(upsample(half), weight, bias, a)
    }
}

/// [`conv3x3`] of the channels of `full` followed by those of `half`, upsampled to twice its height
/// and width by repeating each pixel: where a U-Net's two paths meet.
///
/// `full` [batch, height, width, c], `half` [batch, height / 2, width / 2, d] and `weight`
/// [9 (c + d), outputs] give [batch, height, width, outputs].
pub fn join_conv3x3(
    full: Tensor<4>,
    half: Tensor<4>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    a: Activation,
) -> Tensor<4> {
    if is_flex(&full.device()) {
        two_parts(full, half, weight, bias, a)
    } else {
        conv3x3_in_tensors(Tensor::cat(vec![full, upsample(half)], 3), weight, bias, a)
    }
}

const ON_FLEX: &str = "the device is Flex";

fn one_part(
    image: Tensor<4>,
    upsampled: bool,
    weight: Tensor<2>,
    bias: Tensor<1>,
    activation: Activation,
) -> Tensor<4> {
    let parts = |image| if upsampled { (None, Some(image)) } else { (Some(image), None) };
    if !image.device().is_autodiff() {
        let (full, half) = parts(image.try_into_primitive::<Flex>().expect(ON_FLEX));
        let weight = weight.try_into_primitive::<Flex>().expect(ON_FLEX);
        let bias = bias.try_into_primitive::<Flex>().expect(ON_FLEX);
        return Tensor::from_primitive::<Flex>(run(full, half, weight, &bias, activation).0);
    }
    let (image, image_node) =
        image.try_into_primitive::<Autodiff<Flex>>().expect(ON_FLEX).into_parts();
    let (weight, weight_node) =
        weight.try_into_primitive::<Autodiff<Flex>>().expect(ON_FLEX).into_parts();
    let (bias, bias_node) =
        bias.try_into_primitive::<Autodiff<Flex>>().expect(ON_FLEX).into_parts();
    let (full, half) = parts(image);
    let (out, state) = run(full, half, weight, &bias, activation);
    let nodes = [image_node, weight_node, bias_node];
    let out = match OnePart.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(state, out),
        OpsKind::UnTracked(prepared) => prepared.finish(out),
    };
    Tensor::from_primitive::<Autodiff<Flex>>(out)
}

fn two_parts(
    full: Tensor<4>,
    half: Tensor<4>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    activation: Activation,
) -> Tensor<4> {
    if !full.device().is_autodiff() {
        let full = full.try_into_primitive::<Flex>().expect(ON_FLEX);
        let half = half.try_into_primitive::<Flex>().expect(ON_FLEX);
        let weight = weight.try_into_primitive::<Flex>().expect(ON_FLEX);
        let bias = bias.try_into_primitive::<Flex>().expect(ON_FLEX);
        let out = run(Some(full), Some(half), weight, &bias, activation).0;
        return Tensor::from_primitive::<Flex>(out);
    }
    let (full, full_node) =
        full.try_into_primitive::<Autodiff<Flex>>().expect(ON_FLEX).into_parts();
    let (half, half_node) =
        half.try_into_primitive::<Autodiff<Flex>>().expect(ON_FLEX).into_parts();
    let (weight, weight_node) =
        weight.try_into_primitive::<Autodiff<Flex>>().expect(ON_FLEX).into_parts();
    let (bias, bias_node) =
        bias.try_into_primitive::<Autodiff<Flex>>().expect(ON_FLEX).into_parts();
    let (out, state) = run(Some(full), Some(half), weight, &bias, activation);
    let nodes = [full_node, half_node, weight_node, bias_node];
    let out = match TwoParts.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(state, out),
        OpsKind::UnTracked(prepared) => prepared.finish(out),
    };
    Tensor::from_primitive::<Autodiff<Flex>>(out)
}

/// [`conv3x3`] in plain tensor operations: the path of the other backends, and the reference of
/// the tests.
pub(super) fn conv3x3_in_tensors(
    image: Tensor<4>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    activation: Activation,
) -> Tensor<4> {
    let [_, _, _, inputs] = image.dims();
    let [_, outputs] = weight.dims();
    let kernel = weight.reshape([3, 3, inputs, outputs]).permute([3, 2, 0, 1]);
    let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
    let out = conv2d(image.permute([0, 3, 1, 2]), kernel, Some(bias), options);
    let out = out.permute([0, 2, 3, 1]);
    match activation {
        Activation::Identity => out,
        Activation::Relu => activation::relu(out),
    }
}

/// Each pixel repeated in a 2x2 square: [b, h, w, c] to [b, 2h, 2w, c].
pub(super) fn upsample(half: Tensor<4>) -> Tensor<4> {
    let [batch, height, width, channels] = half.dims();
    half.reshape([batch, height, 1, width, 1, channels]).repeat(&[1, 1, 2, 1, 2, 1]).reshape([
        batch,
        2 * height,
        2 * width,
        channels,
    ])
}
