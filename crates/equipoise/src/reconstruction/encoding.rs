//! Images to the features that a decoder reads, through one network.

use std::ops::ControlFlow;

use equipoise_data::ImageSet;
use equipoise_decoder::reconstruct::{CountTable, FeatureConfig, FeatureKind, SpikeFeatures};
use equipoise_encoder::network::{Network, NetworkConfig, Population};
use equipoise_random::derive_seed;
use serde::{Deserialize, Serialize};

use crate::console::Task;
use crate::failure::{OrFail, Outcome};
use crate::interrupt;

/// A part of the data; each has random numbers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Training images.
    Train,
    /// Validation images.
    Validation,
    /// Test images.
    Test,
}

impl Part {
    /// The name in files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }

    /// The seed of the input and background spikes of this part's images.
    pub fn seed(self, seed: u64) -> u64 {
        derive_seed(seed, "reconstruction/spikes", self as u64)
    }
}

/// Width of the bins that exponential traces are taken from, ms: fine for any time constant of a
/// membrane or a synapse.
const TRACE_BIN_MS: f64 = 1.0;

/// The network of a regime for images of this shape.
///
/// # Errors
/// [`Request`](crate::failure::Failure::Request) if the settings make no sense.
pub fn build(config: &NetworkConfig, images: &ImageSet, seed: u64) -> Outcome<Network> {
    Network::build(config, Some(images.shape), seed).or_request()
}

/// Shows every image to the network and takes the features of its spikes, `batch` images at a time.
/// The second value is the number of all spikes.
///
/// # Errors
/// [`Interrupted`](crate::failure::Failure::Interrupted) when the person asked to stop, [`Request`](crate::failure::Failure::Request) if the features
/// do not fit the recording.
pub fn features(
    network: &Network,
    images: &ImageSet,
    part: Part,
    config: &FeatureConfig,
    (seed, batch): (u64, usize),
    task: &Task,
) -> Outcome<(SpikeFeatures, u64)> {
    let duration = network.config().duration;
    let bins = match config.kind {
        FeatureKind::Counts => 1,
        FeatureKind::Bins => config.bins,
        FeatureKind::Traces => (duration / TRACE_BIN_MS).ceil().max(1.0) as usize,
    };
    let mut all = SpikeFeatures { images: 0, features: 0, values: Vec::new() };
    let mut spikes = 0;
    for start in (0..images.len()).step_by(batch) {
        let end = (start + batch).min(images.len());
        let mut told = 0;
        let mut progress = |done: usize| {
            task.advance((done - told) as u64);
            told = done;
            match interrupt::check() {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        };
        let counts = network
            .encode_counts(
                &|index, out| images.write_intensities(index, out),
                start..end,
                part.seed(seed),
                Population::All,
                bins,
                &mut progress,
            )
            .or_run()?;
        interrupt::check()?;
        let table = CountTable {
            images: counts.images,
            units: counts.neurons,
            bins,
            bin_width: duration / bins as f64,
            counts: &counts.counts,
        };
        let chunk = config.extract(&table).or_request()?;
        spikes += counts.counts.iter().map(|&c| u64::from(c)).sum::<u64>();
        all.values.reserve_exact(if start == 0 { images.len() * chunk.features } else { 0 });
        all.values.extend_from_slice(&chunk.values);
        all.images += chunk.images;
        all.features = chunk.features;
    }
    Ok((all, spikes))
}
