//! What can be wrong with a request for a Hebbian experiment.

/// Why an experiment cannot be run. Every message says what, where, and what would be right.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HebbError {
    /// A setting lies outside its range.
    #[error("{setting} is {value}; {wanted}")]
    Setting {
        /// The setting's name, as in the configuration.
        setting: &'static str,
        /// What it is.
        value: String,
        /// What would be right.
        wanted: String,
    },
    /// A mapping that is not a permutation of `0..neurons`.
    #[error(
        "mapping {mapping}: {fault}; a one-to-one mapping holds every output 0..{neurons} once"
    )]
    NotAPermutation {
        /// The mapping as it was given.
        mapping: String,
        /// What is wrong with it.
        fault: String,
        /// The neurons of a layer.
        neurons: usize,
    },
    /// Types that do not fit the network.
    #[error("allotment `{allotment}`: {fault}")]
    Allotment {
        /// The allotment as it was given.
        allotment: String,
        /// What is wrong with it, and what would be right.
        fault: String,
    },
    /// A complete enumeration that is too large to run.
    #[error(
        "{neurons} neurons a layer have {runs} runs in a complete enumeration, more than \
         enumeration_limit {limit}; set enumeration to \"sample\" (or \"auto\"), or sample the \
         mappings and allotments"
    )]
    NotEnumerable {
        /// The neurons of a layer.
        neurons: usize,
        /// How many runs there would be.
        runs: String,
        /// The most that are enumerated.
        limit: u64,
    },
    /// Weights given by the caller that do not fit the network.
    #[error("{given} initial weights were given; this network has {wanted}")]
    Weights {
        /// How many were given.
        given: usize,
        /// How many the network has.
        wanted: usize,
    },
    /// The caller stopped it.
    #[error("stopped on request")]
    Stopped,
}

impl HebbError {
    pub(crate) fn setting(
        setting: &'static str,
        value: impl ToString,
        wanted: impl Into<String>,
    ) -> Self {
        Self::Setting { setting, value: value.to_string(), wanted: wanted.into() }
    }
}
