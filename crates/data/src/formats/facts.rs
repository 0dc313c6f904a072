//! What is said of a file of arrays.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileFormat {
    /// An archive of NumPy arrays.
    Npz,
    /// One NumPy array.
    Npy,
    /// HDF5.
    Hdf5,
    /// The format of MNIST's files.
    Idx,
    /// Named tensors.
    Safetensors,
    /// Spikes as text in columns.
    Text,
    /// Events of 40 bits, as those of N-MNIST.
    Events,
    /// Descriptions of data sets.
    DataToml,
}

impl FileFormat {
    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            FileFormat::Npz => "NPZ archive",
            FileFormat::Npy => "NPY array",
            FileFormat::Hdf5 => "HDF5 file",
            FileFormat::Idx => "IDX array",
            FileFormat::Safetensors => "safetensors file",
            FileFormat::Text => "spikes as text",
            FileFormat::Events => "events of 40 bits (N-MNIST)",
            FileFormat::DataToml => "descriptions of data sets",
        }
    }
}

/// An array in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrayFacts {
    /// Its name; empty where a file holds one array without a name.
    pub name: String,
    /// Its sizes, the last index fastest.
    pub shape: Vec<u64>,
    /// The type of its numbers, such as `u2` or `f4`.
    pub kind: String,
}

/// What is in a file of arrays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// The format.
    pub format: FileFormat,
    /// Whether it is packed by gzip.
    pub gzip: bool,
    /// The size of the file, bytes.
    pub bytes: u64,
    /// The arrays, by name.
    pub arrays: Vec<ArrayFacts>,
    /// The texts beside them, by name.
    pub texts: BTreeMap<String, String>,
    /// Where the numbers begin, for a safetensors file.
    pub data_start: Option<u64>,
}
