//! Checkpoints: opaque bytes under a checksum, the last two generations kept.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::atomic::atomic_write_with;
use super::error::RunDirError;

const MAGIC: &[u8; 8] = b"EQCKPT01";
/// Magic, generation, payload length, SHA-256 of all before and after it.
const HEADER_LENGTH: usize = 8 + 8 + 8 + 32;
const EXTENSION: &str = "ckpt";
/// A damaged file is moved to this extension, so that it is never mistaken for a generation again.
const REFUSED_EXTENSION: &str = "refused";
const GENERATIONS_KEPT: usize = 2;

/// A checkpoint that was read back intact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The bytes that were saved.
    pub payload: Vec<u8>,
    /// Counts the saves under this name from 1.
    pub generation: u64,
    /// Newer generations that were damaged, newest first.
    pub refused: Vec<RefusedCheckpoint>,
}

/// A checkpoint file that failed its checks. It was renamed to `*.refused`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedCheckpoint {
    /// The file as it was named.
    pub path: PathBuf,
    /// What was wrong with it.
    pub reason: String,
}

fn digest(generation: u64, payload: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(MAGIC);
    hasher.update(generation.to_le_bytes());
    hasher.update((payload.len() as u64).to_le_bytes());
    hasher.update(payload);
    hasher.finalize().into()
}

fn file_path(directory: &Path, name: &str, generation: u64) -> PathBuf {
    directory.join(format!("{name}-{generation:06}.{EXTENSION}"))
}

/// Generations stored under `name`, newest first.
fn generations(directory: &Path, name: &str) -> Result<Vec<(u64, PathBuf)>, RunDirError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(RunDirError::from_io("read the directory", directory, e)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path =
            entry.map_err(|e| RunDirError::from_io("read the directory", directory, e))?.path();
        let generation = path
            .file_name()
            .and_then(|file| file.to_str())
            .and_then(|file| file.strip_prefix(name)?.strip_prefix('-')?.strip_suffix(".ckpt"))
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|digits| digits.parse::<u64>().ok());
        if let Some(generation) = generation {
            found.push((generation, path));
        }
    }
    found.sort_by_key(|(generation, _)| std::cmp::Reverse(*generation));
    Ok(found)
}

/// Saves `payload` as the next generation and removes all but the last two. Returns the generation.
pub(super) fn save(directory: &Path, name: &str, payload: &[u8]) -> Result<u64, RunDirError> {
    let stored = generations(directory, name)?;
    let generation = stored.first().map_or(1, |(newest, _)| newest + 1);
    let path = file_path(directory, name, generation);
    atomic_write_with(&path, |writer| {
        writer.write_all(MAGIC)?;
        writer.write_all(&generation.to_le_bytes())?;
        writer.write_all(&(payload.len() as u64).to_le_bytes())?;
        writer.write_all(&digest(generation, payload))?;
        writer.write_all(payload)
    })?;
    for (_, old) in stored.iter().skip(GENERATIONS_KEPT - 1) {
        remove_file(old)?;
    }
    Ok(generation)
}

/// Removes every generation stored under `name`. The directory stays: another thread may be about
/// to write to it.
pub(super) fn remove(directory: &Path, name: &str) -> Result<(), RunDirError> {
    generations(directory, name)?.iter().try_for_each(|(_, path)| remove_file(path))
}

/// Removes a file that another process at the same work may have removed already.
fn remove_file(path: &Path) -> Result<(), RunDirError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(RunDirError::from_io("remove the checkpoint", path, e))
        }
        _ => Ok(()),
    }
}

/// Removes a directory of checkpoints, and those below it, where nothing is left in them.
pub(super) fn remove_empty(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
        remove_empty(&path);
    }
    // One that is not empty stays.
    let _ = fs::remove_dir(directory);
}

/// Checks a file and returns its payload, or what is wrong with it.
fn decode(bytes: &[u8], generation: u64) -> Result<Vec<u8>, String> {
    if bytes.len() < HEADER_LENGTH {
        return Err(format!(
            "it has {} bytes, fewer than the {HEADER_LENGTH} of the header",
            bytes.len()
        ));
    }
    let (header, payload) = bytes.split_at(HEADER_LENGTH);
    if &header[..8] != MAGIC {
        return Err("it does not start with the mark of a checkpoint".to_string());
    }
    let field = |start: usize| {
        let mut word = [0_u8; 8];
        word.copy_from_slice(&header[start..start + 8]);
        u64::from_le_bytes(word)
    };
    if field(8) != generation {
        return Err(format!("it says generation {} and its name says {generation}", field(8)));
    }
    if field(16) != payload.len() as u64 {
        return Err(format!(
            "it has {} bytes of payload, and {} were written",
            payload.len(),
            field(16)
        ));
    }
    if header[24..] != digest(generation, payload) {
        return Err("its SHA-256 does not match".to_string());
    }
    Ok(payload.to_vec())
}

/// The newest intact generation, or none if nothing was ever saved under `name`.
pub(super) fn load(directory: &Path, name: &str) -> Result<Option<Checkpoint>, RunDirError> {
    let mut refused: Vec<RefusedCheckpoint> = Vec::new();
    for (generation, path) in generations(directory, name)? {
        let bytes = match fs::read(&path) {
            // Another process at the same work has removed it since.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
            read => read.map_err(|e| RunDirError::from_io("read the checkpoint", &path, e))?,
        };
        match decode(&bytes, generation) {
            Ok(payload) => return Ok(Some(Checkpoint { payload, generation, refused })),
            Err(reason) => {
                let aside = path.with_extension(REFUSED_EXTENSION);
                fs::rename(&path, &aside).map_err(|e| {
                    RunDirError::from_io("set the damaged checkpoint aside", &path, e)
                })?;
                refused.push(RefusedCheckpoint { path, reason });
            }
        }
    }
    if refused.is_empty() {
        return Ok(None);
    }
    let reasons: Vec<String> = refused
        .iter()
        .map(|r| {
            format!("{}: {}", r.path.file_name().unwrap_or_default().to_string_lossy(), r.reason)
        })
        .collect();
    Err(RunDirError::CheckpointsDamaged {
        path: directory.to_path_buf(),
        name: name.to_string(),
        reasons: reasons.join("; "),
    })
}
