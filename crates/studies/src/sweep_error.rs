//! Why a plan cannot be used, or is not done.

use std::path::PathBuf;

/// Why a plan cannot be used, or is not done.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// A run directory that is none of a plan.
    #[error("{}: not a plan of a study: {reason}", path.display())]
    NotAPlan {
        /// The directory.
        path: PathBuf,
        /// What is missing or unreadable.
        reason: String,
    },
    /// The list of units is not the one that was planned.
    #[error("{}: {file} was changed since the study was planned; put it back, or plan anew", path.display())]
    Changed {
        /// The directory.
        path: PathBuf,
        /// The file.
        file: String,
    },
    /// Another version of the program made the plan.
    #[error(
        "{}: planned by {planned}; this is {here}, whose results may differ: use the same program, or plan anew",
        path.display()
    )]
    OtherProgram {
        /// The directory.
        path: PathBuf,
        /// Version and commit that made the plan.
        planned: String,
        /// Version and commit of this program.
        here: String,
    },
    /// A task that the plan does not have.
    #[error("task {task}: the plan has {}", tasks_in_words(*.tasks))]
    NoSuchTask {
        /// The task.
        task: usize,
        /// How many there are.
        tasks: usize,
    },
    /// A share that is none.
    #[error("share {index}/{count}: the first number is from 1 to the second")]
    NoSuchShare {
        /// Which, from 1.
        index: usize,
        /// Of how many.
        count: usize,
    },
    /// A unit depends on other things here than it did when it was planned.
    #[error(
        "{key}: its data or settings are not those that were planned ({planned} there, {here} here); use the same files on every machine"
    )]
    MadeFromOther {
        /// The unit.
        key: String,
        /// Digest of what it was to be made from.
        planned: String,
        /// Digest of what it would be made from here.
        here: String,
    },
    /// Units depend on others that are not there yet.
    #[error("{key} depends on units of an earlier stage that are not there yet; run those first")]
    NotReady {
        /// The first of the units.
        key: String,
    },
    /// Units could not be made.
    #[error("{count} of {of} units failed; {key}: {reason}")]
    Failed {
        /// How many failed.
        count: usize,
        /// Of how many of the task.
        of: usize,
        /// The first of them.
        key: String,
        /// Why it failed.
        reason: String,
    },
    /// Units of a plan have not been made.
    #[error(
        "{}: {} of {of} units are missing ({}), of the tasks {tasks}{}",
        path.display(), .missing.len(), first_of(.missing), failures(*.failed, .failure.as_deref())
    )]
    Incomplete {
        /// The directory.
        path: PathBuf,
        /// Their keys.
        missing: Vec<String>,
        /// How many were planned.
        of: usize,
        /// The tasks that make them.
        tasks: String,
        /// How many of them could not be made.
        failed: usize,
        /// The first of those, with the reason.
        failure: Option<String>,
    },
    /// A file of the plan cannot be read or written.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: String,
    },
    /// A grid that makes no sense.
    #[error("grid {axis}: {reason}")]
    Grid {
        /// The axis as it was given.
        axis: String,
        /// What is wrong with it.
        reason: String,
    },
}

fn tasks_in_words(tasks: usize) -> String {
    match tasks {
        0 => "none".to_owned(),
        1 => "one, 0".to_owned(),
        tasks => format!("those from 0 to {}", tasks - 1),
    }
}

/// The first few of many names.
fn first_of(names: &[String]) -> String {
    const NAMED: usize = 5;
    let more = if names.len() > NAMED { ", ..." } else { "" };
    names[..names.len().min(NAMED)].join(", ") + more
}

fn failures(count: usize, first: Option<&str>) -> String {
    first.map(|first| format!("; {count} failed, {first}")).unwrap_or_default()
}

impl SweepError {
    /// Whether the request was wrong, as opposed to the work having failed.
    pub fn is_request(&self) -> bool {
        match self {
            Self::NotAPlan { .. }
            | Self::Changed { .. }
            | Self::OtherProgram { .. }
            | Self::NoSuchTask { .. }
            | Self::NoSuchShare { .. }
            | Self::MadeFromOther { .. }
            | Self::Grid { .. } => true,
            Self::NotReady { .. }
            | Self::Failed { .. }
            | Self::Incomplete { .. }
            | Self::File { .. } => false,
        }
    }
}
