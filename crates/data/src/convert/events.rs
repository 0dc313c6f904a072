//! Events of 40 bits, as the files of N-MNIST and N-Caltech101 hold them (Orchard, Jayawant, Cohen &
//! Thakor 2015, Front. Neurosci. 9:437): x, y, then one bit of polarity and 23 bits of time in
//! microseconds, the highest first. An event at y = 240 moves the times of all that follow it by
//! 8,192 microseconds.
//!
//! A file is one recording. A folder of such files, or of folders of them, one a class, is many.

use super::columns::Told;
use super::input::unpacked;
use super::plan::Plan;
use super::stream::{
    BLOCK, Block, Head, MOST_RECORDINGS, Precision, Rounding, Sensor, Sink, Source, TakeBlock,
    TimeUnit, flush,
};
use crate::error::DataError;
use crate::formats::bytes::file_name;
use crate::formats::writing::{name_finished, partial_name};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// The bytes of an event.
pub(super) const EVENT: usize = 5;
/// The row that marks an event as one of overflow, and by how much it moves times, microseconds.
const OVERFLOW: u8 = 240;
const STEP: u64 = 1 << 13;
/// The first time that 23 bits do not hold, microseconds.
const TOO_LATE: u64 = 1 << 23;
/// Height and width of the sensor of N-MNIST.
const PIXELS: (u32, u32) = (34, 34);

/// Whether these bytes, the start of a file of `length` bytes, look like events of N-MNIST.
pub(super) fn plausible(start: &[u8], length: u64) -> bool {
    let (mut last, mut back, mut n) = (0, 0, 0);
    for event in start.chunks_exact(EVENT) {
        let (x, y, _, time) = decode(event);
        if y != OVERFLOW && (u32::from(x) >= PIXELS.1 || u32::from(y) >= PIXELS.0) {
            return false;
        }
        back += usize::from(time < last);
        (last, n) = (time, n + 1);
    }
    // Files may be unsorted a little, but random bytes go back half of the time.
    n > 0 && length.is_multiple_of(EVENT as u64) && back * 4 <= n
}

fn decode(event: &[u8]) -> (u8, u8, u8, u64) {
    let time = u64::from(event[2] & 127) << 16 | u64::from(event[3]) << 8 | u64::from(event[4]);
    (event[0], event[1], event[2] >> 7, time)
}

/// A file of events, or a folder of them.
pub(super) struct EventSource {
    head: Head,
    sensor: Sensor,
    files: Vec<PathBuf>,
}

impl EventSource {
    pub fn open(path: &Path, told: Told) -> Result<EventSource, DataError> {
        let sensor = told.sensor(true, Some(PIXELS)).map_err(DataError::Request)?;
        let mut head = Head::new(TimeUnit::Microseconds, Precision::Full);
        (head.sensor, head.units) = (Some(sensor), Some(sensor.units()));
        let mut files = vec![path.to_owned()];
        if path.is_dir() {
            head.many = true;
            let (found, labels, classes) = list(path)?;
            head.recordings = Some(found.len());
            if !classes.is_empty() {
                (head.labels, head.classes) = (Some(labels), classes);
            }
            files = found;
        }
        Ok(EventSource { head, sensor, files })
    }
}

/// The entries of a folder that are not hidden, in the order of their names.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let list = |e| DataError::io(folder, "list", e);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(list)? {
        let entry = entry.map_err(list)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Files, their labels and the names of the classes.
type Listing = (Vec<PathBuf>, Vec<u16>, Vec<String>);

/// The files of a folder.
fn list(folder: &Path) -> Result<Listing, DataError> {
    let wrong = |why: String| DataError::format(folder, "the folder", why);
    let is_events = |path: &PathBuf| {
        path.is_file() && path.extension().is_some_and(|e| e.eq_ignore_ascii_case("bin"))
    };
    let inside = entries(folder)?;
    let folders: Vec<&PathBuf> = inside.iter().filter(|path| path.is_dir()).collect();
    let (mut files, mut labels, mut classes) = (Vec::new(), Vec::new(), Vec::new());
    if folders.is_empty() {
        files.extend(inside.iter().filter(|p| is_events(p)).cloned());
        labels.resize(files.len(), 0);
    }
    if folders.len() > 1 << 16 {
        return Err(wrong(format!("{} subfolders, at most 65536 classes", folders.len())));
    }
    for (label, class) in folders.into_iter().enumerate() {
        let found: Vec<PathBuf> = entries(class)?.into_iter().filter(is_events).collect();
        if found.is_empty() {
            return Err(DataError::format(
                class,
                "the folder",
                "no .bin file, expected the events of one class",
            ));
        }
        labels.resize(labels.len() + found.len(), label as u16);
        files.extend(found);
        classes.push(file_name(class));
    }
    if files.is_empty() {
        return Err(wrong(
            "no .bin file, expected events, or one subfolder of them a class".into(),
        ));
    }
    if files.len() as u64 > MOST_RECORDINGS {
        return Err(wrong(format!("{} files: at most {MOST_RECORDINGS}", files.len())));
    }
    Ok((files, labels, classes))
}

impl Source for EventSource {
    fn head(&self) -> &Head {
        &self.head
    }

    fn read(&self, take: &mut TakeBlock<'_>) -> Result<(), DataError> {
        let mut block = Block::default();
        for (recording, path) in self.files.iter().enumerate() {
            let mut reader = unpacked(path)?;
            let (mut at, mut moved) = (0u64, 0u64);
            let wrong = |at: u64, why: String| {
                DataError::format(path, format!("event {at} (byte {})", at * EVENT as u64), why)
            };
            let mut event = [0; EVENT];
            loop {
                let n =
                    fill(&mut reader, &mut event).map_err(|e| DataError::io(path, "read", e))?;
                match n {
                    0 => break,
                    EVENT => {}
                    n => return Err(wrong(at, format!("cut short: {n} of {EVENT} bytes"))),
                }
                let (x, y, polarity, time) = decode(&event);
                if y == OVERFLOW {
                    moved += STEP;
                } else {
                    let id = self.sensor.id(f64::from(x), f64::from(y), f64::from(polarity));
                    id.and_then(|id| block.push_at((time + moved) as f64, id, recording as u32))
                        .map_err(|why| wrong(at, why))?;
                }
                at += 1;
                if block.len() == BLOCK {
                    flush(&mut block, take)?;
                }
            }
        }
        flush(&mut block, take)
    }
}

/// Reads until the buffer is full or nothing comes; gives how much was read.
fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

/// Events being written: one file, or a folder of them.
pub(super) struct EventSink {
    path: PathBuf,
    /// Where they are until all are there.
    partial: PathBuf,
    sensor: Sensor,
    unit: TimeUnit,
    /// The file of each recording, of a folder.
    files: Vec<PathBuf>,
    /// The file being written, and of which recording it is.
    open: Option<(usize, BufWriter<File>)>,
    /// How far the times of each recording were moved, microseconds.
    moved: Vec<u64>,
    rounding: Rounding,
    finished: bool,
}

/// What a class may not be called as a folder.
fn is_folder_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0', ':'])
}

impl EventSink {
    pub fn create(path: &Path, plan: &Plan) -> Result<EventSink, DataError> {
        let told = |why: &str| DataError::Request(format!("{}: {why}", path.to_string_lossy()));
        let sensor = plan.head.sensor.ok_or_else(|| {
            told("events are at pixels, and these spikes are of units without pixels")
        })?;
        if sensor.width > 256 || sensor.height > u32::from(OVERFLOW) {
            return Err(told("pixels up to x 255 and y 239 fit events of 40 bits"));
        }
        let partial = partial_name(path);
        let mut sink = EventSink {
            path: path.to_owned(),
            partial: partial.clone(),
            sensor,
            unit: plan.head.unit,
            files: Vec::new(),
            open: None,
            moved: vec![0; plan.recordings().max(1)],
            rounding: Rounding::default(),
            finished: false,
        };
        if !plan.head.many {
            let file = File::create(&partial).map_err(|e| DataError::io(&partial, "create", e))?;
            sink.open = Some((0, BufWriter::new(file)));
            return Ok(sink);
        }
        fs::remove_dir_all(&partial).ok();
        let digits = plan.recordings().to_string().len().max(5);
        let create = |folder: &Path| {
            fs::create_dir_all(folder).map_err(|e| DataError::io(folder, "create", e))
        };
        create(&partial)?;
        for recording in 0..plan.recordings() {
            let class = plan.head.labels.as_ref().map(|labels| {
                let label = usize::from(labels[recording]);
                let name = plan.head.classes.get(label).filter(|name| is_folder_name(name));
                name.cloned().unwrap_or_else(|| label.to_string())
            });
            let folder = class.map_or(partial.clone(), |class| partial.join(class));
            create(&folder)?;
            let file = folder.join(format!("{recording:0digits$}.bin"));
            // A silent recording is an empty file.
            File::create(&file).map_err(|e| DataError::io(&file, "create", e))?;
            sink.files.push(file);
        }
        Ok(sink)
    }

    /// The file of a recording, to be gone on with.
    fn file(&mut self, recording: usize) -> Result<&mut BufWriter<File>, DataError> {
        if self.open.as_ref().is_none_or(|open| open.0 != recording) {
            self.close()?;
            let path = &self.files[recording];
            let file = OpenOptions::new().append(true).open(path);
            let file = file.map_err(|e| DataError::io(path, "write", e))?;
            self.open = Some((recording, BufWriter::new(file)));
        }
        Ok(&mut self.open.as_mut().expect("it was opened").1)
    }

    fn close(&mut self) -> Result<(), DataError> {
        let Some((_, mut file)) = self.open.take() else { return Ok(()) };
        file.flush().map_err(|e| DataError::io(&self.partial, "write", e))
    }
}

impl Sink for EventSink {
    fn take(&mut self, block: &mut Block) -> Result<(), DataError> {
        for (recording, from, to) in block.by_recording() {
            let mut bytes = Vec::with_capacity((to - from) * EVENT);
            for i in from..to {
                let was = block.times[i];
                let whole = self.unit.to(TimeUnit::Microseconds, was).round();
                self.rounding.note(was, TimeUnit::Microseconds.to(self.unit, whole));
                if !(whole >= 0.0 && whole < (1u64 << 52) as f64) {
                    return Err(DataError::Request(format!(
                        "{}: a spike at {was} {}, which events do not hold: from 0 on",
                        self.path.to_string_lossy(),
                        self.unit
                    )));
                }
                let (time, moved) = (whole as u64, &mut self.moved[recording]);
                while time >= *moved + TOO_LATE {
                    bytes.extend([0, OVERFLOW, 0, 0, 0]);
                    *moved += STEP;
                }
                let Some(rest) = time.checked_sub(*moved) else {
                    return Err(DataError::Request(format!(
                        "{}: spikes of more than {} s out of order, which events do not hold: \
                         sort them by time",
                        self.path.to_string_lossy(),
                        TOO_LATE as f64 / 1e6
                    )));
                };
                let (x, y, p) = self.sensor.pixel(block.ids[i]);
                let high = (rest >> 16) as u8 | (p as u8) << 7;
                bytes.extend([x as u8, y as u8, high, (rest >> 8) as u8, rest as u8]);
            }
            let partial = self.partial.clone();
            let out = self.file(recording)?;
            out.write_all(&bytes).map_err(|e| DataError::io(&partial, "write", e))?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Rounding, DataError> {
        self.close()?;
        self.finished = true;
        name_finished(&self.partial, &self.path, Ok(()))?;
        Ok(self.rounding)
    }
}

impl Drop for EventSink {
    fn drop(&mut self) {
        if !self.finished {
            self.open = None;
            fs::remove_file(&self.partial).or_else(|_| fs::remove_dir_all(&self.partial)).ok();
        }
    }
}
