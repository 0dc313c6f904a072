//! What a person can say about the network and its training.

use equipoise_decoder::classifier::{
    ClassifierConfig, InitialWeights, Optimizer, Regularizer, Reversal, Schedule, SynapseModel,
};
use equipoise_decoder::lif::{Logit, Scheme, Surrogate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::data::DataFacts;
use super::published::DataKind;

/// How the weights are updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerKind {
    /// Plain stochastic gradient descent.
    Sgd,
    /// Adam.
    Adam,
}

/// What time constants count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// Steps of the time grid, whatever time one covers.
    #[default]
    Steps,
    /// Milliseconds of the data.
    Milliseconds,
}

impl TimeUnit {
    /// The length of a step of so many ms.
    pub fn step(self, step_ms: f64) -> f64 {
        match self {
            Self::Steps => 1.0,
            Self::Milliseconds => step_ms,
        }
    }
}

/// What differs from the published settings for the kind of data ([`DataKind`]). An absent key keeps
/// the published value.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkSettings {
    /// No Dale's law; the weights and the optimiser of the SpyTorch tutorials.
    pub unbounded: bool,
    /// Hidden neurons; published: 100, for recordings 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub hidden: Option<usize>,
    /// Connect the hidden neurons among themselves.
    pub recurrent: bool,
    /// Let the inhibitory hidden neurons inhibit the excitatory ones: feed-forward inhibition, since
    /// inputs alone drive them.
    pub feed_forward_inhibition: bool,
    /// Whether inputs to hidden neurons are currents, as published, or conductances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synapses: Option<SynapseModel>,
    /// Reversal potentials of conductance synapses; 4 and -0.5 if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("unit" = "thresholds"))]
    pub reversal: Option<Reversal>,
    /// What the time constants count: steps, as published, or ms of the data.
    pub time_unit: TimeUnit,
    /// Synaptic time constant, in `time_unit`, 0 for none; published: 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0), extend("unit" = "time_unit"))]
    pub tau_syn: Option<f64>,
    /// Membrane time constant, in `time_unit`; published: 10, for recordings 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "time_unit"))]
    pub tau_mem: Option<f64>,
    /// The weights before training, instead of those that `sigma_1` and the like set:
    /// fluctuation-driven, for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial: Option<InitialWeights>,
    /// Standard deviation of the initial input weights; published: 0.002, for recordings 0.0005.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub sigma_1: Option<f64>,
    /// Standard deviation of the initial readout weights; published: what SpyTorch takes, for
    /// recordings 0.0001.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub sigma_2: Option<f64>,
    /// Standard deviation of the initial recurrent weights; published: that of the input weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub sigma_recurrent: Option<f64>,
    /// How the weights are updated; published: sgd, for an unbounded network adam.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimizer: Option<OptimizerKind>,
    /// Learning rate; published: 0.01, for recordings 0.001, and 0.0002 of adam.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub learning_rate: Option<f64>,
    /// How the learning rate goes over the training: constant, as published, or linear, down to 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Decoupled weight decay, in units of the learning rate; published: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub weight_decay: Option<f64>,
    /// Noise of each update, in units of `sigma_init`; published: 0 but in the runs on noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0), extend("unit" = "sigma_init"))]
    pub noise: Option<f64>,
    /// The unit of the noise; published: 0.001.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub sigma_init: Option<f64>,
    /// Samples of an update; published: 256, or a tenth of the training set if that has fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub batch: Option<usize>,
    /// Times that the training set is gone through; published: 30, for recordings 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub epochs: Option<usize>,
    /// What stands for ds/dv in the backward pass; published: the fast sigmoid, of steepness 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surrogate: Option<Surrogate>,
    /// Which value of a readout over time is its logit: maximum, as published, or extreme, the one
    /// farthest from 0, with which no class is lost for want of a gradient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logit: Option<Logit>,
    /// What a spike does in the step after it: spytorch, as published, in which the input of that
    /// step is lost, or nir, in which it is kept, as in the tools that can read the exported network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamics: Option<Scheme>,
    /// What the spikes themselves cost; published: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regularizer: Option<Regularizer>,
}

impl NetworkSettings {
    /// The whole configuration for a ratio and these data.
    pub fn on(&self, data: &DataFacts, excitatory_fraction: f64) -> ClassifierConfig {
        let dt = self.time_unit.step(data.step_ms);
        ClassifierConfig { dt, ..self.resolve(data.kind, excitatory_fraction) }
    }

    /// The whole configuration for a ratio and this kind of data, on steps of length 1.
    pub fn resolve(&self, kind: DataKind, excitatory_fraction: f64) -> ClassifierConfig {
        let mut config = kind.network();
        config.excitatory_fraction = excitatory_fraction;
        config.recurrent = self.recurrent;
        config.feed_forward_inhibition = self.feed_forward_inhibition;
        config.synapses = self.synapses.unwrap_or(config.synapses);
        config.reversal = self.reversal;
        if self.unbounded {
            config.dale = false;
            config.optimizer = kind.adam();
            config.initial = kind.unbounded_weights();
        }
        let given = [self.sigma_1, self.sigma_2, self.sigma_recurrent];
        if given.iter().any(Option::is_some)
            && let InitialWeights::Study { sigma_1, sigma_2, sigma_recurrent } =
                kind.network().initial
        {
            config.initial = InitialWeights::Study {
                sigma_1: self.sigma_1.unwrap_or(sigma_1),
                sigma_2: self.sigma_2.or(sigma_2),
                sigma_recurrent: self.sigma_recurrent.or(sigma_recurrent),
            };
        }
        config.initial = self.initial.unwrap_or(config.initial);
        match self.optimizer {
            Some(OptimizerKind::Adam) => config.optimizer = kind.adam(),
            Some(OptimizerKind::Sgd) => config.optimizer = kind.network().optimizer,
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
        config.dynamics = self.dynamics.unwrap_or(config.dynamics);
        config.surrogate = self.surrogate.unwrap_or(config.surrogate);
        config.regularizer = self.regularizer.unwrap_or(config.regularizer);
        config
    }

    /// A configuration for so many training samples: where no batch was asked for and there are not
    /// enough samples for the published one, it is a tenth of them.
    pub fn fitted(&self, config: ClassifierConfig, samples: usize) -> ClassifierConfig {
        match self.batch {
            None if samples < config.batch => {
                ClassifierConfig { batch: samples.div_ceil(10).max(1), ..config }
            }
            _ => config,
        }
    }

    /// The reason why these settings make no sense at a ratio, whatever the data.
    ///
    /// # Errors
    /// That reason.
    pub fn validate(&self, excitatory_fraction: f64) -> Result<(), String> {
        let sigmas = [self.sigma_1, self.sigma_2, self.sigma_recurrent];
        if self.initial.is_some() && sigmas.iter().any(Option::is_some) {
            return Err(
                "network.initial: it says all of the initial weights; leave network.sigma_1, \
                 sigma_2 and sigma_recurrent out"
                    .into(),
            );
        }
        let config = self.resolve(DataKind::Images, excitatory_fraction);
        config.validate().map_err(|e| format!("network: {e}"))
    }
}

/// How the hidden neurons of a network are connected and by which synapses, where that is not as
/// published: words that go before its ratio, each followed by a space.
pub fn wiring(config: &ClassifierConfig) -> String {
    let synapses = match config.synapses {
        SynapseModel::Current => "",
        SynapseModel::Conductance => "conductance ",
    };
    let among = match (config.recurrent, config.feed_forward_inhibition) {
        (true, _) => "recurrent ",
        (false, true) => "feed-forward inhibited ",
        (false, false) => "",
    };
    format!("{synapses}{among}")
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
        assert_eq!(nothing.resolve(DataKind::Images, 0.8), ClassifierConfig::default());
        assert_eq!(nothing.resolve(DataKind::Recordings, 0.8), ClassifierConfig::speech());
        let unbounded = NetworkSettings { unbounded: true, ..nothing };
        assert_eq!(unbounded.resolve(DataKind::Images, 0.8), ClassifierConfig::unbounded());
    }

    #[test]
    fn synapses_and_inhibition_are_settings() {
        let conductances = NetworkSettings {
            synapses: Some(SynapseModel::Conductance),
            feed_forward_inhibition: true,
            initial: Some(InitialWeights::fluctuation_driven()),
            ..NetworkSettings::default()
        };
        conductances.validate(0.8).unwrap();
        let config = conductances.resolve(DataKind::Recordings, 0.8);
        assert_eq!(config.synapses, SynapseModel::Conductance);
        assert_eq!(config.initial, InitialWeights::fluctuation_driven());
        assert!(config.feed_forward_inhibition && !config.recurrent);
        assert_eq!(wiring(&config), "conductance feed-forward inhibited ");
        assert_eq!(wiring(&ClassifierConfig::default()), "");
        let twice = NetworkSettings { sigma_1: Some(0.1), ..conductances };
        assert!(twice.validate(0.8).unwrap_err().contains("network.initial"));
        let unbounded = NetworkSettings { unbounded: true, ..conductances };
        assert!(unbounded.validate(0.8).unwrap_err().contains("Dale"));
    }

    #[test]
    fn keys_change_only_what_they_say() {
        let adam = NetworkSettings {
            optimizer: Some(OptimizerKind::Adam),
            learning_rate: Some(0.003),
            sigma_1: Some(0.01),
            ..NetworkSettings::default()
        };
        let config = adam.resolve(DataKind::Images, 0.5);
        assert_eq!(config.optimizer, Optimizer::adam(0.003));
        let study = InitialWeights::Study { sigma_1: 0.01, sigma_2: None, sigma_recurrent: None };
        assert_eq!(config.initial, study);
        assert_eq!((config.tau_mem, config.excitatory_fraction), (10.0, 0.5));
        let speech = adam.resolve(DataKind::Recordings, 0.5);
        assert!(
            matches!(speech.initial, InitialWeights::Study { sigma_2: Some(s), .. } if s == 1e-4)
        );
        let wrong = NetworkSettings { learning_rate: Some(-1.0), ..NetworkSettings::default() };
        assert!(wrong.validate(0.8).unwrap_err().contains("learning_rate"));
    }
}
