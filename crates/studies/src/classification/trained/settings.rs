//! What a person can ask of the study of balance in trained networks.

use equipoise_decoder::classifier::{ClassifierConfig, InitialWeights, SynapseModel};
use equipoise_random::derive_seed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Settings;
use crate::classification::data::{DataFacts, DataSettings};
use crate::classification::settings::{NetworkSettings, ratio_name};

/// What inhibits the hidden neurons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Inhibition {
    /// Nothing: inhibitory neurons act on the outputs alone, as published.
    Outputs,
    /// Inhibitory neurons, among connections from all hidden neurons to all.
    Recurrent,
    /// Inhibitory neurons, which inputs alone drive.
    FeedForward,
}

impl Inhibition {
    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Outputs => "outputs alone",
            Self::Recurrent => "recurrent",
            Self::FeedForward => "feed-forward",
        }
    }
}

/// The weights before training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// As published, by a standard deviation.
    Published,
    /// Fluctuation-driven: excitation and inhibition cancel in the mean, at the rates that hidden
    /// neurons have.
    Balanced,
}

impl Start {
    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Balanced => "balanced",
        }
    }
}

/// Synapses in words.
pub fn synapses_label(synapses: SynapseModel) -> &'static str {
    match synapses {
        SynapseModel::Current => "current",
        SynapseModel::Conductance => "conductance",
    }
}

/// A kind of network at a level of noise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// Synapses of the hidden neurons.
    pub synapses: SynapseModel,
    /// What inhibits them.
    pub inhibition: Inhibition,
    /// Their weights before training.
    pub start: Start,
    /// Share of excitatory neurons.
    pub ratio: f64,
    /// Noise of updates, in units of `sigma_init`.
    pub noise: f64,
}

impl Condition {
    /// For people: without the noise.
    pub fn network(&self) -> String {
        format!(
            "{} synapses, {} inhibition, {} start, {}",
            synapses_label(self.synapses),
            self.inhibition.label(),
            self.start.label(),
            ratio_name(self.ratio)
        )
    }

    /// For people.
    pub fn title(&self) -> String {
        format!("{}, noise {}", self.network(), self.noise)
    }

    /// For files.
    pub fn name(&self) -> String {
        let inhibition = self.inhibition.label().replace(' ', "-");
        format!(
            "{}-{inhibition}-{}-{}-noise-{}",
            synapses_label(self.synapses),
            self.start.label(),
            ratio_name(self.ratio).replace(':', "-"),
            self.noise
        )
    }
}

/// The study of balance in trained networks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrainedSettings {
    /// Seed of the study.
    pub seed: u64,
    /// Independent repetitions: in each, all networks have the same seed.
    #[schemars(range(min = 1, max = 1000))]
    pub repeats: usize,
    /// Synapses that are tried; the first is what others are compared with.
    pub synapses: Vec<SynapseModel>,
    /// Kinds of inhibition that are tried; the first is what others are compared with.
    pub inhibition: Vec<Inhibition>,
    /// Weights before training that are tried; the first is what others are compared with.
    pub start: Vec<Start>,
    /// Shares of excitatory neurons.
    pub ratios: Vec<f64>,
    /// Levels of the noise of updates.
    #[schemars(extend("unit" = "sigma_init"))]
    pub noise: Vec<f64>,
    /// The accuracy whose epoch is told.
    #[schemars(range(min = 0, max = 1))]
    pub accuracy: f64,
    /// Epochs at the end whose mean accuracy is the score, at most a third of all; a third if not
    /// given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub score_epochs: Option<usize>,
    /// Distance of the threshold from the mean potential of a balanced start, in standard deviations
    /// of the potential.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub xi: f64,
    /// The data.
    pub data: DataSettings,
    /// What differs from the published network, for all trainings.
    pub network: NetworkSettings,
}

impl Default for TrainedSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            repeats: 5,
            synapses: vec![SynapseModel::Current, SynapseModel::Conductance],
            inhibition: vec![Inhibition::Outputs, Inhibition::Recurrent, Inhibition::FeedForward],
            start: vec![Start::Published, Start::Balanced],
            ratios: vec![0.8],
            noise: vec![0.0, 0.4],
            accuracy: 0.7,
            score_epochs: None,
            xi: 1.0,
            data: DataSettings::default(),
            network: NetworkSettings::default(),
        }
    }
}

impl TrainedSettings {
    /// All networks at all levels of noise.
    pub fn conditions(&self) -> Vec<Condition> {
        let mut all = Vec::new();
        for &noise in &self.noise {
            for &ratio in &self.ratios {
                for &synapses in &self.synapses {
                    for &inhibition in &self.inhibition {
                        for &start in &self.start {
                            all.push(Condition { synapses, inhibition, start, ratio, noise });
                        }
                    }
                }
            }
        }
        all
    }

    /// Network and training of a condition on these data.
    pub fn config(&self, condition: &Condition, data: &DataFacts) -> ClassifierConfig {
        let config = self.settings_of(condition).on(data, condition.ratio);
        self.network.fitted(config, data.training_samples)
    }

    fn settings_of(&self, condition: &Condition) -> NetworkSettings {
        let InitialWeights::FluctuationDriven { rate, input_share, .. } =
            InitialWeights::fluctuation_driven()
        else {
            unreachable!("it is what it is called")
        };
        let balanced =
            InitialWeights::FluctuationDriven { xi: self.xi, rate, measured: true, input_share };
        NetworkSettings {
            synapses: Some(condition.synapses),
            recurrent: condition.inhibition == Inhibition::Recurrent,
            feed_forward_inhibition: condition.inhibition == Inhibition::FeedForward,
            initial: (condition.start == Start::Balanced).then_some(balanced),
            reversal: self
                .network
                .reversal
                .filter(|_| condition.synapses == SynapseModel::Conductance),
            noise: Some(condition.noise),
            ..self.network
        }
    }

    /// The seed of a repetition: the same for all networks, so that they are compared in pairs.
    pub fn seed_of(&self, repeat: usize) -> u64 {
        derive_seed(self.seed, "study/trained", repeat as u64)
    }

    /// Epochs at the end of so many whose mean accuracy is the score.
    pub fn scored(&self, epochs: usize) -> usize {
        let most = (epochs / 3).max(1);
        self.score_epochs.unwrap_or(most).min(most)
    }

    fn validate_lists(&self) -> Result<(), String> {
        fn distinct<T: PartialEq>(key: &str, list: &[T]) -> Result<(), String> {
            if list.is_empty() {
                return Err(format!("{key} is empty; give at least one"));
            }
            match (1..list.len()).find(|&k| list[..k].contains(&list[k])) {
                Some(k) => Err(format!("{key} has its value number {} twice", k + 1)),
                None => Ok(()),
            }
        }
        distinct("synapses", &self.synapses)?;
        distinct("inhibition", &self.inhibition)?;
        distinct("start", &self.start)?;
        distinct("ratios", &self.ratios)?;
        distinct("noise", &self.noise)
    }
}

impl Settings for TrainedSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        if !(1..=1000).contains(&self.repeats) {
            return Err(format!("repeats = {}: from 1 to 1000 are possible", self.repeats));
        }
        self.validate_lists()?;
        if let Some(bad) = self.ratios.iter().find(|r| !(0.0..=1.0).contains(*r)) {
            return Err(format!("ratios has {bad}: a share lies in 0 to 1 (0.8 is 80:20)"));
        }
        if !(0.0..=1.0).contains(&self.accuracy) {
            return Err(format!("accuracy = {}: it lies in 0 to 1", self.accuracy));
        }
        if self.score_epochs == Some(0) {
            return Err("score_epochs = 0: at least one epoch must be scored".into());
        }
        for (key, given) in [
            ("synapses", self.network.synapses.is_some()),
            ("recurrent", self.network.recurrent),
            ("feed_forward_inhibition", self.network.feed_forward_inhibition),
            ("initial", self.network.initial.is_some()),
            ("noise", self.network.noise.is_some()),
            ("unbounded", self.network.unbounded),
        ] {
            if given {
                return Err(format!("network.{key}: this study sets it itself; leave it out"));
            }
        }
        self.data.validate()?;
        for condition in self.conditions() {
            let mut network = self.settings_of(&condition);
            if network.initial.is_some() {
                // What a published start is drawn with is of no use to a balanced one.
                (network.sigma_1, network.sigma_2, network.sigma_recurrent) = (None, None, None);
            }
            network.validate(condition.ratio).map_err(|e| format!("{}: {e}", condition.title()))?;
        }
        Ok(())
    }
}
