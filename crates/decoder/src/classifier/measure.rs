//! What a network does on a set: accuracy, activity, distances between its spike trains, weights.

use super::error::SampleError;
use super::{ClassifierError, LabelledEvents, Signs};
use crate::lif::Matrices;
use crate::lif::kernel::{Kernel, cross_entropy};
use equipoise_metrics::classification::ConfusionMatrix;
use equipoise_metrics::van_rossum::{GroupMeans, grid_distance_matrix};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How much the hidden neurons fire on a set of samples.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Activity {
    /// Spikes of all hidden neurons per sample.
    pub spikes: f64,
    /// Mean firing rate, Hz: spikes / (neurons · time that the grid covers).
    pub rate: f64,
    /// Mean rate of the excitatory neurons, Hz; none without one.
    pub excitatory_rate: Option<f64>,
    /// Mean rate of the inhibitory neurons, Hz; none without one.
    pub inhibitory_rate: Option<f64>,
    /// Share of the spikes that are excitatory, per cent; none in a silent network.
    pub excitatory_percent: Option<f64>,
}

impl Activity {
    /// From spike totals by type over `samples` samples of `seconds` s.
    fn new(
        excitatory: u64,
        inhibitory: u64,
        samples: usize,
        seconds: f64,
        of: (usize, usize),
    ) -> Self {
        let total = excitatory + inhibitory;
        let rate = |spikes: u64, neurons: usize| {
            (neurons > 0 && samples > 0)
                .then(|| spikes as f64 / (neurons * samples) as f64 / seconds)
        };
        Activity {
            spikes: if samples == 0 { 0.0 } else { total as f64 / samples as f64 },
            rate: rate(total, of.0 + of.1).unwrap_or(0.0),
            excitatory_rate: rate(excitatory, of.0),
            inhibitory_rate: rate(inhibitory, of.1),
            excitatory_percent: (total > 0).then(|| 100.0 * excitatory as f64 / total as f64),
        }
    }

    /// Of the same neurons, from the spikes of each over `samples` samples.
    pub(super) fn of_counts(
        counts: &[u64],
        excitatory: usize,
        samples: usize,
        seconds: f64,
    ) -> Activity {
        let (e, i) = counts.split_at(excitatory);
        Activity::new(e.iter().sum(), i.iter().sum(), samples, seconds, (e.len(), i.len()))
    }
}

/// What a network does on a set of samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Mean cross-entropy.
    pub loss: f64,
    /// Share of right answers.
    pub accuracy: f64,
    /// Rows are true classes, columns answers.
    pub confusion: Vec<Vec<u64>>,
    /// Over all samples.
    pub activity: Activity,
    /// Over the samples of each class.
    pub class_activity: Vec<Activity>,
}

impl Evaluation {
    /// Share of right answers in each class; none for a class without samples.
    pub fn class_accuracy(&self) -> Vec<Option<f64>> {
        let row = |(c, row): (usize, &Vec<u64>)| {
            let total: u64 = row.iter().sum();
            (total > 0).then(|| row[c] as f64 / total as f64)
        };
        self.confusion.iter().enumerate().map(row).collect()
    }
}

/// Samples whose answers and spike counts are held at once, by a network of `hidden` neurons.
pub(super) fn together(hidden: usize) -> usize {
    (MOST_COUNTS / hidden.max(1)).clamp(1, 8192)
}

/// The most counts that are held at once.
const MOST_COUNTS: usize = 1 << 26;

/// Which logit is the largest; the first of equal ones.
pub(super) fn largest(logits: &[f32]) -> usize {
    let mut best = 0;
    for (c, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = c;
        }
    }
    best
}

/// Runs the network on the samples (all of them if none are named).
///
/// # Errors
/// If network and data do not belong together, or there is no sample.
pub fn evaluate(
    kernel: &Kernel,
    weights: &Matrices,
    signs: Signs,
    data: &LabelledEvents,
    samples: Option<&[usize]>,
) -> Result<Evaluation, ClassifierError> {
    let all: Vec<usize>;
    let samples = match samples {
        Some(samples) => samples,
        None => {
            all = (0..data.len()).collect();
            &all
        }
    };
    if samples.is_empty() {
        return Err(SampleError::Empty.into());
    }
    let (hidden, classes) = (kernel.shape().hidden, kernel.shape().classes);
    if data.classes().len() > classes {
        return Err(SampleError::Classes { network: classes, data: data.classes().len() }.into());
    }
    let excitatory = signs.excitatory;
    let mut loss = 0.0;
    let mut confusion = ConfusionMatrix::new(classes);
    // Of each class: excitatory and inhibitory spikes, samples.
    let mut totals = vec![(0u64, 0u64, 0usize); classes];
    let mut unused = vec![0.0; classes];
    for chunk in samples.chunks(together(hidden)) {
        let output = kernel.evaluate(weights, data.input(), chunk)?;
        let rows = output.logits.chunks_exact(classes).zip(output.counts.chunks_exact(hidden));
        let mut answers = (Vec::with_capacity(chunk.len()), Vec::with_capacity(chunk.len()));
        for (&sample, (logits, counts)) in chunk.iter().zip(rows) {
            let label = usize::from(data.labels()[sample]);
            loss += cross_entropy(logits, label, 1.0, &mut unused).0;
            answers.0.push(largest(logits));
            answers.1.push(label);
            let (e, i) = counts.split_at(excitatory);
            let sum = |counts: &[u32]| counts.iter().map(|&c| u64::from(c)).sum::<u64>();
            let total = &mut totals[label];
            *total = (total.0 + sum(e), total.1 + sum(i), total.2 + 1);
        }
        ConfusionMatrix::from_predictions(&answers.0, &answers.1, classes)
            .and_then(|part| confusion.merge(&part))
            .map_err(SampleError::from)?;
    }
    let seconds = kernel.dynamics().steps as f64 * data.input().step_ms() * 1e-3;
    let of = (excitatory, hidden - excitatory);
    let activity = |(e, i, n): (u64, u64, usize)| Activity::new(e, i, n, seconds, of);
    let sum = totals.iter().fold((0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
    Ok(Evaluation {
        loss: loss / samples.len() as f64,
        accuracy: confusion.accuracy().unwrap_or(0.0),
        confusion: confusion.rows().to_vec(),
        activity: activity(sum),
        class_activity: totals.into_iter().map(activity).collect(),
    })
}

/// Mean van Rossum distances between the hidden neurons, by the types of the two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VanRossum {
    /// The mean over samples.
    pub mean: GroupMeans,
    /// The mean over the samples of each class.
    pub classes: Vec<GroupMeans>,
    /// Of every sample: its class, and the means over its pairs.
    pub samples: Vec<(u16, GroupMeans)>,
}

/// The van Rossum distances between all pairs of hidden neurons on each sample, on the time grid
/// as the E:I study computes them (`tau` in steps, the study's is 1), averaged by pair type.
///
/// # Errors
/// If network and data do not belong together, or tau is not positive.
pub fn van_rossum_by_type(
    kernel: &Kernel,
    weights: &Matrices,
    signs: Signs,
    data: &LabelledEvents,
    samples: &[usize],
    tau: f64,
) -> Result<VanRossum, ClassifierError> {
    let hidden = kernel.shape().hidden;
    let excitatory: Vec<bool> = (0..hidden).map(|n| n < signs.excitatory).collect();
    let mut means = Vec::with_capacity(samples.len());
    // A tape holds every neuron's potential at every step, so only some samples at a time.
    for chunk in samples.chunks(64) {
        let (_, tape) = kernel.forward(weights, data.input(), chunk)?;
        let part: Result<Vec<_>, ClassifierError> = (0..chunk.len())
            .into_par_iter()
            .map(|k| {
                let trains = tape.spike_trains(kernel, k);
                grid_distance_matrix(&trains, kernel.dynamics().steps, tau)
                    .and_then(|matrix| matrix.group_means(&excitatory))
                    .map(|means| (data.labels()[chunk[k]], means))
                    .map_err(|error| SampleError::from(error).into())
            })
            .collect();
        means.extend(part?);
    }
    let of_class = |class: u16| {
        let of_class: Vec<_> = means.iter().filter(|m| m.0 == class).map(|m| m.1).collect();
        average(&of_class)
    };
    let classes = (0..data.classes().len() as u16).map(of_class).collect();
    let all: Vec<_> = means.iter().map(|m| m.1).collect();
    Ok(VanRossum { mean: average(&all), classes, samples: means })
}

/// The mean of each part over those that have it.
fn average(means: &[GroupMeans]) -> GroupMeans {
    let mean = |part: fn(&GroupMeans) -> Option<f64>| {
        let values: Vec<f64> = means.iter().filter_map(part).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    GroupMeans {
        excitatory: mean(|m| m.excitatory),
        mixed: mean(|m| m.mixed),
        inhibitory: mean(|m| m.inhibitory),
        all: mean(|m| m.all),
    }
}

/// The weights of one matrix that come from one type of source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightSummary {
    /// "input", "recurrent" or "readout".
    pub matrix: String,
    /// "input", "excitatory" or "inhibitory".
    pub source: String,
    /// Number of weights.
    pub weights: usize,
    /// Share above 0.
    pub positive: f64,
    /// Share equal to 0.
    pub zero: f64,
    /// Share below 0.
    pub negative: f64,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub standard_deviation: f64,
    /// Smallest.
    pub minimum: f64,
    /// Largest.
    pub maximum: f64,
}

/// The weights by matrix and by type of source; a type without neurons is left out.
pub fn weight_summary(weights: &Matrices, signs: Signs) -> Vec<WeightSummary> {
    let by_type = |rows: Vec<&[f32]>| {
        let (e, i) = rows.split_at(signs.excitatory.min(rows.len()));
        [("excitatory", e.concat()), ("inhibitory", i.concat())]
    };
    let mut parts = vec![("input", "input", weights.input())];
    let recurrent = weights.recurrent_rows().enumerate();
    let there = recurrent.map(|(n, row)| &row[..signs.targets(n).end.min(row.len())]);
    for (source, numbers) in by_type(there.collect()) {
        parts.push(("recurrent", source, numbers));
    }
    for (source, numbers) in by_type(weights.readout_rows().collect()) {
        parts.push(("readout", source, numbers));
    }
    parts
        .into_iter()
        .filter(|(_, _, numbers)| !numbers.is_empty())
        .map(|(matrix, source, numbers)| {
            let n = numbers.len() as f64;
            let share = |f: fn(f32) -> bool| numbers.iter().filter(|&&w| f(w)).count() as f64 / n;
            let mean = numbers.iter().map(|&w| f64::from(w)).sum::<f64>() / n;
            let variance = numbers.iter().map(|&w| (f64::from(w) - mean).powi(2)).sum::<f64>() / n;
            WeightSummary {
                matrix: matrix.into(),
                source: source.into(),
                weights: numbers.len(),
                positive: share(|w| w > 0.0),
                zero: share(|w| w == 0.0),
                negative: share(|w| w < 0.0),
                mean,
                standard_deviation: variance.sqrt(),
                minimum: numbers.iter().copied().fold(f32::INFINITY, f32::min).into(),
                maximum: numbers.iter().copied().fold(f32::NEG_INFINITY, f32::max).into(),
            }
        })
        .collect()
}
