//! Writing spikes that come in blocks: SHD's layout and SONATA's.

use super::blocks::{Builder, Stored, attribute, enumeration, string_type};
use super::file::TimePrecision;
use super::write::{Extras, Scatter};
use crate::convert::plan::Plan;
use crate::convert::stream::{Block, Precision, Rounding, Sink, TimeUnit};
use crate::error::DataError;
use crate::formats::writing::{name_finished, partial_name};
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

/// A file under its temporary name.
struct Partial {
    path: PathBuf,
    partial: PathBuf,
    finished: bool,
}

impl Partial {
    fn create(path: &Path) -> Result<(Partial, BufWriter<File>), DataError> {
        let partial = partial_name(path);
        let file = File::create(&partial).map_err(|e| DataError::io(&partial, "create", e))?;
        let made = Partial { path: path.to_owned(), partial, finished: false };
        Ok((made, BufWriter::with_capacity(1 << 18, file)))
    }

    fn io(&self, e: io::Error) -> DataError {
        DataError::io(&self.partial, "write", e)
    }

    fn finish(&mut self, out: io::Result<BufWriter<File>>) -> Result<(), DataError> {
        self.finished = true;
        let written = out
            .and_then(|out| out.into_inner().map_err(io::IntoInnerError::into_error))
            .and_then(|file| file.sync_all());
        name_finished(&self.partial, &self.path, written)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.finished {
            fs::remove_file(&self.partial).ok();
        }
    }
}

/// SHD's layout.
pub(crate) struct ShdSink {
    file: Partial,
    out: Option<Scatter<BufWriter<File>>>,
    plan: Plan,
    precision: TimePrecision,
    wide: bool,
    rounding: Rounding,
}

impl ShdSink {
    /// Starts a file; times are stored as finely as they come, if nothing else is said.
    pub fn create(
        path: &Path,
        plan: &Plan,
        precision: Option<TimePrecision>,
    ) -> Result<ShdSink, DataError> {
        let wide = plan.units() > 1 << 16;
        let unit_type = if wide { Stored::U32 } else { Stored::U16 };
        let in_seconds = plan.head.unit == TimeUnit::Seconds;
        let precision = precision.unwrap_or(match plan.head.precision {
            Precision::Float16 if in_seconds => TimePrecision::Float16,
            Precision::Float32 if in_seconds => TimePrecision::Float32,
            _ => TimePrecision::Float64,
        });
        let (file, out) = Partial::create(path)?;
        let out = Scatter::new(out, precision.stored(), unit_type, &plan.survey.spikes)
            .map_err(|e| file.io(e))?;
        let rounding = Rounding::default();
        Ok(ShdSink { file, out: Some(out), plan: plan.clone(), precision, wide, rounding })
    }
}

impl Sink for ShdSink {
    fn take(&mut self, block: &mut Block) -> Result<(), DataError> {
        let out = self.out.as_mut().expect("the output is there until `finish`");
        let (mut times, mut units) = (Vec::new(), Vec::new());
        let unit = self.plan.head.unit;
        for (recording, from, to) in block.by_recording() {
            times.clear();
            units.clear();
            for i in from..to {
                let was = block.times[i];
                let seconds = unit.to(TimeUnit::Seconds, was);
                let stored = self.precision.push(seconds, &mut times);
                if !stored.is_finite() {
                    return Err(DataError::Request(format!(
                        "{}: a spike at {seconds} s, too late for times in 16 bits",
                        self.file.path.to_string_lossy()
                    )));
                }
                // A change of unit in 64 bits is no rounding that anybody need know of.
                if self.precision != TimePrecision::Float64 {
                    self.rounding.note(was, TimeUnit::Seconds.to(unit, stored));
                }
                let id = block.ids[i];
                if self.wide {
                    units.extend(id.to_le_bytes());
                } else {
                    units.extend((id as u16).to_le_bytes());
                }
            }
            out.push(recording, &times, &units).map_err(|e| self.file.io(e))?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Rounding, DataError> {
        let out = self.out.take().expect("the output is there until `finish`");
        let n = self.plan.recordings();
        let head = &self.plan.head;
        let labels = head.labels.clone().unwrap_or_else(|| vec![0; n]);
        let speakers = head.speakers.clone().unwrap_or_else(|| vec![0; n]);
        let most = labels.iter().max().map_or(0, |&label| usize::from(label) + 1);
        let named = head.classes.iter().cloned();
        let rest = (head.classes.len()..most).map(|class| class.to_string());
        let classes: Vec<String> = named.chain(rest).collect();
        let units = head.units.map(|units| vec![units as u32; n]);
        let extras = Extras {
            labels: &labels,
            speakers: &speakers,
            classes: &classes,
            durations: head.durations_ms.as_deref(),
            units: units.as_deref(),
            indices: None,
            origin: None,
        };
        let written = out.finish(&extras);
        self.file.finish(written)?;
        Ok(self.rounding)
    }
}

/// What a population is called that has no name.
const NAMELESS: &str = "default";
/// The orders of SONATA's spikes, by number.
const ORDERS: [&str; 3] = ["none", "by_id", "by_time"];
/// What SONATA's files say they are.
const MAGIC: u32 = 0x0a7a;
const VERSION: [u32; 2] = [0, 1];

/// SONATA's layout: `/spikes/POPULATION/{timestamps, node_ids}`, in ms.
pub(crate) struct SonataSink {
    file: Partial,
    out: Option<Builder<BufWriter<File>>>,
    plan: Plan,
    population: String,
    /// Where the lists begin, and how many spikes are there.
    times: u64,
    ids: u64,
    done: u64,
}

impl SonataSink {
    pub fn create(
        path: &Path,
        plan: &Plan,
        population: Option<&str>,
    ) -> Result<SonataSink, DataError> {
        let name = population.or(plan.head.population.as_deref()).unwrap_or(NAMELESS);
        if name.is_empty() || name == "." || name.contains(['/', '\0']) || name.len() > 1024 {
            return Err(DataError::Request(format!(
                "'{name}' cannot be the name of a population: no '/' is possible in one"
            )));
        }
        let (file, out) = Partial::create(path)?;
        let mut out = Builder::new(out).map_err(|e| file.io(e))?;
        let bytes = plan.survey.total() * 8;
        let times = out.reserve(bytes).map_err(|e| file.io(e))?;
        let ids = out.reserve(bytes).map_err(|e| file.io(e))?;
        let (plan, population) = (plan.clone(), name.to_owned());
        Ok(SonataSink { file, out: Some(out), plan, population, times, ids, done: 0 })
    }

    /// Writes what points to the lists.
    fn complete(&self, mut out: Builder<BufWriter<File>>) -> io::Result<BufWriter<File>> {
        out.go_to_end()?;
        let n = self.plan.survey.total();
        let text = "milliseconds";
        let units = attribute("units", &string_type(text.len()), None, text.as_bytes());
        let times = out.list_at(self.times, n, Stored::F64, &[units])?;
        let ids = out.list_at(self.ids, n, Stored::U64, &[])?;
        let order = if self.plan.survey.unsorted == 0 { 2 } else { 0 };
        let sorting = attribute("sorting", &enumeration(&ORDERS), None, &[order]);
        let lists = [("node_ids", ids), ("timestamps", times)];
        let population = out.group(&lists, &[sorting])?.header;
        let spikes = out.group(&[(&self.population, population)], &[])?.header;
        let u32_type = Stored::U32.message();
        let versions = VERSION.map(u32::to_le_bytes).concat();
        let about = [
            attribute("magic", &u32_type, None, &MAGIC.to_le_bytes()),
            attribute("version", &u32_type, Some(2), &versions),
        ];
        let root = out.group(&[("spikes", spikes)], &about)?;
        out.finish(&root)
    }
}

impl Sink for SonataSink {
    fn take(&mut self, block: &mut Block) -> Result<(), DataError> {
        let out = self.out.as_mut().expect("the output is there until `finish`");
        let unit = self.plan.head.unit;
        let to_ms = |&t: &f64| unit.to(TimeUnit::Milliseconds, t).to_le_bytes();
        let times: Vec<u8> = block.times.iter().flat_map(to_ms).collect();
        let ids: Vec<u8> = block.ids.iter().flat_map(|&id| u64::from(id).to_le_bytes()).collect();
        for (start, bytes) in [(self.times, &times), (self.ids, &ids)] {
            out.write_at(start + self.done * 8, bytes).map_err(|e| self.file.io(e))?;
        }
        self.done += block.len() as u64;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Rounding, DataError> {
        let out = self.out.take().expect("the output is there until `finish`");
        let written = self.complete(out);
        self.file.finish(written)?;
        Ok(Rounding::default())
    }
}
