//! The table of a network's parameters.

use equipoise_encoder::network::NetworkConfig;
use equipoise_report::{Cell, Parameter, Table, parameter_table};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::keys::{Key, keys_of};

/// The parameters of networks (each with its name): their values, and the defaults, which are
/// those of the network that encodes images. Where the networks differ, the values are named.
pub fn network_table(networks: &[(&str, &NetworkConfig)]) -> Table {
    parameters("Parameters of the network", networks)
        .note("The defaults are those of the network that encodes images.")
}

/// The parameters of models (each with its name) beside the defaults of their type. Where the
/// models differ, the values are named.
pub fn parameters<T>(caption: &str, models: &[(&str, &T)]) -> Table
where
    T: JsonSchema + Serialize + Default,
{
    let defaults = keys_of(&T::default());
    let all: Vec<(&str, Vec<Key>)> =
        models.iter().map(|&(name, model)| (name, keys_of(model))).collect();
    let parameters = defaults.into_iter().map(|default| {
        let values: Vec<(&str, Option<&Value>)> = all
            .iter()
            .map(|(name, keys)| {
                let key = keys.iter().find(|key| key.name == default.name);
                (*name, key.and_then(|key| key.value.as_ref()))
            })
            .collect();
        let same = values.windows(2).all(|pair| pair[0].1 == pair[1].1);
        let value = match values.first() {
            None => Cell::Missing,
            Some((_, value)) if same => cell(*value),
            Some(_) => values
                .iter()
                .map(|(name, value)| format!("{name}: {}", text(*value)))
                .collect::<Vec<_>>()
                .join(", ")
                .into(),
        };
        Parameter {
            symbol: default.symbol,
            unit: default.unit,
            value,
            default: cell(default.value.as_ref()),
            meaning: default.meaning.replace('`', ""),
            name: default.name,
        }
    });
    parameter_table(caption, parameters)
}

fn cell(value: Option<&Value>) -> Cell {
    match value {
        None => Cell::Missing,
        Some(Value::Number(number)) => number.as_f64().map_or(Cell::Missing, Cell::from),
        Some(other) => text(Some(other)).into(),
    }
}

fn text(value: Option<&Value>) -> String {
    match value {
        None => "-".to_owned(),
        Some(Value::String(word)) => word.clone(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        // A parameter that is drawn: its distribution.
        Some(Value::Object(table)) => table
            .iter()
            .map(|(key, value)| format!("{key} {}", text(Some(value))))
            .collect::<Vec<_>>()
            .join(", "),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_named_with_its_meaning_and_value() {
        let a = NetworkConfig::brunel(700, 5.0, 2.0);
        let b = NetworkConfig { g: 3.5, ..a.clone() };
        let csv = network_table(&[("balanced", &a), ("other", &b)]).to_csv();
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let row = |name: &str| rows.iter().find(|row| &row[0] == name).unwrap();
        assert_eq!((&row("neurons")[2], &row("neurons")[4]), ("700", "1000"));
        assert_eq!((&row("membrane")[1], &row("membrane")[3]), ("τ_{m}", "ms"));
        assert_eq!(&row("g")[2], "balanced: 5.0, other: 3.5");
        let rate: Vec<&str> = row("background_rate").iter().skip(2).take(3).collect();
        assert_eq!(rate, ["", "Hz", "500"]);
        assert!(rows.iter().all(|row| !row[5].is_empty()), "{csv}");
        let fields = serde_json::to_value(NetworkConfig::default()).unwrap();
        assert_eq!(
            rows.iter().filter(|row| !row[0].contains('.')).count(),
            fields.as_object().unwrap().len() - 1,
            "all but the table `input`"
        );
    }
}
