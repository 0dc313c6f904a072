//! Which network of populations: a published one, with changes, or one of one's own.

use std::borrow::Cow;
use std::path::Path;

use equipoise_encoder::populations::{
    self, MicrocircuitInput, Settings as Network, brunel, clustered, microcircuit, pv_sst_vip,
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::{StudyError, settings};

/// The published networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Brunel 2000: 12,500 neurons, one excitatory and one inhibitory population.
    Brunel,
    /// Potjans & Diesmann 2014: 77,169 neurons in four layers of the cortex.
    Microcircuit,
    /// Litwin-Kumar & Doiron 2012: 5,000 neurons, the excitatory ones in clusters.
    Clustered,
    /// Pyramidal cells and three kinds of interneurons of layer 2/3 of the mouse: PV, SST and VIP.
    PvSstVip,
    /// Vogels et al. 2011: inhibition that finds balance by itself.
    Vogels,
}

impl Preset {
    /// The names of all.
    pub const NAMES: [&str; 5] = ["brunel", "microcircuit", "clustered", "pv-sst-vip", "vogels"];

    /// Its name, as it is written in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Brunel => "brunel",
            Self::Microcircuit => "microcircuit",
            Self::Clustered => "clustered",
            Self::PvSstVip => "pv-sst-vip",
            Self::Vogels => "vogels",
        }
    }

    /// The populations that images are shown to if none are named: in the microcircuit those that
    /// receive from the thalamus (Potjans & Diesmann 2014) in layer 4.
    pub(super) fn sees(self) -> &'static [&'static str] {
        match self {
            Self::Microcircuit => &["L4E", "L4I"],
            Self::PvSstVip => &["E", "PV"],
            Self::Brunel => &["E"],
            // Neither has a background whose weight could be taken.
            Self::Clustered | Self::Vogels => &[],
        }
    }

    /// The share of its neurons that is simulated if nothing is said.
    fn usual_scale(self) -> f64 {
        if self == Self::Microcircuit { 0.1 } else { 1.0 }
    }
}

/// What is said of the published network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PresetSettings {
    /// Its name; it has no say if `network` lists populations.
    pub name: Preset,
    /// Share of its neurons; if not given, 0.1 of the microcircuit and all of the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub scale: Option<f64>,
    /// Share of the synapses of each neuron of the microcircuit; that of the neurons if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub synapses: Option<f64>,
    /// Input of the microcircuit from outside.
    pub input: MicrocircuitInput,
    /// Inhibition in units of excitation of Brunel's network.
    pub g: f64,
    /// Background of Brunel's network in units of the threshold rate.
    pub eta: f64,
    /// Clusters of the clustered network.
    #[schemars(range(min = 1, max = 4000))]
    pub clusters: usize,
    /// How many times as likely a synapse is within a cluster as between two.
    pub cluster_ratio: f64,
}

impl Default for PresetSettings {
    fn default() -> Self {
        Self {
            name: Preset::Microcircuit,
            scale: None,
            synapses: None,
            input: MicrocircuitInput::Poisson,
            g: 5.0,
            eta: 2.0,
            clusters: 50,
            cluster_ratio: 2.5,
        }
    }
}

impl PresetSettings {
    /// With what it leaves open filled in.
    pub(super) fn resolved(self) -> Self {
        let scale = self.scale.unwrap_or_else(|| self.name.usual_scale());
        let synapses = (self.name == Preset::Microcircuit).then(|| self.synapses.unwrap_or(scale));
        Self { scale: Some(scale), synapses, ..self }
    }

    /// Refuses what makes no sense of any published network.
    fn validate(&self) -> Result<(), String> {
        for (key, value) in [("scale", self.scale), ("synapses", self.synapses)] {
            if let Some(value) = value.filter(|value| !(*value > 0.0 && *value <= 10.0)) {
                return Err(format!("`published.{key}`: {value} is not from above 0 to 10"));
            }
        }
        for (key, value) in [("g", self.g), ("eta", self.eta)] {
            if !(0.0..=1000.0).contains(&value) {
                return Err(format!("`published.{key}`: {value} is not from 0 to 1000"));
            }
        }
        if !(1..=4000).contains(&self.clusters) {
            return Err(format!("`published.clusters`: {} is not from 1 to 4000", self.clusters));
        }
        if !(1.0..=4000.0).contains(&self.cluster_ratio) {
            let ratio = self.cluster_ratio;
            return Err(format!("`published.cluster_ratio`: {ratio} is not from 1 to 4000"));
        }
        Ok(())
    }

    /// The network.
    fn network(&self) -> Result<Network, String> {
        self.validate()?;
        let preset = self.name;
        let own = self.clone().resolved();
        let scale = own.scale.unwrap_or(1.0);
        if self.synapses.is_some() && preset != Preset::Microcircuit {
            return Err(format!(
                "`published.synapses` is of the microcircuit, and the preset is {}",
                preset.name()
            ));
        }
        match preset {
            Preset::Brunel => {
                // At least ten synapses from each population.
                let neurons = (12_500.0 * scale).round().max(500.0) as usize;
                Ok(brunel(neurons, own.g, own.eta))
            }
            Preset::Microcircuit => {
                Ok(microcircuit(scale, own.synapses.unwrap_or(scale), own.input))
            }
            Preset::Clustered => {
                if scale != 1.0 {
                    return Err("`published.scale`: the clustered network has one size".into());
                }
                Ok(clustered(own.clusters, own.cluster_ratio))
            }
            Preset::PvSstVip => Ok(pv_sst_vip(scale)),
            Preset::Vogels => Ok(populations::vogels(scale)),
        }
    }
}

/// The network of a study's settings: what is changed of the published one, or, if it has a list of
/// populations, all of it.
///
/// A change names a population, or a projection as "source to target":
///
/// ```toml
/// [network]
/// duration = 2000.0
/// populations.L4E.neuron.threshold = -52.0
/// projections."L4E to L4I".weight = 100.0
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NetworkChoice(Table);

impl JsonSchema for NetworkChoice {
    fn schema_name() -> Cow<'static, str> {
        Network::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Network::json_schema(generator)
    }
}

impl NetworkChoice {
    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is a network of its own, in which no preset has a say.
    pub fn is_whole(&self) -> bool {
        self.0.get("populations").is_some_and(Value::is_array)
    }

    /// The network.
    ///
    /// # Errors
    /// The reason, if it makes no sense.
    pub fn network(&self, published: &PresetSettings) -> Result<Network, String> {
        let table = if self.is_whole() {
            self.0.clone()
        } else {
            let base = published.network()?;
            let mut table = Table::try_from(base).map_err(|e| e.to_string())?;
            let mut changes = self.0.clone();
            for (key, name) in [("populations", name as Name), ("projections", ends)] {
                if let Some(Value::Table(named)) = changes.get(key) {
                    change(&mut table, key, name, named)?;
                    changes.remove(key);
                }
            }
            settings::merge(&mut table, changes)?;
            table
        };
        let network: Network = Value::Table(table)
            .try_into()
            .map_err(|e: toml::de::Error| format!("`network`: {}", e.message()))?;
        network.validate().map_err(|e| format!("`network`: {e}"))?;
        Ok(network)
    }
}

/// The network of a TOML file, with the keys of [`Network`] at its top.
///
/// # Errors
/// If it cannot be read, or is no network.
pub fn read_network(path: &Path) -> Result<Table, StudyError> {
    let layers = settings::Layers::default().file(path);
    let network = layers.resolve::<Network>()?;
    if network.populations.is_empty() {
        let path = path.display();
        return Err(StudyError::settings(format!("{path}: a network needs `populations`")));
    }
    Table::try_from(network).map_err(StudyError::settings)
}

/// The published network of this name, or else the network of the TOML file at this path, as the
/// table of a [`PopulationsCase`](super::PopulationsCase).
///
/// # Errors
/// If it is neither: if the file cannot be read, or is no network.
pub fn preset_or_file(text: &str) -> Result<Table, StudyError> {
    let mut case = Table::new();
    if let Ok(preset) = Preset::deserialize(Value::String(text.to_owned())) {
        let name = Table::from_iter([("name".to_owned(), Value::String(preset.name().to_owned()))]);
        case.insert("published".to_owned(), Value::Table(name));
        return Ok(case);
    }
    let path = Path::new(text);
    if path.extension().is_none() && !path.exists() {
        let message = format!("{text}: neither a published network nor a TOML file of one");
        return Err(StudyError::settings(settings::suggesting(&message, text, Preset::NAMES)));
    }
    let network = read_network(path)?;
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("populations");
    case.insert("name".to_owned(), Value::String(name.to_owned()));
    case.insert("network".to_owned(), Value::Table(network));
    Ok(case)
}

/// Cases by the names of published networks or the paths of TOML files, with what is the same for
/// all of them; none if none are named. They are tables, so that keys that are not given keep
/// their defaults.
///
/// # Errors
/// As [`preset_or_file`].
pub fn named_cases(
    names: &[String],
    onto: &Option<Vec<String>>,
    record: &Option<Vec<String>>,
    scale: &Option<f64>,
) -> Result<Option<Vec<Table>>, StudyError> {
    if names.is_empty() {
        return Ok(None);
    }
    let one = |name: &String| {
        let mut case = preset_or_file(name)?;
        for (key, value) in [
            ("image.onto", onto.clone().map(Value::from)),
            ("record", record.clone().map(Value::from)),
            ("published.scale", scale.map(Value::from)),
        ] {
            if let Some(value) = value {
                settings::set(&mut case, key, value).map_err(StudyError::settings)?;
            }
        }
        Ok(case)
    };
    names.iter().map(one).collect::<Result<_, StudyError>>().map(Some)
}

/// By what an entry of a list is named.
type Name = fn(&Table) -> String;

pub(super) fn name(population: &Table) -> String {
    population.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub(super) fn ends(projection: &Table) -> String {
    let end = |key: &str| projection.get(key).and_then(Value::as_str).unwrap_or_default();
    format!("{} to {}", end("source"), end("target"))
}

/// Changes the entries of a list that are named.
fn change(table: &mut Table, key: &str, name: Name, changes: &Table) -> Result<(), String> {
    let mut none = Vec::new();
    let entries = match table.get_mut(key) {
        Some(Value::Array(entries)) => entries,
        _ => &mut none,
    };
    for (wanted, change) in changes {
        let mut found = false;
        for entry in entries.iter_mut().filter_map(Value::as_table_mut) {
            if name(entry) == *wanted {
                let Value::Table(change) = change else {
                    return Err(format!("`network.{key}.{wanted}` is a value, not a table"));
                };
                settings::merge(entry, change.clone())?;
                found = true;
            }
        }
        if !found {
            let known: Vec<String> = entries.iter().filter_map(Value::as_table).map(name).collect();
            let message = format!("`network.{key}`: there is no `{wanted}`");
            return Err(settings::suggesting(&message, wanted, known.iter().map(String::as_str)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Result<Network, String> {
        let choice: NetworkChoice = toml::from_str(text).map_err(|e| e.to_string())?;
        choice.network(&PresetSettings::default())
    }

    #[test]
    fn changes_go_to_what_they_name() {
        let plain = network("").unwrap();
        let changed = network(
            "duration = 50.0\n\
             populations.\"L2/3E\".neuron.threshold = -52.0\n\
             projections.\"L4E to L4I\".weight = 100.0",
        )
        .unwrap();
        assert_eq!((plain.duration, changed.duration), (1000.0, 50.0));
        assert_eq!(changed.populations[0].neuron.threshold.mean(), -52.0);
        assert_eq!(changed.populations[1], plain.populations[1]);
        let weight = |network: &Network, source: &str| {
            let mut all = network.projections.iter();
            all.find(|p| p.source == source && p.target == "L4I").map(|p| p.weight.mean())
        };
        assert_eq!(weight(&changed, "L4E"), Some(100.0));
        assert_eq!(weight(&changed, "L4I"), weight(&plain, "L4I"));
        for (text, part) in [
            ("populations.L4F.size = 3", "did you mean `L4"),
            ("populations.L4E = 3", "table"),
            ("populations.L4E.syze = 3", "syze"),
            ("durration = 3.0", "durration"),
            ("populations.L4E.size = 0", "size"),
        ] {
            let error = network(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_list_of_populations_is_the_whole_network() {
        let own = network("[[populations]]\nname = \"a\"\nsize = 3").unwrap();
        assert_eq!((own.populations.len(), own.projections.len()), (1, 0));
        assert_eq!(own, Network { populations: own.populations.clone(), ..Network::default() });
    }

    #[test]
    fn what_concerns_another_network_is_refused() {
        let of = |preset, published: PresetSettings| {
            let published = PresetSettings { name: preset, ..published };
            NetworkChoice::default().network(&published).map(|n| n.neurons())
        };
        let all = PresetSettings::default();
        assert_eq!(of(Preset::Brunel, all.clone()), Ok(12_500));
        assert_eq!(of(Preset::Clustered, all.clone()), Ok(5000));
        let half = PresetSettings { scale: Some(0.5), ..all.clone() };
        assert_eq!(of(Preset::Brunel, half.clone()), Ok(6250));
        assert!(of(Preset::Clustered, half).is_err());
        let synapses = PresetSettings { synapses: Some(0.5), ..all.clone() };
        assert!(of(Preset::Brunel, synapses).is_err());
        for scale in [0.0, -1.0, f64::NAN, 1e9] {
            assert!(
                of(Preset::Brunel, PresetSettings { scale: Some(scale), ..all.clone() }).is_err()
            );
        }
    }
}
