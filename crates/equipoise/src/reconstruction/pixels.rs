//! Images as the decoder and the measures want them.

use equipoise_encoder::data::ImageSet;

/// Intensities of all images in [0, 1], `[images, channels, height, width]`.
pub fn intensities(images: &ImageSet) -> Vec<f32> {
    let pixels = images.shape.pixels();
    let mut values = vec![0.0; images.len() * pixels];
    for (index, out) in values.chunks_exact_mut(pixels).enumerate() {
        images.write_intensities(index, out);
    }
    values
}
