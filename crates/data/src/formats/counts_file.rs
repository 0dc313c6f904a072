//! Spike counts of many recordings as one compact file: a safetensors file with `counts`
//! (uint16, `[recordings, units, bins]`), `labels` (uint16, `[recordings]`), `indices` (uint64,
//! `[recordings]`: the index of each stimulus in its part of the data set, where it is known) and,
//! in its metadata, the length of the recordings (`duration_ms`), what they were made from (`origin`, JSON) and the
//! SHA-256 of the tensors. NumPy and PyTorch read it through the `safetensors` package.

pub use crate::counts::{Counts, CountsOrigin};

use crate::error::DataError;
use crate::formats::bytes::read_file;
use crate::formats::writing::{name_finished, partial_name};
use crate::identity::Fingerprint;
use crate::reading::TO_THE_END;
use crate::trains::SpikeTrains;
use safetensors::{Dtype, SafeTensors};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The most that a counts file may hold: 64 GiB.
const LIMIT: u64 = 1 << 36;
/// The bytes kept for the header beside the origin. It is written last and padded with spaces.
const HEADER: usize = 768;

/// A counts file being written, recording by recording. It has a temporary name until
/// [`Self::finish`]; dropped before that, it leaves nothing behind.
pub struct CountsWriter {
    path: PathBuf,
    partial: PathBuf,
    out: Option<BufWriter<File>>,
    units: usize,
    bins: usize,
    duration_ms: f64,
    labels: Vec<u16>,
    indices: Vec<u64>,
    buffer: Vec<u16>,
    /// The origin, as a JSON text in quotes.
    origin: String,
    /// The bytes kept for the header.
    header: usize,
    digest: Sha256,
}

impl CountsWriter {
    /// Starts the file at `path`.
    ///
    /// # Errors
    /// If a size is 0, the duration is no positive time, or the file cannot be created.
    pub fn create(
        path: &Path,
        units: usize,
        bins: usize,
        duration_ms: f64,
    ) -> Result<CountsWriter, DataError> {
        CountsWriter::create_for(path, units, bins, duration_ms, &CountsOrigin::default())
    }

    /// As [`Self::create`], of counts that say what they were made from.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_for(
        path: &Path,
        units: usize,
        bins: usize,
        duration_ms: f64,
        origin: &CountsOrigin,
    ) -> Result<CountsWriter, DataError> {
        if units == 0 || bins == 0 || !(duration_ms > 0.0 && duration_ms.is_finite()) {
            return Err(DataError::Request(format!(
                "a counts file of {units} units, {bins} bins and {duration_ms} ms: all three must \
                 be positive"
            )));
        }
        let origin = serde_json::to_string(origin)
            .and_then(|json| serde_json::to_string(&json))
            .map_err(|e| DataError::Request(format!("the origin of counts: {e}")))?;
        let header = (HEADER + origin.len()).next_multiple_of(8);
        let partial = partial_name(path);
        let file = File::create(&partial).map_err(|e| DataError::io(&partial, "create", e))?;
        let mut out = BufWriter::with_capacity(1 << 18, file);
        out.write_all(&vec![b' '; header]).map_err(|e| DataError::io(&partial, "write", e))?;
        Ok(CountsWriter {
            path: path.to_owned(),
            partial,
            out: Some(out),
            units,
            bins,
            duration_ms,
            labels: Vec::new(),
            indices: Vec::new(),
            buffer: vec![0; units * bins],
            origin,
            header,
            digest: Sha256::new(),
        })
    }

    /// Says which stimuli of the part of a data set the recordings are answers to, in order.
    #[must_use]
    pub fn with_indices(mut self, indices: &[usize]) -> CountsWriter {
        self.indices = indices.iter().map(|&i| i as u64).collect();
        self
    }

    /// Adds a recording.
    ///
    /// # Errors
    /// If it has another length or number of units, or the disk is full.
    pub fn push(&mut self, trains: &SpikeTrains, label: u16) -> Result<(), DataError> {
        if trains.units != self.units || trains.duration_ms != self.duration_ms {
            return Err(DataError::Request(format!(
                "a recording of {} units and {} ms cannot go into a counts file of {} units and \
                 {} ms",
                trains.units, trains.duration_ms, self.units, self.duration_ms
            )));
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.fill(0);
        trains.add_binned_counts(self.bins, &mut buffer);
        let pushed = self.push_counts(&buffer, label);
        self.buffer = buffer;
        pushed
    }

    /// Adds the counts of a recording, `[units, bins]`.
    ///
    /// # Errors
    /// If there are not as many, or the disk is full.
    pub fn push_counts(&mut self, counts: &[u16], label: u16) -> Result<(), DataError> {
        if counts.len() != self.units * self.bins {
            return Err(DataError::Request(format!(
                "a recording of {} counts cannot go into a counts file of {} units and {} bins",
                counts.len(),
                self.units,
                self.bins
            )));
        }
        let bytes: Vec<u8> = counts.iter().flat_map(|c| c.to_le_bytes()).collect();
        self.labels.push(label);
        self.digest.update(&bytes);
        let out = self.out.as_mut().expect("the output is there until `finish`");
        out.write_all(&bytes).map_err(|e| DataError::io(&self.partial, "write", e))
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// If the disk is full, or the file cannot be renamed.
    pub fn finish(mut self) -> Result<(), DataError> {
        let mut out = self.out.take().expect("the output is there until `finish`");
        let n = self.labels.len();
        let counts = n * self.units * self.bins * 2;
        let labels: Vec<u8> = self.labels.iter().flat_map(|l| l.to_le_bytes()).collect();
        self.digest.update(&labels);
        if !self.indices.is_empty() && self.indices.len() != n {
            let problem = format!("{} indices of stimuli for {n} recordings", self.indices.len());
            fs::remove_file(&self.partial).ok();
            return Err(DataError::Request(problem));
        }
        let indices: Vec<u8> = self.indices.iter().flat_map(|i| i.to_le_bytes()).collect();
        self.digest.update(&indices);
        let (labels_end, end) = (counts + 2 * n, counts + 2 * n + indices.len());
        let listed = match self.indices.len() {
            0 => String::new(),
            n => format!(
                ",\"indices\":{{\"dtype\":\"U64\",\"shape\":[{n}],\
                 \"data_offsets\":[{labels_end},{end}]}}"
            ),
        };
        let sha256 = Fingerprint::from(<[u8; 32]>::from(self.digest.clone().finalize()));
        let header = format!(
            "{{\"__metadata__\":{{\"duration_ms\":\"{}\",\"origin\":{},\"sha256\":\"{}\"}},\
             \"counts\":{{\"dtype\":\"U16\",\"shape\":[{n},{},{}],\"data_offsets\":[0,{counts}]}},\
             \"labels\":{{\"dtype\":\"U16\",\"shape\":[{n}],\"data_offsets\":[{counts},{labels_end}]}}{listed}}}",
            self.duration_ms,
            self.origin,
            sha256.hex(),
            self.units,
            self.bins,
        );
        let mut start = ((self.header - 8) as u64).to_le_bytes().to_vec();
        start.extend(header.bytes());
        debug_assert!(start.len() <= self.header);
        let written = out
            .write_all(&labels)
            .and_then(|()| out.write_all(&indices))
            .and_then(|()| out.seek(SeekFrom::Start(0)))
            .and_then(|_| out.write_all(&start))
            .and_then(|()| out.into_inner().map_err(std::io::IntoInnerError::into_error))
            .and_then(|file| file.sync_all());
        name_finished(&self.partial, &self.path, written)
    }
}

impl Drop for CountsWriter {
    fn drop(&mut self) {
        if self.out.take().is_some() {
            fs::remove_file(&self.partial).ok();
        }
    }
}

/// Reads a counts file.
///
/// # Errors
/// If the file cannot be read or is wrong in any way.
pub fn read_counts(path: &Path) -> Result<Counts, DataError> {
    let bytes = read_file(path, LIMIT, TO_THE_END)?.bytes;
    let wrong = |place: &str, problem: String| DataError::format(path, place, problem);
    let header = |e: safetensors::SafeTensorError| wrong("the safetensors header", e.to_string());
    let tensors = SafeTensors::deserialize(&bytes).map_err(header)?;
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(header)?;
    let duration_ms = metadata
        .metadata()
        .as_ref()
        .and_then(|m| m.get("duration_ms")?.parse::<f64>().ok())
        .filter(|d| *d > 0.0 && d.is_finite())
        .ok_or_else(|| wrong("__metadata__", "expected a positive duration_ms".into()))?;
    let entry = |key: &str| {
        let map = metadata.metadata().as_ref();
        let missing = || wrong("__metadata__", format!("expected an entry {key}"));
        map.and_then(|m| m.get(key)).ok_or_else(missing)
    };
    let origin: CountsOrigin = serde_json::from_str(entry("origin")?)
        .map_err(|e| wrong("__metadata__.origin", e.to_string()))?;
    let stored = tensors.tensors().iter().map(|(_, t)| t.data().len()).sum::<usize>();
    let sha256 = Fingerprint::of(bytes.get(bytes.len() - stored..).unwrap_or_default());
    if entry("sha256")?.as_str() != sha256.hex() {
        let problem = "the SHA-256 of the content is another: the file is damaged";
        return Err(wrong("the content", problem.into()));
    }
    let values = |name: &str, rank: usize| {
        let tensor = tensors.tensor(name).map_err(header)?;
        if tensor.dtype() != Dtype::U16 || tensor.shape().len() != rank {
            let (dtype, shape) = (tensor.dtype(), tensor.shape());
            let problem = format!("{dtype:?} of shape {shape:?}, expected U16 of {rank} sizes");
            return Err(wrong(name, problem));
        }
        let numbers = tensor.data().chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]));
        Ok((tensor.shape().to_vec(), numbers.collect::<Vec<u16>>()))
    };
    let (shape, counts) = values("counts", 3)?;
    let (_, labels) = values("labels", 1)?;
    if labels.len() != shape[0] || shape[1] == 0 || shape[2] == 0 {
        let problem = format!("{} labels for counts of shape {shape:?}", labels.len());
        return Err(wrong("labels", problem));
    }
    let indices = match tensors.tensor("indices") {
        Err(_) => Vec::new(),
        Ok(tensor) if tensor.dtype() == Dtype::U64 && tensor.shape() == [shape[0]] => {
            let number = |b: &[u8]| b.iter().rev().fold(0, |n, &byte| n << 8 | u64::from(byte));
            tensor.data().chunks_exact(8).map(number).collect()
        }
        Ok(tensor) => {
            let (dtype, sizes) = (tensor.dtype(), tensor.shape());
            let problem = format!("{dtype:?} of shape {sizes:?}, expected U64 of [{}]", shape[0]);
            return Err(wrong("indices", problem));
        }
    };
    Ok(Counts { units: shape[1], bins: shape[2], duration_ms, counts, labels, indices, origin })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trains(k: u32) -> SpikeTrains {
        let times = (0..50u32).map(|i| ((i * 37 + k * 11) % 1000) as f32 * 0.1).collect();
        let ids = (0..50u32).map(|i| (i * i + k) % 7).collect();
        SpikeTrains::new(100.0, 7, times, ids).unwrap()
    }

    fn write(path: &Path, n: u32) {
        let mut writer = CountsWriter::create(path, 7, 4, 100.0).unwrap();
        (0..n).for_each(|k| writer.push(&trains(k), k as u16).unwrap());
        writer.finish().unwrap();
    }

    #[test]
    fn counts_come_back_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("counts.safetensors");
        for n in [0, 1, 30] {
            write(&path, n);
            let read = read_counts(&path).unwrap();
            assert_eq!((read.units, read.bins, read.duration_ms), (7, 4, 100.0));
            assert_eq!(read.labels, (0..n as u16).collect::<Vec<_>>());
            for k in 0..n {
                assert_eq!(read.recording(k as usize), trains(k).binned_counts(4));
            }
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn counts_say_what_they_were_made_from() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("counts.safetensors");
        let stimuli = crate::synthetic::digits(2, 3, crate::Part::Test).identity();
        let origin = CountsOrigin { stimuli: Some(stimuli), network: Some(Fingerprint::of(b"x")) };
        let create = || CountsWriter::create_for(&path, 7, 4, 100.0, &origin).unwrap();
        let mut short = create().with_indices(&[5]);
        (0..2).for_each(|k| short.push(&trains(k), k as u16).unwrap());
        assert!(short.finish().is_err());
        let mut writer = create().with_indices(&[40, 7]);
        (0..2).for_each(|k| writer.push(&trains(k), k as u16).unwrap());
        writer.finish().unwrap();
        let read = read_counts(&path).unwrap();
        assert_eq!((&read.origin, &read.indices[..]), (&origin, &[40, 7][..]));
        assert_eq!(read.recording(1), trains(1).binned_counts(4));
        // Every bit counts.
        let whole = fs::read(&path).unwrap();
        for at in whole.len() - 132..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 4;
            fs::write(&path, flipped).unwrap();
            assert!(read_counts(&path).is_err(), "byte {at}");
        }
    }

    #[test]
    fn damaged_and_unfitting_counts_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("counts.safetensors");
        write(&path, 3);
        let whole = fs::read(&path).unwrap();
        for keep in (0..whole.len()).step_by(37).chain([whole.len() - 1]) {
            let cut = folder.path().join(format!("{keep}"));
            fs::write(&cut, &whole[..keep]).unwrap();
            assert!(matches!(read_counts(&cut), Err(DataError::Format { .. })), "{keep}");
        }
        let cut = folder.path().join("longer");
        fs::write(&cut, [&whole[..], &[0]].concat()).unwrap();
        assert!(read_counts(&cut).is_err());
        assert!(CountsWriter::create(&path, 0, 4, 100.0).is_err());
        assert!(CountsWriter::create(&path, 7, 0, 100.0).is_err());
        assert!(CountsWriter::create(&path, 7, 4, f64::NAN).is_err());
        let mut writer = CountsWriter::create(&path, 8, 4, 100.0).unwrap();
        assert!(writer.push(&trains(0), 0).is_err());
        drop(writer);
        // The finished file of before is untouched.
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
}
