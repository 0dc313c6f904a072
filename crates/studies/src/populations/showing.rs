//! Which images are shown to a network, and to which of its populations.

use equipoise_encoder::populations::Settings as NetworkSettings;
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
    /// Refuses what makes no sense.
    pub(super) fn validate(&self, network: &NetworkSettings) -> Result<(), String> {
        for (key, value) in
            [("r_max", self.r_max), ("duration", self.duration), ("warm_up", self.warm_up)]
        {
            let least = if key == "duration" { network.dt } else { 0.0 };
            if !(value >= least && value <= 1e7) {
                return Err(format!("`stimulus.{key}`: {value} is not from {least} to 1e7"));
            }
        }
        let most = (self.duration / network.dt).min(1000.0);
        if self.images == 0 || self.bins == 0 || self.bins as f64 > most {
            return Err(format!(
                "`stimulus.images` is at least 1, and `stimulus.bins` from 1 to {most}"
            ));
        }
        if self.in_degree == 0 {
            return Err("`stimulus.in_degree` is at least 1".to_owned());
        }
        if self.dataset.is_empty() {
            return Ok(());
        }
        match network.population(&self.population) {
            Some(at) if network.populations[at].source.is_none() => {
                return Err(format!(
                    "`stimulus.population`: {} is a population of neurons, not of spike sources",
                    self.population
                ));
            }
            Some(_) => {}
            None if self.onto.is_empty() => {
                return Err(format!(
                    "`stimulus.onto`: name the populations that see the images; the network has no \
                     sources called `{}`",
                    self.population
                ));
            }
            None => {
                for name in &self.onto {
                    let target = network.population(name).map(|at| &network.populations[at]);
                    let Some(target) = target else {
                        let known = network.populations.iter().map(|p| p.name.as_str());
                        let message = format!("`stimulus.onto`: there is no population `{name}`");
                        return Err(crate::settings::suggesting(&message, name, known));
                    };
                    if self.weight.is_none() && target.background.is_empty() {
                        return Err(format!(
                            "`stimulus.weight`: {name} has no background whose weight could be taken"
                        ));
                    }
                }
            }
        }
        Ok(())
    }
}
