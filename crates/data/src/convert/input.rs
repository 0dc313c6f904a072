//! Bytes of a file as they come, unpacked where they are packed by gzip.

use crate::error::DataError;
use flate2::read::MultiGzDecoder;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// How much is read at a time, bytes.
const PIECE: usize = 1 << 16;

/// Whether a file is packed by gzip (RFC 1952).
pub(super) fn is_packed(start: &[u8]) -> bool {
    start.starts_with(&[0x1f, 0x8b])
}

/// The content of a file, unpacked as it is read.
pub(super) fn unpacked(path: &Path) -> Result<Box<dyn BufRead>, DataError> {
    let io = |e| DataError::io(path, "open", e);
    let mut file = BufReader::with_capacity(PIECE, File::open(path).map_err(io)?);
    let packed = is_packed(file.fill_buf().map_err(|e| DataError::io(path, "read", e))?);
    if packed {
        return Ok(Box::new(BufReader::with_capacity(PIECE, MultiGzDecoder::new(file))));
    }
    Ok(Box::new(file))
}

/// The first bytes of the content, at most `most`, and whether the file is packed.
pub(super) fn start(path: &Path, most: u64) -> Result<(Vec<u8>, bool), DataError> {
    let read = |reader: &mut dyn Read| {
        let mut start = Vec::new();
        let read = reader.take(most).read_to_end(&mut start);
        read.map(|_| start).map_err(|e| DataError::io(path, "read", e))
    };
    let mut file = File::open(path).map_err(|e| DataError::io(path, "open", e))?;
    let start = read(&mut file)?;
    if !is_packed(&start) {
        return Ok((start, false));
    }
    let mut content = Vec::new();
    unpacked(path)?.take(most).read_to_end(&mut content).map_err(|e| {
        let problem = format!("the gzip data is damaged or cut short ({e})");
        DataError::format(path, "the file", problem)
    })?;
    Ok((content, true))
}

/// A file that is removed when it is dropped.
pub(super) struct Unpacked(pub PathBuf);

impl Drop for Unpacked {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

/// Unpacks a file to one beside `output`, for formats that are not read from start to end.
pub(super) fn unpack_beside(path: &Path, output: &Path) -> Result<Unpacked, DataError> {
    let mut name = output.file_name().unwrap_or_default().to_owned();
    name.push(".unpacked.part");
    let unpacked_path = output.with_file_name(name);
    let mut reader = unpacked(path)?;
    let file = File::create(&unpacked_path);
    let mut file = file.map_err(|e| DataError::io(&unpacked_path, "create", e))?;
    let unpacked = Unpacked(unpacked_path);
    let mut piece = vec![0; PIECE];
    loop {
        let n = match reader.read(&mut piece) {
            Ok(0) => return Ok(unpacked),
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => {
                let problem = format!("the gzip data is damaged or cut short ({e})");
                return Err(DataError::format(path, "the file", problem));
            }
        };
        io::Write::write_all(&mut file, &piece[..n])
            .map_err(|e| DataError::io(&unpacked.0, "write", e))?;
    }
}
