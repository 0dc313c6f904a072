//! Arrays of numbers by name, as NumPy's NPZ and NPY files and HDF5 files hold them.

use crate::error::DataError;
use crate::formats::bytes::most_unpacked;
use crate::identity::FileIdentity;
use npyz::{NpyFile, Order};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

/// The longest header of an NPY array, bytes.
const LONGEST_HEADER: usize = 1 << 16;
/// The most dimensions of an array.
const MOST_DIMENSIONS: usize = 8;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Fingerprint;
    use npyz::WriterBuilder;

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
}
