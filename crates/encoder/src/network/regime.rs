//! Named regimes: what is changed of a base network to bring it into another state.

use serde::{Deserialize, Serialize};

use super::config::NetworkConfig;
use super::error::NetworkError;
use super::parameter::Parameter;

/// A named change of a base network. Every setting that is given replaces the base's.
///
/// ```
/// use equipoise_encoder::network::{NetworkConfig, Regime};
///
/// let regime: Regime = toml::from_str("name = 'my-regime'\ng = 3.5")?;
/// let config = regime.apply(&NetworkConfig::encoder());
/// assert_eq!(config.g, 3.5);
/// assert_eq!(config.neurons, 1000);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Regime {
    /// The name in tables and figures.
    pub name: String,
    /// Inhibitory strength in units of the excitatory one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub g: Option<f64>,
    /// Connection probability.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_probability: Option<f64>,
    /// Threshold, mV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Parameter>,
    /// Excitatory weight, mV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excitatory_weight: Option<f64>,
    /// Share of excitatory neurons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excitatory_fraction: Option<f64>,
    /// Background drive in units of the threshold rate (it replaces a background rate).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta: Option<f64>,
    /// Background spikes per second and neuron.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_rate: Option<f64>,
}

/// The names of the built-in regimes.
pub const REGIMES: [&str; 4] = ["balanced", "unbalanced-g", "unbalanced-p", "low-threshold"];

/// Regimes that had another name, which is still understood: the old name, and the one of today.
/// What was called `unbalanced-threshold` is balanced while it sees images.
const RENAMED: [(&str, &str); 1] = [("unbalanced-threshold", "low-threshold")];

impl Regime {
    /// One of the built-in regimes ([`REGIMES`]).
    ///
    /// `balanced` is inhibition-dominated, g = 5 with four excitatory neurons to one inhibitory
    /// (the balance is at g = 4; Brunel 2000). The others change it in the three ways of the
    /// course project: by g = 3.5 (the mean input drives the neurons), by the connection
    /// probability 0.01 ("unbalanced 1": almost no recurrent input), by the threshold 12 mV
    /// ("unbalanced 2": little above the reset). The last fires in bursts at rest, and while it
    /// sees images it is balanced, so that its name makes no claim.
    ///
    /// A name that a regime had before ([`Regime::new_name`]) is understood, and kept as it was
    /// given, so that what was begun under it can go on.
    ///
    /// # Errors
    /// [`NetworkError::UnknownRegime`] lists the names there are.
    pub fn named(name: &str) -> Result<Self, NetworkError> {
        let regime = Self { name: name.to_owned(), ..Self::default() };
        Ok(match Self::new_name(name).unwrap_or(name) {
            "balanced" => Self { g: Some(5.0), ..regime },
            "unbalanced-g" => Self { g: Some(3.5), ..regime },
            "unbalanced-p" => Self { connection_probability: Some(0.01), ..regime },
            "low-threshold" => Self { threshold: Some(12.0.into()), ..regime },
            _ => {
                return Err(NetworkError::UnknownRegime {
                    name: name.to_owned(),
                    known: REGIMES.join(", "),
                });
            }
        })
    }

    /// The name that a built-in regime has today, for one that it had before.
    pub fn new_name(name: &str) -> Option<&'static str> {
        RENAMED.iter().find(|(old, _)| *old == name).map(|(_, new)| *new)
    }

    /// The base network with this regime's changes.
    pub fn apply(&self, base: &NetworkConfig) -> NetworkConfig {
        let mut config = base.clone();
        if let Some(g) = self.g {
            config.g = g;
        }
        if let Some(p) = self.connection_probability {
            config.connection_probability = p;
            config.excitatory_in_degree = None;
            config.inhibitory_in_degree = None;
        }
        if let Some(threshold) = self.threshold {
            // The background keeps its rate: eta is relative to the threshold, and a background
            // that followed it would undo the change.
            config.background_rate = Some(base.background_rate_hz());
            config.threshold = threshold;
        }
        if let Some(weight) = self.excitatory_weight {
            config.excitatory_weight = weight;
        }
        if let Some(fraction) = self.excitatory_fraction {
            config.excitatory_fraction = fraction;
        }
        if let Some(eta) = self.eta {
            config.eta = eta;
            config.background_rate = None;
        }
        if let Some(rate) = self.background_rate {
            config.background_rate = Some(rate);
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_regimes_change_what_they_say() {
        let base = NetworkConfig::encoder();
        for name in REGIMES {
            let config = Regime::named(name).unwrap().apply(&base);
            config.validate().unwrap();
            assert_eq!(config.background_rate_hz(), base.background_rate_hz(), "{name}");
            assert_eq!(config == base, name == "balanced");
        }
        let error = Regime::named("unbalanced").unwrap_err().to_string();
        assert!(error.contains("low-threshold"), "{error}");
    }

    #[test]
    fn a_regime_is_known_by_its_old_name() {
        let new = Regime::new_name("unbalanced-threshold").unwrap();
        assert!(REGIMES.contains(&new));
        let (old, new) = (Regime::named("unbalanced-threshold"), Regime::named(new));
        assert_eq!(old.unwrap().threshold, new.unwrap().threshold);
        assert!(REGIMES.iter().all(|name| Regime::new_name(name).is_none()));
    }

    #[test]
    fn regimes_are_written_in_toml_and_read_back() {
        for name in REGIMES {
            let regime = Regime::named(name).unwrap();
            let text = toml::to_string(&regime).unwrap();
            assert_eq!(toml::from_str::<Regime>(&text).unwrap(), regime);
        }
    }
}
