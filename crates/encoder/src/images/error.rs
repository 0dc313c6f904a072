//! Why images cannot be encoded.

use crate::network::NetworkError;
use crate::populations::PopulationsError;

/// Why images cannot be encoded.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EncoderError {
    /// The network of an excitatory and an inhibitory population refuses.
    #[error(transparent)]
    Network(NetworkError),
    /// The network of populations refuses.
    #[error(transparent)]
    Populations(PopulationsError),
    /// What was asked cannot be done.
    #[error("{0}")]
    Request(String),
    /// The caller asked to stop.
    #[error("stopped before it was done")]
    Stopped,
}

impl From<NetworkError> for EncoderError {
    fn from(error: NetworkError) -> Self {
        match error {
            NetworkError::Stopped => Self::Stopped,
            error => Self::Network(error),
        }
    }
}

impl From<PopulationsError> for EncoderError {
    fn from(error: PopulationsError) -> Self {
        match error {
            PopulationsError::Stopped => Self::Stopped,
            error => Self::Populations(error),
        }
    }
}
