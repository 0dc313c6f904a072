//! Downloading data sets: with resume, mirrors and pinned checksums.
//!
//! A file is downloaded under the name `NAME.part`, checked, and then renamed, so a file under
//! its own name is always whole. A `.part` that an earlier call left is continued. A connection
//! that is cut is taken up again where it ended; an address that fails gives way to the next.

#[cfg(test)]
mod tests;

pub use crate::catalog::manifest::{Source, SourceFile, sources};

use crate::catalog::manifest::mismatch;
use crate::error::DataError;
use crate::formats::writing::partial_name;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use ureq::Agent;

/// How often a cut connection to one address is taken up again without any progress.
const ATTEMPTS: usize = 3;
/// A connection that is cut after fewer bytes than this has made no progress.
const PROGRESS: u64 = 1 << 14;

/// How slow a server may be before its connection is given up.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// How long it may stay silent, and over what time its speed is measured.
    time: Duration,
    /// The fewest bytes in that time.
    least: u64,
}

/// Asks servers.
struct Client {
    agent: Agent,
    patience: Patience,
}

/// A minute of silence, or less than 1 KiB a second.
const PATIENCE: Patience = Patience { time: Duration::from_secs(60), least: 60 << 10 };

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress<'a> {
    /// The file's name.
    pub file: &'a str,
    /// The bytes that are here.
    pub done: u64,
    /// The bytes of the whole file, if known.
    pub total: Option<u64>,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetched {
    /// Where it is (for an archive, the folder of what was taken out).
    pub path: PathBuf,
    /// Whether it was here already.
    pub already_there: bool,
    /// The address that it came from, if it was downloaded.
    pub address: Option<String>,
}

/// Reports progress, and says whether to go on.
pub type OnProgress<'a> = dyn FnMut(&Progress<'_>) -> ControlFlow<()> + 'a;

/// The data sets of these names, or all that can be downloaded for the one name `all`.
///
/// # Errors
/// If one cannot be downloaded.
pub fn names(asked: &[String]) -> Result<Vec<String>, DataError> {
    let known = || sources().iter().map(|source| source.name.clone());
    if asked == ["all"] {
        return Ok(known().collect());
    }
    match asked.iter().find(|name| !known().any(|known| known == **name)) {
        None => Ok(asked.to_vec()),
        Some(name) => Err(DataError::Request(format!(
            "'{name}' cannot be downloaded; these can: {}",
            known().collect::<Vec<_>>().join(", ")
        ))),
    }
}

/// Downloads the data set `name` to its folder under `root`.
///
/// # Errors
/// If the name cannot be downloaded, no address gives the right file, a file under its name is
/// here already with another content, the disk refuses, or the caller stops it. A partial file is
/// kept, to be continued, unless its checksum is wrong.
pub fn fetch(
    name: &str,
    root: &Path,
    progress: &mut OnProgress<'_>,
) -> Result<Vec<Fetched>, DataError> {
    let Some(source) = sources().iter().find(|s| s.name == name) else {
        let known: Vec<&str> = sources().iter().map(|s| s.name.as_str()).collect();
        return Err(DataError::Request(format!(
            "'{name}' cannot be downloaded: {} can; synthetic sets are made on the spot",
            known.join(", ")
        )));
    };
    fetch_source(source, root, progress)
}

/// Downloads the files of a source; [`fetch`] with the source given.
///
/// # Errors
/// As [`fetch`].
pub fn fetch_source(
    source: &Source,
    root: &Path,
    progress: &mut OnProgress<'_>,
) -> Result<Vec<Fetched>, DataError> {
    fetch_patiently(source, root, PATIENCE, progress)
}

/// As [`fetch_source`], with the patience given.
fn fetch_patiently(
    source: &Source,
    root: &Path,
    patience: Patience,
    progress: &mut OnProgress<'_>,
) -> Result<Vec<Fetched>, DataError> {
    let folder = root.join(&source.folder);
    let absent = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let made: Vec<&Path> = folder.ancestors().take_while(absent).collect();
    fs::create_dir_all(&folder).map_err(|e| DataError::io(&folder, "create", e))?;
    let config = Agent::config_builder()
        .timeout_connect(Some(patience.time))
        .timeout_recv_response(Some(patience.time))
        .timeout_per_read(Some(patience.time))
        .http_status_as_error(false)
        .user_agent(concat!("equipoise/", env!("CARGO_PKG_VERSION")));
    let client = Client { agent: Agent::new_with_config(config.build()), patience };
    let fetched: Result<_, _> =
        source.files.iter().map(|file| fetch_file(&client, file, &folder, progress)).collect();
    if fetched.is_err() {
        // Folders made for nothing go again; one with a part of a download in it stays.
        made.iter().for_each(|folder| drop(fs::remove_dir(folder)));
    }
    fetched
}

/// Downloads one file to `folder`, or takes an archive's files out there.
fn fetch_file(
    client: &Client,
    file: &SourceFile,
    folder: &Path,
    progress: &mut OnProgress<'_>,
) -> Result<Fetched, DataError> {
    let path = folder.join(&file.name);
    if !file.unpack.is_empty() && file.unpack.iter().all(|name| folder.join(name).is_file()) {
        return Ok(Fetched { path: folder.to_owned(), already_there: true, address: None });
    }
    let mut address = None;
    if path.exists() {
        if let Some(problem) = mismatch(file, &path)? {
            let problem = format!("the file is here already, but {problem}; move it away");
            return Err(DataError::format(&path, "the whole file", problem));
        }
    } else {
        address = Some(download(client, file, &path, progress)?);
    }
    if file.unpack.is_empty() {
        return Ok(Fetched { path, already_there: address.is_none(), address });
    }
    unpack(&path, folder, &file.unpack)?;
    fs::remove_file(&path).map_err(|e| DataError::io(&path, "remove", e))?;
    Ok(Fetched { path: folder.to_owned(), already_there: false, address })
}

/// Why one attempt at one address ended without a whole file.
enum Trouble {
    /// Nothing more is to be had from this address.
    Address(String),
    /// The connection was cut; what came is in the partial file.
    Cut(String),
    /// Nothing will help.
    Fatal(DataError),
}

/// Downloads a file from the first address that has it; gives that address.
fn download(
    client: &Client,
    file: &SourceFile,
    path: &Path,
    progress: &mut OnProgress<'_>,
) -> Result<String, DataError> {
    let partial = partial_name(path);
    let mut problems = Vec::new();
    for address in &file.addresses {
        // A partial file of unknown origin may be wrong itself; it is given up once.
        let mut inherited = length(&partial) > 0;
        let mut attempts = 0;
        let problem = loop {
            let before = length(&partial);
            match attempt(client, file, address, &partial, progress) {
                Ok(()) => match mismatch(file, &partial)? {
                    None => {
                        fs::rename(&partial, path).map_err(|e| DataError::io(path, "rename", e))?;
                        return Ok(address.clone());
                    }
                    Some(problem) => {
                        remove(&partial)?;
                        if !std::mem::take(&mut inherited) {
                            break problem;
                        }
                    }
                },
                Err(Trouble::Address(problem)) => break problem,
                Err(Trouble::Cut(problem)) => {
                    let came = length(&partial).saturating_sub(before);
                    attempts = if came >= PROGRESS { 0 } else { attempts + 1 };
                    if attempts == ATTEMPTS {
                        break problem;
                    }
                }
                Err(Trouble::Fatal(error)) => return Err(error),
            }
        };
        problems.push((address.clone(), problem));
    }
    let tried = problems.len();
    let (address, problem) = problems.pop().unwrap_or_default();
    let problem = if tried > 1 {
        let others: Vec<String> = problems.iter().map(|(a, why)| format!("{a}: {why}")).collect();
        format!("{problem} (the last of {tried} addresses; before: {})", others.join("; "))
    } else {
        problem
    };
    Err(DataError::Download { address, problem })
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |m| m.len())
}

fn remove(path: &Path) -> Result<(), DataError> {
    fs::remove_file(path).map_err(|e| DataError::io(path, "remove", e))
}

/// Asks one address for what is missing of the partial file.
fn attempt(
    client: &Client,
    file: &SourceFile,
    address: &str,
    partial: &Path,
    progress: &mut OnProgress<'_>,
) -> Result<(), Trouble> {
    let have = length(partial);
    if file.bytes.is_some_and(|bytes| have == bytes) {
        return Ok(());
    }
    let mut request = client.agent.get(address);
    if have > 0 {
        request = request.header("Range", format!("bytes={have}-"));
    }
    let mut response = request.call().map_err(|e| match e {
        ureq::Error::Io(_) | ureq::Error::Timeout(_) | ureq::Error::Protocol(_) => {
            Trouble::Cut(e.to_string())
        }
        e => Trouble::Address(e.to_string()),
    })?;
    let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok());
    let body_length = header("content-length").and_then(|v| v.trim().parse::<u64>().ok());
    let start = match response.status().as_u16() {
        200 => 0,
        206 if content_range_start(header("content-range")) == Some(have) => have,
        status => {
            if have > 0 && (status == 206 || status == 416) {
                // The partial file is not of this file, or the server counts wrongly: start anew.
                remove(partial).map_err(Trouble::Fatal)?;
                return Err(Trouble::Cut(format!("the server cannot continue at byte {have}")));
            }
            return Err(Trouble::Address(format!("the server answers with status {status}")));
        }
    };
    let total = file.bytes.or(body_length.map(|n| start + n));
    let write_error = |e| Trouble::Fatal(DataError::io(partial, "write", e));
    let mut out = OpenOptions::new()
        .create(true)
        .write(true)
        .append(start > 0)
        .truncate(start == 0)
        .open(partial)
        .map_err(write_error)?;
    let mut done = start;
    let patience = client.patience;
    let (mut since, mut before) = (Instant::now(), start);
    let mut buffer = vec![0; 1 << 16];
    let mut body = response.body_mut().as_reader();
    loop {
        if progress(&Progress { file: &file.name, done, total }).is_break() {
            return Err(Trouble::Fatal(DataError::Stopped));
        }
        let n = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(Trouble::Cut(e.to_string())),
        };
        out.write_all(&buffer[..n]).map_err(write_error)?;
        done += n as u64;
        if since.elapsed() >= patience.time {
            let came = done - before;
            if came < patience.least {
                let seconds = since.elapsed().as_secs_f64();
                return Err(Trouble::Cut(format!("only {came} bytes came in {seconds:.0} s")));
            }
            (since, before) = (Instant::now(), done);
        }
        if file.bytes.is_some_and(|bytes| done > bytes) {
            drop(out);
            remove(partial).map_err(Trouble::Fatal)?;
            return Err(Trouble::Address(format!(
                "more than the {} bytes of the official file",
                file.bytes.unwrap_or_default()
            )));
        }
    }
    if let Some(total) = total.filter(|&total| done < total) {
        return Err(Trouble::Cut(format!("the connection ended after {done} of {total} bytes")));
    }
    out.sync_all().map_err(write_error)
}

/// The first byte of `Content-Range: bytes FIRST-LAST/TOTAL`.
fn content_range_start(value: Option<&str>) -> Option<u64> {
    value?.trim().strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

/// Takes the files called `names` out of a zip or a gzipped tar archive into `folder`, whatever
/// folder they have in it. Nothing else is written.
fn unpack(archive: &Path, folder: &Path, names: &[String]) -> Result<(), DataError> {
    let damaged = |e: io::Error| DataError::format(archive, "the archive", e.to_string());
    let file = File::open(archive).map_err(|e| DataError::io(archive, "open", e))?;
    let file = io::BufReader::new(file);
    let wanted = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        names.contains(&name).then_some(name)
    };
    let mut found = 0;
    if archive.extension().is_some_and(|ending| ending == "zip") {
        let mut zip = zip::ZipArchive::new(file).map_err(|e| damaged(e.into()))?;
        for i in 0..zip.len() {
            let mut entry = zip.by_index(i).map_err(|e| damaged(e.into()))?;
            let name = entry.enclosed_name().and_then(wanted);
            if let (Some(name), true) = (name, entry.is_file()) {
                take_out(&mut entry, &folder.join(name)).map_err(|e| e.unwrap_or_else(damaged))?;
                found += 1;
            }
        }
    } else {
        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(file));
        for entry in tar.entries().map_err(damaged)? {
            let mut entry = entry.map_err(damaged)?;
            let name = wanted(&entry.path().map_err(damaged)?);
            if let (Some(name), true) = (name, entry.header().entry_type().is_file()) {
                take_out(&mut entry, &folder.join(name)).map_err(|e| e.unwrap_or_else(damaged))?;
                found += 1;
            }
        }
    }
    if found < names.len() {
        let problem = format!("{found} of the files {}, expected all", names.join(", "));
        return Err(DataError::format(archive, "the archive", problem));
    }
    Ok(())
}

/// Why a file was not taken out of an archive.
enum NotTaken {
    /// The archive cannot be read on.
    Archive(io::Error),
    /// The disk refused.
    Disk(DataError),
}

impl NotTaken {
    fn unwrap_or_else(self, damaged: impl FnOnce(io::Error) -> DataError) -> DataError {
        match self {
            NotTaken::Archive(e) => damaged(e),
            NotTaken::Disk(e) => e,
        }
    }
}

/// Writes an entry of an archive as the file `target`.
fn take_out(entry: &mut dyn Read, target: &Path) -> Result<(), NotTaken> {
    let partial = partial_name(target);
    let disk = |path: &Path, action, e| NotTaken::Disk(DataError::io(path, action, e));
    let mut out = File::create(&partial).map_err(|e| disk(&partial, "create", e))?;
    io::copy(entry, &mut out).map_err(NotTaken::Archive)?;
    out.sync_all().map_err(|e| disk(&partial, "write", e))?;
    fs::rename(&partial, target).map_err(|e| disk(target, "rename", e))
}
