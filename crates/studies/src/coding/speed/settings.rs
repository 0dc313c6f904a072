//! What a person can ask of the study of speed.

use equipoise_encoder::network::{InputCode, NetworkConfig, Regime, off_grid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::conditions::Condition;
use super::super::matching::{Matching, Targets};
use super::super::recording::Protocol;
use super::super::trained::TrainedSettings;
use crate::Settings;
use crate::balance::choice::{NetworkChoice, Preset};
use crate::reconstruction::images::DataSettings;
use crate::regimes::{RegimeChoice, cases};

/// How images become input.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputKind {
    /// As spikes or as a current.
    pub code: InputCode,
    /// Rate of a channel at intensity 1, Hz.
    pub r_max: f64,
}

impl InputKind {
    /// In words.
    pub fn label(&self) -> String {
        match self.code {
            InputCode::Poisson => format!("Poisson {} Hz", self.r_max),
            InputCode::Direct => "direct current".to_owned(),
            InputCode::Latency => "latency".to_owned(),
        }
    }
}

/// The study of speed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SpeedSettings {
    /// Seed of the study.
    pub seed: u64,
    /// Independent repetitions, each with networks and spikes of its own.
    #[schemars(range(min = 1))]
    pub repeats: usize,
    /// The networks, as changes of `network`.
    pub regimes: Vec<RegimeChoice>,
    /// The network that the others are compared with; the first if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// The network whose noise and whose drive the feed-forward controls are given; no controls if
    /// not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controls_of: Option<String>,
    /// What the networks are made alike in.
    pub matchings: Vec<Matching>,
    /// How images become input; empty for that of `network` alone.
    pub inputs: Vec<InputKind>,
    /// Each image is dimmed by a factor of its own, uniform from this to 1; several values are
    /// several tables.
    pub brightness: Vec<f64>,
    /// Times since an image came on at which it is read, from all spikes since then, ms; the last is
    /// how long it is there.
    pub times_ms: Vec<f64>,
    /// Windows at the end of an image from which it is read, ms.
    pub windows_ms: Vec<f64>,
    /// Intervals at which images follow one another, ms.
    pub intervals_ms: Vec<f64>,
    /// Darkness before an image, ms.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub blank_ms: f64,
    /// How long the image is there that takes the place of the first, ms.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub second_ms: f64,
    /// Neurons that are read, at most, spread evenly over the network.
    #[schemars(range(min = 1))]
    pub read: usize,
    /// Images with which the state of a network is measured.
    #[schemars(range(min = 1))]
    pub state_images: usize,
    /// The accuracy whose time is told.
    #[schemars(range(min = 0, max = 1))]
    pub accuracy: f64,
    /// A decoder that is trained, beside ridge regression.
    pub trained: TrainedSettings,
    /// What networks are brought to.
    pub targets: Targets,
    /// The images.
    pub data: DataSettings,
    /// The network that the regimes change.
    pub network: NetworkChoice,
}

/// The networks that the study reads if none are named: from hardly balanced to densely.
fn default_regimes() -> Vec<RegimeChoice> {
    let of = |name: &str, g: f64, p: f64, weight: Option<f64>| {
        Regime {
            name: name.to_owned(),
            g: Some(g),
            connection_probability: Some(p),
            excitatory_weight: weight,
            ..Regime::default()
        }
        .into()
    };
    vec![
        of("feed-forward", 5.0, 0.0, None),
        of("g 3.5", 3.5, 0.1, None),
        of("g 5", 5.0, 0.1, None),
        of("g 8", 8.0, 0.1, None),
        // J = 7.2 mV / sqrt(K), K = 320.
        of("strong", 6.0, 0.4, Some(0.4025)),
        of("dense", 6.0, 0.99, Some(0.16)),
    ]
}

impl Default for SpeedSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            repeats: 5,
            regimes: default_regimes(),
            baseline: None,
            controls_of: Some("strong".to_owned()),
            matchings: vec![Matching::Rate, Matching::Drive],
            inputs: Vec::new(),
            brightness: vec![1.0],
            times_ms: vec![1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0, 200.0],
            windows_ms: vec![5.0, 20.0, 50.0],
            intervals_ms: vec![20.0, 50.0, 100.0, 200.0],
            blank_ms: 100.0,
            second_ms: 100.0,
            read: 1000,
            state_images: 8,
            accuracy: 0.5,
            trained: TrainedSettings::default(),
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

impl SpeedSettings {
    /// The network that the regimes change. It sees darkness before an image.
    pub fn base(&self) -> Result<NetworkConfig, String> {
        let mut network = self.network.config(Preset::Encoder)?;
        network.input.during_warm_up = false;
        Ok(network)
    }

    /// How images become input, at least one way.
    pub fn input_kinds(&self) -> Result<Vec<InputKind>, String> {
        if self.inputs.is_empty() {
            let input = self.base()?.input;
            return Ok(vec![InputKind { code: input.code, r_max: input.r_max }]);
        }
        Ok(self.inputs.clone())
    }

    /// What is read, the networks first, then the controls.
    pub fn conditions(&self) -> Result<Vec<Condition>, String> {
        let networks = cases(&self.base()?, &self.regimes)?;
        if networks.is_empty() {
            return Err("`regimes` is empty; give at least one network".to_owned());
        }
        let mut all: Vec<Condition> =
            networks.iter().map(|c| Condition::network(&c.name, c.network.clone())).collect();
        if let Some(name) = &self.controls_of {
            let of = networks.iter().find(|c| c.name == *name);
            let of = of.ok_or_else(|| format!("controls_of: no regime is called `{name}`"))?;
            all.extend(Condition::controls(&of.network));
        }
        Ok(all)
    }

    /// The place of the baseline among the conditions.
    pub fn baseline_index(&self) -> Result<usize, String> {
        let Some(name) = &self.baseline else { return Ok(0) };
        let at = self.conditions()?.iter().position(|c| c.name == *name);
        at.ok_or_else(|| format!("baseline: no regime is called `{name}`"))
    }

    /// How long the first image is there, ms.
    pub fn first_ms(&self) -> f64 {
        self.times_ms.last().copied().unwrap_or(0.0)
    }

    /// Times at which the second image is read, ms since it came on.
    pub fn second_times(&self) -> Vec<f64> {
        self.times_ms.iter().copied().filter(|&t| t <= self.second_ms).collect()
    }

    /// Whence on the response to an image counts as steady, ms since it came on: half of its time.
    pub fn steady_from_ms(&self) -> f64 {
        0.5 * self.first_ms()
    }

    /// What is shown, and where spikes are counted.
    pub fn protocol(&self) -> Protocol {
        let first_ms = self.first_ms();
        let mut edges = vec![0.0, self.steady_from_ms()];
        edges.extend(&self.times_ms);
        edges.extend(self.windows_ms.iter().map(|w| first_ms - w));
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let mut second_edges = vec![0.0];
        second_edges.extend(self.second_times());
        Protocol {
            blank_ms: self.blank_ms,
            first_ms,
            second_ms: self.second_ms,
            first_edges: edges,
            second_edges,
        }
    }

    /// Refuses times that are no whole steps of the simulation.
    fn validate_times(&self) -> Result<(), String> {
        let ascending = |v: &[f64]| v.windows(2).all(|w| w[0] < w[1]);
        if self.times_ms.len() < 2 || !ascending(&self.times_ms) {
            return Err("times_ms needs at least two times, ascending".to_owned());
        }
        let dt = self.base()?.dt;
        let first = self.first_ms();
        let named = |key: &'static str, values: &[f64]| -> Vec<(&'static str, f64)> {
            values.iter().map(|&v| (key, v)).collect()
        };
        let all = [
            named("times_ms", &self.times_ms),
            named("windows_ms", &self.windows_ms),
            named("intervals_ms", &self.intervals_ms),
            named("blank_ms", &[self.blank_ms]),
            named("second_ms", &[self.second_ms]),
        ];
        for (key, ms) in all.concat() {
            // What a minute's image would need could not be held in memory.
            if !(ms > 0.5 * dt && ms <= 10_000.0) {
                return Err(format!("{key}: {ms} ms is outside {dt}..10000"));
            }
            if let Some(reason) = off_grid(ms, dt) {
                return Err(format!("{key}: {reason}"));
            }
        }
        if let Some(window) = self.windows_ms.iter().find(|&&w| w > first) {
            return Err(format!("windows_ms: {window} ms is longer than an image, {first} ms"));
        }
        if self.second_times().is_empty() {
            return Err(format!("second_ms is {}; no time of times_ms is in it", self.second_ms));
        }
        Ok(())
    }
}

impl Settings for SpeedSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        for (key, number) in [
            ("repeats", self.repeats),
            ("read", self.read),
            ("state_images", self.state_images),
            ("matchings", self.matchings.len()),
            ("brightness", self.brightness.len()),
        ] {
            if !(1..=100_000).contains(&number) {
                return Err(format!("{key}: {number}; from 1 to 100000 are possible"));
            }
        }
        if let Some(bad) = self.brightness.iter().find(|b| !(0.0..=1.0).contains(*b)) {
            return Err(format!("brightness: {bad} is outside 0..1"));
        }
        if !(0.0..=1.0).contains(&self.accuracy) {
            return Err(format!("accuracy is {}, outside 0..1", self.accuracy));
        }
        if self.data.recorded.is_some() {
            return Err("data.recorded: a network is to see the images here".to_owned());
        }
        self.data.validate()?;
        self.targets.validate()?;
        self.validate_times()?;
        self.trained.validate(&self.times_ms)?;
        for input in self.input_kinds()? {
            if input.code == InputCode::Latency {
                return Err("inputs: the latency code gives one spike and no rate; take poisson \
                            or direct"
                    .to_owned());
            }
            for condition in self.conditions()? {
                let mut network = condition.network;
                (network.input.code, network.input.r_max) = (input.code, input.r_max);
                network.validate().map_err(|e| format!("{}: {e}", condition.name))?;
            }
        }
        self.baseline_index().map(|_| ())
    }

    fn resolved(self) -> Result<Self, String> {
        let (network, inputs) = (self.base()?, self.input_kinds()?);
        Ok(Self { network: network.into(), inputs, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_are_counted_between_all_times_that_are_asked_for() {
        let settings = SpeedSettings {
            times_ms: vec![1.0, 10.0, 100.0],
            windows_ms: vec![20.0, 90.0],
            second_ms: 50.0,
            ..SpeedSettings::default()
        };
        settings.validate().unwrap();
        let protocol = settings.protocol();
        assert_eq!(protocol.first_edges, [0.0, 1.0, 10.0, 50.0, 80.0, 100.0]);
        assert_eq!(protocol.second_edges, [0.0, 1.0, 10.0]);
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let refused = |change: &dyn Fn(&mut SpeedSettings), key: &str| {
            let mut settings = SpeedSettings::default();
            settings.validate().unwrap();
            change(&mut settings);
            let reason = settings.validate().unwrap_err();
            assert!(reason.contains(key), "{reason}");
        };
        refused(&|s| s.times_ms = vec![5.0, 2.0], "times_ms");
        refused(&|s| s.times_ms = vec![1.0, 2.05], "times_ms");
        refused(&|s| s.windows_ms = vec![300.0], "windows_ms");
        refused(&|s| s.intervals_ms = vec![0.0], "intervals_ms");
        refused(&|s| s.second_ms = 0.5, "second_ms");
        refused(&|s| s.controls_of = Some("none".into()), "controls_of");
        refused(&|s| s.baseline = Some("none".into()), "baseline");
        refused(&|s| s.regimes.clear(), "regimes");
        refused(&|s| s.matchings.clear(), "matchings");
        refused(&|s| s.brightness = vec![1.5], "brightness");
        refused(&|s| s.targets.before_hz = 0.0, "before_hz");
        refused(&|s| s.trained.times_ms = vec![4.0], "trained.times_ms");
        refused(&|s| s.trained.training.epochs = 0, "trained.training");
        let latency = InputKind { code: InputCode::Latency, r_max: 100.0 };
        refused(&|s| s.inputs = vec![latency], "inputs");
    }

    #[test]
    fn resolved_settings_say_all_and_mean_the_same() {
        let settings = SpeedSettings::default().resolved().unwrap();
        let text = toml::to_string(&settings).unwrap();
        let back: SpeedSettings = toml::from_str(&text).unwrap();
        assert_eq!(back.conditions().unwrap(), settings.conditions().unwrap());
        assert_eq!(back.inputs, settings.inputs);
        assert_eq!(settings.conditions().unwrap().len(), 9);
    }
}
