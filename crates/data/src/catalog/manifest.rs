//! The list of what can be downloaded: `manifest.toml` of this crate, built into the program.

use crate::error::DataError;
use md5::Md5;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

/// A data set that can be downloaded.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its name, as [`open`](crate::open) takes it.
    pub name: String,
    /// What it holds, in a line.
    pub what: String,
    /// Its licence.
    pub licence: String,
    /// What to cite.
    pub citation: String,
    /// The folder under the root that its files go to.
    pub folder: String,
    /// Its files.
    #[serde(rename = "file")]
    pub files: Vec<SourceFile>,
}

/// A file to download.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Its name.
    pub name: String,
    /// Its size, if known.
    pub bytes: Option<u64>,
    /// Its SHA-256, if known, in hexadecimal; it decides where both are given.
    pub sha256: Option<String>,
    /// Its MD5, if known, in hexadecimal.
    pub md5: Option<String>,
    /// Where it is, the first choice first.
    pub addresses: Vec<String>,
    /// For a gzipped tar or a zip archive: the names of the files to take out of it. The archive itself
    /// is not kept.
    #[serde(default)]
    pub unpack: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    dataset: Vec<Source>,
}

/// All data sets that can be downloaded.
pub fn sources() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let text = include_str!("../../manifest.toml");
        toml::from_str::<Manifest>(text).expect("the manifest is part of the program").dataset
    })
}

/// Why the file at `path` is not the one in the manifest.
pub(crate) fn mismatch(file: &SourceFile, path: &Path) -> Result<Option<String>, DataError> {
    let size = fs::metadata(path).map_err(|e| DataError::io(path, "open", e))?.len();
    if let Some(bytes) = file.bytes.filter(|&bytes| bytes != size) {
        return Ok(Some(format!("it has {size} bytes, the official one {bytes}")));
    }
    let (kind, wanted, got) = match (&file.sha256, &file.md5) {
        (Some(wanted), _) => ("SHA-256", wanted, digest::<Sha256>(path)?),
        (None, Some(wanted)) => ("MD5", wanted, digest::<Md5>(path)?),
        (None, None) => return Ok(None),
    };
    Ok((got != *wanted).then(|| format!("its {kind} is {got}, the official one {wanted}")))
}

/// The digest of a file, in hexadecimal.
pub(crate) fn digest<D: Digest>(path: &Path) -> Result<String, DataError> {
    let mut input = File::open(path).map_err(|e| DataError::io(path, "open", e))?;
    let mut state = D::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = input.read(&mut buffer).map_err(|e| DataError::io(path, "read", e))?;
        if n == 0 {
            break;
        }
        state.update(&buffer[..n]);
    }
    Ok(state.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_is_sound() {
        let names: Vec<&str> = sources().iter().map(|s| s.name.as_str()).collect();
        assert_eq!(
            names,
            ["mnist", "fashion-mnist", "kmnist", "qmnist", "emnist", "cifar-10", "shd"]
        );
        for file in sources().iter().flat_map(|s| &s.files) {
            let hex = |s: &String, n: usize| {
                s.len() == n && s.bytes().all(|b| b"0123456789abcdef".contains(&b))
            };
            assert!(file.md5.is_some() || file.sha256.is_some());
            assert!(file.md5.iter().all(|s| hex(s, 32)) && file.sha256.iter().all(|s| hex(s, 64)));
            assert!(!file.addresses.is_empty());
            for address in &file.addresses {
                assert!(address.starts_with("http") && address.ends_with(&file.name));
            }
        }
    }
}
