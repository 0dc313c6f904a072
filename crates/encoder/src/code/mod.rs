//! Input codes that need no network: a picture or a recording becomes events on a time grid.

mod arrays;
mod binning;
mod latency;

pub use arrays::EventsError;
pub use binning::{Binning, bin_spikes};
pub use latency::{Latency, latency};

/// The events of many samples on one time grid. The events of sample i are
/// `offsets[i]..offsets[i + 1]`, sorted by step and then by channel; several spikes of one
/// channel in one step are that many equal events.
#[derive(Debug, Clone, PartialEq)]
pub struct Events {
    /// The number of steps of the grid; every event's step is below it.
    pub steps: usize,
    /// The time that a step stands for, ms: of recordings, the width of a bin; of codes that have
    /// no time of their own, 1 by convention. Rates in Hz and time constants in ms go by it.
    pub step_ms: f64,
    /// The number of input channels; every event's channel is below it.
    pub channels: usize,
    /// Where each sample's events start, and the end of the last: one more than the samples.
    pub offsets: Vec<usize>,
    /// The step of each event.
    pub step: Vec<u16>,
    /// The channel of each event.
    pub channel: Vec<u16>,
}

/// Why a code cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum CodeError {
    /// A grid without a time step, or with more than 65,536.
    #[error("{0} time steps: from 1 to 65536 are possible")]
    Steps(usize),
    /// A grid without an input channel, or with more than 65,536.
    #[error("{0} input channels: from 1 to 65536 are possible")]
    Channels(usize),
    /// A step that is no positive time, ms.
    #[error("a step of {0} ms: it must be a positive time")]
    StepLength(f64),
    /// An event that is not on the grid.
    #[error(
        "an event at step {step} on channel {channel}: the grid has {steps} steps and {channels} \
         channels"
    )]
    Outside {
        /// Its step.
        step: u16,
        /// Its channel.
        channel: u16,
        /// The steps of the grid.
        steps: usize,
        /// The channels of the grid.
        channels: usize,
    },
    /// A threshold that intensities cannot have.
    #[error("latency threshold {0}: it must lie in 0 to below 1, as intensities do")]
    Threshold(f64),
    /// A time constant that is not positive, in steps.
    #[error("latency tau {0}: it must be a positive number of steps")]
    Tau(f64),
    /// The end of a recording that is no positive time, s.
    #[error("max_time {0} s: it must be a positive time")]
    MaxTime(f64),
}

impl Events {
    /// No samples yet, on a grid of `steps` steps of 1 ms and `channels` channels.
    ///
    /// # Errors
    /// If the grid has no step or no channel, or more than 65,536 of either.
    pub fn new(steps: usize, channels: usize) -> Result<Events, CodeError> {
        let possible = 1..=1 << 16;
        if !possible.contains(&steps) {
            return Err(CodeError::Steps(steps));
        }
        if !possible.contains(&channels) {
            return Err(CodeError::Channels(channels));
        }
        Ok(Events {
            steps,
            step_ms: 1.0,
            channels,
            offsets: vec![0],
            step: Vec::new(),
            channel: Vec::new(),
        })
    }

    /// The same events on steps of so many ms.
    ///
    /// # Errors
    /// If that is no positive time.
    pub fn with_step_ms(self, step_ms: f64) -> Result<Events, CodeError> {
        if !(step_ms > 0.0 && step_ms.is_finite()) {
            return Err(CodeError::StepLength(step_ms));
        }
        Ok(Events { step_ms, ..self })
    }

    /// The time that the grid covers, ms.
    pub fn duration_ms(&self) -> f64 {
        self.steps as f64 * self.step_ms
    }

    /// The rate, Hz, of a unit that spikes so many times in a sample.
    pub fn rate_hz(&self, spikes: f64) -> f64 {
        1000.0 * spikes / self.duration_ms()
    }

    /// Adds a sample with these (step, channel) events, in any order.
    ///
    /// # Errors
    /// If a step or channel is not on the grid; nothing is added then.
    pub fn push(&mut self, mut events: Vec<(u16, u16)>) -> Result<(), CodeError> {
        let outside = |&&(step, channel): &&(u16, u16)| {
            usize::from(step) >= self.steps || usize::from(channel) >= self.channels
        };
        if let Some(&(step, channel)) = events.iter().find(outside) {
            let (steps, channels) = (self.steps, self.channels);
            return Err(CodeError::Outside { step, channel, steps, channels });
        }
        self.push_sample(&mut events);
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_a_caller_are_sorted_and_checked() {
        let mut events = Events::new(4, 3).unwrap();
        events.push(vec![(2, 1), (0, 2), (2, 0), (0, 2)]).unwrap();
        assert_eq!(events.sample(0), (&[0, 0, 2, 2][..], &[2, 2, 0, 1][..]));
        for wrong in [(4, 0), (0, 3)] {
            assert!(events.push(vec![(0, 0), wrong]).is_err());
        }
        assert_eq!(events.len(), 1);
    }

    #[test]
    fn rates_go_by_the_time_that_the_grid_covers() {
        let events = Events::new(100, 1).unwrap();
        assert_eq!(events.rate_hz(7.0), 70.0);
        let events = events.with_step_ms(14.0).unwrap();
        assert_eq!(events.duration_ms(), 1400.0);
        assert_eq!(events.rate_hz(7.0), 5.0);
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(events.clone().with_step_ms(wrong).is_err());
        }
    }
}
