//! What a file of arrays holds, told from its headers: files of any size take little memory. That the
//! numbers that a header announces are there is checked by their length alone.

use crate::error::DataError;
use crate::formats::facts::{ArrayFacts, FileFacts, FileFormat};
use crate::formats::npz::{NumpyFile, header_facts};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// The longest text or header that is read, bytes.
const LONGEST: u64 = 1 << 24;
/// The most arrays that are listed.
const MOST_ARRAYS: usize = 10_000;

/// The arrays of the file at `path`, told from its headers; nothing if it is of no format that is
/// known here.
///
/// # Errors
/// If it cannot be read, is damaged where the arrays are listed, or is shorter than they are.
pub fn inspect(path: &Path) -> Result<Option<FileFacts>, DataError> {
    let file = File::open(path).map_err(|e| DataError::io(path, "open", e))?;
    let metadata = file.metadata().map_err(|e| DataError::io(path, "open", e))?;
    if !metadata.is_file() {
        return Err(DataError::format(path, "the path", "not a file"));
    }
    let bytes = metadata.len();
    let mut start = Vec::new();
    let mut reader = BufReader::new(file);
    let read = |reader: &mut dyn Read, start: &mut Vec<u8>| {
        reader.take(64).read_to_end(start).map_err(|e| DataError::io(path, "read", e))
    };
    read(&mut reader, &mut start)?;
    let gzip = start.starts_with(&[0x1f, 0x8b]);
    if gzip {
        let file = File::open(path).map_err(|e| DataError::io(path, "open", e))?;
        start.clear();
        let mut unpacked = flate2::read::MultiGzDecoder::new(file).take(64);
        // A damaged archive has nothing to tell.
        unpacked.read_to_end(&mut start).ok();
    }
    let of =
        |format, arrays, texts| FileFacts { format, gzip, bytes, arrays, texts, data_start: None };
    let found = if let Some((array, data_start)) = idx(&start) {
        let length = if gzip { unpacked_length(path)? } else { bytes };
        check_length(path, &array, data_start, length)?;
        Some(of(FileFormat::Idx, vec![array], BTreeMap::new()))
    } else if start.starts_with(b"\x89HDF\r\n\x1a\n") {
        let (arrays, texts) = hdf5(path, gzip)?;
        Some(of(FileFormat::Hdf5, arrays, texts))
    } else if gzip {
        None
    } else if start.starts_with(NumpyFile::NPZ) {
        let (arrays, texts) = npz(path)?;
        Some(of(FileFormat::Npz, arrays, texts))
    } else if start.starts_with(NumpyFile::NPY) {
        let file = File::open(path).map_err(|e| DataError::io(path, "open", e))?;
        let array = npy(path, String::new(), file, bytes)?;
        Some(of(FileFormat::Npy, vec![array], BTreeMap::new()))
    } else {
        safetensors(path, &start, bytes)?
    };
    Ok(found)
}

/// How long the content of a gzip file is, bytes. It is unpacked piece by piece and kept nowhere.
fn unpacked_length(path: &Path) -> Result<u64, DataError> {
    let file = File::open(path).map_err(|e| DataError::io(path, "open", e))?;
    let mut unpacked = flate2::read::MultiGzDecoder::new(BufReader::new(file));
    io::copy(&mut unpacked, &mut io::sink()).map_err(|e| {
        let reason = format!("the gzip data is damaged or cut short ({e})");
        DataError::format(path, "the file", reason)
    })
}

/// Refuses an array whose numbers, from `data_start` on, do not fit into `length` bytes. Nothing is
/// said of types whose numbers have no size in their name.
fn check_length(
    path: &Path,
    array: &ArrayFacts,
    data_start: u64,
    length: u64,
) -> Result<(), DataError> {
    let Some(width) = array.kind.get(1..).and_then(|digits| digits.parse::<u64>().ok()) else {
        return Ok(());
    };
    let numbers = array.shape.iter().try_fold(width, |all, &size| all.checked_mul(size));
    let needed = numbers.and_then(|bytes| bytes.checked_add(data_start)).unwrap_or(u64::MAX);
    if length >= needed {
        return Ok(());
    }
    let place = if array.name.is_empty() { "the array" } else { &array.name };
    let reason = format!("cut short: {length} bytes of the {needed} that its header announces");
    Err(DataError::format(path, place, reason))
}

/// The array of an IDX file (LeCun's description), and where its numbers begin: zeros, type,
/// dimensions, sizes.
fn idx(start: &[u8]) -> Option<(ArrayFacts, u64)> {
    let [0, 0, kind, dimensions @ 1..=4, rest @ ..] = start else { return None };
    let kind = match kind {
        0x08 => "u1",
        0x09 => "i1",
        0x0b => "i2",
        0x0c => "i4",
        0x0d => "f4",
        0x0e => "f8",
        _ => return None,
    };
    let sizes = rest.chunks_exact(4).take(usize::from(*dimensions));
    let shape: Vec<u64> =
        sizes.map(|b| u64::from(u32::from_be_bytes([b[0], b[1], b[2], b[3]]))).collect();
    let whole = shape.len() == usize::from(*dimensions);
    let data_start = 4 + 4 * u64::from(*dimensions);
    whole.then(|| (ArrayFacts { name: String::new(), shape, kind: kind.to_owned() }, data_start))
}

/// The header of an NPY array of `length` bytes.
fn npy(path: &Path, name: String, reader: impl Read, length: u64) -> Result<ArrayFacts, DataError> {
    let mut header = Vec::new();
    let wrong = |e: io::Error| DataError::format(path, name.clone(), e.to_string());
    reader.take(1 << 16).read_to_end(&mut header).map_err(wrong)?;
    let (shape, kind, data_start) = header_facts(&header).map_err(wrong)?;
    let array = ArrayFacts { name, shape, kind };
    check_length(path, &array, data_start, length)?;
    Ok(array)
}

type Listing = (Vec<ArrayFacts>, BTreeMap<String, String>);

fn npz(path: &Path) -> Result<Listing, DataError> {
    let file = File::open(path).map_err(|e| DataError::io(path, "open", e))?;
    let wrong = |place: &str, why: String| DataError::format(path, place, why);
    let mut archive = zip::ZipArchive::new(BufReader::new(file))
        .map_err(|e| wrong("the archive", e.to_string()))?;
    let (mut arrays, mut texts) = (Vec::new(), BTreeMap::new());
    for i in 0..archive.len().min(MOST_ARRAYS) {
        let entry = archive.by_index(i);
        let entry = entry.map_err(|e| wrong(&format!("entry {i}"), e.to_string()))?;
        let name = entry.name().to_owned();
        match name.strip_suffix(".npy") {
            Some(name) => {
                let (name, length) = (name.to_owned(), entry.size());
                arrays.push(npy(path, name, entry, length)?);
            }
            None => {
                let mut text = Vec::new();
                let read = entry.take(LONGEST).read_to_end(&mut text);
                read.map_err(|e| wrong(&name, format!("the entry is damaged ({e})")))?;
                if let Ok(text) = String::from_utf8(text) {
                    texts.insert(name, text);
                }
            }
        }
    }
    Ok((arrays, texts))
}

fn safetensors(path: &Path, start: &[u8], bytes: u64) -> Result<Option<FileFacts>, DataError> {
    let [a, b, c, d, e, f, g, h, b'{', ..] = *start else { return Ok(None) };
    let length = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    let data_start = length.saturating_add(8);
    if length > LONGEST || data_start > bytes {
        return Ok(None);
    }
    let mut header = Vec::new();
    let file = File::open(path).map_err(|e| DataError::io(path, "open", e))?;
    let read = file.take(data_start).read_to_end(&mut header);
    read.map_err(|e| DataError::io(path, "read", e))?;
    let wrong = |why: String| DataError::format(path, "the safetensors header", why);
    let table: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(header.get(8..).unwrap_or_default())
            .map_err(|e| wrong(e.to_string()))?;
    let (mut arrays, mut texts) = (Vec::new(), BTreeMap::new());
    for (name, value) in table {
        if name == "__metadata__" {
            let own: BTreeMap<String, String> =
                serde_json::from_value(value).map_err(|e| wrong(e.to_string()))?;
            texts = own;
        } else if arrays.len() < MOST_ARRAYS {
            #[derive(Deserialize)]
            struct Tensor {
                dtype: String,
                shape: Vec<u64>,
            }
            let tensor: Tensor =
                serde_json::from_value(value).map_err(|e| wrong(format!("{name}: {e}")))?;
            let bits = |digits: &str| digits.parse::<u32>().map_or(0, |bits| bits / 8);
            let kind = match tensor.dtype.split_at_checked(1) {
                Some((letter @ ("U" | "I" | "F"), digits)) if bits(digits) > 0 => {
                    format!("{}{}", letter.to_lowercase(), bits(digits))
                }
                _ => tensor.dtype,
            };
            arrays.push(ArrayFacts { name, shape: tensor.shape, kind });
        }
    }
    let format = FileFormat::Safetensors;
    let data_start = Some(data_start);
    Ok(Some(FileFacts { format, gzip: false, bytes, arrays, texts, data_start }))
}

#[cfg(feature = "hdf5")]
fn hdf5(path: &Path, gzip: bool) -> Result<Listing, DataError> {
    crate::hdf5::inspect::list(path, gzip, MOST_ARRAYS)
}

#[cfg(not(feature = "hdf5"))]
fn hdf5(path: &Path, _: bool) -> Result<Listing, DataError> {
    let what = format!("{} is an HDF5 file", path.to_string_lossy());
    Err(DataError::NotBuilt { what, feature: "hdf5" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npz::NpzWriter;
    use std::fs;

    #[test]
    fn arrays_of_every_format_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let facts = |name: &str| inspect(&at(name)).unwrap();
        let listed = |name: &str| -> Vec<(String, Vec<u64>, String)> {
            let arrays = facts(name).unwrap().arrays;
            arrays.into_iter().map(|a| (a.name, a.shape, a.kind)).collect()
        };
        let mut file = NpzWriter::create(&at("a.npz")).unwrap();
        file.array("counts", &[2, 3], [1u16, 2, 3, 4, 5, 6]).unwrap();
        file.text("about.json", "{}").unwrap();
        file.finish().unwrap();
        assert_eq!(listed("a.npz"), [("counts".into(), vec![2, 3], "u2".into())]);
        assert_eq!(facts("a.npz").unwrap().texts["about.json"], "{}");
        crate::make("synthetic-digits", 20, 10, 1, folder.path()).unwrap();
        crate::make("synthetic-speech", 20, 20, 1, folder.path()).unwrap();
        let mut idx_files = 0;
        let mut walk = vec![folder.path().to_owned()];
        while let Some(folder) = walk.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk.push(path);
                    continue;
                }
                let Some(facts) = inspect(&path).unwrap() else {
                    assert!(path.ends_with("SYNTHETIC.txt"), "{path:?}");
                    continue;
                };
                match facts.format {
                    FileFormat::Idx => {
                        idx_files += 1;
                        assert!([20, 10].contains(&facts.arrays[0].shape[0]));
                        assert_eq!(facts.arrays[0].kind, "u1");
                    }
                    FileFormat::Hdf5 => {
                        let labels = facts.arrays.iter().find(|a| a.name == "labels").unwrap();
                        assert_eq!((&labels.shape[..], labels.kind.as_str()), (&[20][..], "u2"));
                        assert!(facts.arrays.iter().any(|a| a.name == "spikes/times"));
                    }
                    _ => assert_eq!(facts.format, FileFormat::Npz),
                }
            }
        }
        assert_eq!(idx_files, 4);
        let mut counts = crate::spikes::counts::CountsWriter::create(&at("c"), 3, 2, 10.0).unwrap();
        let trains = crate::spikes::SpikeTrains::new(10.0, 3, vec![1.0], vec![2]).unwrap();
        counts.push(&trains, 1).unwrap();
        counts.finish().unwrap();
        let expected = [
            ("counts".into(), vec![1, 3, 2], "u2".into()),
            ("labels".into(), vec![1], "u2".into()),
        ];
        assert_eq!(listed("c"), expected);
        assert_eq!(facts("c").unwrap().texts["duration_ms"], "10");
        fs::write(at("text"), "nothing of the kind").unwrap();
        assert_eq!(facts("text"), None);
        assert!(inspect(folder.path()).is_err());
    }

    #[test]
    fn arrays_that_are_cut_short_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cut");
        let gzip = |bytes: &[u8]| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut packed, bytes).unwrap();
            packed.finish().unwrap()
        };
        // Three images of 2 x 2 bytes, and [2, 3] numbers of four bytes.
        let idx = [&[0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2][..], &[7; 12]].concat();
        let npy = crate::npz::npy_bytes(&[2, 3], [1.0f32; 6]).unwrap();
        for whole in [&idx, &npy] {
            fs::write(&path, whole).unwrap();
            assert!(inspect(&path).unwrap().is_some());
            fs::write(&path, &whole[..whole.len() - 1]).unwrap();
            assert!(inspect(&path).is_err());
        }
        let packed = gzip(&idx);
        fs::write(&path, &packed).unwrap();
        assert_eq!(inspect(&path).unwrap().unwrap().arrays[0].shape, [3, 2, 2]);
        for bad in [&packed[..packed.len() - 9], &gzip(&idx[..idx.len() - 1])] {
            fs::write(&path, bad).unwrap();
            assert!(inspect(&path).is_err());
        }
    }

    #[test]
    fn damaged_files_are_no_trouble() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let mut file = NpzWriter::create(&path).unwrap();
        file.array("counts", &[2, 3], [1u16, 2, 3, 4, 5, 6]).unwrap();
        file.finish().unwrap();
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bad = whole.clone();
            bad[at] ^= 0xff;
            fs::write(&path, bad).unwrap();
            let _ = inspect(&path);
            fs::write(&path, &whole[..at]).unwrap();
            let _ = inspect(&path);
        }
    }
}
