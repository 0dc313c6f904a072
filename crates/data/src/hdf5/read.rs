//! Reading the HDF5 layout of the Spiking Heidelberg Digits.
//!
//! The structure of the file (superblock, groups, types, chunks, filters) is read by the
//! `hdf5-reader` crate from the whole file in memory. The rows of variable length are then
//! followed here: each is a reference into a global heap collection (HDF5 File Format
//! Specification 3.0, III.E), and every address, index and length is checked against the file
//! before it is used, so that no memory is ever taken on the word of a damaged file.

use crate::error::DataError;
use crate::formats::bytes::{Content, read_file};
use crate::identity::FileIdentity;
use crate::reading::GoOn;
use hdf5_reader::error::Error;
use hdf5_reader::{ByteOrder, Dataset, Datatype, Hdf5File, OpenOptions};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most that a spike file may unpack to: 16 GiB, fifty times SHD's training file.
const LIMIT: u64 = 1 << 34;
/// The bytes of a reference to a row: its length, the collection's address, the object's index.
const REFERENCE: usize = 16;
/// The bytes before the data of a collection and of each object in it.
const HEAP_HEADER: usize = 16;

/// The bytes of a file, shared with the parser.
#[derive(Clone)]
struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// An open file.
pub(crate) struct SpikeFile {
    path: PathBuf,
    bytes: Shared,
    file: Hdf5File,
    identity: FileIdentity,
}

/// How a number is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct NumberType {
    pub size: usize,
    float: bool,
    signed: bool,
    big_endian: bool,
}

/// The rows of a dataset of rows of variable length.
pub(crate) struct Rows<'a> {
    stored: NumberType,
    rows: Vec<&'a [u8]>,
}

impl NumberType {
    pub fn of(datatype: &Datatype) -> Option<NumberType> {
        let (size, float, signed, order) = match *datatype {
            Datatype::FixedPoint { size, signed, byte_order } => (size, false, signed, byte_order),
            Datatype::FloatingPoint { size, byte_order } => (size, true, true, byte_order),
            _ => return None,
        };
        let known: &[u8] = if float { &[2, 4, 8] } else { &[1, 2, 4, 8] };
        known.contains(&size).then_some(NumberType {
            size: usize::from(size),
            float,
            signed,
            big_endian: matches!(order, ByteOrder::BigEndian),
        })
    }

    /// Its name as NumPy writes it, such as "u2" or "f4".
    pub fn name(self) -> String {
        let kind = match (self.float, self.signed) {
            (true, _) => 'f',
            (false, true) => 'i',
            (false, false) => 'u',
        };
        format!("{kind}{}", self.size)
    }

    /// The number in `bytes`, which are as long as one.
    pub fn decode(self, bytes: &[u8]) -> f64 {
        let mut word = [0; 8];
        word[..self.size].copy_from_slice(&bytes[..self.size]);
        if self.big_endian {
            word[..self.size].reverse();
        }
        let bits = u64::from_le_bytes(word);
        match (self.float, self.size) {
            (true, 2) => f64::from(half::f16::from_bits(bits as u16)),
            (true, 4) => f64::from(f32::from_bits(bits as u32)),
            (true, _) => f64::from_bits(bits),
            (false, size) if self.signed => {
                let unused = 64 - 8 * size as u32;
                (((bits << unused) as i64) >> unused) as f64
            }
            (false, _) => bits as f64,
        }
    }
}

impl Rows<'_> {
    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The length of row `i`.
    pub fn row_len(&self, i: usize) -> usize {
        self.rows[i].len() / self.stored.size
    }

    /// The numbers of row `i`.
    pub fn row(&self, i: usize) -> impl Iterator<Item = f64> {
        let stored = self.stored;
        self.rows[i].chunks_exact(stored.size).map(move |b| stored.decode(b))
    }
}

impl SpikeFile {
    /// Opens a file, plain or gzipped.
    pub fn open(path: &Path, go_on: GoOn<'_>) -> Result<SpikeFile, DataError> {
        SpikeFile::from_content(path, read_file(path, LIMIT, go_on)?)
    }

    /// Opens the unpacked content of the file at `path`.
    pub fn from_content(path: &Path, content: Content) -> Result<SpikeFile, DataError> {
        let Content { bytes, file: identity } = content;
        let bytes = Shared(Arc::new(bytes));
        let length = bytes.0.len();
        let options = OpenOptions::default()
            .with_max_chunk_bytes(length)
            .with_max_read_bytes(length)
            .with_max_object_header_bytes(length);
        let file = Hdf5File::from_owner(bytes.clone(), options)
            .map_err(|e| DataError::format(path, "HDF5 superblock", one_line(&e)))?;
        let wrong = |problem: String| Err(DataError::format(path, "HDF5 superblock", problem));
        let superblock = file.superblock();
        if superblock.base_address != 0 || superblock.offset_size != 8 {
            return wrong("addresses of 8 bytes from the start of the file were expected".into());
        }
        if superblock.eof_address > length as u64 {
            let end = superblock.eof_address;
            return wrong(format!("the file should be {end} bytes long, but it has {length}"));
        }
        Ok(SpikeFile { path: path.to_owned(), bytes, file, identity })
    }

    /// The file as it is stored.
    pub fn identity(&self) -> &FileIdentity {
        &self.identity
    }

    /// An error at a dataset of this file.
    pub fn error(&self, place: impl Into<String>, problem: impl Into<String>) -> DataError {
        DataError::format(&self.path, place, problem)
    }

    /// The one-dimensional dataset `name` and its length, if the file has it.
    fn dataset(&self, name: &str) -> Result<Option<(Dataset, usize)>, DataError> {
        let dataset = match self.file.dataset(name) {
            Ok(dataset) => dataset,
            Err(e) if is_absent(&e) => return Ok(None),
            Err(e) => return Err(self.error(name, one_line(&e))),
        };
        match *dataset.shape() {
            [n] if n <= self.bytes.0.len() as u64 => Ok(Some((dataset, n as usize))),
            [n] => Err(self.error(name, format!("{n} elements are more than the file can hold"))),
            _ => Err(self.error(name, format!("shape {:?}, expected a list", dataset.shape()))),
        }
    }

    /// The rows of the dataset `name`, of numbers (floating point or whole, as `float` says).
    pub fn rows(&self, name: &str, float: bool) -> Result<Rows<'_>, DataError> {
        let (dataset, n) =
            self.dataset(name)?.ok_or_else(|| self.error(name, "the file has no such dataset"))?;
        let stored = match dataset.dtype() {
            Datatype::VarLen { base, .. } => NumberType::of(base),
            _ => None,
        };
        let Some(stored) = stored.filter(|s| s.float == float) else {
            let kind = if float { "floating-point" } else { "whole" };
            let wanted = format!("expected rows of variable length of {kind} numbers");
            return Err(self.error(name, wanted));
        };
        let raw = dataset.read_raw_bytes().map_err(|e| self.error(name, one_line(&e)))?;
        if raw.len() != n * REFERENCE {
            let problem = format!("{} bytes of references for {n} rows", raw.len());
            return Err(self.error(name, problem));
        }
        let mut heap = Heap { bytes: &self.bytes.0, collections: BTreeMap::new() };
        let follow = |(i, reference): (usize, &[u8])| {
            heap.follow(reference, stored.size)
                .map_err(|problem| self.error(format!("{name}[{i}]"), problem))
        };
        let rows = raw.chunks_exact(REFERENCE).enumerate().map(follow).collect::<Result<_, _>>()?;
        Ok(Rows { stored, rows })
    }

    /// The numbers of the dataset `name`, if the file has it.
    pub fn numbers(&self, name: &str) -> Result<Option<Vec<f64>>, DataError> {
        let Some((dataset, n)) = self.dataset(name)? else { return Ok(None) };
        let Some(stored) = NumberType::of(dataset.dtype()) else {
            return Err(self.error(name, "expected numbers"));
        };
        let raw = dataset.read_raw_bytes().map_err(|e| self.error(name, one_line(&e)))?;
        if raw.len() != n * stored.size {
            return Err(self.error(name, format!("{} bytes for {n} numbers", raw.len())));
        }
        Ok(Some(raw.chunks_exact(stored.size).map(|b| stored.decode(b)).collect()))
    }

    /// The dataset `name` as whole numbers below `limit`, if the file has it.
    pub fn whole_numbers(&self, name: &str, limit: usize) -> Result<Option<Vec<u16>>, DataError> {
        let Some(numbers) = self.numbers(name)? else { return Ok(None) };
        let limit = limit.min(1 << 16);
        let checked = numbers.iter().enumerate().map(|(i, &x)| {
            if x >= 0.0 && x < limit as f64 && x.fract() == 0.0 {
                Ok(x as u16)
            } else {
                let problem = format!("{x}, expected a whole number from 0 to {}", limit - 1);
                Err(self.error(format!("{name}[{i}]"), problem))
            }
        });
        checked.collect::<Result<_, _>>().map(Some)
    }

    /// The strings of the dataset `name`, if the file has it.
    pub fn strings(&self, name: &str) -> Result<Option<Vec<String>>, DataError> {
        let Some((dataset, _)) = self.dataset(name)? else { return Ok(None) };
        dataset.read_strings().map(Some).map_err(|e| self.error(name, one_line(&e)))
    }
}

/// Whether the error says that a dataset or a group is not there.
fn is_absent(error: &Error) -> bool {
    match error {
        Error::DatasetNotFound(_) | Error::GroupNotFound(_) => true,
        Error::Context { source, .. } => is_absent(source),
        _ => false,
    }
}

/// The message of an error of the parser, on one line.
pub(super) fn one_line(error: &Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The collections of the global heap that have been visited.
struct Heap<'a> {
    bytes: &'a [u8],
    /// By address: the end, and the objects, sorted.
    collections: BTreeMap<usize, (usize, Vec<Object>)>,
}

/// An object of a collection: its index, and where its bytes start and end.
type Object = (u16, usize, usize);

impl<'a> Heap<'a> {
    /// The bytes of the row that a reference points to.
    fn follow(&mut self, reference: &[u8], element: usize) -> Result<&'a [u8], String> {
        let length = u32_at(reference, 0) as usize;
        if length == 0 {
            return Ok(&[]);
        }
        let address = u64_at(reference, 4);
        let index = u32_at(reference, 12);
        let start = usize::try_from(address).unwrap_or(usize::MAX);
        if !self.collections.contains_key(&start) {
            self.visit(start).map_err(|why| format!("heap collection at byte {address}: {why}"))?;
        }
        let objects = &self.collections[&start].1;
        let found = u16::try_from(index).ok().and_then(|index| {
            objects.binary_search_by_key(&index, |o| o.0).ok().map(|at| &objects[at])
        });
        let &(_, from, to) = found
            .ok_or_else(|| format!("heap collection at byte {address} has no object {index}"))?;
        if Some(to - from) != length.checked_mul(element) {
            return Err(format!(
                "the row should have {length} elements of {element} bytes, but its heap object \
                 at byte {from} has {} bytes",
                to - from
            ));
        }
        Ok(&self.bytes[from..to])
    }

    /// Lists the objects of the collection at `start`.
    fn visit(&mut self, start: usize) -> Result<(), String> {
        let available = self.bytes.len();
        let header = start.checked_add(HEAP_HEADER).filter(|&end| end <= available);
        let header = header.ok_or_else(|| format!("beyond the end of the file ({available})"))?;
        if self.bytes[start..start + 5] != *b"GCOL\x01" {
            return Err("no collection starts there".into());
        }
        let size = u64_at(&self.bytes[start..], 8);
        let end = usize::try_from(size).ok().and_then(|size| start.checked_add(size));
        let end = end.filter(|&end| end >= header && end <= available).ok_or_else(|| {
            format!("its {size} bytes reach beyond the end of the file ({available})")
        })?;
        // Collections are disjoint in a sound file; in an unsound one, visiting overlapping ones
        // again and again could take any amount of time and memory.
        let before = self.collections.range(..end).next_back();
        if let Some((other, _)) = before.filter(|(_, other)| other.0 > start) {
            return Err(format!("it overlaps the one at byte {other}"));
        }
        let mut objects = Vec::new();
        let mut at = header;
        while at + HEAP_HEADER <= end {
            let index = u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]]);
            if index == 0 {
                break; // the free space
            }
            let size = u64_at(&self.bytes[at..], 8);
            let from = at + HEAP_HEADER;
            let to = usize::try_from(size).ok().and_then(|size| from.checked_add(size));
            let to = to.filter(|&to| to <= end).ok_or_else(|| {
                format!("its object {index} of {size} bytes reaches beyond its end")
            })?;
            objects.push((index, from, to));
            at = to.next_multiple_of(8);
        }
        objects.sort_unstable();
        if objects.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err("it has two objects of the same index".into());
        }
        self.collections.insert(start, (end, objects));
        Ok(())
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decoded_by_their_type() {
        let number =
            |size, float, signed, big_endian| NumberType { size, float, signed, big_endian };
        assert_eq!(number(2, true, true, false).decode(&[0x00, 0x3c]), 1.0);
        assert_eq!(number(4, true, true, true).decode(&1.5f32.to_be_bytes()), 1.5);
        assert_eq!(number(8, true, true, false).decode(&(-2.5f64).to_le_bytes()), -2.5);
        assert_eq!(number(2, false, false, false).decode(&[0xff, 0xff]), 65_535.0);
        assert_eq!(number(2, false, true, false).decode(&[0xff, 0xff]), -1.0);
        assert_eq!(number(4, false, false, true).decode(&[0, 0, 1, 2]), 258.0);
        assert_eq!(number(1, false, true, true).decode(&[0x80]), -128.0);
    }

    #[test]
    fn damaged_references_are_refused() {
        // A collection of one object of 6 bytes, at byte 8.
        let mut file = vec![0; 8];
        file.extend(*b"GCOL\x01\0\0\0");
        file.extend(40u64.to_le_bytes());
        file.extend([1, 0, 0, 0, 0, 0, 0, 0]);
        file.extend(6u64.to_le_bytes());
        file.extend([1, 2, 3, 4, 5, 6, 0, 0]);
        let reference = |length: u32, address: u64, index: u32| {
            let mut bytes = length.to_le_bytes().to_vec();
            bytes.extend(address.to_le_bytes());
            bytes.extend(index.to_le_bytes());
            bytes
        };
        let follow = |file: &[u8], r: &[u8]| {
            let mut heap = Heap { bytes: file, collections: BTreeMap::new() };
            heap.follow(r, 2).map(<[u8]>::to_vec)
        };
        assert_eq!(follow(&file, &reference(3, 8, 1)).unwrap(), [1, 2, 3, 4, 5, 6]);
        assert!(follow(&file, &reference(0, u64::MAX, 9)).unwrap().is_empty());
        for (r, wanted) in [
            (reference(2, 8, 1), "should have 2 elements of 2 bytes"),
            (reference(u32::MAX, 8, 1), "elements of 2 bytes"),
            (reference(3, 8, 2), "has no object 2"),
            (reference(3, 8, 65_537), "has no object 65537"),
            (reference(3, 0, 1), "no collection starts there"),
            (reference(3, 40, 1), "beyond the end of the file"),
            (reference(3, u64::MAX, 1), "beyond the end of the file"),
        ] {
            let problem = follow(&file, &r).unwrap_err();
            assert!(problem.contains(wanted), "{problem} does not say: {wanted}");
        }
        for (at, value, wanted) in [
            (16, 41, "its 41 bytes reach beyond"),
            (16, 15, "its 15 bytes reach beyond"),
            (32, 9, "its object 1 of 9 bytes reaches beyond its end"),
            (39, 255, "reaches beyond its end"),
        ] {
            let mut damaged = file.clone();
            damaged[at] = value;
            let problem = follow(&damaged, &reference(3, 8, 1)).unwrap_err();
            assert!(problem.contains(wanted), "{problem} does not say: {wanted}");
        }
    }
}
