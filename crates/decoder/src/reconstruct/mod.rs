//! Reconstructors: from spikes back to the image.

mod config;
pub mod controls;
mod features;
mod layers;
pub(crate) mod layout;
mod linear;
pub mod loss;
pub(crate) mod model;
pub mod ops;
mod pairs;
mod reconstructor;
mod size;
mod start;
mod stored;
#[cfg(test)]
mod tests;
mod unet;
mod vae;
pub mod weights;

pub use config::{ConfigError, DecoderConfig, DecoderKind, HiddenActivation, Output, Start};
pub use equipoise_data::ImageShape;
pub use features::{
    FeatureConfig, FeatureError, FeatureKind, Normaliser, SpikeFeatures, Transform,
};
pub use layers::Draws;
pub use linear::{LinearFits, LinearReconstructor, RidgeConfig};
pub use model::{Decoded, DecoderModel};
pub use pairs::Pairs;
pub use reconstructor::{Fitted, Reconstructor, ReconstructorConfig};
pub use size::{MOST_ACTIVATIONS, MOST_PARAMETERS, MOST_SIDE, SizeError};
pub use start::LinearStart;
pub use stored::ModelError;
pub use unet::MlpUnet;
pub use vae::{Latent, MlpVae};
