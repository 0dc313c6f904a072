//! Training, one epoch at a time.

use super::error::{Diverged, Grid, SampleError};
use super::measure::Activity;
use super::optimizer::Updates;
use super::predict::{Classifier, SEED, TRAINING_SAMPLES};
use super::self_consistent::weights_before_training;
use super::{
    ClassifierConfig, ClassifierError, Evaluation, LabelledEvents, Regularizer, Signs, evaluate,
};
use crate::checkpoint::archive::Origin;
use crate::lif::Matrices;
use crate::lif::kernel::{Kernel, Outcome, Workspace, cross_entropy};
use crate::observer::{Batch, Checkpoint, Event, Observer, Remark};
use equipoise_data::Fingerprint;
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

/// What a network is besides its weights.
#[derive(Serialize, Deserialize)]
pub(super) struct Network {
    pub config: ClassifierConfig,
    /// Names of the classes.
    pub classes: Vec<String>,
    pub grid: Grid,
}

/// Where a training stands, besides the numbers of its optimiser.
#[derive(Serialize, Deserialize)]
pub(super) struct Progress {
    pub seed: u64,
    /// The samples that are trained on.
    pub data: Fingerprint,
    /// Epochs done.
    pub epoch: usize,
    /// Updates done.
    pub updates: u64,
}

/// A network in training.
#[derive(Debug)]
pub struct Trainer {
    config: ClassifierConfig,
    classes: Vec<String>,
    grid: Grid,
    seed: u64,
    /// The samples that are trained on.
    data: Fingerprint,
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
        let (classes, grid) = (data.classes().to_vec(), data.grid());
        let weights = weights_before_training(&config, seed, data)?;
        let network = Network { config, classes, grid };
        Trainer::with_weights(network, seed, data.fingerprint(), weights)
    }

    /// What [`Trainer::new`] would refuse, without drawing a weight.
    ///
    /// # Errors
    /// As [`Trainer::new`].
    pub fn check(config: &ClassifierConfig, data: &LabelledEvents) -> Result<(), ClassifierError> {
        config.validate()?;
        let Grid { channels, steps, .. } = data.grid();
        let shape = config.shape(channels, data.classes().len());
        Kernel::new(shape, config.dynamics(steps))?;
        let (batch, samples) = (config.batch, data.len());
        if samples < batch {
            return Err(SampleError::FewerThanABatch { batch, samples }.into());
        }
        Ok(shape.check_batch(batch)?)
    }

    pub(super) fn with_weights(
        network: Network,
        seed: u64,
        data: Fingerprint,
        weights: Matrices,
    ) -> Result<Trainer, ClassifierError> {
        let Network { config, classes, grid } = network;
        let kernel = Kernel::new(weights.shape(), config.dynamics(grid.steps))?;
        let updates = Updates::new(&config, seed, &weights);
        let workspace = Workspace::default();
        let epoch = 0;
        Ok(Trainer {
            config,
            classes,
            grid,
            seed,
            data,
            kernel,
            weights,
            updates,
            epoch,
            workspace,
        })
    }

    pub(super) fn network(&self) -> Network {
        Network { config: self.config, classes: self.classes.clone(), grid: self.grid }
    }

    pub(super) fn progress(&self) -> Progress {
        let Trainer { seed, data, epoch, updates, .. } = self;
        Progress { seed: *seed, data: *data, epoch: *epoch, updates: updates.done }
    }

    /// What the network is made from, as far as a training knows.
    pub(super) fn origin(&self) -> Origin {
        Origin::from([
            (TRAINING_SAMPLES.to_owned(), self.data.hex()),
            (SEED.to_owned(), self.seed.to_string()),
        ])
    }

    /// The network as it is now, to be saved or used on new spikes.
    pub fn classifier(&self) -> Classifier {
        let Network { config, classes, grid } = self.network();
        let mut classifier = Classifier::new(config, classes, grid, self.weights.clone())
            .expect("a trainer has checked its network");
        classifier.origin = self.origin();
        classifier
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
    /// another configuration, seed or training set.
    pub fn fit(
        &mut self,
        train: &LabelledEvents,
        test: &LabelledEvents,
        observer: &mut Observer<'_, EpochRecord>,
    ) -> Result<Vec<EpochRecord>, ClassifierError> {
        if let Some(bytes) = observer.take_checkpoint() {
            let saved = Trainer::from_bytes(&bytes)?;
            if !self.continues(&saved, train) {
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
            let diverged = if !outcome.loss.is_finite() {
                Some(Diverged::Loss)
            } else if !self.weights.is_finite() {
                Some(Diverged::Weight)
            } else {
                None
            };
            if let Some(what) = diverged {
                let learning_rate = self.config.optimizer.learning_rate();
                let batch = batch + 1;
                return Err(ClassifierError::Diverged { epoch, batch, what, learning_rate });
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
