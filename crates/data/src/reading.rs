//! What long work on data asks its caller, and what it has to say about the data.

use crate::error::printable;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::ControlFlow;

/// Asked now and then during long work; `Break` ends it with
/// [`DataError::Stopped`](crate::DataError::Stopped).
pub type GoOn<'a> = &'a (dyn Fn() -> ControlFlow<()> + Sync);

/// For callers that never stop.
pub const TO_THE_END: GoOn<'static> = &|| ControlFlow::Continue(());

/// Something that a person should know about data that were read: a decision that was taken for
/// them, or something odd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// What it is about.
    pub kind: RemarkKind,
    /// It in a line.
    pub text: String,
}

/// What a remark is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemarkKind {
    /// Files that were left out.
    LeftOut,
    /// Images were resized to a size that fits the set.
    Resized,
    /// Transparent images were put on a ground, or turned as their camera says.
    Picture,
    /// There are fewer samples than were to be used, or the set was divided.
    Amount,
    /// Images that are all of one value, or recordings without a spike.
    Blank,
    /// The time that recordings are taken to last.
    Duration,
    /// Numbers were converted to another type.
    Converted,
    /// There are no labels.
    Unlabelled,
    /// The order of samples or of spikes.
    Order,
    /// What a format does not hold, and a conversion loses.
    Lost,
}

impl Remark {
    /// A remark.
    pub fn new(kind: RemarkKind, text: impl Into<String>) -> Remark {
        Remark { kind, text: text.into() }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.text))
    }
}
