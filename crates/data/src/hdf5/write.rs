//! Writing the HDF5 layout of the Spiking Heidelberg Digits: rows of variable length in global heap
//! collections, and what points to them. [`Writer`] takes recordings whole, one after the other, and
//! keeps 40 bytes of memory for each; [`Scatter`] takes the spikes of any recording at any time, once
//! it knows how many each has.

use super::blocks::{Builder, Stored, UNDEFINED};
use std::io::{self, Seek, Write};

/// A collection is written once it has this many bytes.
const COLLECTION: usize = 1 << 16;
/// The least size of a collection that the HDF5 library accepts.
const LEAST_COLLECTION: usize = 4096;
/// Half the entries of a chunk B-tree node, as superblock version 0 implies.
const CHUNK_K: usize = 32;

/// Where a row of variable length is.
#[derive(Clone, Copy)]
struct Reference {
    length: u32,
    collection: u64,
    object: u32,
}

/// What stands beside the rows.
pub(crate) struct Extras<'a> {
    pub labels: &'a [u16],
    pub speakers: &'a [u16],
    pub classes: &'a [String],
    /// The length of each recording in ms, where that is known.
    pub durations: Option<&'a [f64]>,
    /// The number of units of each recording, where that is known.
    pub units: Option<&'a [u32]>,
    /// The index of each stimulus in its part of the data set, where that is known.
    pub indices: Option<&'a [u64]>,
    /// What the spikes were made from, where that is known.
    pub origin: Option<String>,
}

/// The length of a row as it is stored.
fn row_length(length: u64) -> io::Result<u32> {
    u32::try_from(length).map_err(|_| io::Error::other("a recording of more than 2^32 spikes"))
}

/// A file being written, recording by recording.
pub(crate) struct Writer<W> {
    file: Builder<W>,
    times: Vec<Reference>,
    units: Vec<Reference>,
    /// The objects of the collection being filled, with their headers.
    heap: Vec<u8>,
    objects: u32,
    time_type: Stored,
    unit_type: Stored,
}

impl<W: Write + Seek> Writer<W> {
    /// Starts a file at the beginning of `out`.
    pub fn new(out: W, time_type: Stored, unit_type: Stored) -> io::Result<Writer<W>> {
        Ok(Writer {
            file: Builder::new(out)?,
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
        let length = row_length(length as u64)?;
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
        Ok(Reference { length, collection: self.file.position(), object: self.objects })
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
        self.file.append(&collection_header(size as u64))?;
        let heap = std::mem::take(&mut self.heap);
        self.file.append(&heap)?;
        self.objects = 0;
        Ok(())
    }

    /// Writes all that points to the rows, and gives the file back.
    pub fn finish(mut self, extras: &Extras<'_>) -> io::Result<W> {
        self.flush_collection()?;
        finish(self.file, (self.times, self.time_type), (self.units, self.unit_type), extras)
    }
}

/// The start of a collection of `size` bytes.
fn collection_header(size: u64) -> Vec<u8> {
    let mut header = b"GCOL\x01\0\0\0".to_vec();
    header.extend(size.to_le_bytes());
    header
}

/// A file whose recordings have known numbers of spikes, which come in any order.
pub(crate) struct Scatter<W> {
    file: Builder<W>,
    /// Where the next time and the next unit of each recording go.
    next: Vec<(u64, u64)>,
    times: Vec<Reference>,
    units: Vec<Reference>,
    time_type: Stored,
    unit_type: Stored,
}

/// A collection for whose objects room is left.
struct Room {
    address: u64,
    /// Its bytes, the header of the collection among them.
    used: u64,
    objects: u16,
}

impl<W: Write + Seek> Scatter<W> {
    /// Starts a file at the beginning of `out`, for so many spikes of each recording.
    pub fn new(
        out: W,
        time_type: Stored,
        unit_type: Stored,
        spikes: &[u64],
    ) -> io::Result<Scatter<W>> {
        let n = spikes.len();
        let mut scatter = Scatter {
            file: Builder::new(out)?,
            next: Vec::with_capacity(n),
            times: Vec::with_capacity(n),
            units: Vec::with_capacity(n),
            time_type,
            unit_type,
        };
        let mut room = None;
        for &spikes in spikes {
            let (times, time) = scatter.leave_room(&mut room, spikes, time_type)?;
            let (units, unit) = scatter.leave_room(&mut room, spikes, unit_type)?;
            scatter.times.push(times);
            scatter.units.push(units);
            scatter.next.push((time, unit));
        }
        scatter.close(room)?;
        Ok(scatter)
    }

    /// Leaves room for a row; gives the reference to it, and where its first number goes.
    fn leave_room(
        &mut self,
        room: &mut Option<Room>,
        length: u64,
        stored: Stored,
    ) -> io::Result<(Reference, u64)> {
        let length = row_length(length)?;
        if length == 0 {
            return Ok((Reference { length, collection: 0, object: 0 }, 0));
        }
        let bytes = u64::from(length) * stored.size() as u64;
        let size = 16 + bytes.next_multiple_of(8);
        if room.as_ref().is_some_and(|room| room.used + size > COLLECTION as u64) {
            self.close(room.take())?;
        }
        let address = self.file.position();
        let room = room.get_or_insert(Room { address, used: 16, objects: 0 });
        room.objects += 1;
        let at = room.address + room.used;
        room.used += size;
        let mut header = u64::from(room.objects).to_le_bytes().to_vec();
        header.extend(bytes.to_le_bytes());
        self.file.write_at(at, &header)?;
        // What pads the row is zero, as is all that is never written.
        let object = u32::from(room.objects);
        Ok((Reference { length, collection: room.address, object }, at + 16))
    }

    /// Completes a collection; the file goes on after it.
    fn close(&mut self, room: Option<Room>) -> io::Result<()> {
        let Some(Room { address, used, .. }) = room else { return Ok(()) };
        let size = used.max(LEAST_COLLECTION as u64);
        self.file.write_at(address, &collection_header(size))?;
        if size - used >= 16 {
            let free = [[0; 8], (size - used).to_le_bytes()].concat();
            self.file.write_at(address + used, &free)?;
        }
        self.file.reserve(size).map(|_| ())
    }

    /// Adds spikes of a recording: their times and units as they are stored. No recording may get
    /// more than it was said to have.
    pub fn push(&mut self, recording: usize, times: &[u8], units: &[u8]) -> io::Result<()> {
        let (time, unit) = self.next[recording];
        self.file.write_at(time, times)?;
        self.file.write_at(unit, units)?;
        self.next[recording] = (time + times.len() as u64, unit + units.len() as u64);
        Ok(())
    }

    /// Writes all that points to the rows, and gives the file back.
    pub fn finish(mut self, extras: &Extras<'_>) -> io::Result<W> {
        self.file.go_to_end()?;
        finish(self.file, (self.times, self.time_type), (self.units, self.unit_type), extras)
    }
}

/// Writes all that points to the rows.
fn finish<W: Write + Seek>(
    mut file: Builder<W>,
    (times, time_type): (Vec<Reference>, Stored),
    (units, unit_type): (Vec<Reference>, Stored),
    extras: &Extras<'_>,
) -> io::Result<W> {
    let times = rows(&mut file, &times, time_type)?;
    let units = rows(&mut file, &units, unit_type)?;
    let labels = file.list(extras.labels.iter().flat_map(|x| x.to_le_bytes()), Stored::U16)?;
    let speakers = file.list(extras.speakers.iter().flat_map(|x| x.to_le_bytes()), Stored::U16)?;
    let keys = file.strings(extras.classes)?;
    let mut extra = vec![("keys", keys), ("speaker", speakers)];
    // What SHD has not, in the order of the names.
    let mut own = Vec::new();
    if let Some(durations) = extras.durations {
        let durations = durations.iter().flat_map(|x| x.to_le_bytes());
        own.push(("duration_ms", file.list(durations, Stored::F64)?));
    }
    if let Some(indices) = extras.indices {
        let indices = indices.iter().flat_map(|x| x.to_le_bytes());
        own.push(("index", file.list(indices, Stored::U64)?));
    }
    if let Some(origin) = &extras.origin {
        own.push(("origin", file.strings(std::slice::from_ref(origin))?));
    }
    if let Some(counts) = extras.units {
        let counts = counts.iter().flat_map(|x| x.to_le_bytes());
        own.push(("units", file.list(counts, Stored::U32)?));
    }
    if !own.is_empty() {
        extra.insert(0, ("equipoise", file.group(&own, &[])?.header));
    }
    let extra = file.group(&extra, &[])?.header;
    let spikes = file.group(&[("times", times), ("units", units)], &[])?.header;
    let root = file.group(&[("extra", extra), ("labels", labels), ("spikes", spikes)], &[])?;
    file.finish(&root)
}

/// A chunked dataset of rows of variable length (PyTables reads no other). Gives the address
/// of its object header.
fn rows<W: Write + Seek>(
    file: &mut Builder<W>,
    rows: &[Reference],
    element: Stored,
) -> io::Result<u64> {
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
        entries.push(((k * chunk) as u64, file.append(&bytes)?));
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
    let tree = if entries.is_empty() { UNDEFINED } else { file.append(&tree)? };

    let mut datatype = vec![0x19, 0, 0, 0, 16, 0, 0, 0];
    datatype.extend(element.message());
    let mut layout = vec![3, 2, 2];
    layout.extend(tree.to_le_bytes());
    layout.extend((chunk as u32).to_le_bytes());
    layout.extend(16u32.to_le_bytes());
    file.dataset(rows.len() as u64, UNDEFINED, datatype, 3, layout, &[])
}
