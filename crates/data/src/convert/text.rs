//! Spikes as text: a row a spike, columns by name (CSV). Columns are parted by commas, tabs,
//! semicolons or spaces; lines that begin with `#` are comments.

use super::columns::{Columns, Told, role};
use super::input::unpacked;
use super::plan::Plan;
use super::stream::{
    BLOCK, Block, Head, Precision, Rounding, Sensor, Sink, Source, TakeBlock, flush,
};
use crate::error::DataError;
use crate::formats::writing::{name_finished, partial_name};
use std::fs::File;
use std::io::{BufRead, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// The longest line, bytes.
const LONGEST: u64 = 1 << 16;
/// The most columns.
const MOST_COLUMNS: usize = 256;

/// What parts the columns.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Parting {
    By(u8),
    Space,
}

impl Parting {
    fn of(line: &str) -> Parting {
        [b'\t', b';', b',']
            .into_iter()
            .find(|&by| line.as_bytes().contains(&by))
            .map_or(Parting::Space, Parting::By)
    }

    /// The fields of a line, without quotes around them.
    fn fields<'a>(self, line: &'a str, out: &mut Vec<&'a str>) {
        out.clear();
        let clean = |field: &'a str| field.trim().trim_matches('"').trim();
        match self {
            Parting::By(by) => out.extend(line.split(char::from(by)).map(clean)),
            Parting::Space => out.extend(line.split_whitespace().map(clean)),
        }
    }
}

/// Lines of bounded length, without comments and empty ones.
struct Lines<'a> {
    path: &'a Path,
    reader: Box<dyn BufRead>,
    line: Vec<u8>,
    number: u64,
}

impl Lines<'_> {
    fn open(path: &Path) -> Result<Lines<'_>, DataError> {
        Ok(Lines { path, reader: unpacked(path)?, line: Vec::new(), number: 0 })
    }

    fn wrong(&self, problem: impl Into<String>) -> DataError {
        DataError::format(self.path, format!("line {}", self.number), problem)
    }

    /// The next line; nothing at the end.
    fn next(&mut self) -> Result<Option<&str>, DataError> {
        loop {
            self.line.clear();
            self.number += 1;
            let read = (&mut self.reader).take(LONGEST).read_until(b'\n', &mut self.line);
            let n =
                read.map_err(|e| self.wrong(format!("the file is damaged or cut short ({e})")))?;
            if n == 0 {
                return Ok(None);
            }
            if n as u64 == LONGEST && self.line.last() != Some(&b'\n') {
                return Err(self.wrong(format!("a line of more than {LONGEST} bytes")));
            }
            let blank = self.line.trim_ascii().is_empty();
            if !blank && self.line.trim_ascii_start().first() != Some(&b'#') {
                break;
            }
        }
        match std::str::from_utf8(&self.line) {
            Ok(text) => Ok(Some(text.trim_start_matches('\u{feff}'))),
            Err(_) => Err(DataError::format(
                self.path,
                format!("line {}", self.number),
                "not text, expected columns of numbers",
            )),
        }
    }
}

/// A file of text.
pub(super) struct TextSource {
    path: PathBuf,
    head: Head,
    parting: Parting,
    columns: Columns,
    names: Vec<String>,
    named: bool,
}

impl TextSource {
    /// The names of its columns, or its first row if they have none.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub fn open(path: &Path, told: Told) -> Result<TextSource, DataError> {
        let mut lines = Lines::open(path)?;
        let Some(first) = lines.next()?.map(str::to_owned) else {
            return Err(lines.wrong("no line, expected the names of the columns"));
        };
        let parting = Parting::of(&first);
        let mut names = Vec::new();
        parting.fields(&first, &mut names);
        if names.len() > MOST_COLUMNS {
            return Err(lines.wrong(format!("{} columns: at most {MOST_COLUMNS}", names.len())));
        }
        let named = !names.iter().all(|name| name.parse::<f64>().is_ok());
        let columns =
            if named { Columns::of(&names, told) } else { Columns::unnamed(names.len(), told) };
        let columns = columns.map_err(|why| lines.wrong(why))?;
        let mut head = Head::new(columns.unit, Precision::Full);
        head.many = columns.has_recordings();
        head.sensor = columns.sensor();
        head.units = head.sensor.map(Sensor::units);
        if named {
            let other = names.iter().filter(|name| role(name).is_none());
            head.left_out = other.map(|name| format!("the column '{name}'")).collect();
        }
        Ok(TextSource {
            path: path.to_owned(),
            head,
            parting,
            names: names.into_iter().map(str::to_owned).collect(),
            columns,
            named,
        })
    }
}

impl Source for TextSource {
    fn head(&self) -> &Head {
        &self.head
    }

    fn read(&self, take: &mut TakeBlock<'_>) -> Result<(), DataError> {
        let mut lines = Lines::open(&self.path)?;
        if self.named {
            lines.next()?;
        }
        let needed = self.columns.needed();
        let columns = self.columns.renumbered();
        let mut row = vec![0.0; needed.len()];
        let mut block = Block::default();
        while let Some(line) = lines.next()? {
            // The fields borrow the line, and an error needs its number.
            let pushed = (|| {
                let mut fields = Vec::with_capacity(self.names.len());
                self.parting.fields(line, &mut fields);
                if fields.len() != self.names.len() {
                    return Err(format!("{} columns, expected {}", fields.len(), self.names.len()));
                }
                for (value, &i) in row.iter_mut().zip(&needed) {
                    *value = fields[i]
                        .parse()
                        .map_err(|_| format!("'{}', expected a number", fields[i]))?;
                }
                columns.push(&row, &mut block)
            })();
            pushed.map_err(|why| lines.wrong(why))?;
            if block.len() == BLOCK {
                flush(&mut block, take)?;
            }
        }
        flush(&mut block, take)
    }
}

/// A file of text being written.
pub(super) struct TextSink {
    path: PathBuf,
    out: Option<BufWriter<File>>,
    plan: Plan,
    parting: char,
}

impl TextSink {
    pub fn create(path: &Path, plan: &Plan) -> Result<TextSink, DataError> {
        let partial = partial_name(path);
        let file = File::create(&partial).map_err(|e| DataError::io(&partial, "create", e))?;
        let tabs = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("tsv"));
        let mut sink = TextSink {
            path: path.to_owned(),
            out: Some(BufWriter::with_capacity(1 << 18, file)),
            plan: plan.clone(),
            parting: if tabs { '\t' } else { ',' },
        };
        let by = sink.parting;
        let mut header = format!("time_{}", plan.unit);
        header += &match plan.head.sensor {
            Some(sensor) if sensor.polarities == 2 => format!("{by}x{by}y{by}p"),
            Some(_) => format!("{by}x{by}y"),
            None => format!("{by}id"),
        };
        if plan.head.many {
            header += &format!("{by}sample");
        }
        sink.write(format_args!("{header}\n"))?;
        Ok(sink)
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) -> Result<(), DataError> {
        let out = self.out.as_mut().expect("the output is there until `finish`");
        out.write_fmt(text).map_err(|e| DataError::io(&partial_name(&self.path), "write", e))
    }
}

impl Sink for TextSink {
    fn take(&mut self, block: &mut Block) -> Result<(), DataError> {
        let by = self.parting;
        for i in 0..block.len() {
            let time = self.plan.head.unit.to(self.plan.unit, block.times[i]);
            // Shortest digits that give the number back.
            match self.plan.head.sensor {
                None => self.write(format_args!("{time}{by}{}", block.ids[i]))?,
                Some(sensor) => {
                    let (x, y, p) = sensor.pixel(block.ids[i]);
                    self.write(format_args!("{time}{by}{x}{by}{y}"))?;
                    if sensor.polarities == 2 {
                        self.write(format_args!("{by}{p}"))?;
                    }
                }
            }
            if self.plan.head.many {
                self.write(format_args!("{by}{}", block.samples[i]))?;
            }
            self.write(format_args!("\n"))?;
        }
        Ok(())
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

impl Drop for TextSink {
    fn drop(&mut self) {
        if self.out.take().is_some() {
            std::fs::remove_file(partial_name(&self.path)).ok();
        }
    }
}
