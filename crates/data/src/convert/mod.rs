//! Spikes and counts from one format to another.
//!
//! | format | what | read | written |
//! |---|---|---|---|
//! | `npz` | archive of NumPy arrays: times, ids, and what belongs to them; or counts | yes | yes |
//! | `npy` | one NumPy array with fields (time, id), or of two or three columns; or counts | yes | yes |
//! | `csv` | text in columns by name | yes | yes |
//! | `shd` | HDF5 in the layout of the Spiking Heidelberg Digits | yes | yes |
//! | `sonata` | HDF5, `/spikes/POPULATION/{timestamps, node_ids}`, ms | yes | yes |
//! | `hdf5` | lists in the root group of an HDF5 file, named as in NPZ | yes | no |
//! | `n-mnist` | events of 40 bits: a file, or a folder of them with one subfolder a class | yes | yes |
//! | `counts` | safetensors | yes | yes |
//!
//! What is read is told by its content, what is written by the ending of its name or by
//! [`Options::to`]. Spikes are read twice, once to count them and once to write them, in blocks: a
//! file of any number of spikes takes the memory of a few blocks and a few numbers for each
//! recording. Their order is kept. What the other format does not hold is told in
//! [`Converted::remarks`].
//!
//! ```no_run
//! use equipoise_data::convert::{Options, convert};
//!
//! let done = convert("spikes.csv".as_ref(), "spikes.npz".as_ref(), &Options::default(),
//!     &mut |_| std::ops::ControlFlow::Continue(()))?;
//! println!("{} spikes of {} units", done.spikes, done.units);
//! # Ok::<(), equipoise_data::DataError>(())
//! ```

pub(crate) mod columns;
mod counts;
mod events;
mod format;
mod input;
mod losses;
mod numpy;
mod numpy_out;
pub(crate) mod plan;
pub(crate) mod stream;
mod tell;
#[cfg(test)]
mod tests;
mod text;

pub use crate::hdf5::file::TimePrecision;
pub use format::Format;
pub use stream::{Sensor, TimeUnit};
pub(crate) use tell::tell;

use crate::counts::Counts;
use crate::error::DataError;
use crate::formats::writing;
use crate::hdf5::spikes_out::{ShdSink, SonataSink};
use crate::hdf5::stream::{Found, ListSource, ShdSource, layout_of};
use crate::reading::{Remark, RemarkKind};
use columns::Told;
use format::{Detected, detect};
use plan::{Plan, Survey};
use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use stream::{Head, Sink, Source, TakeBlock};

/// How to convert.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Options {
    /// The format that is read; absent: told by the content.
    pub from: Option<Format>,
    /// The format that is written; absent: told by the ending of the name.
    pub to: Option<Format>,
    /// The unit of the times that are read, where the file does not say it.
    pub from_unit: Option<TimeUnit>,
    /// The unit of the times that are written to NPZ, NPY or text; absent: ms, and us for events at
    /// pixels in NPY and text.
    pub to_unit: Option<TimeUnit>,
    /// Which recording of several is taken; absent: all.
    pub recording: Option<usize>,
    /// Which population of SONATA spikes is read, or what it is called that is written.
    pub population: Option<String>,
    /// Height and width of the sensor whose events are read (N-MNIST: 34 x 34).
    pub sensor: Option<(u32, u32)>,
    /// Whether events of both polarities at a pixel are of one unit.
    pub merge_polarity: bool,
    /// Counts are written and not spikes, in so many equal bins of a recording.
    pub bins: Option<usize>,
    /// How long the recordings last that are counted, ms, where the file does not say it.
    pub duration_ms: Option<f64>,
    /// How times are stored in the layout of SHD; absent: as finely as they are read.
    pub precision: Option<TimePrecision>,
    /// Whether a file that is there already may be replaced.
    pub overwrite: bool,
}

/// What a conversion is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Whether spikes are written by now, or still counted.
    pub writing: bool,
    /// The spikes so far.
    pub spikes: u64,
    /// All spikes, once they were counted.
    pub total: Option<u64>,
}

/// What was converted.
#[derive(Debug, Clone, PartialEq)]
pub struct Converted {
    /// The format that was read.
    pub from: Format,
    /// The format that was written.
    pub to: Format,
    /// The number of spikes; of counts, their sum.
    pub spikes: u64,
    /// The number of recordings.
    pub recordings: usize,
    /// The number of units: as many as were said, or up to the highest that spikes.
    pub units: u64,
    /// What was lost, decided or noticed.
    pub remarks: Vec<Remark>,
}

impl fmt::Display for Converted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Converted { from, to, spikes, recordings, units, remarks } = self;
        let one = if *recordings == 1 { "recording" } else { "recordings" };
        write!(f, "{from} to {to}: {spikes} spikes of {units} units in {recordings} {one}")?;
        remarks.iter().try_for_each(|remark| {
            let lost = if remark.kind == RemarkKind::Lost { "lost" } else { "note" };
            write!(f, "\n  {lost}: {remark}")
        })
    }
}

/// Converts the file or folder `input` to `output`, which is there only once all of it is.
/// `progress` is told how far it is, and may end it.
///
/// # Errors
/// If the input is of no format that is known or wrong in any way, the other format cannot hold what
/// it holds, the output is there already, the disk refuses, or the caller stops it.
pub fn convert(
    input: &Path,
    output: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Converted, DataError> {
    // Files are read more than once, which a device or a pipe cannot be.
    if std::fs::metadata(input).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return Err(DataError::format(input, "the path", "not a file"));
    }
    let detected = match options.from {
        Some(format) => told(input, format)?,
        None => detect(input)?,
    };
    let to = match options.to {
        Some(format) => format,
        None => Format::by_ending(output)?,
    };
    check_output(input, output, options, to)?;
    let mut remarks = Vec::new();
    if detected.counts {
        return convert_counts(input, output, detected, to, options, remarks);
    }
    let to_counts = options.bins.is_some() || to == Format::Counts;
    let (from, source, _unpacked) = open(input, output, detected, options, &mut remarks)?;
    if options.population.is_some() && ![from, to].contains(&Format::Sonata) {
        return Err(DataError::Request(format!(
            "{}: only files of SONATA have populations, and neither this nor the output is one",
            input.display()
        )));
    }
    let source = match options.recording {
        Some(recording) => One::of(source, recording, &mut remarks)?,
        None => source,
    };
    let mut step = |writing, spikes, total| match progress(Progress { writing, spikes, total }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(DataError::Stopped),
    };
    let survey = Survey::of(&*source, &mut |spikes| step(false, spikes, None))?;
    let unit = unit_of(to, to_counts, source.head(), options)?;
    let plan = Plan::new(input, source.head().clone(), survey, unit)?;
    let total = plan.survey.total();
    let mut done = Converted {
        from,
        to,
        spikes: total,
        recordings: plan.recordings(),
        units: plan.units(),
        remarks: Vec::new(),
    };
    let mut written = |spikes| step(true, spikes, Some(total));
    if to_counts {
        let Some(bins) = options.bins else {
            return Err(DataError::Request(format!(
                "{}: {} needs the number of bins in which spikes are counted",
                output.to_string_lossy(),
                to.title()
            )));
        };
        remarks.extend(losses::before(&plan, Format::Counts));
        let how = (bins, options.duration_ms);
        let table = counts::of_spikes(&*source, &plan, how, &mut remarks, &mut written)?;
        counts::write(output, to, &table, &mut remarks)?;
    } else {
        check_fit(&plan, to, output)?;
        remarks.extend(losses::before(&plan, to));
        let mut sink = create(output, to, &plan, options)?;
        let mut spikes = 0;
        source.read(&mut |block| {
            spikes += block.len() as u64;
            if spikes > total || block.samples.iter().any(|&s| s as usize >= plan.recordings()) {
                return Err(DataError::format(
                    input,
                    "the spikes",
                    "the file changes while it is read",
                ));
            }
            sink.take(block)?;
            written(spikes)
        })?;
        if spikes != total {
            return Err(DataError::format(
                input,
                "the spikes",
                "the file changes while it is read",
            ));
        }
        remarks.extend(losses::rounding(sink.finish()?, &plan, to));
    }
    done.remarks = remarks;
    Ok(done)
}

/// What a file holds of which a person says the format.
fn told(input: &Path, format: Format) -> Result<Detected, DataError> {
    let by_content = || detect(input).ok().filter(|found| found.format == format);
    let packed = !input.is_dir() && input::start(input, 16)?.1;
    let counts = match format {
        Format::Counts => true,
        Format::Npz | Format::Npy | Format::Hdf5 => by_content().is_some_and(|found| found.counts),
        _ => false,
    };
    Ok(Detected { format, counts, packed })
}

/// The output may be written, and is not the input.
fn check_output(
    input: &Path,
    output: &Path,
    options: &Options,
    to: Format,
) -> Result<(), DataError> {
    let wrong = |why: &str| Err(DataError::Request(format!("{}: {why}", output.to_string_lossy())));
    if to == Format::Hdf5 {
        return wrong("lists in HDF5 are read only; SHD, SONATA and NPZ hold the same");
    }
    let same = input.canonicalize().ok().zip(output.canonicalize().ok());
    if same.is_some_and(|(input, output)| input == output) {
        return wrong("the file cannot be converted into itself");
    }
    writing::check_output(output, options.overwrite)
}

/// From one file of counts to another.
fn convert_counts(
    input: &Path,
    output: &Path,
    detected: Detected,
    to: Format,
    options: &Options,
    mut remarks: Vec<Remark>,
) -> Result<Converted, DataError> {
    if options.bins.is_some() {
        return Err(DataError::Request(format!(
            "{}: counts, which are in bins already",
            input.to_string_lossy()
        )));
    }
    let table = counts::read(input, detected.format, options.duration_ms, &mut remarks)?;
    let table = match options.recording {
        None => table,
        Some(recording) if recording < table.len() => table.subset(&[recording]),
        Some(recording) => return Err(no_recording(recording, table.len())),
    };
    counts::write(output, to, &table, &mut remarks)?;
    let Counts { units, ref counts, .. } = table;
    Ok(Converted {
        from: detected.format,
        to,
        spikes: counts.iter().map(|&count| u64::from(count)).sum(),
        recordings: table.len(),
        units: units as u64,
        remarks,
    })
}

fn no_recording(recording: usize, there: usize) -> DataError {
    DataError::Request(format!("there is no recording {recording}: there are {there}, from 0 on"))
}

type Opened = (Format, Box<dyn Source>, Option<input::Unpacked>);

/// Opens spikes. A packed file of a format that is not read from start to end is unpacked beside
/// the output for as long as what is returned last is kept.
fn open(
    input: &Path,
    output: &Path,
    detected: Detected,
    options: &Options,
    remarks: &mut Vec<Remark>,
) -> Result<Opened, DataError> {
    let told =
        Told { unit: options.from_unit, sensor: options.sensor, merge: options.merge_polarity };
    let format = detected.format;
    let is_hdf5 = matches!(format, Format::Shd | Format::Sonata | Format::Hdf5);
    let unpacked = match detected.packed && is_hdf5 {
        true => Some(input::unpack_beside(input, output)?),
        false => None,
    };
    let path = unpacked.as_ref().map_or(input, |unpacked| &unpacked.0);
    let (format, source): (Format, Box<dyn Source>) = match format {
        Format::Npz => (format, Box::new(numpy::NpzSource::open(path, told)?)),
        Format::Npy => (format, Box::new(numpy::NpySource::open(path, told)?)),
        Format::Csv => (format, Box::new(text::TextSource::open(path, told)?)),
        Format::NMnist => (format, Box::new(events::EventSource::open(path, told)?)),
        Format::Counts => {
            let problem = "counts, from which spikes cannot be made";
            return Err(DataError::format(input, "the content", problem));
        }
        Format::Shd | Format::Sonata | Format::Hdf5 => {
            let (layout, found) = layout_of(path)?;
            match found {
                Found::Shd => (Format::Shd, Box::new(ShdSource::open(layout)?)),
                Found::Sonata(populations) => {
                    let wanted = options.population.as_deref();
                    let source = ListSource::sonata(layout, &populations, wanted, told)?;
                    (Format::Sonata, Box::new(source))
                }
                Found::Lists(names) => {
                    (Format::Hdf5, Box::new(ListSource::root(layout, &names, told)?))
                }
            }
        }
    };
    let fixed = match format {
        Format::Shd => Some(TimeUnit::Seconds),
        Format::NMnist => Some(TimeUnit::Microseconds),
        _ => None,
    };
    if let Some((fixed, told)) = fixed.zip(options.from_unit).filter(|(fixed, told)| fixed != told)
    {
        return Err(DataError::Request(format!(
            "{}: times of {} are in {fixed}, and not in {told}",
            input.to_string_lossy(),
            format.title()
        )));
    }
    if options.merge_polarity && source.head().sensor.is_some() {
        let text = "the polarity of events: both are of the unit of their pixel";
        remarks.push(Remark::new(RemarkKind::Lost, text));
    }
    Ok((format, source, unpacked))
}

/// One recording of several.
struct One {
    all: Box<dyn Source>,
    recording: u32,
    head: Head,
}

impl One {
    fn of(
        all: Box<dyn Source>,
        recording: usize,
        remarks: &mut Vec<Remark>,
    ) -> Result<Box<dyn Source>, DataError> {
        let whole = all.head();
        let there = whole.recordings.unwrap_or(if whole.many { usize::MAX } else { 1 });
        if recording >= there || recording as u64 >= stream::MOST_RECORDINGS {
            return Err(no_recording(recording, there));
        }
        let mut head = Head { many: false, recordings: None, speakers: None, ..whole.clone() };
        head.durations_ms = whole.durations_ms.as_ref().map(|all| vec![all[recording]]);
        head.labels = whole.labels.as_ref().map(|all| vec![all[recording]]);
        if let Some(label) = head.labels.as_ref().map(|labels| usize::from(labels[0])) {
            let name = whole.classes.get(label).map_or(String::new(), |name| format!(" ({name})"));
            let text = format!("recording {recording} is of class {label}{name}");
            remarks.push(Remark::new(RemarkKind::Amount, text));
        }
        Ok(Box::new(One { all, recording: recording as u32, head }))
    }
}

impl Source for One {
    fn head(&self) -> &Head {
        &self.head
    }

    fn read(&self, take: &mut TakeBlock<'_>) -> Result<(), DataError> {
        let mut block = stream::Block::default();
        self.all.read(&mut |all| {
            for i in (0..all.len()).filter(|&i| all.samples[i] == self.recording) {
                block.times.push(all.times[i]);
                block.ids.push(all.ids[i]);
                block.samples.push(0);
            }
            stream::flush(&mut block, take)
        })
    }
}

/// The unit that times are to have.
fn unit_of(
    to: Format,
    counted: bool,
    head: &Head,
    options: &Options,
) -> Result<TimeUnit, DataError> {
    let fixed = match to {
        _ if counted => return Ok(TimeUnit::Milliseconds),
        Format::Shd => TimeUnit::Seconds,
        Format::NMnist => TimeUnit::Microseconds,
        Format::Sonata => TimeUnit::Milliseconds,
        _ => {
            let pixels = head.sensor.is_some() && to != Format::Npz;
            let usual = if pixels { TimeUnit::Microseconds } else { TimeUnit::Milliseconds };
            return Ok(options.to_unit.unwrap_or(usual));
        }
    };
    match options.to_unit {
        Some(unit) if unit != fixed => Err(DataError::Request(format!(
            "times of {} are in {fixed}, and cannot be in {unit}",
            to.title()
        ))),
        _ => Ok(fixed),
    }
}

/// Whether the format holds such spikes at all.
fn check_fit(plan: &Plan, to: Format, output: &Path) -> Result<(), DataError> {
    let wrong =
        |why: String| Err(DataError::Request(format!("{}: {why}", output.to_string_lossy())));
    let title = to.title();
    if to == Format::Sonata && plan.head.many && plan.recordings() != 1 {
        let n = plan.recordings();
        return wrong(format!("{n} recordings, but {title} holds one: one must be chosen"));
    }
    let from_zero = matches!(to, Format::Shd | Format::NMnist);
    if let Some((first, _)) = plan.survey.times.filter(|&(first, _)| from_zero && first < 0.0) {
        let unit = plan.head.unit;
        return wrong(format!("a spike at {first} {unit}, but {title} holds times from 0 on"));
    }
    Ok(())
}

/// Begins to write.
fn create(
    output: &Path,
    to: Format,
    plan: &Plan,
    options: &Options,
) -> Result<Box<dyn Sink>, DataError> {
    Ok(match to {
        Format::Npz => Box::new(numpy_out::NpzSink::create(output, plan)?),
        Format::Npy => Box::new(numpy_out::NpySink::create(output, plan)?),
        Format::Csv => Box::new(text::TextSink::create(output, plan)?),
        Format::Shd => Box::new(ShdSink::create(output, plan, options.precision)?),
        Format::Sonata => {
            Box::new(SonataSink::create(output, plan, options.population.as_deref())?)
        }
        Format::NMnist => Box::new(events::EventSink::create(output, plan)?),
        Format::Hdf5 | Format::Counts => {
            return Err(DataError::Request(format!("{} holds no spikes", to.title())));
        }
    })
}
