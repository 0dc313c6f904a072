//! The files that images and counts come in. None of these modules knows which data set a file
//! belongs to.

pub(crate) mod array_file;
pub(crate) mod arrays;
pub(crate) mod bytes;
pub mod cifar;
pub mod counts_file;
pub mod facts;
pub mod folder;
pub mod idx;
pub(crate) mod image_arrays;
pub mod inspect;
pub mod npz;
pub(crate) mod numbers;
pub(crate) mod pictures;
pub mod recorded;
pub mod stimulus;
pub(crate) mod writing;
