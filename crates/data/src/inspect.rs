//! What any file of data holds.

use crate::catalog::described_sets;
use crate::error::DataError;
use crate::formats::facts::{FileFacts, FileFormat};
use crate::formats::inspect::inspect as by_header;
use std::path::Path;

/// What the file at `path` holds: the arrays of one with a header are told from that, spikes without
/// one (text, events) are counted, and of a file that describes data sets these are listed. Nothing
/// if it is of no format that is known here.
///
/// # Errors
/// If it cannot be read, is damaged where the arrays are listed, or is shorter than they are.
pub fn inspect(path: &Path) -> Result<Option<FileFacts>, DataError> {
    if let Some(found) = by_header(path)? {
        return Ok(Some(found));
    }
    let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if let Some(texts) = described_sets(path) {
        let (format, arrays) = (FileFormat::DataToml, Vec::new());
        let (gzip, data_start) = (false, None);
        return Ok(Some(FileFacts { format, gzip, bytes, arrays, texts, data_start }));
    }
    #[cfg(feature = "hdf5")]
    return crate::convert::tell(path, bytes);
    #[cfg(not(feature = "hdf5"))]
    Ok(None)
}

#[cfg(all(test, feature = "hdf5"))]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn spikes_without_a_header_are_counted() {
        let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spikes");
        let facts = |name: &str| inspect(&stored.join(name)).unwrap().unwrap();
        let table = facts("table.csv");
        assert_eq!(table.format, FileFormat::Text);
        let columns: Vec<&str> = table.arrays.iter().map(|array| array.name.as_str()).collect();
        assert_eq!(columns, ["time_ms", "id", "sample"]);
        assert!(table.arrays.iter().all(|array| array.shape == [48]));
        assert_eq!(
            (table.texts["spikes"].as_str(), table.texts["recordings"].as_str()),
            ("48", "3")
        );
        let events = facts("events.bin");
        assert_eq!((events.format, events.texts["spikes"].as_str()), (FileFormat::Events, "48"));
        assert_eq!(facts("sonata.h5").arrays.len(), 4);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.toml");
        fs::write(&path, "[mine]\nlayout = \"folder\"\npath = \"there\"\n").unwrap();
        let told = inspect(&path).unwrap().unwrap();
        assert_eq!((told.format, told.texts.len()), (FileFormat::DataToml, 1));
        for other in ["[workspace]\nmembers = []\n", "a,b\n1,2\n", "prose, of no kind", ""] {
            fs::write(&path, other).unwrap();
            assert_eq!(inspect(&path).unwrap(), None, "{other}");
        }
    }
}
