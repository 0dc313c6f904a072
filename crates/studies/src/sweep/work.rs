//! One process at its share of the units.

use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use equipoise_report::RunDir;

use super::claims::{self, CLAIM_EXPIRY, Claimed, Claims};
use super::plan::{Plan, unit_path};
use super::remarks::Remarks;
use super::tasks::Tasks;
use crate::context::{Division, Share, Stage, Unit, digest_of};
use crate::sweep_error::SweepError;
use crate::{Context, Event, Identity, Memory, Observer, Study, StudyError};

/// The folder of reasons why units could not be made.
pub(super) const FAILURES: &str = "failures";
/// The folder of the seconds that units took.
const TIMES: &str = "times";
/// How often it is looked whether another process has made what is waited for.
const LOOK: Duration = Duration::from_millis(500);

/// Which units of a plan are for a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assignment {
    /// Those of a task, from 0.
    Task(usize),
    /// One of several equal parts of what the plan has in its last stage.
    Share {
        /// Which, from 1.
        index: usize,
        /// Of how many.
        count: usize,
    },
}

impl Assignment {
    /// The places of its units in the plan.
    fn of(self, plan: &Plan) -> Result<std::ops::Range<usize>, SweepError> {
        let (index, count) = match self {
            Self::Task(task) => return plan.of_task(task),
            Self::Share { index, count } => (index, count),
        };
        if index == 0 || index > count {
            return Err(SweepError::NoSuchShare { index, count });
        }
        let stage = plan.stages();
        let first = plan.units.partition_point(|unit| unit.stage < stage);
        let seconds: Vec<f64> = plan.units[first..].iter().map(|unit| unit.seconds).collect();
        let parts = Tasks::Count(count).assign(&seconds);
        let start = parts.partition_point(|&part| part < index - 1);
        let end = parts.partition_point(|&part| part < index);
        Ok(first + start..first + end)
    }
}

/// What a process did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worked {
    /// Units that it made.
    pub made: usize,
    /// Units of its share, all of which are there now.
    pub units: usize,
}

/// Makes the units of a share of a plan that are not there yet, in the run directory `dir`; `root`
/// is the folder of the data sets. Units that other processes are making are waited for, so that
/// the share is whole at the end.
///
/// # Errors
/// As the study; [`SweepError::Failed`] for units that could not be made, after the others were;
/// [`SweepError::MadeFromOther`] if the data are not those that were planned.
pub fn work<S: Study>(
    dir: &Path,
    root: &Path,
    plan: &Plan,
    assignment: Assignment,
    observer: &dyn Observer,
) -> Result<Worked, StudyError> {
    let range = assignment.of(plan)?;
    let run = RunDir::join(dir, S::NAME)?;
    let units = &plan.units[range];
    let there = |key: &str| unit_path(dir, key).is_file();
    if units.iter().all(|unit| there(&unit.key)) {
        return Ok(Worked { made: 0, units: units.len() });
    }
    let settings: S::Settings = RunDir::stored_config(dir)?;
    let inputs = S::open(&settings, root)?;
    let outside = Context::new(observer, Memory::default());
    let stage = outside.stage(&format!("{} units", units.len()), units.len() as u64)?;
    let share = Worker {
        dir,
        planned: units.iter().map(|unit| (unit.key.as_str(), unit.made_from.as_str())).collect(),
        reads: units.iter().any(|unit| unit.stage > 1),
        claims: Claims::open(dir, CLAIM_EXPIRY)?,
        state: Mutex::default(),
        stage,
    };
    loop {
        let context = Context::new(Remarks(observer), &run).divided(&share);
        match S::run(&settings, &inputs, &context) {
            Ok(_) | Err(StudyError::Deferred) => {}
            Err(error) => return Err(error),
        }
        let waiting: Vec<&str> = {
            let state = share.state();
            if let Some((key, reason)) = state.failed.first() {
                let (count, key, reason) = (state.failed.len(), key.clone(), reason.clone());
                return Err(SweepError::Failed { count, of: units.len(), key, reason }.into());
            }
            let left = units.iter().map(|unit| unit.key.as_str());
            let left: Vec<&str> = left.filter(|key| !state.done.contains(*key)).collect();
            if left.is_empty() {
                return Ok(Worked { made: state.made, units: units.len() });
            }
            if let Some(key) = left.iter().find(|key| !state.asked.contains(**key)) {
                return Err(SweepError::NotReady { key: (*key).to_owned() }.into());
            }
            left
        };
        share.wait(&waiting, observer)?;
    }
}

/// A process at its share.
struct Worker<'a> {
    dir: &'a Path,
    /// The digests of what its units are made from.
    planned: HashMap<&'a str, &'a str>,
    /// Whether they depend on other units.
    reads: bool,
    claims: Claims,
    state: Mutex<State>,
    stage: Stage<'a>,
}

#[derive(Default)]
struct State {
    asked: HashSet<String>,
    done: HashSet<String>,
    /// Those that were there when they were to be made: damaged, or made by another just then.
    doubtful: HashSet<String>,
    failed: Vec<(String, String)>,
    made: usize,
    times: Option<std::fs::File>,
}

impl Worker<'_> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finished(&self, key: &str) -> Result<(), StudyError> {
        if self.state().done.insert(key.to_owned()) {
            // One of an earlier try.
            let _ = std::fs::remove_file(failure_path(self.dir, key));
            self.stage.advance(1)?;
        }
        Ok(())
    }

    /// Waits until one of these units is there, or is nobody's any more.
    fn wait(&self, keys: &[&str], observer: &dyn Observer) -> Result<(), StudyError> {
        let _ = observer.observe(&Event::Remark(&format!(
            "waiting for another process that makes {}",
            keys.first().unwrap_or(&"")
        )));
        loop {
            for key in keys {
                if unit_path(self.dir, key).is_file() || !self.claims.is_claimed(key)? {
                    return Ok(());
                }
            }
            let until = Instant::now() + LOOK;
            while Instant::now() < until {
                if observer.observe(&Event::Poll).is_break() {
                    return Err(StudyError::Stopped);
                }
                std::thread::sleep(LOOK / 10);
            }
        }
    }

    /// Adds to the file of the times of this process.
    fn time(&self, key: &str, seconds: f64) {
        let mut state = self.state();
        if state.times.is_none() {
            let folder = self.dir.join(TIMES);
            let name = format!("{}.csv", self.claims.token());
            let file = std::fs::create_dir_all(&folder)
                .and_then(|()| std::fs::File::create(folder.join(name)));
            state.times = file.ok();
        }
        if let Some(file) = &mut state.times {
            // Nothing depends on times; on a full disk the unit itself has failed.
            let _ = writeln!(file, "{key},{seconds:.3}");
        }
    }
}

impl Division for Worker<'_> {
    fn ask(&self, unit: &Unit<'_>, made_from: &Identity) -> Result<Share, StudyError> {
        let Some(planned) = self.planned.get(unit.key) else {
            return Ok(if self.reads { Share::There } else { Share::Elsewhere });
        };
        let here = digest_of(made_from);
        if here != *planned {
            let (key, planned) = (unit.key.to_owned(), (*planned).to_owned());
            return Err(SweepError::MadeFromOther { key, planned, here }.into());
        }
        let mut state = self.state();
        state.asked.insert(unit.key.to_owned());
        let failed = state.failed.iter().any(|(key, _)| key == unit.key);
        Ok(if failed { Share::Elsewhere } else { Share::Here })
    }

    fn found(&self, key: &str) {
        // A request to stop is heard at the next unit.
        let _ = self.finished(key);
    }

    fn begin(&self, key: &str) -> Result<bool, StudyError> {
        if self.claims.claim(key)? == Claimed::Taken {
            return Ok(false);
        }
        // Another process may have made it after it was looked for; if it is still not to be used
        // the next time, it is damaged.
        if unit_path(self.dir, key).is_file() && self.state().doubtful.insert(key.to_owned()) {
            self.claims.release(key);
            return Ok(false);
        }
        Ok(true)
    }

    fn end(&self, key: &str, seconds: f64, error: Option<StudyError>) -> Result<(), StudyError> {
        let outcome = match error {
            None => {
                self.time(key, seconds);
                self.state().made += 1;
                self.finished(key)
            }
            Some(StudyError::Failed(reason)) => {
                let path = failure_path(self.dir, key);
                // Told again by the task itself, if it cannot be written.
                let _ = equipoise_report::atomic_write(&path, format!("{reason}\n").as_bytes());
                self.state().failed.push((key.to_owned(), reason));
                Err(StudyError::Deferred)
            }
            Some(error) => Err(error),
        };
        self.claims.release(key);
        outcome
    }
}

/// Where it is said why a unit could not be made.
pub(super) fn failure_path(dir: &Path, key: &str) -> PathBuf {
    dir.join(FAILURES).join(claims::file_name(key))
}
