//! Why a diagnostic could not be computed, and how a caller stops one.

use std::ops::ControlFlow;

use equipoise_metrics::ridge::RidgeError;

use crate::network::NetworkError;

/// Why a diagnostic could not be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BalanceError {
    /// A network that makes no sense or cannot be run.
    #[error(transparent)]
    Network(NetworkError),
    /// A setting of the measurement is out of its range.
    #[error("`{setting}`: {reason}")]
    Setting {
        /// The key as it is written in TOML.
        setting: &'static str,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// The network makes no sense at a point of a map.
    #[error("at {place}: {error}")]
    Point {
        /// The settings with their values there.
        place: String,
        /// What is wrong with the network.
        error: NetworkError,
    },
    /// A recording that is too short or contradicts itself.
    #[error("{0}")]
    Recording(String),
    /// A linear readout that cannot be fitted or applied.
    #[error("{0}")]
    Readout(String),
    /// A linear readout that cannot be fitted or applied.
    #[error("linear readout: {0}")]
    Ridge(#[from] RidgeError),
    /// The caller asked to stop.
    #[error("stopped before it was done")]
    Stopped,
}

impl From<NetworkError> for BalanceError {
    fn from(error: NetworkError) -> Self {
        match error {
            NetworkError::Stopped => Self::Stopped,
            error => Self::Network(error),
        }
    }
}

impl BalanceError {
    pub(super) fn setting(setting: &'static str, reason: impl Into<String>) -> Self {
        Self::Setting { setting, reason: reason.into() }
    }
}

/// Hears, from any thread, that a simulation is done, and says whether to go on.
pub type Progress<'a> = &'a (dyn Fn() -> ControlFlow<()> + Sync);

/// Tells that a simulation is done.
pub(super) fn advance(progress: Progress<'_>) -> Result<(), BalanceError> {
    match progress() {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(BalanceError::Stopped),
    }
}
