//! Seconds that one core is expected to need for the units of a comparison.

use equipoise_encoder::network::NetworkConfig;

use super::Settings;
use super::images::Images;
use super::method::Method;
use crate::cost;

/// To train a decoder on a pixel of an image once.
const PER_TRAINED_PIXEL: f64 = 5e-7;
/// To add a pixel of an image to a regression.
const PER_FITTED_PIXEL: f64 = 1e-7;

/// For one second of a network.
pub(super) fn activity(network: &NetworkConfig) -> f64 {
    cost::simulation(network, 1000.0)
}

/// For the spikes of all images.
pub(super) fn encoding(network: &NetworkConfig, images: &Images) -> f64 {
    let count = images.train.len() + images.validation.len() + images.test.len();
    count as f64 * cost::simulation(network, network.duration)
}

/// For a cell, once its features are there.
pub(super) fn cell(settings: &Settings, images: &Images, method: Method, repeat: usize) -> f64 {
    let Images { train, validation, test, .. } = images;
    let pixels = train.shape.pixels() as f64;
    match method {
        Method::Decoder { kind, .. } => {
            let epochs = settings.reconstructor(kind, repeat).training.epochs;
            let seen = (epochs * (train.len() + validation.len()) + test.len()) as f64;
            PER_TRAINED_PIXEL * seen * pixels
        }
        Method::Ridge | Method::MeanImage => 1.0 + PER_FITTED_PIXEL * train.len() as f64 * pixels,
    }
}
