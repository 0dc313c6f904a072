//! Why a network of populations cannot be built or run.

/// Why a network of populations cannot be built or run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PopulationsError {
    /// A setting is out of its range.
    #[error("{place}: {reason}")]
    Setting {
        /// Which setting, as it is written in TOML: `populations.L4E.neuron.membrane`.
        place: String,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// The network would need more memory than it may have.
    #[error("{0}")]
    TooLarge(String),
    /// What was asked of the network cannot be done with it.
    #[error("{0}")]
    Request(String),
    /// The caller asked to stop.
    #[error("stopped")]
    Stopped,
}
