//! Arrays of numbers by name, whatever file holds them.

use crate::error::DataError;
use crate::identity::FileIdentity;
use std::path::Path;

/// Takes the numbers of an array with their index, the last dimension fastest; gives the reason if
/// one is wrong.
pub(crate) type Take<'a> = dyn FnMut(usize, f64) -> Result<(), String> + 'a;

/// A file of arrays of numbers.
pub(crate) trait Arrays {
    /// The file.
    fn path(&self) -> &Path;
    /// The file as it is stored.
    fn identity(&self) -> &FileIdentity;
    /// The names of its arrays.
    fn names(&self) -> Vec<String>;
    /// The sizes and the type of the array `name`, if the file has it.
    fn shape(&self, name: &str) -> Result<Option<(Vec<usize>, String)>, DataError>;
    /// Gives every number of the array `name` to `take`.
    fn read(&self, name: &str, take: &mut Take<'_>) -> Result<(), DataError>;
}
