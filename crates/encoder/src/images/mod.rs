//! Networks that encode images, of whichever kind: an excitatory and an inhibitory population, or
//! any populations.
//!
//! [`EncoderConfig`] is what a person writes down, [`Encoder`] the network that was drawn from it for
//! images of a shape. Its units are the neurons that are read.

mod error;

use std::ops::{ControlFlow, Range};

use equipoise_data::spikes::SpikeTrains;
use equipoise_data::{Counts, ImageShape};
use serde::{Deserialize, Serialize};

use crate::network::{Network, NetworkConfig};
use crate::populations::{ImageEncoder, ImageEncoderConfig};

pub use error::EncoderError;

/// A network that images are shown to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EncoderConfig {
    /// An excitatory and an inhibitory population.
    Pair(Box<NetworkConfig>),
    /// Any populations.
    Populations(Box<ImageEncoderConfig>),
}

impl From<NetworkConfig> for EncoderConfig {
    fn from(network: NetworkConfig) -> Self {
        Self::Pair(Box::new(network))
    }
}

impl From<ImageEncoderConfig> for EncoderConfig {
    fn from(network: ImageEncoderConfig) -> Self {
        Self::Populations(Box::new(network))
    }
}

impl EncoderConfig {
    /// The excitatory and inhibitory population, if it is such a network.
    pub fn pair(&self) -> Option<&NetworkConfig> {
        match self {
            Self::Pair(network) => Some(network),
            Self::Populations(_) => None,
        }
    }

    /// The network of populations, if it is one.
    pub fn populations(&self) -> Option<&ImageEncoderConfig> {
        match self {
            Self::Pair(_) => None,
            Self::Populations(network) => Some(network),
        }
    }

    /// Neurons that are read; 0 where populations are named that do not exist.
    pub fn neurons(&self) -> usize {
        match self {
            Self::Pair(network) => network.neurons,
            Self::Populations(network) => network.neurons().unwrap_or(0),
        }
    }

    /// How long an image is recorded, ms.
    pub fn duration(&self) -> f64 {
        match self {
            Self::Pair(network) => network.duration,
            Self::Populations(network) => network.image.duration,
        }
    }

    /// Whether images of this shape can be shown.
    ///
    /// # Errors
    /// The setting that makes no sense.
    pub fn check(&self, shape: ImageShape) -> Result<(), EncoderError> {
        match self {
            Self::Pair(network) => Ok(Network::check(network, Some(shape))?),
            Self::Populations(network) => Ok(ImageEncoder::check(network, shape)?),
        }
    }
}

/// A network that has been drawn for images of a shape.
#[derive(Debug, Clone)]
pub enum Encoder {
    /// An excitatory and an inhibitory population.
    Pair(Box<Network>),
    /// Any populations.
    Populations(Box<ImageEncoder>),
}

impl Encoder {
    /// Draws the network.
    ///
    /// # Errors
    /// If a setting makes no sense, or it needs more memory than it may have.
    pub fn build(
        config: &EncoderConfig,
        shape: ImageShape,
        seed: u64,
    ) -> Result<Self, EncoderError> {
        Ok(match config {
            EncoderConfig::Pair(network) => {
                Self::Pair(Box::new(Network::build(network, Some(shape), seed)?))
            }
            EncoderConfig::Populations(network) => {
                Self::Populations(Box::new(ImageEncoder::build(network, shape, seed, &|| {
                    ControlFlow::Continue(())
                })?))
            }
        })
    }

    /// What it was drawn from.
    pub fn config(&self) -> EncoderConfig {
        match self {
            Self::Pair(network) => network.config().clone().into(),
            Self::Populations(network) => network.config().clone().into(),
        }
    }

    /// Neurons that are read.
    pub fn neurons(&self) -> usize {
        match self {
            Self::Pair(network) => network.config().neurons,
            Self::Populations(network) => network.neurons(),
        }
    }

    /// How long an image is recorded, ms.
    pub fn duration(&self) -> f64 {
        match self {
            Self::Pair(network) => network.config().duration,
            Self::Populations(network) => network.config().image.duration,
        }
    }

    /// Encodes the images of `range`, handing the spikes of each to `sink` in order. `image`
    /// writes image i into the buffer `[channels, height, width]`, intensities in [0, 1].
    ///
    /// Image i is trial i of the seed, so its spikes are the same for any number of threads and
    /// whichever range it is in.
    ///
    /// # Errors
    /// If an image does not fit; the sink has then had the images before it.
    /// [`EncoderError::Stopped`] if the sink returns [`ControlFlow::Break`].
    pub fn encode_each(
        &self,
        image: &(dyn Fn(usize, &mut [f32]) + Sync),
        range: Range<usize>,
        seed: u64,
        sink: &mut dyn FnMut(usize, SpikeTrains) -> ControlFlow<()>,
    ) -> Result<(), EncoderError> {
        match self {
            Self::Pair(network) => Ok(network.encode_each(image, range, seed, sink)?),
            Self::Populations(network) => {
                let go_on = &|| ControlFlow::Continue(());
                Ok(network.encode_each(image, range, seed, go_on, sink)?)
            }
        }
    }

    /// Encodes the images of `range` as counts of spikes in `bins` bins. `progress` is told how many
    /// images are done.
    ///
    /// # Errors
    /// As [`Encoder::encode_each`], or if `bins` is 0. [`EncoderError::Stopped`] if `progress`
    /// returns [`ControlFlow::Break`].
    pub fn encode_counts(
        &self,
        image: &(dyn Fn(usize, &mut [f32]) + Sync),
        range: Range<usize>,
        seed: u64,
        bins: usize,
        progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Counts, EncoderError> {
        let (wanted, size) = (range.len(), self.neurons() * bins);
        let mut counts = Vec::new();
        counts.reserve_exact(wanted * size);
        let mut table = Counts::new(self.neurons(), bins, self.duration(), counts)
            .map_err(|e| EncoderError::Request(e.to_string()))?;
        let mut done = 0;
        self.encode_each(image, range, seed, &mut |_, spikes| {
            table.counts.extend_from_slice(&spikes.binned_counts(bins));
            done += 1;
            progress(done)
        })?;
        Ok(table)
    }
}
