//! Data sets: real ones from their official files, a person's own, and synthetic ones made on the
//! spot; and the spikes and counts that come of them.
//!
//! # Vocabulary
//!
//! | name | what it is |
//! |---|---|
//! | [`Dataset`] | a training and a test part of images or of spike recordings |
//! | [`ImageSet`] | `n` images of one [`ImageShape`], bytes, the channels of a pixel beside each other; their labels, and their indices in the whole set |
//! | [`SpikeSet`] | `n` recordings: the time of each spike in seconds and its channel; labels, speakers |
//! | [`SpikeTrains`](spikes::SpikeTrains) | the spikes of a population over one recording, ms |
//! | [`Counts`] | spikes of each neuron in each time bin, for each stimulus |
//! | [`DataIdentity`] | what a set was made from: files, sizes, checksums, selection, order |
//! | [`Fingerprint`] | a digest by which two of anything are told apart |
//!
//! # Basic use
//!
//! [`open`] takes a name and gives a [`Dataset`]; [`load`] also gives what should be said about it
//! (files left out, sizes that were chosen), and can be stopped. [`make`] writes a synthetic set as
//! files, [`check`] reads every file of a set, [`inspect()`] tells what any file of arrays holds, and
//! [`read_recorded, read_stimulated`] takes responses of real neurons with the images that evoked them.
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
//! Every file is checked (sizes, magic numbers, counts, ranges, lengths) before memory is taken for
//! what it says, and what is wrong with one is said in a line by a [`DataError`].
//!
//! # Features
//!
//! The types and the synthetic sets are always there. The features, all on by default, add what
//! needs other libraries: `formats` the files and the catalogue of names, `hdf5` the files of spike
//! recordings, `fetch` the downloads.
//!
//! # What it is not made for
//!
//! Sets larger than memory, video, sound, and augmentation. Files of other layouts are best turned
//! into NPZ or HDF5 by the tool that wrote them.
//!
//! # References
//!
//! * Y. LeCun, L. Bottou, Y. Bengio, P. Haffner 1998, Proc. IEEE 86:2278: MNIST and its files.
//! * H. Xiao, K. Rasul, R. Vollgraf 2017, arXiv 1708.07747: Fashion-MNIST.
//! * A. Krizhevsky 2009, technical report, University of Toronto: CIFAR-10.
//! * B. Cramer, Y. Stradmann, J. Schemmel, F. Zenke 2022, IEEE Trans. Neural Netw. Learn. Syst.
//!   33:2744: SHD and the layout of its spike recordings.

#[cfg(feature = "formats")]
mod catalog;
#[cfg(feature = "hdf5")]
pub mod convert;
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
#[cfg(feature = "formats")]
mod inspect;
mod reading;
mod select;
mod spike_set;
pub mod synthetic;
#[doc(hidden)]
pub mod testing;
mod text;
mod trains;

#[cfg(feature = "formats")]
pub use catalog::{
    CLOTHES, Content, DIGITS, Entry, FileReport, OWN_DATA, OpenOptions, PartReport, Report,
    SYNTHETIC_TEST, SYNTHETIC_TRAIN, catalog, check, default_root, load, make, open, read_recorded,
    read_stimulated,
};
pub use counts::{Counts, CountsOrigin};
pub use dataset::{Dataset, Loaded};
pub use error::{DataError, SPEC_NAMES, printable};
#[cfg(feature = "formats")]
pub use formats::facts::{ArrayFacts, FileFacts, FileFormat};
#[cfg(feature = "formats")]
pub use formats::folder::{FolderOptions, Sides};
#[cfg(feature = "formats")]
pub use formats::pictures::Ground;
#[cfg(feature = "formats")]
pub use formats::recorded::{Recorded, Response};
#[cfg(feature = "formats")]
pub use formats::stimulus::Stimulated;
#[cfg(feature = "formats")]
pub use formats::writing::check_output;
#[cfg(feature = "formats")]
pub use formats::{cifar, idx};
#[cfg(feature = "formats")]
pub use inspect::inspect;

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
pub use text::read_text;

/// HDF5 files of other tools, whole.
#[cfg(feature = "hdf5")]
pub mod tree {
    pub use crate::hdf5::tree::{Group, Item, Numbers, Texts, Width, read, write};
}

/// Recorded spikes: the events of a population over one recording, and files of many recordings.
pub mod spikes {
    #[cfg(feature = "formats")]
    pub use crate::formats::counts_file as counts;
    #[cfg(feature = "hdf5")]
    pub use crate::hdf5::file;
    pub use crate::trains::SpikeTrains;
}
