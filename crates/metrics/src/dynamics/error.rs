//! Why activity has no such measure.

use serde::{Deserialize, Serialize};

/// Why activity has no such measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum DynamicsError {
    /// Too little was recorded.
    #[error("{found} {what}; at least {needed} are needed")]
    TooFew {
        /// What there is too little of.
        what: String,
        /// How much there is.
        found: usize,
        /// How much is needed.
        needed: usize,
    },
    /// More than can be measured in a bounded time and memory.
    #[error("{found} {what}; at most {most} are possible")]
    TooMany {
        /// What there is too much of.
        what: String,
        /// How much there is.
        found: usize,
        /// How much there may be.
        most: usize,
    },
    /// Two recordings, or the trials of one, do not have the lengths that they must have.
    #[error("{what}: {found} found, {wanted} needed")]
    Length {
        /// What has the wrong length.
        what: String,
        /// Its length.
        found: usize,
        /// The length needed.
        wanted: usize,
    },
    /// A value is infinite, not a number, negative where it may not be, or too large to be squared.
    #[error("value {index} of {what} is {value}; it must be {wanted}")]
    BadValue {
        /// Which values.
        what: String,
        /// Place of the value.
        index: usize,
        /// What was found there.
        #[serde(with = "crate::float")]
        value: f64,
        /// What would be right.
        wanted: String,
    },
    /// Nothing varies.
    #[error("{what} do not vary, so there is nothing to correlate")]
    NoVariance {
        /// What does not vary.
        what: String,
    },
    /// No later activity follows from earlier activity.
    #[error(
        "activity does not depend on earlier activity: no regression has a positive slope that decays"
    )]
    NoMemory,
    /// No distribution can be fitted.
    #[error("no power law can be fitted: {0}")]
    NoFit(String),
    /// A setting is out of its range.
    #[error("{name} is {value}; it must be {wanted}")]
    BadSetting {
        /// Name of the setting.
        name: String,
        /// Its value.
        #[serde(with = "crate::float")]
        value: f64,
        /// What would be right.
        wanted: String,
    },
}

impl DynamicsError {
    pub(super) fn setting(name: &str, value: f64, wanted: impl Into<String>) -> Self {
        Self::BadSetting { name: name.to_owned(), value, wanted: wanted.into() }
    }

    pub(super) fn too_few(what: &str, found: usize, needed: usize) -> Self {
        Self::TooFew { what: what.to_owned(), found, needed }
    }
}

/// Refuses values that cannot be squared.
pub(super) fn check_values(what: &str, values: &[f64]) -> Result<(), DynamicsError> {
    match values.iter().position(|v| v.is_nan() || v.abs() >= 1e100) {
        None => Ok(()),
        Some(index) => Err(DynamicsError::BadValue {
            what: what.to_owned(),
            index,
            value: values[index],
            wanted: "a finite number below 1e100".to_owned(),
        }),
    }
}
