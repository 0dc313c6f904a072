//! Recordings of a person's own, with the images that were shown: counts or spikes, and images, as
//! arrays of numbers.
//!
//! | array | shape | content |
//! |---|---|---|
//! | `images` | `[n, height, width]` or `[n, height, width, channels]` | 0 to 255 as whole numbers, 0 to 1 as floating point |
//! | `labels` | `[n]` | classes, whole numbers from 0; may be absent |
//! | `counts` | `[n, units]` or `[n, units, bins]` | spikes of each unit (in each bin) |
//! | `times` | `[spikes]` | the time of each spike, s from the start of its recording |
//! | `times_ms` | `[spikes]` | the same in ms, in the place of `times` |
//! | `ids` | `[spikes]` | the unit of each spike |
//! | `sample` | `[spikes]` | the recording of each spike |
//! | `duration_ms` | one number | the length of a recording; may be absent for spikes |
//!
//! Either `counts` or the three arrays of spikes are needed; of a single recording `sample` may be
//! absent, and `ids` where it has one unit.

use crate::counts::{Counts, CountsOrigin};
use crate::error::DataError;
use crate::formats::arrays::Arrays;
use crate::formats::image_arrays::{self, Pixels, reserve, shape, whole_numbers, wrong};
use crate::identity::Source;
use crate::images::ImageSet;
use crate::reading::{Remark, RemarkKind};
use crate::trains::SpikeTrains;

/// The most units of a recording.
const MOST_UNITS: usize = 1 << 24;

/// What was recorded.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one of it, beside a set of images")]
pub enum Response {
    /// Spikes counted in bins.
    Counts(Counts),
    /// The spikes themselves, recording by recording.
    Spikes(Vec<SpikeTrains>),
}

/// Recordings and the images that were shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The images, one a recording.
    pub images: ImageSet,
    /// What was recorded.
    pub response: Response,
    /// The file that the recordings are from.
    pub source: Source,
    /// What was converted or decided.
    pub remarks: Vec<Remark>,
}

impl Response {
    /// The number of recordings.
    pub fn len(&self) -> usize {
        match self {
            Response::Counts(counts) => counts.len(),
            Response::Spikes(trains) => trains.len(),
        }
    }

    /// Whether there is no recording.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The length of a recording, ms.
    pub fn duration_ms(&self) -> f64 {
        match self {
            Response::Counts(counts) => counts.duration_ms,
            Response::Spikes(trains) => trains.first().map_or(1.0, |t| t.duration_ms),
        }
    }

    /// The recordings as counts: as they are, or the spikes counted in `bins` equal bins.
    ///
    /// # Errors
    /// If spikes are to be counted in 0 bins.
    pub fn counts(&self, bins: usize) -> Result<Counts, DataError> {
        match self {
            Response::Counts(counts) => Ok(counts.clone()),
            Response::Spikes(trains) => {
                let units = trains.first().map_or(1, |t| t.units);
                let mut counts = Counts::new(units, bins, self.duration_ms(), Vec::new())?;
                trains.iter().try_for_each(|train| counts.push(train, None))?;
                Ok(counts)
            }
        }
    }
}

impl Recorded {
    /// The recordings as counts with the labels of their images: as they are, or the spikes
    /// counted in `bins` equal bins.
    ///
    /// # Errors
    /// As [`Response::counts`].
    pub fn counts(&self, bins: usize) -> Result<Counts, DataError> {
        let origin = CountsOrigin { stimuli: Some(self.images.identity()), network: None };
        let labels =
            if self.images.is_labelled() { self.images.labels.clone() } else { Vec::new() };
        Ok(Counts { labels, origin, ..self.response.counts(bins)? })
    }
}

/// Reads recordings and the images that were shown, from two files or twice the same.
pub(crate) fn read(
    responses: &dyn Arrays,
    stimuli: &dyn Arrays,
    duration_ms: Option<f64>,
) -> Result<Recorded, DataError> {
    if let Some(duration) = duration_ms
        && !(duration > 0.0 && duration.is_finite())
    {
        return Err(DataError::Request(format!(
            "recordings of {duration} ms: their length must be a positive time"
        )));
    }
    let mut remarks = Vec::new();
    let images = images(stimuli, responses, &mut remarks)?;
    let duration = match duration_ms {
        Some(duration) => Some(duration),
        None => one_number(responses, "duration_ms")?,
    };
    let names = responses.names();
    let has = |name: &str| names.iter().any(|n| n == name);
    let response = if has("times") || has("times_ms") {
        Response::Spikes(spikes(responses, images.len(), duration, &mut remarks)?)
    } else {
        Response::Counts(counts(responses, Some(images.len()), duration, &mut remarks)?)
    };
    let source = Source::files(vec![responses.identity().clone()]);
    Ok(Recorded { images, response, source, remarks })
}

/// The name of the array `wanted` in a file: its own, or that of the only array there is.
pub(super) fn find(file: &dyn Arrays, wanted: &str) -> Result<String, DataError> {
    let names = file.names();
    match &names[..] {
        names if names.iter().any(|name| name == wanted) => Ok(wanted.to_owned()),
        [only] => Ok(only.clone()),
        names => {
            let there = names.join(", ");
            Err(wrong(file, wanted, format!("there is no such array: there are {there}")))
        }
    }
}

/// One number, if there is such an array.
pub(super) fn one_number(file: &dyn Arrays, name: &str) -> Result<Option<f64>, DataError> {
    let Some((sizes, _)) = file.shape(name)? else { return Ok(None) };
    if sizes.iter().product::<usize>() != 1 {
        return Err(wrong(file, name, format!("shape {sizes:?}, expected one number")));
    }
    let mut number = None;
    file.read(name, &mut |_, x| {
        number = Some(x);
        if x > 0.0 && x.is_finite() {
            Ok(())
        } else {
            Err(format!("{x}, expected a positive time"))
        }
    })?;
    Ok(number)
}

/// The images, with the labels of either file.
fn images(
    file: &dyn Arrays,
    responses: &dyn Arrays,
    remarks: &mut Vec<Remark>,
) -> Result<ImageSet, DataError> {
    let name = find(file, "images")?;
    let Pixels { n, shape, pixels } = image_arrays::pixels(file, &name, remarks)?;
    let has = |file: &&dyn Arrays| file.names().iter().any(|name| name == "labels");
    let (labels, classes) = match [file, responses].into_iter().find(has) {
        Some(file) => image_arrays::labels(file, "labels", n, &[])?,
        None => {
            let text = format!("{}: there are no labels", file.identity().name);
            remarks.push(Remark::new(RemarkKind::Unlabelled, text));
            (vec![0; n], Vec::new())
        }
    };
    let set = ImageSet::new(file.identity().name.clone(), shape, pixels, labels, classes)?;
    Ok(ImageSet { source: Source::files(vec![file.identity().clone()]), ..set })
}

/// A table of counts without images, with its labels if there are any.
pub(crate) fn counts_alone(
    file: &dyn Arrays,
    duration_ms: Option<f64>,
    remarks: &mut Vec<Remark>,
) -> Result<Counts, DataError> {
    let duration = match duration_ms {
        None if file.shape("duration_ms")?.is_some() => one_number(file, "duration_ms")?,
        other => other,
    };
    let counts = counts(file, None, duration, remarks)?;
    let labels = match file.shape("labels")? {
        Some(_) => whole_numbers(file, "labels", 1 << 16)?.into_iter().map(|l| l as u16).collect(),
        None => Vec::new(),
    };
    if !labels.is_empty() && labels.len() != counts.len() {
        let problem = format!("{} labels for {} recordings", labels.len(), counts.len());
        return Err(wrong(file, "labels", problem));
    }
    Ok(Counts { labels, ..counts })
}

/// The table of counts, of as many recordings as there are images.
pub(super) fn counts(
    file: &dyn Arrays,
    images: Option<usize>,
    duration: Option<f64>,
    remarks: &mut Vec<Remark>,
) -> Result<Counts, DataError> {
    let name = find(file, "counts")?;
    let (sizes, kind) = shape(file, &name)?;
    let (n, units, bins) = match sizes[..] {
        [n, units] => (n, units, 1),
        [n, units, bins] => (n, units, bins),
        _ => {
            let expected = "[samples, units] or [samples, units, bins]";
            return Err(wrong(file, &name, format!("shape {sizes:?}, expected {expected}")));
        }
    };
    if let Some(images) = images.filter(|&images| images != n) {
        return Err(wrong(file, &name, format!("{n} recordings for {images} images")));
    }
    let total = n.saturating_mul(units).saturating_mul(bins);
    let mut counts = reserve(file, &name, total)?;
    counts.resize(total, 0u16);
    file.read(&name, &mut |i, x| {
        if !(x >= 0.0 && x <= f64::from(u16::MAX) && x.fract() == 0.0) {
            return Err(format!("{x}, expected a whole number from 0 to {}", u16::MAX));
        }
        counts[i] = x as u16;
        Ok(())
    })?;
    let file_name = &file.identity().name;
    if !kind.contains("u2") && !kind.contains("u1") {
        let text = format!("{file_name}: the counts were converted from {kind} to 16-bit numbers");
        remarks.push(Remark::new(RemarkKind::Converted, text));
    }
    let duration = duration.unwrap_or_else(|| {
        let text = format!(
            "{file_name}: the recordings are taken to last 1000 ms, as nothing says how long they \
             are; rates in Hz go by it"
        );
        remarks.push(Remark::new(RemarkKind::Duration, text));
        1000.0
    });
    Counts::new(units, bins, duration, counts).map_err(|e| wrong(file, &name, e.to_string()))
}

/// The spikes of every recording.
pub(super) fn spikes(
    file: &dyn Arrays,
    images: usize,
    duration: Option<f64>,
    remarks: &mut Vec<Remark>,
) -> Result<Vec<SpikeTrains>, DataError> {
    let in_ms = file.names().iter().any(|name| name == "times_ms");
    let (name, unit) = if in_ms { ("times_ms", 1.0) } else { ("times", 1000.0) };
    let (sizes, _) = shape(file, name)?;
    let &[n] = &sizes[..] else {
        return Err(wrong(file, name, format!("shape {sizes:?}, expected a list")));
    };
    let mut times: Vec<f32> = reserve(file, name, n)?;
    times.resize(n, 0.0);
    file.read(name, &mut |i, x| {
        let ms = x * unit;
        if !(ms >= 0.0 && ms.is_finite()) || duration.is_some_and(|d| ms > d) {
            let most = duration.map_or(String::new(), |d| format!(" and at most {d} ms"));
            return Err(format!("a time of {ms} ms, expected at least 0{most}"));
        }
        times[i] = ms as f32;
        Ok(())
    })?;
    let names = file.names();
    let has = |name: &str| names.iter().any(|n| n == name);
    // Where there is one recording, or one unit, nothing needs to say which.
    let ids = match images {
        1 if !has("ids") => vec![0; n],
        _ => whole_numbers(file, "ids", MOST_UNITS)?,
    };
    let samples = match images {
        1 if !has("sample") => vec![0; n],
        _ => whole_numbers(file, "sample", images)?,
    };
    for (list, name) in [(&ids, "ids"), (&samples, "sample")] {
        if list.len() != n {
            return Err(wrong(file, name, format!("{} entries for {n} spikes", list.len())));
        }
    }
    let latest = times.iter().fold(0.0f32, |latest, &t| latest.max(t));
    let file_name = &file.identity().name;
    let duration = duration.unwrap_or_else(|| {
        let duration = f64::from(latest).max(1.0).ceil();
        let text = format!(
            "{file_name}: the recordings are taken to last {duration} ms, as the last spike comes \
             at {latest} ms and nothing says how long they are"
        );
        remarks.push(Remark::new(RemarkKind::Duration, text));
        duration
    });
    let units = ids.iter().max().map_or(1, |&u| u as usize + 1);
    let mut of: Vec<(Vec<f32>, Vec<u32>)> = vec![(Vec::new(), Vec::new()); images];
    for ((t, unit), sample) in times.into_iter().zip(ids).zip(samples) {
        let (times, ids) = &mut of[sample as usize];
        // A time at the end is rounded to 32 bits like the others.
        times.push(if f64::from(t) > duration { t.next_down() } else { t });
        ids.push(unit);
    }
    let silent = of.iter().filter(|(times, _)| times.is_empty()).count();
    if silent > 0 {
        let text = format!("{file_name}: {silent} of {images} recordings have no spike");
        remarks.push(Remark::new(RemarkKind::Blank, text));
    }
    of.into_iter()
        .map(|(times, ids)| {
            SpikeTrains::new(duration, units, times, ids).map_err(|why| wrong(file, name, why))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ImageShape, TO_THE_END, read_recorded};
    use npyz::{AutoSerialize, WriterBuilder};
    use std::fs;
    use std::io::{Cursor, Write};
    use std::path::Path;

    fn npy<T: AutoSerialize + Copy>(shape: &[u64], values: &[T]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let options = npyz::WriteOptions::new().default_dtype().shape(shape);
        let mut writer = options.writer(&mut bytes).begin_nd().unwrap();
        writer.extend(values.iter().copied()).unwrap();
        writer.finish().unwrap();
        bytes
    }

    /// An archive of arrays, as `numpy.savez_compressed` writes it.
    fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, array) in arrays {
            archive.start_file(format!("{name}.npy"), zip::write::FileOptions::default()).unwrap();
            archive.write_all(array).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn read_npz(arrays: &[(&str, Vec<u8>)], duration: Option<f64>) -> Result<Recorded, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.npz");
        fs::write(&path, npz(arrays)).unwrap();
        read_recorded(&path, &path, duration, TO_THE_END)
    }

    /// Two images of 2 x 3 pixels.
    fn images() -> Vec<u8> {
        npy(&[2, 2, 3], &[0u8, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 255])
    }

    fn kinds(recorded: &Recorded) -> Vec<RemarkKind> {
        recorded.remarks.iter().map(|r| r.kind).collect()
    }

    #[test]
    fn counts_and_images_are_read() {
        let counts = npy(&[2, 3, 2], &(0..12).collect::<Vec<i64>>());
        let arrays = [("counts", counts), ("images", images()), ("labels", npy(&[2], &[1u8, 0]))];
        let recorded = read_npz(&arrays, Some(200.0)).unwrap();
        assert_eq!(recorded.images.shape, ImageShape { channels: 1, height: 2, width: 3 });
        assert_eq!(recorded.images.image(1), [60, 70, 80, 90, 100, 255]);
        assert_eq!(recorded.images.labels, [1, 0]);
        assert_eq!(kinds(&recorded), [RemarkKind::Converted]);
        let table = recorded.counts(5).unwrap();
        // Bins are the file's own; the rate is that of 66 spikes of 3 units in 2 x 0.2 s.
        assert_eq!((table.units, table.bins, table.bin_ms()), (3, 2, 100.0));
        assert_eq!(table.recording(1), [6, 7, 8, 9, 10, 11]);
        assert!((table.mean_rate_hz() - 55.0).abs() < 1e-9);
        assert_eq!(table.labels, [1, 0]);
        assert_eq!(table.origin.stimuli, Some(recorded.images.identity()));
    }

    #[test]
    fn spikes_and_colour_images_are_read() {
        let pixels: Vec<f64> = (0..24).map(|i| f64::from(i) / 23.0).collect();
        let arrays = [
            ("images", npy(&[2, 2, 2, 3], &pixels)),
            ("times", npy(&[4], &[0.25f64, 0.01, 0.02, 0.5])),
            ("ids", npy(&[4], &[3u16, 0, 1, 3])),
            ("sample", npy(&[4], &[1i32, 0, 1, 1])),
        ];
        let recorded = read_npz(&arrays, None).unwrap();
        let Response::Spikes(trains) = &recorded.response else { panic!("spikes were expected") };
        assert_eq!((trains[0].units, trains[0].duration_ms), (4, 500.0));
        assert_eq!(
            (&trains[1].times[..], &trains[1].ids[..]),
            (&[20.0, 250.0, 500.0][..], &[1, 3, 3][..])
        );
        assert_eq!(recorded.counts(2).unwrap().recording(1), [0, 0, 1, 0, 0, 0, 0, 2]);
        // Channels come first: the first image is red 0, 3, 6, 9 of 23, then green, then blue.
        let value = |i: usize| (f64::from(i as u32) / 23.0 * 255.0).round() as u8;
        assert_eq!(
            recorded.images.image(0)[..5],
            [value(0), value(3), value(6), value(9), value(1)]
        );
        use RemarkKind::{Converted, Duration, Unlabelled};
        assert_eq!(kinds(&recorded), [Converted, Unlabelled, Duration]);
        let in_ms = [
            arrays[0].clone(),
            ("times_ms", npy(&[4], &[250.0f32, 10.0, 20.0, 500.0])),
            arrays[2].clone(),
            arrays[3].clone(),
        ];
        assert_eq!(read_npz(&in_ms, None).unwrap().response, recorded.response);
        assert!(read_npz(&in_ms, Some(400.0)).is_err());
    }

    #[test]
    fn single_arrays_need_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("c.npy"), npy(&[2, 3], &[1u16, 2, 3, 4, 5, 6])).unwrap();
        fs::write(at("i.npy"), images()).unwrap();
        let read = |a: &Path, b: &Path| read_recorded(a, b, Some(50.0), TO_THE_END);
        let recorded = read(&at("c.npy"), &at("i.npy")).unwrap();
        assert_eq!(recorded.counts(1).unwrap().recording(1), [4, 5, 6]);
        // The two do not fit the other way round.
        assert!(read(&at("i.npy"), &at("c.npy")).is_err());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let counts = || ("counts", npy(&[2, 2], &[1u16, 2, 3, 4]));
        let good = || ("images", images());
        for (arrays, part) in [
            (vec![counts()], "the array"),
            (vec![counts(), ("images", npy(&[4], &[1u8; 4]))], "images"),
            (vec![counts(), ("images", npy(&[2, 2, 2, 4], &[1u8; 32]))], "images"),
            (vec![counts(), ("images", npy(&[2, 1, 1], &[1.5f32, 0.0]))], "images[0]"),
            (vec![counts(), ("images", npy(&[2, 1, 1], &[1i32, 256]))], "images[1]"),
            (vec![counts(), ("images", npy(&[2, 1, 0], &[] as &[u8]))], "images"),
            (vec![("counts", npy(&[3, 1], &[1u16; 3])), good()], "3 recordings for 2 images"),
            (vec![("counts", npy(&[2, 1], &[-1i16, 0])), good()], "counts[0]"),
            (vec![("counts", npy(&[2, 1], &[1u64 << 63, 0])), good()], "counts[0]"),
            (vec![("counts", npy(&[2, 1], &[0.0, f64::NAN])), good()], "counts[1]"),
            (vec![counts(), good(), ("labels", npy(&[3], &[0u8; 3]))], "3 labels for 2 images"),
            (vec![counts(), good(), ("labels", npy(&[2], &[0i8, -1]))], "labels[1]"),
            (vec![counts(), good(), ("duration_ms", npy(&[1], &[-5.0]))], "duration_ms"),
            (vec![good(), ("times", npy(&[1], &[0.5])), ("ids", npy(&[1], &[0u8]))], "sample"),
        ] {
            let problem = read_npz(&arrays, None).unwrap_err().to_string();
            let part = if part == "the array" { "mine.npz" } else { part };
            assert!(problem.contains("mine.npz: ") && problem.contains(part), "{problem}");
        }
    }

    #[test]
    fn an_archive_that_unpacks_to_far_too_much_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bomb.npz");
        fs::write(&path, npz(&[("images", npy(&[1 << 27], &vec![0u8; 1 << 27]))])).unwrap();
        assert!(fs::metadata(&path).unwrap().len() < 1 << 20);
        let refused = read_recorded(&path, &path, None, TO_THE_END);
        assert!(matches!(refused, Err(DataError::Format { .. })));
    }
}
