//! Text that people write: configurations, descriptions of data.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The text of a file, or of a pipe, of at most `largest` bytes, so that one without an end, such as
/// a device, takes no more memory than that.
///
/// # Errors
/// If it cannot be read, is no UTF-8, or is larger.
pub fn read_text(path: &Path, largest: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(largest.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest {
        let reason = format!("more than {largest} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    }
    String::from_utf8(bytes).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e.utf8_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_up_to_its_limit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.toml");
        std::fs::write(&path, "g = 5 # é").unwrap();
        assert_eq!(read_text(&path, 10).unwrap(), "g = 5 # é");
        assert!(read_text(&path, 9).is_err());
        std::fs::write(&path, [b'a', 0xff]).unwrap();
        assert!(read_text(&path, 10).is_err());
        assert!(read_text(dir.path(), 10).is_err());
        #[cfg(unix)]
        assert!(read_text("/dev/zero".as_ref(), 1000).is_err());
    }
}
