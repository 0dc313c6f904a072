//! What a person sets on the page, and the network that it stands for.

use std::fmt::Write as _;
use std::sync::OnceLock;

use equipoise_data::synthetic::{Part, digits};
use equipoise_encoder::balance::{Setting, Waveform};
use equipoise_encoder::network::{Network, NetworkConfig, NetworkError, Synapse, Trial};
use serde::{Deserialize, Serialize};

/// Neurons that a page can simulate while somebody looks on.
const NEURONS: std::ops::RangeInclusive<usize> = 200..=4000;
/// Connection probability at which the coupling is the weight of all excitatory synapses.
const PROBABILITY: f64 = 0.1;
/// Threshold at which `eta` counts, mV; see [`Settings::network`].
const THRESHOLD: f64 = 20.0;
/// Length of a trial, ms. Spike times are exact to a time step for as long.
pub const LONGEST_MS: f64 = 600_000.0;
/// What the TOML records, ms.
const RECORDED_MS: f64 = 1000.0;
/// How often a ramp, a step or a sinusoid starts again, ms.
const PERIOD_MS: f64 = 1000.0;
/// Digits among which there is one of each class.
const DIGITS: usize = 200;

/// How the background goes over time, or which image is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// The background at its rate.
    Constant,
    /// Rises from 0 to the rate over 700 ms, once a second.
    Ramp,
    /// Half of the rate, and all of it for 400 ms of each second.
    Step,
    /// Between 0 and the rate, twice a second.
    Sinusoid,
    /// The background at its rate, and an image of a digit.
    Image,
}

/// Which network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CircuitName {
    /// Brunel's: an excitatory and an inhibitory population.
    #[default]
    Brunel,
    /// The cortical microcircuit, of which only `g` and the seed can be set.
    Microcircuit,
}

/// The settings of the page. Times are in ms, potentials and weights in mV.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Which network.
    pub circuit: CircuitName,
    /// Neurons, excitatory and inhibitory.
    pub neurons: usize,
    /// Strength of an inhibitory synapse in units of an excitatory one.
    pub g: f64,
    /// Connection probability, at the same weights.
    pub connection_probability: f64,
    /// Threshold, at the same background.
    pub threshold: f64,
    /// Background in units of the rate that alone reaches a threshold of 20 mV.
    pub eta: f64,
    /// Weight of the excitatory synapses of a neuron together, at a connection probability of 0.1.
    pub coupling: f64,
    /// Delay of recurrent spikes.
    pub delay: f64,
    /// Shape of a postsynaptic current.
    pub synapse: Synapse,
    /// Decay of excitatory currents (exponential synapses).
    pub tau_excitatory: f64,
    /// Decay of inhibitory currents (exponential synapses).
    pub tau_inhibitory: f64,
    /// How the background goes over time, or which image is shown.
    pub input: Input,
    /// The digit of the image.
    pub digit: usize,
    /// Seed of everything that is random.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            circuit: CircuitName::Brunel,
            neurons: 1000,
            g: 5.0,
            connection_probability: PROBABILITY,
            threshold: THRESHOLD,
            eta: 2.0,
            coupling: 100.0,
            delay: 1.5,
            synapse: Synapse::Delta,
            tau_excitatory: 5.0,
            tau_inhibitory: 10.0,
            input: Input::Constant,
            digit: 6,
            seed: 0,
        }
    }
}

fn ramp(t: f64) -> f64 {
    let waveform = Waveform::Ramp { low: 0.0, rise_ms: 700.0 };
    waveform.at(if t < 0.0 { t } else { t % PERIOD_MS })
}

fn step(t: f64) -> f64 {
    let waveform = Waveform::Step { low: 0.5, on_ms: 300.0, off_ms: 700.0 };
    waveform.at(if t < 0.0 { t } else { t % PERIOD_MS })
}

fn sinusoid(t: f64) -> f64 {
    Waveform::Sinusoid { low: 0.0, period_ms: 0.5 * PERIOD_MS }.at(t)
}

/// One of the demo's digits of each class, `[28, 28]` with intensities in [0, 1].
pub fn digit(class: usize) -> Option<&'static [f32]> {
    static IMAGES: OnceLock<Vec<Option<Vec<f32>>>> = OnceLock::new();
    let images = IMAGES.get_or_init(|| {
        let all = digits(DIGITS, 0, Part::Train);
        let first = |class: usize| {
            let index = all.labels.iter().position(|&label| usize::from(label) == class)?;
            Some(all.intensities(index))
        };
        (0..all.classes.len()).map(first).collect()
    });
    images.get(class)?.as_deref()
}

fn refused(setting: &'static str, reason: String) -> NetworkError {
    NetworkError::Setting { setting, reason }
}

impl Settings {
    /// The network. It is Brunel's, with what was set. `eta` counts at a threshold of 20 mV: a
    /// background that followed the threshold would undo its change.
    ///
    /// # Errors
    /// The first setting that is out of its range, and why.
    pub fn network(&self) -> Result<NetworkConfig, NetworkError> {
        if !NEURONS.contains(&self.neurons) {
            let (least, most) = (NEURONS.start(), NEURONS.end());
            let reason = format!("{} is outside {least}..{most}", self.neurons);
            return Err(refused("neurons", reason));
        }
        let brunel = NetworkConfig::brunel(self.neurons, self.g, self.eta);
        let connections = brunel.excitatory_connections();
        let network = NetworkConfig {
            connection_probability: self.connection_probability,
            excitatory_weight: self.coupling / connections as f64,
            delay: self.delay.into(),
            synapse: self.synapse,
            tau_excitatory: self.tau_excitatory,
            tau_inhibitory: self.tau_inhibitory,
            ..brunel
        };
        let network = if self.threshold == THRESHOLD {
            network
        } else {
            network.validate()?;
            Setting::Threshold.apply(&network, self.threshold)
        };
        network.validate()?;
        Ok(network)
    }

    /// Builds the network.
    ///
    /// # Errors
    /// As [`Settings::network`], or if there is no such digit.
    pub fn build(&self) -> Result<Network, NetworkError> {
        let shape = self.image()?.map(|_| (1, 28, 28).into());
        Network::build(&self.network()?, shape, self.seed)
    }

    fn image(&self) -> Result<Option<&'static [f32]>, NetworkError> {
        if self.input != Input::Image {
            return Ok(None);
        }
        let missing = || refused("digit", format!("{} is no digit", self.digit));
        digit(self.digit).map(Some).ok_or_else(missing)
    }

    /// The trial: without an end, as a person sees it.
    ///
    /// # Errors
    /// If there is no such digit.
    pub fn trial(&self, network: &Network) -> Result<Trial<'static>, NetworkError> {
        Ok(Trial {
            image: self.image()?,
            background: match self.input {
                Input::Constant | Input::Image => None,
                Input::Ramp => Some(&ramp),
                Input::Step => Some(&step),
                Input::Sinusoid => Some(&sinusoid),
            },
            duration: LONGEST_MS,
            parallel: false,
            ..network.trial(self.seed, 0)
        })
    }

    /// The configuration with which `equipoise balance` simulates and judges this network: what
    /// differs from Brunel's of this size.
    ///
    /// # Errors
    /// As [`Settings::network`].
    pub fn toml(&self) -> Result<String, NetworkError> {
        let network = self.network()?;
        let mut text = String::from("# equipoise balance --config FILE\n");
        let course = match self.input {
            Input::Constant | Input::Image => None,
            Input::Ramp => Some("ramp"),
            Input::Step => Some("step"),
            Input::Sinusoid => Some("sinusoid"),
        };
        if let Some(waveform) = course {
            let _ = writeln!(
                text,
                "# The {waveform} of the input: equipoise balance track --waveform {waveform}"
            );
        }
        let _ = writeln!(text, "seed = {}\npreset = \"brunel\"", self.seed);
        if self.input == Input::Image {
            let _ = writeln!(text, "datasets = [\"synthetic-digits\"]");
        }
        let _ = writeln!(text, "\n[network]\nneurons = {}\ng = {:?}", network.neurons, network.g);
        let _ = match network.background_rate {
            Some(rate) => writeln!(text, "background_rate = {rate:?}"),
            None => writeln!(text, "eta = {:?}", network.eta),
        };
        let plain = NetworkConfig::brunel(self.neurons, self.g, self.eta);
        for (key, value, usual) in [
            (
                "connection_probability",
                network.connection_probability,
                plain.connection_probability,
            ),
            ("threshold", network.threshold.mean(), plain.threshold.mean()),
            ("excitatory_weight", network.excitatory_weight, plain.excitatory_weight),
            ("delay", network.delay.mean(), plain.delay.mean()),
        ] {
            if value != usual {
                let _ = writeln!(text, "{key} = {value:?}");
            }
        }
        if network.synapse == Synapse::Exponential {
            let (e, i) = (network.tau_excitatory, network.tau_inhibitory);
            let _ = writeln!(
                text,
                "synapse = \"exponential\"\ntau_excitatory = {e:?}\ntau_inhibitory = {i:?}"
            );
        }
        let _ = writeln!(text, "duration = {RECORDED_MS:?}");
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_brunels_network() {
        assert_eq!(Settings::default().network().unwrap(), NetworkConfig::brunel(1000, 5.0, 2.0));
    }

    #[test]
    fn the_toml_is_the_network() {
        #[derive(Deserialize)]
        struct File {
            network: toml::Table,
        }
        let brunel = Settings { neurons: 700, g: 4.5, ..Settings::default() };
        let all = [
            brunel.clone(),
            Settings { threshold: 12.0, coupling: 32.0, input: Input::Image, ..brunel.clone() },
            Settings { synapse: Synapse::Exponential, delay: 2.0, eta: 0.3, ..brunel.clone() },
            Settings { connection_probability: 0.01, input: Input::Ramp, seed: 7, ..brunel },
        ];
        for settings in all {
            let file: File = toml::from_str(&settings.toml().unwrap()).unwrap();
            let plain = NetworkConfig::brunel(settings.neurons, settings.g, settings.eta);
            let mut table = toml::Table::try_from(plain).unwrap();
            table.extend(file.network);
            let mut read: NetworkConfig = toml::Value::Table(table.clone()).try_into().unwrap();
            // What is missing is read as the default's, and not as missing.
            read.background_rate.take_if(|_| !table.contains_key("background_rate"));
            read.background_weight = None;
            assert_eq!(NetworkConfig { eta: settings.eta, ..read }, settings.network().unwrap());
        }
    }

    #[test]
    fn what_a_page_cannot_show_is_refused() {
        for wrong in [
            Settings { neurons: 199, ..Settings::default() },
            Settings { neurons: 4001, ..Settings::default() },
            Settings { threshold: 10.0, ..Settings::default() },
            Settings { eta: f64::NAN, threshold: 12.0, ..Settings::default() },
            Settings { coupling: 0.0, ..Settings::default() },
            Settings { input: Input::Image, digit: 10, ..Settings::default() },
        ] {
            assert!(wrong.build().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn each_digit_is_drawn() {
        for class in 0..10 {
            let image = digit(class).unwrap();
            assert_eq!(image.len(), 784);
            let ink: f32 = image.iter().sum();
            assert!(ink > 20.0 && ink < 300.0, "{class}: {ink}");
        }
        assert_eq!(digit(10), None);
    }
}
