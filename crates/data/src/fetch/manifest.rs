//! The list of what can be downloaded: `datasets/manifest.toml`, built into the program.

use serde::Deserialize;
use std::sync::OnceLock;

/// A data set that can be downloaded.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its name, as [`open`](super::super::open) takes it.
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
    /// For a gzipped tar archive: the names of the files to take out of it. The archive itself
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
        let text = include_str!("../../../../datasets/manifest.toml");
        toml::from_str::<Manifest>(text).expect("the manifest is part of the program").dataset
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_is_sound() {
        let names: Vec<&str> = sources().iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["mnist", "fashion-mnist", "cifar-10", "shd"]);
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
