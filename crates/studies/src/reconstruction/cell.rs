//! One method on the spikes of one regime in one repetition, and its score on the test images.

use equipoise_data::ImageShape;
use equipoise_decoder::reconstruct::{Reconstructor, SpikeFeatures};
use equipoise_decoder::training::{EpochReport, Finish};
use equipoise_metrics::image::{ImageQuality, SsimOptions, evaluate_images};
use serde::{Deserialize, Serialize};

use super::images::{Images, intensities};
use super::method::Method;
use crate::context::Artefact;
use crate::error::{OrStudyError, StudyError};

/// The features of the three parts.
#[derive(Debug, Clone)]
pub struct FeatureSet {
    /// Of the training images.
    pub train: SpikeFeatures,
    /// Of the validation images.
    pub validation: SpikeFeatures,
    /// Of the test images.
    pub test: SpikeFeatures,
}

/// How well a cell reconstructs the test images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Repetition, from 0.
    pub repeat: usize,
    /// The regime; none where no spikes are used.
    pub regime: Option<String>,
    /// What reconstructs.
    pub method: Method,
    /// Quality of each test image, in order.
    pub quality: Vec<ImageQuality>,
    /// The training, epoch by epoch; empty where there is none.
    pub history: Vec<Epoch>,
    /// Why training ended.
    pub finish: Option<Finish>,
    /// A few images by index, with their reconstructions (0..=255, planes).
    pub pictures: Vec<(usize, Vec<u8>)>,
    /// The best, the median and the worst reconstructions by PSNR, a few of each.
    pub extremes: [Vec<(usize, Vec<u8>)>; 3],
    /// What a VAE makes of codes that no image gave.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub latent: Option<LatentPictures>,
    /// The file of the model; none where there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub model: Option<Artefact>,
    /// The file of the reconstructions that are kept; see [`reconstructions`](super::reconstructions).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reconstructions: Option<Artefact>,
}

/// What one epoch of a training came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// From 1.
    pub epoch: usize,
    /// Mean loss over the training images, as they were seen.
    pub train_loss: f64,
    /// Mean loss over the validation images.
    pub validation_loss: f64,
    /// Mean squared error over the validation images.
    pub validation_mse: f64,
    /// Learning rate of its last update.
    pub learning_rate: f64,
    /// Whether the validation loss was the lowest so far.
    pub best: bool,
}

impl From<&EpochReport> for Epoch {
    fn from(told: &EpochReport) -> Self {
        Self {
            epoch: told.epoch,
            train_loss: told.train_loss,
            validation_loss: told.validation_loss,
            validation_mse: told.validation_mse,
            learning_rate: told.learning_rate,
            best: told.best,
        }
    }
}

/// Images (0..=255, planes) that a VAE makes of latent codes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LatentPictures {
    /// From codes drawn from the prior.
    pub samples: Vec<Vec<u8>>,
    /// From the code of one image, with one dimension at a time (its number first) moved through
    /// [`TRAVERSAL`]; the dimensions whose means vary most.
    pub traversals: Vec<(usize, Vec<Vec<u8>>)>,
}

/// The values that a latent dimension is moved through, in standard deviations of the prior.
pub const TRAVERSAL: [f32; 7] = [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0];

impl Score {
    /// The mean over images of one measure.
    pub fn mean(&self, of: impl Fn(&ImageQuality) -> f64) -> f64 {
        self.quality.iter().map(of).sum::<f64>() / self.quality.len().max(1) as f64
    }

    /// One measure of every test image.
    pub fn values(&self, of: impl Fn(&ImageQuality) -> f64) -> Vec<f64> {
        self.quality.iter().map(of).collect()
    }

    /// The numbers of the images that are shown with their reconstructions.
    pub fn shown(&self) -> impl Iterator<Item = usize> {
        self.pictures.iter().chain(self.extremes.iter().flatten()).map(|(index, _)| *index)
    }

    /// The name of the cell in files.
    pub fn label(repeat: usize, regime: Option<&str>, method: Method) -> String {
        match regime {
            Some(regime) => format!("{}-{regime}-{}", repeat + 1, method.key()),
            None => format!("{}-{}", repeat + 1, method.key()),
        }
    }
}

/// The intensities of the parts, `[images, channels, height, width]`, made once for all cells.
#[derive(Debug)]
pub struct Targets {
    /// Of the training images.
    pub train: Vec<f32>,
    /// Of the validation images.
    pub validation: Vec<f32>,
    /// Of the test images.
    pub test: Vec<f32>,
}

impl Targets {
    /// Reads the images.
    pub fn of(images: &Images) -> Self {
        Self {
            train: intensities(&images.train),
            validation: intensities(&images.validation),
            test: intensities(&images.test),
        }
    }
}

/// The quality of reconstructions, both `[images, channels, height, width]`.
///
/// # Errors
/// [`StudyError::Failed`] if a reconstruction is not finite or [`check_shape`] was not heeded.
pub fn score(
    shape: ImageShape,
    originals: &[f32],
    predicted: &[f32],
) -> Result<Vec<ImageQuality>, StudyError> {
    score_with(shape, originals, predicted, &SsimOptions::default())
}

/// [`score`] with another SSIM.
///
/// # Errors
/// As [`score`].
pub fn score_with(
    shape: ImageShape,
    originals: &[f32],
    predicted: &[f32],
    ssim: &SsimOptions,
) -> Result<Vec<ImageQuality>, StudyError> {
    let shape = (shape.channels, shape.height, shape.width);
    evaluate_images(originals, predicted, shape, ssim).or_failed()
}

/// Whether images of this shape can be scored.
///
/// # Errors
/// [`StudyError::Input`] if they are smaller than the window of SSIM.
pub fn check_shape(shape: ImageShape) -> Result<(), StudyError> {
    let shape = (shape.channels, shape.height, shape.width);
    evaluate_images(&[], &[], shape, &SsimOptions::default()).map(|_| ()).or_input()
}

/// The pictures of a few images, 0..=255.
pub fn pictures(predicted: &[f32], pixels: usize, chosen: &[usize]) -> Vec<(usize, Vec<u8>)> {
    chosen.iter().map(|&i| (i, bytes(&predicted[i * pixels..(i + 1) * pixels]))).collect()
}

/// Intensities as 0..=255.
fn bytes(intensities: &[f32]) -> Vec<u8> {
    intensities.iter().map(|x| (x.clamp(0.0, 1.0) * 255.0).round() as u8).collect()
}

/// The `count` best, median and worst images by PSNR; equal ones in their order.
pub fn extremes(quality: &[ImageQuality], count: usize) -> [Vec<usize>; 3] {
    let mut order: Vec<usize> = (0..quality.len()).collect();
    order.sort_by(|&a, &b| quality[b].psnr.total_cmp(&quality[a].psnr));
    let count = count.min(order.len());
    let middle = (order.len() - count) / 2;
    [
        order[..count].to_vec(),
        order[middle..middle + count].to_vec(),
        order[order.len() - count..].to_vec(),
    ]
}

/// Latent dimensions that are shown.
const SHOWN_DIMENSIONS: usize = 6;
/// Samples of the prior that are shown.
const SHOWN_SAMPLES: usize = 20;

/// What a VAE makes of codes of the prior, and of the code of `features`' first image with single
/// dimensions moved; none for another decoder.
///
/// # Errors
/// [`StudyError::Failed`] if the features are not those of the decoder.
pub fn latent_pictures(
    decoder: &Reconstructor,
    features: &SpikeFeatures,
    seed: u64,
) -> Result<Option<LatentPictures>, StudyError> {
    let Some(means) = decoder.latent_means(features).or_failed()? else { return Ok(None) };
    let latent = decoder.config.latent;
    let pixels = decoder.shape.pixels();
    let split = |images: Vec<f32>| images.chunks_exact(pixels).map(bytes).collect::<Vec<_>>();
    let mut spread: Vec<(usize, f64)> = (0..latent)
        .map(|d| {
            let column = means.iter().skip(d).step_by(latent).map(|&m| f64::from(m));
            let (sum, square) = column.fold((0.0, 0.0), |(s, q), m| (s + m, q + m * m));
            let n = features.images.max(1) as f64;
            (d, square / n - (sum / n).powi(2))
        })
        .collect();
    spread.sort_by(|a, b| b.1.total_cmp(&a.1));
    let code = &means[..latent];
    let mut traversals = Vec::new();
    for &(dimension, _) in spread.iter().take(SHOWN_DIMENSIONS) {
        if let Some(images) = decoder.traverse(code, dimension, &TRAVERSAL).or_failed()? {
            traversals.push((dimension, split(images)));
        }
    }
    let samples = decoder.sample_prior(SHOWN_SAMPLES, seed).map(split).unwrap_or_default();
    Ok(Some(LatentPictures { samples, traversals }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_are_the_ends_and_the_middle() {
        let quality: Vec<ImageQuality> = [20.0, 25.0, 10.0, 30.0, 15.0]
            .map(|psnr| ImageQuality { mse: 0.1, psnr, ssim: 0.5 })
            .to_vec();
        assert_eq!(extremes(&quality, 1), [vec![3], vec![0], vec![2]]);
        assert_eq!(extremes(&quality, 9)[0], [3, 1, 0, 4, 2]);
    }
}
