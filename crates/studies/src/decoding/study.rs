//! The decoding as a study: a unit is one fold.

use std::ops::ControlFlow;
use std::path::Path;

use equipoise_data::npz::NpzWriter;
use equipoise_data::{Counts, Fingerprint, Stimulated, read_stimulated};
use equipoise_metrics::statistics::{Against, Design, compare_groups, pearson};
use equipoise_report::Report;

use super::folds::{FoldFound, Problem, Row};
use super::report;
use super::results::{DecodingResults, MethodScore, UnitFilter};
use super::settings::DecodingSettings;
use crate::context::{Unit, gather};
use crate::recordings::RecordingMeasures;
use crate::{Context, Identity, Metrics, OrStudyError, Study, StudyError};

/// The most counts around a bin: the equations have their square.
const MOST_FEATURES: usize = 4000;
/// The most counts in all, and the most bins of all recordings.
const MOST_COUNTS: f64 = 2e9;
const MOST_BINS: f64 = 5e7;
/// Units whose weights are shown.
const SHOWN_UNITS: usize = 4;
/// Bins of the excerpt.
const EXCERPT: usize = 400;

/// What do recordings say of a stimulus that changed over time?
#[derive(Debug)]
pub struct Decoding;

/// The recordings with their stimulus, in the same bins.
#[derive(Debug, Clone)]
pub struct DecodingInputs {
    /// As they were read.
    pub stimulated: Stimulated,
    /// The counts.
    pub counts: Counts,
    /// The stimulus in the bins of the counts.
    pub stimulus: Vec<Vec<f32>>,
    /// Bins before and after the one that is decoded.
    reach: (usize, usize),
    /// Whether blocks are parts of the time, or recordings.
    of_time: bool,
    /// What was noticed.
    remarks: Vec<String>,
}

impl DecodingInputs {
    /// With recordings that are in memory.
    ///
    /// # Errors
    /// If the settings do not suit them.
    pub fn of(settings: &DecodingSettings, stimulated: Stimulated) -> Result<Self, StudyError> {
        let duration = stimulated.response.duration_ms();
        let wanted = (duration / settings.bin_ms).round().max(1.0);
        let units = match &stimulated.response {
            equipoise_data::Response::Counts(counts) => counts.units,
            equipoise_data::Response::Spikes(trains) => trains.first().map_or(1, |t| t.units),
        };
        let bins = wanted * stimulated.response.len() as f64;
        if bins > MOST_BINS || bins * units as f64 > MOST_COUNTS {
            return Err(StudyError::settings(format!(
                "bin_ms is {}: {wanted} bins of {units} units in {} recordings do not fit in \
                 memory; take wider ones",
                settings.bin_ms,
                stimulated.response.len()
            )));
        }
        let counts = stimulated.response.counts(wanted as usize)?;
        let stimulus = stimulated.binned(counts.bins);
        let mut remarks: Vec<String> = stimulated.remarks.iter().map(ToString::to_string).collect();
        let bin_ms = counts.bin_ms();
        if (bin_ms / settings.bin_ms - 1.0).abs() > 1e-3 {
            remarks.push(format!("{}: bins of {bin_ms} ms, as the counts have", stimulated.name));
        }
        let bins_of = |ms: f64| (ms / bin_ms).round().min(1e12) as usize;
        let reach = (bins_of(settings.before_ms), bins_of(settings.after_ms));
        let features = (reach.0 + reach.1 + 1).saturating_mul(counts.units);
        if features > MOST_FEATURES {
            return Err(StudyError::settings(format!(
                "before_ms and after_ms: {} bins of {} units are {features} counts to decode from; \
                 at most {MOST_FEATURES} are possible: take a wider bin_ms or fewer",
                reach.0 + reach.1 + 1,
                counts.units
            )));
        }
        let first = stimulus.first();
        if stimulus.iter().all(|s| s.windows(2).all(|w| w[0] == w[1]) && Some(s) == first) {
            return Err(StudyError::input(format!(
                "{}: the stimulus does not vary, so there is nothing to decode",
                stimulated.name
            )));
        }
        // One stimulus that is repeated must not be trained on and tested at the same time in it.
        let repeated = stimulus.iter().all(|s| Some(s) == first);
        let of_time = repeated || stimulus.len() < settings.blocks;
        Ok(Self { stimulated, counts, stimulus, reach, of_time, remarks })
    }

    pub(super) fn problem(&self, settings: &DecodingSettings) -> Problem<'_> {
        Problem {
            counts: &self.counts,
            stimulus: &self.stimulus,
            reach: self.reach,
            folds: settings.folds,
            blocks: settings.blocks,
            of_time: self.of_time,
        }
    }

    /// What the stimulus and the counts are.
    fn identity(&self) -> Identity {
        let mut digest = Fingerprint::builder("stimulus");
        for recording in &self.stimulus {
            digest.number(recording.len() as u64);
            for &value in recording {
                digest.float(f64::from(value));
            }
        }
        Identity::new().with("stimulus", digest.finish()).with("counts", self.counts.fingerprint())
    }
}

impl Study for Decoding {
    const NAME: &'static str = "decode";
    type Settings = DecodingSettings;
    type Inputs = DecodingInputs;
    type Results = DecodingResults;

    fn open(settings: &DecodingSettings, root: &Path) -> Result<DecodingInputs, StudyError> {
        let files = &settings.recorded;
        if files.counts.as_os_str().is_empty() {
            return Err(StudyError::input("recorded.counts: a file of recordings is needed"));
        }
        let at = |path: &Path| match root.join(path) {
            below if !path.exists() && below.exists() => below,
            _ => path.to_owned(),
        };
        let counts = at(&files.counts);
        let stimulus = files.stimulus.as_deref().map_or_else(|| counts.clone(), at);
        let go_on = || ControlFlow::Continue(());
        DecodingInputs::of(
            settings,
            read_stimulated(&counts, &stimulus, files.duration_ms, &go_on)?,
        )
    }

    fn data(inputs: &DecodingInputs) -> Identity {
        inputs.identity()
    }

    fn remarks(_: &DecodingSettings, inputs: &DecodingInputs) -> Vec<String> {
        inputs.remarks.clone()
    }

    fn run(
        settings: &DecodingSettings,
        inputs: &DecodingInputs,
        context: &Context<'_>,
    ) -> Result<DecodingResults, StudyError> {
        let problem = inputs.problem(settings);
        let identity = inputs.identity().with_settings(
            "division",
            &(inputs.reach, settings.folds, settings.blocks, inputs.of_time),
        );
        // Rows times the square of the features, some thousand millions a second.
        let work =
            (inputs.counts.len() * problem.bins()) as f64 * (problem.features() as f64).powi(2);
        let seconds = 0.1 + 4e-10 * work;
        let stage = context.stage("decoding", settings.folds as u64)?;
        let folds = gather((0..settings.folds).map(|fold| {
            context.check()?;
            let key = format!("folds/{}", fold + 1);
            let identity = identity.clone().with("fold", fold);
            let unit = Unit::new(&key).seed(settings.seed).seconds(seconds);
            let found = context.unit(unit, &identity, || problem.solve(fold))?;
            stage.advance(1)?;
            Ok::<FoldFound, StudyError>(found)
        }))?;
        let found = results(settings, inputs, &problem, &folds)?;
        context.write("decoded.npz", &decoded(&problem, &folds)?)?;
        Ok(found)
    }

    fn report(found: &DecodingResults) -> Report {
        report::report(found)
    }

    fn metrics(found: &DecodingResults) -> Metrics {
        let mut metrics = Metrics::default();
        for score in &found.methods {
            metrics.put(format!("{}.r_squared", score.method), score.r_squared);
            metrics.put_some(format!("{}.correlation", score.method), score.correlation);
            metrics.put(format!("{}.rms_error", score.method), score.rms_error);
        }
        found.recordings.add_metrics("recordings", &mut metrics);
        metrics
    }

    fn summary_within(found: &DecodingResults, width: usize) -> String {
        report::summary(found, width)
    }
}

/// Estimates beside the stimulus, in the order of the bins.
struct Estimates {
    rows: Vec<Row>,
    truth: Vec<f64>,
    /// Linear, mean, shuffled.
    methods: [Vec<f64>; 3],
}

impl Estimates {
    fn of(problem: &Problem<'_>, folds: &[FoldFound]) -> Self {
        let mut all: Vec<(Row, [f64; 3])> = Vec::new();
        for (fold, found) in folds.iter().enumerate() {
            let estimates = found.linear.iter().zip(&found.shuffled);
            let rows = problem.rows(|f| f == fold, false);
            all.extend(rows.into_iter().zip(estimates).map(|(row, (&linear, &shuffled))| {
                (row, [f64::from(linear), found.mean, f64::from(shuffled)])
            }));
        }
        all.sort_unstable_by_key(|(row, _)| *row);
        Self {
            truth: all.iter().map(|&(row, _)| problem.value(row)).collect(),
            methods: [0, 1, 2].map(|m| all.iter().map(|(_, found)| found[m]).collect()),
            rows: all.into_iter().map(|(row, _)| row).collect(),
        }
    }
}

fn results(
    settings: &DecodingSettings,
    inputs: &DecodingInputs,
    problem: &Problem<'_>,
    folds: &[FoldFound],
) -> Result<DecodingResults, StudyError> {
    let estimates = Estimates::of(problem, folds);
    let (rows, truth) = (&estimates.rows, &estimates.truth);
    let level = truth.iter().sum::<f64>() / truth.len().max(1) as f64;
    let variance: f64 = truth.iter().map(|s| (s - level).powi(2)).sum();
    let methods: Vec<MethodScore> = ["linear", "mean", "shuffled"]
        .iter()
        .zip(&estimates.methods)
        .map(|(method, found)| {
            let (mut errors, mut counts) = (vec![0.0; settings.blocks], vec![0.0; settings.blocks]);
            for ((&row, s), estimate) in rows.iter().zip(truth).zip(found) {
                let block = problem.block(row);
                errors[block] += (s - estimate).powi(2);
                counts[block] += 1.0;
            }
            let square: f64 = errors.iter().sum();
            let blocks = errors.iter().zip(&counts).filter(|(_, n)| **n > 0.0);
            MethodScore {
                method: (*method).to_owned(),
                r_squared: 1.0 - square / variance,
                correlation: pearson(truth, found, 0.95).ok().map(|c| c.r),
                rms_error: (square / truth.len().max(1) as f64).sqrt(),
                block_errors: blocks.map(|(square, n)| square / n).collect(),
            }
        })
        .collect();
    let errors: Vec<&[f64]> = methods.iter().map(|m| m.block_errors.as_slice()).collect();
    let tests = compare_groups(&errors, Against::Reference(0), Design::Paired, 0.95).or_failed()?;
    let bin_ms = inputs.counts.bin_ms();
    let lag = |k: usize| (k as f64 - inputs.reach.0 as f64) * bin_ms;
    let shown = rows.iter().take_while(|row| row.0 == 0).count().min(EXCERPT);
    Ok(DecodingResults {
        name: inputs.stimulated.name.clone(),
        bin_ms,
        bins: rows.len(),
        methods,
        tests,
        lags_ms: (0..problem.lags()).map(lag).collect(),
        filters: filters(problem, folds),
        excerpt: [
            rows[..shown].iter().map(|row| (f64::from(row.1) + 0.5) * bin_ms).collect(),
            truth[..shown].to_vec(),
            estimates.methods[0][..shown].to_vec(),
        ],
        recordings: RecordingMeasures::of(&inputs.stimulated.response)?,
    })
}

/// The weights of the units with the largest, in the first fold.
fn filters(problem: &Problem<'_>, folds: &[FoldFound]) -> Vec<UnitFilter> {
    let Some(first) = folds.first() else { return Vec::new() };
    let mut all: Vec<UnitFilter> = first
        .weights
        .chunks_exact(problem.lags())
        .enumerate()
        .map(|(unit, weights)| UnitFilter { unit, weights: weights.to_vec() })
        .collect();
    let size = |f: &UnitFilter| f.weights.iter().map(|w| w * w).sum::<f64>();
    all.sort_by(|a, b| size(b).total_cmp(&size(a)));
    all.truncate(SHOWN_UNITS);
    all
}

/// Stimulus and estimates of every bin that was decoded, as arrays.
fn decoded(problem: &Problem<'_>, folds: &[FoldFound]) -> Result<Vec<u8>, StudyError> {
    let estimates = Estimates::of(problem, folds);
    let n = [estimates.rows.len()];
    let bin_ms = problem.counts.bin_ms();
    let floats = |values: &[f64]| values.iter().map(|&x| x as f32).collect::<Vec<f32>>();
    let mut file = NpzWriter::in_memory();
    file.array("recording", &n, estimates.rows.iter().map(|row| row.0))?;
    let middle = |row: &Row| (f64::from(row.1) + 0.5) * bin_ms;
    file.array("time_ms", &n, estimates.rows.iter().map(middle))?;
    file.array("stimulus", &n, floats(&estimates.truth))?;
    file.array("decoded", &n, floats(&estimates.methods[0]))?;
    file.array("shuffled", &n, floats(&estimates.methods[2]))?;
    Ok(file.into_bytes()?)
}
