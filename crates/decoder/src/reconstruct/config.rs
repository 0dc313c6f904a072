//! What a decoder is made of: the settings.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The two decoders.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecoderKind {
    /// Fully connected layers to an image-sized map, then a U-Net.
    #[default]
    MlpUnet,
    /// Fully connected layers to a latent code, a variational autoencoder's decoder from there.
    MlpVae,
}

impl DecoderKind {
    /// The name used in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::MlpUnet => "mlp-unet",
            Self::MlpVae => "mlp-vae",
        }
    }

    /// The highest learning rate of its training where none is given, chosen on held-out training
    /// images of MNIST and Fashion-MNIST. A U-Net that starts at the ridge regression is thrown off
    /// its start by 1e-3.
    pub fn learning_rate(self) -> f64 {
        match self {
            Self::MlpUnet => 3e-4,
            Self::MlpVae => 1e-3,
        }
    }
}

impl DecoderKind {
    /// The name in tables and figures.
    pub fn title(self) -> &'static str {
        match self {
            Self::MlpUnet => "MLP + U-Net",
            Self::MlpVae => "MLP + VAE",
        }
    }
}

impl fmt::Display for DecoderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No decoder has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("decoder `{0}` is not one of mlp-unet, mlp-vae")]
pub struct UnknownDecoder(pub String);

impl std::str::FromStr for DecoderKind {
    type Err = UnknownDecoder;

    fn from_str(name: &str) -> Result<Self, UnknownDecoder> {
        match name {
            "mlp-unet" => Ok(Self::MlpUnet),
            "mlp-vae" => Ok(Self::MlpVae),
            _ => Err(UnknownDecoder(name.to_owned())),
        }
    }
}

/// How the last layer's numbers become intensities.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    /// As they are; clamped to [0, 1] only in a finished reconstruction.
    Linear,
    /// Through the logistic function: black and white are reached from afar, not overshot.
    #[default]
    Sigmoid,
}

/// What the layers that read the spikes start from.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// Random weights.
    Random,
    /// The ridge regression from the features to the images, through the leading directions of its
    /// reconstructions: training begins at the best linear reconstruction (U-Net) or its principal
    /// components (VAE). Needs hidden layers without an activation.
    #[default]
    Ridge,
}

/// Non-linearity of the hidden layers that read the spikes.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HiddenActivation {
    /// None: the layers are a linear map of limited rank, as counts of a network in balance, which
    /// responds linearly, ask for.
    #[default]
    Identity,
    /// max(0, x).
    Relu,
}

/// Times that the VAE's decoder doubles the sides of the image.
pub(super) const VAE_UPSAMPLINGS: usize = 2;

/// A decoder and the loss it is trained with.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DecoderConfig {
    /// Which of the two decoders.
    pub kind: DecoderKind,
    /// Sizes of the fully connected layers before the image-sized map (U-Net: the map is the
    /// third layer) or before the latent code (VAE; its decoder has them in reverse).
    pub hidden: Vec<usize>,
    /// Share of the features set to 0 (their mean, where they are standardised) at random in
    /// training, 0 to below 1: no neuron is relied upon alone.
    #[cfg_attr(feature = "schema", schemars(range(min = 0), extend("exclusiveMaximum" = 1)))]
    pub feature_dropout: f64,
    /// Share of the hidden units switched off at random in training, 0 to below 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 0), extend("exclusiveMaximum" = 1)))]
    pub dropout: f64,
    /// Non-linearity of the fully connected layers before the map or the latent code.
    pub hidden_activation: HiddenActivation,
    /// Channels of the U-Net's first level, doubled at each level down; of the VAE's last.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1024)))]
    pub channels: usize,
    /// Times the U-Net halves the image; each side must be divisible by 2 to this power.
    pub depth: usize,
    /// Dimensions of the VAE's latent code.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 65536)))]
    pub latent: usize,
    /// Weight of KL(q || N(0, I)) in the VAE's loss, in nats per pixel.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub beta: f64,
    /// Share of 1 - SSIM in the loss, 0 (mean squared error alone) to 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub ssim_share: f64,
    /// Whether the U-Net gives what is to be added to the map, instead of the image itself: it
    /// then learns what the linear reconstruction lacks (residual learning; Zhang et al. 2017,
    /// IEEE Trans. Image Process. 26:3142).
    pub residual: bool,
    /// What the layers that read the spikes start from.
    pub start: Start,
    /// The last layer's non-linearity; if not given, linear for a residual U-Net, else sigmoid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
}

impl Default for DecoderConfig {
    fn default() -> Self {
        Self {
            kind: DecoderKind::MlpUnet,
            hidden: vec![512, 512],
            feature_dropout: 0.0,
            dropout: 0.0,
            hidden_activation: HiddenActivation::Identity,
            channels: 16,
            depth: 2,
            latent: 64,
            beta: 1e-3,
            ssim_share: 0.0,
            residual: true,
            start: Start::Ridge,
            output: None,
        }
    }
}

impl DecoderConfig {
    /// A decoder small enough to learn a few thousand 28x28 images in tens of seconds.
    pub fn small() -> Self {
        Self { hidden: vec![256, 256], channels: 8, ..Self::default() }
    }

    /// How often the decoder halves the sides of an image, or doubles them up to it: each side must
    /// be divisible by 2 to this power.
    pub fn halvings(&self) -> usize {
        match self.kind {
            DecoderKind::MlpUnet => self.depth,
            DecoderKind::MlpVae => VAE_UPSAMPLINGS,
        }
    }

    /// Whether the U-Net's result is added to its map.
    pub fn refines(&self) -> bool {
        self.kind == DecoderKind::MlpUnet && self.residual
    }

    /// The last layer's non-linearity.
    pub fn output(&self) -> Output {
        let usual = if self.refines() { Output::Linear } else { Output::Sigmoid };
        self.output.unwrap_or(usual)
    }
}
