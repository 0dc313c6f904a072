//! Which network, in which regimes: the part of the settings that all studies of balance share.

use std::borrow::Cow;

use equipoise_encoder::network::NetworkConfig;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use toml::{Table, Value};

pub use crate::regimes::{Case, RegimeChoice};
use crate::{drive, regimes, schema, settings};

/// The network that settings are changed of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// The network of a study's settings: all of it, or what is changed of the preset.
///
/// In TOML both are a table. One that has every key is the network itself; any other changes the
/// preset. A run's `config.toml` has every key.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum NetworkChoice {
    /// All of it; the preset has no say.
    Whole(Box<NetworkConfig>),
    /// The keys that differ from the preset.
    Changes(Table),
}

impl Default for NetworkChoice {
    fn default() -> Self {
        Self::Changes(Table::new())
    }
}

impl JsonSchema for NetworkChoice {
    fn schema_name() -> Cow<'static, str> {
        NetworkConfig::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        NetworkConfig::json_schema(generator)
    }
}

impl From<NetworkConfig> for NetworkChoice {
    fn from(network: NetworkConfig) -> Self {
        Self::Whole(Box::new(network))
    }
}

impl<'de> Deserialize<'de> for NetworkChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = Table::deserialize(deserializer)?;
        // A key that there is not is told where it stands.
        parse(&table).map_err(D::Error::custom)?;
        Ok(Self::Changes(table))
    }
}

impl NetworkChoice {
    /// The network. Brunel's weights follow the number of neurons, so that J_E C_E stays what it
    /// is, unless a weight is given.
    ///
    /// # Errors
    /// The reason, if it makes no sense.
    pub fn config(&self, preset: Preset) -> Result<NetworkConfig, String> {
        let config = match self {
            Self::Whole(config) => NetworkConfig::clone(config),
            Self::Changes(changes) => changed(preset, changes)?,
        };
        config.validate().map_err(|e| e.to_string())?;
        Ok(config)
    }

    /// The network, changed of the one that images are reconstructed from.
    ///
    /// # Errors
    /// The reason, if it makes no sense.
    pub(super) fn config_of_images(&self) -> Result<NetworkConfig, String> {
        match self {
            Self::Changes(changes) if !is_whole(changes) => {
                let mut table = drive::of_images()?;
                let given = |key| changes.get("input").and_then(|input| input.get(key)).is_some();
                if let Some(input) = table.get_mut("input").and_then(Value::as_table_mut) {
                    // What a drive or an in-degree decides, a person may have decided otherwise.
                    let weighed = given("weight");
                    let connected = given("connection_probability") || given("projection");
                    input.retain(|key, _| match key {
                        "drive" => !weighed,
                        "in_degree" => !connected,
                        _ => true,
                    });
                }
                settings::merge(&mut table, changes.clone())?;
                Self::Changes(table).config(Preset::Encoder)
            }
            whole => whole.config(Preset::Encoder),
        }
    }
}

fn parse(table: &Table) -> Result<NetworkConfig, String> {
    Value::Table(table.clone()).try_into().map_err(|e: toml::de::Error| e.message().to_owned())
}

/// The preset with these changes, or the network of a table that has every key.
fn changed(preset: Preset, changes: &Table) -> Result<NetworkConfig, String> {
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
    let preset_table = Table::try_from(preset_config).map_err(|e| e.to_string())?;
    let mut table = changes.clone();
    if !is_whole(changes) {
        table = preset_table;
        settings::merge(&mut table, changes.clone())?;
    }
    let mut config = parse(&table)?;
    // TOML has no way to write what is not given, and what is missing is read as the default's.
    let input = table.get("input").and_then(Value::as_table);
    let given = |key: &str| table.contains_key(key);
    config.excitatory_in_degree.take_if(|_| !given("excitatory_in_degree"));
    config.inhibitory_in_degree.take_if(|_| !given("inhibitory_in_degree"));
    config.background_rate.take_if(|_| !given("background_rate"));
    config.background_weight.take_if(|_| !given("background_weight"));
    config.input.in_degree.take_if(|_| !input.is_some_and(|t| t.contains_key("in_degree")));
    Ok(config)
}

/// Whether a table has every key that a network always has.
fn is_whole(table: &Table) -> bool {
    let always = NetworkConfig {
        excitatory_in_degree: None,
        inhibitory_in_degree: None,
        background_rate: None,
        background_weight: None,
        ..NetworkConfig::default()
    };
    fn covers(table: &Table, all: &Table) -> bool {
        all.iter().all(|(key, value)| match (table.get(key), value) {
            (Some(Value::Table(part)), Value::Table(all)) if key == "input" => covers(part, all),
            (found, _) => found.is_some(),
        })
    }
    Table::try_from(always).is_ok_and(|all| covers(table, &all))
}

/// The networks of the regimes; the network as it is, if there are none.
pub fn cases(base: &NetworkConfig, regimes: &[RegimeChoice]) -> Result<Vec<Case>, String> {
    if regimes.is_empty() {
        return Ok(vec![Case { name: "network".to_owned(), network: base.clone() }]);
    }
    regimes::cases(base, regimes)
}

/// The regimes that a study shows if none are named.
pub fn default_regimes() -> Vec<RegimeChoice> {
    ["balanced", "unbalanced-g"].map(|name| RegimeChoice::Named(name.to_owned())).to_vec()
}

/// The table of the parameters of the regimes' networks.
pub(super) fn network_table(cases: &[&Case]) -> equipoise_report::Table {
    let networks: Vec<(&str, &NetworkConfig)> =
        cases.iter().map(|case| (case.name.as_str(), &case.network)).collect();
    schema::network_table(&networks)
}

/// Most trials of one measurement: their results are held in memory.
const MOST_TRIALS: usize = 100_000;

/// Refuses a number of trials that cannot be made.
pub(super) fn check_trials(trials: usize) -> Result<(), String> {
    if (1..=MOST_TRIALS).contains(&trials) {
        Ok(())
    } else {
        Err(format!("`trials` is {trials}; from 1 to {MOST_TRIALS} are possible"))
    }
}

/// A name as a part of a file's name: letters, digits, hyphens.
pub(super) fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    name.chars().map(plain).collect()
}

/// The k-th of several names as a part of a file's name that no other of them has.
pub(super) fn numbered(k: usize, name: &str) -> String {
    format!("{}-{}", k + 1, slug(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_encoder::network::{Distribution, Parameter};

    #[test]
    fn images_drive_a_network_as_where_they_are_reconstructed() {
        let config = |text: &str| {
            let choice: NetworkChoice = toml::from_str(text).unwrap();
            choice.config_of_images().unwrap()
        };
        let plain = config("");
        assert_eq!(plain, crate::reconstruction::Settings::default().network);
        let given = config("g = 4.5\n[input]\nweight = 3.0\nconnection_probability = 0.2");
        assert_eq!((given.g, given.input.weight, given.input.drive), (4.5, 3.0, None));
        assert_eq!((given.input.in_degree, given.input.connection_probability), (None, 0.2));
        assert_eq!(config("[input]\ndrive = 12.0").input.drive, Some(12.0));
        let whole = NetworkChoice::from(NetworkConfig::encoder()).config_of_images().unwrap();
        assert_eq!(whole, NetworkConfig::encoder());
    }

    #[test]
    fn changes_are_merged_into_the_preset() {
        let config = |preset, text: &str| {
            toml::from_str::<NetworkChoice>(text)
                .map_err(|e| e.to_string())
                .and_then(|choice| choice.config(preset))
        };
        let changed = config(Preset::Encoder, "g = 4.5\n[input]\nr_max = 50.0").unwrap();
        assert_eq!((changed.g, changed.input.r_max), (4.5, 50.0));
        assert_eq!(changed.input.weight, NetworkConfig::encoder().input.weight);
        let brunel = config(Preset::Brunel, "").unwrap();
        assert_eq!(brunel, NetworkConfig::brunel(12_500, 5.0, 2.0));
        let small = config(Preset::Brunel, "neurons = 1000").unwrap();
        assert_eq!(small, NetworkConfig::brunel(1000, 5.0, 2.0));
        let weak = config(Preset::Encoder, "eta = 0.5").unwrap();
        assert_eq!((weak.background_rate, weak.eta), (None, 0.5));
        assert!(config(Preset::Brunel, "gee = 4.5").unwrap_err().contains("gee"));
        assert!(config(Preset::Brunel, "neurons = 0").unwrap_err().contains("neurons"));
    }

    #[test]
    fn a_whole_network_is_read_back_under_any_preset() {
        let mut odd = NetworkConfig::brunel(700, 4.5, 1.5);
        odd.excitatory_in_degree = Some(30);
        odd.input.r_max = 70.0;
        let driven = NetworkConfig {
            background_rate: Some(900.0),
            threshold: Parameter::Drawn(Distribution::Normal { mean: 20.0, sd: 1.0 }),
            ..odd.clone()
        };
        for network in [odd, driven, NetworkConfig::encoder()] {
            let text = toml::to_string(&NetworkChoice::from(network.clone())).unwrap();
            let back: NetworkChoice = toml::from_str(&text).unwrap();
            for preset in [Preset::Brunel, Preset::Encoder] {
                assert_eq!(back.config(preset).unwrap(), network, "{text}");
            }
        }
    }

    #[test]
    fn without_regimes_the_network_is_as_it_is() {
        let network = NetworkConfig::encoder();
        let plain = cases(&network, &[]).unwrap();
        assert_eq!((plain.len(), &plain[0].network), (1, &network));
    }
}
