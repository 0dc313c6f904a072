//! Files of models and of trainings under way: one format for all of them, [`Kind`] by kind.
//!
//! [`Reconstructor`](crate::reconstruct::Reconstructor) and
//! [`Classifier`](crate::classifier::Classifier) have `save` and `load`; a training offers its state
//! as a [`Checkpoint`](crate::observer::Checkpoint). What is in a file is said at [`from_bytes`]'s
//! module: arrays and texts in the safetensors format, what the content was made from ([`Origin`]),
//! and a checksum of everything, header included. Nothing is believed before the checksum is right,
//! and nothing larger than [`MOST_BYTES`] is read.
//!
//! ```
//! use equipoise_decoder::checkpoint::{Array, ArchiveError, Kind, Origin, from_bytes, to_bytes};
//!
//! let origin = Origin::from([("seed".to_owned(), "7".to_owned())]);
//! let arrays = [Array::new("weights", &[2, 2], vec![1.0, 2.0, 3.0, 4.0])];
//! let mut bytes = to_bytes(Kind::Classifier, &origin, &[], &arrays)?;
//! let mut archive = from_bytes(&[Kind::Classifier], &bytes)?;
//! assert_eq!(archive.origin()["seed"], "7");
//! assert_eq!(archive.take("weights", &[2, 2])?, [1.0, 2.0, 3.0, 4.0]);
//! // A single bit that is not as it was written is noticed.
//! *bytes.last_mut().unwrap() ^= 1;
//! assert_eq!(from_bytes(&[Kind::Classifier], &bytes).unwrap_err(), ArchiveError::Damaged);
//! # Ok::<(), ArchiveError>(())
//! ```

pub(crate) mod archive;
pub(crate) mod file;

pub use archive::{
    Archive, ArchiveError, Array, FORMAT_VERSION, Kind, MOST_BYTES, Origin, from_bytes, to_bytes,
};
pub use file::{FileError, read};
