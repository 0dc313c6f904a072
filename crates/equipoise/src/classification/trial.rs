//! One training from the first weight to the last measurement.

use equipoise_decoder::classifier::{
    ClassifierConfig, ClassifierError, EpochRecord, Trainer, VanRossum, WeightSummary, score,
    van_rossum_by_type, weight_summary,
};
use equipoise_decoder::observer::{Event, Observer};
use equipoise_metrics::van_rossum::GroupMeans;
use serde::{Deserialize, Serialize};

use super::Sets;

/// What to train, and what to measure of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Network and training.
    pub config: ClassifierConfig,
    /// Seed.
    pub seed: u64,
    /// Samples whose van Rossum distances are measured before and after training.
    pub van_rossum_samples: usize,
    /// Time constant of the distances, steps.
    pub van_rossum_tau: f64,
}

/// How a training ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All epochs are done.
    Finished,
    /// Loss or weights stopped being numbers; the reason. What was measured before stands.
    Diverged(String),
}

/// The hidden spikes of one sample before and after training, as (step, neuron).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Raster {
    /// The sample of the measured set.
    pub sample: usize,
    /// The class of the sample.
    pub class: String,
    /// Before training.
    pub before: Vec<(u32, u32)>,
    /// After training.
    pub after: Vec<(u32, u32)>,
}

/// All that is kept of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialResult {
    /// Network and training.
    pub config: ClassifierConfig,
    /// Seed.
    pub seed: u64,
    /// How it ended.
    pub ending: Ending,
    /// One for each epoch, the first from before training. In a study the confusion matrices are
    /// kept of four only: before training, after the first epoch, half-way, at the end.
    pub records: Vec<EpochRecord>,
    /// Mean distances between spike trains before training.
    pub van_rossum_before: GroupMeans,
    /// And after; absent if training diverged.
    pub van_rossum_after: Option<GroupMeans>,
    /// Mean distances on the samples of each class, before and after.
    pub van_rossum_classes: Vec<(GroupMeans, Option<GroupMeans>)>,
    /// Weights by matrix and type before training.
    pub weights_before: Vec<WeightSummary>,
    /// And after; empty if training diverged.
    pub weights_after: Vec<WeightSummary>,
    /// One sample's spikes.
    pub raster: Raster,
}

impl TrialResult {
    /// Mean accuracy of the last epochs; that before training if there is no other.
    pub fn score(&self, epochs: usize) -> f64 {
        score(&self.records, epochs)
            .unwrap_or_else(|| self.records.first().map_or(0.0, |r| r.test.accuracy))
    }

    /// Accuracy after the last epoch.
    pub fn last(&self) -> f64 {
        self.records.last().map_or(0.0, |r| r.test.accuracy)
    }

    /// Mean accuracy of the last epochs on the training samples; 0 if there is no epoch. What is
    /// chosen by it owes nothing to the measured set.
    pub fn train_score(&self, epochs: usize) -> f64 {
        let trained: Vec<f64> = self.records.iter().filter_map(|r| r.train_accuracy).collect();
        let last = &trained[trained.len().saturating_sub(epochs.max(1))..];
        last.iter().sum::<f64>() / last.len().max(1) as f64
    }

    /// Best accuracy of any epoch: the published study's measure. It picks the epoch on the
    /// measured set and so flatters.
    pub fn peak(&self) -> f64 {
        self.records.iter().map(|r| r.test.accuracy).fold(0.0, f64::max)
    }

    /// Classes that the trained network never answers. A class whose readout is inhibited at all
    /// times has its maximum, 0, at step 0, where no gradient reaches it: it stays lost.
    pub fn lost_classes(&self) -> usize {
        let Some(last) = self.records.last() else { return 0 };
        let confusion = &last.test.confusion;
        (0..confusion.len()).filter(|&c| confusion.iter().all(|row| row[c] == 0)).count()
    }

    /// Hidden firing rate before training, Hz.
    pub fn initial_rate(&self) -> f64 {
        self.records.first().map_or(0.0, |r| r.test.activity.rate)
    }

    /// Hidden firing rate after the last epoch, Hz.
    pub fn final_rate(&self) -> f64 {
        self.records.last().map_or(0.0, |r| r.test.activity.rate)
    }
}

/// Every so many-th sample of the measured set, at most `count` of them.
fn some_samples(sets: &Sets, count: usize) -> Vec<usize> {
    let n = sets.test.len();
    let count = count.min(n);
    (0..count).map(|k| k * n / count).collect()
}

fn distances(trainer: &Trainer, sets: &Sets, plan: &Plan) -> Result<VanRossum, ClassifierError> {
    let samples = some_samples(sets, plan.van_rossum_samples);
    van_rossum_by_type(
        trainer.kernel(),
        trainer.weights(),
        trainer.signs(),
        &sets.test,
        &samples,
        plan.van_rossum_tau,
    )
}

/// The sample of the measured set, of the first [`CANDIDATES`], whose number of hidden spikes is the
/// median.
pub fn representative(trainer: &Trainer, sets: &Sets) -> Result<usize, ClassifierError> {
    let mut samples: Vec<usize> = (0..sets.test.len().min(CANDIDATES)).collect();
    let output = trainer.kernel().evaluate(trainer.weights(), sets.test.input(), &samples)?;
    let hidden = trainer.kernel().shape().hidden;
    let spikes = |s: usize| output.counts[s * hidden..(s + 1) * hidden].iter().sum::<u32>();
    samples.sort_by_key(|&s| (spikes(s), s));
    Ok(samples.get(samples.len() / 2).copied().unwrap_or(0))
}

/// Samples that [`representative`] chooses from.
const CANDIDATES: usize = 101;

/// The hidden spikes of one sample of the measured set.
pub fn raster(
    trainer: &Trainer,
    sets: &Sets,
    sample: usize,
) -> Result<Vec<(u32, u32)>, ClassifierError> {
    let (_, tape) = trainer.kernel().forward(trainer.weights(), sets.test.input(), &[sample])?;
    let trains = tape.spike_trains(trainer.kernel(), 0);
    let of_neuron = |(neuron, steps): (usize, Vec<u32>)| {
        steps.into_iter().map(move |step| (step, neuron as u32))
    };
    Ok(trains.into_iter().enumerate().flat_map(of_neuron).collect())
}

/// What is measured of the untrained network: distances, weights, and one sample with its spikes.
pub type Start = (VanRossum, Vec<WeightSummary>, usize, Vec<(u32, u32)>);

/// Trains a network from the start. The observer is told of every batch and record.
///
/// # Errors
/// As [`Trainer::train_epoch`], except that divergence is a result.
pub fn run_trial(
    plan: &Plan,
    sets: &Sets,
    observer: &mut Observer<'_, EpochRecord>,
) -> Result<TrialResult, ClassifierError> {
    let mut trainer = Trainer::new(plan.config, plan.seed, &sets.train)?;
    let first = trainer.before(&sets.test)?;
    if observer.tell(Event::Epoch(&first)).is_break() {
        return Err(ClassifierError::Stopped(1));
    }
    let start = distances(&trainer, sets, plan)?;
    let weights_before = weight_summary(trainer.weights(), trainer.signs());
    let sample = representative(&trainer, sets)?;
    let before = raster(&trainer, sets, sample)?;
    let mut records = vec![first];
    let mut ending = Ending::Finished;
    while !trainer.is_finished() {
        match trainer.train_epoch(&sets.train, &sets.test, observer) {
            Ok(record) => {
                let stop = observer.tell(Event::Epoch(&record)).is_break();
                if stop && !trainer.is_finished() {
                    return Err(ClassifierError::Stopped(record.epoch + 1));
                }
                let half = plan.config.epochs / 2;
                if let Some(last) = records.last_mut().filter(|r| r.epoch > 1 && r.epoch != half) {
                    last.test.confusion.clear();
                }
                records.push(record);
            }
            Err(diverged @ ClassifierError::Diverged { .. }) => {
                ending = Ending::Diverged(diverged.to_string());
                break;
            }
            Err(other) => return Err(other),
        }
    }
    finish(plan, sets, &trainer, records, ending, (start, weights_before, sample, before))
}

/// What is measured at the end.
pub fn finish(
    plan: &Plan,
    sets: &Sets,
    trainer: &Trainer,
    records: Vec<EpochRecord>,
    ending: Ending,
    (start, weights_before, sample, before): Start,
) -> Result<TrialResult, ClassifierError> {
    let class = sets.test.labels().get(sample).map_or(0, |&l| usize::from(l));
    let class = sets.test.classes()[class].clone();
    let mut result = TrialResult {
        config: plan.config,
        seed: plan.seed,
        ending,
        records,
        van_rossum_before: start.mean,
        van_rossum_after: None,
        van_rossum_classes: start.classes.iter().map(|&m| (m, None)).collect(),
        weights_before,
        weights_after: Vec::new(),
        raster: Raster { sample, class, before, after: Vec::new() },
    };
    if result.ending == Ending::Finished {
        let end = distances(trainer, sets, plan)?;
        result.van_rossum_after = Some(end.mean);
        for (pair, after) in result.van_rossum_classes.iter_mut().zip(end.classes) {
            pair.1 = Some(after);
        }
        result.weights_after = weight_summary(trainer.weights(), trainer.signs());
        result.raster.after = raster(trainer, sets, sample)?;
    }
    Ok(result)
}
