//! Errors of the simulator as those of a study.

use equipoise_encoder::populations::PopulationsError;

use crate::StudyError;

/// An error of the simulator as one of the study.
pub(super) fn of_simulator(error: PopulationsError) -> StudyError {
    match error {
        PopulationsError::Stopped => StudyError::Stopped,
        PopulationsError::Setting { .. } | PopulationsError::TooLarge(_) => {
            StudyError::settings(format!("`network`: {error}"))
        }
        PopulationsError::Request(_) => StudyError::failed(error),
    }
}
