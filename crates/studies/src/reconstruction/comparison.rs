//! What a comparison of regimes found, with all that its report shows.

use std::collections::BTreeMap;

use equipoise_data::{DataIdentity, ImageSet, ImageShape};
use equipoise_decoder::reconstruct::DecoderKind;
use equipoise_encoder::images::EncoderConfig;
use equipoise_metrics::image::ImageQuality;
use serde::{Deserialize, Serialize};

use super::activity::Activity;
use super::cell::Score;
use super::images::{DataSettings, ScoreOn};
use super::method::{Input, Method};
use crate::metrics::Metrics;
use crate::recordings::RecordingMeasures;
use crate::regimes::ImageCase;

/// What stands in the place of a regime where recordings are decoded.
pub const RECORDED: &str = "recorded";

/// The images that a comparison used, and those that it shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Used {
    /// The data set, as it was asked for.
    pub dataset: String,
    /// What the scored images are.
    pub identity: DataIdentity,
    /// Their shape.
    pub shape: ImageShape,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// Which images the scores are of.
    pub scored_on: ScoreOn,
    /// The class of each scored image.
    pub labels: Vec<u16>,
    /// The index of each scored image in its part of the data set.
    pub indices: Vec<usize>,
    /// How many of the scored images have one value everywhere.
    pub blank: usize,
    /// The scored images that are shown, by number (0..=255, planes).
    pub originals: BTreeMap<usize, Vec<u8>>,
}

impl Used {
    /// Of scored images, those at `shown` to be shown.
    pub fn of(
        data: &DataSettings,
        images: &ImageSet,
        shown: impl IntoIterator<Item = usize>,
    ) -> Self {
        let is_blank = |image: &[u8]| image.iter().all(|p| Some(p) == image.first());
        Self {
            dataset: data.name(),
            identity: images.identity(),
            shape: images.shape,
            classes: images.classes.clone(),
            scored_on: data.score_on,
            labels: images.labels.clone(),
            indices: images.indices.clone(),
            blank: (0..images.len()).filter(|&i| is_blank(images.image(i))).count(),
            originals: shown.into_iter().map(|i| (i, images.image(i).to_vec())).collect(),
        }
    }

    /// The name of the class of a scored image.
    pub fn class(&self, image: usize) -> String {
        let label = self.labels[image];
        self.classes.get(usize::from(label)).cloned().unwrap_or_else(|| label.to_string())
    }
}

/// What the spikes of a regime in a repetition looked like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coded {
    /// Repetition, from 0.
    pub repeat: usize,
    /// The regime.
    pub regime: String,
    /// Its network, the input weight as the images asked for; nothing for recordings.
    pub network: Option<EncoderConfig>,
    /// Seed of the network and of the spikes; nothing for recordings.
    pub seed: Option<u64>,
    /// How many neurons, or units of a recording.
    pub units: usize,
    /// Mean spikes of all of them per training image.
    pub spikes_per_image: f64,
    /// Mean rate of one, Hz.
    pub rate_hz: f64,
}

/// Everything that a comparison found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The images.
    pub images: Used,
    /// What the training and the validation images are.
    pub trained_on: [DataIdentity; 2],
    /// The decoders that were trained.
    pub kinds: Vec<DecoderKind>,
    /// The regimes and their networks, the reference first; none where recordings are decoded.
    pub regimes: Vec<ImageCase>,
    /// What the spikes looked like, by repetition and regime.
    pub coded: Vec<Coded>,
    /// What recordings look like, where they are decoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recordings: Option<RecordingMeasures>,
    /// The networks at work, by regime (first repetition).
    pub activity: Vec<Activity>,
    /// All scores.
    pub scores: Vec<Score>,
}

impl Comparison {
    /// How many repetitions there were.
    pub fn repeats(&self) -> usize {
        self.scores.iter().map(|s| s.repeat + 1).max().unwrap_or(0)
    }

    /// The names of the regimes, the reference first; [`RECORDED`] alone where recordings are
    /// decoded.
    pub fn names(&self) -> Vec<&str> {
        self.coded.iter().filter(|c| c.repeat == 0).map(|c| c.regime.as_str()).collect()
    }

    /// The score of a cell.
    pub fn score(&self, repeat: usize, regime: Option<&str>, method: Method) -> Option<&Score> {
        self.of(regime, method).find(|score| score.repeat == repeat)
    }

    /// The scores of a regime and method in all repetitions.
    pub fn of<'a>(
        &'a self,
        regime: Option<&str>,
        method: Method,
    ) -> impl Iterator<Item = &'a Score> + use<'a> {
        let regime = regime.map(str::to_owned);
        self.scores.iter().filter(move |s| s.regime == regime && s.method == method)
    }

    /// The spikes of a regime in a repetition.
    pub fn coded(&self, repeat: usize, regime: &str) -> Option<&Coded> {
        self.coded.iter().find(|c| c.repeat == repeat && c.regime == regime)
    }

    /// The network of a regime at work.
    pub fn activity(&self, regime: &str) -> Option<&Activity> {
        self.activity.iter().find(|a| a.regime == regime)
    }

    /// The mean over all repetitions of the PSNR of a regime and method, dB.
    pub fn mean_psnr(&self, regime: Option<&str>, method: Method) -> Option<f64> {
        let means: Vec<f64> = self.of(regime, method).map(|s| s.mean(|q| q.psnr)).collect();
        (!means.is_empty()).then(|| means.iter().sum::<f64>() / means.len() as f64)
    }

    /// Adds its numbers under names that begin with `prefix`: means over images and repetitions.
    pub fn add_metrics(&self, prefix: &str, metrics: &mut Metrics) {
        for (regime, method) in self.rows() {
            let name = format!("{prefix}{}.{}", regime.unwrap_or("no_spikes"), method.key());
            let mean =
                |of: fn(&ImageQuality) -> f64| self.of(regime, method).map(move |s| s.mean(of));
            metrics.mean(format!("{name}.psnr"), mean(|q| q.psnr));
            metrics.mean(format!("{name}.ssim"), mean(|q| q.ssim));
            metrics.mean(format!("{name}.mse"), mean(|q| q.mse));
        }
        if let Some(recordings) = &self.recordings {
            recordings.add_metrics(&format!("{prefix}recordings"), metrics);
        }
        for case in &self.regimes {
            let coded = || self.coded.iter().filter(|code| code.regime == case.name);
            let name = format!("{prefix}{}", case.name);
            metrics.mean(format!("{name}.rate_hz"), coded().map(|code| code.rate_hz));
            metrics.mean(format!("{name}.spikes_per_image"), coded().map(|c| c.spikes_per_image));
            let balanced = self.activity(&case.name).map(|a| a.verdict.balanced);
            metrics.put_some(format!("{name}.balanced"), balanced.map(|b| f64::from(u8::from(b))));
        }
    }

    /// The regimes and methods that have scores, in the order of the tables.
    pub fn rows(&self) -> Vec<(Option<&str>, Method)> {
        let decoders = |input| self.kinds.iter().map(move |&kind| Method::Decoder { kind, input });
        let mut rows = Vec::new();
        for method in
            decoders(Input::Spikes).chain([Method::Ridge]).chain(decoders(Input::Shuffled))
        {
            rows.extend(self.names().into_iter().map(|regime| (Some(regime), method)));
        }
        rows.extend(decoders(Input::Pixels).map(|method| (None, method)));
        rows.push((None, Method::MeanImage));
        rows.retain(|&(regime, method)| self.of(regime, method).next().is_some());
        rows
    }
}
