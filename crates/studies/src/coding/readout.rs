//! How well images and their classes are read from counts by ridge regression.
//!
//! Training images fit it, validation images choose its penalty, test images are read once.

use equipoise_metrics::image::{ImageQuality, SsimOptions, evaluate_images};
use equipoise_metrics::ridge::{NormalEquations, Ridge, Table};
use serde::{Deserialize, Serialize};

use crate::error::{OrStudyError, StudyError};

/// Penalties that are tried, as shares of the mean variance of a count summed over images.
pub const PENALTIES: [f64; 7] = [1e-3, 1e-2, 0.1, 0.3, 1.0, 3.0, 30.0];

/// Counts of training, validation and test images, `[image][unit]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// Units that are read.
    pub units: usize,
    /// Training, validation, test.
    pub parts: [Vec<u16>; 3],
}

/// How well reconstructed images are like what they are of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Mean PSNR of the test images, dB.
    pub psnr_db: f64,
    /// Their mean SSIM.
    pub ssim: f64,
}

impl Quality {
    /// The means over images.
    pub fn mean_of(images: &[ImageQuality]) -> Self {
        let n = images.len().max(1) as f64;
        Self {
            psnr_db: images.iter().map(|q| q.psnr).sum::<f64>() / n,
            ssim: images.iter().map(|q| q.ssim).sum::<f64>() / n,
        }
    }
}

impl Counts {
    fn table(&self, part: usize) -> Result<Table<'_>, StudyError> {
        Table::of_counts(&self.parts[part], self.units).or_failed()
    }

    /// Spikes of a test image that are read, in the mean.
    pub fn spikes(&self) -> f64 {
        let images = (self.parts[2].len() / self.units).max(1);
        self.parts[2].iter().map(|&c| f64::from(c)).sum::<f64>() / images as f64
    }

    /// Share of the test images whose class is found: ridge regression onto one output a class,
    /// the largest wins. `labels`: of each part, in the order of its counts.
    ///
    /// # Errors
    /// If the parts do not fit together.
    pub fn accuracy(&self, labels: [&[u16]; 3], classes: usize) -> Result<f64, StudyError> {
        let chosen = self.classes(labels, classes)?;
        let right = chosen.iter().zip(labels[2]).filter(|(a, b)| a == b).count();
        Ok(right as f64 / labels[2].len().max(1) as f64)
    }

    /// The class that is read from each test image.
    fn classes(&self, labels: [&[u16]; 3], classes: usize) -> Result<Vec<u16>, StudyError> {
        let ridge = self.fit(classes, |part, image, out| {
            let class = usize::from(labels[part][image]);
            out.iter_mut().enumerate().for_each(|(k, o)| *o = f64::from(u8::from(k == class)));
        })?;
        let outputs = ridge.predict(self.table(2)?).or_failed()?;
        let largest = |row: &[f64]| {
            let mut best = 0;
            for (class, &output) in row.iter().enumerate() {
                if output > row[best] {
                    best = class;
                }
            }
            best as u16
        };
        Ok(outputs.chunks_exact(classes).map(largest).collect())
    }

    /// How well the test images are reconstructed. `images`: of each part, in the order of its
    /// counts; `shape`: channels, height, width.
    ///
    /// # Errors
    /// If the parts do not fit together, or the images are too small for SSIM.
    pub fn quality(
        &self,
        images: [&[f32]; 3],
        shape: (usize, usize, usize),
    ) -> Result<Quality, StudyError> {
        let pixels = shape.0 * shape.1 * shape.2;
        let ridge = self.fit(pixels, |part, image, out| {
            let image = &images[part][image * pixels..(image + 1) * pixels];
            out.iter_mut().zip(image).for_each(|(o, &x)| *o = f64::from(x));
        })?;
        let outputs = ridge.predict(self.table(2)?).or_failed()?;
        let read: Vec<f32> = outputs.into_iter().map(|v| v.clamp(0.0, 1.0) as f32).collect();
        let found =
            evaluate_images(images[2], &read, shape, &SsimOptions::default()).or_failed()?;
        Ok(Quality::mean_of(&found))
    }

    fn fit(
        &self,
        outputs: usize,
        target: impl Fn(usize, usize, &mut [f64]) + Sync,
    ) -> Result<Ridge, StudyError> {
        let rows = |part: usize| self.parts[part].len() / self.units;
        let training = |image: usize, out: &mut [f64]| target(0, image, out);
        let validation = |image: usize, out: &mut [f64]| target(1, image, out);
        let y = Table::of_rows(rows(0), outputs, &training);
        let y_validation = Table::of_rows(rows(1), outputs, &validation);
        let equations = NormalEquations::sum(self.table(0)?, y).or_failed()?;
        equations.fit(&PENALTIES, self.table(1)?, y_validation).or_failed()
    }
}

/// Images of a part in the order in which they were shown.
pub fn in_order(images: &[f32], pixels: usize, shown: &[usize]) -> Vec<f32> {
    shown.iter().flat_map(|&k| images[k * pixels..(k + 1) * pixels].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;

    /// Counts of three units: the pixel's, its complement's and noise.
    fn example() -> (Counts, [Vec<f32>; 3], [Vec<u16>; 3]) {
        let mut draws = stream(1, "readout", 0);
        let mut parts = [Vec::new(), Vec::new(), Vec::new()];
        let (mut images, mut labels) = (parts.clone().map(|_| Vec::new()), parts.clone());
        for part in 0..3 {
            for _ in 0..300 {
                let x = draws.uniform();
                parts[part].extend([
                    draws.poisson(60.0 * x) as u16,
                    draws.poisson(60.0 * (1.0 - x)) as u16,
                    draws.poisson(20.0) as u16,
                ]);
                images[part].extend([x as f32; 121]);
                labels[part].push(u16::from(x > 0.5));
            }
        }
        (Counts { units: 3, parts }, images, labels)
    }

    #[test]
    fn what_the_counts_hold_is_read() {
        let (counts, images, labels) = example();
        let labels = [&labels[0][..], &labels[1], &labels[2]];
        let accuracy = counts.accuracy(labels, 2).unwrap();
        assert!(accuracy > 0.9, "{accuracy}");
        // The difference of two Poisson counts of mean 60 together: standard error 0.065, less what
        // shrinkage saves; 10 log10(1 / 0.0042) = 23.8 dB, and more in the mean of the decibels.
        let images = [&images[0][..], &images[1], &images[2]];
        let quality = counts.quality(images, (1, 11, 11)).unwrap();
        assert!((24.0..32.0).contains(&quality.psnr_db), "{quality:?}");
        assert!((counts.spikes() - 80.0).abs() < 3.0, "{}", counts.spikes());
    }

    #[test]
    fn from_counts_of_other_images_the_class_is_guessed() {
        let (mut counts, _, labels) = example();
        counts.parts[2].rotate_left(3 * 77);
        let accuracy = counts.accuracy([&labels[0][..], &labels[1], &labels[2]], 2).unwrap();
        assert!((accuracy - 0.5).abs() < 0.13, "{accuracy}");
    }

    #[test]
    fn silence_is_read_as_the_mean() {
        let (mut counts, images, labels) = example();
        counts.parts.iter_mut().for_each(|part| part.fill(0));
        let labels = [&labels[0][..], &labels[1], &labels[2]];
        assert!(counts.accuracy(labels, 2).unwrap() < 0.6);
        let images = [&images[0][..], &images[1], &images[2]];
        assert!(counts.quality(images, (1, 11, 11)).unwrap().psnr_db < 16.0);
    }
}
