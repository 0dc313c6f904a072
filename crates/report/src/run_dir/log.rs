//! The logs of a run: one JSON object a line, appended as the run goes.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::atomic::atomic_write;
use super::{RunDir, RunDirError, json_error, with_extension};

impl RunDir {
    /// Appends one JSON object as a line to `<name>.jsonl` and forces it to the disk.
    ///
    /// # Errors
    /// [`RunDirError::Serialise`], [`RunDirError::InvalidName`] and the errors of the file system; after one of
    /// those the file may end in a torn line, which the next resume removes.
    pub fn append_jsonl(&self, name: &str, value: &impl Serialize) -> Result<(), RunDirError> {
        let path = self.file(&with_extension(name, "jsonl"))?;
        let mut line = serde_json::to_string(value).map_err(|e| json_error(&path, &e))?;
        line.push('\n');
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)
                .map_err(|e| RunDirError::from_io("make the directory", parent, e))?;
        }
        OpenOptions::new()
            .append(true)
            .create(true)
            .open(&path)
            .and_then(|mut file| {
                file.write_all(line.as_bytes())?;
                file.sync_data()
            })
            .map_err(|e| RunDirError::from_io("append to the file", &path, e))
    }

    /// Reads `<name>.jsonl` back, one value a line; empty if the file does not exist.
    ///
    /// # Errors
    /// [`RunDirError::BadLine`] and the errors of the file system.
    pub fn read_jsonl<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, RunDirError> {
        let path = self.file(&with_extension(name, "jsonl"))?;
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(RunDirError::from_io("read the file", &path, e)),
        };
        text.lines()
            .enumerate()
            .map(|(index, line)| {
                serde_json::from_str(line).map_err(|e| RunDirError::BadLine {
                    path: path.clone(),
                    line: index + 1,
                    reason: e.to_string(),
                })
            })
            .collect()
    }

    /// Keeps the first `lines` lines of `<name>.jsonl`. A run that resumes from a checkpoint older than its log
    /// calls this, so that no epoch is listed twice.
    ///
    /// # Errors
    /// The errors of the file system.
    pub fn truncate_jsonl(&self, name: &str, lines: usize) -> Result<(), RunDirError> {
        let path = self.file(&with_extension(name, "jsonl"))?;
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(RunDirError::from_io("read the file", &path, e)),
        };
        let kept: Vec<u8> =
            bytes.split_inclusive(|&b| b == b'\n').take(lines).flatten().copied().collect();
        if kept.len() == bytes.len() { Ok(()) } else { atomic_write(&path, &kept) }
    }
}

/// Cuts a log after its last line that is whole and valid JSON: a killed process may have torn the last one.
pub(super) fn cut_torn_line(path: &Path) -> Result<(), RunDirError> {
    let bytes = fs::read(path).map_err(|e| RunDirError::from_io("read the file", path, e))?;
    let mut end = bytes.iter().rposition(|&b| b == b'\n').map_or(0, |newline| newline + 1);
    while end > 0 {
        let start =
            bytes[..end - 1].iter().rposition(|&b| b == b'\n').map_or(0, |newline| newline + 1);
        if serde_json::from_slice::<serde::de::IgnoredAny>(&bytes[start..end - 1]).is_ok() {
            break;
        }
        end = start;
    }
    if end < bytes.len() { atomic_write(path, &bytes[..end]) } else { Ok(()) }
}
