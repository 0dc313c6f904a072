//! Writing the HDF5 layout of the Spiking Heidelberg Digits, recording by recording.
//!
//! Only the few structures that the layout needs are written, by hand, in the oldest form of the
//! format, which every HDF5 library reads (HDF5 File Format Specification 3.0: superblock version
//! 0, object headers version 1, groups as symbol tables, chunks in a version 1 B-tree). The rows
//! go into global heap collections as they come; a recording costs 40 bytes of memory until
//! [`Writer::finish`] writes what points to them.

use std::io::{self, Seek, SeekFrom, Write};

/// The address that means "none".
const UNDEFINED: u64 = u64::MAX;
/// A collection is written once it has this many bytes.
const COLLECTION: usize = 1 << 16;
/// The least size of a collection that the HDF5 library accepts.
const LEAST_COLLECTION: usize = 4096;
/// Half the entries of a chunk B-tree node, as superblock version 0 implies.
const CHUNK_K: usize = 32;
/// Half the entries of a group B-tree node, and of a symbol node, as the superblock says.
const GROUP_K: usize = 16;
const LEAF_K: usize = 4;
const SUPERBLOCK: usize = 96;

/// The type of a stored number, and how it is described in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    U16,
    U32,
    U64,
    F16,
    F32,
    F64,
}

impl Stored {
    pub fn size(self) -> usize {
        match self {
            Stored::U16 | Stored::F16 => 2,
            Stored::U32 | Stored::F32 => 4,
            Stored::F64 | Stored::U64 => 8,
        }
    }

    /// The datatype message.
    fn message(self) -> Vec<u8> {
        let size = self.size() as u8;
        // (position of the sign, then of the exponent and its size, of the mantissa and its size,
        // and the exponent's bias), IEEE 754.
        let (sign, layout, bias): (u8, [u8; 4], u32) = match self {
            Stored::U16 | Stored::U32 | Stored::U64 => {
                let bits = 8 * size;
                return vec![0x10, 0, 0, 0, size, 0, 0, 0, 0, 0, bits, 0];
            }
            Stored::F16 => (15, [10, 5, 0, 10], 15),
            Stored::F32 => (31, [23, 8, 0, 23], 127),
            Stored::F64 => (63, [52, 11, 0, 52], 1023),
        };
        let mut message = vec![0x11, 0x20, sign, 0, size, 0, 0, 0, 0, 0, 8 * size, 0];
        message.extend(layout);
        message.extend(bias.to_le_bytes());
        message
    }
}

/// Where a row of variable length is.
#[derive(Clone, Copy)]
struct Reference {
    length: u32,
    collection: u64,
    object: u32,
}

/// A file being written.
pub(crate) struct Writer<W> {
    out: W,
    position: u64,
    times: Vec<Reference>,
    units: Vec<Reference>,
    /// The objects of the collection being filled, with their headers.
    heap: Vec<u8>,
    objects: u32,
    time_type: Stored,
    unit_type: Stored,
}

/// What stands beside the rows.
pub(crate) struct Extras<'a> {
    pub labels: &'a [u16],
    pub speakers: &'a [u16],
    pub classes: &'a [String],
    /// The length of each recording in ms and its number of units, for spikes of a simulation.
    pub recordings: Option<(&'a [f64], &'a [u32])>,
    /// The index of each stimulus in its part of the data set, where that is known.
    pub indices: Option<&'a [u64]>,
    /// What the spikes were made from, where that is known.
    pub origin: Option<String>,
}

impl<W: Write + Seek> Writer<W> {
    /// Starts a file at the beginning of `out`.
    pub fn new(mut out: W, time_type: Stored, unit_type: Stored) -> io::Result<Writer<W>> {
        out.write_all(&[0; SUPERBLOCK])?;
        Ok(Writer {
            out,
            position: SUPERBLOCK as u64,
            times: Vec::new(),
            units: Vec::new(),
            heap: Vec::new(),
            objects: 0,
            time_type,
            unit_type,
        })
    }

    /// Adds a recording: its times and units as they are stored.
    pub fn push(&mut self, times: &[u8], units: &[u8]) -> io::Result<()> {
        let time_row = self.insert(times, times.len() / self.time_type.size())?;
        let unit_row = self.insert(units, units.len() / self.unit_type.size())?;
        self.times.push(time_row);
        self.units.push(unit_row);
        Ok(())
    }

    fn insert(&mut self, row: &[u8], length: usize) -> io::Result<Reference> {
        let length = u32::try_from(length)
            .map_err(|_| io::Error::other("a recording of more than 2^32 spikes"))?;
        if length == 0 {
            return Ok(Reference { length, collection: 0, object: 0 });
        }
        if !self.heap.is_empty() && self.heap.len() + 32 + row.len() > COLLECTION {
            self.flush_collection()?;
        }
        self.objects += 1;
        self.heap.extend((self.objects as u16).to_le_bytes());
        self.heap.extend([0; 6]);
        self.heap.extend((row.len() as u64).to_le_bytes());
        self.heap.extend_from_slice(row);
        self.heap.resize(self.heap.len().next_multiple_of(8), 0);
        // The collection will start where the file now ends.
        Ok(Reference { length, collection: self.position, object: self.objects })
    }

    fn flush_collection(&mut self) -> io::Result<()> {
        if self.heap.is_empty() {
            return Ok(());
        }
        let used = 16 + self.heap.len();
        let size = used.max(LEAST_COLLECTION);
        if size - used >= 16 {
            // The free space is an object of index 0.
            self.heap.extend([0; 8]);
            self.heap.extend(((size - used) as u64).to_le_bytes());
        }
        self.heap.resize(size - 16, 0);
        let mut header = b"GCOL\x01\0\0\0".to_vec();
        header.extend((size as u64).to_le_bytes());
        self.append(&header)?;
        let heap = std::mem::take(&mut self.heap);
        self.append(&heap)?;
        self.objects = 0;
        Ok(())
    }

    /// Writes bytes at the end, which stays a multiple of 8; gives their address.
    fn append(&mut self, bytes: &[u8]) -> io::Result<u64> {
        let address = self.position;
        self.out.write_all(bytes)?;
        let padding = bytes.len().next_multiple_of(8) - bytes.len();
        self.out.write_all(&[0; 8][..padding])?;
        self.position += (bytes.len() + padding) as u64;
        Ok(address)
    }

    /// Writes all that points to the rows, and gives the file back.
    pub fn finish(mut self, extras: &Extras<'_>) -> io::Result<W> {
        self.flush_collection()?;
        let times = std::mem::take(&mut self.times);
        let units = std::mem::take(&mut self.units);
        let times = self.rows(&times, self.time_type)?;
        let units = self.rows(&units, self.unit_type)?;
        let labels = self.list(extras.labels.iter().flat_map(|x| x.to_le_bytes()), Stored::U16)?;
        let speakers =
            self.list(extras.speakers.iter().flat_map(|x| x.to_le_bytes()), Stored::U16)?;
        let keys = self.strings(extras.classes)?;
        let mut extra = vec![("keys", keys), ("speaker", speakers)];
        // What SHD has not, in the order of the names.
        let mut own = Vec::new();
        if let Some((durations, _)) = extras.recordings {
            let durations = durations.iter().flat_map(|x| x.to_le_bytes());
            own.push(("duration_ms", self.list(durations, Stored::F64)?));
        }
        if let Some(indices) = extras.indices {
            let indices = indices.iter().flat_map(|x| x.to_le_bytes());
            own.push(("index", self.list(indices, Stored::U64)?));
        }
        if let Some(origin) = &extras.origin {
            own.push(("origin", self.strings(std::slice::from_ref(origin))?));
        }
        if let Some((_, counts)) = extras.recordings {
            let counts = counts.iter().flat_map(|x| x.to_le_bytes());
            own.push(("units", self.list(counts, Stored::U32)?));
        }
        if !own.is_empty() {
            extra.insert(0, ("equipoise", self.group(&own)?.0));
        }
        let extra = self.group(&extra)?.0;
        let spikes = self.group(&[("times", times), ("units", units)])?.0;
        let root = self.group(&[("extra", extra), ("labels", labels), ("spikes", spikes)])?;

        let mut superblock = b"\x89HDF\r\n\x1a\n".to_vec();
        superblock.extend([0, 0, 0, 0, 0, 8, 8, 0]);
        superblock.extend((LEAF_K as u16).to_le_bytes());
        superblock.extend((GROUP_K as u16).to_le_bytes());
        superblock.extend([0; 4]);
        // Base address, free space, end of file, driver; then the root's symbol table entry.
        for address in [0, UNDEFINED, self.position, UNDEFINED, 0, root.0, 1, root.1, root.2] {
            superblock.extend(address.to_le_bytes());
        }
        debug_assert_eq!(superblock.len(), SUPERBLOCK);
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&superblock)?;
        self.out.flush()?;
        Ok(self.out)
    }

    /// A chunked dataset of rows of variable length (PyTables reads no other). Gives the address
    /// of its object header.
    fn rows(&mut self, rows: &[Reference], element: Stored) -> io::Result<u64> {
        let chunk = rows.len().div_ceil(2 * CHUNK_K).max(1024);
        let mut entries = Vec::new();
        for (k, part) in rows.chunks(chunk).enumerate() {
            let mut bytes = Vec::with_capacity(chunk * 16);
            for row in part {
                bytes.extend(row.length.to_le_bytes());
                bytes.extend(row.collection.to_le_bytes());
                bytes.extend(row.object.to_le_bytes());
            }
            bytes.resize(chunk * 16, 0);
            entries.push(((k * chunk) as u64, self.append(&bytes)?));
        }
        // A key is the size of the chunk, no filters left out, and its position; one more key
        // than chunks, the last being the end.
        let key = |start: u64| {
            let mut key = ((chunk * 16) as u32).to_le_bytes().to_vec();
            key.extend([0; 4]);
            key.extend(start.to_le_bytes());
            key.extend([0; 8]);
            key
        };
        let mut tree = b"TREE\x01\0".to_vec();
        tree.extend((entries.len() as u16).to_le_bytes());
        tree.extend([0xff; 16]);
        for &(start, address) in &entries {
            tree.extend(key(start));
            tree.extend(address.to_le_bytes());
        }
        tree.extend(key((entries.len() * chunk) as u64));
        tree.resize(24 + (2 * CHUNK_K + 1) * 24 + 2 * CHUNK_K * 8, 0);
        let tree = if entries.is_empty() { UNDEFINED } else { self.append(&tree)? };

        let mut datatype = vec![0x19, 0, 0, 0, 16, 0, 0, 0];
        datatype.extend(element.message());
        let mut layout = vec![3, 2, 2];
        layout.extend(tree.to_le_bytes());
        layout.extend((chunk as u32).to_le_bytes());
        layout.extend(16u32.to_le_bytes());
        self.dataset(rows.len() as u64, UNDEFINED, datatype, 3, layout)
    }

    /// A contiguous dataset of numbers.
    fn list(&mut self, bytes: impl Iterator<Item = u8>, stored: Stored) -> io::Result<u64> {
        let bytes: Vec<u8> = bytes.collect();
        let n = bytes.len() / stored.size();
        self.contiguous(&bytes, n, stored.message())
    }

    /// A contiguous dataset of strings of the length of the longest, padded with zeros, UTF-8.
    fn strings(&mut self, strings: &[String]) -> io::Result<u64> {
        let size = strings.iter().map(String::len).max().unwrap_or(0).max(1);
        let mut bytes = Vec::with_capacity(size * strings.len());
        for s in strings {
            bytes.extend_from_slice(s.as_bytes());
            bytes.resize(bytes.len().div_ceil(size).max(1) * size, 0);
        }
        bytes.resize(size * strings.len(), 0);
        let mut datatype = vec![0x13, 0x11, 0, 0];
        datatype.extend((size as u32).to_le_bytes());
        self.contiguous(&bytes, strings.len(), datatype)
    }

    fn contiguous(&mut self, bytes: &[u8], n: usize, datatype: Vec<u8>) -> io::Result<u64> {
        let address = if bytes.is_empty() { UNDEFINED } else { self.append(bytes)? };
        let mut layout = vec![3, 1];
        layout.extend(address.to_le_bytes());
        layout.extend((bytes.len() as u64).to_le_bytes());
        self.dataset(n as u64, n as u64, datatype, 2, layout)
    }

    /// The object header of a one-dimensional dataset.
    fn dataset(
        &mut self,
        length: u64,
        most: u64,
        datatype: Vec<u8>,
        allocation: u8,
        layout: Vec<u8>,
    ) -> io::Result<u64> {
        let mut space = vec![1, 1, 1, 0, 0, 0, 0, 0];
        space.extend(length.to_le_bytes());
        space.extend(most.to_le_bytes());
        // The default fill value, written where the library would.
        let fill = vec![2, allocation, 2, 1, 0, 0, 0, 0];
        self.object(&[(1, space), (3, datatype), (5, fill), (8, layout)])
    }

    /// An object header of version 1 with these messages (type, content).
    fn object(&mut self, messages: &[(u16, Vec<u8>)]) -> io::Result<u64> {
        let mut body = Vec::new();
        for (kind, content) in messages {
            let size = content.len().next_multiple_of(8);
            body.extend(kind.to_le_bytes());
            body.extend((size as u16).to_le_bytes());
            body.extend([0; 4]);
            body.extend_from_slice(content);
            body.resize(body.len() + size - content.len(), 0);
        }
        let mut header = vec![1, 0];
        header.extend((messages.len() as u16).to_le_bytes());
        header.extend(1u32.to_le_bytes());
        header.extend((body.len() as u32).to_le_bytes());
        header.extend([0; 4]);
        header.extend(body);
        self.append(&header)
    }

    /// A group of at most 8 members, sorted by name: (object header, B-tree, local heap).
    fn group(&mut self, members: &[(&str, u64)]) -> io::Result<(u64, u64, u64)> {
        debug_assert!(members.len() <= 2 * LEAF_K && members.is_sorted());
        // The names, after the empty one.
        let mut names = vec![0; 8];
        let mut symbols = b"SNOD\x01\0".to_vec();
        symbols.extend((members.len() as u16).to_le_bytes());
        let mut last = 0;
        for (name, address) in members {
            last = names.len() as u64;
            symbols.extend(last.to_le_bytes());
            symbols.extend(address.to_le_bytes());
            symbols.extend([0; 24]);
            names.extend_from_slice(name.as_bytes());
            names.resize((names.len() + 1).next_multiple_of(8), 0);
        }
        symbols.resize(8 + 2 * LEAF_K * 40, 0);
        let symbols = self.append(&symbols)?;
        let segment = self.append(&names)?;
        let mut heap = b"HEAP\0\0\0\0".to_vec();
        // Its size, no free block (1), and where it is.
        for word in [names.len() as u64, 1, segment] {
            heap.extend(word.to_le_bytes());
        }
        let heap = self.append(&heap)?;
        let mut tree = b"TREE\0\0\x01\0".to_vec();
        for word in [UNDEFINED, UNDEFINED, 0, symbols, last] {
            tree.extend(word.to_le_bytes());
        }
        tree.resize(24 + (4 * GROUP_K + 1) * 8, 0);
        let tree = self.append(&tree)?;
        let table = [tree.to_le_bytes(), heap.to_le_bytes()].concat();
        Ok((self.object(&[(0x11, table)])?, tree, heap))
    }
}
