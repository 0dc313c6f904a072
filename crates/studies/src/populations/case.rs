//! A network of populations that encodes images, as settings name it.

use equipoise_encoder::populations::{ImageEncoderConfig, ImageInput};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::choice::{NetworkChoice, PresetSettings};
use super::showing::{check_names, in_table};

/// A network of populations that images are shown to: a published one, with changes, or one of
/// one's own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PopulationsCase {
    /// Its name in tables and figures; that of the published network if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The published network that settings are changed of.
    pub published: PresetSettings,
    /// How images come to it; to the populations that receive input from outside in the published
    /// network if none are named.
    pub image: ImageInput,
    /// The populations whose spikes decoders read, by their names; all neurons if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub record: Vec<String>,
    /// The network, or what is changed of the published one.
    #[serde(skip_serializing_if = "NetworkChoice::is_empty")]
    pub network: NetworkChoice,
}

impl PopulationsCase {
    /// Its name.
    pub fn name(&self) -> String {
        match (&self.name, self.network.is_whole()) {
            (Some(name), _) => name.clone(),
            (None, true) => "populations".to_owned(),
            (None, false) => self.published.name.name().to_owned(),
        }
    }

    /// With what it leaves open filled in, as far as that is possible without images.
    #[must_use]
    pub fn resolved(self) -> Self {
        let name = Some(self.name());
        let published = match self.network.is_whole() {
            true => self.published.clone(),
            false => self.published.clone().resolved(),
        };
        // Whoever sees the images is named, if it can be said.
        let image = self.encoder().map_or_else(|_| self.image.clone(), |encoder| encoder.image);
        Self { name, published, image, ..self }
    }

    /// The network that encodes images.
    ///
    /// # Errors
    /// The reason, if it makes no sense.
    pub fn encoder(&self) -> Result<ImageEncoderConfig, String> {
        let network = self.network.network(&self.published)?;
        let mut image = self.image.clone();
        if image.onto.is_empty() && network.population(&image.population).is_none() {
            let seen = match self.network.is_whole() {
                true => &[],
                false => self.published.name.sees(),
            };
            image.onto = seen.iter().map(|&name| name.to_owned()).collect();
        }
        check_names("image.onto", &image.onto, &network)?;
        check_names("record", &self.record, &network)?;
        image.validate(&network).map_err(|error| in_table("image", &error))?;
        let encoder = ImageEncoderConfig { network, image, record: self.record.clone() };
        encoder.validate().map_err(|error| error.to_string())?;
        Ok(encoder)
    }
}

/// The networks of some cases with their names, in their order.
///
/// # Errors
/// The reason, if one makes no sense, or two have one name.
pub fn encoders(cases: &[PopulationsCase]) -> Result<Vec<(String, ImageEncoderConfig)>, String> {
    let mut all: Vec<(String, ImageEncoderConfig)> = Vec::new();
    for case in cases {
        let name = case.name();
        // Files are named after it.
        let plain = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
        if name.is_empty() || !name.chars().all(plain) {
            return Err(format!(
                "`populations`: the name `{name}`; letters, digits, hyphens, points and spaces make one"
            ));
        }
        if all.iter().any(|(other, _)| *other == name) {
            return Err(format!(
                "`populations`: two networks are called `{name}`; give each a `name`"
            ));
        }
        let encoder = case.encoder().map_err(|e| format!("`populations`, {name}: {e}"))?;
        all.push((name, encoder));
    }
    Ok(all)
}
