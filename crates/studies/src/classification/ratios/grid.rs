//! The points of the grids that the study is made of.

use equipoise_random::derive_seed;
use serde::{Deserialize, Serialize};

use crate::classification::settings::ratio_name;

/// The part of the study that a training belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grid {
    /// Ratios and initial rates.
    Rates,
    /// Ratios and noise.
    Noise,
    /// The network without Dale's law.
    Unbounded,
}

/// What the trials of one point of a grid have in common.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The grid.
    pub grid: Grid,
    /// Share of excitatory neurons.
    pub ratio: f64,
    /// Standard deviation of the initial input weights; absent: SpyTorch's.
    pub sigma_1: Option<f64>,
    /// Noise level.
    pub noise: f64,
    /// Whether the hidden neurons are connected among themselves.
    pub recurrent: bool,
    /// The speaker who is held out; absent: the test set is measured on.
    pub speaker: Option<u16>,
}

impl Condition {
    /// A name for files.
    pub fn name(&self) -> String {
        let ratio = ratio_name(self.ratio).replace(':', "-");
        let mut name = match self.grid {
            Grid::Rates => format!("rates-{ratio}-sigma-{}", self.sigma_1.unwrap_or(0.0)),
            Grid::Noise => format!("noise-{ratio}-level-{}", self.noise),
            Grid::Unbounded => "unbounded".into(),
        };
        if self.recurrent {
            name.push_str("-recurrent");
        }
        if let Some(speaker) = self.speaker {
            name.push_str(&format!("-speaker-{speaker}"));
        }
        name
    }

    /// The network for people: 80:20, or 80:20 recurrent.
    pub fn network_name(&self) -> String {
        let mut name = match self.grid {
            Grid::Unbounded => "unbounded".into(),
            _ => ratio_name(self.ratio),
        };
        if self.recurrent {
            name.push_str(" recurrent");
        }
        name
    }

    /// A name for people.
    pub fn title(&self) -> String {
        let mut title = self.network_name();
        match self.grid {
            Grid::Rates => title.push_str(&format!(", sigma_1 {}", self.sigma_1.unwrap_or(0.0))),
            Grid::Noise => title.push_str(&format!(", noise {}", self.noise)),
            Grid::Unbounded => {}
        }
        if let Some(speaker) = self.speaker {
            title.push_str(&format!(", speaker {speaker} held out"));
        }
        title
    }

    /// What ratios that are compared have in common.
    pub fn level(&self) -> (Grid, Option<f64>, f64, bool) {
        (self.grid, self.sigma_1, self.noise, self.recurrent)
    }

    /// The seed of one trial: no two trials of a study share one.
    pub fn seed(&self, seed: u64, trial: usize) -> u64 {
        derive_seed(seed, &format!("study/ratios/{}", self.name()), trial as u64)
    }
}
