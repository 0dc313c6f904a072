//! A data set of spike recordings in two files, training and test, of the layout of the Spiking
//! Heidelberg Digits (Cramer et al. 2022, IEEE Trans. Neural Netw. Learn. Syst. 33:2744).

use super::file::SpikeRows;
use super::read::SpikeFile;
use crate::dataset::{Dataset, Loaded};
use crate::error::DataError;
use crate::formats::bytes::file_name;
use crate::identity::Source;
use crate::reading::{GoOn, Remark, RemarkKind};
use crate::spike_set::SpikeSet;
use std::path::Path;

/// The channels of SHD's artificial cochlea.
const CHANNELS: usize = 700;
/// The classes of SHD: ten digits in English and in German.
const CLASSES: usize = 20;
/// The time that a recording of SHD is taken to last, s.
const MAX_TIME: f32 = 1.4;
/// Half the distance of the 16-bit floating-point numbers that SHD stores its times as, at 1.4 s.
const ROUNDING: f32 = 0.0005;

/// How two files become a data set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PairOptions {
    /// Whether the files must be of SHD itself: its channels and its classes.
    pub is_shd: bool,
    /// The time that recordings are taken to last, s, if it was chosen.
    pub max_time: Option<f32>,
}

/// One of the two files.
struct Part<'a> {
    path: &'a Path,
    rows: SpikeRows,
    /// The channels and the time, s, that the file itself says its recordings have.
    said: (Option<usize>, Option<f32>),
}

impl<'a> Part<'a> {
    fn read(path: &'a Path, limit: u64, go_on: GoOn<'_>) -> Result<Part<'a>, DataError> {
        let rows = SpikeRows::read(SpikeFile::open(path, go_on)?, limit, |seconds| seconds as f32)?;
        let most = |name: &str| -> Result<Option<f64>, DataError> {
            let Some(numbers) = rows.file.numbers(name)? else { return Ok(None) };
            if numbers.iter().any(|x| !(*x >= 0.0 && x.is_finite())) {
                return Err(rows.file.error(name, "expected numbers of at least 0"));
            }
            Ok(numbers.into_iter().max_by(f64::total_cmp).filter(|&x| x > 0.0))
        };
        let units = most("extra/equipoise/units")?;
        if let Some(units) = units.filter(|&units| units > limit as f64) {
            let problem = format!("{units} channels, expected at most {limit}");
            return Err(rows.file.error("extra/equipoise/units", problem));
        }
        let duration = most("extra/equipoise/duration_ms")?.map(|ms| (ms / 1000.0) as f32);
        Ok(Part { path, said: (units.map(|u| u as usize), duration), rows })
    }
}

/// Reads a training and a test file as the set `name`.
pub(crate) fn read(
    train: &Path,
    test: &Path,
    name: &str,
    options: &PairOptions,
    go_on: GoOn<'_>,
) -> Result<Loaded, DataError> {
    if let Some(max_time) = options.max_time
        && !(max_time > 0.0 && max_time.is_finite())
    {
        return Err(DataError::Request(format!(
            "a max_time of {max_time} s: it must be a positive time"
        )));
    }
    let limit = if options.is_shd { CHANNELS as u64 } else { 1 << 16 };
    let mut parts = [Part::read(train, limit, go_on)?, Part::read(test, limit, go_on)?];
    let classes = classes(&parts, options.is_shd)?;
    let mut remarks = Vec::new();
    let units = channels(&parts, name, options.is_shd, &mut remarks);
    let duration = duration(&mut parts, name, units, options.max_time, &mut remarks);
    let set = |part: Part<'_>, which: &str| {
        let Part { path, rows, .. } = part;
        if rows.labels.is_empty() {
            return Err(DataError::format(path, "labels", "no samples, expected at least one"));
        }
        Ok(SpikeSet {
            units,
            duration,
            source: Source::files(vec![rows.file.identity().clone()]),
            indices: (0..rows.labels.len()).collect(),
            offsets: rows.offsets,
            times: rows.times,
            unit_ids: rows.units.into_iter().map(|u| u as u16).collect(),
            labels: rows.labels,
            speakers: rows.speakers,
            classes: classes.clone(),
            name: format!("{name}/{which}"),
        })
    };
    let [train, test] = parts;
    let dataset = Dataset::Spikes { train: set(train, "train")?, test: set(test, "test")? };
    Ok(Loaded { dataset, remarks })
}

/// The names of the classes, which both files must share.
fn classes(parts: &[Part<'_>; 2], is_shd: bool) -> Result<Vec<String>, DataError> {
    let [train, test] = parts;
    let (first, second) = (&train.rows.keys, &test.rows.keys);
    if let (Some(a), Some(b)) = (first, second)
        && a != b
    {
        let problem = format!("other classes than in {}", file_name(train.path));
        return Err(DataError::format(test.path, "extra/keys", problem));
    }
    let most = parts.iter().map(|part| part.rows.classes().len()).max().unwrap_or(0);
    let unnamed = if is_shd { CLASSES } else { most };
    let named = first.clone().or_else(|| second.clone());
    let classes = named.unwrap_or_else(|| (0..unnamed).map(|c| c.to_string()).collect());
    if is_shd && classes.len() != CLASSES {
        let problem = format!("{} classes, expected the {CLASSES} of SHD", classes.len());
        return Err(DataError::format(train.path, "extra/keys", problem));
    }
    for Part { rows, path, .. } in parts {
        if let Some(i) = rows.labels.iter().position(|&l| usize::from(l) >= classes.len()) {
            let (label, last) = (rows.labels[i], classes.len() - 1);
            let problem = format!("{label}, expected a whole number from 0 to {last}");
            return Err(DataError::format(path, format!("labels[{i}]"), problem));
        }
    }
    Ok(classes)
}

/// The number of channels: what the files say, or those up to the highest that spikes.
fn channels(parts: &[Part<'_>; 2], name: &str, is_shd: bool, remarks: &mut Vec<Remark>) -> usize {
    let used = parts.iter().flat_map(|part| &part.rows.units).max().map_or(1, |&u| u as usize + 1);
    if let Some(said) = parts.iter().filter_map(|part| part.said.0).max() {
        return said.max(used);
    }
    // The highest channels of a cochlea may be silent in a small set.
    let like_shd = (CHANNELS * 9 / 10..=CHANNELS).contains(&used);
    if is_shd || like_shd {
        return CHANNELS;
    }
    let text = format!(
        "{name}: taken to have {used} channels, up to the highest that spikes, as the files do not \
         say how many there are"
    );
    remarks.push(Remark::new(RemarkKind::Duration, text));
    used
}

/// The time that recordings last, s: what was chosen, what the files say, or a round time that
/// holds the last spike (1.4 s for recordings like SHD's). A few spikes that come long after all
/// others do not set the time of all.
fn duration(
    parts: &mut [Part<'_>; 2],
    name: &str,
    units: usize,
    chosen: Option<f32>,
    remarks: &mut Vec<Remark>,
) -> f32 {
    if let Some(chosen) = chosen {
        return chosen;
    }
    let times = |parts: &[Part<'_>; 2]| -> Vec<f32> {
        parts.iter().flat_map(|part| part.rows.times.iter().copied()).collect()
    };
    let all = times(parts);
    let latest = all.iter().fold(0.0f32, |latest, &t| latest.max(t));
    if let Some(said) = parts.iter().filter_map(|part| part.said.1).max_by(f32::total_cmp) {
        return said.max(latest);
    }
    let end = robust_end(&all, latest);
    let late = all.iter().filter(|&&t| t > end).count();
    let left_out = match late {
        0 => String::new(),
        n => {
            format!("; {n} of {} spikes come later, up to {latest} s, and are left out", all.len())
        }
    };
    if units == CHANNELS && end <= MAX_TIME + ROUNDING {
        // What was at 1.4 s before it was rounded to 16 bits is there again.
        for t in parts.iter_mut().flat_map(|part| &mut part.rows.times) {
            if *t <= MAX_TIME + ROUNDING {
                *t = t.min(MAX_TIME);
            }
        }
        if late > 0 {
            let text = format!("{name}: taken to last {MAX_TIME} s, as SHD{left_out}");
            remarks.push(Remark::new(RemarkKind::Duration, text));
        }
        return MAX_TIME;
    }
    let duration = round_up(end);
    let shd =
        if units == CHANNELS { format!(", not the {MAX_TIME} s of SHD") } else { String::new() };
    let last = if late > 0 { "last spike but for a few" } else { "last spike" };
    let text = format!(
        "{name}: taken to last {duration} s{shd}, as the {last} comes at {end} s and the files do \
         not say how long they are; on a grid of 100 steps a step covers {:.3} ms{left_out}",
        duration * 10.0
    );
    remarks.push(Remark::new(RemarkKind::Duration, text));
    duration
}

/// The last spike; or, if it comes later than twice the time before which 99.9 % of the spikes come,
/// the last of those that do not.
fn robust_end(times: &[f32], latest: f32) -> f32 {
    let most = 2.0 * quantile(times, 0.999);
    if latest <= most {
        return latest;
    }
    times.iter().filter(|&&t| t <= most).fold(0.0, |end, &t| end.max(t))
}

/// The next tenth of a second; of times below one second, the next number of two digits.
fn round_up(latest: f32) -> f32 {
    if latest >= 1.0 {
        return (latest * 10.0).ceil() / 10.0;
    }
    if latest <= 0.0 {
        return 1.0;
    }
    let unit = 10f64.powi(libm::floor(libm::log10(f64::from(latest))) as i32 - 1);
    // A number that is round as it was stored stays so.
    let digits = (f64::from(latest) / unit - 1e-4).ceil();
    ((digits * unit) as f32).max(latest)
}

/// The time before which a share of all spikes comes.
fn quantile(times: &[f32], share: f64) -> f32 {
    if times.is_empty() {
        return 0.0;
    }
    let at = ((times.len() as f64 * share) as usize).min(times.len() - 1);
    *times.to_vec().select_nth_unstable_by(at, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdf5::file::{Recordings, TimePrecision, write, write_set};
    use crate::reading::TO_THE_END;
    use crate::spikes::SpikeTrains;

    /// Two recordings of these spikes (times in s, channels) in both files.
    fn load(
        spikes: &[(&[f32], &[u16]); 2],
        precision: TimePrecision,
        max_time: Option<f32>,
    ) -> (SpikeSet, Vec<Remark>) {
        let folder = tempfile::tempdir().unwrap();
        let recordings = spikes.iter().copied();
        let classes = vec!["a".into(), "b".into()];
        let set = SpikeSet::new("x", 1 << 16, 1e6, recordings, vec![0, 1], classes).unwrap();
        let [train, test] = ["train", "test"].map(|part| {
            let path = folder.path().join(format!("x_{part}.h5"));
            write_set(&path, &set, precision).unwrap();
            path
        });
        let options = PairOptions { is_shd: false, max_time };
        let Loaded { dataset, remarks } = read(&train, &test, "x", &options, TO_THE_END).unwrap();
        (dataset.into_spikes().unwrap().0, remarks)
    }

    fn kinds(remarks: &[Remark]) -> Vec<RemarkKind> {
        remarks.iter().map(|r| r.kind).collect()
    }

    #[test]
    fn a_rounded_time_at_the_end_is_at_the_end() {
        let spikes = [(&[0.5, 1.4][..], &[699, 0][..]), (&[0.25], &[3])];
        for precision in [TimePrecision::Float16, TimePrecision::Float32] {
            let (set, remarks) = load(&spikes, precision, None);
            assert_eq!((set.units, set.duration), (700, 1.4));
            assert_eq!(set.sample(0).times, [0.5, 1.4]);
            assert!(remarks.is_empty(), "{remarks:?}");
        }
    }

    #[test]
    fn a_few_late_spikes_do_not_set_the_time() {
        let early: Vec<f32> = (0..2000).map(|i| i as f32 / 2000.0).collect();
        for (channel, expected) in [(699, 1.4), (30, 1.0)] {
            let channels = vec![channel; 2000];
            let spikes = [(&early[..], &channels[..]), (&[500.0][..], &[7][..])];
            let (set, remarks) = load(&spikes, TimePrecision::Float32, None);
            assert_eq!(set.duration, expected);
            // The two files hold it once each; the number of channels may be remarked on, too.
            assert_eq!(remarks.last().unwrap().kind, RemarkKind::Duration);
            assert!(remarks.last().unwrap().text.contains("2 of 4002 spikes"), "{remarks:?}");
            // A chosen time needs no remark, and is what it is.
            let (set, _) = load(&spikes, TimePrecision::Float32, Some(501.0));
            assert_eq!(set.duration, 501.0);
        }
        // Late spikes that are no few are a part of the recordings.
        let mut late = early.clone();
        late.extend([3.0; 10]);
        let channels = vec![30; late.len()];
        let (set, _) = load(&[(&late, &channels), (&[], &[])], TimePrecision::Float32, None);
        assert_eq!(set.duration, 3.0);
    }

    #[test]
    fn other_recordings_are_taken_as_they_are() {
        let spikes = [(&[0.0125, 0.3][..], &[4, 0][..]), (&[0.1], &[31])];
        let (set, remarks) = load(&spikes, TimePrecision::Float64, None);
        assert_eq!((set.units, set.duration), (32, 0.3));
        assert_eq!(kinds(&remarks), [RemarkKind::Duration; 2]);
        // Files of this program say how many units there are and how long they were recorded.
        let folder = tempfile::tempdir().unwrap();
        let trains = |id| SpikeTrains::new(250.0, 40, vec![100.0], vec![id]).unwrap();
        let recordings = Recordings {
            trains: vec![trains(3), trains(5)],
            labels: vec![0, 1],
            classes: vec!["a".into(), "b".into()],
        };
        let path = folder.path().join("x_train.h5");
        write(&path, &recordings, TimePrecision::Float32).unwrap();
        let options = PairOptions { is_shd: false, max_time: None };
        let Loaded { dataset, remarks } = read(&path, &path, "x", &options, TO_THE_END).unwrap();
        let (set, _) = dataset.into_spikes().unwrap();
        assert_eq!((set.units, set.duration, remarks.len()), (40, 0.25, 0));
    }

    #[test]
    fn times_are_rounded_up() {
        for (latest, round) in
            [(1.45, 1.5), (500.0, 500.0), (0.4837, 0.49), (0.3, 0.3), (0.012, 0.012), (0.0, 1.0)]
        {
            let got = round_up(latest);
            assert!((got - round).abs() < 1e-6 && got >= latest, "{latest}: {got}");
        }
    }
}
