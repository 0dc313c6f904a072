//! The spike trains of a population, unit by unit.

use serde::{Deserialize, Serialize};

use super::{SpikeError, check_positive};

/// The spike trains of a population, unit by unit: all times in one array, neuron after neuron,
/// each neuron's in ascending order.
///
/// A simulator and a file have spikes in the order of time, as events; the measures of one neuron
/// need its own times side by side. So there are two forms: the recording as events
/// (`SpikeTrains` of the data crate), and this one. [`from_events`](Self::from_events) and
/// [`events`](Self::events) go from one to the other in a pass or a sort, and lose nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct UnitTrains {
    times: Vec<f64>,
    /// Where each neuron's times start, and at last where they end.
    starts: Vec<usize>,
}

impl UnitTrains {
    /// Sorts events (time, unit), in any order, by unit and time, for a population of `units`.
    ///
    /// One pass counts and one places (a counting sort); a train is sorted only where its events
    /// did not come in the order of time.
    ///
    /// # Errors
    /// If there are not as many times as units, a unit is not in 0..units, or a time is not
    /// finite.
    pub fn from_events<T, U>(times: &[T], units: &[U], count: usize) -> Result<Self, SpikeError>
    where
        T: Copy + Into<f64>,
        U: Copy + TryInto<usize> + std::fmt::Display,
    {
        if times.len() != units.len() {
            let what = "units of the events (one for each time)";
            return Err(SpikeError::Length { what, found: units.len(), wanted: times.len() });
        }
        let unit_of = |event: usize| {
            let unit = units[event];
            unit.try_into().ok().filter(|&unit| unit < count).ok_or_else(|| {
                SpikeError::NoSuchUnit { event, unit: unit.to_string(), units: count }
            })
        };
        // Counts, shifted by one so that summing them gives the starts.
        let mut starts = vec![0; count + 1];
        for event in 0..units.len() {
            starts[unit_of(event)? + 1] += 1;
        }
        for unit in 0..count {
            starts[unit + 1] += starts[unit];
        }
        let mut next = starts.clone();
        let mut sorted = vec![0.0; times.len()];
        for (event, &time) in times.iter().enumerate() {
            let (unit, time) = (unit_of(event)?, time.into());
            if !time.is_finite() {
                return Err(SpikeError::BadTime { event, time });
            }
            sorted[next[unit]] = time;
            next[unit] += 1;
        }
        let mut trains = Self { times: sorted, starts };
        trains.sort();
        Ok(trains)
    }

    /// The population of these trains, each sorted where it is not.
    ///
    /// # Errors
    /// If a time is not finite.
    pub fn from_trains<S: AsRef<[f64]>>(trains: &[S]) -> Result<Self, SpikeError> {
        let mut starts = vec![0];
        let mut times = Vec::with_capacity(trains.iter().map(|t| t.as_ref().len()).sum());
        for train in trains {
            times.extend_from_slice(train.as_ref());
            starts.push(times.len());
        }
        if let Some((event, &time)) = times.iter().enumerate().find(|(_, t)| !t.is_finite()) {
            return Err(SpikeError::BadTime { event, time });
        }
        let mut trains = Self { times, starts };
        trains.sort();
        Ok(trains)
    }

    fn sort(&mut self) {
        for bounds in self.starts.windows(2) {
            let train = &mut self.times[bounds[0]..bounds[1]];
            if !train.is_sorted() {
                train.sort_unstable_by(f64::total_cmp);
            }
        }
    }

    /// Number of neurons.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Whether there are no neurons.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of spikes of all neurons.
    pub fn spikes(&self) -> usize {
        self.times.len()
    }

    /// The sorted spike times of a neuron.
    ///
    /// # Panics
    /// If there is no such neuron.
    pub fn train(&self, unit: usize) -> &[f64] {
        &self.times[self.starts[unit]..self.starts[unit + 1]]
    }

    /// Time and unit of every spike, by time and then by unit.
    ///
    /// ```
    /// use equipoise_metrics::spikes::UnitTrains;
    /// let trains = UnitTrains::from_trains(&[vec![1.0, 4.0], vec![2.0, 4.0]])?;
    /// let (times, units) = trains.events();
    /// assert_eq!((times, units), (vec![1.0, 2.0, 4.0, 4.0], vec![0, 1, 0, 1]));
    /// # Ok::<(), equipoise_metrics::spikes::SpikeError>(())
    /// ```
    pub fn events(&self) -> (Vec<f64>, Vec<usize>) {
        let of_unit = |(unit, train): (usize, &[f64])| {
            train.iter().map(|&time| (time, unit)).collect::<Vec<(f64, usize)>>()
        };
        let mut events: Vec<(f64, usize)> = self.iter().enumerate().flat_map(of_unit).collect();
        // Stable, so that units stay in order among equal times.
        events.sort_by(|a, b| a.0.total_cmp(&b.0));
        events.into_iter().unzip()
    }

    /// The trains in the order of the neurons.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.starts.windows(2).map(|bounds| &self.times[bounds[0]..bounds[1]])
    }

    /// Spike counts in `bins` equal bins of `start..stop`: neuron after neuron, `bins` counts
    /// each. Spikes outside are left out; one at `stop` itself is in the last bin.
    ///
    /// # Errors
    /// If there are no bins, or `stop - start` is not positive and finite.
    pub fn counts(&self, start: f64, stop: f64, bins: usize) -> Result<Vec<u32>, SpikeError> {
        check_positive("the time from start to stop", stop - start)?;
        check_positive("the number of bins", bins as f64)?;
        let mut counts = vec![0; self.len() * bins];
        let per_time = bins as f64 / (stop - start);
        for (train, row) in self.iter().zip(counts.chunks_exact_mut(bins)) {
            for &time in train {
                if time >= start && time <= stop {
                    row[(((time - start) * per_time) as usize).min(bins - 1)] += 1;
                }
            }
        }
        Ok(counts)
    }
}
