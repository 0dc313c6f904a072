//! One run: epochs until the criterion is met.

use std::ops::ControlFlow;

use equipoise_random::stream;

use super::config::Criterion;
use super::judge::{FreezeWatch, Verdict, margin, meets};
use super::{Allotment, HebbConfig, HebbError, Mapping, Network};

/// The purpose of the stream that draws a run's initial weights.
pub(crate) const WEIGHTS_PURPOSE: &str = "plasticity/hebb/initial-weights";

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The epoch, counted from 1, at whose end the criterion was met; with `hold_epochs` above 1
    /// the first epoch of the stretch that held, for `frozen` the last of its quiet epochs.
    pub converged_at: Option<usize>,
    /// Epochs trained.
    pub epochs: usize,
    /// Whether the weights at the end show the mapping exactly, whatever the criterion was.
    pub exact_at_end: bool,
    /// The smallest distance of a raw output sum from another verdict of the criterion, at the
    /// end. Where exact arithmetic would give 0 it is of the order of the rounding, and the
    /// verdict hangs on that.
    pub margin: f64,
    /// The weights at the end, `[layer][pre][post][edge]`.
    pub weights: Vec<f64>,
}

/// Trains a network epoch by epoch and judges it after each.
#[derive(Debug, Clone)]
pub struct Trainer<'a> {
    config: &'a HebbConfig,
    mapping: &'a Mapping,
    network: Network,
    sums: Vec<f64>,
    firing: Vec<u64>,
    freeze: Option<FreezeWatch>,
    epoch: usize,
    /// Epochs in a row, up to now, that meet the criterion.
    held: usize,
    converged_at: Option<usize>,
}

impl<'a> Trainer<'a> {
    /// A trainer of `network`, which must not have been trained before.
    ///
    /// # Errors
    /// [`HebbError::NotAPermutation`] if the mapping has another number of neurons.
    pub fn new(
        config: &'a HebbConfig,
        mapping: &'a Mapping,
        mut network: Network,
    ) -> Result<Self, HebbError> {
        check_mapping(config, mapping)?;
        network.prepare(mapping);
        let n = config.neurons;
        let mut sums = vec![0.0; n * n];
        let mut firing = vec![0; n * (config.layers - 1)];
        network.recall(&mut sums, &mut firing);
        let freeze = (config.criterion == Criterion::Frozen)
            .then(|| FreezeWatch::new(config.frozen, network.weights(), &firing));
        Ok(Self {
            config,
            mapping,
            network,
            sums,
            firing,
            freeze,
            epoch: 0,
            held: 0,
            converged_at: None,
        })
    }

    /// Trains one epoch and judges it; true once the criterion has been met (also if it no longer
    /// is). Training may go on after that.
    pub fn epoch(&mut self) -> bool {
        self.network.epoch(self.mapping);
        self.epoch += 1;
        let met = match &mut self.freeze {
            None => {
                self.network.recall(&mut self.sums, &mut []);
                meets(self.config.criterion, &self.sums, self.mapping)
            }
            Some(freeze) => {
                self.network.recall(&mut self.sums, &mut self.firing);
                freeze.after_epoch(self.network.weights(), &self.firing)
            }
        };
        self.held = if met { self.held + 1 } else { 0 };
        if self.converged_at.is_none() && self.held >= self.hold() {
            self.converged_at = Some(self.epoch + 1 - self.hold());
        }
        self.converged_at.is_some()
    }

    /// A frozen network has been so for its own number of epochs already.
    fn hold(&self) -> usize {
        if self.freeze.is_some() { 1 } else { self.config.hold_epochs }
    }

    /// Epochs trained.
    pub fn epochs(&self) -> usize {
        self.epoch
    }

    /// When the criterion was first met.
    pub fn converged_at(&self) -> Option<usize> {
        self.converged_at
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The raw output sums after the last epoch, `[input][output]`.
    pub fn sums(&self) -> &[f64] {
        &self.sums
    }

    /// What the outputs say after the last epoch, under every criterion.
    pub fn verdict(&self) -> Verdict {
        Verdict::of(&self.sums, self.mapping)
    }

    /// Trains to convergence or to the last epoch.
    ///
    /// A network is a deterministic machine: once its weights (and, for centred Hebb, its means)
    /// are, to the last bit, what they were some epochs before, it goes round the same cycle for
    /// ever. Then the rest of the run is known without computing it, and the run skips whole
    /// rounds. No result changes by a bit.
    pub fn run(self) -> Outcome {
        self.run_while(|_| ControlFlow::Continue(())).expect("nobody stops it")
    }

    /// [`run`](Self::run), which tells `progress` before every epoch how many are behind it.
    ///
    /// # Errors
    /// [`HebbError::Stopped`] as soon as `progress` breaks.
    pub fn run_while(
        mut self,
        mut progress: impl FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Outcome, HebbError> {
        // Cycles are found against a state remembered every so many epochs, so up to this length;
        // the plain rule's are of length 1 and 2.
        const REMEMBER_EVERY: usize = 64;
        let mut past: Option<(usize, Vec<f64>, Vec<f64>)> = None;
        let mut watching = true;
        // A cycle that starts now shows all it will ever show in one round and the epochs that a
        // criterion looks back on.
        let mut give_up_at: Option<(usize, usize)> = None;
        while self.epoch < self.config.max_epochs {
            if progress(self.epoch).is_break() {
                return Err(HebbError::Stopped);
            }
            if self.epoch() {
                break;
            }
            if let Some((epoch, period)) = give_up_at {
                if self.epoch == epoch {
                    let left = self.config.max_epochs - self.epoch;
                    self.epoch += left / period * period;
                    give_up_at = None;
                }
                continue;
            }
            if !watching {
                continue;
            }
            if let Some((epoch, weights, means)) = &past
                && same_bits(weights, self.network.weights())
                && same_bits(means, self.network.means())
            {
                let period = self.epoch - epoch;
                let looks_back =
                    if self.freeze.is_some() { self.config.frozen.epochs } else { self.hold() - 1 };
                let enough = looks_back.next_multiple_of(period);
                give_up_at = Some((self.epoch + enough + period, period));
                watching = false;
            } else if self.epoch.is_multiple_of(REMEMBER_EVERY) {
                let (weights, means) = (self.network.weights(), self.network.means());
                match &mut past {
                    Some((epoch, w, m)) => {
                        *epoch = self.epoch;
                        w.copy_from_slice(weights);
                        m.copy_from_slice(means);
                    }
                    None => past = Some((self.epoch, weights.to_vec(), means.to_vec())),
                }
            }
        }
        Ok(Outcome {
            converged_at: self.converged_at,
            epochs: self.epoch,
            exact_at_end: meets(Criterion::Exact, &self.sums, self.mapping),
            margin: margin(self.config.criterion, &self.sums, self.mapping),
            weights: self.network.into_weights(),
        })
    }
}

fn same_bits(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// One run of a network whose initial weights are number `index` of the seed's.
///
/// # Errors
/// [`HebbError`] if a setting is out of range, or the mapping or the allotment does not fit.
pub fn train(
    config: &HebbConfig,
    mapping: &Mapping,
    types: &Allotment,
    seed: u64,
    index: u64,
) -> Result<Outcome, HebbError> {
    Ok(trainer(config, mapping, types, seed, index)?.run())
}

/// The trainer of a network whose initial weights are number `index` of the seed's: what [`train`]
/// runs, for a caller who watches or stops it.
///
/// # Errors
/// As [`train`].
pub fn trainer<'a>(
    config: &'a HebbConfig,
    mapping: &'a Mapping,
    types: &Allotment,
    seed: u64,
    index: u64,
) -> Result<Trainer<'a>, HebbError> {
    let network = Network::random(config, types, &mut stream(seed, WEIGHTS_PURPOSE, index))?;
    Trainer::new(config, mapping, network)
}

pub(crate) fn check_mapping(config: &HebbConfig, mapping: &Mapping) -> Result<(), HebbError> {
    if mapping.neurons() == config.neurons {
        return Ok(());
    }
    Err(HebbError::NotAPermutation {
        mapping: mapping.to_string(),
        fault: format!("it has {} pairs", mapping.neurons()),
        neurons: config.neurons,
    })
}
