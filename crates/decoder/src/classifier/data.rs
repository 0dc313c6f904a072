//! Events with labels.

use super::error::{ClassifierError, Grid, SampleError};
use crate::lif::{Input, SharedInput};
use equipoise_data::{Fingerprint, ImageSet, SpikeSet};
use equipoise_encoder::code::{Binning, Events, Latency, bin_spikes, latency};
use std::sync::OnceLock;

/// Labelled samples as events, ready for the network.
#[derive(Debug, Clone)]
pub struct LabelledEvents {
    input: SharedInput,
    labels: Vec<u16>,
    classes: Vec<String>,
    fingerprint: OnceLock<Fingerprint>,
}

impl LabelledEvents {
    /// Events, the label of each sample, and the names of the classes.
    ///
    /// # Errors
    /// If the events are out of order, or labels and samples do not fit.
    pub fn new(
        events: Events,
        labels: Vec<u16>,
        classes: Vec<String>,
    ) -> Result<LabelledEvents, ClassifierError> {
        let (samples, count) = (events.len(), classes.len());
        if samples != labels.len() {
            return Err(SampleError::Labels { labels: labels.len(), samples }.into());
        }
        if let Some(sample) = labels.iter().position(|&l| usize::from(l) >= count) {
            let label = labels[sample];
            return Err(SampleError::Label { sample, label, classes: count }.into());
        }
        let input = SharedInput::new(events)?;
        Ok(LabelledEvents { input, labels, classes, fingerprint: OnceLock::new() })
    }

    /// Images in the latency code.
    ///
    /// # Errors
    /// If a setting makes no sense.
    pub fn from_images(
        images: &ImageSet,
        code: &Latency,
    ) -> Result<LabelledEvents, ClassifierError> {
        images.require_labels().map_err(SampleError::from)?;
        let events = latency(images, code).map_err(SampleError::from)?;
        LabelledEvents::new(events, images.labels.clone(), images.classes.clone())
    }

    /// Recordings on a time grid.
    ///
    /// # Errors
    /// If a setting makes no sense.
    pub fn from_spikes(
        spikes: &SpikeSet,
        binning: &Binning,
    ) -> Result<LabelledEvents, ClassifierError> {
        let events = bin_spikes(spikes, binning).map_err(SampleError::from)?;
        LabelledEvents::new(events, spikes.labels.clone(), spikes.classes.clone())
    }

    /// The events, for the kernel.
    pub fn input(&self) -> Input<'_> {
        self.input.view()
    }

    /// The events, for Burn's graph.
    pub fn shared(&self) -> &SharedInput {
        &self.input
    }

    /// The grid of the events.
    pub fn grid(&self) -> Grid {
        Grid::of(self.input())
    }

    /// Mean number of events of a channel in a step; 0 without a sample.
    pub fn mean_rate(&self) -> f64 {
        let input = self.input();
        let events: usize = (0..input.len()).map(|sample| input.sample(sample).0.len()).sum();
        let places = input.len() as f64 * input.channels() as f64 * input.steps() as f64;
        if places > 0.0 { events as f64 / places } else { 0.0 }
    }

    /// The digest of the content: grid, events, labels and classes, in their order.
    pub fn fingerprint(&self) -> Fingerprint {
        *self.fingerprint.get_or_init(|| {
            let input = self.input();
            let mut builder = Fingerprint::builder("labelled events");
            builder
                .number(input.channels() as u64)
                .number(input.steps() as u64)
                .float(input.step_ms())
                .texts(&self.classes)
                .list(self.labels.iter().map(|l| l.to_le_bytes()));
            for sample in 0..input.len() {
                let (steps, channels) = input.sample(sample);
                builder.list(steps.iter().map(|s| s.to_le_bytes()));
                builder.list(channels.iter().map(|c| c.to_le_bytes()));
            }
            builder.finish()
        })
    }

    /// The class of each sample.
    pub fn labels(&self) -> &[u16] {
        &self.labels
    }

    /// The names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}
