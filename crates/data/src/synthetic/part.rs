//! What the generators share: the parts of a set, and the classes of their samples.

use crate::identity::Source;
use equipoise_random::stream;

/// Where samples of a generator come from.
pub(super) fn generated(name: &str, seed: u64) -> Source {
    Source::Synthetic { generator: name.to_owned(), seed }
}

/// The class of sample `i`: every run of `classes` samples holds each class once, in an order of
/// its own.
pub(super) fn label(seed: u64, purpose: &str, classes: usize, i: usize) -> u16 {
    let order = stream(seed, purpose, (i / classes) as u64).permutation(classes);
    order[i % classes] as u16
}

/// The part of a set that a sample belongs to. The parts share no sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// For training and validation.
    Train,
    /// For the final score.
    Test,
}

impl Part {
    /// "train" or "test".
    pub fn name(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Test => "test",
        }
    }
}
