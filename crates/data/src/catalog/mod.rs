//! The data sets by name: where their files lie, what is expected of them, and a report on them.

mod arrays;
mod check;
mod cifar;
mod described;
mod folder;
mod make;
pub(crate) mod manifest;
mod mnist;
mod open;
mod options;
mod recorded;
mod shd;
mod text;

pub use check::{Content, Entry, FileReport, PartReport, Report, catalog, check};
pub(crate) use described::summaries as described_sets;
pub use make::make;
pub use mnist::{CLOTHES, DIGITS};
pub use open::{default_root, load, open};
pub use options::{OpenOptions, SYNTHETIC_TEST, SYNTHETIC_TRAIN};
pub use recorded::{read_recorded, read_stimulated};
pub use text::OWN_DATA;
