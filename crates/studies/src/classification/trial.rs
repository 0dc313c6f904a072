//! One training, from the first weight to the last measurement: the unit of work of these studies.
//!
//! While it is under way its state is saved now and then: a training that was ended continues to
//! the same bits.

use std::time::{Duration, Instant};

use equipoise_decoder::classifier::{
    ClassifierConfig, ClassifierError, EpochRecord, Evaluation, Hardware, Trainer, TypeBalance,
    score,
};
use equipoise_decoder::observer::Observer;
use serde::{Deserialize, Serialize};

use super::data::{DataFacts, Sets};
use super::measure::{DistanceSettings, Measured, representative};
use super::progress::Progress;
use crate::context::Unit;
use crate::{Artefact, Context, Identity, Stopped, StudyError};

/// Time between two saved states of a training that is good for most: writing them takes a share of
/// it that does not matter, and no more than this is lost.
pub const BETWEEN_STATES: Duration = Duration::from_secs(5);

/// Seconds of one core for a sample, a step of time and a hidden neuron, forward and back.
const SECONDS_PER_STEP: f64 = 7.5e-10;

/// What to train, and what to measure of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Its name in the store, such as `trials/rates-80-20-sigma-0.002-0`.
    pub key: String,
    /// Network and training.
    pub config: ClassifierConfig,
    /// Seed of the initial weights, of the order of the samples and of the noise.
    pub seed: u64,
    /// How distances are measured, before and after training on the same samples.
    pub distances: DistanceSettings,
    /// Name of the file in which the trained network is kept; absent: it is not.
    pub model: Option<String>,
    /// Time between two saved states.
    pub between_states: Duration,
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

/// All that is kept of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialResult {
    /// Network and training.
    pub config: ClassifierConfig,
    /// Seed.
    pub seed: u64,
    /// The data.
    pub data: DataFacts,
    /// How it ended.
    pub ending: Ending,
    /// One for each epoch, the first from before training. The confusion matrices are kept of four
    /// only: before training, after the first epoch, half-way, at the end.
    pub records: Vec<EpochRecord>,
    /// The sample of the measured set whose spikes are kept.
    pub sample: usize,
    /// The class of that sample.
    pub class: usize,
    /// What was measured before training.
    pub before: Measured,
    /// And after; absent if training diverged.
    pub after: Option<Measured>,
    /// The trained network, if it was asked for and training did not diverge.
    pub model: Option<Artefact>,
    /// What the trained network costs on hardware; absent if training diverged, or was measured by a
    /// version that did not look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardware: Option<Hardware>,
}

/// Classes that a network never answers. A class whose readout is inhibited at all times has its
/// maximum, 0, at step 0, where no gradient reaches it: it stays lost.
pub fn lost_classes(evaluation: &Evaluation) -> usize {
    let confusion = &evaluation.confusion;
    (0..confusion.len()).filter(|&c| confusion.iter().all(|row| row[c] == 0)).count()
}

impl Ending {
    /// Why training did not come to its end.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Finished => None,
            Self::Diverged(reason) => Some(reason),
        }
    }
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

    /// Classes that the trained network never answers.
    pub fn lost_classes(&self) -> usize {
        self.records.last().map_or(0, |record| lost_classes(&record.test))
    }

    /// Hidden firing rate before training, Hz.
    pub fn initial_rate(&self) -> f64 {
        self.records.first().map_or(0.0, |r| r.test.activity.rate)
    }

    /// Hidden firing rate after the last epoch, Hz.
    pub fn final_rate(&self) -> f64 {
        self.records.last().map_or(0.0, |r| r.test.activity.rate)
    }

    /// Excitation and inhibition of the excitatory hidden neurons, before or after training; none if that
    /// was not measured.
    pub fn balance(&self, after: bool) -> Option<&TypeBalance> {
        let measured = if after { self.after.as_ref()? } else { &self.before };
        measured.balance.as_ref()?.main()
    }

    /// Whether no hidden neuron fires on any measured sample at the end.
    pub fn is_silent(&self) -> bool {
        self.records.last().is_some_and(EpochRecord::is_silent)
    }
}

impl Plan {
    /// What the result depends on.
    pub fn identity(&self, sets: &Sets) -> Identity {
        sets.identify(Identity::new())
            .with_each("network", &self.config)
            .with("seed", self.seed)
            .with_each("van_rossum", &self.distances)
    }

    /// The training as a unit of work.
    pub fn unit(&self, sets: &Sets) -> Unit<'_> {
        Unit::new(&self.key).seed(self.seed).seconds(self.seconds(sets))
    }

    /// Seconds that it is expected to take one core: that the time goes with epochs, samples, steps
    /// and neurons was measured, with 18 s for the published training on Fashion-MNIST.
    fn seconds(&self, sets: &Sets) -> f64 {
        let samples = sets.train.len() as f64 + 2.0 * sets.test.len() as f64;
        let hidden = self.config.hidden as f64;
        let recurrent = match self.config.feed_forward_inhibition {
            true => 1.5,
            false if self.config.recurrent => 3.0,
            false => 1.0,
        };
        let steps = sets.facts.steps as f64;
        SECONDS_PER_STEP * self.config.epochs as f64 * samples * steps * hidden * recurrent
    }

    /// The result of this training, if the store has it.
    ///
    /// # Errors
    /// [`StudyError::MadeFromOther`] if it was made from something else; those of the store.
    pub fn stored(
        &self,
        sets: &Sets,
        context: &Context<'_>,
    ) -> Result<Option<TrialResult>, StudyError> {
        let found: Option<TrialResult> = context.stored_unit(&self.key, &self.identity(sets))?;
        let Some(found) = found else { return Ok(None) };
        let missing = match (&self.model, &found.model) {
            (_, Some(model)) => !context.intact(model)?,
            (Some(_), None) => found.ending == Ending::Finished,
            (None, None) => false,
        };
        if missing {
            context.remark(format!(
                "the trained network of {} is missing or damaged; it is trained again",
                self.key
            ));
            return Ok(None);
        }
        // What a process left that was ended between its last two steps.
        context.remove_checkpoint(&self.key)?;
        Ok(Some(found))
    }

    /// Trains, from the last saved state if there is one, and keeps the result. `epoch_done` is
    /// told how many epochs more are done, and of the last one.
    ///
    /// # Errors
    /// If data and settings do not fit, the observer asks to stop, or the store fails. A training
    /// that diverges is no error but a result.
    pub fn run(
        &self,
        sets: &Sets,
        context: &Context<'_>,
        epoch_done: &mut dyn FnMut(usize, &EpochRecord) -> Result<(), Stopped>,
    ) -> Result<TrialResult, StudyError> {
        let identity = self.identity(sets);
        let failed = |error| self.failure(error);
        let Progress { mut trainer, sample, before, mut records } =
            match self.saved(&identity, context)? {
                Some(progress) => {
                    let done = progress.trainer.epoch();
                    context.remark(format!("{}: continuing after epoch {done}", self.key));
                    if let Some(last) = progress.records.last() {
                        epoch_done(done, last)?;
                    }
                    progress
                }
                None => {
                    let progress = self.begin(sets).map_err(failed)?;
                    context.save_checkpoint(&self.key, &identity, &progress.to_bytes()?)?;
                    if let Some(first) = progress.records.first() {
                        epoch_done(0, first)?;
                    }
                    progress
                }
            };
        let mut ending = Ending::Finished;
        let mut saved = Instant::now();
        while !trainer.is_finished() {
            match train_epoch(&mut trainer, sets, context) {
                Ok(record) if record.test.loss.is_finite() => {
                    let half = self.config.epochs / 2;
                    if let Some(last) =
                        records.last_mut().filter(|r| r.epoch > 1 && r.epoch != half)
                    {
                        last.test.confusion.clear();
                    }
                    records.push(record);
                }
                Ok(record) => {
                    let measured = sets.facts.measured_on.label();
                    ending = Ending::Diverged(format!(
                        "the loss on the {measured} set is not a finite number after epoch {}",
                        record.epoch
                    ));
                    break;
                }
                Err(diverged @ ClassifierError::Diverged { .. }) => {
                    ending = Ending::Diverged(diverged.to_string());
                    break;
                }
                Err(other) => return Err(failed(other)),
            }
            if saved.elapsed() >= self.between_states && !trainer.is_finished() {
                let bytes = Progress::bytes(&trainer, sample, &before, &records)?;
                context.save_checkpoint(&self.key, &identity, &bytes)?;
                saved = Instant::now();
            }
            if let Some(last) = records.last() {
                let stop = epoch_done(1, last).is_err();
                // A training that is at its end has its result to give, whatever is asked.
                if stop && !trainer.is_finished() {
                    return Err(StudyError::Stopped);
                }
            }
        }
        let mut result = TrialResult {
            config: self.config,
            seed: self.seed,
            data: sets.facts.clone(),
            ending,
            records,
            sample,
            class: sets.test.labels().get(sample).map_or(0, |&label| usize::from(label)),
            before,
            after: None,
            model: None,
            hardware: None,
        };
        if result.ending == Ending::Finished {
            let after = Measured::of(&trainer, sets, &self.distances, sample).map_err(failed)?;
            result.after = Some(after);
            let (kernel, weights) = (trainer.kernel(), trainer.weights());
            let hardware = Hardware::measure(kernel, weights, trainer.signs(), &sets.test);
            result.hardware = Some(hardware.map_err(failed)?);
            if let Some(name) = &self.model {
                let mut classifier = trainer.classifier();
                identity.add_to(&mut classifier.origin);
                result.model = Some(context.write(name, &classifier.to_bytes())?);
            }
        }
        context.keep_unit(&self.key, &identity, &result)?;
        context.remove_checkpoint(&self.key)?;
        Ok(result)
    }

    /// The untrained network and what is measured of it.
    fn begin(&self, sets: &Sets) -> Result<Progress, ClassifierError> {
        let trainer = Trainer::new(self.config, self.seed, &sets.train)?;
        let first = trainer.before(&sets.test)?;
        let sample = representative(&trainer, sets)?;
        let before = Measured::of(&trainer, sets, &self.distances, sample)?;
        Ok(Progress { trainer, sample, before, records: vec![first] })
    }

    /// The state that was saved last. One that cannot be read is said to be, and not used.
    fn saved(
        &self,
        identity: &Identity,
        context: &Context<'_>,
    ) -> Result<Option<Progress>, StudyError> {
        let Some(bytes) = context.load_checkpoint(&self.key, identity)? else { return Ok(None) };
        match Progress::from_bytes(&bytes) {
            Ok(progress) => Ok(Some(progress)),
            Err(reason) => {
                context.remark(format!(
                    "the saved state of {} cannot be used ({reason}); it begins anew",
                    self.key
                ));
                Ok(None)
            }
        }
    }

    /// How a training that did not reach its end is told.
    fn failure(&self, error: ClassifierError) -> StudyError {
        match error {
            ClassifierError::Stopped(_) => StudyError::Stopped,
            ClassifierError::Setting(_) | ClassifierError::Data(_) | ClassifierError::Lif(_) => {
                StudyError::input(error)
            }
            other => StudyError::failed(format!("{}: {other}", self.key)),
        }
    }
}

/// Trains one epoch; the observer is asked after every update whether to stop.
fn train_epoch(
    trainer: &mut Trainer,
    sets: &Sets,
    context: &Context<'_>,
) -> Result<EpochRecord, ClassifierError> {
    trainer.train_epoch(&sets.train, &sets.test, &mut Observer::new(|_| context.poll()))
}

#[cfg(test)]
#[path = "trial_tests.rs"]
mod tests;
