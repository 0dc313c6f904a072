//! Which process makes a unit: the one that created the file of its claim.
//!
//! A claim is renewed while its process lives. One that was not renewed for long is of a dead
//! process, and so is one of this machine whose process is gone; both are taken over. Ages are told
//! by the clock of the file system alone: a fresh file is compared with the claim, so machines may
//! have any time they like. Two processes may still come to make one unit, such as after a pause of
//! the first: then both write equal bytes.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::sweep_error::SweepError;

/// The folder of claims in a run directory.
pub(super) const FOLDER: &str = "claims";

/// How long a claim holds that is not renewed; it is renewed four times in that time.
pub const CLAIM_EXPIRY: Duration = Duration::from_secs(120);

/// Who has claimed a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Owner {
    host: String,
    pid: u32,
    /// When the process began, as the machine counts it: process ids are used again.
    began: Option<u64>,
    /// Told for people; no decision rests on it.
    claimed: String,
    /// No other claim has it.
    token: String,
}

impl Owner {
    /// Whether it is a process of this machine that is not there any more.
    fn is_gone(&self, host: &str) -> bool {
        self.host == host
            && self.began.is_some()
            && cfg!(target_os = "linux")
            && beginning(self.pid) != self.began
    }
}

/// Whether processes make units of the run in `dir` now, as far as a look tells: nothing is written,
/// so the age of a claim of another machine is told by the clock of this one.
pub fn is_under_way(dir: &Path) -> bool {
    let Ok(entries) = fs::read_dir(dir.join(FOLDER)) else {
        return false;
    };
    let host = host();
    entries.flatten().any(|entry| {
        let path = entry.path();
        let Ok(text) = fs::read_to_string(&path) else {
            return false;
        };
        let owner: Option<Owner> = serde_json::from_str(&text).ok();
        let fresh = || {
            let age = modified(&path).map(|time| time.elapsed().unwrap_or_default());
            age.is_ok_and(|age| age < CLAIM_EXPIRY)
        };
        owner.is_some_and(|owner| !owner.is_gone(&host)) && fresh()
    })
}

/// The claims of one process, renewed until it ends.
#[derive(Debug)]
pub(super) struct Claims {
    folder: PathBuf,
    expiry: Duration,
    owner: Owner,
    held: Arc<Mutex<BTreeMap<String, PathBuf>>>,
    /// A time of the file system, and when it was read.
    clock: Mutex<Option<(Instant, SystemTime)>>,
    renewal: Option<(Sender<()>, JoinHandle<()>)>,
}

/// What stands in the way of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claimed {
    /// Nothing: the unit is ours now.
    Ours,
    /// A process that lives.
    Taken,
}

impl Claims {
    /// Those in a run directory.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn open(dir: &Path, expiry: Duration) -> Result<Self, SweepError> {
        let folder = dir.join(FOLDER);
        fs::create_dir_all(&folder).map_err(|e| wrong(&folder, &e))?;
        let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
        let pid = std::process::id();
        let owner = Owner {
            host: host(),
            pid,
            began: beginning(pid),
            claimed: equipoise_report::utc_now(),
            token: format!("{pid:x}-{nanoseconds:x}"),
        };
        let held: Arc<Mutex<BTreeMap<String, PathBuf>>> = Arc::default();
        let (stop, stopped) = channel();
        let (renewed, body) = (held.clone(), text_of(&owner));
        let renew = move || {
            while stopped.recv_timeout(expiry / 4) == Err(RecvTimeoutError::Timeout) {
                for path in lock(&renewed).values() {
                    renew(path, &body);
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("claims".into())
            .spawn(renew)
            .map_err(|e| wrong(&folder, &e))?;
        let (clock, renewal) = (Mutex::default(), Some((stop, thread)));
        Ok(Self { folder, expiry, owner, held, clock, renewal })
    }

    /// Claims a unit.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn claim(&self, key: &str) -> Result<Claimed, SweepError> {
        let path = self.folder.join(file_name(key));
        loop {
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    let written = file.write_all(text_of(&self.owner).as_bytes());
                    if let Err(error) = written {
                        let _ = fs::remove_file(&path);
                        return Err(wrong(&path, &error));
                    }
                    lock(&self.held).insert(key.to_owned(), path);
                    return Ok(Claimed::Ours);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(wrong(&path, &error)),
            }
            match self.is_alive(&path)? {
                true => return Ok(Claimed::Taken),
                false => self.take_over(&path)?,
            }
        }
    }

    /// Whether a unit is claimed by a process that lives.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn is_claimed(&self, key: &str) -> Result<bool, SweepError> {
        self.is_alive(&self.folder.join(file_name(key)))
    }

    /// What tells this process from all others.
    pub(super) fn token(&self) -> &str {
        &self.owner.token
    }

    /// Gives a unit up, made or not.
    pub(super) fn release(&self, key: &str) {
        let path = lock(&self.held).remove(key);
        if let Some(path) = path.filter(|path| self.owns(path)) {
            // One that is already gone is released.
            let _ = fs::remove_file(path);
        }
    }

    fn owns(&self, path: &Path) -> bool {
        fs::read_to_string(path).is_ok_and(|text| text == text_of(&self.owner))
    }

    fn is_alive(&self, path: &Path) -> Result<bool, SweepError> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            read => read.map_err(|e| wrong(path, &e))?,
        };
        let owner: Option<Owner> = serde_json::from_str(&text).ok();
        if owner.is_some_and(|owner| owner.is_gone(&self.owner.host)) {
            return Ok(false);
        }
        let renewed = match modified(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            time => time.map_err(|e| wrong(path, &e))?,
        };
        let now = self.now()?;
        Ok(now.duration_since(renewed).unwrap_or_default() < self.expiry)
    }

    /// Removes the claim of a dead process: under another name, so that only one of those who want
    /// it removes it; and back again if it was renewed meanwhile.
    fn take_over(&self, path: &Path) -> Result<(), SweepError> {
        let before = fs::read_to_string(path).ok();
        let aside = self.folder.join(format!(".{}", self.owner.token));
        match fs::rename(path, &aside) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            renamed => renamed.map_err(|e| wrong(path, &e))?,
        }
        if fs::read_to_string(&aside).ok() != before {
            // Another process has taken it over since we looked: it is that one's.
            let _ = fs::hard_link(&aside, path);
        }
        let _ = fs::remove_file(&aside);
        Ok(())
    }

    /// The time of the file system: that of a file that was written a moment ago.
    fn now(&self) -> Result<SystemTime, SweepError> {
        let mut clock = lock(&self.clock);
        let (read, time) = match *clock {
            Some(known) if known.0.elapsed() < self.expiry / 4 => known,
            _ => *clock.insert((Instant::now(), self.written_now()?)),
        };
        Ok(time + read.elapsed())
    }

    fn written_now(&self) -> Result<SystemTime, SweepError> {
        let path = self.folder.join(format!(".now-{}", self.owner.token));
        let written = File::create(&path).and_then(|mut file| file.write_all(b"."));
        let time = written.and_then(|()| modified(&path)).map_err(|e| wrong(&path, &e));
        let _ = fs::remove_file(&path);
        time
    }
}

impl Drop for Claims {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.renewal.take() {
            drop(stop);
            let _ = thread.join();
        }
        let keys: Vec<String> = lock(&self.held).keys().cloned().collect();
        keys.iter().for_each(|key| self.release(key));
    }
}

/// Writes a claim anew, so that the file system gives it its time. One that was taken over is not
/// made again.
fn renew(path: &Path, body: &str) {
    if fs::read_to_string(path).is_ok_and(|text| text == body)
        && let Ok(mut file) = OpenOptions::new().write(true).open(path)
    {
        // If this fails until the claim expires, another process does the work again.
        let _ = file.write_all(body.as_bytes());
    }
}

fn modified(path: &Path) -> std::io::Result<SystemTime> {
    fs::metadata(path)?.modified()
}

fn text_of(owner: &Owner) -> String {
    // A struct of numbers and text always has a JSON form.
    serde_json::to_string(owner).unwrap_or_default() + "\n"
}

/// The name of the claim of a unit.
pub(super) fn file_name(key: &str) -> String {
    key.replace('/', "~")
}

/// The unit of a name of a claim, if it is one.
pub(super) fn key_of(name: &str) -> Option<String> {
    (!name.starts_with('.')).then(|| name.replace('~', "/"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A map of paths is sound after a panic elsewhere.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wrong(path: &Path, error: &std::io::Error) -> SweepError {
    SweepError::File { path: path.to_owned(), reason: error.to_string() }
}

/// The name of this machine, with what tells its starts apart.
fn host() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let boot = read("/proc/sys/kernel/random/boot_id");
    match read("/proc/sys/kernel/hostname") {
        name if name.is_empty() => std::env::var("HOSTNAME").unwrap_or_default(),
        name => format!("{name} {}", boot.get(..8).unwrap_or_default()),
    }
}

/// When a process of this machine began, in ticks since the start of the machine; none if there is
/// no such process, or this is not Linux.
fn beginning(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold spaces; the time is the 20th field after it.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    // What is dead and not yet waited for makes nothing any more.
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    fn claims(dir: &Path, expiry: Duration) -> Claims {
        Claims::open(dir, expiry).unwrap()
    }

    /// A claim as a process of another machine would have left it.
    fn foreign(dir: &Path, key: &str) -> PathBuf {
        let owner = Owner {
            host: "elsewhere".into(),
            pid: 1,
            began: Some(1),
            claimed: String::new(),
            token: "x".into(),
        };
        let path = dir.join(FOLDER).join(file_name(key));
        fs::create_dir_all(dir.join(FOLDER)).unwrap();
        fs::write(&path, text_of(&owner)).unwrap();
        path
    }

    fn age(path: &Path, by: Duration) {
        let file = OpenOptions::new().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - by).unwrap();
    }

    #[test]
    fn one_of_two_processes_has_a_unit() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (claims(dir.path(), LONG), claims(dir.path(), LONG));
        assert_eq!(a.claim("cells/1").unwrap(), Claimed::Ours);
        assert_eq!(b.claim("cells/1").unwrap(), Claimed::Taken);
        assert!(b.is_claimed("cells/1").unwrap() && !b.is_claimed("cells/2").unwrap());
        a.release("cells/1");
        assert_eq!(b.claim("cells/1").unwrap(), Claimed::Ours);
        // What is not ours is not released.
        a.release("cells/1");
        assert_eq!(a.claim("cells/1").unwrap(), Claimed::Taken);
        drop(b);
        assert_eq!(a.claim("cells/1").unwrap(), Claimed::Ours);
    }

    #[test]
    fn a_claim_that_is_not_renewed_expires() {
        let dir = tempfile::tempdir().unwrap();
        let path = foreign(dir.path(), "a");
        let claims = claims(dir.path(), LONG);
        assert_eq!(claims.claim("a").unwrap(), Claimed::Taken);
        age(&path, LONG - Duration::from_secs(60));
        assert_eq!(claims.claim("a").unwrap(), Claimed::Taken);
        age(&path, LONG + Duration::from_secs(1));
        assert_eq!(claims.claim("a").unwrap(), Claimed::Ours);
        // From the future, as a file system with a wrong clock may have it: it is fresh.
        let path = foreign(dir.path(), "b");
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() + LONG).unwrap();
        assert_eq!(claims.claim("b").unwrap(), Claimed::Taken);
    }

    #[test]
    fn a_claim_is_renewed_while_its_process_lives() {
        let dir = tempfile::tempdir().unwrap();
        let held = claims(dir.path(), Duration::from_millis(400));
        assert_eq!(held.claim("a").unwrap(), Claimed::Ours);
        let path = dir.path().join(FOLDER).join("a");
        age(&path, LONG);
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(claims(dir.path(), LONG).claim("a").unwrap(), Claimed::Taken);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_claim_of_a_process_that_is_gone_is_taken_over_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let owner = Owner {
            host: host(),
            pid: child.id(),
            began: beginning(child.id()),
            claimed: String::new(),
            token: "y".into(),
        };
        fs::create_dir_all(dir.path().join(FOLDER)).unwrap();
        fs::write(dir.path().join(FOLDER).join("a"), text_of(&owner)).unwrap();
        let claims = claims(dir.path(), LONG);
        assert_eq!(claims.claim("a").unwrap(), Claimed::Taken);
        assert!(is_under_way(dir.path()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!is_under_way(dir.path()));
        assert_eq!(claims.claim("a").unwrap(), Claimed::Ours);
        assert!(is_under_way(dir.path()));
        claims.release("a");
        assert!(!is_under_way(dir.path()) && !is_under_way(Path::new("nowhere")));
    }
}
