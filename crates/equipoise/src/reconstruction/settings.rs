//! What a person can ask of a comparison of regimes.

use equipoise_data::ImageSet;
use equipoise_decoder::device::Backend;
use equipoise_decoder::reconstruct::{DecoderConfig, DecoderKind, FeatureConfig};
use equipoise_decoder::training::TrainConfig;
use equipoise_encoder::network::{NetworkConfig, Regime};
use serde::{Deserialize, Serialize};

use super::images::{DataSettings, driven};
use crate::failure::{Failure, Outcome};
use crate::job::Config;

/// A regime by name, or as a table of changes with a name of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RegimeChoice {
    /// A built-in regime.
    Named(String),
    /// A person's own.
    Own(Box<Regime>),
}

impl RegimeChoice {
    /// The regime.
    ///
    /// # Errors
    /// The reason, if no regime has the name or it has none.
    pub fn regime(&self) -> Result<Regime, String> {
        match self {
            Self::Named(name) => Regime::named(name).map_err(|e| e.to_string()),
            Self::Own(regime) if regime.name.is_empty() => {
                Err("regimes: a regime of your own needs a name".into())
            }
            Self::Own(regime) => Ok((**regime).clone()),
        }
    }
}

/// Something simpler, or better informed, to measure the decoder by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Control {
    /// The mean of the training images, whatever the spikes.
    MeanImage,
    /// Ridge regression from the counts to the pixels.
    Ridge,
    /// The same decoder on spikes of the reference regime that belong to other images (first
    /// repetition).
    Shuffled,
    /// The same decoder straight from the pixels (first repetition).
    Pixels,
}

/// The configuration of `equipoise reconstruct` and `equipoise demo`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Seed of the run.
    pub seed: u64,
    /// Independent repetitions, each with networks and decoders of its own.
    pub repeats: usize,
    /// Regimes to compare; the first is the reference.
    pub regimes: Vec<RegimeChoice>,
    /// What to measure the decoder by.
    pub controls: Vec<Control>,
    /// Images whose spike counts are held at a time; bounds memory and changes no result.
    pub batch: usize,
    /// Backend that trains.
    pub backend: Backend,
    /// The images.
    pub data: DataSettings,
    /// The network that the regimes change.
    pub network: NetworkConfig,
    /// What the decoder is given of the spikes.
    pub features: FeatureConfig,
    /// The decoder.
    pub decoder: DecoderConfig,
    /// Decoders to train on the same spikes, all with the settings of `decoder` but its kind;
    /// empty for that one alone.
    pub decoders: Vec<DecoderKind>,
    /// Their training.
    pub training: TrainConfig,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0,
            repeats: 1,
            regimes: ["balanced", "unbalanced-g"]
                .map(|name| RegimeChoice::Named(name.into()))
                .into(),
            controls: vec![Control::MeanImage, Control::Ridge],
            batch: 1024,
            backend: Backend::default(),
            data: DataSettings::default(),
            network: NetworkConfig::default(),
            features: FeatureConfig::default(),
            decoder: DecoderConfig::default(),
            decoders: Vec::new(),
            training: TrainConfig::default(),
        }
    }
}

impl Settings {
    /// The decoders to train.
    pub fn kinds(&self) -> Vec<DecoderKind> {
        match self.decoders.as_slice() {
            [] => vec![self.decoder.kind],
            kinds => kinds.to_vec(),
        }
    }

    /// The settings of one of them.
    pub fn decoder_of(&self, kind: DecoderKind) -> DecoderConfig {
        DecoderConfig { kind, ..self.decoder.clone() }
    }

    /// The regimes with the networks that they make of the base, driven by these images.
    ///
    /// # Errors
    /// [`Failure::Request`] if one is unknown or makes no sense, or two have one name.
    pub fn networks(&self, images: &ImageSet) -> Outcome<Vec<(String, NetworkConfig)>> {
        // The drive is that of the base: a regime changes the network, not its input.
        let base = driven(&self.network, images)?;
        self.regimes_of(&base).map_err(Failure::request)
    }

    fn regimes_of(&self, base: &NetworkConfig) -> Result<Vec<(String, NetworkConfig)>, String> {
        base.validate().map_err(|e| e.to_string())?;
        let mut networks: Vec<(String, NetworkConfig)> = Vec::new();
        for choice in &self.regimes {
            let regime = choice.regime()?;
            if networks.iter().any(|(name, _)| *name == regime.name) {
                return Err(format!("regimes: `{}` stands there twice", regime.name));
            }
            let config = regime.apply(base);
            config.validate().map_err(|e| format!("regime `{}`: {e}", regime.name))?;
            networks.push((regime.name, config));
        }
        Ok(networks)
    }
}

impl Config for Settings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        if self.regimes.is_empty() {
            return Err("regimes: at least one is needed".into());
        }
        if self.repeats == 0 {
            return Err("repeats is 0: at least 1 is needed".into());
        }
        if self.batch == 0 {
            return Err("batch is 0: at least 1 image is needed".into());
        }
        let kinds = self.kinds();
        if let Some(twice) = kinds.iter().enumerate().find(|(i, k)| kinds[..*i].contains(k)) {
            return Err(format!("decoders: `{}` stands there twice", twice.1));
        }
        self.regimes_of(&self.network)?;
        self.data.validate()?;
        self.backend.device().map_err(|e| e.to_string())?;
        self.features.validate().map_err(|e| format!("features: {e}"))?;
        self.training.validate().map_err(|e| format!("training: {e}"))
    }
}
