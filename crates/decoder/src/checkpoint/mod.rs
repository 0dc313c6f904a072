//! Files of numbers with a description, in the safetensors format.
//!
//! A model is one file that any tool of the field can open: its parameters as tensors, and in the
//! metadata what it is, how it was made, and a SHA-256 of the numbers, so that a damaged file is
//! refused instead of giving wrong images.

mod archive;
mod model;

pub use archive::{Archive, ArchiveError, Array, from_bytes, to_bytes};
pub use model::{
    ContentError, ModelError, load, model_from_bytes, model_to_bytes, model_with_origin_to_bytes,
    origin_from_bytes, save,
};
