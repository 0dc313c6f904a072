//! The input weight that a data set asks for.

use equipoise_data::ImageSet;
use equipoise_encoder::network::{NetworkConfig, color_channels, input_channels};

use crate::{OrStudyError, StudyError};

/// In what a network that images are reconstructed from differs from the default, as TOML.
pub(crate) const OF_IMAGES: &str = include_str!("../presets/reconstruct.toml");

/// The table `network` of [`OF_IMAGES`].
///
/// # Errors
/// The reason, if it has none.
pub(crate) fn of_images() -> Result<toml::Table, String> {
    let mut all: toml::Table = toml::from_str(OF_IMAGES).map_err(|e| e.message().to_owned())?;
    match all.remove("network") {
        Some(toml::Value::Table(network)) => Ok(network),
        _ => Err("no table `network`".to_owned()),
    }
}

/// The network with the input weight that brings these images to its `input.drive`.
///
/// # Errors
/// [`StudyError::Settings`] if no weight does.
pub(crate) fn driven(
    config: &NetworkConfig,
    images: &ImageSet,
) -> Result<NetworkConfig, StudyError> {
    let color = config.input.color;
    let channels = input_channels(images.shape, color);
    let mut pixels = vec![0.0; images.shape.pixels()];
    let mut sum = 0.0;
    for index in 0..images.len() {
        images.write_intensities(index, &mut pixels);
        let channels = color_channels(&pixels, images.shape, color);
        sum += channels.iter().map(|&x| f64::from(x)).sum::<f64>();
    }
    let mean = sum / (images.len() * channels).max(1) as f64;
    config.with_drive(mean, channels).or_settings()
}
