//! One method on the spikes of one regime in one repetition, and its score on the test images.

use equipoise_decoder::reconstruct::SpikeFeatures;
use equipoise_decoder::training::{EpochReport, Finish};
use equipoise_encoder::data::ImageShape;
use equipoise_metrics::image::{ImageQuality, SsimOptions, evaluate_images};
use serde::{Deserialize, Serialize};

use super::images::{Images, intensities};
use crate::failure::{Failure, OrFail, Outcome};

/// What reconstructs in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The decoder on the regime's spikes.
    Decoder,
    /// Ridge regression on the regime's spikes.
    Ridge,
    /// The decoder on the regime's spikes, dealt out to the wrong images.
    Shuffled,
    /// The decoder on the pixels themselves.
    Pixels,
    /// The mean training image.
    MeanImage,
}

impl Method {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Decoder => "decoder",
            Self::Ridge => "ridge regression",
            Self::Shuffled => "decoder, shuffled spikes",
            Self::Pixels => "decoder, from pixels",
            Self::MeanImage => "mean image",
        }
    }

    /// The name in files.
    pub fn key(self) -> &'static str {
        match self {
            Self::Decoder => "decoder",
            Self::Ridge => "ridge",
            Self::Shuffled => "shuffled",
            Self::Pixels => "pixels",
            Self::MeanImage => "mean-image",
        }
    }
}

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
    pub history: Vec<EpochReport>,
    /// Why training ended.
    pub finish: Option<Finish>,
    /// A few test images by index, with their reconstructions (0..=255, planes).
    pub pictures: Vec<(usize, Vec<u8>)>,
    /// Seconds for training (or fitting) and prediction.
    pub seconds: f64,
}

impl Score {
    /// One measure of every test image.
    pub fn values(&self, of: impl Fn(&ImageQuality) -> f64) -> Vec<f64> {
        self.quality.iter().map(of).collect()
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
/// [`Failure::Run`] if a reconstruction is not finite or [`check_shape`] was not heeded.
pub fn score(
    shape: ImageShape,
    originals: &[f32],
    predicted: &[f32],
) -> Outcome<Vec<ImageQuality>> {
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
) -> Outcome<Vec<ImageQuality>> {
    let shape = (shape.channels, shape.height, shape.width);
    evaluate_images(originals, predicted, shape, ssim).map_err(Failure::run)
}

/// Whether images of this shape can be scored.
///
/// # Errors
/// [`Failure::Request`] if they are smaller than the window of SSIM.
pub fn check_shape(shape: ImageShape) -> Outcome {
    let shape = (shape.channels, shape.height, shape.width);
    evaluate_images(&[], &[], shape, &SsimOptions::default()).map(|_| ()).or_request()
}

/// The pictures of a few test images, 0..=255.
pub fn pictures(predicted: &[f32], pixels: usize, chosen: &[usize]) -> Vec<(usize, Vec<u8>)> {
    let byte = |x: &f32| (x.clamp(0.0, 1.0) * 255.0).round() as u8;
    chosen
        .iter()
        .map(|&i| (i, predicted[i * pixels..(i + 1) * pixels].iter().map(byte).collect()))
        .collect()
}
