//! What recordings look like, whatever is decoded from them: how irregular, how variable, how
//! correlated, and how long their activity echoes.

use equipoise_data::{Counts, Response};
use equipoise_metrics::dynamics::{
    BranchingConfig, BranchingRatio, DynamicsError, Fei, FeiConfig, branching_ratio, fei,
    population_counts,
};
use equipoise_metrics::spikes::{
    count_correlations, cv, fano_factors, local_variation, synchrony_index,
};
use equipoise_metrics::summary::Summary;
use equipoise_report::{Cell, Column, Table};
use serde::{Deserialize, Serialize};

use crate::metrics::Metrics;
use crate::{OrStudyError, StudyError};

/// Windows of Fano factors and correlations, ms; recordings that are shorter are one window.
const WINDOW_MS: f64 = 100.0;
/// Bins of the population's activity, ms, as Wilting & Priesemann (2018) use.
const BIN_MS: f64 = 4.0;
/// Longest lag of the branching ratio, in bins.
const LONGEST_LAG: usize = 100;
/// The most counts that are held at a time: of more, windows are wider.
const MOST_COUNTS: f64 = 2.7e8;

/// Measures of recordings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordingMeasures {
    /// Recordings.
    pub recordings: usize,
    /// Units of each.
    pub units: usize,
    /// Length of each, ms.
    pub duration_ms: f64,
    /// Mean rate of a unit, Hz.
    pub rate_hz: f64,
    /// CV of the inter-spike intervals of each unit; none where there are counts and no spikes.
    pub cv: Option<Summary>,
    /// Local variation of the intervals of each unit.
    pub local_variation: Option<Summary>,
    /// Windows of the Fano factors and correlations, ms.
    pub window_ms: f64,
    /// Fano factor of each unit's counts over all windows of all recordings.
    pub fano: Summary,
    /// Mean correlation of the counts of pairs of units.
    pub correlation: Option<f64>,
    /// Synchrony index of the counts.
    pub synchrony: Option<f64>,
    /// Bins of the population's activity, ms.
    pub bin_ms: f64,
    /// Branching ratio of the population's activity, a trial each recording.
    pub branching: Option<BranchingRatio>,
    /// fE/I of a single recording's population activity.
    pub fei: Option<Fei>,
    /// What could not be measured, and why.
    pub missing: Vec<(String, DynamicsError)>,
}

impl RecordingMeasures {
    /// Measures recordings.
    ///
    /// # Errors
    /// [`StudyError::Input`] if the recordings contradict themselves.
    pub fn of(response: &Response) -> Result<Self, StudyError> {
        let duration_ms = response.duration_ms();
        let windows = windows(response, duration_ms);
        let counts = response.counts(windows)?;
        let (units, bins) = (counts.units, counts.bins);
        let by_unit = by_unit(&counts);
        let columns = counts.len() * bins;
        let fano = fano_factors(&by_unit, columns).or_input()?;
        let correlations = count_correlations(&by_unit, columns).or_input()?;
        let synchrony = synchrony_index(&by_unit, columns).or_input()?;
        let (bin_ms, activity) = activity(response);
        let mut missing = Vec::new();
        let mut kept = |name: &str, why| missing.push((name.to_owned(), why));
        let branching = activity.as_ref().map_err(Clone::clone).and_then(|trials| {
            let bins = trials.first().map_or(0, Vec::len);
            let longest_lag = LONGEST_LAG.min(bins / 10).max(3);
            let config = BranchingConfig { longest_lag, ..BranchingConfig::default() };
            branching_ratio(&trials.iter().map(Vec::as_slice).collect::<Vec<&[f64]>>(), &config)
        });
        let branching = branching.map_err(|why| kept("branching ratio", why)).ok();
        let fei = activity.and_then(|trials| match trials.as_slice() {
            [one] => fei(one, &FeiConfig { window: 250, ..FeiConfig::default() }),
            many => Err(DynamicsError::TooMany {
                what: "recordings".to_owned(),
                found: many.len(),
                most: 1,
            }),
        });
        let fei = fei.map_err(|why| kept("fE/I", why)).ok();
        let irregularity = match response {
            Response::Counts(_) => None,
            Response::Spikes(trains) => Some(irregularity(trains, units)),
        };
        let (cv, local_variation) = irregularity.unzip();
        Ok(Self {
            recordings: counts.len(),
            units,
            duration_ms,
            rate_hz: counts.mean_rate_hz(),
            cv,
            local_variation,
            window_ms: duration_ms / bins as f64,
            fano: Summary::of(&fano.into_iter().flatten().collect::<Vec<f64>>()),
            correlation: correlations.mean,
            synchrony: synchrony.filter(|_| units > 1).map(|s| s.chi),
            bin_ms,
            branching,
            fei,
            missing,
        })
    }

    /// The measures, a row each.
    pub fn table(&self) -> Table {
        let mean = |s: Option<Summary>| s.and_then(|s| s.mean);
        let branching = self.branching.as_ref();
        let interval = branching.and_then(|b| b.interval);
        let rows: [(&str, Option<f64>); 14] = [
            ("recordings", Some(self.recordings as f64)),
            ("units", Some(self.units as f64)),
            ("length (ms)", Some(self.duration_ms)),
            ("rate of a unit (Hz)", Some(self.rate_hz)),
            ("CV of inter-spike intervals, mean over units", mean(self.cv)),
            ("local variation, mean over units", mean(self.local_variation)),
            ("Fano factor, mean over units", self.fano.mean),
            ("count correlation, mean over pairs", self.correlation),
            ("synchrony index chi", self.synchrony),
            ("branching ratio", branching.map(|b| b.ratio)),
            ("branching ratio, lower end of the 95 % interval", interval.map(|i| i.low)),
            ("branching ratio, upper end of the 95 % interval", interval.map(|i| i.high)),
            ("time over which activity decays (ms)", branching.map(|b| b.timescale * self.bin_ms)),
            (
                "fE/I (none where the DFA exponent is not above 0.6)",
                self.fei.as_ref().filter(|fei| fei.valid).map(|fei| fei.ratio),
            ),
        ];
        let mut table = Table::new("The recordings")
            .column(Column::text("quantity"))
            .column(Column::number("value").decimals(3));
        for (name, value) in rows {
            table.row([Cell::from(name), value.map_or(Cell::Missing, Cell::from)]);
        }
        table = table.note(&format!(
            "Fano factors and correlations are of counts in windows of {} ms over all recordings, \
             and so of what the stimulus changes too; the branching ratio is of the population in \
             bins of {} ms.",
            self.window_ms, self.bin_ms
        ));
        for (name, why) in &self.missing {
            table = table.note(&format!("No {name}: {why}."));
        }
        table
    }

    /// Adds the measures under this name.
    pub fn add_metrics(&self, name: &str, metrics: &mut Metrics) {
        metrics.put(format!("{name}.rate_hz"), self.rate_hz);
        metrics.put_some(format!("{name}.cv"), self.cv.and_then(|s| s.mean));
        metrics.put_some(format!("{name}.fano"), self.fano.mean);
        metrics.put_some(format!("{name}.correlation"), self.correlation);
        metrics.put_some(format!("{name}.synchrony"), self.synchrony);
        metrics
            .put_some(format!("{name}.branching_ratio"), self.branching.as_ref().map(|b| b.ratio));
        metrics.put_some(
            format!("{name}.fei"),
            self.fei.as_ref().filter(|fei| fei.valid).map(|fei| fei.ratio),
        );
    }
}

/// How many windows a recording is counted in.
fn windows(response: &Response, duration_ms: f64) -> usize {
    let units = match response {
        Response::Counts(counts) => counts.units,
        Response::Spikes(trains) => trains.first().map_or(1, |train| train.units),
    };
    let most = MOST_COUNTS / (units.max(1) as f64 * response.len().max(1) as f64);
    (duration_ms / WINDOW_MS).floor().min(most).max(1.0) as usize
}

/// Counts of each unit over all recordings, unit after unit.
fn by_unit(counts: &Counts) -> Vec<u32> {
    let (units, bins) = (counts.units, counts.bins);
    let mut table = Vec::with_capacity(counts.counts.len());
    for unit in 0..units {
        for i in 0..counts.len() {
            let row = &counts.recording(i)[unit * bins..(unit + 1) * bins];
            table.extend(row.iter().map(|&count| u32::from(count)));
        }
    }
    table
}

/// CV and local variation of each unit's intervals within recordings.
fn irregularity(
    trains: &[equipoise_data::spikes::SpikeTrains],
    units: usize,
) -> (Summary, Summary) {
    let mut all: Vec<Vec<f64>> = vec![Vec::new(); units];
    let mut last: Vec<Option<f64>> = vec![None; units];
    for train in trains {
        last.fill(None);
        for (&time, &unit) in train.times.iter().zip(&train.ids) {
            let (time, unit) = (f64::from(time), unit as usize);
            if let Some(before) = last[unit].replace(time) {
                all[unit].push(time - before);
            }
        }
    }
    let of = |measure: fn(&[f64]) -> Option<f64>| {
        Summary::of(&all.iter().filter_map(|of| measure(of)).collect::<Vec<f64>>())
    };
    (of(cv), of(local_variation))
}

/// The population's activity in each recording, and the width of its bins in ms.
fn activity(response: &Response) -> (f64, Result<Vec<Vec<f64>>, DynamicsError>) {
    match response {
        Response::Counts(counts) => {
            let bins = counts.bins;
            let sum = |i: usize| {
                let mut total = vec![0.0; bins];
                for row in counts.recording(i).chunks_exact(bins) {
                    total.iter_mut().zip(row).for_each(|(sum, &count)| *sum += f64::from(count));
                }
                total
            };
            (counts.bin_ms(), Ok((0..counts.len()).map(sum).collect()))
        }
        Response::Spikes(trains) => {
            let binned = |train: &equipoise_data::spikes::SpikeTrains| {
                let counts = population_counts(&train.times, 0.0, train.duration_ms, BIN_MS)?;
                Ok(counts.into_iter().map(f64::from).collect())
            };
            (BIN_MS, trains.iter().map(binned).collect())
        }
    }
}
