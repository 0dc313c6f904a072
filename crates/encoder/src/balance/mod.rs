//! Is a network balanced, and what does it make of its input? Diagnostics from simulations.
//!
//! [`diagnose`] runs one network and says in numbers whether it is balanced; [`linearity`] and
//! [`tracking`] measure how its rate follows the external rate; [`map`] shows where balance ends;
//! [`image_coding`] measures how much of an image is in the spikes before any decoder is trained.

mod coding;
mod diagnose;
mod linear;
mod linearity;
mod map;
mod tracking;
mod verdict;

use std::sync::atomic::{AtomicBool, Ordering};

pub use coding::{DEFAULT_PENALTY, ImageCoding, coding_over_time, image_coding, readout};
pub use diagnose::{Diagnosis, DiagnosisConfig, NeuronInput, Recording, diagnose, judge, spread};
pub use linear::Ridge;
pub use linearity::{Linearity, linearity};
pub use map::{Axis, BalanceMap, MapPoint, Setting, check_map, map, map_point};
pub use tracking::{Tracking, TrackingConfig, Waveform, tracking};
pub use verdict::{Criteria, Evidence, Reason, State, Verdict};

use crate::network::NetworkError;

/// Why a diagnostic could not be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BalanceError(pub(crate) String);

impl BalanceError {
    pub(crate) fn stopped() -> Self {
        Self("stopped before it was done".to_owned())
    }
}

impl From<NetworkError> for BalanceError {
    fn from(error: NetworkError) -> Self {
        Self(error.to_string())
    }
}

/// Lets a caller stop a long measurement, and hear when each of its simulations is done.
#[derive(Default, Clone, Copy)]
pub struct Stop<'a> {
    flag: Option<&'a AtomicBool>,
    done: Option<&'a (dyn Fn() + Sync)>,
}

impl<'a> Stop<'a> {
    /// Never stops, tells nobody.
    pub fn never() -> Self {
        Self::default()
    }

    /// Stops soon after the flag is set, and calls `done` after each simulation.
    pub fn on(flag: &'a AtomicBool, done: &'a (dyn Fn() + Sync)) -> Self {
        Self { flag: Some(flag), done: Some(done) }
    }

    fn check(&self) -> Result<(), BalanceError> {
        match self.flag {
            Some(flag) if flag.load(Ordering::Relaxed) => Err(BalanceError::stopped()),
            _ => Ok(()),
        }
    }

    fn done(&self) {
        if let Some(done) = self.done {
            done();
        }
    }
}
