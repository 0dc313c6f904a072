//! Events from a caller's own arrays.

use super::Events;

/// Why arrays are no events on a grid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventsError {
    /// A grid that is empty or too large for events.
    #[error("a grid of {steps} time steps and {channels} input channels: from 1 to 65536 of each")]
    Grid {
        /// Time steps asked for.
        steps: usize,
        /// Input channels asked for.
        channels: usize,
    },
    /// An event outside the grid.
    #[error(
        "event {index} of sample {sample} is at step {step} on channel {channel}, outside a grid \
         of {steps} steps and {channels} channels (both count from 0)"
    )]
    Outside {
        /// The sample, from 0.
        sample: usize,
        /// The event in the sample, from 0.
        index: usize,
        /// Its step.
        step: usize,
        /// Its channel.
        channel: usize,
        /// Steps of the grid.
        steps: usize,
        /// Channels of the grid.
        channels: usize,
    },
    /// A dense array that is no whole number of samples.
    #[error(
        "{numbers} numbers are no whole number of samples of {steps} steps times {channels} channels"
    )]
    Size {
        /// Numbers given.
        numbers: usize,
        /// Steps of the grid.
        steps: usize,
        /// Channels of the grid.
        channels: usize,
    },
}

impl Events {
    /// The events of samples that are lists of (time step, input channel), in any order; several
    /// spikes of one channel in one step are that many entries.
    ///
    /// # Errors
    /// If the grid has no step or channel or more than 65,536 of either, or an event lies outside
    /// it.
    ///
    /// ```
    /// use equipoise_encoder::code::Events;
    ///
    /// let events = Events::from_samples(100, 3, [vec![(5, 0), (2, 2)], vec![]])?;
    /// assert_eq!(events.len(), 2);
    /// assert_eq!(events.sample(0), (&[2, 5][..], &[2, 0][..]));
    /// # Ok::<(), equipoise_encoder::code::EventsError>(())
    /// ```
    pub fn from_samples<S>(
        steps: usize,
        channels: usize,
        samples: impl IntoIterator<Item = S>,
    ) -> Result<Events, EventsError>
    where
        S: IntoIterator<Item = (usize, usize)>,
    {
        let mut events = grid(steps, channels)?;
        let mut sorted = Vec::new();
        for (sample, list) in samples.into_iter().enumerate() {
            sorted.clear();
            for (index, (step, channel)) in list.into_iter().enumerate() {
                if step >= steps || channel >= channels {
                    return Err(EventsError::Outside {
                        sample,
                        index,
                        step,
                        channel,
                        steps,
                        channels,
                    });
                }
                sorted.push((step as u16, channel as u16));
            }
            events.push_sample(&mut sorted);
        }
        Ok(events)
    }

    /// The events of a dense array of spike counts, `[samples, steps, channels]`.
    ///
    /// # Errors
    /// If the grid has no step or channel or more than 65,536 of either, or the numbers are no
    /// whole number of samples.
    ///
    /// ```
    /// use equipoise_encoder::code::Events;
    ///
    /// let events = Events::from_dense(2, 3, &[0, 1, 0, 2, 0, 0])?;
    /// assert_eq!(events.sample(0), (&[0, 1, 1][..], &[1, 0, 0][..]));
    /// # Ok::<(), equipoise_encoder::code::EventsError>(())
    /// ```
    pub fn from_dense(steps: usize, channels: usize, counts: &[u8]) -> Result<Events, EventsError> {
        let mut events = grid(steps, channels)?;
        if !counts.len().is_multiple_of(steps * channels) {
            return Err(EventsError::Size { numbers: counts.len(), steps, channels });
        }
        for sample in counts.chunks_exact(steps * channels) {
            for (place, &count) in sample.iter().enumerate() {
                let (step, channel) = ((place / channels) as u16, (place % channels) as u16);
                for _ in 0..count {
                    events.step.push(step);
                    events.channel.push(channel);
                }
            }
            events.offsets.push(events.step.len());
        }
        Ok(events)
    }
}

fn grid(steps: usize, channels: usize) -> Result<Events, EventsError> {
    Events::new(steps, channels).map_err(|_| EventsError::Grid { steps, channels })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_lies_outside_the_grid_is_refused_with_its_place() {
        for (steps, channels) in [(0, 3), (3, 0), (65_537, 1), (1, usize::MAX)] {
            let refused = Events::from_samples(steps, channels, [vec![]]);
            assert_eq!(refused, Err(EventsError::Grid { steps, channels }));
        }
        let outside = Events::from_samples(10, 4, [vec![(9, 3)], vec![(0, 0), (9, 4)]]);
        let Err(EventsError::Outside { sample, index, step, channel, .. }) = outside else {
            panic!("{outside:?}")
        };
        assert_eq!((sample, index, step, channel), (1, 1, 9, 4));
        assert!(Events::from_samples(10, 4, [vec![(usize::MAX, 0)]]).is_err());
        let refused = Events::from_dense(2, 3, &[0; 7]);
        assert_eq!(refused, Err(EventsError::Size { numbers: 7, steps: 2, channels: 3 }));
        assert!(Events::from_dense(2, 3, &[]).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn lists_and_dense_arrays_are_the_same_events(
            counts in proptest::collection::vec(0u8..3, 60),
        ) {
            let dense = Events::from_dense(5, 4, &counts).unwrap();
            let lists = counts.chunks(20).map(|sample| {
                // Backwards, since the order of a list does not matter.
                (0..20).rev().flat_map(|place| {
                    std::iter::repeat_n((place / 4, place % 4), sample[place].into())
                })
            });
            prop_assert_eq!(Events::from_samples(5, 4, lists).unwrap(), dense);
        }
    }
}
