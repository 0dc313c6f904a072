//! MLP + VAE: spike counts, fully connected layers, a latent normal distribution, and from a
//! sample of it back to the image (Kingma & Welling 2014, ICLR).

use super::config::{DecoderConfig, VAE_UPSAMPLINGS};
use super::layers::{Conv, Dense, Draws, Mlp};
use super::start::LinearStart;
use super::weights::{BEFORE_RELU, Initial, LINEAR};
use burn::module::Module;
use burn::tensor::Tensor;
use equipoise_data::ImageShape;

/// Bounds of the log variance, so that its exponential stays finite.
const LOG_VARIANCE: (f32, f32) = (-12.0, 12.0);

/// Log variance of an untrained model: little noise, so that the decoder learns to read the code
/// before the prior pulls it apart.
const FIRST_LOG_VARIANCE: f32 = -4.0;

/// The whole decoder.
///
/// ```text
/// features [batch, n] ── mlp ─┬─ mean ────────────┐
///                             └─ log variance ─ sample ── mlp ── map ── upsample ── upsample ── image
/// ```
#[derive(Module, Debug)]
pub struct MlpVae {
    encoder: Mlp,
    mean: Dense,
    log_variance: Dense,
    decoder: Mlp,
    map: Dense,
    first: Conv,
    second: Conv,
    head: Conv,
    #[module(skip)]
    shape: ImageShape,
    #[module(skip)]
    channels: usize,
}

/// The latent normal distribution of each image, [batch, latent] each.
#[derive(Debug, Clone)]
pub struct Latent {
    /// Mean.
    pub mean: Tensor<2>,
    /// Logarithm of the variance.
    pub log_variance: Tensor<2>,
}

impl Latent {
    /// KL(q || N(0, I)) of each image in nats, `[batch]`:
    /// 1/2 sum (mean² + variance - log variance - 1).
    pub fn divergence(&self) -> Tensor<1> {
        let [batch, _] = self.mean.dims();
        let variance = self.log_variance.clone().exp();
        let terms = self.mean.clone().powi_scalar(2) + variance - self.log_variance.clone() - 1.0;
        terms.sum_dim(1).reshape([batch]) * 0.5
    }
}

impl MlpVae {
    /// For `features` numbers an image.
    pub fn new(
        config: &DecoderConfig,
        features: usize,
        shape: ImageShape,
        initial: &Initial<'_>,
    ) -> Self {
        let last = config.hidden.last().copied().unwrap_or(features);
        let reversed: Vec<usize> = config.hidden.iter().rev().copied().collect();
        let decoded = reversed.last().copied().unwrap_or(config.latent);
        let low = (shape.height * shape.width) >> (2 * VAE_UPSAMPLINGS);
        let channels = config.channels;
        Self {
            encoder: Mlp::new(config, features, &initial.part("encoder")),
            mean: Dense::new(last, config.latent, LINEAR, &initial.part("mean")),
            log_variance: Dense::new(last, config.latent, LINEAR, &initial.part("log_variance")),
            decoder: Mlp::plain(config.latent, &reversed, &initial.part("decoder")),
            map: Dense::new(decoded, low * 4 * channels, BEFORE_RELU, &initial.part("map")),
            first: Conv::new(4 * channels, 2 * channels, BEFORE_RELU, &initial.part("first")),
            second: Conv::new(2 * channels, channels, BEFORE_RELU, &initial.part("second")),
            head: Conv::new(channels, shape.channels, LINEAR, &initial.part("head")),
            shape,
            channels,
        }
    }

    /// With this bias of the last layer.
    pub(super) fn with_output_bias(mut self, bias: &[f32]) -> Self {
        self.head = self.head.with_bias(bias);
        self
    }

    /// With the leading directions of a linear reconstruction as latent means.
    pub(super) fn started_at(mut self, start: &LinearStart) -> Self {
        self.encoder = start.initialise_reader(self.encoder);
        self.mean = start.initialise_latent(self.mean);
        self
    }

    /// The latent distribution of each image from its features [batch, n].
    pub fn encode(&self, features: Tensor<2>, draws: Option<&Draws<'_>>) -> Latent {
        let hidden = self.encoder.forward(features, draws);
        let (low, high) = LOG_VARIANCE;
        Latent {
            mean: self.mean.forward(hidden.clone()),
            log_variance: (self.log_variance.forward(hidden) + FIRST_LOG_VARIANCE).clamp(low, high),
        }
    }

    /// Images from latent codes [batch, latent], before the output's non-linearity.
    pub fn decode(&self, code: Tensor<2>) -> Tensor<4> {
        let [batch, _] = code.dims();
        let (height, width) =
            (self.shape.height >> VAE_UPSAMPLINGS, self.shape.width >> VAE_UPSAMPLINGS);
        let map = self.map.relu(self.decoder.forward(code, None));
        let low = map.reshape([batch, height, width, 4 * self.channels]);
        self.head.forward(self.second.upsample_relu(self.first.upsample_relu(low)))
    }

    /// Images and latent distributions; in training the code is a sample, otherwise the mean.
    pub fn forward(&self, features: Tensor<2>, draws: Option<&Draws<'_>>) -> (Tensor<4>, Latent) {
        let latent = self.encode(features, draws);
        let code = match draws {
            Some(draws) => {
                let mean = latent.mean.clone();
                let noise = draws.normal("decoder/latent", mean.dims()[1], &mean.device());
                mean + (latent.log_variance.clone() * 0.5).exp() * noise
            }
            None => latent.mean.clone(),
        };
        (self.decode(code), latent)
    }
}
