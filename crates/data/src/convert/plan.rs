//! What is to be written: what is known of the spikes before they are read, and what a first pass
//! over them has found.

use super::stream::{Head, MOST_RECORDINGS, Source, TimeUnit};
use crate::error::DataError;
use std::path::Path;

/// What a pass over all spikes has found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Survey {
    /// The spikes of each recording.
    pub spikes: Vec<u64>,
    /// The highest unit that spikes.
    pub highest: Option<u32>,
    /// The first and the last time, in the unit of the stream.
    pub times: Option<(f64, f64)>,
    /// How many spikes come before another of their recording that is earlier in the file.
    pub unsorted: u64,
}

impl Survey {
    /// Counts the spikes of a source; `progress` is told how many there are so far.
    pub fn of(
        source: &dyn Source,
        progress: &mut dyn FnMut(u64) -> Result<(), DataError>,
    ) -> Result<Survey, DataError> {
        let mut survey = Survey {
            spikes: vec![0; source.head().recordings.unwrap_or(1)],
            highest: None,
            times: None,
            unsorted: 0,
        };
        let mut last = vec![f64::NEG_INFINITY; survey.spikes.len()];
        let mut total = 0;
        source.read(&mut |block| {
            for ((&time, &id), &sample) in block.times.iter().zip(&block.ids).zip(&block.samples) {
                let sample = sample as usize;
                if sample >= survey.spikes.len() {
                    survey.spikes.resize(sample + 1, 0);
                    last.resize(sample + 1, f64::NEG_INFINITY);
                }
                survey.spikes[sample] += 1;
                survey.unsorted += u64::from(time < last[sample]);
                last[sample] = time;
                survey.highest = Some(survey.highest.map_or(id, |highest| highest.max(id)));
                let (first, end) = survey.times.unwrap_or((time, time));
                survey.times = Some((first.min(time), end.max(time)));
            }
            total += block.len() as u64;
            progress(total)
        })?;
        Ok(survey)
    }

    /// All spikes.
    pub fn total(&self) -> u64 {
        self.spikes.iter().sum()
    }
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    pub head: Head,
    pub survey: Survey,
    /// The unit that times are to have.
    pub unit: TimeUnit,
}

impl Plan {
    /// A plan of spikes from the file at `path`, in which what it says of itself must fit.
    pub fn new(
        path: &Path,
        head: Head,
        mut survey: Survey,
        unit: TimeUnit,
    ) -> Result<Plan, DataError> {
        let wrong = |place: &str, why: String| Err(DataError::format(path, place, why));
        let said = head.recordings;
        // Without spikes there need be no recording, but where there is only one there is one.
        if head.many && said.is_none() && survey.total() == 0 {
            survey.spikes.clear();
        }
        let n = survey.spikes.len();
        if n as u64 > MOST_RECORDINGS {
            return wrong("the recordings", format!("{n}: at most {MOST_RECORDINGS}"));
        }
        if let Some(said) = said.filter(|&said| said < n) {
            let last = n - 1;
            return wrong(
                "the spikes",
                format!("a spike of recording {last}, but there are {said} recordings"),
            );
        }
        for (what, length) in [
            ("labels", head.labels.as_ref().map(Vec::len)),
            ("speakers", head.speakers.as_ref().map(Vec::len)),
            ("durations", head.durations_ms.as_ref().map(Vec::len)),
        ] {
            if let Some(length) = length.filter(|&length| length != n) {
                return wrong(what, format!("{length} of them for {n} recordings"));
            }
        }
        if let Some((units, highest)) = head.units.zip(survey.highest)
            && u64::from(highest) >= units
        {
            let problem = format!("a spike of unit {highest}, but there are {units} units");
            return wrong("the spikes", problem);
        }
        Ok(Plan { head, survey, unit })
    }

    /// The number of recordings.
    pub fn recordings(&self) -> usize {
        self.survey.spikes.len()
    }

    /// The number of units: as many as are said, or up to the highest that spikes.
    pub fn units(&self) -> u64 {
        let used = self.survey.highest.map_or(0, |highest| u64::from(highest) + 1);
        self.head.units.unwrap_or(used)
    }
}
