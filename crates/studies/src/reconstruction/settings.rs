//! What a person can ask of the studies of reconstruction: one set of settings for all of them.

use std::path::PathBuf;

use equipoise_data::{ImageSet, Sides};
use equipoise_decoder::device::Backend;
use equipoise_decoder::reconstruct::{
    DecoderConfig, DecoderKind, FeatureConfig, ReconstructorConfig,
};
use equipoise_decoder::training::TrainConfig;
use equipoise_encoder::network::NetworkConfig;
use equipoise_random::derive_seed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Table;

use super::encoding::Part;
use super::images::DataSettings;
use crate::context::Identity;
use crate::drive::driven;
use crate::error::{OrStudyError, StudyError};
use crate::populations::{PopulationsCase, encoders};
use crate::regimes::{self, Case, ImageCase, RegimeChoice};
use crate::settings::merge;

/// In what the defaults of reconstruction differ from those of a network: see [`Settings::network`].
const DEFAULTS: &str = crate::drive::OF_IMAGES;

/// Something simpler, or better informed, to measure the decoder by.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
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

/// The settings of every study of reconstruction; each uses those that concern it.
///
/// Settings from TOML go through [`Settings::layer`], so that a table `[network]` with one key
/// leaves the defaults of the others as they are here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Seed of the run.
    pub seed: u64,
    /// Independent repetitions, each with networks and decoders of its own.
    #[schemars(range(min = 1))]
    pub repeats: usize,
    /// Regimes to compare; the first is the reference, and the one that single steps take.
    pub regimes: Vec<RegimeChoice>,
    /// Compare the regimes and the networks of `populations`, the regimes first.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub beside_regimes: bool,
    /// What to measure the decoder by.
    pub controls: Vec<Control>,
    /// Images whose spike counts are held at a time; bounds memory and changes no result.
    #[schemars(range(min = 1))]
    pub batch: usize,
    /// Recordings of each part that are kept as spikes, from the first.
    pub keep_spikes: usize,
    /// Scored images whose reconstructions are kept for other programs, from the first.
    pub keep_reconstructions: usize,
    /// Backend that trains.
    pub backend: Backend,
    /// The run with the encoded images (training and evaluation as single steps).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoded: Option<PathBuf>,
    /// The model, or the run that trained it (evaluation as a single step).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<PathBuf>,
    /// The run whose networks and decoders are evaluated on other images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<PathBuf>,
    /// The part of the data that is evaluated as a single step.
    pub part: Part,
    /// The images.
    pub data: DataSettings,
    /// Networks of populations to compare in the place of the regimes; `regimes` and `network` have no
    /// say then, unless `beside_regimes` is set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub populations: Vec<PopulationsCase>,
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
        #[derive(Deserialize)]
        struct Defaults {
            network: NetworkConfig,
        }
        let defaults: Defaults =
            toml::from_str(DEFAULTS).expect("the file of defaults is a part of this crate");
        Self {
            seed: 0,
            repeats: 1,
            regimes: ["balanced", "unbalanced-g"].map(RegimeChoice::from).into(),
            beside_regimes: false,
            controls: vec![Control::MeanImage, Control::Ridge],
            batch: 1024,
            keep_spikes: 0,
            keep_reconstructions: 1000,
            backend: Backend::default(),
            encoded: None,
            model: None,
            run: None,
            part: Part::Test,
            data: DataSettings::default(),
            populations: Vec::new(),
            network: defaults.network,
            features: FeatureConfig::default(),
            decoder: DecoderConfig::default(),
            decoders: Vec::new(),
            training: TrainConfig::default(),
        }
    }
}

impl Settings {
    /// The lowest layer of settings, as TOML: the defaults with the changes of a preset (TOML,
    /// empty for none).
    ///
    /// # Errors
    /// The reason, if the preset is no TOML.
    pub fn layer(preset: &str) -> Result<String, String> {
        let read = |text| toml::from_str::<Table>(text).map_err(|e| e.message().to_owned());
        let mut table = read(DEFAULTS)?;
        merge(&mut table, read(preset)?)?;
        Ok(table.to_string())
    }

    /// The decoders to train.
    pub fn kinds(&self) -> Vec<DecoderKind> {
        match self.decoders.as_slice() {
            [] => vec![self.decoder.kind],
            kinds => kinds.to_vec(),
        }
    }

    /// The decoder that a single step trains: the first.
    pub fn kind(&self) -> DecoderKind {
        self.decoders.first().copied().unwrap_or(self.decoder.kind)
    }

    /// These settings with the first regime, or network of populations, alone, which single steps
    /// take.
    pub fn first_regime(&self) -> Self {
        let mut settings = self.clone();
        settings.regimes.truncate(1);
        settings.populations.truncate(usize::from(!self.has_regimes()));
        settings.beside_regimes = false;
        settings
    }

    /// Whether regimes are among what is compared.
    fn has_regimes(&self) -> bool {
        self.populations.is_empty() || self.beside_regimes
    }

    /// The settings of one of them.
    pub fn decoder_of(&self, kind: DecoderKind) -> DecoderConfig {
        DecoderConfig { kind, ..self.decoder.clone() }
    }

    /// What the sides of images must be for the decoders and for SSIM, where nobody has chosen a
    /// size.
    pub fn sides(&self) -> Sides {
        let halvings = self.kinds().iter().map(|&kind| self.decoder_of(kind).halvings()).max();
        // Larger ones are refused when the decoder meets the images.
        let multiple = 1 << halvings.unwrap_or(0).min(6);
        Sides { multiple, least: 11 }
    }

    /// The networks that encode the images, each with its name: those that the regimes make of the
    /// base, driven by these images, those of populations, or both.
    ///
    /// # Errors
    /// If a regime is unknown or makes no sense, two have one name, or no input weight drives the
    /// network as `network.input.drive` says.
    pub fn networks(&self, images: &ImageSet) -> Result<Vec<ImageCase>, StudyError> {
        let mut networks: Vec<ImageCase> = Vec::new();
        if self.has_regimes() {
            // The drive is that of the base: a regime changes the network, not its input.
            let base = driven(&self.network, images)?;
            networks.extend(self.networks_of(&base).or_settings()?.into_iter().map(Case::into));
        }
        let of_populations = encoders(&self.populations).or_settings()?.into_iter();
        networks.extend(of_populations.map(|(name, net)| Case { name, network: net.into() }));
        Ok(networks)
    }

    fn networks_of(&self, base: &NetworkConfig) -> Result<Vec<Case>, String> {
        base.validate().map_err(|e| e.to_string())?;
        regimes::cases(base, &self.regimes).map_err(|e| format!("regimes: {e}"))
    }

    /// The names of the networks that are compared, the reference first.
    ///
    /// # Errors
    /// If a regime is unknown.
    pub fn names(&self) -> Result<Vec<String>, String> {
        let regimes = self.regimes.iter().filter(|_| self.has_regimes());
        let regimes = regimes.map(|choice| Ok(choice.regime()?.name));
        regimes.chain(self.populations.iter().map(|case| Ok(case.name()))).collect()
    }

    /// Seed of the networks and spikes of a repetition (from 0), the same for every regime.
    pub fn network_seed(&self, repeat: usize) -> u64 {
        derive_seed(self.seed, "reconstruction/network", repeat as u64)
    }

    /// A decoder and its training in a repetition (from 0): the same initial weights and order of
    /// images for every regime.
    pub fn reconstructor(&self, kind: DecoderKind, repeat: usize) -> ReconstructorConfig {
        let seed = derive_seed(self.seed, "reconstruction/decoder", repeat as u64);
        ReconstructorConfig {
            decoder: self.decoder_of(kind),
            features: self.features.clone(),
            training: TrainConfig { seed, ..self.training.clone() },
            backend: self.backend,
        }
    }

    /// What a decoder that is trained in a repetition (from 0) depends on, besides what the spikes
    /// depend on.
    pub fn training_identity(
        &self,
        spikes: Identity,
        kind: DecoderKind,
        repeat: usize,
    ) -> Identity {
        let mut config = self.reconstructor(kind, repeat);
        // When checkpoints are kept changes no result.
        config.training.checkpoint_every = 0;
        spikes.with_each("", &config)
    }
}

impl crate::Settings for Settings {
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
            return Err(format!("decoders: `{}` is listed twice", twice.1));
        }
        self.networks_of(&self.network)?;
        encoders(&self.populations)?;
        let names = self.names()?;
        if let Some(twice) = names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)) {
            return Err(format!(
                "`populations`: a regime is called `{}` too; give it a `name`",
                twice.1
            ));
        }
        if let (false, Some(_)) = (self.populations.is_empty(), &self.data.recorded) {
            return Err("`populations`: recordings are decoded, which no network encodes".into());
        }
        self.data.validate()?;
        self.backend.device().map_err(|e| e.to_string())?;
        self.features.validate().map_err(|e| format!("features: {e}"))?;
        self.training.validate().map_err(|e| format!("training: {e}"))
    }

    fn resolved(self) -> Result<Self, String> {
        let populations: Vec<_> =
            self.populations.into_iter().map(PopulationsCase::resolved).collect();
        let beside_regimes = self.beside_regimes && !populations.is_empty();
        Ok(Self { populations, beside_regimes, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Layers;

    #[test]
    fn there_is_one_set_of_defaults() {
        let layer = Settings::layer("").unwrap();
        let resolved: Settings = Layers::default().preset(&layer).resolve().unwrap();
        assert_eq!(resolved, Settings::default());
        let one = Layers::default().preset(&layer).assign("network.neurons=50");
        let mut expected = Settings::default();
        expected.network.neurons = 50;
        assert_eq!(one.resolve::<Settings>().unwrap(), expected);
        // A file of settings says all of them.
        let text = toml::to_string(&expected).unwrap();
        assert_eq!(toml::from_str::<Settings>(&text).unwrap(), expected);
    }
}
