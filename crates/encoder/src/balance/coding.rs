//! How much of an image is in the spikes, before any decoder is trained.

use std::ops::{ControlFlow, Range};

use equipoise_metrics::image::psnr;
use equipoise_metrics::ridge::{NormalEquations, Table};
use serde::{Deserialize, Serialize};

use super::error::BalanceError;
use crate::network::{Network, Population};
use equipoise_data::{Counts, DataError, ImageSet};

/// What a linear readout gets out of the spikes of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageCoding {
    /// Length of the recordings, ms.
    pub duration_ms: f64,
    /// Neurons read.
    pub neurons: usize,
    /// Images the readout was fitted to.
    pub training_images: usize,
    /// Images it was tried on.
    pub test_images: usize,
    /// Mean rate, Hz.
    pub rate_hz: f64,
    /// Spikes of an image.
    pub spikes_per_image: f64,
    /// Share of neurons that are silent for an image.
    pub silent: f64,
    /// Population sparseness of Treves & Rolls (1991, Network 2:371), as scaled by Vinje &
    /// Gallant (2000, Science 287:1273): 0 if all neurons fire alike, 1 if only one does; the
    /// mean over test images.
    pub sparseness: f64,
    /// Share of the pixels' variance that ridge regression from the counts explains, on the test
    /// images, all pixels together.
    pub r_squared: f64,
    /// Mean over the test images of the PSNR of the ridge reconstruction clipped to [0, 1], dB.
    pub psnr_db: f64,
    /// The same for the mean training image: what no spikes at all give.
    pub mean_image_psnr_db: f64,
    /// Share of test images whose class a linear readout (ridge regression onto one output a
    /// class, the largest wins) finds; nothing for images without labels.
    pub accuracy: Option<f64>,
}

/// The ridge penalty, relative to the mean variance of a count.
pub const DEFAULT_PENALTY: f64 = 0.1;

/// Measures what a linear readout gets out of counts that have been made already. Every bin
/// of every neuron is a feature.
///
/// # Errors
/// If counts and images do not belong together, or there are too few of them.
pub fn readout(
    training: (&Counts, &ImageSet),
    test: (&Counts, &ImageSet),
    penalty: f64,
) -> Result<ImageCoding, BalanceError> {
    for (counts, images) in [training, test] {
        if counts.len() > images.len() {
            return Err(BalanceError::Readout(format!(
                "counts of {} images, but only {} images",
                counts.len(),
                images.len()
            )));
        }
    }
    let (counts, images) = training;
    let features = counts.units * counts.bins;
    let pixels = images.shape.pixels();
    let classes = images.classes.len();
    let target = |i: usize, out: &mut [f64]| {
        for (slot, &value) in out.iter_mut().zip(images.image(i)) {
            *slot = f64::from(value) / 255.0;
        }
        for (class, slot) in out[pixels..].iter_mut().enumerate() {
            *slot = f64::from(u8::from(usize::from(images.labels[i]) == class));
        }
    };
    if !(penalty > 0.0 && penalty.is_finite()) {
        // Without one, a silent neuron makes the equations singular.
        return Err(BalanceError::Readout(format!(
            "a ridge penalty of {penalty}; it must be positive"
        )));
    }
    let table = |counts| Table::of_counts(counts, features);
    let targets = Table::of_rows(counts.len(), pixels + classes, &target);
    let ridge = NormalEquations::sum(table(&counts.counts)?, targets)?.solve(penalty)?;
    let mut mean_image = vec![0.0f64; pixels];
    for i in 0..counts.len() {
        for (mean, &value) in mean_image.iter_mut().zip(images.image(i)) {
            *mean += f64::from(value) / 255.0 / counts.len() as f64;
        }
    }
    let (counts, images) = test;
    let predicted = ridge.predict(table(&counts.counts)?)?;
    let mean_f32: Vec<f32> = mean_image.iter().map(|&m| m as f32).collect();
    let mut sums = TestSums::default();
    for (i, out) in predicted.chunks(pixels + classes).enumerate() {
        let original = images.intensities(i);
        let reconstruction: Vec<f32> =
            out[..pixels].iter().map(|&x| x.clamp(0.0, 1.0) as f32).collect();
        let quality = |picture: &[f32]| {
            psnr(&original, picture, 1.0).map_err(|error| BalanceError::Readout(error.to_string()))
        };
        sums.psnr += quality(&reconstruction)?;
        sums.mean_image_psnr += quality(&mean_f32)?;
        for ((&x, &y), &mean) in original.iter().zip(&out[..pixels]).zip(&mean_image) {
            sums.residual += (f64::from(x) - y).powi(2);
            sums.variance += (f64::from(x) - mean).powi(2);
        }
        let best = (0..classes).max_by(|&a, &b| out[pixels + a].total_cmp(&out[pixels + b]));
        sums.right += usize::from(best == Some(usize::from(images.labels[i])));
        sums.add_counts(counts.recording(i), counts.bins);
    }
    let n = counts.len().max(1) as f64;
    let spikes_per_image = sums.spikes / n;
    Ok(ImageCoding {
        duration_ms: counts.duration_ms,
        neurons: counts.units,
        training_images: training.0.len(),
        test_images: counts.len(),
        rate_hz: spikes_per_image / counts.units as f64 / counts.duration_ms * 1000.0,
        spikes_per_image,
        silent: sums.silent / n,
        sparseness: sums.sparseness / n,
        r_squared: if sums.variance > 0.0 { 1.0 - sums.residual / sums.variance } else { 0.0 },
        psnr_db: sums.psnr / n,
        mean_image_psnr_db: sums.mean_image_psnr / n,
        accuracy: (classes > 0).then(|| sums.right as f64 / n),
    })
}

#[derive(Default)]
struct TestSums {
    psnr: f64,
    mean_image_psnr: f64,
    residual: f64,
    variance: f64,
    right: usize,
    spikes: f64,
    silent: f64,
    sparseness: f64,
}

impl TestSums {
    fn add_counts(&mut self, counts: &[u16], bins: usize) {
        let per_neuron: Vec<f64> =
            counts.chunks(bins).map(|bins| bins.iter().map(|&c| f64::from(c)).sum()).collect();
        let n = per_neuron.len() as f64;
        let total: f64 = per_neuron.iter().sum();
        let square: f64 = per_neuron.iter().map(|c| c * c).sum();
        self.spikes += total;
        self.silent += per_neuron.iter().filter(|&&c| c == 0.0).count() as f64 / n;
        // No spike at all is as sparse as it gets.
        let activity = if square > 0.0 { (total / n).powi(2) / (square / n) } else { 0.0 };
        self.sparseness += if n > 1.0 { (1.0 - activity) / (1.0 - 1.0 / n) } else { 0.0 };
    }
}

/// Encodes images with the network and measures what a linear readout gets out of the spikes.
/// Training image i is trial i, test image i is trial i of the seed `seed + 1`.
///
/// # Errors
/// If the images do not fit the network, or are too few. Stopped by `progress` (which is told the
/// images done and to do), it is an error too.
pub fn image_coding(
    network: &Network,
    training: &ImageSet,
    test: &ImageSet,
    seed: u64,
    penalty: f64,
    progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<ImageCoding, BalanceError> {
    let total = training.len() + test.len();
    let mut encode = |images: &ImageSet, seed: u64, before: usize| {
        let write = |i: usize, out: &mut [f32]| images.write_intensities(i, out);
        let mut step = |done: usize| progress(before + done, total);
        network.encode_counts(&write, 0..images.len(), seed, Population::All, 1, &mut step)
    };
    let training_counts = encode(training, seed, 0)?;
    let test_counts = encode(test, seed.wrapping_add(1), training.len())?;
    readout((&training_counts, training), (&test_counts, test), penalty)
}

/// The spike counts of the images of `range` over the first d ms of the recording, for each d of
/// `durations_ms`, from one simulation an image. `progress` is told how many images of the range
/// are done. Image i is trial i of the seed, whichever range it is in.
///
/// # Errors
/// If the images do not fit the network, a duration is not positive or longer than the network
/// records, or `progress` asked to stop.
pub fn counts_over_time(
    network: &Network,
    images: &ImageSet,
    range: Range<usize>,
    durations_ms: &[f64],
    seed: u64,
    progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Vec<Counts>, BalanceError> {
    let longest = network.config().duration;
    if let Some(bad) = durations_ms.iter().find(|&&d| !(d > 0.0 && d <= longest)) {
        return Err(BalanceError::setting(
            "durations",
            format!("{bad} ms; the network records {longest} ms, and more than 0 is needed"),
        ));
    }
    if range.end > images.len() {
        return Err(BalanceError::Readout(format!(
            "images up to {} of only {}",
            range.end,
            images.len()
        )));
    }
    let neurons = network.config().neurons;
    let empty = |&duration: &f64| Counts::new(neurons, 1, duration, Vec::new());
    let mut all = durations_ms
        .iter()
        .map(empty)
        .collect::<Result<Vec<Counts>, DataError>>()
        .map_err(|e| BalanceError::Readout(e.to_string()))?;
    let mut done = 0;
    let mut sink = |_: usize, spikes: equipoise_data::spikes::SpikeTrains| {
        for counts in &mut all {
            let (start, duration) = (counts.counts.len(), counts.duration_ms);
            counts.counts.resize(start + neurons, 0);
            for (&t, &unit) in spikes.times.iter().zip(&spikes.ids) {
                if f64::from(t) > duration + 1e-6 {
                    break;
                }
                let slot = &mut counts.counts[start + unit as usize];
                *slot = slot.saturating_add(1);
            }
        }
        done += 1;
        progress(done)
    };
    let write = |i: usize, out: &mut [f32]| images.write_intensities(i, out);
    network.encode_each(&write, range, seed, &mut sink)?;
    Ok(all)
}

/// [`image_coding`] at several lengths of the recording, from one simulation of the longest: the
/// spikes of the first d ms are what a recording of d ms would have given.
///
/// # Errors
/// As [`image_coding`], or if no duration is given or one is not positive.
pub fn coding_over_time(
    network: &Network,
    training: &ImageSet,
    test: &ImageSet,
    durations_ms: &[f64],
    seed: u64,
    penalty: f64,
    progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Vec<ImageCoding>, BalanceError> {
    let total = training.len() + test.len();
    let mut encode = |images: &ImageSet, seed: u64, before: usize| {
        let mut step = |done: usize| progress(before + done, total);
        counts_over_time(network, images, 0..images.len(), durations_ms, seed, &mut step)
    };
    let training_counts = encode(training, seed, 0)?;
    let test_counts = encode(test, seed.wrapping_add(1), training.len())?;
    training_counts
        .iter()
        .zip(&test_counts)
        .map(|(a, b)| readout((a, training), (b, test), penalty))
        .collect()
}
