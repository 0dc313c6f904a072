//! The formats of spikes and counts: by content, by name, by the ending of a file.

use super::events;
use super::input;
use super::numpy::is_time;
use crate::error::DataError;
use crate::formats::npz::{NumpyFile, header_facts};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::str::FromStr;

/// A format of spikes or of counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// An archive of NumPy arrays.
    Npz,
    /// One NumPy array: a row a spike, or counts.
    Npy,
    /// Text in columns.
    Csv,
    /// HDF5 in the layout of the Spiking Heidelberg Digits.
    Shd,
    /// HDF5 as SONATA has spikes.
    Sonata,
    /// Lists in the root group of an HDF5 file; read only.
    Hdf5,
    /// Events of 40 bits, as those of N-MNIST.
    NMnist,
    /// Counts as this program keeps them.
    Counts,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 8] = [
        Format::Npz,
        Format::Npy,
        Format::Csv,
        Format::Shd,
        Format::Sonata,
        Format::Hdf5,
        Format::NMnist,
        Format::Counts,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Format::Npz => "npz",
            Format::Npy => "npy",
            Format::Csv => "csv",
            Format::Shd => "shd",
            Format::Sonata => "sonata",
            Format::Hdf5 => "hdf5",
            Format::NMnist => "n-mnist",
            Format::Counts => "counts",
        }
    }

    /// What it is, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Format::Npz => "NPZ archive",
            Format::Npy => "NPY array",
            Format::Csv => "text in columns",
            Format::Shd => "HDF5 in the layout of SHD",
            Format::Sonata => "SONATA spikes",
            Format::Hdf5 => "HDF5 lists",
            Format::NMnist => "events of 40 bits (N-MNIST)",
            Format::Counts => "counts",
        }
    }

    /// The format that the ending of a file's name asks for.
    ///
    /// # Errors
    /// If it asks for none.
    pub fn by_ending(path: &Path) -> Result<Format, DataError> {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        match ending.as_str() {
            "npz" => Ok(Format::Npz),
            "npy" => Ok(Format::Npy),
            "csv" | "tsv" | "txt" => Ok(Format::Csv),
            "h5" | "hdf5" => Ok(Format::Shd),
            "sonata" => Ok(Format::Sonata),
            "bin" => Ok(Format::NMnist),
            "safetensors" => Ok(Format::Counts),
            _ => Err(DataError::Request(format!(
                "{}: the name says no format; known endings are .npz, .npy, .csv, .tsv, .txt, .h5 \
                 (SHD), .sonata, .bin (N-MNIST) and .safetensors (counts)",
                path.to_string_lossy()
            ))),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Format, String> {
        let known = || Format::ALL.map(Format::name).join(", ");
        Format::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| format!("unknown format '{name}': known are {}", known()))
    }
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Detected {
    pub format: Format,
    /// Whether it holds counts and not spikes.
    pub counts: bool,
    /// Whether it is packed by gzip.
    pub packed: bool,
}

/// Tells the format of a file or folder by what is in it.
///
/// # Errors
/// If it cannot be read, or is of no format that is known here.
pub(crate) fn detect(path: &Path) -> Result<Detected, DataError> {
    let of = |format, counts, packed| Ok(Detected { format, counts, packed });
    if path.is_dir() {
        return of(Format::NMnist, false, false);
    }
    let wrong = |why: String| Err(DataError::format(path, "the content", why));
    let (start, packed) = input::start(path, 1 << 16)?;
    let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if packed && (start.starts_with(NumpyFile::NPZ) || start.starts_with(NumpyFile::NPY)) {
        return wrong("a NumPy file packed by gzip: unpack it first".into());
    }
    if start.is_empty() {
        // A recording without a spike, where the name says that it is one.
        return match Format::by_ending(path) {
            Ok(Format::NMnist) => of(Format::NMnist, false, packed),
            _ => wrong("the file is empty".into()),
        };
    }
    if start.starts_with(NumpyFile::NPZ) {
        return of(Format::Npz, is_archive_of_counts(path)?, false);
    }
    if start.starts_with(NumpyFile::NPY) {
        let (shape, kind, _) = header_facts(&start)
            .map_err(|e| DataError::format(path, "the array", e.to_string()))?;
        // Counts have a unit an entry; spikes have fields, or are two or three columns of numbers
        // that need not be whole.
        let spikes = shape.len() == 1 || (matches!(shape[..], [_, 2 | 3]) && kind.starts_with('f'));
        return of(Format::Npy, !spikes, false);
    }
    if start.starts_with(b"\x89HDF\r\n\x1a\n") {
        return hdf5(path, packed);
    }
    if is_counts(&start, length) {
        return of(Format::Counts, true, packed);
    }
    let text = match std::str::from_utf8(&start) {
        Ok(_) => true,
        // The end of what was read may be within a letter.
        Err(e) => e.error_len().is_none() && start.len() == 1 << 16,
    };
    if text && !start.iter().any(|&b| b < b' ' && !b"\t\n\r\x0c".contains(&b)) {
        return of(Format::Csv, false, packed);
    }
    let plausible =
        events::plausible(&start[..start.len() / events::EVENT * events::EVENT], length);
    if plausible || (packed && events::plausible(&start, events::EVENT as u64)) {
        return of(Format::NMnist, false, packed);
    }
    if Format::by_ending(path).is_ok_and(|format| format == Format::NMnist) {
        return of(Format::NMnist, false, packed);
    }
    wrong(
        "of no format that is known: NPZ, NPY, text in columns, HDF5 (SHD, SONATA, or lists), \
         events of N-MNIST, counts"
            .into(),
    )
}

/// Whether a file begins like a safetensors file.
fn is_counts(start: &[u8], length: u64) -> bool {
    let Some((size, rest)) = start.split_first_chunk::<8>() else { return false };
    let size = u64::from_le_bytes(*size);
    rest.first() == Some(&b'{') && size < length && size < 1 << 32
}

/// Whether an archive holds counts and no spikes.
fn is_archive_of_counts(path: &Path) -> Result<bool, DataError> {
    let file = File::open(path).map_err(|e| DataError::io(path, "open", e))?;
    let archive = zip::ZipArchive::new(BufReader::new(file))
        .map_err(|e| DataError::format(path, "the archive", e.to_string()))?;
    let names: Vec<&str> = archive.file_names().filter_map(|n| n.strip_suffix(".npy")).collect();
    Ok(names.contains(&"counts") && !names.iter().any(|name| is_time(name)))
}

#[cfg(feature = "hdf5")]
fn hdf5(path: &Path, packed: bool) -> Result<Detected, DataError> {
    use crate::hdf5::stream::{Found, layout_of};
    if packed {
        // Told once it is unpacked.
        return Ok(Detected { format: Format::Hdf5, counts: false, packed });
    }
    let (format, counts) = match layout_of(path)?.1 {
        Found::Shd => (Format::Shd, false),
        Found::Sonata(_) => (Format::Sonata, false),
        Found::Lists(names) => {
            let counts = names.iter().any(|name| name == "counts");
            (Format::Hdf5, counts && !names.iter().any(|name| is_time(name)))
        }
    };
    Ok(Detected { format, counts, packed })
}

#[cfg(not(feature = "hdf5"))]
fn hdf5(path: &Path, _: bool) -> Result<Detected, DataError> {
    let what = format!("{} is an HDF5 file", path.to_string_lossy());
    Err(DataError::NotBuilt { what, feature: "hdf5" })
}
