//! Training, one epoch at a time.

use super::measure::Activity;
use super::optimizer::Updates;
use super::{ClassifierConfig, ClassifierError, Evaluation, LabelledEvents, Regularizer, Signs};
use super::{evaluate, initial_weights};
use crate::lif::kernel::{Kernel, Outcome, Workspace, cross_entropy};
use crate::lif::{Matrices, Shape};
use crate::observer::{Batch, Checkpoint, Event, Observer, Remark};
use equipoise_random::stream;
use serde::{Deserialize, Serialize};

/// What is known about a network after an epoch; epoch 0 is before training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// The epoch, from 0.
    pub epoch: usize,
    /// Mean loss of the epoch's batches, each before its update; none before training.
    pub train_loss: Option<f64>,
    /// Share of right answers in the same.
    pub train_accuracy: Option<f64>,
    /// Activity in the same.
    pub train_activity: Option<Activity>,
    /// On the other set, after the epoch.
    pub test: Evaluation,
}

impl EpochRecord {
    /// Whether no hidden neuron fires on the test set. Such a network answers with the first class
    /// and has no gradient: only noise can wake it.
    pub fn is_silent(&self) -> bool {
        self.test.activity.spikes == 0.0
    }
}

/// The mean test accuracy of the last `epochs` epochs (the study's score with 10 of 30; 25 of 200
/// for speech), or of as many as there are after epoch 0; none before training.
pub fn score(records: &[EpochRecord], epochs: usize) -> Option<f64> {
    let trained: Vec<f64> =
        records.iter().filter(|r| r.epoch > 0).map(|r| r.test.accuracy).collect();
    let last = &trained[trained.len().saturating_sub(epochs.max(1))..];
    (!last.is_empty()).then(|| last.iter().sum::<f64>() / last.len() as f64)
}

/// A network in training.
#[derive(Debug)]
pub struct Trainer {
    config: ClassifierConfig,
    seed: u64,
    kernel: Kernel,
    weights: Matrices,
    updates: Updates,
    epoch: usize,
    workspace: Workspace,
}

impl Trainer {
    /// A network with its initial weights, for data like `data`. The seed is that of the weights,
    /// of the order of the samples and of the noise.
    ///
    /// # Errors
    /// If the configuration makes no sense, or there are fewer samples than a batch has.
    pub fn new(
        config: ClassifierConfig,
        seed: u64,
        data: &LabelledEvents,
    ) -> Result<Trainer, ClassifierError> {
        Trainer::check(&config, data)?;
        let shape = config.shape(data.input().channels(), data.classes().len());
        let weights = initial_weights(&config, seed, shape)?;
        Trainer::with_weights(config, seed, shape, data.input().steps(), weights)
    }

    /// What [`Trainer::new`] would refuse, without drawing a weight.
    ///
    /// # Errors
    /// As [`Trainer::new`].
    pub fn check(config: &ClassifierConfig, data: &LabelledEvents) -> Result<(), ClassifierError> {
        config.validate()?;
        if data.len() >= config.batch {
            return Ok(());
        }
        Err(ClassifierError::Setting {
            key: "batch",
            value: config.batch.to_string(),
            expected: format!(
                "there are {} training samples, and a last partial batch is dropped",
                data.len()
            ),
        })
    }

    pub(super) fn with_weights(
        config: ClassifierConfig,
        seed: u64,
        shape: Shape,
        steps: usize,
        weights: Matrices,
    ) -> Result<Trainer, ClassifierError> {
        let kernel = Kernel::new(shape, config.dynamics(steps))?;
        let updates = Updates::new(&config, seed, &weights);
        let workspace = Workspace::default();
        Ok(Trainer { config, seed, kernel, weights, updates, epoch: 0, workspace })
    }

    /// The configuration.
    pub fn config(&self) -> &ClassifierConfig {
        &self.config
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The network's computation.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The weights as they are now.
    pub fn weights(&self) -> &Matrices {
        &self.weights
    }

    /// The types of the hidden neurons.
    pub fn signs(&self) -> Signs {
        self.updates.signs
    }

    /// Epochs done.
    pub fn epoch(&self) -> usize {
        self.epoch
    }

    /// Whether all epochs are done.
    pub fn is_finished(&self) -> bool {
        self.epoch >= self.config.epochs
    }

    pub(super) fn updates(&self) -> &Updates {
        &self.updates
    }

    pub(super) fn restore(&mut self, epoch: usize, done: u64, moments: Option<[Matrices; 2]>) {
        self.epoch = epoch;
        self.updates.done = done;
        self.updates.moments = moments;
    }

    /// What the network does on a set as it is now.
    ///
    /// # Errors
    /// If the set does not fit the network.
    pub fn evaluate(&self, data: &LabelledEvents) -> Result<Evaluation, ClassifierError> {
        evaluate(&self.kernel, &self.weights, self.signs(), data, None)
    }

    /// The record of epoch 0: the untrained network.
    ///
    /// # Errors
    /// If the set does not fit the network.
    pub fn before(&self, test: &LabelledEvents) -> Result<EpochRecord, ClassifierError> {
        Ok(EpochRecord {
            epoch: 0,
            train_loss: None,
            train_accuracy: None,
            train_activity: None,
            test: self.evaluate(test)?,
        })
    }

    /// Trains to the last epoch; from the observer's checkpoint, if it has one. The observer is told
    /// of every update, of the checkpoint at the end of each epoch, and of the epoch after that
    /// (epoch 0, before training, has a record too). The records are those of this call.
    ///
    /// # Errors
    /// As [`train_epoch`](Self::train_epoch); [`ClassifierError::OtherTraining`] for a checkpoint of
    /// another configuration, seed or size of data.
    pub fn fit(
        &mut self,
        train: &LabelledEvents,
        test: &LabelledEvents,
        observer: &mut Observer<'_, EpochRecord>,
    ) -> Result<Vec<EpochRecord>, ClassifierError> {
        if let Some(bytes) = observer.take_checkpoint() {
            let saved = Trainer::from_bytes(&bytes)?;
            let kind = |t: &Trainer| (t.config, t.seed, t.kernel.shape(), t.kernel.dynamics());
            if kind(&saved) != kind(self) {
                return Err(ClassifierError::OtherTraining);
            }
            *self = saved;
        }
        let mut records = Vec::new();
        if self.epoch == 0 {
            let before = self.before(test)?;
            let mut stop = observer.tell(Event::Epoch(&before)).is_break();
            if before.is_silent() {
                stop |= observer.tell(Event::Remark(Remark::Silent { epoch: 0 })).is_break();
            }
            records.push(before);
            if stop {
                return Err(ClassifierError::Stopped(1));
            }
        }
        while !self.is_finished() {
            let record = self.train_epoch(train, test, observer)?;
            let epoch = record.epoch;
            let write = || self.to_bytes();
            if observer.tell(Event::Checkpoint(&Checkpoint::new(&write))).is_break() {
                return Err(ClassifierError::Stopped(epoch));
            }
            let mut stop = observer.tell(Event::Epoch(&record)).is_break();
            if self.is_finished() && record.is_silent() {
                stop |= observer.tell(Event::Remark(Remark::Silent { epoch })).is_break();
            }
            records.push(record);
            // A training that is at its end has its result to give, whatever is asked.
            if stop && !self.is_finished() {
                return Err(ClassifierError::Stopped(epoch + 1));
            }
        }
        Ok(records)
    }

    /// Goes through the training set once and evaluates on the other one. The observer is told of
    /// every update; when it asks to stop, the epoch is given up.
    ///
    /// # Errors
    /// [`ClassifierError::Diverged`] if loss or weights are not numbers,
    /// [`ClassifierError::Stopped`], or data that does not fit. The trainer is then of no more
    /// use: continue from a saved state.
    pub fn train_epoch(
        &mut self,
        train: &LabelledEvents,
        test: &LabelledEvents,
        observer: &mut Observer<'_, EpochRecord>,
    ) -> Result<EpochRecord, ClassifierError> {
        let epoch = self.epoch + 1;
        let order = stream(self.seed, "classifier/order", epoch as u64).permutation(train.len());
        let batches = train.len() / self.config.batch;
        let mut total = Outcome { counts: vec![0; self.config.hidden], ..Outcome::default() };
        for (batch, samples) in order.chunks_exact(self.config.batch).enumerate() {
            let done = (epoch - 1) as f64 + batch as f64 / batches as f64;
            self.updates.factor = self.config.schedule.factor(done / self.config.epochs as f64);
            let outcome = self.update(train, samples)?;
            let what = if !outcome.loss.is_finite() {
                Some("the loss is not a finite number")
            } else if !self.weights.is_finite() {
                Some("a weight is not a finite number")
            } else {
                None
            };
            if let Some(what) = what {
                let rate = self.config.optimizer.learning_rate();
                let learning_rate = format!("learning rate {rate}");
                return Err(ClassifierError::Diverged {
                    epoch,
                    batch: batch + 1,
                    what,
                    learning_rate,
                });
            }
            total.loss += outcome.loss;
            total.correct += outcome.correct;
            for (a, b) in total.counts.iter_mut().zip(outcome.counts) {
                *a += b;
            }
            let loss = outcome.loss / samples.len() as f64;
            let batch = Batch { epoch, batch: batch + 1, batches, loss };
            if observer.tell(Event::Batch(batch)).is_break() {
                return Err(ClassifierError::Stopped(epoch));
            }
        }
        let seen = batches * self.config.batch;
        let seconds = self.kernel.dynamics().steps as f64 * train.input().step_ms() * 1e-3;
        let excitatory = self.signs().excitatory;
        self.epoch = epoch;
        Ok(EpochRecord {
            epoch,
            train_loss: Some(total.loss / seen as f64),
            train_accuracy: Some(total.correct as f64 / seen as f64),
            train_activity: Some(Activity::of_counts(&total.counts, excitatory, seen, seconds)),
            test: self.evaluate(test)?,
        })
    }

    /// What the spikes of a batch cost, from the number of each hidden neuron's.
    fn penalty(&self, counts: &[u64]) -> f64 {
        let Regularizer { total_spikes, squared_spikes } = self.config.regularizer;
        let spikes = counts.iter().map(|&n| n as f64);
        let squares = spikes.clone().map(|n| n * n).sum::<f64>() / counts.len() as f64;
        total_spikes * spikes.sum::<f64>() + squared_spikes * squares
    }

    /// One update from one batch.
    fn update(
        &mut self,
        train: &LabelledEvents,
        samples: &[usize],
    ) -> Result<Outcome, ClassifierError> {
        let regularizer = self.config.regularizer;
        if regularizer.squared_spikes == 0.0 {
            let mut outcome = self.kernel.step_with_price(
                &self.weights,
                train.input(),
                train.labels(),
                samples,
                regularizer.total_spikes as f32,
                &mut self.workspace,
            )?;
            outcome.loss += self.penalty(&outcome.counts) * samples.len() as f64;
            self.updates.apply(&mut self.weights, self.workspace.gradients());
            return Ok(outcome);
        }
        // The squared penalty on a neuron's spikes depends on the whole batch, so its states are kept.
        let (hidden, classes) = (self.kernel.shape().hidden, self.kernel.shape().classes);
        let (output, tape) = self.kernel.forward(&self.weights, train.input(), samples)?;
        let mut outcome = Outcome { counts: vec![0; hidden], ..Outcome::default() };
        let mut d_logits = vec![0.0; samples.len() * classes];
        let scale = 1.0 / samples.len() as f32;
        let rows = output.logits.chunks_exact(classes).zip(d_logits.chunks_exact_mut(classes));
        for (&sample, (logits, d)) in samples.iter().zip(rows) {
            let label = usize::from(train.labels()[sample]);
            let (loss, correct) = cross_entropy(logits, label, scale, d);
            outcome.loss += loss;
            outcome.correct += usize::from(correct);
        }
        for counts in output.counts.chunks_exact(hidden) {
            for (total, &count) in outcome.counts.iter_mut().zip(counts) {
                *total += u64::from(count);
            }
        }
        // As the loss is recorded: a sum over the batch of means over it.
        outcome.loss += self.penalty(&outcome.counts) * samples.len() as f64;
        let d_neuron: Vec<f32> = outcome
            .counts
            .iter()
            .map(|&n| {
                let squared = 2.0 * regularizer.squared_spikes * n as f64 / hidden as f64;
                (regularizer.total_spikes + squared) as f32
            })
            .collect();
        let d_counts = d_neuron.repeat(samples.len());
        let gradients = self.kernel.backward(
            &self.weights,
            train.input(),
            samples,
            &tape,
            &d_logits,
            Some(&d_counts),
        )?;
        self.updates.apply(&mut self.weights, &gradients);
        Ok(outcome)
    }
}
