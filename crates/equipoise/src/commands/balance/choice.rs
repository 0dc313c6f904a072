//! Which network, in which regimes: the part of the configuration that all `balance` commands share.

use equipoise_encoder::network::{NetworkConfig, Regime};
use equipoise_studies::settings::Layers;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::job::RunArgs;
use crate::settings::Flags;

/// The network that settings are changed of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Brunel's network: 12,500 neurons with strong weights, eta 2.
    Brunel,
    /// The network that encodes images: 1,000 neurons.
    Encoder,
}

impl Preset {
    fn config(self) -> NetworkConfig {
        match self {
            Self::Brunel => NetworkConfig::brunel(12_500, 5.0, 2.0),
            Self::Encoder => NetworkConfig::encoder(),
        }
    }
}

/// A regime by name, or written out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RegimeChoice {
    /// A built-in regime.
    Named(String),
    /// A person's own.
    Own(Regime),
}

/// A network in one regime.
#[derive(Debug, Clone)]
pub struct Case {
    /// The regime's name.
    pub name: String,
    /// The network.
    pub network: NetworkConfig,
}

/// The preset with the person's changes. Brunel's weights follow the number of neurons, so that
/// J_E C_E stays what it is, unless a weight is given.
pub fn base(preset: Preset, changes: &Table) -> Result<NetworkConfig, String> {
    let mut preset_config = preset.config();
    if let (Preset::Brunel, Some(Value::Integer(n))) = (preset, changes.get("neurons"))
        && let Ok(n @ 1..) = usize::try_from(*n)
    {
        preset_config = NetworkConfig::brunel(n, preset_config.g, preset_config.eta);
    }
    // A rate that the preset has would make an eta of one's own mean nothing.
    if changes.contains_key("eta") && !changes.contains_key("background_rate") {
        preset_config.background_rate = None;
    }
    let mut table = Table::try_from(preset_config).map_err(|e| e.to_string())?;
    merge(&mut table, changes);
    let input = table.get("input").and_then(Value::as_table).cloned().unwrap_or_default();
    let mut config: NetworkConfig = Value::Table(table.clone())
        .try_into()
        .map_err(|e: toml::de::Error| format!("[network] {}", e.message()))?;
    // TOML has no way to write what is not given, and what is missing is read as the default's.
    let given = |key: &str| table.contains_key(key);
    config.excitatory_in_degree.take_if(|_| !given("excitatory_in_degree"));
    config.inhibitory_in_degree.take_if(|_| !given("inhibitory_in_degree"));
    config.background_rate.take_if(|_| !given("background_rate"));
    config.background_weight.take_if(|_| !given("background_weight"));
    config.input.in_degree.take_if(|_| !input.contains_key("in_degree"));
    config.validate().map_err(|e| e.to_string())?;
    Ok(config)
}

/// The networks of the regimes; the network as it is, if there are none.
pub fn cases(base: &NetworkConfig, regimes: &[RegimeChoice]) -> Result<Vec<Case>, String> {
    if regimes.is_empty() {
        return Ok(vec![Case { name: "network".to_owned(), network: base.clone() }]);
    }
    let mut cases: Vec<Case> = Vec::new();
    for choice in regimes {
        let regime = match choice {
            RegimeChoice::Named(name) => Regime::named(name).map_err(|e| e.to_string())?,
            RegimeChoice::Own(regime) if regime.name.is_empty() => {
                return Err("a regime of your own needs a `name`".to_owned());
            }
            RegimeChoice::Own(regime) => regime.clone(),
        };
        if cases.iter().any(|case| case.name == regime.name) {
            return Err(format!("the regime `{}` is named twice", regime.name));
        }
        let network = regime.apply(base);
        network.validate().map_err(|e| format!("regime `{}`: {e}", regime.name))?;
        cases.push(Case { name: regime.name, network });
    }
    Ok(cases)
}

/// Options of every `balance` command.
#[derive(Debug, clap::Args)]
pub struct NetworkArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// The network that settings are changed of
    #[arg(long, value_enum)]
    preset: Option<Preset>,
    /// A regime: balanced, unbalanced-g, unbalanced-p, unbalanced-threshold; may be given again
    #[arg(long = "regime", value_name = "NAME")]
    regimes: Vec<String>,
    /// Neurons, excitatory and inhibitory
    #[arg(long, value_name = "N")]
    neurons: Option<usize>,
    /// Inhibitory strength in units of the excitatory one (a regime may set its own)
    #[arg(long, value_name = "RATIO")]
    g: Option<f64>,
    /// Background in units of the threshold rate
    #[arg(long, value_name = "RATIO")]
    eta: Option<f64>,
    /// Connection probability
    #[arg(long, value_name = "P")]
    connection_probability: Option<f64>,
    /// Recorded, ms
    #[arg(long, value_name = "MS")]
    duration: Option<f64>,
}

impl NetworkArgs {
    /// The keys that the options stand for, as layers of settings.
    pub fn layers(&self) -> Layers {
        let regimes = (!self.regimes.is_empty()).then(|| self.regimes.clone());
        Layers::default()
            .value("preset", &self.preset)
            .value("regimes", &regimes)
            .value("network.neurons", &self.neurons)
            .value("network.g", &self.g)
            .value("network.eta", &self.eta)
            .value("network.connection_probability", &self.connection_probability)
            .value("network.duration", &self.duration)
    }

    /// The keys that the options stand for.
    pub fn flags(&self) -> Flags {
        let regimes = (!self.regimes.is_empty()).then(|| self.regimes.clone());
        Flags::default()
            .set("preset", &self.preset)
            .set("regimes", &regimes)
            .set("network.neurons", &self.neurons)
            .set("network.g", &self.g)
            .set("network.eta", &self.eta)
            .set("network.connection_probability", &self.connection_probability)
            .set("network.duration", &self.duration)
    }
}

/// The regimes that a command shows if none are named.
pub fn default_regimes() -> Vec<RegimeChoice> {
    ["balanced", "unbalanced-g"].map(|name| RegimeChoice::Named(name.to_owned())).to_vec()
}

fn merge(table: &mut Table, changes: &Table) {
    for (key, value) in changes {
        match (table.get_mut(key), value) {
            (Some(Value::Table(old)), Value::Table(new)) if key == "input" => merge(old, new),
            _ => {
                table.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_merged_into_the_preset() {
        let changes: Table = toml::from_str("g = 4.5\n[input]\nr_max = 50.0").unwrap();
        let config = base(Preset::Encoder, &changes).unwrap();
        assert_eq!((config.g, config.input.r_max), (4.5, 50.0));
        assert_eq!(config.input.weight, NetworkConfig::encoder().input.weight);
        let brunel = base(Preset::Brunel, &Table::new()).unwrap();
        assert_eq!(brunel, NetworkConfig::brunel(12_500, 5.0, 2.0));
        let weak: Table = toml::from_str("eta = 0.5").unwrap();
        let weak = base(Preset::Encoder, &weak).unwrap();
        assert_eq!((weak.background_rate, weak.eta), (None, 0.5));
        let wrong: Table = toml::from_str("gee = 4.5").unwrap();
        assert!(base(Preset::Brunel, &wrong).unwrap_err().contains("gee"));
        let senseless: Table = toml::from_str("neurons = 0").unwrap();
        assert!(base(Preset::Brunel, &senseless).unwrap_err().contains("at least one neuron"));
    }

    #[test]
    fn regimes_are_named_or_written_out() {
        let network = NetworkConfig::encoder();
        let own: RegimeChoice =
            Regime { name: "mine".into(), g: Some(4.2), ..Regime::default() }.into();
        let found = cases(&network, &["balanced".into(), own.clone()]).unwrap();
        assert_eq!(found.iter().map(|c| c.network.g).collect::<Vec<_>>(), [5.0, 4.2]);
        assert!(cases(&network, &[own.clone(), own]).unwrap_err().contains("twice"));
        assert!(cases(&network, &["no-such".into()]).unwrap_err().contains("balanced"));
        let plain = cases(&network, &[]).unwrap();
        assert_eq!((plain.len(), &plain[0].network), (1, &network));
    }

    impl From<&str> for RegimeChoice {
        fn from(name: &str) -> Self {
            Self::Named(name.to_owned())
        }
    }

    impl From<Regime> for RegimeChoice {
        fn from(regime: Regime) -> Self {
            Self::Own(regime)
        }
    }
}
