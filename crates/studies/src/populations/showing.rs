//! Which images are shown to a network, and to which of its populations.

use equipoise_encoder::network::ColorCode;
use equipoise_encoder::populations::{ImageInput, PopulationsError, Settings as NetworkSettings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which images are shown, and to whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImageSettings {
    /// A data set whose training images are shown; none if it is empty.
    pub dataset: String,
    /// Images, spread over the classes.
    #[schemars(range(min = 1))]
    pub images: usize,
    /// The population of spike sources that shows them, a source for each pixel and colour. If the
    /// network has none of this name, it is added, with projections to those of `onto`.
    pub population: String,
    /// The populations that receive from an added one.
    pub onto: Vec<String>,
    /// Sources that a neuron of these receives from.
    #[schemars(range(min = 1))]
    pub in_degree: usize,
    /// Weight of these synapses, in the unit of the target's model; that of its first background if
    /// not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("unit" = "mV, pA or nS"))]
    pub weight: Option<f64>,
    /// Rate of the source of a white pixel, Hz.
    pub r_max: f64,
    /// How long the network is left to its background before each image, ms.
    pub warm_up: f64,
    /// How long each image is shown and counted, ms.
    pub duration: f64,
    /// Bins of the counts.
    #[schemars(range(min = 1))]
    pub bins: usize,
}

impl Default for ImageSettings {
    fn default() -> Self {
        Self {
            dataset: String::new(),
            images: 500,
            population: "image".to_owned(),
            onto: Vec::new(),
            in_degree: 50,
            weight: None,
            r_max: 100.0,
            warm_up: 50.0,
            duration: 100.0,
            bins: 1,
        }
    }
}

impl ImageSettings {
    /// How images come to the network.
    pub(super) fn input(&self) -> ImageInput {
        ImageInput {
            population: self.population.clone(),
            onto: self.onto.clone(),
            in_degree: self.in_degree,
            weight: self.weight,
            r_max: self.r_max,
            color: ColorCode::Separate,
            warm_up: self.warm_up,
            duration: self.duration,
        }
    }

    /// Refuses what makes no sense.
    pub(super) fn validate(&self, network: &NetworkSettings) -> Result<(), String> {
        let most = (self.duration / network.dt).min(1000.0);
        if self.images == 0 || self.bins == 0 || self.bins as f64 > most {
            return Err(format!(
                "`stimulus.images` is at least 1, and `stimulus.bins` from 1 to {most}"
            ));
        }
        let image = self.input();
        if !self.dataset.is_empty() {
            check_names("stimulus.onto", &self.onto, network)?;
        }
        let checked = match self.dataset.is_empty() {
            true => image.validate_numbers(network),
            false => image.validate(network),
        };
        checked.map_err(|error| in_table("stimulus", &error))
    }
}

/// Refuses names of populations that there are none of, with the one that may be meant.
pub(crate) fn check_names(
    key: &str,
    names: &[String],
    network: &NetworkSettings,
) -> Result<(), String> {
    let unknown = names.iter().find(|name| network.population(name).is_none());
    match unknown {
        None => Ok(()),
        Some(unknown) => {
            let known = network.populations.iter().map(|p| p.name.as_str());
            let message = format!("`{key}`: there is no population `{unknown}`");
            Err(crate::settings::suggesting(&message, unknown, known))
        }
    }
}

/// What is wrong, with the table that the key stands in.
pub(crate) fn in_table(table: &str, error: &PopulationsError) -> String {
    match error {
        PopulationsError::Setting { place, reason } => format!("`{table}.{place}`: {reason}"),
        error => format!("`{table}`: {error}"),
    }
}
