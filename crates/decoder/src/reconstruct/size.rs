//! How large a decoder is, computed before any memory is taken.

use super::config::{DecoderConfig, DecoderKind, VAE_UPSAMPLINGS};
use equipoise_data::ImageShape;

/// The most parameters of a decoder: half a GiB of weights, and in training nine times that for
/// gradients, means, the best epoch's weights and a checkpoint.
pub const MOST_PARAMETERS: u64 = 1 << 27;

/// The most numbers that the layers give for the images of one pass: 2 GiB, and as much again for
/// their gradients.
pub const MOST_ACTIVATIONS: u64 = 1 << 29;

/// The most pixels along a side, and the most channels, of an image.
pub const MOST_SIDE: usize = 1 << 14;

/// Something of a size that would end in want of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// The weights and biases.
    #[error("the decoder would have {parameters} parameters; {MOST_PARAMETERS} are possible")]
    Parameters {
        /// How many there would be.
        parameters: u64,
    },
    /// What the layers give.
    #[error(
        "the layers would give {activations} numbers for {images} images at once \
         (`batch_size`, `channels`, `hidden`); {MOST_ACTIVATIONS} are possible"
    )]
    Activations {
        /// How many there would be.
        activations: u64,
        /// The images of one pass.
        images: u64,
    },
}

/// Inputs and outputs of every fully connected layer and every convolution (its inputs nine times,
/// one for each pixel that it sees), and how often each output is there.
fn layers(config: &DecoderConfig, features: u64, shape: ImageShape) -> Vec<[u64; 3]> {
    let side = |n: usize| n as u64;
    let (plane, channels) = (side(shape.height) * side(shape.width), side(shape.channels));
    let base = side(config.channels);
    let mut layers = Vec::new();
    let mut mlp = |from: u64, sizes: &mut dyn Iterator<Item = u64>| {
        sizes.fold(from, |from, to| {
            layers.push([from, to, 1]);
            to
        })
    };
    let last = mlp(features, &mut config.hidden.iter().map(|&n| side(n)));
    match config.kind {
        DecoderKind::MlpUnet => {
            layers.push([last, plane * channels, 1]);
            let depth = config.depth.min(16);
            let width = |level: usize| base << level;
            for level in 0..=depth {
                let (width, plane) = (width(level), plane >> (2 * level));
                let above = if level == 0 { channels } else { width / 2 };
                layers.extend([[9 * above, width, plane], [9 * width, width, plane]]);
                if level < depth {
                    layers.extend([[27 * width, width, plane], [9 * width, width, plane]]);
                }
            }
            layers.push([9 * base, channels, plane]);
        }
        DecoderKind::MlpVae => {
            let latent = side(config.latent);
            let last = {
                let reversed = &mut config.hidden.iter().rev().map(|&n| side(n));
                let last_of_reversed = mlp(latent, reversed);
                [last, last_of_reversed]
            };
            let low = plane >> (2 * VAE_UPSAMPLINGS);
            layers.extend([[last[0], latent, 1], [last[0], latent, 1]]);
            layers.push([last[1], low * 4 * base, 1]);
            layers.push([9 * 4 * base, 2 * base, plane >> 2]);
            layers.push([9 * 2 * base, base, plane]);
            layers.push([9 * base, channels, plane]);
        }
    }
    layers
}

/// Weights and biases of a decoder of `features` numbers an image.
pub(super) fn parameters(config: &DecoderConfig, features: usize, shape: ImageShape) -> u64 {
    let sizes = layers(config, features as u64, shape).into_iter();
    let sizes = sizes.map(|[from, to, _]| from.saturating_add(1).saturating_mul(to));
    sizes.fold(0, u64::saturating_add)
}

/// Numbers that all layers give for one image.
fn activations(config: &DecoderConfig, shape: ImageShape) -> u64 {
    layers(config, 1, shape).into_iter().map(|[_, to, times]| to.saturating_mul(times)).sum()
}

/// Checks that a decoder of `features` numbers an image can be trained or used on `images` at once.
/// The settings must have passed all other checks.
pub(super) fn check(
    config: &DecoderConfig,
    features: usize,
    shape: ImageShape,
    images: usize,
) -> Result<(), SizeError> {
    let parameters = parameters(config, features, shape);
    if parameters > MOST_PARAMETERS {
        return Err(SizeError::Parameters { parameters });
    }
    let images = images as u64;
    let activations = activations(config, shape).saturating_mul(images);
    if activations > MOST_ACTIVATIONS {
        return Err(SizeError::Activations { activations, images });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconstruct::DecoderModel;
    use burn::module::Module;
    use burn::tensor::Device;

    #[test]
    fn the_parameters_are_those_of_the_model() {
        let grey = ImageShape { height: 28, width: 28, channels: 1 };
        let colour = ImageShape { height: 32, width: 16, channels: 3 };
        for kind in [DecoderKind::MlpUnet, DecoderKind::MlpVae] {
            for (shape, hidden, depth) in
                [(grey, vec![9], 1), (colour, vec![40, 30, 20], 2), (colour, vec![5, 6], 3)]
            {
                let config = DecoderConfig {
                    kind,
                    hidden,
                    depth,
                    channels: 6,
                    latent: 7,
                    ..Default::default()
                };
                config.validate(shape).unwrap();
                let model = DecoderModel::new(&config, 13, shape, 0, &Device::flex());
                assert_eq!(parameters(&config, 13, shape), model.num_params() as u64, "{config:?}");
            }
        }
    }

    #[test]
    fn the_activations_grow_with_the_images_and_the_channels() {
        let shape = ImageShape { height: 28, width: 28, channels: 1 };
        let config =
            DecoderConfig { hidden: vec![10], depth: 1, channels: 4, ..Default::default() };
        // The hidden layer, the map, two levels of convolutions, and the head.
        let want = 10 + 784 + 4 * 4 * 784 + 2 * 8 * 196 + 784;
        assert_eq!(activations(&config, shape), want);
        assert_eq!(check(&config, 5, shape, (MOST_ACTIVATIONS / want) as usize), Ok(()));
        let many = check(&config, 5, shape, 1_000_000);
        assert!(matches!(many, Err(SizeError::Activations { images: 1_000_000, .. })));
        let wide = DecoderConfig { hidden: vec![1 << 16; 2], ..config };
        assert!(matches!(check(&wide, 5, shape, 1), Err(SizeError::Parameters { .. })));
        assert!(matches!(check(&wide, usize::MAX, shape, 1), Err(SizeError::Parameters { .. })));
    }
}
