//! Controls that say what a decoder itself contributes: the mean image, spikes shuffled across
//! images, and the images themselves as features; and beside these the ridge regression of
//! [`LinearFits::control`](super::LinearFits::control).

use super::features::SpikeFeatures;
use equipoise_data::ImageShape;

/// The mean of `images` [images, size]: the best reconstruction that knows nothing of the spikes.
pub fn mean_image(images: &[f32], size: usize) -> Vec<f32> {
    let count = (images.len() / size.max(1)).max(1) as f64;
    let mut sum = vec![0.0f64; size];
    for image in images.chunks_exact(size.max(1)) {
        sum.iter_mut().zip(image).for_each(|(s, &v)| *s += f64::from(v));
    }
    sum.into_iter().map(|s| (s / count) as f32).collect()
}

/// The features dealt out to other images at random: a decoder trained on these can learn no more
/// than the distribution of images.
pub fn shuffled(features: &SpikeFeatures, seed: u64) -> SpikeFeatures {
    let order =
        equipoise_random::stream(seed, "decoder/shuffled-control", 0).permutation(features.images);
    features.select(&order)
}

/// The images [images, channels, height, width] as features: what the same decoder reaches when
/// no spikes stand between.
pub fn pixels_as_features(images: &[f32], shape: ImageShape) -> SpikeFeatures {
    let features = shape.pixels();
    SpikeFeatures { images: images.len() / features.max(1), features, values: images.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;

    fn features(images: usize, features: usize, name: &str) -> SpikeFeatures {
        let mut s = stream(1, name, 0);
        let values = (0..images * features).map(|_| s.poisson(3.0) as f32).collect();
        SpikeFeatures { images, features, values }
    }

    #[test]
    fn the_mean_image() {
        assert_eq!(mean_image(&[0.0, 1.0, 0.5, 0.0], 2), [0.25, 0.5]);
    }

    #[test]
    fn shuffling_keeps_every_image_once() {
        let all = features(30, 4, "shuffle");
        let mixed = shuffled(&all, 3);
        assert_ne!(mixed, all);
        let sorted = |f: &SpikeFeatures| {
            let mut rows: Vec<Vec<u32>> =
                (0..30).map(|i| f.image(i).iter().map(|v| v.to_bits()).collect()).collect();
            rows.sort_unstable();
            rows
        };
        assert_eq!(sorted(&mixed), sorted(&all));
    }

    #[test]
    fn pixels_are_features_one_by_one() {
        let shape = ImageShape { channels: 1, height: 1, width: 2 };
        let features = pixels_as_features(&[0.0, 0.25, 0.5, 1.0], shape);
        assert_eq!((features.images, features.features), (2, 2));
        assert_eq!(features.image(1), [0.5, 1.0]);
    }
}
