//! What is asked of a grid.

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::GridAxis;
use crate::settings::{SettingsError, set, with_suggestion};
use crate::sweep_error::SweepError;
use crate::{Settings, Study, StudyError};

/// The name of a grid in run directories, whatever its study.
pub const GRID: &str = "grid";

/// The key of the seed of every study.
pub(super) const SEED: &str = "seed";

/// The most points.
const MOST: usize = 1_000_000;

/// A study, its configuration, and the keys that take several values.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GridSettings {
    /// The study, by its name in run directories.
    pub study: String,
    /// The seed of the study where the grid has none.
    pub seed: u64,
    /// The numbers that figures show; those that differ most between points if none are given.
    pub metrics: Vec<String>,
    /// Whether each point gets a report.
    pub reports: bool,
    /// Seconds that the first point is expected to take one core.
    pub seconds: f64,
    /// The axes, the last of which changes fastest.
    pub grid: Vec<GridAxis>,
    /// The configuration of the study, in which the axes set their keys.
    pub settings: Table,
}

impl Settings for GridSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        if self.grid.is_empty() {
            return Err("grid: at least one axis is needed".to_owned());
        }
        for (index, axis) in self.grid.iter().enumerate() {
            if axis.values.is_empty() {
                return Err(format!("grid: `{}` has no value", axis.key));
            }
            if self.grid[..index].iter().any(|other| other.key == axis.key) {
                return Err(format!("grid: `{}` is there twice", axis.key));
            }
        }
        let sizes = self.grid.iter().map(|axis| axis.values.len());
        let count = sizes.into_iter().try_fold(1_usize, usize::checked_mul);
        match count {
            Some(count) if count <= MOST => Ok(()),
            _ => Err(format!("grid: more than {MOST} points")),
        }
    }
}

impl GridSettings {
    /// The number of points.
    pub fn points(&self) -> usize {
        self.grid.iter().map(|axis| axis.values.len()).product()
    }

    /// The keys of the axes.
    pub fn keys(&self) -> Vec<&str> {
        self.grid.iter().map(|axis| axis.key.as_str()).collect()
    }

    /// Which value each axis has at a point.
    pub(super) fn places(&self, mut index: usize) -> Vec<usize> {
        let mut places = vec![0; self.grid.len()];
        for (place, axis) in places.iter_mut().zip(&self.grid).rev() {
            let count = axis.values.len().max(1);
            (*place, index) = (index % count, index / count);
        }
        places
    }

    /// The points that differ from the first one in the value of one axis.
    pub(super) fn along(&self, axis: usize) -> impl Iterator<Item = usize> + use<> {
        let count = self.grid.get(axis).map_or(0, |axis| axis.values.len());
        let step: usize = self.grid.iter().skip(axis + 1).map(|axis| axis.values.len()).product();
        (1..count).map(move |value| value * step)
    }

    /// The values of the axes at a point.
    pub fn values(&self, index: usize) -> Vec<&Value> {
        let axes = self.grid.iter().zip(self.places(index));
        axes.filter_map(|(axis, place)| axis.values.get(place)).collect()
    }

    /// The seed of a point.
    pub(super) fn seed_at(&self, index: usize) -> u64 {
        let places = self.places(index);
        let axis = self.grid.iter().zip(places).find(|(axis, _)| axis.key == SEED);
        let value = axis.and_then(|(axis, place)| axis.values.get(place)?.as_integer());
        value.and_then(|seed| u64::try_from(seed).ok()).unwrap_or(self.seed)
    }

    /// Seconds that a point is expected to take one core.
    pub(super) fn seconds_at(&self, index: usize) -> f64 {
        let axes = self.grid.iter().zip(self.places(index));
        axes.fold(self.seconds, |seconds, (axis, place)| {
            seconds * axis.relative_seconds.get(place).unwrap_or(&1.0)
        })
    }

    /// The points that have the first seed, where seeds are an axis.
    pub(super) fn without_other_seeds(&self) -> impl Iterator<Item = usize> + '_ {
        let seeds = self.grid.iter().position(|axis| axis.key == SEED);
        (0..self.points()).filter(move |&i| seeds.is_none_or(|axis| self.places(i)[axis] == 0))
    }

    /// The settings of the study at a point, whole.
    ///
    /// # Errors
    /// If they make no sense; the message names the point.
    pub fn at<S: Study>(&self, index: usize) -> Result<S::Settings, StudyError> {
        let mut table = self.settings.clone();
        let places = self.places(index);
        for (axis, &place) in self.grid.iter().zip(&places) {
            let wrong = |reason: String| SweepError::Grid {
                axis: format!("{}={}", axis.key, axis.shown(place)),
                reason,
            };
            let value = axis.values[place].clone();
            set(&mut table, &axis.key, value).map_err(wrong)?;
            // Parsed after each axis, so that the one that is wrong is named.
            <S::Settings as Deserialize>::deserialize(Value::Table(table.clone()))
                .map_err(|e| wrong(with_suggestion(e.message().to_owned())))?;
        }
        let senseless = |reason: String| {
            let axes = self.grid.iter().zip(&places);
            let point: Vec<String> =
                axes.map(|(axis, &place)| format!("{}={}", axis.key, axis.shown(place))).collect();
            StudyError::Settings(SettingsError::Senseless(format!(
                "grid at {}: {reason}",
                point.join(", ")
            )))
        };
        let settings: S::Settings = Deserialize::deserialize(Value::Table(table))
            .map_err(|e: toml::de::Error| senseless(e.message().to_owned()))?;
        settings.validate().map_err(senseless)?;
        settings.resolved().map_err(senseless)
    }
}
