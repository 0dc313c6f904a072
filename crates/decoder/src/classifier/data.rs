//! Events with labels.

use super::ClassifierError;
use crate::lif::{Input, SharedInput};
use equipoise_data::{ImageSet, SpikeSet};
use equipoise_encoder::code::{Binning, Events, Latency, bin_spikes, latency};

/// Labelled samples as events, ready for the network.
#[derive(Debug, Clone)]
pub struct LabelledEvents {
    input: SharedInput,
    labels: Vec<u16>,
    classes: Vec<String>,
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
        let data = |what: String| Err(ClassifierError::Data(what));
        if events.len() != labels.len() {
            return data(format!("{} labels for {} samples", labels.len(), events.len()));
        }
        if let Some(k) = labels.iter().position(|&l| usize::from(l) >= classes.len()) {
            let (label, n) = (labels[k], classes.len());
            return data(format!("sample {k} has label {label}, but there are {n} classes"));
        }
        Ok(LabelledEvents { input: SharedInput::new(events)?, labels, classes })
    }

    /// Images in the latency code.
    ///
    /// # Errors
    /// If a setting makes no sense.
    pub fn from_images(
        images: &ImageSet,
        code: &Latency,
    ) -> Result<LabelledEvents, ClassifierError> {
        images.require_labels().map_err(|e| ClassifierError::Data(e.to_string()))?;
        let events = latency(images, code).map_err(|e| ClassifierError::Data(e.to_string()))?;
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
        let events =
            bin_spikes(spikes, binning).map_err(|e| ClassifierError::Data(e.to_string()))?;
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
