//! Images outside the decoders are stored channel by channel, inside pixel by pixel.

use equipoise_data::ImageShape;

/// Appends an image [channels, height, width] as [height, width, channels].
pub(crate) fn push_channels_last(image: &[f32], shape: ImageShape, out: &mut Vec<f32>) {
    let ImageShape { channels, height, width } = shape;
    if channels == 1 {
        out.extend_from_slice(image);
        return;
    }
    let plane = height * width;
    out.extend((0..plane).flat_map(|pixel| (0..channels).map(move |c| image[c * plane + pixel])));
}

/// Appends an image [height, width, channels] as [channels, height, width].
pub(crate) fn push_channels_first(image: &[f32], shape: ImageShape, out: &mut Vec<f32>) {
    let ImageShape { channels, height, width } = shape;
    if channels == 1 {
        out.extend_from_slice(image);
        return;
    }
    let plane = height * width;
    out.extend(
        (0..channels).flat_map(|c| (0..plane).map(move |pixel| image[pixel * channels + c])),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let shape = ImageShape { channels: 3, height: 2, width: 2 };
        let image: Vec<f32> = (0..12u8).map(f32::from).collect();
        let (mut last, mut first) = (Vec::new(), Vec::new());
        push_channels_last(&image, shape, &mut last);
        assert_eq!(last[..4], [0.0, 4.0, 8.0, 1.0]);
        push_channels_first(&last, shape, &mut first);
        assert_eq!(first, image);
    }
}
