//! Reconstructors: from the spikes of a population back to the image that it was shown.
//!
//! # The networks
//!
//! Counts of spikes become features z, by [`FeatureConfig`]: transformed, and each brought to mean 0
//! and standard deviation 1 over the training images. Fully connected layers read them,
//!
//! ```text
//! h_0 = z;  h_l = act(h_(l-1) W_l + b_l)
//! MLP + U-Net   map = h_L W + b, as an image;      x = out(map + UNet(map))
//! MLP + VAE     mu = h_L W_m + b_m,  log var = h_L W_v + b_v - 4;  c ~ N(mu, var);  x = out(D(c))
//! ```
//!
//! with a U-Net of `depth` levels of two 3x3 convolutions each, or a decoder D of fully connected
//! layers and two upsampling convolutions. The loss of an image y is
//!
//! ```text
//! L = (1 - s) MSE(x, y) + s (1 - SSIM(x, y)) + beta KL(N(mu, var) || N(0, I)) / pixels
//! ```
//!
//! Training starts at the ridge regression from the features to the images ([`LinearStart`]), which
//! is also what a decoder has to beat ([`LinearReconstructor`], [`controls`]).
//!
//! # Parameters
//!
//! Those of [`DecoderConfig`]; those of the training are at [`crate::training`].
//!
//! | name | symbol | unit | default | meaning |
//! |---|---|---|---|---|
//! | `kind` | | | mlp-unet | which of the two networks |
//! | `hidden` | | units | 512, 512 | sizes of the layers h_1 ... h_L |
//! | `hidden_activation` | act | | identity | their non-linearity |
//! | `feature_dropout` | | | 0 | share of the features set to 0 in training |
//! | `dropout` | | | 0 | share of the hidden units switched off in training |
//! | `channels` | | | 16 | of the U-Net's first level, of the VAE's last |
//! | `depth` | | | 2 | times that the U-Net halves the image |
//! | `latent` | | dimensions | 64 | of the code c |
//! | `beta` | beta | 1/nat | 0.001 | weight of the divergence |
//! | `ssim_share` | s | | 0 | share of 1 - SSIM in the loss |
//! | `residual` | | | true | whether the map is added to what the U-Net gives |
//! | `start` | | | ridge | what the layers that read the spikes start from |
//! | `output` | out | | linear or sigmoid | the last non-linearity |
//!
//! # Example
//!
//! The crate's page trains one. A saved one reconstructs new spikes:
//!
//! ```no_run
//! use burn::tensor::Device;
//! use equipoise_data::Counts;
//! use equipoise_decoder::reconstruct::Reconstructor;
//!
//! let reconstructor = Reconstructor::load("decoder.safetensors".as_ref(), &Device::flex())?;
//! // The counts of 1000 neurons in one bin of 200 ms, for three images.
//! let counts = Counts::new(1000, 1, 200.0, vec![2; 3000])?;
//! let features = reconstructor.features.extract(&counts)?;
//! let images = reconstructor.predict(&features)?;
//! assert_eq!(images.len(), 3 * reconstructor.shape.pixels());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it is not made for
//!
//! Images whose sides cannot be halved `depth` times (twice for the VAE); video; generating images
//! that look real rather than reconstructing those that were shown.
//!
//! # References
//!
//! * Zhang, Jia, Zheng et al. 2020, Neural Networks 125:19: images from spikes.
//! * Ronneberger, Fischer & Brox 2015, MICCAI: U-Net. Zhang et al. 2017, IEEE Trans. Image Process.
//!   26:3142: residual learning.
//! * Kingma & Welling 2014, ICLR: VAE. Wang et al. 2004, IEEE Trans. Image Process. 13:600: SSIM.

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
mod validate;
pub mod weights;

pub use config::{DecoderConfig, DecoderKind, HiddenActivation, Output, Start, UnknownDecoder};
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
pub use validate::ConfigError;
