//! Why a study ended without its results.

use std::fmt;

use equipoise_data::DataError;
use equipoise_encoder::balance::BalanceError;
use equipoise_report::RunDirError;

use crate::settings::SettingsError;
use crate::stop::Stopped;
use crate::sweep_error::SweepError;

/// Why a study ended without its results.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// Settings that make no sense.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Data that are missing, damaged, or not of the kind that is needed.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Inputs that do not suit the settings or each other: counts of other images, a model of
    /// another network.
    #[error("{0}")]
    Input(String),
    /// The store has a result under the same name that was made from something else.
    #[error(
        "{name}: made from other {part}: {stored} there, {given} here; continue with what it was made from, or start a new run"
    )]
    MadeFromOther {
        /// The file.
        name: String,
        /// What differs: `settings`, `data`, `network`, `streams`.
        part: String,
        /// Its value in the file.
        stored: String,
        /// Its value now.
        given: String,
    },
    /// A file of the study is missing or not what was written.
    #[error("{name}: missing or damaged")]
    Damaged {
        /// The file.
        name: String,
    },
    /// A run directory or a file in it cannot be used.
    #[error(transparent)]
    Store(#[from] RunDirError),
    /// A unit that is needed is left to another process, and is not there yet.
    #[error("units that other processes make are not there yet")]
    Deferred,
    /// A plan of a study cannot be used.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// The observer asked the study to stop.
    #[error("stopped on request")]
    Stopped,
    /// The request was right, and the computation failed: a diverged training, say.
    #[error("{0}")]
    Failed(String),
}

impl StudyError {
    /// Inputs that do not suit.
    pub fn input(reason: impl fmt::Display) -> Self {
        Self::Input(reason.to_string())
    }

    /// A computation that failed.
    pub fn failed(reason: impl fmt::Display) -> Self {
        Self::Failed(reason.to_string())
    }

    /// Settings that make no sense, for this reason.
    pub fn settings(reason: impl fmt::Display) -> Self {
        Self::Settings(SettingsError::Senseless(reason.to_string()))
    }

    /// Whether the request was wrong, as opposed to the run having failed or been stopped.
    pub fn is_request(&self) -> bool {
        match self {
            Self::Settings(_) | Self::Data(_) | Self::Input(_) | Self::MadeFromOther { .. } => true,
            Self::Store(error) => error.is_request(),
            Self::Sweep(error) => error.is_request(),
            Self::Damaged { .. } | Self::Deferred | Self::Stopped | Self::Failed(_) => false,
        }
    }
}

impl From<Stopped> for StudyError {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

impl From<BalanceError> for StudyError {
    /// A measurement that was stopped, or failed.
    fn from(error: BalanceError) -> Self {
        match error {
            BalanceError::Stopped => Self::Stopped,
            error => Self::failed(error),
        }
    }
}

/// Sorts an error of a library below by whose fault it is.
pub trait OrStudyError<T> {
    /// The error means that inputs do not suit.
    ///
    /// # Errors
    /// [`StudyError::Input`].
    fn or_input(self) -> Result<T, StudyError>;

    /// The error means that settings make no sense.
    ///
    /// # Errors
    /// [`StudyError::Settings`].
    fn or_settings(self) -> Result<T, StudyError>;

    /// The error means that the computation failed.
    ///
    /// # Errors
    /// [`StudyError::Failed`].
    fn or_failed(self) -> Result<T, StudyError>;
}

impl<T, E: fmt::Display> OrStudyError<T> for Result<T, E> {
    fn or_input(self) -> Result<T, StudyError> {
        self.map_err(StudyError::input)
    }

    fn or_settings(self) -> Result<T, StudyError> {
        self.map_err(StudyError::settings)
    }

    fn or_failed(self) -> Result<T, StudyError> {
        self.map_err(StudyError::failed)
    }
}
