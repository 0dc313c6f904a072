//! How far a plan is done, told by names of files alone.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use super::claims::{self, CLAIM_EXPIRY, Claims};
use super::plan::{Plan, PlannedUnit};
use super::work::{FAILURES, failure_path};
use crate::StudyError;
use crate::cost::duration;
use crate::sweep_error::SweepError;

/// The most units of one kind that are named.
const NAMED: usize = 10;

/// A unit that could not be made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failure {
    /// Its key.
    pub key: String,
    /// Its task.
    pub task: usize,
    /// Why.
    pub reason: String,
}

/// How far a plan is done.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Status {
    /// Units planned.
    pub units: usize,
    /// Units done.
    pub done: usize,
    /// Units that a process is making.
    pub under_way: usize,
    /// Units whose last try failed, and why.
    pub failed: Vec<Failure>,
    /// The keys of the units that are not done.
    pub missing: Vec<String>,
    /// Tasks planned.
    pub tasks: usize,
    /// Tasks that have units to be made.
    pub tasks_left: Vec<usize>,
    /// Stages planned so far.
    pub stages: usize,
    /// Seconds that one core is expected to need for what is missing.
    pub seconds_left: f64,
    /// Seconds that one core is expected to need for all.
    pub seconds: f64,
}

impl Status {
    /// Of a plan in a run directory.
    ///
    /// # Errors
    /// If a folder cannot be read.
    pub fn of(dir: &Path, plan: &Plan) -> Result<Self, StudyError> {
        let there = Units::of(dir, plan)?;
        let missing: Vec<&PlannedUnit> =
            plan.units.iter().filter(|unit| !there.has(&unit.key)).collect();
        let claimed = names(&dir.join(claims::FOLDER))?;
        let claimed: HashSet<String> =
            claimed.iter().filter_map(|name| claims::key_of(name)).collect();
        let mut under_way = 0;
        if missing.iter().any(|unit| claimed.contains(&unit.key)) {
            let claims = Claims::open(dir, CLAIM_EXPIRY)?;
            for unit in missing.iter().filter(|unit| claimed.contains(&unit.key)) {
                under_way += usize::from(claims.is_claimed(&unit.key)?);
            }
        }
        let tried = names(&dir.join(FAILURES))?;
        let failed = missing
            .iter()
            .filter(|unit| tried.contains(&claims::file_name(&unit.key)))
            .map(|unit| {
                let text = std::fs::read_to_string(failure_path(dir, &unit.key));
                let reason = text.unwrap_or_default().trim().to_owned();
                Failure { key: unit.key.clone(), task: unit.task, reason }
            })
            .collect();
        let mut tasks_left: Vec<usize> = missing.iter().map(|unit| unit.task).collect();
        tasks_left.dedup();
        Ok(Self {
            units: plan.units.len(),
            done: plan.units.len() - missing.len(),
            under_way,
            failed,
            tasks: plan.tasks(),
            tasks_left,
            stages: plan.stages(),
            seconds_left: missing.iter().map(|unit| unit.seconds).sum(),
            seconds: plan.units.iter().map(|unit| unit.seconds).sum(),
            missing: missing.into_iter().map(|unit| unit.key.clone()).collect(),
        })
    }

    /// In a few lines.
    pub fn to_text(&self) -> String {
        let Self { units, done, under_way, failed, seconds_left, .. } = self;
        let mut text = format!("{done} of {units} units are done, {under_way} under way\n");
        if *done < *units {
            let (left, time) = (units - done, duration(*seconds_left));
            let _ = writeln!(text, "left: {left} units, {time} of one core as expected");
            let _ = writeln!(text, "tasks: {}", ranges(&self.tasks_left));
        }
        for Failure { key, task, reason } in failed.iter().take(NAMED) {
            let _ = writeln!(text, "failed: {key} (task {task}): {reason}");
        }
        if failed.len() > NAMED {
            let _ = writeln!(text, "failed: {} more", failed.len() - NAMED);
        }
        text
    }

    /// That everything is done.
    ///
    /// # Errors
    /// [`SweepError::Incomplete`].
    pub fn complete(&self, dir: &Path) -> Result<(), SweepError> {
        if self.missing.is_empty() {
            return Ok(());
        }
        Err(SweepError::Incomplete {
            path: dir.to_owned(),
            missing: self.missing.clone(),
            of: self.units,
            tasks: ranges(&self.tasks_left),
            failed: self.failed.len(),
            failure: self.failed.first().map(|f| format!("{}: {}", f.key, f.reason)),
        })
    }
}

/// The files of units that are there, folder by folder.
struct Units {
    folders: HashMap<String, HashSet<String>>,
}

impl Units {
    fn of(dir: &Path, plan: &Plan) -> Result<Self, SweepError> {
        let mut folders = HashMap::new();
        let mut last = None;
        for unit in &plan.units {
            let (folder, _) = parts(&unit.key);
            // Units of a folder mostly follow each other.
            if last != Some(folder) && !folders.contains_key(folder) {
                folders.insert(folder.to_owned(), names(&dir.join(folder))?);
            }
            last = Some(folder);
        }
        Ok(Self { folders })
    }

    fn has(&self, key: &str) -> bool {
        let (folder, name) = parts(key);
        self.folders.get(folder).is_some_and(|names| names.contains(&format!("{name}.json")))
    }
}

fn parts(key: &str) -> (&str, &str) {
    key.rsplit_once('/').unwrap_or(("", key))
}

/// The names in a folder; none if it is not there.
fn names(folder: &Path) -> Result<HashSet<String>, SweepError> {
    let wrong =
        |e: std::io::Error| SweepError::File { path: folder.to_owned(), reason: e.to_string() };
    let entries = match std::fs::read_dir(folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(HashSet::new()),
        entries => entries.map_err(wrong)?,
    };
    entries
        .map(|entry| Ok(entry.map_err(wrong)?.file_name().to_string_lossy().into_owned()))
        .collect()
}

/// Numbers in ascending order as engines write arrays: `0-3,7`.
pub fn ranges(numbers: &[usize]) -> String {
    let mut runs: BTreeMap<usize, usize> = BTreeMap::new();
    let mut start = None;
    for &number in numbers {
        match start {
            Some(first) if runs.get(&first).is_some_and(|&last| last + 1 == number) => {
                runs.insert(first, number);
            }
            _ => {
                start = Some(number);
                runs.insert(number, number);
            }
        }
    }
    let text = runs.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    text.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_become_ranges() {
        assert_eq!(super::ranges(&[0, 1, 2, 5, 7, 8]), "0-2,5,7-8");
        assert_eq!(super::ranges(&[]), "");
    }
}
