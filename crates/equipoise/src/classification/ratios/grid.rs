//! Which trainings the study is made of.

use equipoise_decoder::classifier::ClassifierConfig;
use equipoise_random::derive_seed;
use serde::{Deserialize, Serialize};

use crate::classification::{DataSettings, NetworkSettings, ratio_name};
use crate::job;

/// The study. The defaults are the published grids for Fashion-MNIST, with the 0.0075 that was
/// printed as 0.075.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Seed; every trial has one of its own, derived from it.
    pub seed: u64,
    /// Shares of excitatory neurons; leave empty to skip this grid.
    pub ratios: Vec<f64>,
    /// Standard deviations of the initial input weights, which set the initial rate.
    pub sigma_1: Vec<f64>,
    /// Trainings of each ratio and sigma_1, and of the unbounded network.
    pub trials: usize,
    /// Train the unbounded network too.
    pub unbounded: bool,
    /// Train every network of the grid of rates, and the unbounded one, feed-forward and recurrent.
    pub both_wirings: bool,
    /// Speakers of the training samples; every training is done once for each of them, who is held
    /// out and takes the place of the test set. Empty: the test set is measured on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held_out_speakers: Vec<u16>,
    /// Epochs at the end whose mean accuracy is the score; absent: 10, or 25 for recordings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_epochs: Option<usize>,
    /// Accuracy from which a training counts as a success; absent: 0.5, or 0.3 for recordings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success: Option<f64>,
    /// Samples whose van Rossum distances are measured before and after each training.
    pub van_rossum_samples: usize,
    /// Time constant of the distances, steps.
    pub van_rossum_tau: f64,
    /// The data.
    pub data: DataSettings,
    /// What differs from the published network, for all trials.
    pub network: NetworkSettings,
    /// The grid of noise.
    pub noise: NoiseGrid,
}

/// Ratios under noisy updates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoiseGrid {
    /// Shares of excitatory neurons; leave empty to skip this grid.
    pub ratios: Vec<f64>,
    /// Noise levels, in units of sigma_init.
    pub levels: Vec<f64>,
    /// Standard deviation of the initial input weights.
    pub sigma_1: f64,
    /// Trainings of each ratio and level.
    pub trials: usize,
    /// Membrane time constant, ms (5 in the published noise runs).
    pub tau_mem: f64,
}

impl Default for NoiseGrid {
    fn default() -> Self {
        Self {
            ratios: vec![0.5, 0.7, 0.75, 0.8, 0.9, 0.95, 1.0],
            levels: vec![0.01, 0.2, 0.4, 0.6, 1.0],
            sigma_1: 0.002,
            trials: 8,
            tau_mem: 5.0,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 0,
            ratios: vec![0.5, 0.8, 0.95, 1.0],
            sigma_1: vec![
                5e-4, 7.5e-4, 1e-3, 2e-3, 3e-3, 4e-3, 5e-3, 7.5e-3, 0.01, 0.0125, 0.015, 0.0175,
                0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.07,
            ],
            trials: 8,
            unbounded: true,
            both_wirings: false,
            held_out_speakers: Vec::new(),
            score_epochs: None,
            success: None,
            van_rossum_samples: 100,
            van_rossum_tau: 1.0,
            data: DataSettings::default(),
            network: NetworkSettings::default(),
            noise: NoiseGrid::default(),
        }
    }
}

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

    /// The seed of one trial: no two trials of a study share one.
    pub fn seed(&self, seed: u64, trial: usize) -> u64 {
        derive_seed(seed, &format!("study/ratios/{}", self.name()), trial as u64)
    }

    /// Network and training.
    pub fn network(&self, config: &Config, images: bool) -> ClassifierConfig {
        let mut settings = config.network;
        settings.recurrent = self.recurrent;
        match self.grid {
            Grid::Unbounded => settings.unbounded = true,
            Grid::Rates => settings.sigma_1 = self.sigma_1,
            Grid::Noise => {
                settings.sigma_1 = self.sigma_1;
                settings.tau_mem = Some(config.noise.tau_mem);
                settings.noise = Some(self.noise);
            }
        }
        let mut network = settings.resolve(images, self.ratio);
        if self.grid == Grid::Unbounded {
            // The optimiser and weights of the bounded networks are not for this one.
            let plain = NetworkSettings { unbounded: true, ..NetworkSettings::default() };
            let reference = plain.resolve(images, self.ratio);
            network.optimizer = reference.optimizer;
            network.initial = reference.initial;
        }
        network
    }
}

impl Config {
    /// All points of all grids.
    pub fn conditions(&self) -> Vec<Condition> {
        let wirings = match self.both_wirings {
            true => vec![false, true],
            false => vec![self.network.recurrent],
        };
        let mut all = Vec::new();
        for &recurrent in &wirings {
            let base = Condition {
                grid: Grid::Rates,
                ratio: 1.0,
                sigma_1: None,
                noise: 0.0,
                recurrent,
                speaker: None,
            };
            for &ratio in &self.ratios {
                let point = |&s: &f64| Condition { ratio, sigma_1: Some(s), ..base };
                all.extend(self.sigma_1.iter().map(point));
            }
            if self.unbounded {
                all.push(Condition { grid: Grid::Unbounded, ..base });
            }
        }
        for &ratio in &self.noise.ratios {
            for &noise in &self.noise.levels {
                all.push(Condition {
                    grid: Grid::Noise,
                    ratio,
                    sigma_1: Some(self.noise.sigma_1),
                    noise,
                    recurrent: self.network.recurrent,
                    speaker: None,
                });
            }
        }
        if self.held_out_speakers.is_empty() {
            return all;
        }
        let with = |&c: &Condition| {
            self.held_out_speakers.iter().map(move |&s| Condition { speaker: Some(s), ..c })
        };
        all.iter().flat_map(with).collect()
    }

    /// Trials of each point of a grid.
    pub fn trials_of(&self, grid: Grid) -> usize {
        if grid == Grid::Noise { self.noise.trials } else { self.trials }
    }

    /// Epochs at the end that are scored.
    pub fn scored(&self, images: bool) -> usize {
        self.score_epochs.unwrap_or(if images { 10 } else { 25 })
    }

    /// Accuracy from which a training is a success.
    pub fn success(&self, images: bool) -> f64 {
        self.success.unwrap_or(if images { 0.5 } else { 0.3 })
    }
}

impl job::Config for Config {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        let lists = [
            ("ratios", &self.ratios, 1.0),
            ("sigma_1", &self.sigma_1, 1e6),
            ("noise.ratios", &self.noise.ratios, 1.0),
            ("noise.levels", &self.noise.levels, 1e6),
        ];
        for (key, list, most) in lists {
            for (k, &value) in list.iter().enumerate() {
                if !(0.0..=most).contains(&value) {
                    return Err(format!("{key} has {value}: from 0 to {most} is possible"));
                }
                if list[..k].contains(&value) {
                    return Err(format!("{key} has {value} twice"));
                }
            }
        }
        for (key, trials) in [("trials", self.trials), ("noise.trials", self.noise.trials)] {
            if !(1..=10_000).contains(&trials) {
                return Err(format!("{key} = {trials}: from 1 to 10000 are possible"));
            }
        }
        for (k, speaker) in self.held_out_speakers.iter().enumerate() {
            if self.held_out_speakers[..k].contains(speaker) {
                return Err(format!("held_out_speakers has {speaker} twice"));
            }
        }
        let other = self.data.validation_speaker.is_some() || self.data.validation_share.is_some();
        if !self.held_out_speakers.is_empty() && other {
            return Err(
                "held_out_speakers: leave data.validation_speaker and data.validation_share out"
                    .into(),
            );
        }
        if self.conditions().is_empty() {
            return Err("ratios, noise.ratios and unbounded leave nothing to train".into());
        }
        if self.score_epochs == Some(0) {
            return Err("score_epochs = 0: at least one epoch must be scored".into());
        }
        if !(self.van_rossum_tau > 0.0 && self.van_rossum_tau.is_finite()) {
            return Err(format!("van_rossum_tau = {}: it must be positive", self.van_rossum_tau));
        }
        self.data.validate()?;
        for condition in self.conditions() {
            let network = condition.network(self, true);
            network.validate().map_err(|e| format!("{}: {e}", condition.title()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Config as _;
    use std::collections::HashSet;

    #[test]
    fn every_trial_has_a_seed_and_a_name_of_its_own() {
        let config = Config::default();
        config.validate().unwrap();
        let conditions = config.conditions();
        assert_eq!(conditions.len(), 4 * 19 + 7 * 5 + 1);
        let names: HashSet<_> = conditions.iter().map(Condition::name).collect();
        assert_eq!(names.len(), conditions.len());
        let seeds: HashSet<_> =
            conditions.iter().flat_map(|c| (0..8).map(|t| c.seed(0, t))).collect();
        assert_eq!(seeds.len(), conditions.len() * 8);
        let speech =
            Config { both_wirings: true, held_out_speakers: vec![3, 4], ..Config::default() };
        let conditions = speech.conditions();
        assert_eq!(conditions.len(), 2 * (2 * (4 * 19 + 1) + 7 * 5));
        let names: HashSet<_> = conditions.iter().map(Condition::name).collect();
        assert_eq!(names.len(), conditions.len());
        assert!(
            conditions
                .iter()
                .any(|c| c.title() == "80:20 recurrent, sigma_1 0.002, speaker 4 held out")
        );
    }

    #[test]
    fn the_unbounded_network_keeps_its_own_optimiser() {
        let network = NetworkSettings {
            sigma_1: Some(0.1),
            learning_rate: Some(0.5),
            epochs: Some(3),
            ..NetworkSettings::default()
        };
        let config = Config { network, ..Config::default() };
        let unbounded =
            config.conditions().into_iter().find(|c| c.grid == Grid::Unbounded).unwrap();
        let got = unbounded.network(&config, true);
        let want = ClassifierConfig {
            epochs: 3,
            excitatory_fraction: 1.0,
            ..ClassifierConfig::unbounded()
        };
        assert_eq!(got, want);
    }

    #[test]
    fn wrong_lists_are_refused() {
        let wrong = |config: Config| config.validate().unwrap_err();
        assert!(wrong(Config { ratios: vec![1.5], ..Config::default() }).contains("1.5"));
        assert!(wrong(Config { sigma_1: vec![0.1, 0.1], ..Config::default() }).contains("twice"));
        assert!(wrong(Config { trials: 0, ..Config::default() }).contains("trials"));
        let nothing = Config {
            ratios: vec![],
            unbounded: false,
            noise: NoiseGrid { ratios: vec![], ..NoiseGrid::default() },
            ..Config::default()
        };
        assert!(wrong(nothing).contains("nothing to train"));
        let twice = Config { held_out_speakers: vec![1, 1], ..Config::default() };
        assert!(wrong(twice).contains("held_out_speakers has 1 twice"));
    }
}
