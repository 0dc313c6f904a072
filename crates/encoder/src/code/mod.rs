//! Input codes that need no network: a picture or a recording becomes events on a time grid.

mod binning;
mod latency;

pub use binning::{Binning, bin_spikes};
pub use latency::{Latency, latency};

/// The events of many samples on one time grid. The events of sample i are
/// `offsets[i]..offsets[i + 1]`, sorted by step and then by channel; several spikes of one
/// channel in one step are that many equal events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Events {
    /// The number of steps of the grid; every event's step is below it.
    pub steps: usize,
    /// The number of input channels; every event's channel is below it.
    pub channels: usize,
    /// Where each sample's events start, and the end of the last: one more than the samples.
    pub offsets: Vec<usize>,
    /// The step of each event.
    pub step: Vec<u16>,
    /// The channel of each event.
    pub channel: Vec<u16>,
}

/// A code cannot be made with these settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CodeError(pub(crate) String);

impl Events {
    /// No samples yet, on a grid of `steps` steps and `channels` channels.
    ///
    /// # Errors
    /// If the grid has no step or no channel, or more than 65,536 of either.
    pub fn new(steps: usize, channels: usize) -> Result<Events, CodeError> {
        for (n, what) in [(steps, "time steps"), (channels, "input channels")] {
            if !(1..=1 << 16).contains(&n) {
                return Err(CodeError(format!("{n} {what}: from 1 to 65536 are possible")));
            }
        }
        Ok(Events { steps, channels, offsets: vec![0], step: Vec::new(), channel: Vec::new() })
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The steps and channels of the events of sample `i`.
    ///
    /// # Panics
    /// If there is no sample `i`.
    pub fn sample(&self, i: usize) -> (&[u16], &[u16]) {
        let range = self.offsets[i]..self.offsets[i + 1];
        (&self.step[range.clone()], &self.channel[range])
    }

    /// The samples at `indices`, in that order.
    ///
    /// # Panics
    /// If an index is out of range.
    pub fn subset(&self, indices: &[usize]) -> Events {
        let mut chosen = Events {
            offsets: Vec::with_capacity(indices.len() + 1),
            step: Vec::new(),
            channel: Vec::new(),
            ..*self
        };
        chosen.offsets.push(0);
        for &i in indices {
            let (step, channel) = self.sample(i);
            chosen.step.extend_from_slice(step);
            chosen.channel.extend_from_slice(channel);
            chosen.offsets.push(chosen.step.len());
        }
        chosen
    }

    /// The mean number of events of a sample; 0 without samples.
    pub fn mean_events(&self) -> f64 {
        if self.is_empty() { 0.0 } else { self.step.len() as f64 / self.len() as f64 }
    }

    /// Adds a sample with these (step, channel) events, which are sorted here.
    pub(crate) fn push_sample(&mut self, events: &mut [(u16, u16)]) {
        events.sort_unstable();
        self.step.extend(events.iter().map(|e| e.0));
        self.channel.extend(events.iter().map(|e| e.1));
        self.offsets.push(self.step.len());
    }
}
