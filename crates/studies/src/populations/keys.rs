//! Numbers of a network of populations by the names of their keys: what a map goes over.

use equipoise_encoder::populations::Settings as Network;
use toml::{Table, Value};

use super::choice::{NetworkChoice, PresetSettings};
use super::variation::changed;
use crate::settings;

/// A factor of all inhibitory weights.
pub(super) const INHIBITION: &str = "inhibition";
/// A factor of all rates of the background and constant currents.
pub(super) const DRIVE: &str = "drive";

/// The network with this key at this value: `inhibition` and `drive`, which are factors, a key of the
/// published network (`published.g`), or one of the network (`network.dt`), in which populations
/// and projections go by their names, with `*` for all of them
/// (`network.projections.I to E.weight`, `network.populations.*.background.0.rate`).
///
/// # Errors
/// The reason, if there is no such number, or the network makes no sense then.
pub(super) fn with_key(
    published: &PresetSettings,
    choice: &NetworkChoice,
    keys: &[(&str, f64)],
) -> Result<Network, String> {
    let mut published = Table::try_from(published.clone()).map_err(|e| e.to_string())?;
    for &(key, value) in keys {
        if let Some(name) = key.strip_prefix("published.") {
            if choice.is_whole() {
                return Err(format!("`{key}`: the network is your own, not a published one"));
            }
            put(&mut published, key, name, value)?;
        }
    }
    let published: PresetSettings = Value::Table(published)
        .try_into()
        .map_err(|e: toml::de::Error| format!("`published`: {}", e.message()))?;
    let mut network = choice.network(&published)?;
    for &(key, value) in keys {
        network = match key {
            INHIBITION => changed(&network, value, 1.0),
            DRIVE => changed(&network, 1.0, value),
            _ => match key.strip_prefix("network.") {
                Some(name) => put_in_network(&network, key, name, value)?,
                None if key.starts_with("published.") => network,
                None => {
                    let known = ["inhibition", "drive", "published.g", "network.dt"];
                    return Err(settings::suggesting(
                        &format!(
                            "there is no key `{key}` to go over: inhibition, drive, published.KEY or \
                             network.KEY"
                        ),
                        key,
                        known,
                    ));
                }
            },
        };
    }
    network.validate().map_err(|e| format!("`network`: {e}"))?;
    Ok(network)
}

fn put_in_network(network: &Network, key: &str, name: &str, value: f64) -> Result<Network, String> {
    let mut table = Table::try_from(network.clone()).map_err(|e| e.to_string())?;
    let list = ["populations", "projections"].into_iter().find_map(|list| {
        let rest = name.strip_prefix(list)?.strip_prefix('.')?;
        Some((list, rest))
    });
    match list {
        None => put(&mut table, key, name, value)?,
        Some((list, rest)) => {
            let Some(Value::Array(entries)) = table.get_mut(list) else {
                return Err(format!("`{key}`: the network has no {list}"));
            };
            let of = |entry: &Table| match list {
                "populations" => super::choice::name(entry),
                _ => super::choice::ends(entry),
            };
            let mut found = false;
            for entry in entries.iter_mut().filter_map(Value::as_table_mut) {
                // A name may hold points, and be quoted as in TOML.
                let own = of(entry);
                let names = ["*".to_owned(), format!("\"{own}\""), format!("'{own}'"), own];
                let rest = names
                    .iter()
                    .find_map(|name| rest.strip_prefix(name.as_str())?.strip_prefix('.'));
                let Some(rest) = rest else { continue };
                put(entry, key, rest, value)?;
                found = true;
            }
            if !found {
                let known: Vec<String> =
                    entries.iter().filter_map(Value::as_table).map(of).collect();
                return Err(format!(
                    "`{key}`: it goes on with one of {}, or * for all",
                    known.join(", ")
                ));
            }
        }
    }
    Value::Table(table)
        .try_into()
        .map_err(|e: toml::de::Error| format!("`{key}` at {value}: {}", e.message()))
}

/// Puts a number where one is, or a distribution of numbers.
fn put(table: &mut Table, key: &str, name: &str, value: f64) -> Result<(), String> {
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    let found = table.get_mut(first).and_then(|found| slot(found, rest));
    let Some(found) = found else {
        return Err(format!("`{key}`: `{name}` is not set there"));
    };
    *found = match found {
        Value::Integer(_) if value.fract() == 0.0 && value.abs() < 1e15 => {
            Value::Integer(value as i64)
        }
        Value::Integer(_) => return Err(format!("`{key}`: {value} is not a whole number")),
        Value::Float(_) => Value::Float(value),
        Value::Table(inner) if inner.contains_key("distribution") => Value::Float(value),
        _ => return Err(format!("`{key}`: this is no number")),
    };
    Ok(())
}

/// What is at a dotted key of a value; the value itself for an empty one.
fn slot<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    if key.is_empty() {
        return Some(value);
    }
    let (first, rest) = key.split_once('.').unwrap_or((key, ""));
    let next = match value {
        Value::Table(inner) => inner.get_mut(first),
        Value::Array(items) => first.parse::<usize>().ok().and_then(|at| items.get_mut(at)),
        _ => None,
    };
    next.and_then(|next| slot(next, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::populations::choice::Preset;

    fn of(preset: Preset, keys: &[(&str, f64)]) -> Result<Network, String> {
        let published = PresetSettings { name: preset, ..PresetSettings::default() }.resolved();
        with_key(&published, &NetworkChoice::default(), keys)
    }

    #[test]
    fn a_key_changes_what_it_names_and_nothing_else() {
        let plain = of(Preset::PvSstVip, &[]).unwrap();
        let found = of(
            Preset::PvSstVip,
            &[("network.populations.SST.background.0.rate", 7.0), ("network.dt", 0.05)],
        )
        .unwrap();
        let mut expected = plain.clone();
        expected.populations[2].background[0].rate = 7.0;
        expected.dt = 0.05;
        assert_eq!(found, expected);
        // A distribution, or its mean; a whole number; all populations.
        let found = of(
            Preset::PvSstVip,
            &[
                ("network.projections.PV to E.weight", 3.0),
                ("network.projections.\"SST to E\".weight.mean", 4.0),
                ("network.populations.VIP.size", 50.0),
                ("network.populations.*.neuron.threshold", -48.0),
            ],
        )
        .unwrap();
        let weight = |source: &str| {
            let mut all = found.projections.iter();
            all.find(|p| p.source == source && p.target == "E").map(|p| p.weight)
        };
        assert!(weight("PV").is_some_and(|w| w.is_constant() && w.mean() == 3.0));
        assert!(weight("SST").is_some_and(|w| !w.is_constant() && w.mean() == 4.0));
        assert_eq!(found.populations[3].size, 50);
        assert!(found.populations.iter().all(|p| p.neuron.threshold.mean() == -48.0));
    }

    #[test]
    fn factors_and_keys_of_published_networks() {
        let plain = of(Preset::Brunel, &[]).unwrap();
        let weaker = of(Preset::Brunel, &[("published.g", 2.5)]).unwrap();
        let halved = of(Preset::Brunel, &[(INHIBITION, 0.5)]).unwrap();
        assert_eq!(weaker, halved);
        assert_ne!(plain, halved);
        let driven = of(Preset::Brunel, &[(DRIVE, 2.0)]).unwrap();
        assert_eq!(
            driven.populations[0].background[0].rate,
            2.0 * plain.populations[0].background[0].rate
        );
        for (key, value) in [
            ("network.populations.E.syze", 3.0),
            ("network.populations.F.size", 3.0),
            ("network.populations.E.size", 3.5),
            ("network.populations.E.size", 0.0),
            ("network.populations.E.name", 3.0),
            ("network.populations.E.background.7.rate", 3.0),
            ("published.h", 3.0),
            ("published.g", -3.0),
            ("weight", 3.0),
            ("network.dt", f64::NAN),
        ] {
            assert!(of(Preset::Brunel, &[(key, value)]).is_err(), "{key}");
        }
    }
}
