//! What a person can ask of the study of dose and response.

use equipoise_encoder::network::{NetworkConfig, WeightScaling, off_grid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::conditions::Condition;
use super::super::matching::Targets;
use super::super::recording::Protocol;
use crate::Settings;
use crate::balance::choice::{NetworkChoice, Preset};
use crate::reconstruction::images::DataSettings;

/// What changes along a line of networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Along {
    /// The strength of inhibition.
    G,
    /// The connection probability.
    P,
    /// The J_0 of weights J_0 / sqrt(K).
    J0,
    /// The size of the network.
    N,
}

impl Along {
    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Self::G => "g",
            Self::P => "p",
            Self::J0 => "J_{0}",
            Self::N => "N",
        }
    }
}

/// A line of networks that differ in one number. What is not given is as in `network`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineOf {
    /// What changes.
    pub along: Along,
    /// Its values.
    pub values: Vec<f64>,
    /// The strength of inhibition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub g: Option<f64>,
    /// The connection probability.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
    /// The J_0 of weights J_0 / sqrt(K), mV, K the excitatory connections of a neuron; background
    /// spikes then have the weight of an excitatory synapse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub j0: Option<f64>,
}

impl LineOf {
    /// The network at one of the values.
    fn at(&self, base: &NetworkConfig, value: f64) -> NetworkConfig {
        let mut network = base.clone();
        let of =
            |along: Along, given: Option<f64>| (self.along == along).then_some(value).or(given);
        if let Some(g) = of(Along::G, self.g) {
            network.g = g;
        }
        if let Some(p) = of(Along::P, self.p) {
            network.connection_probability = p;
            (network.excitatory_in_degree, network.inhibitory_in_degree) = (None, None);
        }
        if let Some(j0) = of(Along::J0, self.j0) {
            network.weight_scaling = WeightScaling::Balanced;
            network.excitatory_weight = j0;
            network.background_weight = None;
        }
        if self.along == Along::N {
            network.neurons = value as usize;
        }
        network
    }

    /// The networks of the line.
    fn conditions(&self, base: &NetworkConfig) -> impl Iterator<Item = Condition> {
        self.values.iter().map(|&value| {
            let name = format!("{} {value}", self.along.label());
            Condition::network(&name, self.at(base, value))
        })
    }
}

/// How linear Fisher information is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FisherSettings {
    /// How far an image is changed towards another one, as a share of the way.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 1))]
    pub change: f64,
    /// Pairs of images.
    #[schemars(range(min = 1))]
    pub pairs: usize,
    /// Recordings of each image of a pair.
    #[schemars(range(min = 3))]
    pub trials: usize,
    /// Neurons that are read, spread evenly over the network.
    #[schemars(range(min = 1))]
    pub neurons: usize,
}

impl Default for FisherSettings {
    fn default() -> Self {
        Self { change: 0.1, pairs: 4, trials: 800, neurons: 200 }
    }
}

/// The study of dose and response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DoseSettings {
    /// Seed of the study.
    pub seed: u64,
    /// Independent repetitions, each with networks and spikes of its own.
    #[schemars(range(min = 1))]
    pub repeats: usize,
    /// The lines of networks.
    pub lines: Vec<LineOf>,
    /// Times since an image came on at which it is read, from all spikes since then, ms; the last is
    /// how long it is there.
    pub times_ms: Vec<f64>,
    /// Spikes of an image at which networks are compared, read from as long a time as each needs for
    /// them; half of what the rate gives if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    #[schemars(extend("unit" = "spikes"))]
    pub equal_spikes: Option<f64>,
    /// Recordings of each image, among which each neuron's spikes are shuffled as the control for
    /// noise correlations; 1 for no control.
    #[schemars(range(min = 1))]
    pub shuffles: usize,
    /// Darkness before an image, ms.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub blank_ms: f64,
    /// Neurons that are read, at most, spread evenly over the network.
    #[schemars(range(min = 1))]
    pub read: usize,
    /// Images with which the state of a network is measured.
    #[schemars(range(min = 1))]
    pub state_images: usize,
    /// The accuracy whose time is told.
    #[schemars(range(min = 0, max = 1))]
    pub accuracy: f64,
    /// Linear Fisher information.
    pub fisher: FisherSettings,
    /// What networks are brought to.
    pub targets: Targets,
    /// The images.
    pub data: DataSettings,
    /// The network that the lines change.
    pub network: NetworkChoice,
}

impl Default for DoseSettings {
    fn default() -> Self {
        let line =
            |along, values: &[f64], g, p, j0| LineOf { along, values: values.to_vec(), g, p, j0 };
        Self {
            seed: 0,
            repeats: 5,
            lines: vec![
                line(Along::G, &[2.0, 3.0, 4.0, 5.0, 6.0, 8.0], None, Some(0.1), None),
                line(Along::P, &[0.02, 0.1, 0.3, 0.6, 0.99], Some(6.0), None, Some(7.2)),
                line(Along::J0, &[0.2, 0.6, 1.8, 3.6, 7.2, 10.8], Some(6.0), Some(0.4), None),
                line(Along::N, &[500.0, 1000.0, 2000.0, 4000.0], Some(6.0), Some(0.2), Some(7.2)),
            ],
            times_ms: vec![2.0, 5.0, 10.0, 20.0, 50.0, 100.0],
            equal_spikes: None,
            shuffles: 4,
            blank_ms: 100.0,
            read: 500,
            state_images: 8,
            accuracy: 0.5,
            fisher: FisherSettings::default(),
            targets: Targets::default(),
            data: DataSettings {
                train: Some(3000),
                validation: Some(500),
                test: Some(1000),
                ..DataSettings::default()
            },
            network: NetworkChoice::default(),
        }
    }
}

/// Time between borders of the windows from which equal numbers of spikes are put together, ms.
const GRAIN_MS: f64 = 2.0;

impl DoseSettings {
    /// The network that the lines change. It sees darkness before an image.
    pub fn base(&self) -> Result<NetworkConfig, String> {
        let mut network = self.network.config(Preset::Encoder)?;
        network.input.during_warm_up = false;
        Ok(network)
    }

    /// The networks, with the line and the value of each.
    pub fn conditions(&self) -> Result<Vec<(usize, f64, Condition)>, String> {
        let base = self.base()?;
        let of = |(index, line): (usize, &LineOf)| -> Vec<(usize, f64, Condition)> {
            let values = line.values.iter().copied();
            values.zip(line.conditions(&base)).map(|(v, c)| (index, v, c)).collect()
        };
        Ok(self.lines.iter().enumerate().flat_map(of).collect())
    }

    /// How long an image is there, ms.
    pub fn on_ms(&self) -> f64 {
        self.times_ms.last().copied().unwrap_or(0.0)
    }

    /// Spikes of an image at which networks are compared.
    pub fn spikes(&self) -> f64 {
        let neurons = self.read as f64;
        let all = neurons * self.targets.during_hz * self.on_ms() / 1000.0;
        self.equal_spikes.unwrap_or(0.5 * all)
    }

    /// What is shown, and where spikes are counted.
    pub fn protocol(&self) -> Protocol {
        let mut edges = vec![0.0];
        edges.extend(&self.times_ms);
        edges.extend((1..(self.on_ms() / GRAIN_MS) as usize).map(|k| k as f64 * GRAIN_MS));
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        Protocol {
            blank_ms: self.blank_ms,
            first_ms: self.on_ms(),
            second_ms: 0.0,
            first_edges: edges,
            second_edges: Vec::new(),
        }
    }

    fn validate_lines(&self) -> Result<(), String> {
        if self.lines.is_empty() {
            return Err("lines is empty; give at least one".to_owned());
        }
        for line in &self.lines {
            let name = line.along.label();
            if line.values.is_empty() {
                return Err(format!("lines: the one along {name} has no values"));
            }
            if let Some(bad) = line.values.iter().find(|v| !v.is_finite() || **v < 0.0) {
                return Err(format!("lines: {name} = {bad} is no number from 0 on"));
            }
            if line.along == Along::N && line.values.iter().any(|v| v.fract() != 0.0) {
                return Err("lines: N counts neurons; give whole numbers".to_owned());
            }
        }
        for (_, _, condition) in self.conditions()? {
            let named = |e| format!("lines: {}: {e}", condition.name);
            condition.network.validate().map_err(|e| named(e.to_string()))?;
        }
        Ok(())
    }

    fn validate_times(&self) -> Result<(), String> {
        if self.times_ms.len() < 2 || !self.times_ms.windows(2).all(|w| w[0] < w[1]) {
            return Err("times_ms needs at least two times, ascending".to_owned());
        }
        let dt = self.base()?.dt;
        let times = self.times_ms.iter().map(|&t| ("times_ms", t));
        for (key, ms) in times.chain([("blank_ms", self.blank_ms)]) {
            if !(ms > 0.5 * dt && ms <= 10_000.0) {
                return Err(format!("{key}: {ms} ms is outside {dt}..10000"));
            }
            if let Some(reason) = off_grid(ms, dt) {
                return Err(format!("{key}: {reason}"));
            }
        }
        Ok(())
    }
}

impl Settings for DoseSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        for (key, number) in [
            ("repeats", self.repeats),
            ("shuffles", self.shuffles),
            ("read", self.read),
            ("state_images", self.state_images),
            ("fisher.pairs", self.fisher.pairs),
            ("fisher.neurons", self.fisher.neurons),
            ("fisher.trials", self.fisher.trials),
        ] {
            if !(1..=100_000).contains(&number) {
                return Err(format!("{key}: {number}; from 1 to 100000 are possible"));
            }
        }
        let FisherSettings { change, trials, neurons, .. } = self.fisher;
        if !(change > 0.0 && change <= 1.0) {
            return Err(format!("fisher.change is {change}, outside 0..1"));
        }
        if 2 * trials <= neurons + 3 {
            return Err(format!(
                "fisher.trials: {trials} recordings tell nothing of the covariance of {neurons} \
                 neurons; {} are needed at least",
                (neurons + 3) / 2 + 1
            ));
        }
        if !(0.0..=1.0).contains(&self.accuracy) {
            return Err(format!("accuracy is {}, outside 0..1", self.accuracy));
        }
        if self.equal_spikes.is_some_and(|s| !(s > 0.0 && s.is_finite())) {
            return Err("equal_spikes is no positive number".to_owned());
        }
        if self.data.recorded.is_some() {
            return Err("data.recorded: a network is to see the images here".to_owned());
        }
        self.data.validate()?;
        self.targets.validate()?;
        self.validate_times()?;
        self.validate_lines()
    }

    fn resolved(self) -> Result<Self, String> {
        let network = self.base()?;
        Ok(Self { network: network.into(), ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_changes_what_it_says() {
        let settings = DoseSettings::default();
        settings.validate().unwrap();
        let base = settings.base().unwrap();
        let all = settings.conditions().unwrap();
        assert_eq!(all.len(), 21);
        let of = |name: &str| &all.iter().find(|(_, _, c)| c.name == name).unwrap().2.network;
        assert_eq!((of("g 4").g, of("g 4").excitatory_weight), (4.0, base.excitatory_weight));
        // J_0 / sqrt(K), K = 0.4 of 800.
        let strong = of("J_{0} 7.2");
        assert!((strong.weight_excitatory() - 7.2 / 320f64.sqrt()).abs() < 1e-12);
        assert_eq!(strong.weight_background(), strong.weight_excitatory());
        assert_eq!((of("N 2000").neurons, of("N 2000").excitatory_connections()), (2000, 320));
        assert_eq!(of("p 0.3").connection_probability, 0.3);
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let refused = |change: &dyn Fn(&mut DoseSettings), key: &str| {
            let mut settings = DoseSettings::default();
            change(&mut settings);
            let reason = settings.validate().unwrap_err();
            assert!(reason.contains(key), "{reason}");
        };
        refused(&|s| s.lines.clear(), "lines");
        refused(&|s| s.lines[0].values.clear(), "lines");
        refused(&|s| s.lines[3].values = vec![10.5], "lines");
        refused(&|s| s.lines[1].values = vec![1.5], "lines");
        refused(&|s| s.times_ms = vec![1.0], "times_ms");
        refused(&|s| s.fisher.trials = 50, "fisher.trials");
        refused(&|s| s.fisher.change = 0.0, "fisher.change");
        refused(&|s| s.shuffles = 0, "shuffles");
        refused(&|s| s.equal_spikes = Some(0.0), "equal_spikes");
    }
}
