//! Spikes in NumPy's files: NPZ archives of arrays, read piece by piece, and single NPY arrays with
//! a row a spike.
//!
//! Arrays of an archive, beside those of [`columns`](super::columns): `recordings`, `units`,
//! `duration_ms`, `labels`, `speakers`, `sensor` (polarities, height, width).

use super::columns::{Columns, Role, Told, role};
use super::stream::{
    BLOCK, Block, Head, MOST_RECORDINGS, Precision, Sensor, Source, TakeBlock, TimeUnit, flush,
};
use crate::error::DataError;
use crate::formats::npz::LONGEST_HEADER;
use crate::formats::numbers::NumberType;
use npyz::{DType, NpyHeader, Order};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The widest row of an array with fields, bytes.
const WIDEST: u64 = 4096;

type Archive = zip::ZipArchive<BufReader<File>>;

/// The header of an array, and how many bytes it has.
fn header(reader: &mut dyn Read) -> Result<(NpyHeader, u64), String> {
    let mut start = vec![0; 10];
    reader.read_exact(&mut start).map_err(|_| "the array ends within its header".to_owned())?;
    if !start.starts_with(crate::formats::npz::NumpyFile::NPY) {
        return Err("expected an array in NumPy's NPY format".into());
    }
    let length = if start[6] == 1 {
        usize::from(u16::from_le_bytes([start[8], start[9]]))
    } else {
        let mut high = [0; 2];
        reader.read_exact(&mut high).map_err(|_| "the array ends within its header".to_owned())?;
        start.extend(high);
        u32::from_le_bytes([start[8], start[9], high[0], high[1]]) as usize
    };
    if length > LONGEST_HEADER {
        return Err(format!("a header of {length} bytes, at most {LONGEST_HEADER}"));
    }
    let mut text = vec![0; length];
    reader.read_exact(&mut text).map_err(|_| "the array ends within its header".to_owned())?;
    start.extend(text);
    let bytes = start.len() as u64;
    NpyHeader::from_reader(&start[..]).map(|header| (header, bytes)).map_err(|e| e.to_string())
}

/// The type of the numbers of an array.
fn numbers(dtype: &DType) -> Result<NumberType, String> {
    match dtype {
        DType::Plain(plain) => NumberType::of_numpy(&plain.to_string()),
        _ => None,
    }
    .ok_or_else(|| format!("{}, expected numbers of 8 to 64 bits", dtype.descr()))
}

/// The numbers of a list that is read piece by piece.
struct List<R> {
    reader: R,
    kind: NumberType,
    bytes: Vec<u8>,
}

impl<R: Read> List<R> {
    fn new(reader: R, kind: NumberType) -> List<R> {
        List { reader, kind, bytes: Vec::new() }
    }

    /// The next `n` numbers.
    fn next(&mut self, n: usize) -> Result<impl Iterator<Item = f64>, String> {
        self.bytes.resize(n * self.kind.size, 0);
        self.reader.read_exact(&mut self.bytes).map_err(damaged)?;
        let kind = self.kind;
        Ok(self.bytes.chunks_exact(kind.size).map(move |bytes| kind.decode(bytes)))
    }

    /// Reads to the end, where checksums are compared.
    fn finish(mut self) -> Result<(), String> {
        match self.reader.read(&mut [0; 1]) {
            Ok(0) => Ok(()),
            Ok(_) => Err("more bytes than its header announces".into()),
            Err(e) => Err(damaged(e)),
        }
    }
}

fn damaged(e: std::io::Error) -> String {
    format!("the array is damaged or cut short ({e})")
}

/// An archive of arrays.
pub(super) struct NpzSource {
    path: PathBuf,
    head: Head,
    /// The arrays that make the spikes, and what they are.
    names: Vec<String>,
    columns: Columns,
    spikes: u64,
}

impl NpzSource {
    pub fn open(path: &Path, told: Told) -> Result<NpzSource, DataError> {
        let mut archive = open(path)?;
        let names: Vec<String> = archive
            .file_names()
            .filter_map(|name| name.strip_suffix(".npy").map(str::to_owned))
            .collect();
        let has = |name: &str| names.iter().any(|known| known == name);
        let wrong = |place: &str, why: String| DataError::format(path, place, why);
        let mut beside = |name: &str| {
            if has(name) { small(path, &mut archive, name).map(Some) } else { Ok(None) }
        };
        let sensor = beside("sensor")?;
        let sensor = match sensor.as_deref() {
            None => None,
            Some(&[polarities @ (1.0 | 2.0), height, width])
                if [height, width].iter().all(|n| (1.0..=65_536.0).contains(n)) =>
            {
                let (height, width) = (height as u32, width as u32);
                Some(Sensor { polarities: polarities as u32, height, width })
            }
            Some(_) => {
                return Err(wrong("sensor", "expected polarities (1 or 2), height, width".into()));
            }
        };
        let one = |name: &str, found: Option<Vec<f64>>, most: f64| match found.as_deref() {
            None => Ok(None),
            Some(&[x]) if x >= 0.0 && x <= most && x.fract() == 0.0 => Ok(Some(x)),
            Some(_) => Err(wrong(name, format!("expected one whole number from 0 to {most}"))),
        };
        // What `Spikes.save` of the Python package writes: times in ms, and their end.
        let of_package = has("duration") && has("units") && has("times") && !has("sample");
        let told = match told.unit {
            None if of_package => Told { unit: Some(TimeUnit::Milliseconds), ..told },
            _ => told,
        };
        // `units` is how many there are, or which unit each spike is of where nothing else says it.
        let place =
            |name: &String| name != "units" && matches!(role(name), Some(Role::Id | Role::X));
        let counted = names.iter().any(place);
        let spikes: Vec<&String> = names
            .iter()
            .filter(|name| role(name).is_some() && !(counted && name.as_str() == "units"))
            .collect();
        let columns = Columns::of(&spikes, told).map_err(|why| wrong("the arrays", why))?;
        let names_of: Vec<String> =
            columns.needed().into_iter().map(|i| spikes[i].clone()).collect();
        let columns = columns.renumbered();
        let units = if counted { beside("units")? } else { None };
        let units = one("units", units, f64::from(u32::MAX) + 1.0)?;
        let recordings = one("recordings", beside("recordings")?, MOST_RECORDINGS as f64)?;
        let duration = match beside("duration_ms")? {
            None if of_package => beside("duration")?,
            other => other,
        };
        let labels = beside("labels")?;
        let speakers = beside("speakers")?;
        let classes = classes(path, &mut archive)?;
        let whole = |name: &str, list: Option<Vec<f64>>| -> Result<Option<Vec<u16>>, DataError> {
            let Some(list) = list else { return Ok(None) };
            let is = |x: &f64| *x >= 0.0 && *x < 65_536.0 && x.fract() == 0.0;
            if let Some(bad) = list.iter().find(|x| !is(x)) {
                return Err(wrong(name, format!("{bad}, expected a whole number below 65536")));
            }
            Ok(Some(list.into_iter().map(|x| x as u16).collect()))
        };
        let mut counts = None;
        let mut time_type = None;
        for name in &names_of {
            let mut entry = entry(path, &mut archive, name)?;
            let (header, _) = header(&mut entry).map_err(|why| wrong(name, why))?;
            let &[n] = header.shape() else {
                let problem = format!("shape {:?}, expected a list", header.shape());
                return Err(wrong(name, problem));
            };
            if let Some(other) = counts.filter(|&other| other != n) {
                let first = &names_of[0];
                return Err(wrong(name, format!("{n} entries, but {other} of {first}")));
            }
            counts = Some(n);
            let kind = numbers(&header.dtype()).map_err(|why| wrong(name, why))?;
            time_type.get_or_insert(kind);
        }
        let mut head = Head::new(columns.unit, precision(time_type));
        head.many = columns.has_recordings() || recordings.is_some();
        head.labels = whole("labels", labels)?;
        head.speakers = whole("speakers", speakers)?;
        head.recordings =
            recordings.map(|n| n as usize).or_else(|| head.labels.as_ref().map(Vec::len));
        head.classes = classes;
        head.sensor = columns.sensor().or(sensor);
        head.units = units.map(|n| n as u64).or(head.sensor.map(Sensor::units));
        if let Some(durations) = duration {
            if let Some(bad) = durations.iter().find(|d| !(**d >= 0.0 && d.is_finite())) {
                return Err(wrong("duration_ms", format!("{bad}, expected a time of at least 0")));
            }
            // One number is that of all recordings; how many there are may not be known yet.
            head.durations_ms = match (&durations[..], head.recordings, head.many) {
                (&[one], Some(n), _) => Some(vec![one; n]),
                (&[_], None, true) => None,
                _ => Some(durations),
            };
        }
        let taken = ["recordings", "units", "labels", "speakers", "sensor", "duration_ms"];
        let left = |name: &&String| {
            let known = taken.contains(&name.as_str()) || (of_package && *name == "duration");
            !known && !names_of.contains(name)
        };
        head.left_out =
            names.iter().filter(left).map(|name| format!("the array '{name}'")).collect();
        head.left_out.sort();
        let spikes = counts.unwrap_or(0);
        Ok(NpzSource { path: path.to_owned(), head, names: names_of, columns, spikes })
    }
}

/// How finely such numbers store times.
fn precision(kind: Option<NumberType>) -> Precision {
    match kind {
        Some(NumberType { float: true, size: 2, .. }) => Precision::Float16,
        Some(NumberType { float: true, size: 4, .. }) => Precision::Float32,
        _ => Precision::Full,
    }
}

fn open(path: &Path) -> Result<Archive, DataError> {
    let file = File::open(path).map_err(|e| DataError::io(path, "open", e))?;
    zip::ZipArchive::new(BufReader::with_capacity(1 << 16, file))
        .map_err(|e| DataError::format(path, "the archive", e.to_string()))
}

fn entry<'a>(
    path: &Path,
    archive: &'a mut Archive,
    name: &str,
) -> Result<zip::read::ZipFile<'a>, DataError> {
    let entry = archive.by_name(&format!("{name}.npy"));
    entry.map_err(|e| DataError::format(path, name, e.to_string()))
}

/// An array of few numbers, one for each recording at most.
fn small(path: &Path, archive: &mut Archive, name: &str) -> Result<Vec<f64>, DataError> {
    let wrong = |why: String| DataError::format(path, name, why);
    let mut entry = entry(path, archive, name)?;
    let (header, _) = header(&mut entry).map_err(wrong)?;
    let kind = numbers(&header.dtype()).map_err(wrong)?;
    let n = header.shape().iter().try_fold(1u64, |all, &n| all.checked_mul(n));
    let n = n.filter(|&n| n <= MOST_RECORDINGS);
    let n = n.ok_or_else(|| {
        wrong(format!("shape {:?}: at most {MOST_RECORDINGS} numbers", header.shape()))
    })?;
    let mut list = List::new(entry, kind);
    let values = list.next(n as usize).map_err(wrong)?.collect();
    list.finish().map_err(wrong)?;
    Ok(values)
}

/// The names of the classes, of an archive that this program wrote.
fn classes(path: &Path, archive: &mut Archive) -> Result<Vec<String>, DataError> {
    /// The most that is read of them, bytes.
    const LONGEST: u64 = 1 << 24;
    let Ok(entry) = archive.by_name("about.json") else { return Ok(Vec::new()) };
    let mut text = String::new();
    entry
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|e| DataError::format(path, "about.json", e.to_string()))?;
    let about: serde_json::Value = serde_json::from_str(&text)
        .map_err(|e| DataError::format(path, "about.json", e.to_string()))?;
    let names = about.get("classes").and_then(|classes| classes.as_array());
    let names = names.into_iter().flatten().filter_map(|name| name.as_str());
    Ok(names.map(str::to_owned).collect())
}

impl Source for NpzSource {
    fn head(&self) -> &Head {
        &self.head
    }

    fn read(&self, take: &mut TakeBlock<'_>) -> Result<(), DataError> {
        // One reader an array, since they lie one after the other.
        let mut archives =
            self.names.iter().map(|_| open(&self.path)).collect::<Result<Vec<_>, _>>()?;
        let wrong = |name: &str, why: String| DataError::format(&self.path, name, why);
        let mut lists = Vec::new();
        for (archive, name) in archives.iter_mut().zip(&self.names) {
            let mut entry = entry(&self.path, archive, name)?;
            let (header, _) = header(&mut entry).map_err(|why| wrong(name, why))?;
            let kind = numbers(&header.dtype()).map_err(|why| wrong(name, why))?;
            lists.push(List::new(entry, kind));
        }
        let mut block = Block::default();
        let mut values: Vec<Vec<f64>> = vec![Vec::new(); lists.len()];
        let mut row = vec![0.0; lists.len()];
        let mut at = 0;
        while at < self.spikes {
            let n = (self.spikes - at).min(BLOCK as u64) as usize;
            for ((list, name), values) in lists.iter_mut().zip(&self.names).zip(&mut values) {
                values.clear();
                values.extend(list.next(n).map_err(|why| wrong(name, why))?);
            }
            for i in 0..n {
                row.iter_mut().zip(&values).for_each(|(x, values)| *x = values[i]);
                self.columns
                    .push(&row, &mut block)
                    .map_err(|why| wrong(&format!("{}[{}]", self.names[0], at + i as u64), why))?;
            }
            flush(&mut block, take)?;
            at += n as u64;
        }
        for (list, name) in lists.into_iter().zip(&self.names) {
            list.finish().map_err(|why| wrong(name, why))?;
        }
        Ok(())
    }
}

/// A single array: with fields by name, or of two or three columns.
pub(super) struct NpySource {
    path: PathBuf,
    head: Head,
    columns: Columns,
    /// The type of each column that is needed, and where it is: bytes from the first number, and
    /// from row to row.
    cells: Vec<(NumberType, u64, u64)>,
    start: u64,
    rows: u64,
}

impl NpySource {
    pub fn open(path: &Path, told: Told) -> Result<NpySource, DataError> {
        let wrong = |why: String| DataError::format(path, "the array", why);
        let mut file = File::open(path).map_err(|e| DataError::io(path, "open", e))?;
        let length = file.metadata().map_err(|e| DataError::io(path, "open", e))?.len();
        let (header, start) = header(&mut file).map_err(wrong)?;
        let shape = header.shape();
        let mut left_out = Vec::new();
        let (rows, columns, all) = match (header.dtype(), shape) {
            (DType::Record(fields), &[rows]) => {
                let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
                let columns = Columns::of(&names, told).map_err(wrong)?;
                left_out.extend(
                    names.iter().filter(|n| role(n).is_none()).map(|n| format!("the field '{n}'")),
                );
                let mut at = 0;
                let mut all = Vec::new();
                for field in &fields {
                    let size = field.dtype.num_bytes().ok_or_else(|| {
                        wrong(format!("the field '{}' is of {}", field.name, field.dtype.descr()))
                    })?;
                    all.push((numbers(&field.dtype), at));
                    at += size as u64;
                }
                let all = all.into_iter().map(|(kind, offset)| (kind, offset, at)).collect();
                (rows, columns, all)
            }
            (dtype, &[rows, count @ (2 | 3)]) => {
                let columns = Columns::unnamed(count as usize, told).map_err(wrong)?;
                let kind = numbers(&dtype).map_err(wrong)?;
                let size = kind.size as u64;
                let cell = |i: u64| match header.order() {
                    Order::C => (Ok(kind), i * size, count * size),
                    Order::Fortran => (Ok(kind), i.saturating_mul(rows) * size, size),
                };
                (rows, columns, (0..count).map(cell).collect::<Vec<_>>())
            }
            (dtype, shape) => {
                return Err(wrong(format!(
                    "{} of shape {shape:?}, expected a list with fields such as time_ms and id, or \
                     [spikes, 2 or 3] numbers",
                    dtype.descr()
                )));
            }
        };
        let width: u64 = match header.dtype() {
            DType::Record(_) => all.first().map_or(0, |cell| cell.2),
            _ => all.iter().filter_map(|cell| cell.0.as_ref().ok()).map(|k| k.size as u64).sum(),
        };
        if width > WIDEST {
            return Err(wrong(format!("rows of {width} bytes: at most {WIDEST}")));
        }
        let needed = rows.checked_mul(width).and_then(|bytes| bytes.checked_add(start));
        if needed.is_none_or(|needed| needed > length) {
            return Err(wrong(format!(
                "cut short: {length} bytes, but {rows} rows of {width} bytes were announced"
            )));
        }
        let cells = columns
            .needed()
            .into_iter()
            .map(|i| all[i].0.clone().map(|kind| (kind, all[i].1, all[i].2)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(wrong)?;
        let columns = columns.renumbered();
        let mut head = Head::new(columns.unit, precision(cells.first().map(|cell| cell.0)));
        head.many = columns.has_recordings();
        head.sensor = columns.sensor();
        head.units = head.sensor.map(Sensor::units);
        head.left_out = left_out;
        Ok(NpySource { path: path.to_owned(), head, columns, cells, start, rows })
    }
}

impl Source for NpySource {
    fn head(&self) -> &Head {
        &self.head
    }

    fn read(&self, take: &mut TakeBlock<'_>) -> Result<(), DataError> {
        let io = |e| DataError::io(&self.path, "read", e);
        let mut file = File::open(&self.path).map_err(io)?;
        let mut values = vec![vec![0.0; BLOCK]; self.cells.len()];
        let mut row = vec![0.0; self.cells.len()];
        let mut bytes = Vec::new();
        let mut block = Block::default();
        let mut at = 0;
        while at < self.rows {
            let n = (self.rows - at).min(BLOCK as u64);
            for (values, &(kind, offset, stride)) in values.iter_mut().zip(&self.cells) {
                file.seek(SeekFrom::Start(self.start + offset + at * stride)).map_err(io)?;
                // The last row ends with this number and not with its row.
                bytes.resize(((n - 1) * stride) as usize + kind.size, 0);
                file.read_exact(&mut bytes).map_err(io)?;
                for (value, cell) in values.iter_mut().zip(bytes.chunks(stride as usize)) {
                    *value = kind.decode(cell);
                }
            }
            for i in 0..n as usize {
                row.iter_mut().zip(&values).for_each(|(x, values)| *x = values[i]);
                self.columns.push(&row, &mut block).map_err(|why| {
                    DataError::format(&self.path, format!("row {}", at + i as u64), why)
                })?;
            }
            flush(&mut block, take)?;
            at += n;
        }
        Ok(())
    }
}

/// Whether an array by this name is one of spike times.
pub(super) fn is_time(name: &str) -> bool {
    matches!(role(name), Some(Role::Time(_)))
}
