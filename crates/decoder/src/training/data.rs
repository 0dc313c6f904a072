//! What a decoder is trained on, and what is wrong with it if it cannot be.

use crate::reconstruct::FeatureError;
use crate::reconstruct::layout::push_channels_last;
use burn::tensor::{Device, Tensor, TensorData};
use equipoise_data::ImageShape;
use std::fmt;

/// Features and the images that belong to them.
#[derive(Debug, Clone, Copy)]
pub struct Examples<'a> {
    /// Number of images.
    pub images: usize,
    /// Normalised features [images, n].
    pub features: &'a [f32],
    /// Intensities in [0, 1], [images, channels, height, width].
    pub targets: &'a [f32],
}

impl Examples<'_> {
    /// The features and targets of some images as tensors.
    pub(super) fn batch(
        &self,
        images: &[usize],
        features: usize,
        shape: ImageShape,
        device: &Device,
    ) -> (Tensor<2>, Tensor<4>) {
        let (mut x, mut y) = (Vec::new(), Vec::new());
        for &i in images {
            x.extend_from_slice(&self.features[i * features..][..features]);
            push_channels_last(
                &self.targets[i * shape.pixels()..][..shape.pixels()],
                shape,
                &mut y,
            );
        }
        let x = TensorData::new(x, [images.len(), features]);
        let y = TensorData::new(y, [images.len(), shape.height, shape.width, shape.channels]);
        (Tensor::from_data(x, device), Tensor::from_data(y, device))
    }
}

/// One of the two sets of a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// The images that the weights are fitted to.
    Training,
    /// The images that choose the epoch.
    Validation,
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Set::Training => "training",
            Set::Validation => "validation",
        })
    }
}

/// Why nothing can be trained on data.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DataError {
    /// A set without images.
    #[error("the {0} set has no images")]
    NoImages(Set),
    /// Features that are not as many for every image.
    #[error(
        "the {set} set has {features} features in all, which {images} images cannot share evenly"
    )]
    Uneven {
        /// The set.
        set: Set,
        /// Its features in all.
        features: usize,
        /// Its images.
        images: usize,
    },
    /// Intensities that are not those of the images.
    #[error("the {set} set has {found} intensities; {images} images of {shape} have {wanted}")]
    Intensities {
        /// The set.
        set: Set,
        /// Its intensities.
        found: usize,
        /// Its images.
        images: usize,
        /// Their shape.
        shape: ImageShape,
        /// The intensities of so many images.
        wanted: usize,
    },
    /// Sets with different features.
    #[error("training images have {training} features, validation images {validation}")]
    Unequal {
        /// Features of a training image.
        training: usize,
        /// Features of a validation image.
        validation: usize,
    },
    /// Sets with images of different shapes.
    #[error("training images are of {training}, validation images of {validation}")]
    Shapes {
        /// The shape of the training images.
        training: ImageShape,
        /// The shape of the validation images.
        validation: ImageShape,
    },
    /// A feature that is no number.
    #[error("feature {feature} of {set} image {image} is not finite")]
    NotFinite {
        /// The set.
        set: Set,
        /// The image, from 0.
        image: usize,
        /// The feature, from 0.
        feature: usize,
    },
    /// An intensity outside 0 to 1.
    #[error("{set} image {image} has the intensity {intensity}, not in [0, 1]")]
    Intensity {
        /// The set.
        set: Set,
        /// The image, from 0.
        image: usize,
        /// The intensity.
        intensity: f32,
    },
    /// Features that cannot be normalised.
    #[error(transparent)]
    Normalise(#[from] FeatureError),
}

/// Checks the sizes and the numbers; the number of features.
pub(super) fn check_data(
    shape: ImageShape,
    training: Examples<'_>,
    validation: Examples<'_>,
) -> Result<usize, DataError> {
    let mut features = 0;
    for (set, data) in [(Set::Training, training), (Set::Validation, validation)] {
        let Examples { images, features: values, targets } = data;
        if images == 0 {
            return Err(DataError::NoImages(set));
        }
        if !values.len().is_multiple_of(images) || values.is_empty() {
            return Err(DataError::Uneven { set, features: values.len(), images });
        }
        let wanted = images.saturating_mul(shape.pixels());
        if targets.len() != wanted {
            let found = targets.len();
            return Err(DataError::Intensities { set, found, images, shape, wanted });
        }
        let each = values.len() / images;
        if features != 0 && each != features {
            return Err(DataError::Unequal { training: features, validation: each });
        }
        features = each;
        if let Some(i) = values.iter().position(|v| !v.is_finite()) {
            return Err(DataError::NotFinite { set, image: i / each, feature: i % each });
        }
        if let Some(i) = targets.iter().position(|v| !(0.0..=1.0).contains(v)) {
            let (image, intensity) = (i / shape.pixels(), targets[i]);
            return Err(DataError::Intensity { set, image, intensity });
        }
    }
    Ok(features)
}
