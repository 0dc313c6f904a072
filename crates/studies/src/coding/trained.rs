//! How well images are reconstructed from counts by a decoder that is trained, beside the ridge
//! regression that it starts at.

use std::ops::ControlFlow;

use equipoise_data::ImageShape;
use equipoise_decoder::device::Backend;
use equipoise_decoder::observer::Observer;
use equipoise_decoder::reconstruct::{
    DecoderConfig, FeatureConfig, LinearFits, Pairs, Reconstructor, ReconstructorConfig,
};
use equipoise_decoder::training::{TrainConfig, TrainError};
use equipoise_metrics::image::{SsimOptions, evaluate_images};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::readout::{Counts, Quality};
use crate::context::Context;
use crate::error::{OrStudyError, StudyError};

/// A trained decoder that reads images beside the ridge regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrainedSettings {
    /// Times since an image came on at which it reads, ms, each one of those at which ridge
    /// regression does; empty for no such decoder.
    pub times_ms: Vec<f64>,
    /// The decoder.
    pub decoder: DecoderConfig,
    /// Its training, the same at every time.
    pub training: TrainConfig,
}

impl Default for TrainedSettings {
    fn default() -> Self {
        Self {
            times_ms: Vec::new(),
            decoder: DecoderConfig::small(),
            training: TrainConfig { epochs: 5, ..TrainConfig::default() },
        }
    }
}

impl TrainedSettings {
    /// The reason why they make no sense; `times_ms` are those at which ridge regression reads.
    pub fn validate(&self, times_ms: &[f64]) -> Result<(), String> {
        if let Some(bad) = self.times_ms.iter().find(|ms| !times_ms.contains(ms)) {
            return Err(format!("trained.times_ms: {bad} ms is none of times_ms"));
        }
        self.training.validate().map_err(|e| format!("trained.training: {e}"))
    }

    /// Whether images of this shape can be reconstructed.
    ///
    /// # Errors
    /// The reason, if not.
    pub fn check(&self, shape: ImageShape) -> Result<(), StudyError> {
        if self.times_ms.is_empty() {
            return Ok(());
        }
        let checked = self.decoder.validate(shape);
        checked.map_err(|e| StudyError::settings(format!("trained.decoder: {e}")))
    }

    /// Trains the decoder on the counts of training images, chooses the epoch by validation images,
    /// and tells how well the test images are reconstructed. `images`: of each part, in the order of
    /// its counts; `ms`: the time in which the counts were made.
    ///
    /// # Errors
    /// If the parts do not fit together, the training diverges, or the study is stopped.
    pub fn quality(
        &self,
        counts: &Counts,
        (ms, shape): (f64, ImageShape),
        images: [&[f32]; 3],
        seed: u64,
        context: &Context<'_>,
    ) -> Result<Quality, StudyError> {
        let config = ReconstructorConfig {
            decoder: self.decoder.clone(),
            features: FeatureConfig::default(),
            training: TrainConfig { seed, ..self.training.clone() },
            backend: Backend::default(),
        };
        let features = |part: usize| {
            let (units, counts) = (counts.units, counts.parts[part].clone());
            let counts = equipoise_data::Counts::new(units, 1, ms, counts).or_failed()?;
            config.features.extract(&counts).or_failed()
        };
        let [train, validation, test] = [features(0)?, features(1)?, features(2)?];
        let pairs = |features, part: usize| Pairs { features, images: images[part], shape };
        let linear = LinearFits::new(pairs(&train, 0), pairs(&validation, 1));
        let mut observer = Observer::new(|_| match context.check() {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        });
        let fitted = match Reconstructor::fit_sharing(&linear, &config, &mut observer) {
            Err(TrainError::Stopped { .. }) => return Err(StudyError::Stopped),
            fitted => fitted.or_failed()?,
        };
        let read = fitted.reconstructor.predict(&test).or_failed()?;
        let shape = (shape.channels, shape.height, shape.width);
        let found =
            evaluate_images(images[2], &read, shape, &SsimOptions::default()).or_failed()?;
        Ok(Quality::mean_of(&found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;

    #[test]
    fn a_trained_decoder_reads_what_ridge_regression_reads_and_no_noise() {
        // A pixel of brightness x everywhere, and counts of Poisson spikes of 60 x and 60 (1 - x).
        let mut draws = stream(1, "trained", 0);
        let shape = ImageShape { channels: 1, height: 12, width: 12 };
        let mut counts = Counts { units: 2, parts: [const { Vec::new() }; 3] };
        let mut images = [const { Vec::<f32>::new() }; 3];
        for (counts, images) in counts.parts.iter_mut().zip(&mut images) {
            for _ in 0..200 {
                let x = draws.uniform();
                counts.extend([
                    draws.poisson(60.0 * x) as u16,
                    draws.poisson(60.0 * (1.0 - x)) as u16,
                ]);
                images.extend([x as f32; 144]);
            }
        }
        let settings = TrainedSettings {
            decoder: DecoderConfig { hidden: vec![8], channels: 2, ..DecoderConfig::small() },
            training: TrainConfig { epochs: 2, ..TrainConfig::default() },
            ..TrainedSettings::default()
        };
        let context = Context::default();
        let parts = [&images[0][..], &images[1], &images[2]];
        let read =
            |counts: &Counts| settings.quality(counts, (50.0, shape), parts, 3, &context).unwrap();
        let linear = counts.quality(parts, (1, 12, 12)).unwrap();
        let trained = read(&counts);
        assert!((trained.psnr_db - linear.psnr_db).abs() < 2.0, "{trained:?} {linear:?}");
        // Counts of other images tell nothing: about the variance of a uniform number is left.
        let mut shuffled = counts.clone();
        shuffled.parts[2].rotate_left(2 * 77);
        let nothing = read(&shuffled);
        assert!(nothing.psnr_db < linear.psnr_db - 8.0, "{nothing:?}");
        assert_eq!(read(&counts), trained);
    }

    #[test]
    fn times_at_which_nothing_is_read_are_refused() {
        let settings = TrainedSettings { times_ms: vec![5.0, 7.0], ..TrainedSettings::default() };
        assert!(settings.validate(&[5.0, 10.0]).unwrap_err().contains("7 ms"));
        settings.validate(&[5.0, 7.0, 10.0]).unwrap();
        let odd = ImageShape { channels: 1, height: 13, width: 13 };
        assert!(settings.check(odd).unwrap_err().is_request());
        TrainedSettings::default().check(odd).unwrap();
    }
}
