//! Why a network cannot be built or run.

/// Why a network cannot be built or run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// A setting is out of its range.
    #[error("network setting `{setting}`: {reason}")]
    Setting {
        /// The key as it is written in TOML.
        setting: &'static str,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// The image does not fit the network's input channels.
    #[error("image {index}: {reason}")]
    Image {
        /// Which image.
        index: usize,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// A regime that does not exist.
    #[error("no regime is called `{name}`; there are {known}")]
    UnknownRegime {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// What was asked of the network cannot be done with it.
    #[error("{0}")]
    Request(String),
    /// The caller asked to stop.
    #[error("stopped before it was done")]
    Stopped,
}
