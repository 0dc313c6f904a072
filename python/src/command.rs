//! The command `equipoise`, carried by the package.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the command line and returns its exit code. The first word is the program's name.
#[pyfunction]
pub fn command(py: Python<'_>, words: Vec<OsString>) -> u8 {
    py.detach(|| equipoise::main_from(words))
}
