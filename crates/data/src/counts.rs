//! Spike counts of many recordings.

use crate::error::DataError;
use crate::identity::{DataIdentity, Fingerprint};
use crate::trains::SpikeTrains;
use serde::{Deserialize, Serialize};

/// What recorded spikes, or counts of them, were answers to, and whose spikes they are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CountsOrigin {
    /// The stimuli, recording by recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stimuli: Option<DataIdentity>,
    /// The network that spiked; nothing for counts that were recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Fingerprint>,
}

/// The spike counts of many recordings: how often each unit spiked in each of equal bins of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counts {
    /// The number of units.
    pub units: usize,
    /// The number of equal bins of a recording.
    pub bins: usize,
    /// The length of a recording, ms.
    pub duration_ms: f64,
    /// The counts, `[recordings, units, bins]`, the bin fastest. One above 65,535 stays there.
    pub counts: Vec<u16>,
    /// The class of each recording; nothing where they have none.
    pub labels: Vec<u16>,
    /// The index of each recording's stimulus in its part of the data set; nothing where it is not
    /// known.
    pub indices: Vec<u64>,
    /// What they were made from.
    pub origin: CountsOrigin,
}

impl Counts {
    /// A table of counts `[recordings, units, bins]` without labels.
    ///
    /// # Errors
    /// If a size is 0, the duration is no positive time, or the number of counts is no multiple of
    /// units x bins.
    pub fn new(
        units: usize,
        bins: usize,
        duration_ms: f64,
        counts: Vec<u16>,
    ) -> Result<Counts, DataError> {
        let size = units.checked_mul(bins).filter(|&size| size > 0);
        let possible = duration_ms > 0.0 && duration_ms.is_finite();
        match size {
            Some(size) if possible && counts.len().is_multiple_of(size) => Ok(Counts {
                units,
                bins,
                duration_ms,
                counts,
                labels: Vec::new(),
                indices: Vec::new(),
                origin: CountsOrigin::default(),
            }),
            _ => Err(DataError::Request(format!(
                "{} counts of {units} units in {bins} bins of {duration_ms} ms: whole recordings \
                 of at least a unit, a bin and a positive time are needed",
                counts.len()
            ))),
        }
    }

    /// The number of recordings.
    pub fn len(&self) -> usize {
        self.counts.len() / (self.units * self.bins).max(1)
    }

    /// Whether there is no recording.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The width of a bin, ms.
    pub fn bin_ms(&self) -> f64 {
        self.duration_ms / self.bins.max(1) as f64
    }

    /// The counts of recording `i`, `[units, bins]`.
    ///
    /// # Panics
    /// If there is no recording `i`.
    pub fn recording(&self, i: usize) -> &[u16] {
        let size = self.units * self.bins;
        &self.counts[i * size..(i + 1) * size]
    }

    /// The recordings at `indices`, in that order (repetitions allowed).
    ///
    /// # Panics
    /// If an index is out of range.
    pub fn subset(&self, indices: &[usize]) -> Counts {
        Counts {
            counts: indices.iter().flat_map(|&i| self.recording(i)).copied().collect(),
            labels: indices.iter().filter_map(|&i| self.labels.get(i)).copied().collect(),
            indices: indices.iter().filter_map(|&i| self.indices.get(i)).copied().collect(),
            origin: self.origin.clone(),
            ..*self
        }
    }

    /// The mean rate of a unit, Hz; 0 without recordings.
    pub fn mean_rate_hz(&self) -> f64 {
        let unit_seconds = (self.len() * self.units) as f64 * self.duration_ms / 1000.0;
        let spikes: u64 = self.counts.iter().map(|&c| u64::from(c)).sum();
        if unit_seconds > 0.0 { spikes as f64 / unit_seconds } else { 0.0 }
    }

    /// Adds a recording, counted in the table's bins; its class too, where recordings have one.
    /// Where stimuli have an index, the caller adds it.
    ///
    /// # Errors
    /// If it has another length or number of units.
    pub fn push(&mut self, trains: &SpikeTrains, label: Option<u16>) -> Result<(), DataError> {
        if trains.units != self.units || trains.duration_ms != self.duration_ms {
            return Err(DataError::Request(format!(
                "a recording of {} units and {} ms does not fit counts of {} units and {} ms",
                trains.units, trains.duration_ms, self.units, self.duration_ms
            )));
        }
        let start = self.counts.len();
        self.counts.resize(start + self.units * self.bins, 0);
        trains.add_binned_counts(self.bins, &mut self.counts[start..]);
        self.labels.extend(label);
        Ok(())
    }

    /// The digest of the content: sizes, time, counts, labels and order.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::builder("counts")
            .number(self.units as u64)
            .number(self.bins as u64)
            .float(self.duration_ms)
            .list(self.counts.iter().map(|c| c.to_le_bytes()))
            .list(self.labels.iter().map(|l| l.to_le_bytes()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_are_counted_in_bins() {
        let mut counts = Counts::new(2, 2, 10.0, Vec::new()).unwrap();
        let trains =
            SpikeTrains::new(10.0, 2, vec![0.0, 4.9, 5.0, 10.0], vec![0, 0, 1, 1]).unwrap();
        counts.push(&trains, Some(3)).unwrap();
        assert_eq!(counts.recording(0), [2, 0, 0, 2]);
        assert_eq!((counts.len(), counts.bin_ms(), &counts.labels[..]), (1, 5.0, &[3][..]));
        // Four spikes of two units in 10 ms.
        assert_eq!(counts.mean_rate_hz(), 200.0);
        let longer = SpikeTrains::new(11.0, 2, Vec::new(), Vec::new()).unwrap();
        assert!(counts.push(&longer, None).is_err());
        assert_eq!(counts.subset(&[0, 0]).counts, [2, 0, 0, 2, 2, 0, 0, 2]);
        assert_eq!(counts.subset(&[0, 0]).labels, [3, 3]);
        let before = counts.fingerprint();
        counts.push(&trains, Some(3)).unwrap();
        assert_ne!(counts.fingerprint(), before);
    }

    #[test]
    fn tables_that_do_not_fit_are_refused() {
        for (units, bins, duration, counts) in
            [(0, 1, 1.0, 0), (1, 0, 1.0, 0), (2, 3, 1.0, 5), (2, 3, 0.0, 6), (2, 3, f64::NAN, 6)]
        {
            assert!(Counts::new(units, bins, duration, vec![0; counts]).is_err());
        }
        assert!(Counts::new(usize::MAX, 2, 1.0, Vec::new()).is_err());
    }
}
