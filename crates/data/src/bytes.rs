//! Reading whole files, plain or gzipped, without trusting what they say about themselves.

use super::DataError;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// The first bytes of a gzip file (RFC 1952).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The content of the file at `path`, decompressed if it is a gzip file. At most `limit` bytes
/// are accepted, so that a small file cannot unpack to more memory than its kind ever needs.
pub(crate) fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, DataError> {
    let file = File::open(path).map_err(|e| DataError::io(path, "open", e))?;
    let stored = file.metadata().map_err(|e| DataError::io(path, "open", e))?;
    if !stored.is_file() {
        return Err(DataError::format(path, "the path", "not a file"));
    }
    if stored.len() == 0 {
        return Err(DataError::format(path, "byte 0", "the file is empty"));
    }
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut start = [0; 2];
    let started = reader.read(&mut start).map_err(|e| DataError::io(path, "read", e))?;
    let joined = start[..started].chain(reader);
    let mut bytes = Vec::new();
    if start == GZIP_MAGIC {
        // The usual ratio is about 4; more is grown as it comes.
        bytes.reserve(stored.len().saturating_mul(4).min(limit) as usize);
        let mut decoder = MultiGzDecoder::new(joined);
        if let Err(e) = decoder.by_ref().take(limit + 1).read_to_end(&mut bytes) {
            let problem = format!("the gzip data is damaged or cut short ({e})");
            return Err(DataError::format(path, format!("unpacked byte {}", bytes.len()), problem));
        }
    } else {
        bytes.reserve(stored.len().min(limit) as usize);
        joined
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| DataError::io(path, "read", e))?;
    }
    if bytes.len() as u64 > limit {
        let problem = format!("the content goes on, but at most {limit} bytes were expected");
        return Err(DataError::format(path, format!("byte {limit}"), problem));
    }
    Ok(bytes)
}
