//! What a person can say of the study, and which trainings follow from it.

use equipoise_decoder::classifier::ClassifierConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::grid::{Condition, Grid};
use super::reference::Reference;
use crate::Settings;
use crate::classification::data::DataSettings;
use crate::classification::measure::DistanceSettings;
use crate::classification::published::DataKind;
use crate::classification::settings::NetworkSettings;

/// The study. The defaults are the published grids for Fashion-MNIST, with the 0.0075 that was
/// printed as 0.075.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RatiosSettings {
    /// Seed; every trial has one of its own, derived from it.
    pub seed: u64,
    /// Shares of excitatory neurons; leave empty to skip this grid.
    pub ratios: Vec<f64>,
    /// Standard deviations of the initial input weights, which set the initial rate.
    pub sigma_1: Vec<f64>,
    /// Trainings of each ratio and sigma_1, and of the unbounded network.
    #[schemars(range(min = 1, max = 10000))]
    pub trials: usize,
    /// Train the unbounded network too.
    pub unbounded: bool,
    /// Train every network of the grid of rates, and the unbounded one, feed-forward and recurrent.
    pub both_wirings: bool,
    /// Speakers of the training samples; every training is done once for each of them, who is held
    /// out and takes the place of the test set. Empty: the test set is measured on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held_out_speakers: Vec<u16>,
    /// Epochs at the end whose mean accuracy is the score, at most a third of all; absent: 10, or 25
    /// for recordings, or a third if there are fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub score_epochs: Option<usize>,
    /// The ratio that all others are compared with, or `"pairwise"`; absent: 1.0 if that is one of
    /// the ratios, else pairwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// Accuracy from which a training counts as a success; absent: 0.5, or 0.3 for recordings.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub success: Option<f64>,
    /// Keep every trained network as a file.
    pub keep_models: bool,
    /// Samples whose van Rossum distances are measured before and after each training, spread over
    /// the measured set.
    pub van_rossum_samples: usize,
    /// Time constant of the distances, steps.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "steps"))]
    pub van_rossum_tau: f64,
    /// The data.
    pub data: DataSettings,
    /// What differs from the published network, for all trials.
    pub network: NetworkSettings,
    /// The grid of noise.
    pub noise: NoiseGrid,
}

/// The sigma_1 of the published comparison of ratios, at a rate of about 9 Hz before training.
const PUBLISHED_SIGMA_1: f64 = 0.002;

/// Ratios under noisy updates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoiseGrid {
    /// Shares of excitatory neurons; leave empty to skip this grid.
    pub ratios: Vec<f64>,
    /// Noise levels, in units of sigma_init.
    #[schemars(extend("unit" = "sigma_init"))]
    pub levels: Vec<f64>,
    /// Standard deviation of the initial input weights.
    #[schemars(range(min = 0, max = 1000000))]
    pub sigma_1: f64,
    /// Trainings of each ratio and level.
    #[schemars(range(min = 1, max = 10000))]
    pub trials: usize,
    /// Membrane time constant, in `network.time_unit` (5 in the published noise runs).
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "network.time_unit"))]
    pub tau_mem: f64,
}

impl Default for NoiseGrid {
    fn default() -> Self {
        Self {
            ratios: vec![0.5, 0.7, 0.75, 0.8, 0.9, 0.95, 1.0],
            levels: vec![0.01, 0.2, 0.4, 0.6, 1.0],
            sigma_1: PUBLISHED_SIGMA_1,
            trials: 8,
            tau_mem: 5.0,
        }
    }
}

impl Default for RatiosSettings {
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
            reference: None,
            keep_models: false,
            success: None,
            van_rossum_samples: 100,
            van_rossum_tau: 1.0,
            data: DataSettings::default(),
            network: NetworkSettings::default(),
            noise: NoiseGrid::default(),
        }
    }
}

impl RatiosSettings {
    /// These ratios at the published initial rate on a data set, and nothing else.
    pub fn on(dataset: &str, ratios: &[f64]) -> Self {
        Self {
            ratios: ratios.to_vec(),
            sigma_1: vec![PUBLISHED_SIGMA_1],
            unbounded: false,
            data: DataSettings { dataset: dataset.to_owned(), ..DataSettings::default() },
            noise: NoiseGrid { ratios: Vec::new(), ..NoiseGrid::default() },
            ..Self::default()
        }
    }

    /// With so many epochs a training.
    #[must_use]
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.network.epochs = Some(epochs);
        self
    }

    /// With so many trainings of each ratio.
    #[must_use]
    pub fn trials(self, trials: usize) -> Self {
        Self { trials, ..self }
    }

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

    /// The epochs that are scored.
    pub fn scored(&self, kind: DataKind) -> Scored {
        let epochs = self.network.epochs.unwrap_or(kind.network().epochs);
        let most = most_scored(epochs);
        Scored { count: self.score_epochs.unwrap_or(kind.scored_epochs().min(most)), epochs }
    }

    /// The reason why these settings make no sense for this kind of data.
    ///
    /// # Errors
    /// That reason.
    pub fn validate_for(&self, kind: DataKind) -> Result<(), String> {
        let Scored { count, epochs } = self.scored(kind);
        let most = most_scored(epochs);
        if count <= most {
            return Ok(());
        }
        Err(format!(
            "score_epochs = {count}: of {epochs} epochs the last {most} can be scored, a third of them"
        ))
    }

    /// Accuracy from which a training is a success.
    pub fn success(&self, kind: DataKind) -> f64 {
        self.success.unwrap_or(kind.success())
    }

    /// How distances are measured.
    pub fn distances(&self) -> DistanceSettings {
        DistanceSettings { samples: self.van_rossum_samples, tau: self.van_rossum_tau }
    }

    /// Network and training.
    pub fn network(&self, condition: &Condition, kind: DataKind, step_ms: f64) -> ClassifierConfig {
        let mut settings = self.network;
        settings.recurrent = condition.recurrent;
        match condition.grid {
            Grid::Unbounded => settings.unbounded = true,
            Grid::Rates => settings.sigma_1 = condition.sigma_1,
            Grid::Noise => {
                settings.sigma_1 = condition.sigma_1;
                settings.tau_mem = Some(self.noise.tau_mem);
                settings.noise = Some(condition.noise);
            }
        }
        let mut network = settings.resolve(kind, condition.ratio);
        if condition.grid == Grid::Unbounded {
            // The optimiser and weights of the bounded networks are not for this one.
            let plain = NetworkSettings { unbounded: true, ..NetworkSettings::default() };
            let reference = plain.resolve(kind, condition.ratio);
            network.optimizer = reference.optimizer;
            network.initial = reference.initial;
        }
        network.dt = self.network.time_unit.step(step_ms);
        network
    }
}

/// The most epochs of so many that can be scored.
fn most_scored(epochs: usize) -> usize {
    (epochs / 3).max(1)
}

/// The epochs at the end of each training whose mean accuracy is its score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scored {
    /// How many.
    pub count: usize,
    /// Epochs of a training.
    pub epochs: usize,
}

impl Scored {
    /// Which, such as "epochs 21–30 of 30".
    pub fn label(&self) -> String {
        let Self { count, epochs } = *self;
        match count {
            1 => format!("epoch {epochs} of {epochs}"),
            _ => format!("epochs {}–{epochs} of {epochs}", epochs + 1 - count),
        }
    }
}

impl Settings for RatiosSettings {
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
        if self.network.initial.is_some() {
            return Err("network.initial: this study sets sigma_1 itself; leave it out".into());
        }
        if self.conditions().is_empty() {
            return Err("ratios, noise.ratios and unbounded leave nothing to train".into());
        }
        if self.score_epochs == Some(0) {
            return Err("score_epochs = 0: at least one epoch must be scored".into());
        }
        if let Some(Reference::Ratio(reference)) = self.reference {
            for (key, ratios) in [("ratios", &self.ratios), ("noise.ratios", &self.noise.ratios)] {
                if !ratios.is_empty() && !ratios.contains(&reference) {
                    return Err(format!("reference = {reference}: it is not one of {key}"));
                }
            }
        }
        if let Some(success) = self.success
            && !(0.0..=1.0).contains(&success)
        {
            return Err(format!("success = {success}: an accuracy lies in 0 to 1"));
        }
        self.distances().validate()?;
        self.data.validate()?;
        for condition in self.conditions() {
            let network = self.network(&condition, DataKind::Images, 1.0);
            network.validate().map_err(|e| format!("{}: {e}", condition.title()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_trial_has_a_seed_and_a_name_of_its_own() {
        let config = RatiosSettings::default();
        config.validate().unwrap();
        let conditions = config.conditions();
        assert_eq!(conditions.len(), 4 * 19 + 7 * 5 + 1);
        let names: HashSet<_> = conditions.iter().map(Condition::name).collect();
        assert_eq!(names.len(), conditions.len());
        let seeds: HashSet<_> =
            conditions.iter().flat_map(|c| (0..8).map(|t| c.seed(0, t))).collect();
        assert_eq!(seeds.len(), conditions.len() * 8);
        let speech = RatiosSettings {
            both_wirings: true,
            held_out_speakers: vec![3, 4],
            ..RatiosSettings::default()
        };
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
        let config = RatiosSettings { network, ..RatiosSettings::default() };
        let unbounded =
            config.conditions().into_iter().find(|c| c.grid == Grid::Unbounded).unwrap();
        let got = config.network(&unbounded, DataKind::Images, 1.0);
        let want = ClassifierConfig {
            epochs: 3,
            excitatory_fraction: 1.0,
            ..ClassifierConfig::unbounded()
        };
        assert_eq!(got, want);
    }

    #[test]
    fn wrong_lists_are_refused() {
        let wrong = |config: RatiosSettings| config.validate().unwrap_err();
        assert!(
            wrong(RatiosSettings { ratios: vec![1.5], ..RatiosSettings::default() })
                .contains("1.5")
        );
        assert!(
            wrong(RatiosSettings { sigma_1: vec![0.1, 0.1], ..RatiosSettings::default() })
                .contains("twice")
        );
        assert!(
            wrong(RatiosSettings { trials: 0, ..RatiosSettings::default() }).contains("trials")
        );
        let nothing = RatiosSettings {
            ratios: vec![],
            unbounded: false,
            noise: NoiseGrid { ratios: vec![], ..NoiseGrid::default() },
            ..RatiosSettings::default()
        };
        assert!(wrong(nothing).contains("nothing to train"));
        let absent = Some(Reference::Ratio(0.9));
        let absent =
            RatiosSettings { ratios: vec![0.5], reference: absent, ..RatiosSettings::default() };
        assert!(wrong(absent).contains("reference = 0.9"));
        let twice = RatiosSettings { held_out_speakers: vec![1, 1], ..RatiosSettings::default() };
        assert!(wrong(twice).contains("held_out_speakers has 1 twice"));
    }

    #[test]
    fn at_most_a_third_of_the_epochs_is_scored_and_named() {
        let label = |epochs, score_epochs, kind| {
            let network = NetworkSettings { epochs, ..NetworkSettings::default() };
            let settings = RatiosSettings { network, score_epochs, ..RatiosSettings::default() };
            settings.validate_for(kind).map(|()| settings.scored(kind).label())
        };
        // As published.
        assert_eq!(label(None, None, DataKind::Images).unwrap(), "epochs 21–30 of 30");
        assert_eq!(label(None, None, DataKind::Recordings).unwrap(), "epochs 176–200 of 200");
        assert_eq!(label(Some(40), None, DataKind::Images).unwrap(), "epochs 31–40 of 40");
        assert_eq!(label(Some(9), None, DataKind::Images).unwrap(), "epochs 7–9 of 9");
        assert_eq!(label(Some(2), None, DataKind::Images).unwrap(), "epoch 2 of 2");
        assert_eq!(label(Some(9), Some(2), DataKind::Images).unwrap(), "epochs 8–9 of 9");
        assert!(
            label(Some(9), Some(4), DataKind::Images).unwrap_err().contains("score_epochs = 4")
        );
        assert!(label(None, Some(11), DataKind::Images).is_err());
    }
}
