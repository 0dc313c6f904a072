//! Data sets made on the spot, for machines without data: sample i of a part depends on the
//! seed, the part and i alone, so any number can be made, in any order, on any number of threads.

mod color;
mod digits;
mod speech;
mod strokes;

pub use color::color;
pub use digits::digits;
pub use speech::speech;

use crate::Source;
use equipoise_random::stream;

/// Where samples of a generator come from.
fn generated(name: &str, seed: u64) -> Source {
    Source::Synthetic { generator: name.to_owned(), seed }
}

/// The class of sample `i`: every run of `classes` samples holds each class once, in an order of
/// its own.
fn label(seed: u64, purpose: &str, classes: usize, i: usize) -> u16 {
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
