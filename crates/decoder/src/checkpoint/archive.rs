//! The one file format of models and of trainings under way: named arrays and texts in the
//! safetensors format, so that any tool of the field can open them, with a checksum of everything,
//! so that a damaged file is refused instead of giving wrong images.
//!
//! | metadata | meaning |
//! |---|---|
//! | `kind` | what the file holds, [`Kind::name`] |
//! | `format_version` | version of this layout, [`FORMAT_VERSION`] |
//! | `program_version` | version of this crate that wrote the file |
//! | `origin` | what the content was made from: JSON of an [`Origin`] |
//! | `sha256` | SHA-256 of all other metadata and, in the order of their names, the name, shape and bytes of each tensor |
//!
//! Further texts belong to the kind. All tensors are `F32`, little-endian, in the order of their
//! names. The same content gives the same bytes, and no other bytes are read as that content.

use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, TensorView};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Version of the layout that this crate writes and reads.
pub const FORMAT_VERSION: u32 = 2;

/// The most bytes of a file: more than the largest training that this crate does takes.
pub const MOST_BYTES: u64 = 1 << 32;

/// What a model was made from, by name: fingerprints of the network and of the data, the seed.
/// Whoever trains a model says it, and it is kept with the model, so that it can be compared where
/// the model meets spikes or images again.
pub type Origin = BTreeMap<String, String>;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A trained [`Reconstructor`](crate::reconstruct::Reconstructor).
    Reconstructor,
    /// The training of a reconstructor, under way.
    ReconstructorTraining,
    /// A trained [`Classifier`](crate::classifier::Classifier).
    Classifier,
    /// The training of a classifier, under way: a [`Trainer`](crate::classifier::Trainer).
    ClassifierTraining,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 4] = [
        Kind::Reconstructor,
        Kind::ReconstructorTraining,
        Kind::Classifier,
        Kind::ClassifierTraining,
    ];

    /// As it stands in the file.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Reconstructor => "equipoise reconstructor",
            Kind::ReconstructorTraining => "equipoise reconstructor training",
            Kind::Classifier => "equipoise classifier",
            Kind::ClassifierTraining => "equipoise classifier training",
        }
    }
}

/// A named array of `f32`.
#[derive(Debug, Clone)]
pub struct Array<'a> {
    name: String,
    shape: Vec<usize>,
    values: Cow<'a, [f32]>,
}

impl<'a> Array<'a> {
    /// An array of this name; `values` are row-major numbers of this `shape`.
    pub fn new(
        name: impl Into<String>,
        shape: &[usize],
        values: impl Into<Cow<'a, [f32]>>,
    ) -> Self {
        Self { name: name.into(), shape: shape.to_vec(), values: values.into() }
    }
}

/// Arrays and texts read back.
#[derive(Debug)]
pub struct Archive {
    kind: Kind,
    origin: Origin,
    texts: BTreeMap<String, String>,
    arrays: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

/// Why bytes are not an archive of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// Too large to be read into memory.
    #[error("it has {bytes} bytes; no model has more than {MOST_BYTES}")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// Not the safetensors format.
    #[error("not a safetensors file ({0})")]
    Format(String),
    /// Shorter or longer than its header says.
    #[error("cut off or added to: its {bytes} bytes are not those that its header tells of")]
    Length {
        /// Its size.
        bytes: usize,
    },
    /// Safetensors that no version of this program with this format wrote.
    #[error(
        "its metadata have no `{missing}`: a file of another program, or of a version of this one \
         whose files had no full checksum"
    )]
    Foreign {
        /// What every file of this format has.
        missing: &'static str,
    },
    /// Another version of the layout.
    #[error("it has the format version {found}; {FORMAT_VERSION} is read")]
    Version {
        /// The version of the file.
        found: String,
    },
    /// Something else than what is wanted.
    #[error("it holds an {found}, not an {wanted}", wanted = names(wanted))]
    Kind {
        /// What would be right.
        wanted: &'static [Kind],
        /// What the file says that it is.
        found: String,
    },
    /// The content is not what was written.
    #[error("it is damaged: its content does not match its checksum")]
    Damaged,
    /// A part is not there.
    #[error("`{0}` is missing")]
    Missing(String),
    /// A part has another shape or type.
    #[error("`{name}` is {found}; {wanted} is wanted")]
    Shape {
        /// The array.
        name: String,
        /// Its shape or type.
        found: String,
        /// The shape or type that fits.
        wanted: String,
    },
    /// Two parts have one name.
    #[error("two parts are named `{0}`")]
    Twice(String),
    /// A text of the metadata cannot be understood.
    #[error("its `{text}` cannot be read ({reason})")]
    Text {
        /// The text.
        text: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// The names of kinds, for a sentence.
fn names(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" or an ")
}

const KIND: &str = "kind";
const VERSION: &str = "format_version";
const PROGRAM: &str = "program_version";
const ORIGIN: &str = "origin";
const CHECKSUM: &str = "sha256";

/// A part of the header of a safetensors file.
#[derive(Serialize)]
#[serde(untagged)]
enum Part<'a> {
    Texts(BTreeMap<&'a str, &'a str>),
    Tensor { dtype: &'static str, shape: &'a [usize], data_offsets: [usize; 2] },
}

/// The header of a file with these texts and arrays, padded to a multiple of 8 bytes. Made here
/// because the crate puts texts in a random order.
fn header<'a>(
    texts: &BTreeMap<&'a str, &'a str>,
    arrays: impl Iterator<Item = (&'a str, &'a [usize], &'a [u8])>,
) -> Vec<u8> {
    let mut parts = BTreeMap::from([("__metadata__", Part::Texts(texts.clone()))]);
    let mut from = 0;
    for (name, shape, bytes) in arrays {
        let data_offsets = [from, from + bytes.len()];
        from = data_offsets[1];
        parts.insert(name, Part::Tensor { dtype: "F32", shape, data_offsets });
    }
    let mut header = serde_json::to_vec(&parts).expect("texts and whole numbers");
    header.resize(header.len().next_multiple_of(8), b' ');
    header
}

/// Checksum over texts and arrays, whose order it fixes.
fn checksum<'a>(
    texts: &BTreeMap<&str, &str>,
    arrays: impl Iterator<Item = (&'a str, &'a [usize], &'a [u8])>,
) -> String {
    let mut hash = Sha256::new();
    let mut absorb = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    for (key, text) in texts {
        absorb(key.as_bytes());
        absorb(text.as_bytes());
    }
    for (name, shape, bytes) in arrays {
        absorb(name.as_bytes());
        absorb(format!("{shape:?}").as_bytes());
        absorb(bytes);
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// Writes arrays and texts as the bytes of a safetensors file that holds a `kind`.
///
/// # Errors
/// When two parts have one name, or a shape does not fit its numbers.
pub fn to_bytes(
    kind: Kind,
    origin: &Origin,
    texts: &[(&str, String)],
    arrays: &[Array<'_>],
) -> Result<Vec<u8>, ArchiveError> {
    let mut sorted = BTreeMap::new();
    for Array { name, shape, values } in arrays {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        if shape.iter().try_fold(4usize, |size, &n| size.checked_mul(n)) != Some(bytes.len()) {
            let (name, found) = (name.clone(), format!("{} numbers", values.len()));
            return Err(ArchiveError::Shape { name, found, wanted: format!("{shape:?}") });
        }
        if sorted.insert(name.as_str(), (shape.as_slice(), bytes)).is_some() {
            return Err(ArchiveError::Twice(name.clone()));
        }
    }
    let parts = || sorted.iter().map(|(name, (shape, bytes))| (*name, *shape, bytes.as_slice()));
    let version = FORMAT_VERSION.to_string();
    let origin = serde_json::to_string(origin)
        .map_err(|e| ArchiveError::Text { text: ORIGIN, reason: e.to_string() })?;
    let own = [
        (KIND, kind.name()),
        (VERSION, version.as_str()),
        (PROGRAM, env!("CARGO_PKG_VERSION")),
        (ORIGIN, origin.as_str()),
    ];
    let mut described = BTreeMap::from(own);
    for (key, text) in texts {
        if *key == CHECKSUM || described.insert(key, text).is_some() {
            return Err(ArchiveError::Twice((*key).to_owned()));
        }
    }
    let sum = checksum(&described, parts());
    described.insert(CHECKSUM, &sum);
    let header = header(&described, parts());
    let size: usize = sorted.values().map(|(_, bytes)| bytes.len()).sum();
    let mut file = Vec::with_capacity(8 + header.len() + size);
    file.extend_from_slice(&(header.len() as u64).to_le_bytes());
    file.extend_from_slice(&header);
    sorted.values().for_each(|(_, bytes)| file.extend_from_slice(bytes));
    Ok(file)
}

/// Reads the bytes of a file that [`to_bytes`] wrote, one of the kinds that are `wanted`.
///
/// # Errors
/// When the bytes are not a whole safetensors file, hold something else, or are damaged.
pub fn from_bytes(wanted: &'static [Kind], bytes: &[u8]) -> Result<Archive, ArchiveError> {
    if bytes.len() as u64 > MOST_BYTES {
        return Err(ArchiveError::TooLarge { bytes: bytes.len() as u64 });
    }
    let format = |error: SafeTensorError| match error {
        SafeTensorError::HeaderTooSmall
        | SafeTensorError::InvalidHeaderLength
        | SafeTensorError::MetadataIncompleteBuffer => ArchiveError::Length { bytes: bytes.len() },
        other => ArchiveError::Format(other.to_string().replace(['\n', '\r'], " ")),
    };
    let (length, metadata) = SafeTensors::read_metadata(bytes).map_err(format)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(format)?;
    let texts: BTreeMap<String, String> =
        metadata.metadata().clone().unwrap_or_default().into_iter().collect();
    let said = |missing| texts.get(missing).ok_or(ArchiveError::Foreign { missing });
    let (sum, version, found) = (said(CHECKSUM)?, said(VERSION)?, said(KIND)?);
    let views: BTreeMap<String, TensorView<'_>> = tensors.tensors().into_iter().collect();
    let parts = || views.iter().map(|(name, v)| (name.as_str(), v.shape(), v.data()));
    let all: BTreeMap<&str, &str> = texts.iter().map(|(k, t)| (k.as_str(), t.as_str())).collect();
    let without_sum = all.iter().map(|(k, t)| (*k, *t)).filter(|(k, _)| *k != CHECKSUM).collect();
    // The header too is the one that was written, byte by byte: JSON says one thing in many ways.
    if checksum(&without_sum, parts()) != *sum
        || header(&all, parts()) != bytes[8..8 + length]
        || views.values().any(|view| view.dtype() != Dtype::F32)
    {
        return Err(ArchiveError::Damaged);
    }
    if *version != FORMAT_VERSION.to_string() {
        return Err(ArchiveError::Version { found: version.clone() });
    }
    let Some(&kind) = wanted.iter().find(|kind| kind.name() == found) else {
        return Err(ArchiveError::Kind { wanted, found: found.clone() });
    };
    let origin = serde_json::from_str(said(ORIGIN)?)
        .map_err(|e| ArchiveError::Text { text: ORIGIN, reason: e.to_string() })?;
    let number = |b: &[u8; 4]| f32::from_le_bytes(*b);
    let array = |view: &TensorView<'_>| {
        (view.shape().to_vec(), view.data().as_chunks().0.iter().map(number).collect())
    };
    let arrays = views.iter().map(|(name, view)| (name.clone(), array(view))).collect();
    Ok(Archive { kind, origin, texts, arrays })
}

impl Archive {
    /// What the file holds.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What the content was made from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Version of the program that wrote the file.
    pub fn program_version(&self) -> &str {
        self.texts.get(PROGRAM).map_or("", String::as_str)
    }

    /// A value from the JSON in a text of the metadata.
    ///
    /// # Errors
    /// When there is no text of this name, or it is not such a value.
    pub fn value<T: serde::de::DeserializeOwned>(
        &self,
        text: &'static str,
    ) -> Result<T, ArchiveError> {
        let json = self.texts.get(text).ok_or_else(|| ArchiveError::Missing(text.into()))?;
        serde_json::from_str(json).map_err(|e| ArchiveError::Text { text, reason: e.to_string() })
    }

    /// Takes an array out.
    ///
    /// # Errors
    /// When there is none of this name, or it has another shape.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, ArchiveError> {
        let (found, values) =
            self.arrays.remove(name).ok_or_else(|| ArchiveError::Missing(name.into()))?;
        if found != shape {
            return Err(ArchiveError::Shape {
                name: name.into(),
                found: format!("{found:?}"),
                wanted: format!("{shape:?}"),
            });
        }
        Ok(values)
    }
}

/// A value as the JSON of a text.
///
/// # Errors
/// When it has none.
pub(crate) fn json(text: &'static str, value: &impl Serialize) -> Result<String, ArchiveError> {
    serde_json::to_string(value).map_err(|e| ArchiveError::Text { text, reason: e.to_string() })
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
