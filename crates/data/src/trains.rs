//! Recorded spikes: the events of a population over one recording.

/// The spikes of one recording, as events sorted by time and then by unit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpikeTrains {
    /// The length of the recording, ms.
    pub duration_ms: f64,
    /// The number of units (neurons or channels) recorded, silent ones included.
    pub units: usize,
    /// The time of each spike, ms from the start of the recording, ascending.
    pub times: Vec<f32>,
    /// The unit of each spike, below `units`; ascending among equal times.
    pub ids: Vec<u32>,
}

impl SpikeTrains {
    /// The trains with these events, which are sorted here.
    ///
    /// # Errors
    /// The reason, if the lists differ in length, a unit is out of range, or a time is not a
    /// number in 0..=`duration_ms`.
    pub fn new(
        duration_ms: f64,
        units: usize,
        times: Vec<f32>,
        ids: Vec<u32>,
    ) -> Result<SpikeTrains, String> {
        if times.len() != ids.len() {
            return Err(format!("{} spike times but {} units", times.len(), ids.len()));
        }
        if let Some(i) = times.iter().position(|&t| !(t >= 0.0 && f64::from(t) <= duration_ms)) {
            return Err(format!(
                "spike {i} is at {} ms, expected a time from 0 to {duration_ms} ms",
                times[i]
            ));
        }
        if let Some(i) = ids.iter().position(|&u| u as usize >= units) {
            return Err(format!("spike {i} is of unit {}, but there are {units} units", ids[i]));
        }
        let mut trains = SpikeTrains { duration_ms, units, times, ids };
        trains.sort();
        Ok(trains)
    }

    /// Puts the events into their order, by time and then by unit.
    pub fn sort(&mut self) {
        let in_order =
            |i: usize| (self.times[i - 1], self.ids[i - 1]) <= (self.times[i], self.ids[i]);
        if (1..self.times.len()).all(in_order) {
            return;
        }
        let mut events: Vec<(f32, u32)> =
            self.times.iter().copied().zip(self.ids.iter().copied()).collect();
        events.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        (self.times, self.ids) = events.into_iter().unzip();
    }

    /// The number of spikes.
    pub fn count(&self) -> usize {
        self.times.len()
    }

    /// The number of spikes of each unit.
    pub fn counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.units];
        for &unit in &self.ids {
            counts[unit as usize] += 1;
        }
        counts
    }

    /// The mean rate of a unit, Hz; 0 for a recording without units or without length.
    pub fn mean_rate_hz(&self) -> f64 {
        let unit_seconds = self.units as f64 * self.duration_ms / 1000.0;
        if unit_seconds > 0.0 { self.count() as f64 / unit_seconds } else { 0.0 }
    }

    /// The spikes of each unit in each of `bins` equal bins, `[units, bins]` with the bin
    /// fastest. Bins are half open, the last one closed. Counts above 65,535 stay there.
    ///
    /// # Panics
    /// If `bins` is 0.
    pub fn binned_counts(&self, bins: usize) -> Vec<u16> {
        let mut counts = vec![0; self.units * bins];
        self.add_binned_counts(bins, &mut counts);
        counts
    }

    /// Adds [`Self::binned_counts`] to `out`, `[units, bins]`.
    ///
    /// # Panics
    /// If `bins` is 0 or `out` has another length.
    pub fn add_binned_counts(&self, bins: usize, out: &mut [u16]) {
        assert!(bins > 0, "spikes cannot be counted in 0 bins");
        assert_eq!(out.len(), self.units * bins, "the buffer must be units x bins long");
        let per_ms = bins as f64 / self.duration_ms;
        for (&t, &unit) in self.times.iter().zip(&self.ids) {
            let bin = ((f64::from(t) * per_ms) as usize).min(bins - 1);
            let count = &mut out[unit as usize * bins + bin];
            *count = count.saturating_add(1);
        }
    }

    /// The spike times of each unit, ms, ascending.
    pub fn per_unit(&self) -> Vec<Vec<f32>> {
        let mut trains: Vec<Vec<f32>> =
            self.counts().into_iter().map(|n| Vec::with_capacity(n as usize)).collect();
        for (&t, &unit) in self.times.iter().zip(&self.ids) {
            trains[unit as usize].push(t);
        }
        trains
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn events_are_sorted_and_counted() {
        let trains =
            SpikeTrains::new(10.0, 3, vec![5.0, 0.0, 5.0, 10.0], vec![2, 0, 1, 2]).unwrap();
        assert_eq!(trains.times, [0.0, 5.0, 5.0, 10.0]);
        assert_eq!(trains.ids, [0, 1, 2, 2]);
        assert_eq!(trains.counts(), [1, 1, 2]);
        // The event on the inner edge is of the later bin, the one on the last edge of the last.
        assert_eq!(trains.binned_counts(2), [1, 0, 0, 1, 0, 2]);
        assert_eq!(trains.per_unit(), [vec![0.0], vec![5.0], vec![5.0, 10.0]]);
        assert!((trains.mean_rate_hz() - 4.0 / 0.03).abs() < 1e-9);
    }

    #[test]
    fn wrong_events_are_refused() {
        for (times, ids, wanted) in [
            (vec![1.0], vec![0, 1], "1 spike times but 2 units"),
            (vec![f32::NAN], vec![0], "spike 0 is at NaN"),
            (vec![1.0, -0.5], vec![0, 0], "spike 1 is at -0.5"),
            (vec![10.5], vec![0], "spike 0 is at 10.5"),
            (vec![1.0], vec![2], "spike 0 is of unit 2"),
        ] {
            let problem = SpikeTrains::new(10.0, 2, times, ids).unwrap_err();
            assert!(problem.starts_with(wanted), "{problem}");
        }
    }

    #[test]
    fn an_empty_recording_has_no_rate() {
        assert_eq!(SpikeTrains::default().mean_rate_hz(), 0.0);
        assert!(SpikeTrains::default().counts().is_empty());
    }

    proptest! {
        #[test]
        fn every_spike_is_in_one_bin(
            events in prop::collection::vec((0.0f32..=50.0, 0u32..7), 0..200),
            bins in 1usize..60,
        ) {
            let (times, ids): (Vec<f32>, Vec<u32>) = events.into_iter().unzip();
            let trains = SpikeTrains::new(50.0, 7, times, ids).unwrap();
            let counts = trains.counts();
            for (unit, row) in trains.binned_counts(bins).chunks(bins).enumerate() {
                prop_assert_eq!(row.iter().map(|&c| u32::from(c)).sum::<u32>(), counts[unit]);
            }
            prop_assert_eq!(trains.binned_counts(1).len(), 7);
        }
    }
}
