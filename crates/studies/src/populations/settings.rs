//! The settings of a simulation of populations.

use equipoise_encoder::balance::DiagnosisConfig;
use equipoise_encoder::network::off_grid;
use equipoise_encoder::populations::Settings as Network;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::choice::{NetworkChoice, PresetSettings};
use super::showing::ImageSettings;
use crate::Settings;

/// The settings of a simulation of a network of populations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PopulationsSettings {
    /// Seed of the network and its input.
    pub seed: u64,
    /// Length of the recording that figures show, ms.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub window: f64,
    /// Populations whose spikes are written to files, by their names.
    pub record: Vec<String>,
    /// The published network that settings are changed of.
    pub published: PresetSettings,
    /// Images that are shown to it; the recording is made while it sees the first.
    pub stimulus: ImageSettings,
    /// How inhibition learns, where a projection is plastic.
    pub learning: LearningSettings,
    /// Where the mean field is stable.
    pub stability: StabilitySettings,
    /// The network, or what is changed of the published one.
    #[serde(skip_serializing_if = "NetworkChoice::is_empty")]
    pub network: NetworkChoice,
    /// How a recording is judged.
    pub diagnosis: DiagnosisConfig,
}

/// How plastic projections are let learn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LearningSettings {
    /// How long they learn, ms.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub time: f64,
    /// Length of the windows in which rates, weights and inputs are followed, ms.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub window: f64,
    /// Share of the neurons that a plastic projection comes from that a lesion silences after that;
    /// 0 for no lesion.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub lesion: f64,
}

impl Default for LearningSettings {
    fn default() -> Self {
        Self { time: 20_000.0, window: 1000.0, lesion: 0.5 }
    }
}

/// A map of the stability of the mean field; no map, if one of the lists is empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StabilitySettings {
    /// What all inhibitory weights are multiplied by.
    pub inhibition: Vec<f64>,
    /// What all rates of the background and constant currents are multiplied by.
    pub drive: Vec<f64>,
}

impl Default for StabilitySettings {
    fn default() -> Self {
        Self {
            inhibition: vec![0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6],
            drive: vec![0.6, 0.8, 1.0, 1.2, 1.4],
        }
    }
}

impl Default for PopulationsSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            window: 300.0,
            record: Vec::new(),
            published: PresetSettings::default(),
            stimulus: ImageSettings::default(),
            learning: LearningSettings::default(),
            stability: StabilitySettings::default(),
            network: NetworkChoice::default(),
            diagnosis: DiagnosisConfig::default(),
        }
    }
}

impl PopulationsSettings {
    /// The network.
    ///
    /// # Errors
    /// The reason, if it makes no sense.
    pub fn network(&self) -> Result<Network, String> {
        self.network.network(&self.published)
    }
}

/// Most samples and most counts that a diagnosis holds in memory.
const MOST_VALUES: f64 = 3e8;

impl PopulationsSettings {
    /// Refuses a diagnosis of recordings of up to this length that would not fit into memory.
    fn check_memory(&self, network: &Network, longest_ms: f64) -> Result<(), String> {
        let DiagnosisConfig { sample_ms, count_ms, correlation_ms, probed_neurons, .. } =
            self.diagnosis;
        for (key, time) in
            [("sample_ms", sample_ms), ("count_ms", count_ms), ("correlation_ms", correlation_ms)]
        {
            if time < network.dt {
                return Err(format!(
                    "`diagnosis.{key}`: {time} ms is below the time step of {} ms",
                    network.dt
                ));
            }
        }
        let largest = network.populations.iter().map(|p| p.size).max().unwrap_or(0);
        let samples = 2.0 * longest_ms / sample_ms * probed_neurons.min(largest) as f64;
        let counts = longest_ms / count_ms * largest as f64;
        for (key, values) in [("sample_ms", samples), ("count_ms", counts)] {
            if values > MOST_VALUES {
                return Err(format!(
                    "`diagnosis.{key}`: {values:.1e} values of {longest_ms} ms are too many to hold; \
                     choose a longer time, or record less"
                ));
            }
        }
        Ok(())
    }
}

/// Whether a projection of the network learns.
pub(super) fn learns(network: &Network) -> bool {
    network.projections.iter().any(|projection| projection.plasticity.is_some())
}

/// Most windows of learning, and most points of a map.
const MOST: usize = 10_000;

impl Settings for PopulationsSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        let positive = |key: &str, value: f64| {
            let right = value > 0.0 && value.is_finite();
            if right { Ok(()) } else { Err(format!("`{key}`: {value} ms is not a positive time")) }
        };
        positive("window", self.window)?;
        positive("learning.time", self.learning.time)?;
        positive("learning.window", self.learning.window)?;
        self.diagnosis.validate().map_err(|e| format!("`diagnosis`: {e}"))?;
        if !(0.0..=1.0).contains(&self.learning.lesion) {
            return Err(format!("`learning.lesion`: {} is not from 0 to 1", self.learning.lesion));
        }
        let network = self.network()?;
        self.stimulus.validate(&network)?;
        let least = 2.0 * self.diagnosis.count_ms;
        let mut times = vec![("network.duration", network.duration)];
        if learns(&network) {
            times.push(("learning.window", self.learning.window));
            let windows = self.learning.time / self.learning.window;
            if windows > MOST as f64 {
                return Err(format!("`learning.window`: more than {MOST} windows"));
            }
            if let Some(reason) = off_grid(self.learning.window, network.dt) {
                return Err(format!("`learning.window`: {reason}"));
            }
            if (windows - windows.round()).abs() > 1e-6 {
                return Err(format!(
                    "`learning.time`: {} ms are no whole number of windows of {} ms",
                    self.learning.time, self.learning.window
                ));
            }
        }
        if let Some((key, time)) = times.iter().find(|(_, time)| *time < least) {
            return Err(format!(
                "`{key}`: {time} ms are fewer than two windows of {} ms",
                0.5 * least
            ));
        }
        self.check_memory(&network, times.iter().fold(0.0, |most, time| most.max(time.1)))?;
        if let Some(unknown) = self.record.iter().find(|name| network.population(name).is_none()) {
            let known = network.populations.iter().map(|p| p.name.as_str());
            let message = format!("`record`: there is no population `{unknown}`");
            return Err(crate::settings::suggesting(&message, unknown, known));
        }
        let StabilitySettings { inhibition, drive } = &self.stability;
        if inhibition.len() * drive.len() > MOST {
            return Err(format!("`stability`: more than {MOST} points"));
        }
        for (key, values) in [("inhibition", inhibition), ("drive", drive)] {
            if !values.iter().all(|value| (0.0..=1000.0).contains(value))
                || !values.windows(2).all(|pair| pair[0] < pair[1])
            {
                return Err(format!("`stability.{key}`: factors from 0 to 1000, ascending"));
            }
        }
        Ok(())
    }

    fn resolved(self) -> Result<Self, String> {
        if self.network.is_whole() {
            return Ok(self);
        }
        Ok(Self { published: self.published.resolved(), ..self })
    }
}
