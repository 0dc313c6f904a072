//! One type for both decoders.

use super::config::{DecoderConfig, DecoderKind, Output, Start};
use super::layers::Draws;
use super::loss::reconstruction_loss;
use super::start::LinearStart;
use super::unet::MlpUnet;
use super::vae::{Latent, MlpVae};
use super::weights::Initial;
use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};
use equipoise_data::ImageShape;

/// A decoder, trained or not.
#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one model, and its tensors are elsewhere")]
pub enum DecoderModel {
    /// MLP + U-Net.
    Unet(MlpUnet),
    /// MLP + VAE.
    Vae(MlpVae),
}

/// What a decoder makes of a batch.
#[derive(Debug)]
pub struct Decoded {
    /// Intensities [batch, height, width, channels].
    pub images: Tensor<4>,
    /// The latent distributions of a VAE.
    pub latent: Option<Latent>,
}

impl DecoderModel {
    /// A decoder with the initial weights of `seed`.
    pub fn new(
        config: &DecoderConfig,
        features: usize,
        shape: ImageShape,
        seed: u64,
        device: &Device,
    ) -> Self {
        match config.kind {
            DecoderKind::MlpUnet => {
                let initial = Initial::new(seed, "Unet", device);
                Self::Unet(MlpUnet::new(config, features, shape, &initial))
            }
            DecoderKind::MlpVae => {
                let initial = Initial::new(seed, "Vae", device);
                Self::Vae(MlpVae::new(config, features, shape, &initial))
            }
        }
    }

    /// With this bias of the last layer, so that an untrained decoder gives images of the right
    /// mean intensity: one that starts too bright is driven towards black so hard that its units
    /// die.
    pub(crate) fn with_output_bias(self, bias: &[f32]) -> Self {
        match self {
            Self::Unet(model) => Self::Unet(model.with_output_bias(bias)),
            Self::Vae(model) => Self::Vae(model.with_output_bias(bias)),
        }
    }

    /// At a linear reconstruction. What the start does not need stays random, so that training can
    /// make use of it.
    pub fn started_at(self, start: &LinearStart) -> Self {
        match self {
            Self::Unet(model) => Self::Unet(model.started_at(start)),
            Self::Vae(model) => Self::Vae(model.started_at(start)),
        }
    }

    /// Images from features [batch, n]; `draws` is given in training.
    pub fn forward(
        &self,
        config: &DecoderConfig,
        features: Tensor<2>,
        draws: Option<&Draws<'_>>,
    ) -> Decoded {
        let (images, latent) = match self {
            Self::Unet(model) => (model.forward(features, draws), None),
            Self::Vae(model) => {
                let (images, latent) = model.forward(features, draws);
                (images, Some(latent))
            }
        };
        Decoded { images: bounded(config, images), latent }
    }
}

/// The numbers before the output's non-linearity that give the mean intensity of each channel of
/// `images` [images, channels, height, width]; 0 where the last layer adds to a map that has it.
pub(crate) fn mean_output(config: &DecoderConfig, images: &[f32], shape: ImageShape) -> Vec<f32> {
    let plane = shape.height * shape.width;
    let count = (images.len() / shape.channels) as f64;
    (0..shape.channels)
        .map(|c| {
            let planes = images.chunks_exact(plane).skip(c).step_by(shape.channels);
            let sum: f64 = planes.flatten().map(|&v| f64::from(v)).sum();
            let mean = (sum / count).clamp(0.01, 0.99);
            if config.refines() && config.start == Start::Ridge {
                return 0.0;
            }
            match config.output() {
                Output::Linear => mean as f32,
                Output::Sigmoid => libm::log(mean / (1.0 - mean)) as f32,
            }
        })
        .collect()
}

/// The output's non-linearity.
pub(super) fn bounded(config: &DecoderConfig, images: Tensor<4>) -> Tensor<4> {
    match config.output() {
        Output::Linear => images,
        Output::Sigmoid => activation::sigmoid(images),
    }
}

impl Decoded {
    /// Loss of each image, `[batch]`: (1 - s) MSE + s (1 - SSIM) + beta KL / pixels.
    pub fn losses(&self, config: &DecoderConfig, target: Tensor<4>) -> Tensor<1> {
        let [_, height, width, channels] = target.dims();
        let loss = reconstruction_loss(self.images.clone(), target, config.ssim_share);
        match &self.latent {
            Some(latent) => {
                let weight = config.beta / (height * width * channels) as f64;
                loss + latent.divergence() * weight
            }
            None => loss,
        }
    }
}
