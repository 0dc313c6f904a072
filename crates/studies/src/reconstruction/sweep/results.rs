//! What the study found.

use std::collections::BTreeMap;

use equipoise_decoder::reconstruct::DecoderKind;
use serde::{Deserialize, Serialize};

use super::super::comparison::Comparison;
use super::super::method::Method;
use super::colors::ColorResults;

/// A data set with its comparisons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataSetResults {
    /// The data set.
    pub dataset: String,
    /// All regimes show their images equally long.
    pub equal_time: Comparison,
    /// All regimes fire equally many spikes; the regimes but the reference.
    pub equal_spikes: Option<Comparison>,
}

/// Means over images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// PSNR, dB.
    pub psnr: f64,
    /// SSIM.
    pub ssim: f64,
    /// Mean squared error.
    pub mse: f64,
    /// PSNR of ridge regression, dB.
    pub ridge_psnr: Option<f64>,
    /// Spikes per image.
    pub spikes: f64,
}

/// A point of a curve, or one of several alternatives: the scores of the regimes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// What was varied, in words or as a number.
    pub name: String,
    /// The same as a number, where it is one.
    pub value: Option<f64>,
    /// Scores of each regime with the first decoder.
    pub scores: BTreeMap<String, Scores>,
}

impl Point {
    /// The means of a comparison of one repetition and one decoder.
    pub fn of(name: String, value: Option<f64>, comparison: &Comparison) -> Self {
        let mut scores = BTreeMap::new();
        for case in &comparison.regimes {
            let Some(kind) = comparison.kinds.first() else { continue };
            let regime = Some(case.name.as_str());
            let Some(score) = comparison.score(0, regime, Method::decoder(*kind)) else {
                continue;
            };
            let ridge = comparison.score(0, regime, Method::Ridge);
            let found = Scores {
                psnr: score.mean(|q| q.psnr),
                ssim: score.mean(|q| q.ssim),
                mse: score.mean(|q| q.mse),
                ridge_psnr: ridge.map(|r| r.mean(|q| q.psnr)),
                spikes: comparison.coded(0, &case.name).map_or(0.0, |c| c.spikes_per_image),
            };
            scores.insert(case.name.clone(), found);
        }
        Self { name, value, scores }
    }
}

/// Everything that the study found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweepResults {
    /// Said beside every table; empty for nothing.
    pub remark: String,
    /// The decoder of curves and choices.
    pub first_decoder: DecoderKind,
    /// The comparisons, by data set.
    pub datasets: Vec<DataSetResults>,
    /// Against the number of training images, on the first data set.
    pub by_images: Vec<Point>,
    /// Against the number of neurons, on the first data set.
    pub by_neurons: Vec<Point>,
    /// Codes of colour, by data set.
    pub colors: Vec<ColorResults>,
    /// Features and losses, on held-out images of the first data set.
    pub choices: Vec<Point>,
}

impl SweepResults {
    /// The regimes, the reference first.
    pub fn regimes(&self) -> Vec<String> {
        let first = self.datasets.first();
        first.into_iter().flat_map(|r| &r.equal_time.regimes).map(|c| c.name.clone()).collect()
    }

    /// The decoders.
    pub fn kinds(&self) -> &[DecoderKind] {
        self.datasets.first().map_or(&[], |first| &first.equal_time.kinds)
    }

    /// Repetitions of the main comparisons.
    pub fn repeats(&self) -> usize {
        self.datasets.first().map_or(0, |first| first.equal_time.repeats())
    }
}

/// A data set's name as a part of a file's name.
pub fn file_name(dataset: &str) -> String {
    dataset.replace([':', '/', '\\'], "-")
}
