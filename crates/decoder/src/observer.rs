//! How a training tells what it does, and is told to stop: one protocol for every training of this
//! crate.
//!
//! A training takes an [`Observer`], hands it each [`Event`] as it happens, and goes on or stops by
//! the answer. A stopped training ends with the variant `Stopped` of its error; before that it
//! offers a last [`Checkpoint`], wherever it can go on from the middle of an epoch. What an
//! observer does with an event is its own affair: move a bar, write a file, look whether somebody
//! pressed a key.
//!
//! ```
//! use equipoise_decoder::observer::{Event, Observer};
//! use std::ops::ControlFlow;
//!
//! let mut kept = None;
//! let mut observer = Observer::<()>::new(|event| {
//!     if let Event::Checkpoint(checkpoint) = event {
//!         kept = Some(checkpoint.to_bytes());
//!     }
//!     ControlFlow::Continue(())
//! });
//! ```

use std::fmt;
use std::ops::ControlFlow;

/// What a training tells while it runs. `R` is what it says of an epoch.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a, R> {
    /// The weights were updated from one batch.
    Batch(Batch),
    /// A state from which a later call goes on to the same bits. It is turned into bytes only where
    /// they are asked for.
    Checkpoint(&'a Checkpoint<'a>),
    /// An epoch is done, and its checkpoint was offered.
    Epoch(&'a R),
    /// Something that a person should know of, though it is no error.
    Remark(Remark),
}

/// One update of the weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Batch {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Updates of the epoch so far.
    pub batch: usize,
    /// Updates of an epoch.
    pub batches: usize,
    /// Mean loss over the batch, before the update.
    pub loss: f64,
}

/// What is remarkable about a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Remark {
    /// No feature differs between the training images.
    #[error(
        "all {features} features are the same for every training image: nothing but the mean \
         image can be learned"
    )]
    ConstantFeatures {
        /// Features of an image.
        features: usize,
    },
    /// No hidden neuron of a classifier fires on any sample of the test set.
    #[error("no hidden neuron fires on any sample {}", at(*epoch))]
    Silent {
        /// Epochs done.
        epoch: usize,
    },
}

fn at(epoch: usize) -> String {
    if epoch == 0 { "before training".into() } else { format!("after epoch {epoch}") }
}

/// A state of a training, not yet written.
pub struct Checkpoint<'a> {
    write: &'a dyn Fn() -> Vec<u8>,
}

impl<'a> Checkpoint<'a> {
    pub(crate) fn new(write: &'a dyn Fn() -> Vec<u8>) -> Self {
        Self { write }
    }

    /// The state as the bytes of a file with a checksum.
    pub fn to_bytes(&self) -> Vec<u8> {
        (self.write)()
    }
}

impl fmt::Debug for Checkpoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint").finish_non_exhaustive()
    }
}

type Tell<'a, R> = dyn FnMut(Event<'_, R>) -> ControlFlow<()> + 'a;

/// Who is told of the events of a training, and may stop it.
pub struct Observer<'a, R> {
    tell: Box<Tell<'a, R>>,
    resume: Option<Vec<u8>>,
}

impl<'a, R> Observer<'a, R> {
    /// Calls `tell` with each event; a training stops when it answers [`ControlFlow::Break`].
    pub fn new(tell: impl FnMut(Event<'_, R>) -> ControlFlow<()> + 'a) -> Self {
        Self { tell: Box::new(tell), resume: None }
    }

    /// Listens to nothing and never stops.
    pub fn silent() -> Self {
        Self::new(|_| ControlFlow::Continue(()))
    }

    /// The checkpoint from which the next training goes on, if there is one.
    pub fn resume_from(mut self, checkpoint: Option<Vec<u8>>) -> Self {
        self.resume = checkpoint;
        self
    }

    /// Hands over an event.
    pub fn tell(&mut self, event: Event<'_, R>) -> ControlFlow<()> {
        (self.tell)(event)
    }

    /// The checkpoint to go on from; a second training does not go on from it again.
    pub(crate) fn take_checkpoint(&mut self) -> Option<Vec<u8>> {
        self.resume.take()
    }
}

impl<R> fmt::Debug for Observer<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let resume = self.resume.as_ref().map(Vec::len);
        f.debug_struct("Observer").field("resume", &resume).finish_non_exhaustive()
    }
}
