//! Writing HDF5: only the few structures that spikes need, by hand, in the oldest form of the format,
//! which every HDF5 library reads (HDF5 File Format Specification 3.0: superblock version 0, object
//! headers version 1, groups as symbol tables, chunks in a version 1 B-tree).

use std::io::{self, Seek, SeekFrom, Write};

/// The address that means "none".
pub(super) const UNDEFINED: u64 = u64::MAX;
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
    pub fn message(self) -> Vec<u8> {
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

/// A message of an object header: its type and its content.
pub(super) type Message = (u16, Vec<u8>);

/// A group that was written: the addresses of its object header, its B-tree and its local heap.
pub(super) struct Group {
    pub header: u64,
    tree: u64,
    heap: u64,
}

/// A file being written, from its beginning on.
pub(crate) struct Builder<W> {
    out: W,
    /// Where the next structure comes.
    position: u64,
}

impl<W: Write + Seek> Builder<W> {
    /// Starts a file at the beginning of `out`.
    pub fn new(mut out: W) -> io::Result<Builder<W>> {
        out.write_all(&[0; SUPERBLOCK])?;
        Ok(Builder { out, position: SUPERBLOCK as u64 })
    }

    /// Where the next structure comes.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Leaves room at the end for bytes that are written later; gives their address.
    pub fn reserve(&mut self, bytes: u64) -> io::Result<u64> {
        let address = self.position;
        let end = bytes.checked_next_multiple_of(8).and_then(|n| n.checked_add(address));
        self.position = end.ok_or_else(|| io::Error::other("a file of more than 2^64 bytes"))?;
        Ok(address)
    }

    /// Writes bytes where room was left for them.
    pub fn write_at(&mut self, address: u64, bytes: &[u8]) -> io::Result<()> {
        self.out.seek(SeekFrom::Start(address))?;
        self.out.write_all(bytes)
    }

    /// Goes to the end, after room was left or something was written there.
    pub fn go_to_end(&mut self) -> io::Result<()> {
        self.out.seek(SeekFrom::Start(self.position)).map(|_| ())
    }

    /// Writes bytes at the end, which stays a multiple of 8; gives their address.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<u64> {
        let address = self.position;
        self.out.write_all(bytes)?;
        let padding = bytes.len().next_multiple_of(8) - bytes.len();
        self.out.write_all(&[0; 8][..padding])?;
        self.position += (bytes.len() + padding) as u64;
        Ok(address)
    }

    /// Completes the file with its root group, and gives it back.
    pub fn finish(mut self, root: &Group) -> io::Result<W> {
        let mut superblock = b"\x89HDF\r\n\x1a\n".to_vec();
        superblock.extend([0, 0, 0, 0, 0, 8, 8, 0]);
        superblock.extend((LEAF_K as u16).to_le_bytes());
        superblock.extend((GROUP_K as u16).to_le_bytes());
        superblock.extend([0; 4]);
        // Base address, free space, end of file, driver; then the root's symbol table entry.
        for address in [0, UNDEFINED, self.position, UNDEFINED, 0, root.header, 1] {
            superblock.extend(address.to_le_bytes());
        }
        for address in [root.tree, root.heap] {
            superblock.extend(address.to_le_bytes());
        }
        debug_assert_eq!(superblock.len(), SUPERBLOCK);
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&superblock)?;
        self.out.flush()?;
        Ok(self.out)
    }

    /// A contiguous dataset of numbers.
    pub fn list(&mut self, bytes: impl Iterator<Item = u8>, stored: Stored) -> io::Result<u64> {
        let bytes: Vec<u8> = bytes.collect();
        let n = bytes.len() / stored.size();
        self.contiguous(&bytes, n, stored.message())
    }

    /// A contiguous dataset of strings of the length of the longest, padded with zeros, UTF-8.
    pub fn strings(&mut self, strings: &[String]) -> io::Result<u64> {
        let size = strings.iter().map(String::len).max().unwrap_or(0).max(1);
        let mut bytes = Vec::with_capacity(size * strings.len());
        for s in strings {
            bytes.extend_from_slice(s.as_bytes());
            bytes.resize(bytes.len().div_ceil(size).max(1) * size, 0);
        }
        bytes.resize(size * strings.len(), 0);
        self.contiguous(&bytes, strings.len(), string_type(size))
    }

    fn contiguous(&mut self, bytes: &[u8], n: usize, datatype: Vec<u8>) -> io::Result<u64> {
        let address = if bytes.is_empty() { UNDEFINED } else { self.append(bytes)? };
        self.contiguous_at(address, bytes.len() as u64, n as u64, datatype, &[])
    }

    /// A contiguous dataset of `n` numbers for which room was left at `address`.
    pub fn list_at(
        &mut self,
        address: u64,
        n: u64,
        stored: Stored,
        attributes: &[Message],
    ) -> io::Result<u64> {
        let address = if n == 0 { UNDEFINED } else { address };
        let bytes = n * stored.size() as u64;
        self.contiguous_at(address, bytes, n, stored.message(), attributes)
    }

    fn contiguous_at(
        &mut self,
        address: u64,
        bytes: u64,
        n: u64,
        datatype: Vec<u8>,
        attributes: &[Message],
    ) -> io::Result<u64> {
        let mut layout = vec![3, 1];
        layout.extend(address.to_le_bytes());
        layout.extend(bytes.to_le_bytes());
        self.dataset(n, n, datatype, 2, layout, attributes)
    }

    /// The object header of a one-dimensional dataset.
    pub fn dataset(
        &mut self,
        length: u64,
        most: u64,
        datatype: Vec<u8>,
        allocation: u8,
        layout: Vec<u8>,
        attributes: &[Message],
    ) -> io::Result<u64> {
        let mut space = vec![1, 1, 1, 0, 0, 0, 0, 0];
        space.extend(length.to_le_bytes());
        space.extend(most.to_le_bytes());
        // The default fill value, written where the library would.
        let fill = vec![2, allocation, 2, 1, 0, 0, 0, 0];
        let own = vec![(1, space), (3, datatype), (5, fill), (8, layout)];
        self.object(&[own, attributes.to_vec()].concat())
    }

    /// An object header of version 1 with these messages (type, content).
    pub fn object(&mut self, messages: &[Message]) -> io::Result<u64> {
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

    /// A group of at most 256 members, sorted by name.
    pub fn group(&mut self, members: &[(&str, u64)], attributes: &[Message]) -> io::Result<Group> {
        debug_assert!(members.is_sorted());
        if members.len() > 2 * LEAF_K * 2 * GROUP_K {
            return Err(io::Error::other(format!("a group of {} members", members.len())));
        }
        // The names, after the empty one.
        let mut names = vec![0; 8];
        // The address of each symbol node and the last name in it.
        let mut nodes = Vec::new();
        // An empty group has one node too.
        for part in members.chunks(2 * LEAF_K).chain(members.is_empty().then_some(&[][..])) {
            let mut symbols = b"SNOD\x01\0".to_vec();
            symbols.extend((part.len() as u16).to_le_bytes());
            let mut last = 0;
            for (name, address) in part {
                last = names.len() as u64;
                symbols.extend(last.to_le_bytes());
                symbols.extend(address.to_le_bytes());
                symbols.extend([0; 24]);
                names.extend_from_slice(name.as_bytes());
                names.resize((names.len() + 1).next_multiple_of(8), 0);
            }
            symbols.resize(8 + 2 * LEAF_K * 40, 0);
            nodes.push((self.append(&symbols)?, last));
        }
        let segment = self.append(&names)?;
        let mut heap = b"HEAP\0\0\0\0".to_vec();
        // Its size, no free block (1), and where it is.
        for word in [names.len() as u64, 1, segment] {
            heap.extend(word.to_le_bytes());
        }
        let heap = self.append(&heap)?;
        let mut tree = b"TREE\0\0".to_vec();
        tree.extend((nodes.len() as u16).to_le_bytes());
        for word in [UNDEFINED, UNDEFINED, 0] {
            tree.extend(word.to_le_bytes());
        }
        for word in nodes.iter().flat_map(|&(symbols, last)| [symbols, last]) {
            tree.extend(word.to_le_bytes());
        }
        tree.resize(24 + (4 * GROUP_K + 1) * 8, 0);
        let tree = self.append(&tree)?;
        let table = [tree.to_le_bytes(), heap.to_le_bytes()].concat();
        let header = self.object(&[vec![(0x11, table)], attributes.to_vec()].concat())?;
        Ok(Group { header, tree, heap })
    }
}

/// The attribute `name` of an object: of this type, `n` values of it (one without a shape for none).
pub(super) fn attribute(name: &str, datatype: &[u8], n: Option<u64>, value: &[u8]) -> Message {
    let space = match n {
        None => vec![1, 0, 0, 0, 0, 0, 0, 0],
        Some(n) => [vec![1, 1, 0, 0, 0, 0, 0, 0], n.to_le_bytes().to_vec()].concat(),
    };
    let mut message = vec![1, 0];
    for length in [name.len() + 1, datatype.len(), space.len()] {
        message.extend((length as u16).to_le_bytes());
    }
    for part in [&[name.as_bytes(), &[0]].concat(), datatype, &space] {
        message.extend_from_slice(part);
        message.resize(message.len() - part.len() + part.len().next_multiple_of(8), 0);
    }
    message.extend_from_slice(value);
    (0x0c, message)
}

/// The type of strings of `size` bytes, padded with zeros, UTF-8.
pub(super) fn string_type(size: usize) -> Vec<u8> {
    let mut datatype = vec![0x13, 0x11, 0, 0];
    datatype.extend((size as u32).to_le_bytes());
    datatype
}

/// The type of an enumeration, one byte a value: the names of 0, 1, 2 and so on.
pub(super) fn enumeration(names: &[&str]) -> Vec<u8> {
    let mut datatype = vec![0x18, names.len() as u8, 0, 0, 1, 0, 0, 0];
    // The type below it: a whole number of 8 bits without a sign.
    datatype.extend([0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0]);
    for name in names {
        let padded = (name.len() + 1).next_multiple_of(8);
        datatype.extend_from_slice(name.as_bytes());
        datatype.resize(datatype.len() + padded - name.len(), 0);
    }
    datatype.extend(0..names.len() as u8);
    datatype
}
