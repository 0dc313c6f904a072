//! Whole HDF5 files of groups, arrays of numbers and texts, read into memory and written, for files
//! of other tools that are small and have many parts, such as descriptions of networks.
//!
//! Texts are written as h5py does, as strings of variable length, UTF-8. What is read is checked
//! against the size of the file before memory is taken for it; a part of another type, such as a
//! compound, is [`Item::Other`].

use super::blocks::{Builder, Message, Stored, UNDEFINED};
use super::layout::one_line;
use crate::error::DataError;
use crate::formats::bytes::{most_unpacked, read_file};
use crate::formats::numbers::NumberType;
use crate::formats::writing::{name_finished, partial_name};
use crate::reading::GoOn;
use hdf5_reader::messages::datatype::StringSize;
use hdf5_reader::{Datatype, Hdf5File, OpenOptions};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::Path;

/// The most bytes of a file that is read.
const LIMIT: u64 = 1 << 32;
/// Groups within groups.
const DEEPEST: usize = 32;
/// Parts of a file.
const MOST_ITEMS: usize = 1 << 16;
/// The bytes of a reference to a string: its length, the collection's address, the object's index.
const REFERENCE: usize = 16;
/// The least size of a collection that the HDF5 library accepts.
const LEAST_COLLECTION: usize = 4096;

/// The members of a group, by name.
pub type Group = BTreeMap<String, Item>;

/// A part of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A group.
    Group(Group),
    /// An array of numbers.
    Numbers(Numbers),
    /// An array of texts.
    Texts(Texts),
    /// A dataset of another type; which.
    Other(String),
}

/// How numbers are stored in a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// Floating point, 32 bits.
    F32,
    /// Floating point, 64 bits.
    F64,
    /// Whole numbers, 64 bits.
    I64,
}

/// An array of numbers, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// Its sizes; none for a single number.
    pub shape: Vec<usize>,
    /// The numbers, as many as the sizes say.
    pub values: Vec<f64>,
    /// How they are stored.
    pub width: Width,
}

/// An array of texts, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Texts {
    /// Its sizes; none for a single text.
    pub shape: Vec<usize>,
    /// The texts, as many as the sizes say.
    pub values: Vec<String>,
}

impl Item {
    /// An array of 32-bit numbers.
    pub fn floats(shape: &[usize], values: impl IntoIterator<Item = f32>) -> Item {
        let values = values.into_iter().map(f64::from).collect();
        Item::Numbers(Numbers { shape: shape.to_vec(), values, width: Width::F32 })
    }

    /// A list of whole numbers.
    pub fn whole(values: &[usize]) -> Item {
        let shape = vec![values.len()];
        let values = values.iter().map(|&n| n as f64).collect();
        Item::Numbers(Numbers { shape, values, width: Width::I64 })
    }

    /// A single number.
    pub fn number(value: f64) -> Item {
        Item::Numbers(Numbers { shape: Vec::new(), values: vec![value], width: Width::F64 })
    }

    /// A single text.
    pub fn text(text: &str) -> Item {
        Item::Texts(Texts { shape: Vec::new(), values: vec![text.to_owned()] })
    }
}

/// Writes a file with this content of its root group; it is there only once it is whole.
///
/// # Errors
/// If the disk is full; [`DataError::Request`] if a group has more than 256 members, or sizes do not
/// fit their values.
pub fn write(path: &Path, root: &Group) -> Result<(), DataError> {
    check(root, "")?;
    let partial = partial_name(path);
    let file = File::create(&partial).map_err(|e| DataError::io(&partial, "create", e))?;
    let written = write_to(BufWriter::new(file), root).and_then(|out| {
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()
    });
    name_finished(&partial, path, written)
}

/// Checks that the parts of a group are what they say.
fn check(group: &Group, above: &str) -> Result<(), DataError> {
    let wrong = |place: &str, why: String| Err(DataError::Request(format!("{place}: {why}")));
    for (name, item) in group {
        let place = format!("{above}/{name}");
        if name.is_empty() || name.contains(['/', '\0']) {
            return wrong(&place, "not a name of a part of an HDF5 file".into());
        }
        let (shape, values) = match item {
            Item::Group(group) => {
                check(group, &place)?;
                continue;
            }
            Item::Numbers(n) => (&n.shape, n.values.len()),
            Item::Texts(t) if t.values.iter().any(|text| text.contains('\0')) => {
                return wrong(&place, "a text with a zero byte, which ends it".into());
            }
            Item::Texts(t) => (&t.shape, t.values.len()),
            Item::Other(kind) => return wrong(&place, format!("a {kind} cannot be written")),
        };
        if shape.iter().try_fold(1usize, |n, &size| n.checked_mul(size)) != Some(values) {
            return wrong(&place, format!("{values} values for the sizes {shape:?}"));
        }
    }
    Ok(())
}

fn write_to<W: Write + Seek>(out: W, root: &Group) -> io::Result<W> {
    let mut file = Builder::new(out)?;
    let mut texts = Vec::new();
    gather(root, &mut texts);
    let collection = file.append(&collection(&texts)?)?;
    let mut strings = Strings { collection, used: 0 };
    let root = group(&mut file, root, &mut strings)?;
    file.finish(&root)
}

/// The texts of a group and of those in it, in the order in which they are written.
fn gather<'a>(group: &'a Group, texts: &mut Vec<&'a str>) {
    for item in group.values() {
        match item {
            Item::Group(group) => gather(group, texts),
            Item::Texts(all) => texts.extend(all.values.iter().map(String::as_str)),
            Item::Numbers(_) | Item::Other(_) => {}
        }
    }
}

/// A collection of the global heap that holds these texts, numbered from 1.
fn collection(texts: &[&str]) -> io::Result<Vec<u8>> {
    let mut objects = Vec::new();
    for (k, text) in texts.iter().enumerate() {
        let number = u16::try_from(k + 1)
            .map_err(|_| io::Error::other("more than 65535 texts in a file"))?;
        objects.extend(number.to_le_bytes());
        objects.extend([0; 6]);
        objects.extend((text.len() as u64).to_le_bytes());
        objects.extend_from_slice(text.as_bytes());
        objects.resize(objects.len().next_multiple_of(8), 0);
    }
    let used = 16 + objects.len();
    let size = used.max(LEAST_COLLECTION);
    if size - used >= 16 {
        // The free space is an object of index 0.
        objects.extend([0; 8]);
        objects.extend(((size - used) as u64).to_le_bytes());
    }
    objects.resize(size - 16, 0);
    Ok([b"GCOL\x01\0\0\0".as_slice(), &(size as u64).to_le_bytes(), &objects].concat())
}

/// The texts that were put into the heap, of which some were used.
struct Strings {
    collection: u64,
    used: u32,
}

fn group<W: Write + Seek>(
    file: &mut Builder<W>,
    members: &Group,
    strings: &mut Strings,
) -> io::Result<super::blocks::Group> {
    let mut addresses = Vec::with_capacity(members.len());
    for (name, item) in members {
        let address = match item {
            Item::Group(members) => group(file, members, strings)?.header,
            Item::Numbers(numbers) => write_numbers(file, numbers)?,
            Item::Texts(texts) => write_texts(file, texts, strings)?,
            Item::Other(kind) => return Err(io::Error::other(format!("a {kind}"))),
        };
        addresses.push((name.as_str(), address));
    }
    file.group(&addresses, &[])
}

fn write_numbers<W: Write + Seek>(file: &mut Builder<W>, numbers: &Numbers) -> io::Result<u64> {
    let Numbers { shape, values, width } = numbers;
    let (bytes, datatype): (Vec<u8>, _) = match width {
        Width::F32 => {
            (values.iter().flat_map(|&x| (x as f32).to_le_bytes()).collect(), Stored::F32.message())
        }
        Width::F64 => {
            (values.iter().flat_map(|x| x.to_le_bytes()).collect(), Stored::F64.message())
        }
        Width::I64 => (
            values.iter().flat_map(|&x| (x as i64).to_le_bytes()).collect(),
            vec![0x10, 0x08, 0, 0, 8, 0, 0, 0, 0, 0, 64, 0],
        ),
    };
    dataset(file, shape, datatype, &bytes)
}

fn write_texts<W: Write + Seek>(
    file: &mut Builder<W>,
    texts: &Texts,
    strings: &mut Strings,
) -> io::Result<u64> {
    let mut bytes = Vec::with_capacity(REFERENCE * texts.values.len());
    for text in &texts.values {
        strings.used += 1;
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(strings.collection.to_le_bytes());
        bytes.extend(strings.used.to_le_bytes());
    }
    // A string of variable length, ended by a zero, UTF-8; its characters are bytes.
    let mut datatype = vec![0x19, 0x01, 0x01, 0, REFERENCE as u8, 0, 0, 0];
    datatype.extend([0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0]);
    dataset(file, &texts.shape, datatype, &bytes)
}

/// A contiguous dataset of any number of dimensions.
fn dataset<W: Write + Seek>(
    file: &mut Builder<W>,
    shape: &[usize],
    datatype: Vec<u8>,
    bytes: &[u8],
) -> io::Result<u64> {
    let rank = u8::try_from(shape.len())
        .ok()
        .filter(|&rank| rank <= 32)
        .ok_or_else(|| io::Error::other(format!("an array of {} dimensions", shape.len())))?;
    let mut space = vec![1, rank, 0, 0, 0, 0, 0, 0];
    space.extend(shape.iter().flat_map(|&size| (size as u64).to_le_bytes()));
    let address = if bytes.is_empty() { UNDEFINED } else { file.append(bytes)? };
    let mut layout = vec![3, 1];
    layout.extend(address.to_le_bytes());
    layout.extend((bytes.len() as u64).to_le_bytes());
    let fill = vec![2, 2, 2, 1, 0, 0, 0, 0];
    let messages: [Message; 4] = [(1, space), (3, datatype), (5, fill), (8, layout)];
    file.object(&messages)
}

/// The root group of a file.
///
/// # Errors
/// If the file cannot be read, is no HDF5 file or a damaged one, or is too large to be such a file.
pub fn read(path: &Path, go_on: GoOn<'_>) -> Result<Group, DataError> {
    let bytes = read_file(path, LIMIT, go_on)?.bytes;
    let left = most_unpacked(bytes.len() as u64);
    let limit = usize::try_from(left).unwrap_or(usize::MAX);
    let options = OpenOptions::default()
        .with_max_chunk_bytes(limit)
        .with_max_read_bytes(limit)
        .with_max_object_header_bytes(bytes.len());
    let wrong = |e| DataError::format(path, "HDF5", one_line(&e));
    let root = Hdf5File::from_vec_with_options(bytes, options)
        .and_then(|file| file.root_group())
        .map_err(wrong)?;
    Reading { path, left, items: 0 }.group(&root, "", 0)
}

/// A file being read.
struct Reading<'a> {
    path: &'a Path,
    /// The bytes that the rest of it may have.
    left: u64,
    /// The parts that were read.
    items: usize,
}

impl Reading<'_> {
    fn wrong(&self, place: &str, why: impl Into<String>) -> DataError {
        DataError::format(self.path, if place.is_empty() { "/" } else { place }, why)
    }

    /// Counts bytes of a part, before memory is taken for them.
    fn take(&mut self, place: &str, bytes: Option<u64>) -> Result<(), DataError> {
        match bytes.and_then(|bytes| self.left.checked_sub(bytes)) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(self.wrong(place, "far more than the file can hold")),
        }
    }

    fn group(
        &mut self,
        group: &hdf5_reader::group::Group,
        above: &str,
        depth: usize,
    ) -> Result<Group, DataError> {
        if depth > DEEPEST {
            return Err(self.wrong(above, format!("groups more than {DEEPEST} deep")));
        }
        let (groups, datasets) = group.members().map_err(|e| self.wrong(above, one_line(&e)))?;
        self.items += groups.len() + datasets.len();
        if self.items > MOST_ITEMS {
            return Err(self.wrong(above, format!("more than {MOST_ITEMS} parts")));
        }
        let mut members = Group::new();
        for dataset in &datasets {
            let place = format!("{above}/{}", dataset.name());
            members.insert(dataset.name().to_owned(), self.dataset(group, dataset, &place)?);
        }
        for child in &groups {
            let place = format!("{above}/{}", child.name());
            let found = self.group(child, &place, depth + 1)?;
            members.insert(child.name().to_owned(), Item::Group(found));
        }
        Ok(members)
    }

    fn dataset(
        &mut self,
        group: &hdf5_reader::group::Group,
        dataset: &hdf5_reader::Dataset,
        place: &str,
    ) -> Result<Item, DataError> {
        let shape = dataset.shape();
        let elements = shape.iter().try_fold(1u64, |n, &size| n.checked_mul(size));
        let sizes = shape.iter().map(|&size| size as usize).collect();
        let stored = NumberType::of(dataset.dtype());
        let is_text = matches!(dataset.dtype(), Datatype::String { .. })
            || matches!(dataset.dtype(), Datatype::VarLen { base, .. } if base.is_vlen_string_base());
        match stored {
            Some(stored) => {
                // As 64-bit numbers in memory.
                self.take(place, elements.and_then(|n| n.checked_mul(8)))?;
                let raw = dataset.read_raw_bytes().map_err(|e| self.wrong(place, one_line(&e)))?;
                let values: Vec<f64> =
                    raw.chunks_exact(stored.size).map(|bytes| stored.decode(bytes)).collect();
                if Some(values.len() as u64) != elements {
                    return Err(self.wrong(place, format!("{} bytes for {shape:?}", raw.len())));
                }
                let width = match stored.name().as_str() {
                    "f2" | "f4" => Width::F32,
                    "f8" => Width::F64,
                    _ => Width::I64,
                };
                Ok(Item::Numbers(Numbers { shape: sizes, values, width }))
            }
            None if is_text => {
                let values = self.texts(group, dataset, place)?;
                if Some(values.len() as u64) != elements {
                    let why = format!("{} texts for {shape:?}", values.len());
                    return Err(self.wrong(place, why));
                }
                Ok(Item::Texts(Texts { shape: sizes, values }))
            }
            None => Ok(Item::Other(format!("{:?}", dataset.dtype()))),
        }
    }

    fn texts(
        &mut self,
        group: &hdf5_reader::group::Group,
        dataset: &hdf5_reader::Dataset,
        place: &str,
    ) -> Result<Vec<String>, DataError> {
        let stored = dataset.raw_byte_len().map_err(|e| self.wrong(place, one_line(&e)))?;
        self.take(place, Some(stored as u64))?;
        if matches!(dataset.dtype(), Datatype::String { size: StringSize::Fixed(_), .. }) {
            return dataset.read_strings().map_err(|e| self.wrong(place, one_line(&e)));
        }
        let raw = dataset.read_raw_bytes().map_err(|e| self.wrong(place, one_line(&e)))?;
        let mut texts = Vec::new();
        for reference in raw.chunks_exact(REFERENCE) {
            let mut length = [0; 4];
            length.copy_from_slice(&reference[..4]);
            self.take(place, Some(u64::from(u32::from_le_bytes(length))))?;
            let bytes = group
                .resolve_vlen_reference_bytes(reference, 1)
                .map_err(|e| self.wrong(place, one_line(&e)))?;
            let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
            let text = String::from_utf8(bytes[..end].to_vec());
            texts.push(text.map_err(|_| self.wrong(place, "a text that is not UTF-8"))?);
        }
        Ok(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::TO_THE_END;
    use proptest::prelude::*;

    /// A group of every kind of part, and one with more members than a symbol node has.
    fn example() -> Group {
        let many = (0..20).map(|k| (format!("part {k}"), Item::number(f64::from(k)))).collect();
        let texts =
            Texts { shape: vec![2, 2], values: ["a", "", "über", "c"].map(String::from).into() };
        Group::from([
            ("empty".to_owned(), Item::Group(Group::new())),
            ("many".to_owned(), Item::Group(many)),
            ("matrix".to_owned(), Item::floats(&[2, 3], [0.1, -2.0, 3.0, 4.0, 5.0, f32::MAX])),
            ("nothing".to_owned(), Item::floats(&[0, 3], [])),
            ("sizes".to_owned(), Item::whole(&[784, 1 << 40])),
            ("text".to_owned(), Item::text("CubaLIF")),
            ("texts".to_owned(), Item::Texts(texts)),
        ])
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tree.h5");
        write(&path, &example()).unwrap();
        assert_eq!(read(&path, TO_THE_END).unwrap(), example());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        // And by the same bytes again.
        let first = std::fs::read(&path).unwrap();
        write(&path, &example()).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), first);
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tree.h5");
        let many: Group = (0..257).map(|k| (k.to_string(), Item::number(0.0))).collect();
        for item in [
            Item::floats(&[2], [0.0]),
            Item::floats(&[usize::MAX, 2], []),
            Item::text("a\0b"),
            Item::Other("compound".into()),
            Item::Group(many),
        ] {
            let group = Group::from([("part".to_owned(), item)]);
            assert!(write(&path, &group).is_err());
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
        let slash = Group::from([("a/b".to_owned(), Item::number(0.0))]);
        assert!(write(&path, &slash).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// A damaged file is read or refused in a line, without a panic.
        #[test]
        fn damaged_files_do_no_harm(place: prop::sample::Index, value: u8, cut: prop::sample::Index) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("tree.h5");
            write(&path, &example()).unwrap();
            let whole = std::fs::read(&path).unwrap();
            let mut bytes = whole.clone();
            bytes[place.index(whole.len())] = value;
            for damaged in [&bytes[..], &whole[..cut.index(whole.len())]] {
                std::fs::write(&path, damaged).unwrap();
                if let Err(error) = read(&path, TO_THE_END) {
                    prop_assert!(!error.to_string().contains('\n'));
                }
            }
        }
    }
}
