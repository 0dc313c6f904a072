//! Writing spikes as NumPy's files.

use super::plan::Plan;
use super::stream::{Block, Rounding, Sink, TimeUnit};
use crate::error::DataError;
use crate::formats::npz::{NpzWriter, list_header};
use crate::formats::writing::{name_finished, partial_name};
use serde_json::{Map, Value, json};
use std::fs::{self, File};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A column of an archive, kept in a file of its own until the others are complete too.
struct Column {
    path: PathBuf,
    out: BufWriter<File>,
}

impl Column {
    fn create(path: &Path, name: &str) -> Result<Column, DataError> {
        let mut file = path.file_name().unwrap_or_default().to_owned();
        file.push(format!(".{name}.part"));
        let path = path.with_file_name(file);
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path);
        let file = file.map_err(|e| DataError::io(&path, "create", e))?;
        Ok(Column { path, out: BufWriter::with_capacity(1 << 18, file) })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        self.out.write_all(bytes).map_err(|e| DataError::io(&self.path, "write", e))
    }

    /// The file from its beginning on.
    fn rewind(&mut self) -> Result<&mut File, DataError> {
        let rewound = self.out.seek(SeekFrom::Start(0));
        rewound.map_err(|e| DataError::io(&self.path, "write", e))?;
        Ok(self.out.get_mut())
    }
}

impl Drop for Column {
    fn drop(&mut self) {
        fs::remove_file(&self.path).ok();
    }
}

/// An archive of arrays being written.
pub(super) struct NpzSink {
    path: PathBuf,
    plan: Plan,
    /// Times, units and, of several recordings, recordings.
    columns: Vec<Column>,
}

impl NpzSink {
    pub fn create(path: &Path, plan: &Plan) -> Result<NpzSink, DataError> {
        let names =
            if plan.head.many { &["times", "ids", "sample"][..] } else { &["times", "ids"] };
        let columns =
            names.iter().map(|name| Column::create(path, name)).collect::<Result<_, _>>()?;
        Ok(NpzSink { path: path.to_owned(), plan: plan.clone(), columns })
    }

    /// What the arrays are, for people and for `inspect`.
    fn about(&self) -> Value {
        let Plan { head, unit, .. } = &self.plan;
        let mut arrays = Map::new();
        let mut of = |name: &str, dimension: &str, what: &str, unit: Option<&str>| {
            arrays.insert(
                name.to_owned(),
                json!({"dimensions": [dimension], "what": what, "unit": unit}),
            );
        };
        of(&self.time_name(), "spike", "time from the start of the recording", Some(unit.name()));
        of("ids", "spike", "unit", None);
        of("sample", "spike", "recording", None);
        of("labels", "recording", "class by number", None);
        of("speakers", "recording", "speaker", None);
        of("duration_ms", "recording", "length", Some("ms"));
        of("units", "", "number of units", None);
        of("recordings", "", "number of recordings", None);
        of("sensor", "", "polarities, height, width; unit = (p * height + y) * width + x", None);
        let mut about = json!({"what": "spikes", "arrays": arrays});
        if !head.classes.is_empty() {
            about["classes"] = json!(head.classes);
        }
        about
    }

    /// `times` in seconds, as everywhere; else with the unit behind it.
    fn time_name(&self) -> String {
        match self.plan.unit {
            TimeUnit::Seconds => "times".to_owned(),
            unit => format!("times_{unit}"),
        }
    }
}

impl Sink for NpzSink {
    fn take(&mut self, block: &mut Block) -> Result<(), DataError> {
        let (from, to) = (self.plan.head.unit, self.plan.unit);
        let times: Vec<u8> =
            block.times.iter().flat_map(|&t| from.to(to, t).to_le_bytes()).collect();
        self.columns[0].write(&times)?;
        for (column, values) in self.columns[1..].iter_mut().zip([&block.ids, &block.samples]) {
            let bytes: Vec<u8> = values.iter().flat_map(|n| n.to_le_bytes()).collect();
            column.write(&bytes)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Rounding, DataError> {
        let mut file = NpzWriter::create(&self.path)?;
        let written = (|| {
            let n = self.plan.survey.total();
            let time_name = self.time_name();
            let about = self.about();
            let types = [(&time_name[..], "<f8", 8), ("ids", "<u4", 4), ("sample", "<u4", 4)];
            for (column, (name, descr, size)) in self.columns.iter_mut().zip(types) {
                file.list(name, descr, (n, size), column.rewind()?)?;
            }
            let Plan { head, .. } = &self.plan;
            if head.many {
                file.array("recordings", &[], [self.plan.recordings() as u64])?;
            }
            if let Some(units) = head.units {
                file.array("units", &[], [units])?;
            }
            if let Some(durations) = &head.durations_ms {
                // What all have in common is one number, as for recordings with images.
                match &durations[..] {
                    [first, rest @ ..] if rest.iter().all(|d| d == first) => {
                        file.array("duration_ms", &[], [*first])?;
                    }
                    all => file.array("duration_ms", &[all.len()], all.iter().copied())?,
                }
            }
            for (name, list) in [("labels", &head.labels), ("speakers", &head.speakers)] {
                if let Some(list) = list {
                    file.array(name, &[list.len()], list.iter().copied())?;
                }
            }
            if let Some(sensor) = head.sensor {
                file.array("sensor", &[3], [sensor.polarities, sensor.height, sensor.width])?;
            }
            file.text("about.json", &about.to_string())
        })();
        if let Err(error) = written {
            drop(file);
            fs::remove_file(partial_name(&self.path)).ok();
            return Err(error);
        }
        file.finish()?;
        Ok(Rounding::default())
    }
}

/// A single array with fields by name, being written.
pub(super) struct NpySink {
    path: PathBuf,
    out: Option<BufWriter<File>>,
    plan: Plan,
}

impl NpySink {
    pub fn create(path: &Path, plan: &Plan) -> Result<NpySink, DataError> {
        let partial = partial_name(path);
        let file = File::create(&partial).map_err(|e| DataError::io(&partial, "create", e))?;
        let mut fields = vec![format!("('time_{}', '<f8')", plan.unit)];
        match plan.head.sensor {
            Some(sensor) => {
                fields.extend(["('x', '<u4')".into(), "('y', '<u4')".into()]);
                if sensor.polarities == 2 {
                    fields.push("('p', '|u1')".into());
                }
            }
            None => fields.push("('id', '<u4')".into()),
        }
        if plan.head.many {
            fields.push("('sample', '<u4')".into());
        }
        let header = list_header(&format!("[{}]", fields.join(", ")), plan.survey.total());
        let out = Some(BufWriter::with_capacity(1 << 18, file));
        let mut sink = NpySink { path: path.to_owned(), out, plan: plan.clone() };
        sink.write(&header)?;
        Ok(sink)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        let out = self.out.as_mut().expect("the output is there until `finish`");
        out.write_all(bytes).map_err(|e| DataError::io(&partial_name(&self.path), "write", e))
    }
}

impl Sink for NpySink {
    fn take(&mut self, block: &mut Block) -> Result<(), DataError> {
        let (from, to) = (self.plan.head.unit, self.plan.unit);
        let mut bytes = Vec::with_capacity(block.len() * 24);
        for i in 0..block.len() {
            bytes.extend(from.to(to, block.times[i]).to_le_bytes());
            match self.plan.head.sensor {
                None => bytes.extend(block.ids[i].to_le_bytes()),
                Some(sensor) => {
                    let (x, y, p) = sensor.pixel(block.ids[i]);
                    bytes.extend(x.to_le_bytes());
                    bytes.extend(y.to_le_bytes());
                    if sensor.polarities == 2 {
                        bytes.push(p as u8);
                    }
                }
            }
            if self.plan.head.many {
                bytes.extend(block.samples[i].to_le_bytes());
            }
        }
        self.write(&bytes)
    }

    fn finish(mut self: Box<Self>) -> Result<Rounding, DataError> {
        let out = self.out.take().expect("the output is there until `finish`");
        let written = out
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)
            .and_then(|file| file.sync_all());
        name_finished(&partial_name(&self.path), &self.path, written)?;
        Ok(Rounding::default())
    }
}

impl Drop for NpySink {
    fn drop(&mut self) {
        if self.out.take().is_some() {
            fs::remove_file(partial_name(&self.path)).ok();
        }
    }
}
