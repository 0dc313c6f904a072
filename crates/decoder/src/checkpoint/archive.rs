//! Named arrays and texts as safetensors bytes with a checksum.

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// A named array of `f32`.
#[derive(Debug, Clone)]
pub struct Array<'a> {
    name: String,
    shape: Vec<usize>,
    values: Cow<'a, [f32]>,
}

impl<'a> Array<'a> {
    /// An array of this name; `values` are row-major numbers of this `shape`.
    pub fn new(name: impl Into<String>, shape: &[usize], values: &'a [f32]) -> Self {
        Self { name: name.into(), shape: shape.to_vec(), values: Cow::Borrowed(values) }
    }
}

/// Arrays and texts read back.
#[derive(Debug)]
pub struct Archive {
    texts: HashMap<String, String>,
    arrays: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

/// Why bytes are not an archive of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// Not the safetensors format, or cut off.
    #[error("not a whole safetensors file ({0})")]
    Format(String),
    /// Safetensors, but of something else.
    #[error("this is {found}, not an {wanted}")]
    Kind {
        /// What was asked for.
        wanted: String,
        /// What the file says it is.
        found: String,
    },
    /// The numbers are not those that were written.
    #[error("the numbers do not match their checksum")]
    Checksum,
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
    /// A text in the metadata cannot be understood.
    #[error("the description cannot be read ({0})")]
    Description(String),
}

impl ArchiveError {
    /// A text that is not the JSON it should be.
    pub(crate) fn json(error: serde_json::Error) -> Self {
        Self::Description(error.to_string())
    }
}

const KIND: &str = "format";
const CHECKSUM: &str = "sha256";

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

/// Writes arrays and texts as the bytes of a safetensors file that says it is a `kind`.
///
/// # Errors
/// When two arrays have one name, or a shape does not fit its numbers.
pub fn to_bytes(
    kind: &str,
    texts: &[(&str, String)],
    arrays: &[Array<'_>],
) -> Result<Vec<u8>, ArchiveError> {
    let mut sorted = BTreeMap::new();
    for array in arrays {
        let bytes: Vec<u8> = array.values.iter().flat_map(|v| v.to_le_bytes()).collect();
        if sorted.insert(array.name.as_str(), (array.shape.as_slice(), bytes)).is_some() {
            return Err(ArchiveError::Format(format!("two arrays are named `{}`", array.name)));
        }
    }
    let mut described: BTreeMap<&str, &str> = texts.iter().map(|(k, t)| (*k, t.as_str())).collect();
    described.insert(KIND, kind);
    let sum = checksum(&described, sorted.iter().map(|(n, (s, b))| (*n, *s, b.as_slice())));
    // Written out here, because the crate puts the texts in a random order, and the same model
    // is to give the same bytes.
    let mut header = serde_json::Map::new();
    let mut metadata: serde_json::Map<_, _> =
        described.iter().map(|(k, t)| ((*k).to_owned(), (*t).into())).collect();
    metadata.insert(CHECKSUM.to_owned(), sum.into());
    header.insert("__metadata__".to_owned(), metadata.into());
    let mut offset = 0;
    for (name, (shape, bytes)) in &sorted {
        let to = offset + bytes.len();
        if bytes.len() != 4 * shape.iter().product::<usize>() {
            let (name, found) = ((*name).to_owned(), format!("{} bytes", bytes.len()));
            return Err(ArchiveError::Shape { name, found, wanted: format!("{shape:?}") });
        }
        let entry =
            serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": [offset, to]});
        header.insert((*name).to_owned(), entry);
        offset = to;
    }
    let mut header = serde_json::to_vec(&header).map_err(ArchiveError::json)?;
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut file = Vec::with_capacity(8 + header.len() + offset);
    file.extend_from_slice(&(header.len() as u64).to_le_bytes());
    file.append(&mut header);
    sorted.values().for_each(|(_, bytes)| file.extend_from_slice(bytes));
    Ok(file)
}

/// Reads the bytes of a file that [`to_bytes`] wrote, and checks what it is and its checksum.
///
/// # Errors
/// When the bytes are not a whole safetensors file, are of another kind, or are damaged.
pub fn from_bytes(kind: &str, bytes: &[u8]) -> Result<Archive, ArchiveError> {
    let format = |error: safetensors::SafeTensorError| ArchiveError::Format(error.to_string());
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(format)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(format)?;
    let mut texts = header.metadata().clone().unwrap_or_default();
    let found = texts.get(KIND).map_or("a safetensors file of another program", String::as_str);
    if found != kind {
        let (wanted, found) = (kind.to_owned(), found.to_owned());
        return Err(ArchiveError::Kind { wanted, found });
    }
    let sum = texts.remove(CHECKSUM).ok_or_else(|| ArchiveError::Missing(CHECKSUM.into()))?;
    let views: BTreeMap<String, TensorView<'_>> = tensors.tensors().into_iter().collect();
    let described = texts.iter().map(|(k, t)| (k.as_str(), t.as_str())).collect();
    let parts = views.iter().map(|(n, v)| (n.as_str(), v.shape(), v.data()));
    if checksum(&described, parts) != sum {
        return Err(ArchiveError::Checksum);
    }
    let mut arrays = BTreeMap::new();
    for (name, view) in &views {
        if view.dtype() != Dtype::F32 {
            return Err(ArchiveError::Shape {
                name: name.clone(),
                found: format!("{:?}", view.dtype()),
                wanted: format!("{:?}", Dtype::F32),
            });
        }
        let number = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        let values = view.data().chunks_exact(4).map(number).collect();
        arrays.insert(name.clone(), (view.shape().to_vec(), values));
    }
    Ok(Archive { texts, arrays })
}

impl Archive {
    /// A text of the metadata.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn text(&self, name: &str) -> Result<&str, ArchiveError> {
        self.texts.get(name).map(String::as_str).ok_or_else(|| ArchiveError::Missing(name.into()))
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
