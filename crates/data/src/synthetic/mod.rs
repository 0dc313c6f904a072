//! Data sets made on the spot, for machines without data: sample i of a part depends on the
//! seed, the part and i alone, so any number can be made, in any order, on any number of threads.

mod color;
mod digits;
mod part;
mod speech;
mod strokes;

pub use color::color;
pub use digits::digits;
pub use part::Part;
pub use speech::{CHANNELS, CLASSES, MAX_TIME, speech};
