//! What a person can ask of the study.

use std::collections::BTreeMap;

use equipoise_decoder::device::Backend;
use equipoise_decoder::reconstruct::{DecoderConfig, DecoderKind, FeatureConfig};
use equipoise_decoder::training::TrainConfig;
use equipoise_encoder::network::{ColorCode, NetworkConfig};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Table;

use super::super::Settings;
use super::super::images::DataSettings;
use super::super::settings::Control;
use crate::populations::PopulationsCase;
use crate::regimes::RegimeChoice;
use crate::settings::merge;

/// The study. In TOML, the keys of the comparison stand beside those of the study, as they do in
/// the settings of one comparison, so that each takes those of the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Keys", into = "Keys")]
pub struct SweepSettings {
    /// Seed of the study, and of every comparison in it.
    pub seed: u64,
    /// Said in the report beside every table, for example that the run was a short one.
    pub remark: String,
    /// Data sets, the first of which serves for curves and choices.
    pub datasets: Vec<String>,
    /// What every comparison has in common; its data set is that of the comparison.
    pub comparison: Settings,
    /// What differs from `comparison` for a data set, by its name.
    pub tailored: BTreeMap<String, Table>,
    /// Repeat the comparison with durations under which every regime fires as many spikes as the
    /// reference.
    pub equal_spikes: bool,
    /// Learning curves.
    pub curves: Curves,
    /// Codes of colour that are compared on the colour data sets; one or none skips this.
    pub colors: Vec<ColorCode>,
    /// Features and losses that are compared on held-out images of the first data set.
    pub choices: Vec<Choice>,
}

/// The keys of the study as they are written.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Keys {
    /// Seed of the study, and of every comparison in it.
    seed: u64,
    /// Said in the report beside every table, for example that the run was a short one.
    remark: String,
    /// Data sets, the first of which serves for curves and choices; empty for `data.dataset`
    /// alone, which is not used otherwise.
    datasets: Vec<String>,
    /// Independent repetitions, each with networks and decoders of its own.
    #[schemars(range(min = 1))]
    repeats: usize,
    /// Regimes to compare; the first is the reference.
    regimes: Vec<RegimeChoice>,
    /// Compare the regimes and the networks of `populations`, the regimes first.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    beside_regimes: bool,
    /// What to measure the decoders by.
    controls: Vec<Control>,
    /// Decoders to train on the same spikes, all with the settings of `decoder` but its kind;
    /// empty for that one alone.
    decoders: Vec<DecoderKind>,
    /// Images whose spike counts are held at a time; bounds memory and changes no result.
    #[schemars(range(min = 1))]
    batch: usize,
    /// Recordings of each part that are kept as spikes, from the first.
    keep_spikes: usize,
    /// Backend that trains.
    backend: Backend,
    /// Repeat the comparison with durations under which every regime fires as many spikes as the
    /// reference.
    equal_spikes: bool,
    /// Codes of colour that are compared on the colour data sets; one or none skips this.
    colors: Vec<ColorCode>,
    /// Features and losses that are compared on held-out images of the first data set.
    choices: Vec<Choice>,
    /// Learning curves.
    curves: Curves,
    /// What differs from the other settings for a data set, by its name.
    #[schemars(with = "BTreeMap<String, BTreeMap<String, serde_json::Value>>")]
    tailored: BTreeMap<String, Table>,
    /// The images of every comparison.
    data: DataSettings,
    /// Networks of populations to compare in the place of the regimes; `regimes` and `network` have no
    /// say then, unless `beside_regimes` is set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    populations: Vec<PopulationsCase>,
    /// The network that the regimes change.
    network: NetworkConfig,
    /// What the decoders are given of the spikes.
    features: FeatureConfig,
    /// The decoder.
    decoder: DecoderConfig,
    /// Their training.
    training: TrainConfig,
}

impl Default for Keys {
    fn default() -> Self {
        let settings = SweepSettings::default();
        Self { datasets: Vec::new(), ..settings.into() }
    }
}

impl From<Keys> for SweepSettings {
    fn from(keys: Keys) -> Self {
        let datasets = match keys.datasets.as_slice() {
            [] => vec![keys.data.dataset.clone()],
            _ => keys.datasets,
        };
        Self {
            seed: keys.seed,
            remark: keys.remark,
            datasets,
            comparison: Settings {
                seed: keys.seed,
                repeats: keys.repeats,
                regimes: keys.regimes,
                beside_regimes: keys.beside_regimes,
                controls: keys.controls,
                batch: keys.batch,
                keep_spikes: keys.keep_spikes,
                backend: keys.backend,
                data: keys.data,
                populations: keys.populations,
                network: keys.network,
                features: keys.features,
                decoder: keys.decoder,
                decoders: keys.decoders,
                training: keys.training,
                ..Settings::default()
            },
            tailored: keys.tailored,
            equal_spikes: keys.equal_spikes,
            curves: keys.curves,
            colors: keys.colors,
            choices: keys.choices,
        }
    }
}

impl From<SweepSettings> for Keys {
    fn from(settings: SweepSettings) -> Self {
        let mut comparison = settings.comparison;
        // One comparison with these settings is that of the first data set.
        if let Some(first) = settings.datasets.first()
            && !settings.datasets.contains(&comparison.data.dataset)
        {
            comparison.data.dataset.clone_from(first);
        }
        Self {
            seed: settings.seed,
            remark: settings.remark,
            datasets: settings.datasets,
            repeats: comparison.repeats,
            regimes: comparison.regimes,
            beside_regimes: comparison.beside_regimes,
            controls: comparison.controls,
            decoders: comparison.decoders,
            batch: comparison.batch,
            keep_spikes: comparison.keep_spikes,
            backend: comparison.backend,
            equal_spikes: settings.equal_spikes,
            colors: settings.colors,
            choices: settings.choices,
            curves: settings.curves,
            tailored: settings.tailored,
            data: comparison.data,
            populations: comparison.populations,
            network: comparison.network,
            features: comparison.features,
            decoder: comparison.decoder,
            training: comparison.training,
        }
    }
}

/// Reconstruction against the number of training images and of neurons, one repetition each, with
/// the first decoder.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Curves {
    /// Numbers of training images.
    pub train: Vec<usize>,
    /// Numbers of neurons.
    pub neurons: Vec<usize>,
}

/// A setting that is chosen on held-out images.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Choice {
    /// Its name in the table.
    pub name: String,
    /// The features, if they differ from the comparison's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<FeatureConfig>,
    /// The share of 1 - SSIM in the loss, if it differs from the comparison's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssim_share: Option<f64>,
}

impl Default for SweepSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            remark: String::new(),
            datasets: vec!["mnist".into()],
            comparison: Settings::default(),
            tailored: BTreeMap::new(),
            equal_spikes: true,
            curves: Curves::default(),
            colors: Vec::new(),
            choices: Vec::new(),
        }
    }
}

impl SweepSettings {
    /// The lowest layer of settings, as TOML: the defaults with the changes of a preset (TOML,
    /// empty for none). See [`Settings::layer`].
    ///
    /// # Errors
    /// The reason, if the preset is no TOML.
    pub fn layer(preset: &str) -> Result<String, String> {
        let read = |text: &str| toml::from_str::<Table>(text).map_err(|e| e.message().to_owned());
        let mut table = read(&Settings::layer("")?)?;
        merge(&mut table, read(preset)?)?;
        Ok(table.to_string())
    }

    /// The settings of the comparison on a data set.
    ///
    /// # Errors
    /// The reason, if what is tailored for it makes no sense.
    pub fn settings(&self, dataset: &str) -> Result<Settings, String> {
        let mut settings = self.comparison.clone();
        if let Some(changes) = self.tailored.get(dataset) {
            let wrong = |e: String| format!("tailored.{dataset}: {e}");
            let mut table = Table::try_from(&settings).map_err(|e| wrong(e.to_string()))?;
            merge(&mut table, changes.clone()).map_err(wrong)?;
            settings = table.try_into().map_err(|e: toml::de::Error| wrong(e.message().into()))?;
        }
        settings.seed = self.seed;
        settings.data.dataset = dataset.into();
        Ok(settings)
    }

    /// A remark if the data set of the comparison is none of the study's.
    pub(super) fn unused_dataset(&self) -> Option<String> {
        let given = &self.comparison.data.dataset;
        let is_used = self.datasets.contains(given) || *given == DataSettings::default().dataset;
        (!is_used).then(|| {
            format!(
                "data.dataset = `{given}` is not used: datasets are {}",
                self.datasets.join(", ")
            )
        })
    }

    /// The decoder of curves and choices.
    pub fn first_decoder(&self) -> DecoderKind {
        self.comparison.kinds().first().copied().unwrap_or_default()
    }
}

impl crate::Settings for SweepSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        for (index, name) in self.datasets.iter().enumerate() {
            if self.datasets[..index].contains(name) {
                return Err(format!("datasets: `{name}` is listed twice"));
            }
        }
        if let Some(name) = self.tailored.keys().find(|name| !self.datasets.contains(name)) {
            return Err(format!("tailored.{name}: `{name}` is not one of `datasets`"));
        }
        for name in &self.datasets {
            let settings = self.settings(name)?;
            settings.validate().map_err(|e| format!("{name}: {e}"))?;
        }
        for (key, values) in
            [("curves.train", &self.curves.train), ("curves.neurons", &self.curves.neurons)]
        {
            if values.contains(&0) {
                return Err(format!("{key}: 0 is too few"));
            }
        }
        for choice in &self.choices {
            if choice.name.is_empty() {
                return Err("choices: each needs a name".into());
            }
            if let Some(features) = &choice.features {
                features.validate().map_err(|e| format!("choices, `{}`: {e}", choice.name))?;
            }
        }
        Ok(())
    }

    fn resolved(self) -> Result<Self, String> {
        Ok(Self { comparison: self.comparison.resolved()?, ..self })
    }
}
