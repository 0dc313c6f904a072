//! Where balance ends: a map over any two settings.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::diagnose::diagnose;
use super::error::{BalanceError, Progress, advance};
use super::settings::DiagnosisConfig;
use super::verdict::Verdict;
use crate::network::{Network, NetworkConfig, Trial, Watch};

/// A setting that a map can go over.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Inhibitory strength in units of the excitatory one.
    G,
    /// Connection probability, at the same weights.
    ConnectionProbability,
    /// Threshold, mV, at the same background rate.
    Threshold,
    /// Background in units of the threshold rate.
    Eta,
    /// Background spikes per second and neuron.
    BackgroundRate,
    /// Excitatory weight, mV.
    ExcitatoryWeight,
    /// Share of excitatory neurons.
    ExcitatoryFraction,
    /// Delay, ms.
    Delay,
}

impl Setting {
    /// The setting with its unit, for an axis.
    pub fn label(self) -> &'static str {
        match self {
            Self::G => "g (inhibition / excitation)",
            Self::ConnectionProbability => "connection probability",
            Self::Threshold => "threshold (mV)",
            Self::Eta => "eta (background / threshold rate)",
            Self::BackgroundRate => "background rate (Hz)",
            Self::ExcitatoryWeight => "excitatory weight (mV)",
            Self::ExcitatoryFraction => "excitatory fraction",
            Self::Delay => "delay (ms)",
        }
    }

    /// The network with this setting changed. A new threshold leaves the background rate as it
    /// is: eta is relative to the threshold, and a background that followed would undo the change.
    pub fn apply(self, config: &NetworkConfig, value: f64) -> NetworkConfig {
        let mut config = config.clone();
        match self {
            Self::G => config.g = value,
            Self::ConnectionProbability => {
                config.connection_probability = value;
                config.excitatory_in_degree = None;
                config.inhibitory_in_degree = None;
            }
            Self::Threshold => {
                config.background_rate = Some(config.background_rate_hz());
                config.threshold = value.into();
            }
            Self::Eta => {
                config.eta = value;
                config.background_rate = None;
            }
            Self::BackgroundRate => config.background_rate = Some(value),
            Self::ExcitatoryWeight => config.excitatory_weight = value,
            Self::ExcitatoryFraction => config.excitatory_fraction = value,
            Self::Delay => config.delay = value.into(),
        }
        config
    }
}

/// One axis of a map.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// What changes along it.
    pub setting: Setting,
    /// Its values.
    pub values: Vec<f64>,
}

/// One point of a map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MapPoint {
    /// Value of the first setting.
    pub x: f64,
    /// Value of the second setting.
    pub y: f64,
    /// Mean rate, Hz.
    pub rate_hz: f64,
    /// Mean CV of inter-spike intervals.
    pub cv: Option<f64>,
    /// Size of the inhibition over the excitation.
    pub inhibition_over_excitation: f64,
    /// Mean net input, mV.
    pub net_mv: f64,
    /// Mean net input in units of the mean threshold.
    pub net_over_threshold: f64,
    /// Synchrony index chi.
    pub synchrony: Option<f64>,
    /// Balanced or not, and why.
    pub verdict: Verdict,
}

/// A map over two settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BalanceMap {
    /// The setting that changes fastest.
    pub x: Axis,
    /// The other one.
    pub y: Axis,
    /// The points, row by row: `points[row * x.values.len() + column]`.
    pub points: Vec<MapPoint>,
}

fn at(config: &NetworkConfig, x: (Setting, f64), y: (Setting, f64)) -> NetworkConfig {
    x.0.apply(&y.0.apply(config, y.1), x.1)
}

/// Refuses a map that cannot be made.
///
/// # Errors
/// If an axis is empty, both are the same, or the settings make no sense at a point, which is
/// named.
pub fn check_map(config: &NetworkConfig, x: &Axis, y: &Axis) -> Result<(), BalanceError> {
    if x.values.is_empty() || y.values.is_empty() {
        return Err(BalanceError::setting("values", "a map needs at least one on each axis"));
    }
    if x.setting == y.setting {
        return Err(BalanceError::setting(
            "setting",
            format!("both axes of the map are the {}", x.setting.label()),
        ));
    }
    for &b in &y.values {
        for &a in &x.values {
            at(config, (x.setting, a), (y.setting, b)).validate().map_err(|error| {
                let (x, y) = (x.setting.label(), y.setting.label());
                BalanceError::Point { place: format!("{x} {a}, {y} {b}"), error }
            })?;
        }
    }
    Ok(())
}

impl BalanceMap {
    /// The values of both settings at each point, row by row.
    pub fn grid(x: &Axis, y: &Axis) -> Vec<(f64, f64)> {
        y.values.iter().flat_map(|&b| x.values.iter().map(move |&a| (a, b))).collect()
    }
}

/// Diagnoses the network at one point of a map. `watch` may stop the simulation.
///
/// # Errors
/// If the settings make no sense there, or it is stopped.
pub fn map_point(
    config: &NetworkConfig,
    x: (Setting, f64),
    y: (Setting, f64),
    diagnosis: &DiagnosisConfig,
    seed: u64,
    watch: Option<Watch<'_>>,
) -> Result<MapPoint, BalanceError> {
    let network = Network::build(&at(config, x, y), None, seed)?;
    let trial = Trial { parallel: false, watch, ..network.trial(seed, 0) };
    let found = diagnose(&network, &trial, diagnosis)?.diagnosis;
    Ok(MapPoint {
        x: x.1,
        y: y.1,
        rate_hz: found.rate_hz,
        cv: found.irregularity.cv.mean,
        inhibition_over_excitation: found.inhibition_over_excitation,
        net_mv: found.net,
        net_over_threshold: found.net / network.config().threshold.mean(),
        synchrony: found.synchrony.map(|s| s.chi),
        verdict: found.verdict,
    })
}

/// Diagnoses the network at each point of a grid.
///
/// # Errors
/// If the settings make no sense at a point; it is named.
pub fn map(
    config: &NetworkConfig,
    x: &Axis,
    y: &Axis,
    diagnosis: &DiagnosisConfig,
    seed: u64,
    progress: Progress<'_>,
) -> Result<BalanceMap, BalanceError> {
    check_map(config, x, y)?;
    let points = BalanceMap::grid(x, y)
        .into_par_iter()
        .map(|(a, b)| {
            let point = map_point(config, (x.setting, a), (y.setting, b), diagnosis, seed, None)?;
            advance(progress)?;
            Ok(point)
        })
        .collect::<Result<_, BalanceError>>()?;
    Ok(BalanceMap { x: x.clone(), y: y.clone(), points })
}
