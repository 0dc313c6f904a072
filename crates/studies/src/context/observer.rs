//! What a study tells while it runs, and how it is told to stop.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::stop::Stopped;

/// A number that tells the stages of one context apart.
pub type StageId = u64;

/// Something that an observer may want to show.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A stage of `total` steps begins. Stages may overlap.
    Begin {
        /// The stage.
        stage: StageId,
        /// What it does, in a few words.
        name: &'a str,
        /// Its steps; 0 if their number is not known.
        total: u64,
    },
    /// `done` steps of a stage are done.
    Progress {
        /// The stage.
        stage: StageId,
        /// Steps done since its beginning.
        done: u64,
        /// How it goes, such as the loss of the last epoch; empty for nothing new.
        detail: &'a str,
    },
    /// A stage has ended.
    End {
        /// The stage.
        stage: StageId,
    },
    /// Something that a person should know: a silent network, a damaged file that is made again.
    Remark(&'a str),
    /// Nothing new: the study only asks whether it should stop.
    Poll,
}

/// Somebody who watches a study, and may stop it.
///
/// Events come from any thread. An answer of [`ControlFlow::Break`] asks the study to stop at its
/// next safe point; it then ends with [`StudyError::Stopped`](crate::StudyError::Stopped), and
/// what it had finished is in its store.
pub trait Observer: Send + Sync {
    /// Takes note of an event, and says whether to go on.
    fn observe(&self, event: &Event<'_>) -> ControlFlow<()>;
}

/// Watches nothing and never stops.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn observe(&self, _: &Event<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl<O: Observer + ?Sized> Observer for &O {
    fn observe(&self, event: &Event<'_>) -> ControlFlow<()> {
        (**self).observe(event)
    }
}

/// A stage under way; shared between threads by reference. It ends when it is dropped.
pub struct Stage<'a> {
    pub(super) observer: &'a dyn Observer,
    pub(super) id: StageId,
    pub(super) done: AtomicU64,
}

impl Stage<'_> {
    /// `steps` more are done.
    ///
    /// # Errors
    /// [`Stopped`] if the observer says so.
    pub fn advance(&self, steps: u64) -> Result<(), Stopped> {
        let done = self.done.fetch_add(steps, Ordering::Relaxed) + steps;
        self.tell(done, "")
    }

    /// `steps` are done in all, as `detail` says how.
    ///
    /// # Errors
    /// As [`Stage::advance`].
    pub fn set(&self, steps: u64, detail: &str) -> Result<(), Stopped> {
        self.done.store(steps, Ordering::Relaxed);
        self.tell(steps, detail)
    }

    /// Says how it goes.
    ///
    /// # Errors
    /// As [`Stage::advance`].
    pub fn detail(&self, detail: &str) -> Result<(), Stopped> {
        self.tell(self.done.load(Ordering::Relaxed), detail)
    }

    fn tell(&self, done: u64, detail: &str) -> Result<(), Stopped> {
        let event = Event::Progress { stage: self.id, done, detail };
        match self.observer.observe(&event) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Stopped),
        }
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        // What is over cannot be stopped any more.
        let _ = self.observer.observe(&Event::End { stage: self.id });
    }
}

impl std::fmt::Debug for Stage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").field("id", &self.id).field("done", &self.done).finish()
    }
}
