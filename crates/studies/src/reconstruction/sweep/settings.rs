//! What a person can ask of the study.

use std::collections::BTreeMap;

use equipoise_decoder::reconstruct::{DecoderKind, FeatureConfig};
use equipoise_encoder::network::ColorCode;
use serde::{Deserialize, Serialize};
use toml::Table;

use super::super::Settings;
use crate::settings::merge;

/// The study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
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

/// Reconstruction against the number of training images and of neurons, one repetition each, with
/// the first decoder.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Curves {
    /// Numbers of training images.
    pub train: Vec<usize>,
    /// Numbers of neurons.
    pub neurons: Vec<usize>,
}

/// A setting that is chosen on held-out images.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
        let mut table = Table::new();
        table.insert("comparison".to_owned(), read(&Settings::layer("")?)?.into());
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
        if self.datasets.is_empty() {
            return Err("datasets: at least one is needed".into());
        }
        for (index, name) in self.datasets.iter().enumerate() {
            if self.datasets[..index].contains(name) {
                return Err(format!("datasets: `{name}` is listed twice"));
            }
        }
        if let Some(name) = self.tailored.keys().find(|name| !self.datasets.contains(name)) {
            return Err(format!("tailored.{name}: `{name}` is not one of `datasets`"));
        }
        if self.comparison.seed != 0 && self.comparison.seed != self.seed {
            return Err("comparison.seed: the study's `seed` holds for all comparisons".into());
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
}
