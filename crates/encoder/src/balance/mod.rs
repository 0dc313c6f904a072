//! Is a network balanced, and what does it make of its input? Diagnostics from simulations.
//!
//! [`diagnose`] runs one network and says in numbers whether it is balanced, and [`judge`] says it
//! of any recording of spikes and input currents, [`Monitor`] of a network while it runs;
//! [`dynamics`] adds what no verdict rests on (tight balance, avalanches, branching ratio, fE/I);
//! [`linearity`] and [`tracking`] measure how the rate follows the external rate; [`map`] shows
//! where balance ends; [`image_coding`] measures how much of an image is in the spikes before any
//! decoder is trained.
//!
//! Each measurement of several simulations comes in two halves as well, so that a caller may keep
//! what a single simulation gave: [`rate_at`] and [`line_through`], [`tracking_counts`] and
//! [`tracking_of`], [`map_point`], [`counts_over_time`] and [`readout`].
//!
//! ```
//! use equipoise_encoder::balance::{DiagnosisConfig, State, diagnose};
//! use equipoise_encoder::network::{Network, NetworkConfig};
//!
//! let config = NetworkConfig { duration: 200.0, ..NetworkConfig::brunel(1000, 0.0, 2.0) };
//! let network = Network::build(&config, None, 7)?;
//! let found = diagnose(&network, &network.trial(7, 0), &DiagnosisConfig::default())?.diagnosis;
//! // Without inhibition the mean input drives the neurons.
//! assert_eq!(found.verdict.state, State::MeanDriven);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod coding;
mod criteria;
mod diagnose;
mod dynamics;
mod error;
mod judge;
mod linearity;
mod map;
mod monitor;
mod settings;
mod tracking;
mod verdict;

pub use coding::{
    DEFAULT_PENALTY, ImageCoding, coding_over_time, counts_over_time, image_coding, readout,
};
pub use criteria::{Criteria, CriterionNote};
pub use diagnose::{Recording, diagnose, spread};
pub use dynamics::{
    AvalancheFindings, BranchingFindings, Dynamics, InputCoupling, Missing, dynamics,
};
pub use error::{BalanceError, Progress};
pub use judge::{Activity, Diagnosis, Findings, InputTrace, NeuronInput, judge, judge_briefly};
pub use linearity::{Linearity, line_through, linearity, rate_at, sweep_base};
pub use map::{Axis, BalanceMap, MapPoint, Setting, check_map, map, map_point};
pub use monitor::Monitor;
pub use settings::DiagnosisConfig;
pub use tracking::{Tracking, TrackingConfig, Waveform, tracking, tracking_counts, tracking_of};
pub use verdict::{Evidence, Reason, State, Verdict};
