//! From defaults, a TOML file, `--set` and flags to one resolved configuration.
//!
//! Later layers win: the type's defaults, then the command's preset, then `--config FILE`, then each `--set key=value` in the
//! order given, then the flags of the command. Tables merge key by key; a key that the
//! configuration does not have is an error, never ignored.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::failure::{Failure, Outcome};

/// The flags of a command that stand for keys of its configuration.
#[derive(Debug, Default)]
pub struct Flags(Vec<(String, Value)>);

impl Flags {
    /// Sets `key` (dotted for tables) where the flag was given.
    ///
    /// # Panics
    /// If the value cannot be written as TOML, which no flag's type is.
    pub fn set<T: Serialize>(mut self, key: impl Into<String>, value: &Option<T>) -> Self {
        if let Some(value) = value {
            let value = Value::try_from(value).expect("flags are plain values");
            self.0.push((key.into(), value));
        }
        self
    }

    /// True if no flag was given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Resolves a configuration from its layers. `preset` is TOML, empty for none.
///
/// # Errors
/// [`Failure::Request`] if a file cannot be read or parsed, a key is unknown or a type is wrong.
pub fn resolve<C: DeserializeOwned>(
    preset: &str,
    file: Option<&Path>,
    sets: &[String],
    flags: Flags,
) -> Outcome<C> {
    let mut table: Table = toml::from_str(preset).map_err(Failure::run)?;
    if let Some(path) = file {
        for (key, value) in read::<C>(path)? {
            insert(&mut table, &key, value).map_err(Failure::request)?;
        }
    }
    for set in sets {
        let (key, value) = parse_set(set)?;
        insert(&mut table, &key, value)
            .map_err(|e| Failure::request(format!("--set {set}: {e}")))?;
        parse::<C>(table.clone()).map_err(|e| Failure::request(format!("--set {set}: {e}")))?;
    }
    for (key, value) in flags.0 {
        insert(&mut table, &key, value)
            .map_err(|e| Failure::request(format!("--{}: {e}", key.replace('_', "-"))))?;
    }
    parse::<C>(table).map_err(Failure::request)
}

/// Reads a configuration file, so that an error in it can name file, line and column.
fn read<C: DeserializeOwned>(path: &Path) -> Outcome<Table> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::request(format!("cannot read {}: {e}", path.display())))?;
    let place = |error: toml::de::Error| {
        let position = error.span().map(|span| {
            let before = &text[..span.start.min(text.len())];
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
            format!(":{line}:{column}")
        });
        let position = position.unwrap_or_default();
        Failure::request(format!("{}{position}: {}", path.display(), error.message()))
    };
    toml::from_str::<C>(&text).map_err(place)?;
    toml::from_str::<Table>(&text).map_err(place)
}

fn parse<C: DeserializeOwned>(table: Table) -> Result<C, String> {
    C::deserialize(Value::Table(table)).map_err(|e| e.message().to_string())
}

/// `key=value`, the value in TOML's syntax; a bare word is a string.
fn parse_set(text: &str) -> Outcome<(String, Value)> {
    let wrong = |why: &str| Failure::request(format!("--set {text}: {why}"));
    let (key, value) = text.split_once('=').ok_or_else(|| wrong("write it as key=value"))?;
    let key = key.trim();
    if key.is_empty() || key.split('.').any(str::is_empty) {
        return Err(wrong("the key is empty"));
    }
    let value = value.trim();
    let parsed = toml::from_str::<Table>(&format!("value = {value}"));
    let value = match parsed.ok().and_then(|mut t| t.remove("value")) {
        Some(parsed) => parsed,
        None => Value::String(value.to_string()),
    };
    Ok((key.to_string(), value))
}

/// Puts a value at a dotted key, merging tables.
fn insert(table: &mut Table, key: &str, value: Value) -> Result<(), String> {
    let Some((first, rest)) = key.split_once('.') else {
        match (table.get_mut(key), value) {
            (Some(Value::Table(old)), Value::Table(new)) => {
                for (k, v) in new {
                    insert(old, &k, v)?;
                }
            }
            (_, value) => {
                table.insert(key.to_string(), value);
            }
        }
        return Ok(());
    };
    match table.entry(first).or_insert_with(|| Value::Table(Table::new())) {
        Value::Table(inner) => insert(inner, rest, value),
        Value::Array(items) => {
            let (index, rest) = rest.split_once('.').unwrap_or((rest, ""));
            let count = items.len();
            let slot = index.parse::<usize>().ok().and_then(|i| items.get_mut(i));
            match (slot, rest) {
                (Some(slot), "") => {
                    *slot = value;
                    Ok(())
                }
                (Some(Value::Table(inner)), rest) => insert(inner, rest, value),
                _ => Err(format!("`{first}` has {count} items, and `{index}` is none of them")),
            }
        }
        _ => Err(format!("`{first}` is a value, not a table")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Outer {
        seed: u64,
        name: String,
        inner: Inner,
        rates: Vec<f64>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Inner {
        threshold: f64,
        neurons: usize,
    }

    impl Default for Outer {
        fn default() -> Self {
            Self { seed: 1, name: "x".into(), inner: Inner::default(), rates: vec![1.0] }
        }
    }

    impl Default for Inner {
        fn default() -> Self {
            Self { threshold: 20.0, neurons: 100 }
        }
    }

    fn sets(list: &[&str]) -> Vec<String> {
        list.iter().map(|s| (*s).to_string()).collect()
    }

    #[test]
    fn layers_override_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.toml");
        std::fs::write(&file, "seed = 5\n[inner]\nneurons = 7\n").unwrap();
        let given = sets(&["inner.threshold=3.5", "name=abc", "seed=6", "rates=[1, 2.5]"]);
        let flags = Flags::default().set("seed", &Some(9)).set("name", &None::<String>);
        let got: Outer = resolve("", Some(&file), &given, flags).unwrap();
        let inner = Inner { threshold: 3.5, neurons: 7 };
        assert_eq!(got, Outer { seed: 9, name: "abc".into(), inner, rates: vec![1.0, 2.5] });
    }

    #[test]
    fn nothing_given_is_the_default() {
        assert_eq!(resolve::<Outer>("", None, &[], Flags::default()).unwrap(), Outer::default());
    }

    #[test]
    fn a_preset_gives_way_to_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.toml");
        std::fs::write(&file, "[inner]\nneurons = 7\n").unwrap();
        let preset = "seed = 3\n[inner]\nneurons = 5\nthreshold = 1.0\n";
        let got: Outer = resolve(preset, Some(&file), &[], Flags::default()).unwrap();
        let inner = Inner { threshold: 1.0, neurons: 7 };
        assert_eq!(got, Outer { seed: 3, inner, ..Outer::default() });
    }

    #[test]
    fn wrong_sets_say_what_is_wrong() {
        for (set, part) in [
            ("seed", "key=value"),
            ("=3", "empty"),
            ("seed=abc", "invalid type"),
            ("unknown=3", "unknown field `unknown`"),
            ("inner.x=3", "unknown field `x`"),
            ("seed.x=3", "invalid type"),
            ("seed=-1", "invalid value"),
        ] {
            let error = resolve::<Outer>("", None, &sets(&[set]), Flags::default()).unwrap_err();
            assert!(error.to_string().contains(part), "{set}: {error}");
            assert!(error.to_string().contains(set), "{set}: {error}");
        }
    }

    #[test]
    fn wrong_files_name_line_and_column() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.toml");
        for (text, place) in
            [("seed = 5\nnme = 1\n", ":2:1"), ("seed = \n", ":1:"), ("seed='a'", ":1:6")]
        {
            std::fs::write(&file, text).unwrap();
            let error = resolve::<Outer>("", Some(&file), &[], Flags::default()).unwrap_err();
            assert!(error.to_string().contains(place), "{text}: {error}");
        }
        let missing = dir.path().join("none.toml");
        let error = resolve::<Outer>("", Some(&missing), &[], Flags::default()).unwrap_err();
        assert!(error.to_string().contains("none.toml"), "{error}");
    }
}
