//! Spike files: many labelled recordings in the HDF5 layout of the Spiking Heidelberg Digits
//! (Cramer et al. 2022), which h5py, PyTables and the training scripts written for SHD read.
//!
//! | path | type | content |
//! |---|---|---|
//! | `spikes/times` | rows of variable length, floating point | seconds from the start |
//! | `spikes/units` | rows of variable length, uint16 (uint32 above 65,536 units) | the unit of each spike |
//! | `labels` | uint16 | the class |
//! | `extra/keys` | strings | the names of the classes |
//! | `extra/speaker` | uint16 | the speaker; 0 for simulations |
//! | `extra/equipoise/duration_ms` | float64 | the length of each recording, ms |
//! | `extra/equipoise/units` | uint32 | the number of units of each recording |
//! | `extra/equipoise/index` | uint64 | the index of each stimulus in its part of the data set; may be absent |
//! | `extra/equipoise/origin` | one string | what the spikes were made from, JSON; may be absent |
//!
//! The last four are not in SHD; they keep what cannot be read off the spikes.

use super::blocks::Stored;
use super::read::SpikeFile;
use super::write::{Extras, Writer};
use crate::counts::CountsOrigin;
use crate::error::DataError;
use crate::formats::writing::{name_finished, partial_name};
use crate::reading::TO_THE_END;
use crate::spike_set::SpikeSet;
use crate::trains::SpikeTrains;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// How spike times are stored.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum TimePrecision {
    /// As in SHD. From 0.25 s on its steps are 0.24 ms, from 0.5 s 0.49 ms: coarser than the
    /// steps of a simulation.
    Float16,
    /// Enough to tell steps of 0.1 ms apart up to 800 s; a time in ms comes back to within one
    /// unit in its last place.
    #[default]
    Float32,
    /// A time in ms comes back to its last bit.
    Float64,
}

impl std::str::FromStr for TimePrecision {
    type Err = String;

    fn from_str(name: &str) -> Result<TimePrecision, String> {
        match name {
            "float16" => Ok(TimePrecision::Float16),
            "float32" => Ok(TimePrecision::Float32),
            "float64" => Ok(TimePrecision::Float64),
            _ => Err(format!("unknown '{name}': known are float16, float32 and float64")),
        }
    }
}

impl TimePrecision {
    pub(super) fn stored(self) -> Stored {
        match self {
            TimePrecision::Float16 => Stored::F16,
            TimePrecision::Float32 => Stored::F32,
            TimePrecision::Float64 => Stored::F64,
        }
    }

    /// Adds a time to those that are stored; gives it as it is stored.
    pub(super) fn push(self, seconds: f64, bytes: &mut Vec<u8>) -> f64 {
        match self {
            TimePrecision::Float16 => {
                let stored = half::f16::from_f64(seconds);
                bytes.extend(stored.to_le_bytes());
                f64::from(stored)
            }
            TimePrecision::Float32 => {
                let stored = seconds as f32;
                bytes.extend(stored.to_le_bytes());
                f64::from(stored)
            }
            TimePrecision::Float64 => {
                bytes.extend(seconds.to_le_bytes());
                seconds
            }
        }
    }
}

/// A spike file being written, recording by recording. It has a temporary name until
/// [`Self::finish`]; dropped before that, it leaves nothing behind.
pub struct SpikeFileWriter {
    path: PathBuf,
    partial: PathBuf,
    writer: Option<Writer<BufWriter<File>>>,
    precision: TimePrecision,
    units: usize,
    wide: bool,
    classes: Vec<String>,
    labels: Vec<u16>,
    speakers: Vec<u16>,
    durations: Vec<f64>,
    unit_counts: Vec<u32>,
    times_row: Vec<u8>,
    units_row: Vec<u8>,
    indices: Vec<u64>,
    origin: Option<String>,
}

impl SpikeFileWriter {
    /// Starts the file at `path`, for recordings of at most `units` units with labels into
    /// `classes`.
    ///
    /// # Errors
    /// If the file cannot be created, or `units` is above 2^32.
    pub fn create(
        path: &Path,
        units: usize,
        classes: &[String],
        precision: TimePrecision,
    ) -> Result<SpikeFileWriter, DataError> {
        if u32::try_from(units).is_err() {
            return Err(DataError::Request(format!(
                "{units} units: at most 2^32 fit a spike file"
            )));
        }
        let wide = units > 1 << 16;
        let partial = partial_name(path);
        let file = File::create(&partial).map_err(|e| DataError::io(&partial, "create", e))?;
        let unit_type = if wide { Stored::U32 } else { Stored::U16 };
        let out = BufWriter::with_capacity(1 << 18, file);
        let writer = Writer::new(out, precision.stored(), unit_type)
            .map_err(|e| DataError::io(&partial, "write", e))?;
        Ok(SpikeFileWriter {
            path: path.to_owned(),
            partial,
            writer: Some(writer),
            precision,
            units,
            wide,
            classes: classes.to_vec(),
            labels: Vec::new(),
            speakers: Vec::new(),
            durations: Vec::new(),
            unit_counts: Vec::new(),
            times_row: Vec::new(),
            units_row: Vec::new(),
            indices: Vec::new(),
            origin: None,
        })
    }

    /// Says what the spikes are made from, and which stimuli of the part of a data set the
    /// recordings are answers to, in order.
    ///
    /// # Errors
    /// None for an origin of texts and numbers.
    pub fn with_origin(
        mut self,
        origin: &CountsOrigin,
        indices: &[usize],
    ) -> Result<SpikeFileWriter, DataError> {
        let json = serde_json::to_string(origin)
            .map_err(|e| DataError::Request(format!("the origin of spikes: {e}")))?;
        self.origin = Some(json);
        self.indices = indices.iter().map(|&i| i as u64).collect();
        Ok(self)
    }

    /// Adds a recording.
    ///
    /// # Errors
    /// If the label is no class, the recording has more units than the file, or the disk is full.
    pub fn push(&mut self, trains: &SpikeTrains, label: u16) -> Result<(), DataError> {
        if trains.units > self.units {
            return Err(DataError::Request(format!(
                "a recording of {} units cannot go into a spike file of {} units",
                trains.units, self.units
            )));
        }
        let seconds = trains.times.iter().map(|&t| f64::from(t) / 1000.0);
        self.push_row(seconds, trains.ids.iter().copied(), label, 0)?;
        self.durations.push(trains.duration_ms);
        self.unit_counts.push(trains.units as u32);
        Ok(())
    }

    /// Adds sample `i` of a set, with its speaker.
    fn push_sample(&mut self, set: &SpikeSet, i: usize) -> Result<(), DataError> {
        let sample = set.sample(i);
        let seconds = sample.times.iter().map(|&t| f64::from(t));
        let units = sample.units.iter().map(|&u| u32::from(u));
        self.push_row(seconds, units, set.labels[i], set.speakers[i])
    }

    fn push_row(
        &mut self,
        seconds: impl Iterator<Item = f64>,
        units: impl Iterator<Item = u32>,
        label: u16,
        speaker: u16,
    ) -> Result<(), DataError> {
        let recording = self.labels.len();
        if usize::from(label) >= self.classes.len() {
            return Err(DataError::Request(format!(
                "recording {recording} has label {label}, but there are {} classes",
                self.classes.len()
            )));
        }
        self.times_row.clear();
        self.units_row.clear();
        for t in seconds {
            self.precision.push(t, &mut self.times_row);
        }
        for unit in units {
            if unit as usize >= self.units {
                return Err(DataError::Request(format!(
                    "recording {recording} has a spike of unit {unit}, but there are {} units",
                    self.units
                )));
            }
            if self.wide {
                self.units_row.extend(unit.to_le_bytes());
            } else {
                self.units_row.extend((unit as u16).to_le_bytes());
            }
        }
        self.labels.push(label);
        self.speakers.push(speaker);
        let writer = self.writer.as_mut().expect("the writer is there until `finish`");
        writer
            .push(&self.times_row, &self.units_row)
            .map_err(|e| DataError::io(&self.partial, "write", e))
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// If the disk is full, or the file cannot be renamed.
    pub fn finish(mut self) -> Result<(), DataError> {
        let writer = self.writer.take().expect("the writer is there until `finish`");
        let extras = Extras {
            labels: &self.labels,
            speakers: &self.speakers,
            classes: &self.classes,
            durations: (self.durations.len() == self.labels.len()).then_some(&self.durations[..]),
            units: (self.durations.len() == self.labels.len()).then_some(&self.unit_counts[..]),
            indices: (!self.indices.is_empty() && self.indices.len() == self.labels.len())
                .then_some(&self.indices[..]),
            origin: self.origin.take(),
        };
        let written = writer.finish(&extras).and_then(|out| {
            let file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.sync_all()
        });
        name_finished(&self.partial, &self.path, written)
    }
}

impl Drop for SpikeFileWriter {
    fn drop(&mut self) {
        if self.writer.take().is_some() {
            fs::remove_file(&self.partial).ok();
        }
    }
}

/// Many labelled recordings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recordings {
    /// The spikes of each recording.
    pub trains: Vec<SpikeTrains>,
    /// The class of each.
    pub labels: Vec<u16>,
    /// The names of the classes.
    pub classes: Vec<String>,
}

/// Reads a spike file, plain or gzipped. For a file that does not say how long its recordings
/// are and how many units they have, as SHD's do not, each lasts until its last spike, and the
/// units are those up to the highest in the file.
///
/// # Errors
/// If the file cannot be read or is wrong in any way.
pub fn read(path: &Path) -> Result<Recordings, DataError> {
    recordings(SpikeFile::open(path, TO_THE_END)?)
}

/// The recordings in an open file.
pub(super) fn recordings(file: SpikeFile) -> Result<Recordings, DataError> {
    let rows = SpikeRows::read(file, 1 << 32, |seconds| (seconds * 1000.0) as f32)?;
    let n = rows.labels.len();
    let own = |name: &str| rows.file.numbers(name);
    let durations = own("extra/equipoise/duration_ms")?;
    let counts = own("extra/equipoise/units")?;
    for (list, name) in
        [(&durations, "extra/equipoise/duration_ms"), (&counts, "extra/equipoise/units")]
    {
        if let Some(list) = list
            && (list.len() != n || list.iter().any(|x| !(*x >= 0.0 && x.is_finite())))
        {
            let wanted = format!("expected {n} numbers of at least 0, one a recording");
            return Err(rows.file.error(name, wanted));
        }
    }
    let highest = rows.units.iter().max().map_or(0, |&u| u as usize + 1);
    let mut trains = Vec::with_capacity(n);
    for i in 0..n {
        let range = rows.offsets[i]..rows.offsets[i + 1];
        let mut times = rows.times[range.clone()].to_vec();
        let last = times.iter().copied().fold(0.0, f32::max);
        let duration_ms = durations.as_ref().map_or(f64::from(last), |d| d[i]);
        // Rounding of the stored times may move the last ones beyond the end.
        times.iter_mut().for_each(|t| {
            if f64::from(*t) > duration_ms && f64::from(*t) <= duration_ms * (1.0 + 1e-3) {
                *t = duration_ms as f32;
                if f64::from(*t) > duration_ms {
                    *t = t.next_down();
                }
            }
        });
        let units = counts.as_ref().map_or(highest, |c| c[i] as usize);
        let ids = rows.units[range].to_vec();
        let made = SpikeTrains::new(duration_ms, units, times, ids)
            .map_err(|why| rows.file.error(format!("spikes/times[{i}]"), why))?;
        trains.push(made);
    }
    let classes = rows.classes();
    Ok(Recordings { trains, labels: rows.labels, classes })
}

/// What the spikes of a file were made from, and the index of each stimulus in its part of the data
/// set (nothing where the file does not say it).
///
/// # Errors
/// If the file cannot be read or is wrong in any way; nothing else of it is checked.
pub fn read_origin(path: &Path) -> Result<(CountsOrigin, Vec<u64>), DataError> {
    let file = SpikeFile::open(path, TO_THE_END)?;
    let origin = match file.strings("extra/equipoise/origin")?.as_deref() {
        Some([json]) => serde_json::from_str(json)
            .map_err(|e| file.error("extra/equipoise/origin", e.to_string()))?,
        Some(several) => {
            let problem = format!("{} texts, expected one", several.len());
            return Err(file.error("extra/equipoise/origin", problem));
        }
        None => CountsOrigin::default(),
    };
    let whole = |x: f64| (x >= 0.0 && x.fract() == 0.0 && x < 9e15).then_some(x as u64);
    let indices = file.numbers("extra/equipoise/index")?.unwrap_or_default();
    let indices: Option<Vec<u64>> = indices.into_iter().map(whole).collect();
    let wrong = || file.error("extra/equipoise/index", "expected whole numbers of at least 0");
    Ok((origin, indices.ok_or_else(wrong)?))
}

/// Writes recordings to a spike file.
///
/// # Errors
/// As [`SpikeFileWriter::push`].
pub fn write(
    path: &Path,
    recordings: &Recordings,
    precision: TimePrecision,
) -> Result<(), DataError> {
    let units = recordings.trains.iter().map(|t| t.units).max().unwrap_or(0);
    let mut writer = SpikeFileWriter::create(path, units, &recordings.classes, precision)?;
    for (trains, &label) in recordings.trains.iter().zip(&recordings.labels) {
        writer.push(trains, label)?;
    }
    writer.finish()
}

/// Writes a spike data set as one file of SHD's layout.
///
/// # Errors
/// As [`SpikeFileWriter::push`].
pub fn write_set(path: &Path, set: &SpikeSet, precision: TimePrecision) -> Result<(), DataError> {
    let mut writer = SpikeFileWriter::create(path, set.units, &set.classes, precision)?;
    for i in 0..set.len() {
        writer.push_sample(set, i)?;
    }
    writer.finish()
}

/// The checked content of a file, its times converted to the unit that is wanted.
pub(crate) struct SpikeRows {
    pub file: SpikeFile,
    pub offsets: Vec<usize>,
    pub times: Vec<f32>,
    pub units: Vec<u32>,
    pub labels: Vec<u16>,
    pub speakers: Vec<u16>,
    pub keys: Option<Vec<String>>,
}

impl SpikeRows {
    /// Reads a file whose units must be below `units`; `convert` takes seconds.
    pub fn read(
        file: SpikeFile,
        units: u64,
        convert: impl Fn(f64) -> f32,
    ) -> Result<SpikeRows, DataError> {
        let (mut times, mut ids, mut offsets) = (Vec::new(), Vec::new(), vec![0]);
        {
            let time_rows = file.rows("spikes/times", true)?;
            let unit_rows = file.rows("spikes/units", false)?;
            if time_rows.len() != unit_rows.len() {
                let (a, b) = (time_rows.len(), unit_rows.len());
                return Err(file.error("spikes/units", format!("{b} rows, but {a} of times")));
            }
            let total = (0..time_rows.len()).map(|i| time_rows.row_len(i)).sum();
            times.reserve(total);
            ids.reserve(total);
            offsets.reserve(time_rows.len());
            for i in 0..time_rows.len() {
                let (a, b) = (time_rows.row_len(i), unit_rows.row_len(i));
                if a != b {
                    let problem = format!("{b} units, but {a} times");
                    return Err(file.error(format!("spikes/units[{i}]"), problem));
                }
                for (k, t) in time_rows.row(i).enumerate() {
                    if !(t >= 0.0 && t.is_finite()) {
                        let problem = format!("a time of {t} s, expected one of at least 0");
                        return Err(file.error(format!("spikes/times[{i}][{k}]"), problem));
                    }
                    times.push(convert(t));
                }
                for (k, u) in unit_rows.row(i).enumerate() {
                    if !(u >= 0.0 && u < units as f64) {
                        let problem = format!("unit {u}, expected one of 0 to {}", units - 1);
                        return Err(file.error(format!("spikes/units[{i}][{k}]"), problem));
                    }
                    ids.push(u as u32);
                }
                offsets.push(times.len());
            }
        }
        let n = offsets.len() - 1;
        let keys = file.strings("extra/keys")?.filter(|keys| !keys.is_empty());
        let classes = keys.as_ref().map_or(1 << 16, Vec::len);
        let labels = file
            .whole_numbers("labels", classes)?
            .ok_or_else(|| file.error("labels", "the file has no such dataset"))?;
        let speakers = file.whole_numbers("extra/speaker", 1 << 16)?.unwrap_or_else(|| vec![0; n]);
        for (list, name) in [(&labels, "labels"), (&speakers, "extra/speaker")] {
            if list.len() != n {
                let problem = format!("{} entries, but {n} rows of spikes", list.len());
                return Err(file.error(name, problem));
            }
        }
        Ok(SpikeRows { file, offsets, times, units: ids, labels, speakers, keys })
    }

    /// The names of the classes, or their numbers where the file has no names.
    pub fn classes(&self) -> Vec<String> {
        let count = self.labels.iter().max().map_or(0, |&l| usize::from(l) + 1);
        self.keys.clone().unwrap_or_else(|| (0..count).map(|c| c.to_string()).collect())
    }
}
