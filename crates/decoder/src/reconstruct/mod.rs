//! Reconstructors: from spikes back to the image.

mod config;
mod features;
mod layers;
pub mod loss;
mod model;
pub mod ops;
mod reconstructor;
mod unet;
mod vae;
#[cfg(test)]
mod tests;
pub mod weights;

pub use config::{ConfigError, DecoderConfig, DecoderKind, ImageShape, Output};
pub use features::{
    CountTable, FeatureConfig, FeatureError, FeatureKind, Normaliser, SpikeFeatures, Transform,
};
pub use layers::Draws;
pub use model::{Decoded, DecoderModel};
pub use reconstructor::{Fitted, Pairs, Reconstructor};
pub use unet::MlpUnet;
pub use vae::{Latent, MlpVae};
