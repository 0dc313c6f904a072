//! HDF5: spike recordings in the layout of the Spiking Heidelberg Digits, read and written, spikes in
//! SONATA's, and arrays.

pub(crate) mod arrays;
mod blocks;
pub mod file;
#[cfg(test)]
mod file_tests;
mod heap;
pub(crate) mod inspect;
mod layout;
mod lists;
pub(crate) mod pair;
pub(crate) mod read;
pub(crate) mod spikes_out;
pub(crate) mod stream;
pub mod tree;
mod write;
