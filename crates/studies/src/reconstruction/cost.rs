//! Seconds that one core is expected to need for the units of a comparison.

use equipoise_encoder::images::EncoderConfig;

use super::Settings;
use super::images::Images;
use super::method::Method;
use crate::cost;

/// To train a decoder on a pixel of an image once.
const PER_TRAINED_PIXEL: f64 = 5e-7;
/// To add a pixel of an image to a regression.
const PER_FITTED_PIXEL: f64 = 1e-7;

/// For a network to run for some milliseconds.
fn one(network: &EncoderConfig, duration_ms: f64) -> f64 {
    match network {
        EncoderConfig::Pair(network) => cost::simulation(network, duration_ms),
        EncoderConfig::Populations(network) => {
            let all = duration_ms + network.image.warm_up;
            cost::populations(&network.network) * all / 1000.0
        }
    }
}

/// For one second of a network.
pub(super) fn activity(network: &EncoderConfig) -> f64 {
    one(network, 1000.0)
}

/// For the spikes of all images.
pub(super) fn encoding(network: &EncoderConfig, images: &Images) -> f64 {
    let count = images.train.len() + images.validation.len() + images.test.len();
    count as f64 * one(network, network.duration())
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
