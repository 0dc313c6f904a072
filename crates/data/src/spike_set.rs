//! Labelled spike recordings on the same channels.

use crate::error::DataError;
use crate::identity::{DataIdentity, Fingerprint, Source};
use crate::images::check_labels;
use crate::select::{Share, balanced_indices, class_counts, stratified_split};

/// Labelled spike recordings, all events in one array a field (compressed sparse rows).
#[derive(Debug, Clone, PartialEq)]
pub struct SpikeSet {
    /// The number of channels.
    pub units: usize,
    /// The time that the recordings are taken to last, s (`max_time`).
    pub duration: f32,
    /// Where each sample's events start, and the end of the last: one more than the samples.
    pub offsets: Vec<usize>,
    /// The time of each event, s from the start of its recording.
    pub times: Vec<f32>,
    /// The channel of each event, below `units`.
    pub unit_ids: Vec<u16>,
    /// The class of each sample, below `classes.len()`.
    pub labels: Vec<u16>,
    /// The speaker of each sample.
    pub speakers: Vec<u16>,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// The set's name, such as "shd/train".
    pub name: String,
    /// Where the samples come from.
    pub source: Source,
    /// The index of each sample in its source, before any selection, split or new order.
    pub indices: Vec<usize>,
}

/// The events of one sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleSpikes<'a> {
    /// The time of each event, s.
    pub times: &'a [f32],
    /// The channel of each event.
    pub units: &'a [u16],
}

impl SpikeSet {
    /// A set of recordings that the caller has in memory, each as the times of its spikes, s, and
    /// their channels. All are of speaker 0.
    ///
    /// # Errors
    /// If a recording has not as many times as channels, a time is not from 0 to `duration`, a
    /// channel is not below `units`, a label is no class, or there are not as many labels as
    /// recordings.
    pub fn new<'a>(
        name: impl Into<String>,
        units: usize,
        duration: f32,
        recordings: impl IntoIterator<Item = (&'a [f32], &'a [u16])>,
        labels: Vec<u16>,
        classes: Vec<String>,
    ) -> Result<SpikeSet, DataError> {
        let name = name.into();
        let wrong = |problem: String| Err(DataError::Request(format!("{name}: {problem}")));
        let possible = duration > 0.0 && duration.is_finite() && (1..=1 << 16).contains(&units);
        if !possible {
            return wrong(format!(
                "{units} channels over {duration} s: 1 to 65536 channels and a positive time are \
                 needed"
            ));
        }
        let (mut offsets, mut times, mut unit_ids) = (vec![0], Vec::new(), Vec::new());
        for (i, (t, u)) in recordings.into_iter().enumerate() {
            if t.len() != u.len() {
                return wrong(format!(
                    "recording {i} has {} times but {} channels",
                    t.len(),
                    u.len()
                ));
            }
            if let Some(t) = t.iter().find(|&&t| !(0.0..=duration).contains(&t)) {
                return wrong(format!(
                    "recording {i} has a spike at {t} s, expected 0 to {duration} s"
                ));
            }
            if let Some(u) = u.iter().find(|&&u| usize::from(u) >= units) {
                return wrong(format!("recording {i} has a spike on channel {u} of {units}"));
            }
            times.extend_from_slice(t);
            unit_ids.extend_from_slice(u);
            offsets.push(times.len());
        }
        let n = offsets.len() - 1;
        if labels.len() != n {
            return wrong(format!("{} labels for {n} recordings", labels.len()));
        }
        check_labels(&name, &labels, &classes)?;
        Ok(SpikeSet {
            units,
            duration,
            offsets,
            times,
            unit_ids,
            labels,
            speakers: vec![0; n],
            classes,
            name,
            source: Source::Memory,
            indices: (0..n).collect(),
        })
    }

    /// The digest of the content: events, channels, duration, labels, speakers, names of the
    /// classes, and order.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut digest = Fingerprint::builder("spikes");
        digest
            .number(self.units as u64)
            .float(f64::from(self.duration))
            .list(self.offsets.iter().map(|&n| (n as u64).to_le_bytes()))
            .list(self.times.iter().map(|t| t.to_bits().to_le_bytes()))
            .list(self.unit_ids.iter().map(|u| u.to_le_bytes()))
            .list(self.labels.iter().map(|l| l.to_le_bytes()))
            .list(self.speakers.iter().map(|s| s.to_le_bytes()))
            .texts(&self.classes)
            .finish()
    }

    /// What the set is made of, to be kept with results and compared.
    pub fn identity(&self) -> DataIdentity {
        let form = format!("spikes of {} channels over {} s", self.units, self.duration);
        DataIdentity::new(&self.name, &self.source, form, &self.indices, self.fingerprint())
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether the set holds no sample.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The events of sample `i`.
    ///
    /// # Panics
    /// If there is no sample `i`.
    pub fn sample(&self, i: usize) -> SampleSpikes<'_> {
        let range = self.offsets[i]..self.offsets[i + 1];
        SampleSpikes { times: &self.times[range.clone()], units: &self.unit_ids[range] }
    }

    /// The samples at `indices`, in that order (repetitions allowed).
    ///
    /// # Panics
    /// If an index is out of range.
    pub fn subset(&self, indices: &[usize]) -> SpikeSet {
        let total = indices.iter().map(|&i| self.offsets[i + 1] - self.offsets[i]).sum();
        let mut set = SpikeSet {
            units: self.units,
            duration: self.duration,
            offsets: Vec::with_capacity(indices.len() + 1),
            times: Vec::with_capacity(total),
            unit_ids: Vec::with_capacity(total),
            labels: indices.iter().map(|&i| self.labels[i]).collect(),
            speakers: indices.iter().map(|&i| self.speakers[i]).collect(),
            classes: self.classes.clone(),
            name: self.name.clone(),
            source: self.source.clone(),
            indices: indices.iter().map(|&i| self.indices[i]).collect(),
        };
        set.offsets.push(0);
        for &i in indices {
            let sample = self.sample(i);
            set.times.extend_from_slice(sample.times);
            set.unit_ids.extend_from_slice(sample.units);
            set.offsets.push(set.times.len());
        }
        set
    }

    /// The indices of `n` samples with the classes as equal as the set allows; the first m of
    /// them are what the call with m < n returns.
    ///
    /// # Errors
    /// If there are fewer than `n` samples.
    pub fn balanced_indices(&self, n: usize, seed: u64) -> Result<Vec<usize>, DataError> {
        balanced_indices(&self.labels, n, seed)
    }

    /// The samples at [`Self::balanced_indices`].
    ///
    /// # Errors
    /// If there are fewer than `n` samples.
    pub fn balanced_subset(&self, n: usize, seed: u64) -> Result<SpikeSet, DataError> {
        Ok(self.subset(&self.balanced_indices(n, seed)?))
    }

    /// Splits into (training, validation), `share` of the samples going to validation with every
    /// class in proportion. Speakers are in both parts; see [`Self::split_validation_by_speaker`].
    ///
    /// # Errors
    /// If a part would be empty.
    pub fn split_validation(
        &self,
        share: Share,
        seed: u64,
    ) -> Result<(SpikeSet, SpikeSet), DataError> {
        let (train, validation) = stratified_split(&self.labels, share, seed)?;
        Ok((self.subset(&train), self.subset(&validation)))
    }

    /// Splits into (training, validation), all samples of `speaker` going to validation: how well
    /// a network will do on a voice that it has not heard.
    ///
    /// # Errors
    /// If the speaker has no sample here, or all of them.
    pub fn split_validation_by_speaker(
        &self,
        speaker: u16,
    ) -> Result<(SpikeSet, SpikeSet), DataError> {
        let (validation, train): (Vec<usize>, Vec<usize>) =
            (0..self.len()).partition(|&i| self.speakers[i] == speaker);
        if validation.is_empty() || train.is_empty() {
            let known: Vec<String> = self.speaker_ids().iter().map(u16::to_string).collect();
            return Err(DataError::Request(format!(
                "speaker {speaker} cannot be held out for validation: the speakers of {} are {}",
                self.name,
                known.join(", ")
            )));
        }
        Ok((self.subset(&train), self.subset(&validation)))
    }

    /// The speakers that occur, ascending.
    pub fn speaker_ids(&self) -> Vec<u16> {
        let mut speakers = self.speakers.clone();
        speakers.sort_unstable();
        speakers.dedup();
        speakers
    }

    /// The number of samples of each class.
    pub fn class_counts(&self) -> Vec<usize> {
        class_counts(&self.labels, self.classes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> SpikeSet {
        let recordings: [(&[f32], &[u16]); 4] =
            [(&[0.5], &[0]), (&[], &[]), (&[0.1, 0.2], &[1, 2]), (&[0.9], &[3])];
        let classes = vec!["a".into(), "b".into()];
        let set = SpikeSet::new("test", 4, 1.0, recordings, vec![0, 1, 0, 1], classes).unwrap();
        SpikeSet { speakers: vec![7, 7, 9, 9], ..set }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let make = |t: &[f32], u: &[u16], labels: &[u16], duration: f32| {
            SpikeSet::new("x", 2, duration, [(t, u)], labels.to_vec(), vec!["a".into()])
        };
        assert!(make(&[0.5], &[1], &[0], 1.0).is_ok());
        for (t, u, labels, duration) in [
            (&[0.5, 0.6][..], &[1][..], &[0][..], 1.0),
            (&[1.5], &[1], &[0], 1.0),
            (&[f32::NAN], &[1], &[0], 1.0),
            (&[0.5], &[2], &[0], 1.0),
            (&[0.5], &[1], &[1], 1.0),
            (&[0.5], &[1], &[0, 0], 1.0),
            (&[0.5], &[1], &[0], 0.0),
            (&[0.5], &[1], &[0], f32::INFINITY),
        ] {
            assert!(make(t, u, labels, duration).is_err(), "{t:?} {u:?} {labels:?} {duration}");
        }
    }

    #[test]
    fn every_part_of_the_content_counts() {
        let set = set();
        let mut others = vec![set.subset(&[0, 2, 1, 3]), set.subset(&[0, 1, 2])];
        others.push(SpikeSet { units: 5, ..set.clone() });
        others.push(SpikeSet { duration: 1.5, ..set.clone() });
        others.push(SpikeSet { times: vec![0.5, 0.1, 0.2, 0.8], ..set.clone() });
        others.push(SpikeSet { unit_ids: vec![0, 1, 2, 2], ..set.clone() });
        others.push(SpikeSet { offsets: vec![0, 0, 1, 3, 4], ..set.clone() });
        others.push(SpikeSet { labels: vec![0, 1, 1, 1], ..set.clone() });
        others.push(SpikeSet { speakers: vec![7, 7, 9, 8], ..set.clone() });
        for other in others {
            assert_ne!(other.fingerprint(), set.fingerprint());
            assert!(other.identity().difference(&set.identity()).is_some());
        }
        assert_eq!(set.subset(&[3, 1]).indices, [3, 1]);
        assert_eq!(set.identity().difference(&set.clone().identity()), None);
    }

    #[test]
    fn samples_keep_their_events() {
        let set = set();
        assert!(set.sample(1).times.is_empty());
        let chosen = set.subset(&[2, 0]);
        assert_eq!(chosen.sample(0), SampleSpikes { times: &[0.1, 0.2], units: &[1, 2] });
        assert_eq!(chosen.offsets, [0, 2, 3]);
        assert_eq!(chosen.speakers, [9, 7]);
        assert_eq!(set.class_counts(), [2, 2]);
    }

    #[test]
    fn a_speaker_is_held_out_whole() {
        let (train, validation) = set().split_validation_by_speaker(9).unwrap();
        assert_eq!(train.speakers, [7, 7]);
        assert_eq!(validation.times, [0.1, 0.2, 0.9]);
        let problem = set().split_validation_by_speaker(8).unwrap_err().to_string();
        assert!(problem.contains("speakers of test are 7, 9"), "{problem}");
        assert!(validation.split_validation_by_speaker(9).is_err());
    }

    #[test]
    fn a_seeded_split_keeps_the_classes() {
        let (train, validation) = set().split_validation(Share::Fraction(0.5), 1).unwrap();
        assert_eq!(train.class_counts(), [1, 1]);
        assert_eq!(validation.class_counts(), [1, 1]);
    }
}
