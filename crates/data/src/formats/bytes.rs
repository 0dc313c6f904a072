//! Reading whole files, plain or gzipped, without trusting what they say about themselves.

use crate::error::DataError;
use crate::identity::{FileIdentity, Fingerprint};
use crate::reading::GoOn;
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::fs::{File, Metadata};
use std::io::{self, BufReader, Read};
use std::path::Path;

/// The first bytes of a gzip file (RFC 1952).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// A file may unpack to so many times its size. Recordings and images pack 2 to 10 times; a
/// thousand times, as a file made to fill the memory does, is no data.
const MOST_PACKED: u64 = 32;
/// What a small file may unpack to in any case: blank images pack far better than real ones.
const SMALL: u64 = 1 << 26;
/// How much is read between two looks at whether to go on.
const STEP: u64 = 1 << 20;

/// The most that so many bytes on a disk may unpack to.
pub(crate) fn most_unpacked(stored: u64) -> u64 {
    stored.saturating_mul(MOST_PACKED).max(SMALL)
}

/// What was in a file.
pub(crate) struct Content {
    /// Its bytes, unpacked.
    pub bytes: Vec<u8>,
    /// The file as it is stored.
    pub file: FileIdentity,
}

/// The name of a file without its folder.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A file that is digested while it is read.
struct Digesting {
    file: File,
    state: Sha256,
    read: u64,
}

impl Read for Digesting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.state.update(&buffer[..n]);
        self.read += n as u64;
        Ok(n)
    }
}

/// The bytes that a file takes on the disk, where that is known: fewer than its length if it has
/// holes.
#[cfg(unix)]
fn stored_bytes(metadata: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    metadata.len().min(metadata.blocks().saturating_mul(512))
}

#[cfg(not(unix))]
fn stored_bytes(metadata: &Metadata) -> u64 {
    metadata.len()
}

/// The content of the file at `path`, decompressed if it is a gzip file. At most `limit` bytes
/// are accepted, and not many times more than the file takes on the disk, so that a small file
/// cannot unpack to more memory than its kind ever needs.
pub(crate) fn read_file(path: &Path, limit: u64, go_on: GoOn<'_>) -> Result<Content, DataError> {
    let file = File::open(path).map_err(|e| DataError::io(path, "open", e))?;
    let metadata = file.metadata().map_err(|e| DataError::io(path, "open", e))?;
    if !metadata.is_file() {
        return Err(DataError::format(path, "the path", "not a file"));
    }
    if metadata.len() == 0 {
        return Err(DataError::format(path, "byte 0", "the file is empty"));
    }
    let plausible = most_unpacked(stored_bytes(&metadata));
    let digesting = Digesting { file, state: Sha256::new(), read: 0 };
    let mut reader = BufReader::with_capacity(1 << 16, digesting);
    let mut start = [0; 2];
    let mut started = 0;
    while started < start.len() {
        match reader.read(&mut start[started..]) {
            Ok(0) => break,
            Ok(n) => started += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(DataError::io(path, "read", e)),
        }
    }
    let packed = start == GZIP_MAGIC;
    let allowed = limit.min(plausible);
    // The usual ratio is about 4; more is grown as it comes.
    let expected = metadata.len().saturating_mul(if packed { 4 } else { 1 });
    if !packed && metadata.len() > allowed {
        return Err(too_much(path, metadata.len(), limit));
    }
    let joined = start[..started].chain(&mut reader);
    let bytes = if packed {
        let mut decoder = MultiGzDecoder::new(joined);
        gather(&mut decoder, expected.min(allowed), allowed, go_on).map_err(|e| match e {
            Gathering::Io(e, at) => {
                let problem = format!("the gzip data is damaged or cut short ({e})");
                DataError::format(path, format!("unpacked byte {at}"), problem)
            }
            other => other.error(path, limit),
        })?
    } else {
        let mut joined = joined;
        gather(&mut joined, expected.min(allowed), allowed, go_on)
            .map_err(|e| e.error(path, limit))?
    };
    // A gzip decoder may leave the end of the file alone.
    io::copy(&mut reader, &mut io::sink()).map_err(|e| DataError::io(path, "read", e))?;
    let digesting = reader.into_inner();
    let sha256 = Fingerprint::from(<[u8; 32]>::from(digesting.state.finalize()));
    let file = FileIdentity { name: file_name(path), bytes: digesting.read, sha256 };
    Ok(Content { bytes, file })
}

/// Why the bytes of a reader were not gathered.
enum Gathering {
    Io(io::Error, usize),
    TooMuch(u64),
    Memory(usize),
    Stopped,
}

impl Gathering {
    fn error(self, path: &Path, limit: u64) -> DataError {
        match self {
            Gathering::Io(e, _) => DataError::io(path, "read", e),
            Gathering::TooMuch(allowed) => too_much(path, allowed, limit),
            Gathering::Memory(n) => {
                let problem = format!("more than {n} bytes, which do not fit the memory");
                DataError::format(path, "the content", problem)
            }
            Gathering::Stopped => DataError::Stopped,
        }
    }
}

fn too_much(path: &Path, reached: u64, limit: u64) -> DataError {
    let problem = if reached >= limit {
        format!("the content goes on, but at most {limit} bytes were expected")
    } else {
        format!(
            "the content is more than {MOST_PACKED} times what the file takes on the disk, which \
             no data of this kind is; if it is sound, give the file unpacked"
        )
    };
    DataError::format(path, format!("byte {}", reached.min(limit)), problem)
}

/// All bytes of a reader, but at most `allowed` of them.
fn gather(
    reader: &mut dyn Read,
    expected: u64,
    allowed: u64,
    go_on: GoOn<'_>,
) -> Result<Vec<u8>, Gathering> {
    let mut bytes = Vec::new();
    let reserve = |bytes: &mut Vec<u8>, more: u64| {
        let more = usize::try_from(more).unwrap_or(usize::MAX).saturating_add(64);
        bytes.try_reserve(more).map_err(|_| Gathering::Memory(bytes.len().saturating_add(more)))
    };
    reserve(&mut bytes, expected)?;
    loop {
        if go_on().is_break() {
            return Err(Gathering::Stopped);
        }
        reserve(&mut bytes, STEP)?;
        match (&mut *reader).take(STEP).read_to_end(&mut bytes) {
            Ok(0) => return Ok(bytes),
            Ok(_) if bytes.len() as u64 > allowed => return Err(Gathering::TooMuch(allowed)),
            Ok(_) => {}
            Err(e) => return Err(Gathering::Io(e, bytes.len())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::TO_THE_END;
    use flate2::{Compression, write::GzEncoder};
    use std::fs;
    use std::io::Write;
    use std::ops::ControlFlow;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_file_is_digested_as_it_is_stored() {
        let folder = tempfile::tempdir().unwrap();
        let content: Vec<u8> = (0..3_000_000u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
        for stored in [
            content.clone(),
            packed(&content),
            [packed(&content[..7]), packed(&content[7..])].concat(),
        ] {
            let path = folder.path().join("file");
            fs::write(&path, &stored).unwrap();
            let read = read_file(&path, 1 << 30, TO_THE_END).unwrap();
            assert!(read.bytes == content);
            assert_eq!(read.file.sha256, Fingerprint::of(&stored));
            assert_eq!((read.file.name.as_str(), read.file.bytes), ("file", stored.len() as u64));
        }
    }

    #[test]
    fn a_bomb_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bomb.gz");
        // 1 MiB of gzip members that unpack to 256 MiB.
        let member = packed(&vec![0; 1 << 22]);
        fs::write(&path, member.repeat(64)).unwrap();
        let Err(problem) = read_file(&path, 1 << 40, TO_THE_END) else { panic!("it was read") };
        assert!(matches!(problem, DataError::Format { .. }), "{problem}");
        // What is plausible, but more than the kind of file holds.
        fs::write(&path, packed(&[7; 5000])).unwrap();
        assert!(read_file(&path, 4999, TO_THE_END).is_err());
        assert_eq!(read_file(&path, 5000, TO_THE_END).map(|c| c.bytes.len()).ok(), Some(5000));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_holes_is_refused_unread() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse.h5");
        let file = File::create(&path).unwrap();
        file.set_len(8 << 30).unwrap();
        drop(file);
        let started = std::time::Instant::now();
        assert!(matches!(read_file(&path, 1 << 40, TO_THE_END), Err(DataError::Format { .. })));
        assert!(started.elapsed().as_secs() < 2);
    }

    #[test]
    fn the_caller_can_stop() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, vec![1; 5 << 20]).unwrap();
        let asked = std::sync::atomic::AtomicUsize::new(0);
        let third = || match asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            2 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        assert!(matches!(read_file(&path, 1 << 40, &third), Err(DataError::Stopped)));
    }
}
