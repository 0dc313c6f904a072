//! What a person can say about data and network.

use std::path::Path;

use equipoise_data::{Dataset, OpenOptions, Share, open};
use equipoise_decoder::classifier::{
    ClassifierConfig, InitialWeights, LabelledEvents, Optimizer, Regularizer, Schedule,
};
use equipoise_decoder::lif::{Logit, Surrogate};
use equipoise_encoder::code::{Binning, Latency};
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, OrFail, Outcome};

/// Which data, and as which events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataSettings {
    /// Name of the data set.
    pub dataset: String,
    /// Training samples, a balanced part of the set; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train: Option<usize>,
    /// Test samples, a balanced part of the set; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<usize>,
    /// Share of the training samples that is held out and takes the place of the test set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_share: Option<f64>,
    /// Speaker of the training samples who is held out and takes the place of the test set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_speaker: Option<u16>,
    /// How images become events.
    pub latency: Latency,
    /// How recordings become events.
    pub binning: Binning,
}

impl Default for DataSettings {
    fn default() -> Self {
        Self {
            dataset: "fashion-mnist".into(),
            train: None,
            test: None,
            validation_share: None,
            validation_speaker: None,
            latency: Latency::default(),
            binning: Binning::default(),
        }
    }
}

/// The two sets of a training.
#[derive(Debug)]
pub struct Sets {
    /// To train on.
    pub train: LabelledEvents,
    /// To measure on.
    pub test: LabelledEvents,
    /// Whether they are images.
    pub images: bool,
    /// What the second set is, for tables: "test" or "validation".
    pub measured_on: &'static str,
}

impl DataSettings {
    /// The reason why these settings make no sense.
    pub fn validate(&self) -> Result<(), String> {
        if let Some(share) = self.validation_share
            && !(share > 0.0 && share < 1.0)
        {
            return Err(format!("data.validation_share = {share}: it must lie between 0 and 1"));
        }
        if self.validation_share.is_some() && self.validation_speaker.is_some() {
            return Err("data.validation_share and data.validation_speaker: give only one".into());
        }
        self.latency.validate().map_err(|e| format!("data.latency: {e}"))
    }

    /// Opens the sets.
    pub fn open(&self, root: &Path, seed: u64) -> Outcome<Sets> {
        let options =
            OpenOptions { train: self.train, test: self.test, seed, ..OpenOptions::default() };
        let held_out = self.validation_share.is_some() || self.validation_speaker.is_some();
        let measured_on = if held_out { "validation" } else { "test" };
        match open(&self.dataset, root, &options).or_request()? {
            Dataset::Images { train, test } => {
                let (train, test) = match (self.validation_share, self.validation_speaker) {
                    (Some(share), _) => {
                        train.split_validation(Share::Fraction(share), seed).or_request()?
                    }
                    (None, Some(_)) => {
                        return Err(Failure::request(format!(
                            "data.validation_speaker: {} has images, not speakers",
                            self.dataset
                        )));
                    }
                    (None, None) => (train, test),
                };
                let events = |set| LabelledEvents::from_images(set, &self.latency).or_request();
                let (train, test) = (events(&train)?, events(&test)?);
                Ok(Sets { train, test, images: true, measured_on })
            }
            Dataset::Spikes { train, test } => {
                let (train, test) = match (self.validation_share, self.validation_speaker) {
                    (Some(share), _) => {
                        train.split_validation(Share::Fraction(share), seed).or_request()?
                    }
                    (None, Some(speaker)) => {
                        train.split_validation_by_speaker(speaker).or_request()?
                    }
                    (None, None) => (train, test),
                };
                let events = |set| LabelledEvents::from_spikes(set, &self.binning).or_request();
                let (train, test) = (events(&train)?, events(&test)?);
                Ok(Sets { train, test, images: false, measured_on })
            }
        }
    }
}

/// How the weights are updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerKind {
    /// Plain stochastic gradient descent.
    Sgd,
    /// Adam.
    Adam,
}

/// What differs from the published settings for the kind of data: those for Fashion-MNIST where
/// the data are images, those for the Heidelberg digits where they are recordings. An absent key
/// keeps the published value.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkSettings {
    /// No Dale's law; the weights and the optimiser of the SpyTorch tutorials.
    pub unbounded: bool,
    /// Hidden neurons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<usize>,
    /// Connect the hidden neurons among themselves.
    pub recurrent: bool,
    /// Synaptic time constant, ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tau_syn: Option<f64>,
    /// Membrane time constant, ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tau_mem: Option<f64>,
    /// Standard deviation of the initial input weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sigma_1: Option<f64>,
    /// Standard deviation of the initial readout weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sigma_2: Option<f64>,
    /// Standard deviation of the initial recurrent weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sigma_recurrent: Option<f64>,
    /// How the weights are updated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimizer: Option<OptimizerKind>,
    /// Learning rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// How the learning rate goes over the training: constant or linear, down to 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Decoupled weight decay, in units of the learning rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// Noise of each update, in units of `sigma_init`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<f64>,
    /// The unit of the noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sigma_init: Option<f64>,
    /// Samples of an update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    /// Times that the training set is gone through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
    /// What stands for ds/dv in the backward pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surrogate: Option<Surrogate>,
    /// Which value of a readout over time is its logit: maximum, as published, or extreme, the one
    /// farthest from 0, with which no class is lost for want of a gradient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logit: Option<Logit>,
    /// What the spikes themselves cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regularizer: Option<Regularizer>,
}

/// Learning rate of Adam in the SpyTorch tutorials.
const ADAM_RATE: f64 = 2e-4;

impl NetworkSettings {
    /// The whole configuration for a ratio and this kind of data.
    pub fn resolve(&self, images: bool, excitatory_fraction: f64) -> ClassifierConfig {
        let mut config =
            if images { ClassifierConfig::default() } else { ClassifierConfig::speech() };
        config.excitatory_fraction = excitatory_fraction;
        config.recurrent = self.recurrent;
        if self.unbounded {
            config.dale = false;
            config.optimizer = Optimizer::adam(ADAM_RATE);
            // SpyTorch's scale for speech is a number of its own.
            config.initial =
                InitialWeights::SpyTorch { scale: if images { None } else { Some(0.2) } };
        }
        if self.sigma_1.is_some() || self.sigma_2.is_some() || self.sigma_recurrent.is_some() {
            let base =
                if images { ClassifierConfig::default() } else { ClassifierConfig::speech() };
            if let InitialWeights::Study { sigma_1, sigma_2, sigma_recurrent } = base.initial {
                config.initial = InitialWeights::Study {
                    sigma_1: self.sigma_1.unwrap_or(sigma_1),
                    sigma_2: self.sigma_2.or(sigma_2),
                    sigma_recurrent: self.sigma_recurrent.or(sigma_recurrent),
                };
            }
        }
        match self.optimizer {
            Some(OptimizerKind::Adam) => config.optimizer = Optimizer::adam(ADAM_RATE),
            Some(OptimizerKind::Sgd) => {
                let base = if images { 0.01 } else { 0.001 };
                config.optimizer = Optimizer::Sgd { learning_rate: base };
            }
            None => {}
        }
        if let Some(rate) = self.learning_rate {
            config.optimizer = match config.optimizer {
                Optimizer::Sgd { .. } => Optimizer::Sgd { learning_rate: rate },
                Optimizer::Adam { beta_1, beta_2, epsilon, .. } => {
                    Optimizer::Adam { learning_rate: rate, beta_1, beta_2, epsilon }
                }
            };
        }
        config.schedule = self.schedule.unwrap_or(config.schedule);
        config.weight_decay = self.weight_decay.unwrap_or(config.weight_decay);
        config.hidden = self.hidden.unwrap_or(config.hidden);
        config.tau_syn = self.tau_syn.unwrap_or(config.tau_syn);
        config.tau_mem = self.tau_mem.unwrap_or(config.tau_mem);
        config.noise = self.noise.unwrap_or(config.noise);
        config.sigma_init = self.sigma_init.unwrap_or(config.sigma_init);
        config.batch = self.batch.unwrap_or(config.batch);
        config.epochs = self.epochs.unwrap_or(config.epochs);
        config.logit = self.logit.unwrap_or(config.logit);
        config.surrogate = self.surrogate.unwrap_or(config.surrogate);
        config.regularizer = self.regularizer.unwrap_or(config.regularizer);
        config
    }

    /// The reason why these settings make no sense, whatever the data.
    pub fn validate(&self) -> Result<(), String> {
        self.resolve(true, 0.8).validate().map_err(|e| format!("network: {e}"))
    }
}

/// A ratio as people write it: 80:20.
pub fn ratio_name(excitatory_fraction: f64) -> String {
    // Whole per cent without ".0", others with their digits.
    let percent = |share: f64| (share * 1e4).round() / 100.0;
    format!("{}:{}", percent(excitatory_fraction), percent(1.0 - excitatory_fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_written_as_people_do() {
        assert_eq!(ratio_name(0.8), "80:20");
        assert_eq!(ratio_name(1.0), "100:0");
        assert_eq!(ratio_name(0.955), "95.5:4.5");
    }

    #[test]
    fn absent_keys_keep_the_published_values() {
        let nothing = NetworkSettings::default();
        assert_eq!(nothing.resolve(true, 0.8), ClassifierConfig::default());
        assert_eq!(nothing.resolve(false, 0.8), ClassifierConfig::speech());
        let unbounded = NetworkSettings { unbounded: true, ..nothing };
        assert_eq!(unbounded.resolve(true, 0.8), ClassifierConfig::unbounded());
    }

    #[test]
    fn keys_change_only_what_they_say() {
        let adam = NetworkSettings {
            optimizer: Some(OptimizerKind::Adam),
            learning_rate: Some(0.003),
            sigma_1: Some(0.01),
            ..NetworkSettings::default()
        };
        let config = adam.resolve(true, 0.5);
        assert_eq!(config.optimizer, Optimizer::adam(0.003));
        let study = InitialWeights::Study { sigma_1: 0.01, sigma_2: None, sigma_recurrent: None };
        assert_eq!(config.initial, study);
        assert_eq!((config.tau_mem, config.excitatory_fraction), (10.0, 0.5));
        let speech = adam.resolve(false, 0.5);
        assert!(
            matches!(speech.initial, InitialWeights::Study { sigma_2: Some(s), .. } if s == 1e-4)
        );
        let wrong = NetworkSettings { learning_rate: Some(-1.0), ..NetworkSettings::default() };
        assert!(wrong.validate().unwrap_err().contains("learning_rate"));
    }
}
