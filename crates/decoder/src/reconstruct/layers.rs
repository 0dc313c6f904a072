//! The layers that the decoders are made of.

use super::config::{DecoderConfig, HiddenActivation};
use super::ops::{Activation, conv3x3, join_conv3x3, upsample_conv3x3};
use super::weights::{BEFORE_RELU, Initial, LINEAR, replaced};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, activation};

/// A fully connected layer: [batch, inputs] to [batch, outputs].
#[derive(Module, Debug)]
pub struct Dense {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

impl Dense {
    /// A layer with weights of variance `gain` / inputs.
    pub fn new(inputs: usize, outputs: usize, gain: f64, initial: &Initial<'_>) -> Self {
        Self { weight: initial.weight(inputs, outputs, gain), bias: initial.bias(outputs) }
    }

    /// With other numbers: `weight` is given the outputs of a row and the row-major weights,
    /// `bias` the bias.
    pub(super) fn with(
        self,
        weight: impl FnOnce(usize, &mut [f32]),
        bias: impl FnOnce(&mut [f32]),
    ) -> Self {
        let [_, outputs] = self.weight.val().dims();
        Self {
            weight: replaced(self.weight, |values| weight(outputs, values)),
            bias: replaced(self.bias, bias),
        }
    }

    /// x W + b.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        x.matmul(self.weight.val()) + self.bias.val().unsqueeze()
    }

    /// max(0, x W + b).
    pub fn relu(&self, x: Tensor<2>) -> Tensor<2> {
        activation::relu(self.forward(x))
    }
}

/// A 3x3 convolution with zeros around the image, channels last.
#[derive(Module, Debug)]
pub struct Conv {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

impl Conv {
    /// A layer with weights of variance `gain` / (9 inputs).
    pub fn new(inputs: usize, outputs: usize, gain: f64, initial: &Initial<'_>) -> Self {
        Self { weight: initial.weight(9 * inputs, outputs, gain), bias: initial.bias(outputs) }
    }

    /// With this bias.
    pub(super) fn with_bias(self, bias: &[f32]) -> Self {
        Self { bias: replaced(self.bias, |values| values.copy_from_slice(bias)), ..self }
    }

    /// With weights and biases of 0.
    pub(super) fn zeroed(self) -> Self {
        Self {
            weight: replaced(self.weight, |values| values.fill(0.0)),
            bias: replaced(self.bias, |values| values.fill(0.0)),
        }
    }

    /// The convolution alone.
    pub fn forward(&self, image: Tensor<4>) -> Tensor<4> {
        conv3x3(image, self.weight.val(), self.bias.val(), Activation::Identity)
    }

    /// The convolution, then ReLU.
    pub fn relu(&self, image: Tensor<4>) -> Tensor<4> {
        conv3x3(image, self.weight.val(), self.bias.val(), Activation::Relu)
    }

    /// The images upsampled to twice their size, the convolution, then ReLU.
    pub fn upsample_relu(&self, image: Tensor<4>) -> Tensor<4> {
        upsample_conv3x3(image, self.weight.val(), self.bias.val(), Activation::Relu)
    }

    /// The channels of `skip` and those of `low`, upsampled to its size, then as [`relu`](Self::relu).
    pub fn join_relu(&self, skip: Tensor<4>, low: Tensor<4>) -> Tensor<4> {
        join_conv3x3(skip, low, self.weight.val(), self.bias.val(), Activation::Relu)
    }
}

/// Fully connected layers, and dropout before the first and after each in training.
#[derive(Module, Debug)]
pub struct Mlp {
    layers: Vec<Dense>,
    #[module(skip)]
    activation: HiddenActivation,
    #[module(skip)]
    feature_dropout: f64,
    #[module(skip)]
    dropout: f64,
}

impl Mlp {
    /// The layers that read `features` numbers an image.
    pub fn new(config: &DecoderConfig, features: usize, initial: &Initial<'_>) -> Self {
        let gain = match config.hidden_activation {
            HiddenActivation::Identity => LINEAR,
            HiddenActivation::Relu => BEFORE_RELU,
        };
        Self {
            layers: dense_layers(features, &config.hidden, gain, initial),
            activation: config.hidden_activation,
            feature_dropout: config.feature_dropout,
            dropout: config.dropout,
        }
    }

    /// Layers with ReLU and no dropout from `inputs` through `sizes`.
    pub fn plain(inputs: usize, sizes: &[usize], initial: &Initial<'_>) -> Self {
        Self {
            layers: dense_layers(inputs, sizes, BEFORE_RELU, initial),
            activation: HiddenActivation::Relu,
            feature_dropout: 0.0,
            dropout: 0.0,
        }
    }

    /// With other numbers: `first` changes the layer that reads the input, `later` those after it.
    pub(super) fn with(
        self,
        first: impl Fn(Dense) -> Dense,
        later: impl Fn(Dense) -> Dense,
    ) -> Self {
        let change = |(index, layer)| if index == 0 { first(layer) } else { later(layer) };
        Self { layers: self.layers.into_iter().enumerate().map(change).collect(), ..self }
    }

    /// [batch, inputs] to [batch, last size]. `draws` is given in training.
    pub fn forward(&self, mut x: Tensor<2>, draws: Option<&Draws<'_>>) -> Tensor<2> {
        let drop = |x: Tensor<2>, share: f64, purpose: &str| match draws {
            Some(draws) if share > 0.0 => {
                let mask = draws.mask(purpose, x.dims()[1], 1.0 - share, &x.device());
                x * mask
            }
            _ => x,
        };
        x = drop(x, self.feature_dropout, "decoder/feature-dropout");
        for (index, layer) in self.layers.iter().enumerate() {
            x = match self.activation {
                HiddenActivation::Identity => layer.forward(x),
                HiddenActivation::Relu => layer.relu(x),
            };
            x = drop(x, self.dropout, &format!("decoder/dropout/{index}"));
        }
        x
    }
}

fn dense_layers(inputs: usize, sizes: &[usize], gain: f64, initial: &Initial<'_>) -> Vec<Dense> {
    let initial = initial.part("layers");
    let froms = std::iter::once(&inputs).chain(sizes);
    let layer = |(index, (&from, &to))| Dense::new(from, to, gain, &initial.part(index));
    froms.zip(sizes).enumerate().map(layer).collect()
}

/// The random numbers of one training step: functions of (seed, epoch, image), so that neither
/// the batch size nor the number of threads nor a resume changes them.
#[derive(Debug, Clone, Copy)]
pub struct Draws<'a> {
    /// Seed of the training.
    pub seed: u64,
    /// Epoch, from 0.
    pub epoch: usize,
    /// The images of the batch, as numbered in the training set.
    pub images: &'a [usize],
}

impl Draws<'_> {
    /// [batch, size] numbers drawn one by one, image by image.
    fn fill(
        &self,
        purpose: &str,
        size: usize,
        device: &Device,
        draw: impl Fn(&mut equipoise_random::Stream) -> f32,
    ) -> Tensor<2> {
        let mut values = Vec::with_capacity(self.images.len() * size);
        for &image in self.images {
            let index = ((self.epoch as u64) << 32) | image as u64;
            let mut stream = equipoise_random::stream(self.seed, purpose, index);
            values.extend((0..size).map(|_| draw(&mut stream)));
        }
        let data = burn::tensor::TensorData::new(values, [self.images.len(), size]);
        Tensor::from_data(data, device)
    }

    /// Standard normal numbers [batch, size].
    pub fn normal(&self, purpose: &str, size: usize, device: &Device) -> Tensor<2> {
        self.fill(purpose, size, device, |stream| stream.normal() as f32)
    }

    /// 1 / keep with probability `keep`, else 0: [batch, size].
    pub fn mask(&self, purpose: &str, size: usize, keep: f64, device: &Device) -> Tensor<2> {
        let kept = (1.0 / keep) as f32;
        self.fill(purpose, size, device, |stream| if stream.bernoulli(keep) { kept } else { 0.0 })
    }
}
