//! Spike recordings in HDF5, in the layout of the Spiking Heidelberg Digits, read and written.

pub(crate) mod arrays;
pub mod file;
#[cfg(test)]
mod file_tests;
pub(crate) mod inspect;
pub(crate) mod pair;
pub(crate) mod read;
mod write;
