//! The input weight that a data set asks for.

use equipoise_data::ImageSet;
use equipoise_encoder::network::{NetworkConfig, color_channels, input_channels};

use crate::{OrStudyError, StudyError};

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
