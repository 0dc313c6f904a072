//! The global heap of an HDF5 file (HDF5 File Format Specification 3.0, III.E), in which the rows of
//! variable length are: every address, index and length is checked against the file before it is
//! used, so that no memory is ever taken on the word of a damaged file.

use hdf5_reader::storage::Storage;
use std::collections::BTreeMap;
use std::ops::Range;

/// The bytes of a reference to a row: its length, the collection's address, the object's index.
pub(super) const REFERENCE: usize = 16;
/// The bytes before the data of a collection and of each object in it.
const HEADER: u64 = 16;

/// The collections of the global heap that have been visited.
pub(super) struct Heap<'a> {
    file: &'a dyn Storage,
    /// By address: the end, and the objects, sorted.
    collections: BTreeMap<u64, (u64, Vec<Object>)>,
}

/// An object of a collection: its index, and where its bytes start and end.
type Object = (u16, u64, u64);

impl<'a> Heap<'a> {
    pub fn new(file: &'a dyn Storage) -> Heap<'a> {
        Heap { file, collections: BTreeMap::new() }
    }

    /// Where the row that a reference points to is in the file.
    pub fn follow(&mut self, reference: &[u8], element: usize) -> Result<Range<u64>, String> {
        let length = u64::from(u32_at(reference, 0));
        if length == 0 {
            return Ok(0..0);
        }
        let start = u64_at(reference, 4);
        let index = u32_at(reference, 12);
        if !self.collections.contains_key(&start) {
            self.visit(start).map_err(|why| format!("heap collection at byte {start}: {why}"))?;
        }
        let objects = &self.collections[&start].1;
        let found = u16::try_from(index).ok().and_then(|index| {
            objects.binary_search_by_key(&index, |o| o.0).ok().map(|at| &objects[at])
        });
        let &(_, from, to) = found
            .ok_or_else(|| format!("heap collection at byte {start} has no object {index}"))?;
        if Some(to - from) != length.checked_mul(element as u64) {
            return Err(format!(
                "the row should have {length} elements of {element} bytes, but its heap object \
                 at byte {from} has {} bytes",
                to - from
            ));
        }
        Ok(from..to)
    }

    /// The 16 bytes at `at`.
    fn header(&self, at: u64) -> Result<[u8; 16], String> {
        let bytes = self.file.read_range(at, 16).map_err(|e| e.to_string())?;
        let mut header = [0; 16];
        header.copy_from_slice(&bytes);
        Ok(header)
    }

    /// Lists the objects of the collection at `start`.
    fn visit(&mut self, start: u64) -> Result<(), String> {
        let available = self.file.len();
        let first = start.checked_add(HEADER).filter(|&end| end <= available);
        let first = first.ok_or_else(|| format!("beyond the end of the file ({available})"))?;
        let header = self.header(start)?;
        if header[..5] != *b"GCOL\x01" {
            return Err("no collection starts there".into());
        }
        let size = u64_at(&header, 8);
        let end = start.checked_add(size).filter(|&end| end >= first && end <= available);
        let end = end.ok_or_else(|| {
            format!("its {size} bytes reach beyond the end of the file ({available})")
        })?;
        // Collections are disjoint in a sound file; in an unsound one, visiting overlapping ones
        // again and again could take any amount of time and memory.
        let before = self.collections.range(..end).next_back();
        if let Some((other, _)) = before.filter(|(_, other)| other.0 > start) {
            return Err(format!("it overlaps the one at byte {other}"));
        }
        let mut objects = Vec::new();
        let mut at = first;
        while at + HEADER <= end {
            let header = self.header(at)?;
            let index = u16::from_le_bytes([header[0], header[1]]);
            if index == 0 {
                break; // the free space
            }
            let size = u64_at(&header, 8);
            let from = at + HEADER;
            let to = from.checked_add(size).filter(|&to| to <= end).ok_or_else(|| {
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
    use hdf5_reader::storage::BytesStorage;

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
        let follow =
            |file: &[u8], r: &[u8]| Heap::new(&BytesStorage::new(file.to_vec())).follow(r, 2);
        assert_eq!(follow(&file, &reference(3, 8, 1)).unwrap(), 40..46);
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
