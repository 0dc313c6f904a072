//! Data sets: real ones from their official files, a person's own, and synthetic ones made on the
//! spot.
//!
//! [`open`] takes a name and gives a [`Dataset`], whose training and test parts hold images
//! ([`ImageSet`]) or spike recordings ([`SpikeSet`]); [`load`] also gives what should be said about
//! them, and can be stopped. Every file is checked, and what is wrong with one is said in a line by
//! a [`DataError`]. A set carries what it was made from ([`DataIdentity`]), so that runs on other
//! data can be told apart.
//!
//! ```
//! use equipoise_data::{Part, synthetic};
//!
//! let digits = synthetic::digits(100, 1, Part::Train);
//! let chosen = digits.balanced_subset(20, 7)?;
//! assert_eq!(chosen.class_counts(), [2; 10]);
//! // Each image is traced to the set that it was taken from.
//! assert_eq!(chosen.image(3), digits.image(chosen.indices[3]));
//! # Ok::<(), equipoise_data::DataError>(())
//! ```
//!
//! The types and the synthetic sets are always there. The features, all on by default, add what
//! needs other libraries: `formats` the files and the catalogue of names, `hdf5` the files of spike
//! recordings, `fetch` the downloads.

#[cfg(feature = "formats")]
mod catalog;
mod counts;
mod dataset;
mod error;
#[cfg(feature = "fetch")]
pub mod fetch;
#[cfg(feature = "formats")]
mod formats;
#[cfg(feature = "hdf5")]
mod hdf5;
mod identity;
mod images;
mod reading;
mod select;
mod spike_set;
pub mod synthetic;
#[doc(hidden)]
pub mod testing;
mod trains;

#[cfg(feature = "formats")]
pub use catalog::{
    CLOTHES, Content, DIGITS, Entry, FileReport, OpenOptions, PartReport, Report, SYNTHETIC_TEST,
    SYNTHETIC_TRAIN, catalog, check, default_root, load, make, open, read_recorded,
};
pub use counts::{Counts, CountsOrigin};
pub use dataset::{Dataset, Loaded};
pub use error::{DataError, SPEC_NAMES, printable};
#[cfg(feature = "formats")]
pub use formats::folder::{FolderOptions, Sides};
#[cfg(feature = "formats")]
pub use formats::inspect::{ArrayFacts, FileFacts, FileFormat, inspect};
#[cfg(feature = "formats")]
pub use formats::pictures::Ground;
#[cfg(feature = "formats")]
pub use formats::recorded::{Recorded, Response};
#[cfg(feature = "formats")]
pub use formats::{cifar, idx};

/// Arrays for NumPy.
#[cfg(feature = "formats")]
pub mod npz {
    pub use crate::formats::npz::{NpzWriter, npy_bytes, npy_values};
    /// A number that an array can have.
    pub use npyz::AutoSerialize as Element;
}
pub use identity::{
    DataIdentity, Difference, DifferenceKind, FileIdentity, Fingerprint, FingerprintBuilder,
    NotAFingerprint, Source,
};
pub use images::{ImageSet, ImageShape};
pub use reading::{GoOn, Remark, RemarkKind, TO_THE_END};
pub use select::{Share, balanced_indices, class_counts, stratified_split};
pub use spike_set::{SampleSpikes, SpikeSet};
pub use synthetic::Part;

/// Recorded spikes: the events of a population over one recording, and files of many recordings.
pub mod spikes {
    #[cfg(feature = "formats")]
    pub use crate::formats::counts_file as counts;
    #[cfg(feature = "hdf5")]
    pub use crate::hdf5::file;
    pub use crate::trains::SpikeTrains;
}
