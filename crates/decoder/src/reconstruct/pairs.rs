//! Features and images that belong together.

use super::features::SpikeFeatures;
use equipoise_data::ImageShape;

/// Features of images and the images themselves.
#[derive(Debug, Clone, Copy)]
pub struct Pairs<'a> {
    /// Features as [`FeatureConfig::extract`](super::FeatureConfig::extract) gives them.
    pub features: &'a SpikeFeatures,
    /// Intensities in [0, 1], [images, channels, height, width].
    pub images: &'a [f32],
    /// Shape of an image.
    pub shape: ImageShape,
}
