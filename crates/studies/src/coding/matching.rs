//! Networks brought to the same rate: by their background before an image, and by the drive of the
//! image while it is there.

use equipoise_encoder::network::{Network, NetworkConfig, Probe, Simulation, Trial};
use equipoise_random::derive_seed;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conditions::{Condition, Kind, noise_matched, without_recurrence};
use super::pictures::Pictures;
use crate::context::Context;
use crate::drive::driven;
use crate::error::{OrStudyError, StudyError};

/// What networks are made alike in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Matching {
    /// The rate before and while an image is there: the drive is what each network needs for it.
    Rate,
    /// The rate before, and the drive of the image.
    Drive,
}

impl Matching {
    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Rate => "equal rate",
            Self::Drive => "equal drive",
        }
    }
}

/// What networks are brought to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Targets {
    /// Mean rate before an image comes on, Hz.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub before_hz: f64,
    /// Mean rate while it is there, Hz.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub during_hz: f64,
    /// Mean input that images give a neuron where the drive is equal, mV.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub drive_mv: f64,
    /// Training images by which the drive is found.
    #[schemars(range(min = 1))]
    pub images: usize,
    /// Recording without an image by which the background is found, ms.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub silence_ms: f64,
}

impl Default for Targets {
    fn default() -> Self {
        Self { before_hz: 8.0, during_hz: 20.0, drive_mv: 8.0, images: 40, silence_ms: 2000.0 }
    }
}

impl Targets {
    /// The reason why they make no sense.
    pub fn validate(&self) -> Result<(), String> {
        for (key, value) in [
            ("targets.before_hz", self.before_hz),
            ("targets.during_hz", self.during_hz),
            ("targets.drive_mv", self.drive_mv),
            ("targets.silence_ms", self.silence_ms),
        ] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(format!("{key} is {value}; a positive number is needed"));
            }
        }
        if self.images == 0 {
            return Err("targets.images is 0; at least 1 image is needed".to_owned());
        }
        Ok(())
    }
}

/// A network that has been brought to its targets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Matched {
    /// The network, with its background, its constant current and its input weight.
    pub network: NetworkConfig,
    /// Mean input that images give a neuron, mV.
    pub drive_mv: f64,
    /// The background while an image is there, in units of that before.
    pub background_factor: f64,
    /// Mean rate before an image, Hz.
    pub before_hz: f64,
    /// Mean rate while images are there, Hz.
    pub during_hz: f64,
}

/// How near to its target a rate has to come, as a share of it.
const TOLERANCE: f64 = 0.01;
/// Rates that are measured at most in a search.
const STEPS: usize = 24;
/// Greatest background, in spikes a second, that is tried.
const GREATEST_BACKGROUND_HZ: f64 = 1e6;
/// Greatest drive that is tried, mV.
const GREATEST_DRIVE_MV: f64 = 1e4;

/// Brings networks to their targets.
pub struct Matcher<'a> {
    /// The targets.
    pub targets: Targets,
    /// Training images.
    pub pictures: Pictures<'a>,
    /// Time without an image before one comes on, ms.
    pub blank_ms: f64,
    /// How long an image is there, ms.
    pub on_ms: f64,
    /// Seed of the networks and of the spikes.
    pub seed: u64,
    /// Asked whether to go on.
    pub context: &'a Context<'a>,
}

impl Matcher<'_> {
    /// The condition with its background and its drive.
    ///
    /// # Errors
    /// If the network makes no sense, or the study is stopped. A target that cannot be reached is
    /// no error: the rates say so.
    pub fn bring(&self, condition: &Condition, by: Matching) -> Result<Matched, StudyError> {
        let model = self.bring_network(&condition.network, by)?;
        match condition.kind {
            Kind::Network | Kind::Input => Ok(model),
            Kind::NoiseMatched => {
                let noisy = noise_matched(&model.network, model.during_hz);
                self.bring_noisy(&noisy, by, &model)
            }
            Kind::MeanCancelled => {
                let alone = self.with_background(&without_recurrence(&model.network))?;
                self.cancel_mean(&alone, &model)
            }
        }
    }

    fn bring_network(&self, network: &NetworkConfig, by: Matching) -> Result<Matched, StudyError> {
        let network = self.with_background(network)?;
        self.with_drive(&network, by, self.targets.during_hz)
    }

    /// The network with the background that brings it to its rate before an image.
    fn with_background(&self, network: &NetworkConfig) -> Result<NetworkConfig, StudyError> {
        const UNIT_HZ: f64 = 1000.0;
        let base = NetworkConfig { background_rate: Some(UNIT_HZ), ..network.clone() };
        let built = self.build(&base)?;
        let rate = |background: f64| self.silent_rate(&built, background / UNIT_HZ);
        // From half to all of what alone reaches the threshold.
        let threshold_hz =
            1000.0 * base.threshold.mean() / (base.weight_background() * base.membrane.mean());
        let range = (0.0, threshold_hz.min(GREATEST_BACKGROUND_HZ), GREATEST_BACKGROUND_HZ);
        let (background, _) = search(self.targets.before_hz, range, rate)?;
        Ok(NetworkConfig { background_rate: Some(background), ..base })
    }

    /// The network with the image drive that it is to have.
    fn with_drive(
        &self,
        network: &NetworkConfig,
        by: Matching,
        during_hz: f64,
    ) -> Result<Matched, StudyError> {
        let per_mv = self.weight_per_mv(network)?;
        let weighted = |drive: f64| {
            let mut network = network.clone();
            network.input.weight = per_mv * drive;
            network
        };
        let rate = |drive: f64| self.image_rate(&self.build(&weighted(drive))?, 1.0);
        let (drive_mv, during_hz) = match by {
            Matching::Rate => search(during_hz, (0.0, 2.0, GREATEST_DRIVE_MV), rate)?,
            Matching::Drive => (self.targets.drive_mv, rate(self.targets.drive_mv)?),
        };
        let network = weighted(drive_mv);
        let before_hz = self.silent_rate(&self.build(&network)?, 1.0)?;
        Ok(Matched { network, drive_mv, background_factor: 1.0, before_hz, during_hz })
    }

    /// The neurons under noise with the constant current that brings them to their rate before an
    /// image, and their drive.
    fn bring_noisy(
        &self,
        noisy: &NetworkConfig,
        by: Matching,
        model: &Matched,
    ) -> Result<Matched, StudyError> {
        let mean = noisy.current.mean();
        let with = |more: f64| NetworkConfig { current: (mean + more).into(), ..noisy.clone() };
        let rate = |more: f64| self.silent_rate(&self.build(&with(more))?, 1.0);
        // Current alone brings the potential to threshold; noise needs less, and may need it taken
        // away.
        let threshold = noisy.threshold.mean();
        let range = (-10.0 * threshold, threshold, 10.0 * threshold);
        let (more, _) = search(self.targets.before_hz, range, rate)?;
        self.with_drive(&with(more), by, model.during_hz)
    }

    /// The neurons under the model's drive, with the background while images are there that brings
    /// them to the model's rate.
    fn cancel_mean(&self, network: &NetworkConfig, model: &Matched) -> Result<Matched, StudyError> {
        let mut network = network.clone();
        network.input.weight = self.weight_per_mv(&network)? * model.drive_mv;
        let built = self.build(&network)?;
        let rate = |factor: f64| self.image_rate(&built, factor);
        let (background_factor, during_hz) = search(model.during_hz, (0.0, 1.0, 4.0), rate)?;
        let before_hz = self.silent_rate(&built, 1.0)?;
        Ok(Matched { network, drive_mv: model.drive_mv, background_factor, before_hz, during_hz })
    }

    /// Input weight that a millivolt of drive needs.
    fn weight_per_mv(&self, network: &NetworkConfig) -> Result<f64, StudyError> {
        let mut unit = network.clone();
        unit.input.drive = Some(1.0);
        Ok(driven(&unit, self.pictures.set)?.input.weight)
    }

    fn build(&self, network: &NetworkConfig) -> Result<Network, StudyError> {
        Network::build(network, Some(self.pictures.shape()), self.seed).or_settings()
    }

    /// Mean rate without an image, Hz, at `factor` times the background.
    fn silent_rate(&self, network: &Network, factor: f64) -> Result<f64, StudyError> {
        self.context.check()?;
        const TRIALS: u64 = 4;
        let seed = derive_seed(self.seed, "coding/silence", 0);
        let background = |_: f64| factor;
        let rates = (0..TRIALS).into_par_iter().map(|index| {
            let trial = Trial {
                background: Some(&background),
                warm_up: self.blank_ms,
                duration: self.targets.silence_ms / TRIALS as f64,
                parallel: false,
                ..network.trial(seed, index)
            };
            let spikes = network.run(&trial, &mut Probe::none()).or_failed()?;
            Ok(spikes.mean_rate_hz())
        });
        let rates = rates.collect::<Result<Vec<f64>, StudyError>>()?;
        Ok(rates.iter().sum::<f64>() / TRIALS as f64)
    }

    /// Mean rate while images are there, Hz, each after darkness; the background is then `factor`
    /// times that before.
    fn image_rate(&self, network: &Network, factor: f64) -> Result<f64, StudyError> {
        self.context.check()?;
        let seed = derive_seed(self.seed, "coding/drive", 0);
        let background = |t: f64| if t < 0.0 { 1.0 } else { factor };
        let images = self.targets.images.min(self.pictures.len());
        let rates = (0..images).into_par_iter().map_init(
            || Simulation::new(network),
            |simulation, index| {
                let image = self.pictures.shown(index);
                let trial = Trial {
                    image: Some(&image),
                    background: Some(&background),
                    warm_up: self.blank_ms,
                    duration: self.on_ms,
                    parallel: false,
                    ..network.trial(seed, index as u64)
                };
                let spikes = simulation.run(&trial, &mut Probe::none()).or_failed()?;
                Ok(spikes.mean_rate_hz())
            },
        );
        let rates = rates.collect::<Result<Vec<f64>, StudyError>>()?;
        Ok(rates.iter().sum::<f64>() / images as f64)
    }
}

/// Looks for where a function that rises, but for noise, has a value: between the first two numbers
/// of `range`, beyond the second up to the third if it must. Returns the place and the value
/// there; the nearest that was tried if the value is not reached.
fn search(
    target: f64,
    range: (f64, f64, f64),
    mut value: impl FnMut(f64) -> Result<f64, StudyError>,
) -> Result<(f64, f64), StudyError> {
    let (mut low, mut high, most) = range;
    let near = |v: f64| (v / target - 1.0).abs() <= TOLERANCE;
    let mut at_high = value(high)?;
    let mut left = STEPS;
    while at_high < target && !near(at_high) && high < most && left > 0 {
        low = high;
        high = if high > 0.0 { (2.0 * high).min(most) } else { most };
        at_high = value(high)?;
        left -= 1;
    }
    let mut best = (high, at_high);
    if near(at_high) || at_high < target {
        return Ok(best);
    }
    for _ in 0..left {
        let middle = 0.5 * (low + high);
        let found = value(middle)?;
        if (found - target).abs() < (best.1 - target).abs() {
            best = (middle, found);
        }
        if near(found) {
            break;
        }
        if found < target {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_data::synthetic;
    use equipoise_encoder::network::InputConfig;

    #[test]
    fn a_value_is_found_where_it_is() {
        let square = |x: f64| Ok(x * x);
        for target in [0.25, 2.0, 100.0] {
            let (x, y) = search(target, (0.0, 1.0, 1e3), square).unwrap();
            assert!((y / target - 1.0).abs() < 0.011 && (x * x - y).abs() < 1e-9, "{x} {y}");
        }
        // Out of reach: the nearest is told.
        assert_eq!(search(100.0, (0.0, 1.0, 4.0), square).unwrap(), (4.0, 16.0));
        let steps = |x: f64| Ok(if x < 0.5 { 0.0 } else { 10.0 });
        assert_eq!(search(1.0, (0.0, 1.0, 4.0), steps).unwrap().1, 0.0);
    }

    #[test]
    fn networks_and_their_controls_come_to_the_same_rates() {
        let set = synthetic::digits(20, 1, synthetic::Part::Train);
        let network = NetworkConfig {
            neurons: 300,
            g: 6.0,
            connection_probability: 0.4,
            input: InputConfig { during_warm_up: false, ..InputConfig::default() },
            ..NetworkConfig::encoder()
        };
        let context = Context::default();
        let matcher = Matcher {
            targets: Targets { images: 12, silence_ms: 2000.0, ..Targets::default() },
            pictures: Pictures { set: &set, brightness: 1.0, seed: 1 },
            blank_ms: 50.0,
            on_ms: 100.0,
            seed: 4,
            context: &context,
        };
        let [noisy, cancelled, _] = Condition::controls(&network);
        let all = [Condition::network("g 6", network.clone()), noisy, cancelled];
        let found: Vec<Matched> =
            all.iter().map(|c| matcher.bring(c, Matching::Rate).unwrap()).collect();
        for (condition, matched) in all.iter().zip(&found) {
            let name = &condition.name;
            assert!((matched.before_hz / 8.0 - 1.0).abs() < 0.05, "{name}: {matched:?}");
            assert!((matched.during_hz / 20.0 - 1.0).abs() < 0.05, "{name}: {matched:?}");
        }
        // Only the mean is cancelled from outside, and under the same drive.
        assert_eq!(found[2].drive_mv, found[0].drive_mv);
        assert!(found[2].background_factor < 0.95, "{:?}", found[2].background_factor);
        let equal = matcher.bring(&all[0], Matching::Drive).unwrap();
        assert_eq!((equal.drive_mv, equal.background_factor), (8.0, 1.0));
    }
}
