//! A plan on disk: the units of a study, in tasks and stages.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use equipoise_report::{RunDir, RunRecord};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::cost::duration;
use crate::sweep_error::SweepError;
use crate::{OrStudyError, StudyError};

/// The list of the units.
pub(super) const TASKS_FILE: &str = "tasks.csv";
/// What is known of the list.
pub(super) const PLAN_FILE: &str = "plan.json";
const HEADING: [&str; 7] = ["index", "task", "stage", "key", "seed", "seconds", "made_from"];
/// The form of the files; another number is another form.
const FORM: u32 = 1;

/// The program that plans or works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its version.
    pub version: String,
    /// Commit that it was built from, if known.
    pub commit: Option<String>,
}

impl std::fmt::Display for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.commit {
            Some(commit) => {
                write!(f, "{} (commit {})", self.version, commit.get(..12).unwrap_or(commit))
            }
            None => f.write_str(&self.version),
        }
    }
}

/// A unit of work of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedUnit {
    /// Its key.
    pub key: String,
    /// The task that makes it, from 0.
    pub task: usize,
    /// The stage, from 1: it depends on units of the stages before.
    pub stage: usize,
    /// The seed of its random numbers.
    pub seed: u64,
    /// Seconds that it is expected to take one core.
    pub seconds: f64,
    /// Digest of all that it is made from.
    pub made_from: String,
}

/// The units of a study.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// In the order in which the study comes to them; the tasks follow each other.
    pub units: Vec<PlannedUnit>,
    /// Bytes of memory that a task is expected to need.
    pub memory: u64,
}

/// The content of `plan.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    form: u32,
    units: usize,
    tasks: usize,
    stages: usize,
    memory: u64,
    sha256: String,
}

impl Plan {
    /// The number of tasks.
    pub fn tasks(&self) -> usize {
        self.units.last().map_or(0, |unit| unit.task + 1)
    }

    /// The number of stages.
    pub fn stages(&self) -> usize {
        self.units.last().map_or(0, |unit| unit.stage)
    }

    /// In a line: how many `units` (or points, or what they are) it has, and how long they take.
    pub fn in_words(&self, units: &str) -> String {
        let seconds: f64 = self.units.iter().map(|unit| unit.seconds).sum();
        let tasks = self.tasks();
        let (all, one) = (duration(seconds), duration(seconds / tasks.max(1) as f64));
        let count = self.units.len();
        format!("{count} {units} in {tasks} tasks, {all} of one core as expected, {one} a task")
    }

    /// The units of a task.
    ///
    /// # Errors
    /// [`SweepError::NoSuchTask`].
    pub fn of_task(&self, task: usize) -> Result<std::ops::Range<usize>, SweepError> {
        let start = self.units.partition_point(|unit| unit.task < task);
        let end = self.units.partition_point(|unit| unit.task <= task);
        match start < end {
            true => Ok(start..end),
            false => Err(SweepError::NoSuchTask { task, tasks: self.tasks() }),
        }
    }

    /// Writes it into its run directory.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self, dir: &RunDir) -> Result<(), StudyError> {
        let text = self.to_csv()?;
        let header = Header {
            form: FORM,
            units: self.units.len(),
            tasks: self.tasks(),
            stages: self.stages(),
            memory: self.memory,
            sha256: sha256(&text),
        };
        dir.write_file(TASKS_FILE, &text)?;
        dir.write_json(PLAN_FILE, &header)?;
        Ok(())
    }

    /// The plan in a run directory, with the record of the run; `program` has to be the one that
    /// made it, if it is given.
    ///
    /// # Errors
    /// [`SweepError::NotAPlan`], [`SweepError::Changed`], [`SweepError::OtherProgram`], and those
    /// of the run directory.
    pub fn read(dir: &Path, program: Option<&Program>) -> Result<(Self, RunRecord), StudyError> {
        let record = RunDir::stored_record(dir)?;
        let not_a_plan = |reason: String| SweepError::NotAPlan { path: dir.to_owned(), reason };
        let read = |name: &str| {
            let path = dir.join(name);
            std::fs::read_to_string(&path).map_err(|e| match e.kind() {
                std::io::ErrorKind::NotFound => not_a_plan(format!("it has no {name}")),
                _ => SweepError::File { path, reason: e.to_string() },
            })
        };
        let header: Header = serde_json::from_str(&read(PLAN_FILE)?)
            .map_err(|e| not_a_plan(format!("{PLAN_FILE} cannot be read: {e}")))?;
        if header.form != FORM {
            let reason = format!("it is of form {}, and {FORM} is known", header.form);
            return Err(not_a_plan(reason).into());
        }
        let text = read(TASKS_FILE)?;
        let changed = || SweepError::Changed { path: dir.to_owned(), file: TASKS_FILE.to_owned() };
        if sha256(text.as_bytes()) != header.sha256 {
            return Err(changed().into());
        }
        let planned = Program { version: record.version.clone(), commit: record.commit.clone() };
        if let Some(here) = program.filter(|here| **here != planned) {
            return Err(SweepError::OtherProgram {
                path: dir.to_owned(),
                planned: planned.to_string(),
                here: here.to_string(),
            }
            .into());
        }
        let units = from_csv(&text).ok_or_else(changed)?;
        Ok((Self { units, memory: header.memory }, record))
    }

    fn to_csv(&self) -> Result<Vec<u8>, StudyError> {
        let mut writer = csv::Writer::from_writer(Vec::with_capacity(96 * self.units.len()));
        writer.write_record(HEADING).or_failed()?;
        for (index, unit) in self.units.iter().enumerate() {
            let PlannedUnit { key, task, stage, seed, seconds, made_from } = unit;
            let numbers = [index, *task, *stage].map(|number| number.to_string());
            let (seed, seconds) = (seed.to_string(), format!("{seconds:.6}"));
            let fields = [&numbers[0], &numbers[1], &numbers[2], key, &seed, &seconds, made_from];
            writer.write_record(fields).or_failed()?;
        }
        writer.into_inner().or_failed()
    }
}

/// The units of `tasks.csv`; none if it is not what [`Plan::write`] wrote.
fn from_csv(text: &str) -> Option<Vec<PlannedUnit>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    if reader.headers().ok()? != HEADING.as_slice() {
        return None;
    }
    let mut units = Vec::new();
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).ok()? {
        let [_, task, stage, key, seed, seconds, made_from] = std::array::from_fn(|k| row.get(k));
        units.push(PlannedUnit {
            task: task?.parse().ok()?,
            stage: stage?.parse().ok()?,
            key: key?.to_owned(),
            seed: seed?.parse().ok()?,
            seconds: seconds?.parse().ok()?,
            made_from: made_from?.to_owned(),
        });
    }
    Some(units)
}

/// The file of a unit in its run directory.
pub(super) fn unit_path(dir: &Path, key: &str) -> PathBuf {
    dir.join(format!("{key}.json"))
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
