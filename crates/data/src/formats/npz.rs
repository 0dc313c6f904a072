//! NumPy's files: NPZ archives of arrays, and single arrays (NPY), read and written.

use crate::error::DataError;
use crate::formats::arrays::{Arrays, Take};
use crate::formats::bytes::most_unpacked;
use crate::formats::writing::{name_finished, partial_name};
use crate::identity::FileIdentity;
use npyz::{AutoSerialize, NpyFile, Order, WriterBuilder};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Cursor, Read, Seek, Write};
use std::path::{Path, PathBuf};
use zip::write::FileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The longest header of an NPY array, bytes.
pub(crate) const LONGEST_HEADER: usize = 1 << 16;
/// The most dimensions of an array.
const MOST_DIMENSIONS: usize = 8;

/// An NPZ file, or an NPY file as one array without a name, unpacked.
pub(crate) struct NumpyFile {
    path: PathBuf,
    identity: FileIdentity,
    arrays: BTreeMap<String, Vec<u8>>,
}

impl NumpyFile {
    /// The start of a ZIP archive, and of an NPY array.
    pub const NPZ: &'static [u8] = b"PK\x03\x04";
    pub const NPY: &'static [u8] = b"\x93NUMPY";

    /// The arrays in the bytes of the file at `path`.
    pub fn new(path: &Path, bytes: Vec<u8>, file: FileIdentity) -> Result<NumpyFile, DataError> {
        let mut arrays = BTreeMap::new();
        if bytes.starts_with(Self::NPY) {
            arrays.insert(String::new(), bytes);
        } else {
            let mut left = most_unpacked(bytes.len() as u64);
            let wrong = |place: String, why: String| DataError::format(path, place, why);
            let mut archive = zip::ZipArchive::new(Cursor::new(&bytes[..]))
                .map_err(|e| wrong("the archive".into(), e.to_string()))?;
            for i in 0..archive.len() {
                let entry =
                    archive.by_index(i).map_err(|e| wrong(format!("entry {i}"), e.to_string()))?;
                let Some(name) = entry.name().strip_suffix(".npy").map(str::to_owned) else {
                    continue;
                };
                let mut array = Vec::new();
                // Read as it comes: what an archive says about its sizes need not be true.
                let read = entry.take(left + 1).read_to_end(&mut array);
                read.map_err(|e| wrong(name.clone(), format!("the array is damaged ({e})")))?;
                let size = array.len() as u64;
                left = left.checked_sub(size).ok_or_else(|| {
                    wrong(name.clone(), "the arrays unpack to far more than the file's size".into())
                })?;
                if arrays.insert(name.clone(), array).is_some() {
                    return Err(wrong(name, "the archive has two arrays of this name".into()));
                }
            }
        }
        let file = NumpyFile { path: path.to_owned(), identity: file, arrays };
        for (name, array) in &file.arrays {
            file.header(name, array)?;
        }
        Ok(file)
    }

    /// The array's header, checked against its bytes.
    fn header<'a>(&self, name: &str, array: &'a [u8]) -> Result<NpyFile<&'a [u8]>, DataError> {
        let wrong = |why: String| DataError::format(&self.path, self.place(name), why);
        let (long, before) = match array.get(6..12) {
            Some([1, _, low, high, ..]) => (usize::from(u16::from_le_bytes([*low, *high])), 10),
            Some([_, _, a, b, c, d]) => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, 12),
            _ => return Err(wrong("the array ends within its header".into())),
        };
        if long > LONGEST_HEADER || !array.starts_with(Self::NPY) {
            return Err(wrong("expected an array in NumPy's NPY format".into()));
        }
        let npy = NpyFile::new(array).map_err(|e| wrong(e.to_string()))?;
        let held = array.len().saturating_sub(before + long);
        let dtype = npy.dtype();
        let shape = npy.shape();
        let size = match &dtype {
            npyz::DType::Plain(plain) => plain.num_bytes(),
            _ => None,
        };
        let total = shape.iter().try_fold(1u64, |product, &n| product.checked_mul(n));
        let bytes = total.zip(size).and_then(|(n, size)| n.checked_mul(size as u64));
        if shape.len() > MOST_DIMENSIONS || bytes.is_none_or(|n| n > held as u64) {
            return Err(wrong(format!(
                "{} of shape {shape:?}, which its {held} bytes do not hold",
                kind(&dtype)
            )));
        }
        Ok(npy)
    }

    fn place(&self, name: &str) -> String {
        if name.is_empty() { "the array".into() } else { name.to_owned() }
    }
}

impl Arrays for NumpyFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn identity(&self) -> &FileIdentity {
        &self.identity
    }

    fn names(&self) -> Vec<String> {
        self.arrays.keys().cloned().collect()
    }

    fn shape(&self, name: &str) -> Result<Option<(Vec<usize>, String)>, DataError> {
        let Some(array) = self.arrays.get(name) else { return Ok(None) };
        let npy = self.header(name, array)?;
        let shape = npy.shape().iter().map(|&n| n as usize).collect();
        Ok(Some((shape, kind(&npy.dtype()))))
    }

    fn read(&self, name: &str, take: &mut Take<'_>) -> Result<(), DataError> {
        let wrong = |why: String| DataError::format(&self.path, self.place(name), why);
        let array = self.arrays.get(name).ok_or_else(|| wrong("there is no such array".into()))?;
        let npy = self.header(name, array)?;
        let shape: Vec<usize> = npy.shape().iter().map(|&n| n as usize).collect();
        let fortran = npy.order() == Order::Fortran;
        let mut taken = 0;
        let mut next = |value: f64| -> Result<(), DataError> {
            let index = if fortran { c_index(taken, &shape) } else { taken };
            taken += 1;
            take(index, value).map_err(|why| {
                DataError::format(&self.path, format!("{}[{index}]", self.place(name)), why)
            })
        };
        macro_rules! read_as {
            ($($kind:ty => $convert:expr),*) => {$(
                let npy = self.header(name, array)?;
                if let Ok(values) = npy.try_data::<$kind>() {
                    for value in values {
                        let value = value.map_err(|e| wrong(e.to_string()))?;
                        next($convert(value))?;
                    }
                    return Ok(());
                }
            )*};
        }
        read_as!(
            u8 => f64::from, i8 => f64::from, u16 => f64::from, i16 => f64::from,
            u32 => f64::from, i32 => f64::from, f32 => f64::from, f64 => |x: f64| x,
            u64 => |x: u64| x as f64, i64 => |x: i64| x as f64,
            bool => |x: bool| f64::from(u8::from(x))
        );
        Err(wrong(format!("{}, expected numbers of 8 to 64 bits", kind(&npy.dtype()))))
    }
}

/// The name of a type, such as "u2" or "f4", without its order of bytes.
fn kind(dtype: &npyz::DType) -> String {
    dtype.descr().trim_matches(['\'', '<', '>', '|', '=']).to_owned()
}

/// The sizes and the type of the NPY array that begins with these bytes, and where its numbers begin.
pub(crate) fn header_facts(start: &[u8]) -> io::Result<(Vec<u64>, String, u64)> {
    let invalid = || io::Error::new(io::ErrorKind::InvalidData, "no header of an NPY array");
    let (before, long) = match start.get(6..12) {
        Some([1, _, low, high, ..]) => (10, usize::from(u16::from_le_bytes([*low, *high]))),
        Some([_, _, a, b, c, d]) => (12, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        _ => return Err(invalid()),
    };
    if long > LONGEST_HEADER || !start.starts_with(NumpyFile::NPY) {
        return Err(invalid());
    }
    let npy = NpyFile::new(start)?;
    Ok((npy.shape().to_vec(), kind(&npy.dtype()), (before + long) as u64))
}

/// The index of element `k` of an array whose first dimension is the fastest, in one whose last is.
fn c_index(mut k: usize, shape: &[usize]) -> usize {
    let mut index = 0;
    let mut stride: usize = shape.iter().product();
    for &n in shape {
        stride /= n.max(1);
        index += (k % n.max(1)) * stride;
        k /= n.max(1);
    }
    index
}

/// An NPZ file being written, array by array as they come: `numpy.load` reads it. It is not
/// compressed, and equal arrays give equal bytes.
///
/// ```
/// use equipoise_data::npz::NpzWriter;
///
/// let mut file = NpzWriter::in_memory();
/// file.array("images", &[2, 1, 1, 3], [0.0f32, 0.5, 1.0, 1.0, 0.5, 0.0])?;
/// file.array("labels", &[2], [7u64, 3])?;
/// let bytes = file.into_bytes()?;
/// assert_eq!(&bytes[..4], b"PK\x03\x04");
/// # Ok::<(), equipoise_data::DataError>(())
/// ```
pub struct NpzWriter<W: Write + Seek> {
    archive: ZipWriter<W>,
    /// What messages call the file.
    path: PathBuf,
}

impl NpzWriter<Cursor<Vec<u8>>> {
    /// A file in memory.
    pub fn in_memory() -> Self {
        let archive = ZipWriter::new(Cursor::new(Vec::new()));
        NpzWriter { archive, path: "an archive in memory".into() }
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// None in memory.
    pub fn into_bytes(mut self) -> Result<Vec<u8>, DataError> {
        let finished = self.archive.finish().map_err(io::Error::from);
        Ok(finished.map_err(|e| DataError::io(&self.path, "write", e))?.into_inner())
    }
}

impl NpzWriter<BufWriter<File>> {
    /// A file at `path`. It has a temporary name until [`Self::finish`].
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn create(path: &Path) -> Result<Self, DataError> {
        let partial = partial_name(path);
        let file = File::create(&partial).map_err(|e| DataError::io(&partial, "create", e))?;
        let archive = ZipWriter::new(BufWriter::with_capacity(1 << 18, file));
        Ok(NpzWriter { archive, path: path.to_owned() })
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// If the disk is full, or the file cannot be renamed.
    pub fn finish(mut self) -> Result<(), DataError> {
        let written = self
            .archive
            .finish()
            .map_err(io::Error::from)
            .and_then(|out| out.into_inner().map_err(io::IntoInnerError::into_error))
            .and_then(|file| file.sync_all());
        name_finished(&partial_name(&self.path), &self.path, written)
    }
}

impl<W: Write + Seek> NpzWriter<W> {
    /// Adds an array, the last index fastest. The values are written as they come.
    ///
    /// # Errors
    /// If they do not fill the shape, or the disk is full.
    pub fn array<T: AutoSerialize>(
        &mut self,
        name: &str,
        shape: &[usize],
        values: impl IntoIterator<Item = T>,
    ) -> Result<(), DataError> {
        let sizes: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
        self.begin(&format!("{name}.npy"))?;
        let options = npyz::WriteOptions::new().default_dtype().shape(&sizes);
        let written = options.writer(&mut self.archive).begin_nd().and_then(|mut writer| {
            writer.extend(values)?;
            writer.finish()
        });
        // What does not fill the shape is refused as an error of writing, too.
        written.map_err(|e| DataError::io(&self.path, "write", e))
    }

    /// Adds a list of `n` numbers of the type that NumPy describes so, such as `<f8`: their bytes as
    /// `values` gives them.
    ///
    /// # Errors
    /// If there are not as many bytes, or the disk is full.
    pub(crate) fn list(
        &mut self,
        name: &str,
        descr: &str,
        (n, size): (u64, u64),
        values: impl Read,
    ) -> Result<(), DataError> {
        self.begin(&format!("{name}.npy"))?;
        let header = list_header(&format!("'{descr}'"), n);
        let written = self.archive.write_all(&header).and_then(|()| {
            match io::copy(&mut values.take(n * size), &mut self.archive)? {
                bytes if bytes == n * size => Ok(()),
                bytes => Err(io::Error::other(format!("{bytes} bytes for {n} numbers"))),
            }
        });
        written.map_err(|e| DataError::io(&self.path, "write", e))
    }

    /// Adds a text that is no array, such as what the arrays are; NumPy gives it as bytes.
    ///
    /// # Errors
    /// If the disk is full.
    pub fn text(&mut self, name: &str, text: &str) -> Result<(), DataError> {
        self.begin(name)?;
        self.archive.write_all(text.as_bytes()).map_err(|e| DataError::io(&self.path, "write", e))
    }

    fn begin(&mut self, entry: &str) -> Result<(), DataError> {
        // A fixed date, so that equal arrays give equal bytes; 64-bit sizes, so that arrays may be
        // of any size.
        let options = FileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .large_file(true);
        let begun = self.archive.start_file(entry, options).map_err(io::Error::from);
        begun.map_err(|e| DataError::io(&self.path, "write", e))
    }
}

/// The header of an NPY array of one dimension; `descr` is the description of its type as Python
/// writes it.
pub(crate) fn list_header(descr: &str, n: u64) -> Vec<u8> {
    let mut text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': ({n},), }}");
    let before = 10;
    let padded = (before + text.len() + 1).next_multiple_of(64) - before - 1;
    text.extend(std::iter::repeat_n(' ', padded - text.len()));
    text.push('\n');
    let mut header = b"\x93NUMPY\x01\0".to_vec();
    header.extend((text.len() as u16).to_le_bytes());
    header.extend(text.bytes());
    header
}

/// The values of an NPY file of this type.
///
/// # Errors
/// If the bytes are no such file.
pub fn npy_values<T: npyz::Deserialize>(bytes: &[u8]) -> io::Result<Vec<T>> {
    NpyFile::new(bytes)?.into_vec()
}

/// Writes one array as an NPY file, the last index fastest.
///
/// # Errors
/// If the values do not fill the shape.
pub fn npy_bytes<T: AutoSerialize>(
    shape: &[usize],
    values: impl IntoIterator<Item = T>,
) -> io::Result<Vec<u8>> {
    let sizes: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
    let mut bytes = Vec::new();
    let options = npyz::WriteOptions::new().default_dtype().shape(&sizes);
    let mut writer = options.writer(&mut bytes).begin_nd()?;
    writer.extend(values)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Fingerprint;

    fn npy(shape: &[u64], order: Order, values: &[f32]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(shape)
            .order(order)
            .writer(&mut bytes)
            .begin_nd()
            .unwrap();
        writer.extend(values.iter().copied()).unwrap();
        writer.finish().unwrap();
        bytes
    }

    fn open(bytes: Vec<u8>) -> Result<NumpyFile, DataError> {
        let sha256 = Fingerprint::of(&bytes);
        let file = FileIdentity { name: "a.npy".into(), bytes: bytes.len() as u64, sha256 };
        NumpyFile::new(Path::new("a.npy"), bytes, file)
    }

    fn values(file: &NumpyFile) -> Vec<f64> {
        let n = file.shape("").unwrap().unwrap().0.iter().product();
        let mut values = vec![f64::NAN; n];
        file.read("", &mut |i, x| {
            values[i] = x;
            Ok(())
        })
        .unwrap();
        values
    }

    #[test]
    fn both_orders_are_read_as_one() {
        let c = open(npy(&[2, 3], Order::C, &[0., 1., 2., 3., 4., 5.])).unwrap();
        // The same array, first dimension fastest.
        let fortran = open(npy(&[2, 3], Order::Fortran, &[0., 3., 1., 4., 2., 5.])).unwrap();
        assert_eq!(values(&c), [0., 1., 2., 3., 4., 5.]);
        assert_eq!(values(&fortran), values(&c));
        assert_eq!(c.shape("").unwrap().unwrap(), (vec![2, 3], "f4".into()));
    }

    #[test]
    fn damaged_arrays_are_refused() {
        let good = npy(&[2, 3], Order::C, &[0.; 6]);
        for keep in 0..good.len() {
            assert!(open(good[..keep].to_vec()).is_err(), "{keep} bytes");
        }
        let text = |from: &str, to: &str| {
            let at = good.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
            let mut bad = good.clone();
            bad[at..at + to.len()].copy_from_slice(to.as_bytes());
            bad
        };
        assert!(open(text("(2, 3", "(9, 9")).is_err());
        assert!(open(text("<f4", "|O8")).is_err());
        // A header of 4 GB.
        let mut long = good.clone();
        long[6] = 2;
        long[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(open(long).is_err());
    }

    #[test]
    fn what_is_written_is_read_back_and_has_the_same_bytes_again() {
        fn fill<W: Write + Seek>(file: &mut NpzWriter<W>) {
            file.array("a", &[3], [1u8, 2, 3]).unwrap();
            file.array("b", &[1, 2], [0.5f64, -1.0]).unwrap();
            file.text("about.json", "{}").unwrap();
            file.array("none", &[0, 4], Vec::<u32>::new()).unwrap();
        }
        let mut file = NpzWriter::in_memory();
        fill(&mut file);
        let bytes = file.into_bytes().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let mut on_disk = NpzWriter::create(&path).unwrap();
        fill(&mut on_disk);
        on_disk.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        for wrong in [vec![1u64, 2], vec![1, 2, 3, 4]] {
            assert!(NpzWriter::in_memory().array("x", &[3], wrong).is_err());
        }
        let one = npy_bytes(&[2], [0.5f32, 2.0]).unwrap();
        assert_eq!(npy_values::<f32>(&one).unwrap(), [0.5, 2.0]);
        assert!(npy_values::<f64>(&one).is_err() && npy_values::<f32>(&one[..70]).is_err());
        let read = open(bytes).unwrap();
        assert_eq!(read.names(), ["a", "b", "none"]);
        let shape = |name: &str| read.shape(name).unwrap().unwrap();
        assert_eq!(shape("a"), (vec![3], "u1".into()));
        assert_eq!(shape("none"), (vec![0, 4], "u4".into()));
        let mut found = Vec::new();
        read.read("b", &mut |_, x| {
            found.push(x);
            Ok(())
        })
        .unwrap();
        assert_eq!(found, [0.5, -1.0]);
    }
}
