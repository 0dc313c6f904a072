//! Why a command ended without doing what was asked, and the exit code that says so.

use std::fmt;
use std::ops::ControlFlow;

use equipoise_data::{DataError, SPEC_NAMES, fetch};
use equipoise_studies::StudyError;
use equipoise_studies::settings::{SettingsError, suggesting};

use crate::interrupt;

/// The result of a command.
pub type Outcome<T = ()> = Result<T, Failure>;

/// One line for the person at the terminal, and an exit code.
#[derive(Debug)]
pub enum Failure {
    /// The request was wrong: an option, a configuration file, an input file. Exit code 2.
    Request(String),
    /// The request was right, and the run failed: a full disk, a diverged training. Exit code 1.
    Run(String),
    /// All went well, and there is more to do before it is done. Exit code 75.
    Later(String),
    /// The run was asked to stop by a signal. Exit code 130 for a person's, 75 for a scheduler's.
    Interrupted(String),
}

impl Failure {
    /// A wrong request.
    pub fn request(reason: impl fmt::Display) -> Self {
        Self::Request(one_line(&reason.to_string()))
    }

    /// A failed run.
    pub fn run(reason: impl fmt::Display) -> Self {
        Self::Run(one_line(&reason.to_string()))
    }

    /// The exit code of the process.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Run(_) => 1,
            Self::Request(_) => 2,
            Self::Later(_) => interrupt::TO_BE_CONTINUED,
            Self::Interrupted(_) => interrupt::exit_code(),
        }
    }
}

/// Fails with [`Failure::Interrupted`] once the run was asked to stop.
pub fn check_interrupted() -> Outcome {
    match interrupt::poll() {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Failure::Interrupted("stopped".into())),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(line) | Self::Run(line) | Self::Later(line) | Self::Interrupted(line) => {
                f.write_str(line)
            }
        }
    }
}

impl From<StudyError> for Failure {
    fn from(error: StudyError) -> Self {
        match error {
            StudyError::Data(error) => Self::from(error),
            StudyError::Stopped => Self::Interrupted(error.to_string()),
            // The option that assignments come from.
            StudyError::Settings(SettingsError::InAssignment { .. }) => {
                Self::request(format!("--set {error}"))
            }
            _ if error.is_request() => Self::request(error),
            _ => Self::run(error),
        }
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        match error {
            DataError::Stopped => {
                Self::Interrupted("stopped; the same command starts again or continues".into())
            }
            DataError::UnknownName(ref name) => {
                let known = SPEC_NAMES.split(", ");
                Self::request(suggesting(&error.to_string(), name, known))
            }
            DataError::Missing { ref name, .. }
                if fetch::sources().iter().any(|source| source.name == *name) =>
            {
                Self::request(format!("{error}: `equipoise data fetch {name}`"))
            }
            error if error.is_request() => Self::request(error),
            error => Self::run(error),
        }
    }
}

/// An error is one line, whatever a library put into its message.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_several_lines_becomes_one() {
        let failure = Failure::request("bad\n  |\n1 | x\n");
        assert_eq!(failure.to_string(), "bad | 1 | x");
    }
}
