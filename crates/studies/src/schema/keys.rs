//! The keys of a type of settings.

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::{Map, Value};

/// One key of settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Its name, dotted for tables.
    pub name: String,
    /// Its symbol in equations, with `^{..}` and `_{..}`; or empty.
    pub symbol: String,
    /// What its value is: a number, a text, one of some words, a list.
    pub kind: String,
    /// Its unit; empty for what has none.
    pub unit: String,
    /// Its value in the settings that were given; none if it is not set there.
    pub value: Option<Value>,
    /// The values that are possible, where the type does not say it.
    pub range: String,
    /// What it is, in words.
    pub meaning: String,
}

/// Every key of a type of settings, with its value in `settings`, in the order of the fields.
pub fn keys_of<T: JsonSchema + Serialize>(settings: &T) -> Vec<Key> {
    let schema = schemars::schema_for!(T);
    let value = serde_json::to_value(settings).unwrap_or_default();
    let mut keys = keys_in(&schema, &value);
    // JSON has no order of keys; TOML is written in that of the fields.
    let order = toml::to_string(settings).map(|text| names_in(&text)).unwrap_or_default();
    keys.sort_by_key(|key| order.iter().position(|name| *name == key.name).unwrap_or(order.len()));
    group(keys)
}

/// Puts the keys of a table together that are not set, and so have no place in TOML.
fn group(keys: Vec<Key>) -> Vec<Key> {
    let table = |key: &Key| key.name.rsplit_once('.').map_or("", |(table, _)| table).to_owned();
    let mut tables: Vec<(String, Vec<Key>)> = Vec::new();
    for key in keys {
        let name = table(&key);
        match tables.iter_mut().find(|(table, _)| *table == name) {
            Some((_, keys)) => keys.push(key),
            None => tables.push((name, vec![key])),
        }
    }
    tables.into_iter().flat_map(|(_, keys)| keys).collect()
}

/// The dotted keys of a TOML text, in its order.
fn names_in(text: &str) -> Vec<String> {
    let mut table = String::new();
    let mut names = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            table = format!("{}.", name.trim_matches(['[', ']']));
        } else if let Some((key, _)) = line.split_once(" = ") {
            names.push(format!("{table}{key}"));
        }
    }
    names
}

fn keys_in(schema: &Schema, value: &Value) -> Vec<Key> {
    let empty = Map::new();
    let root = schema.as_value();
    let definitions = root.get("$defs").and_then(Value::as_object).unwrap_or(&empty);
    let mut keys = Vec::new();
    Walk { definitions }.table("", root, Some(value), &mut keys);
    keys
}

/// Goes through a schema.
struct Walk<'a> {
    definitions: &'a Map<String, Value>,
}

impl Walk<'_> {
    fn table(&self, prefix: &str, schema: &Value, value: Option<&Value>, keys: &mut Vec<Key>) {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
        for (name, property) in properties {
            let inner = self.resolve(property);
            let name = format!("{prefix}{name}");
            let last = name.rsplit('.').next().unwrap_or_default();
            let value = value.and_then(|v| v.get(last)).filter(|v| !v.is_null());
            if inner.get("properties").is_some() && inner.get("oneOf").is_none() {
                self.table(&format!("{name}."), inner, value, keys);
                continue;
            }
            let text = |key: &str| {
                let found = property.get(key).or_else(|| inner.get(key));
                found.and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            let meaning = plain(&text("description"));
            let unit = match text("unit") {
                unit if unit.is_empty() => unit_in(&meaning).to_owned(),
                unit => unit,
            };
            keys.push(Key {
                symbol: text("symbol"),
                kind: self.kind(inner),
                unit,
                value: value.cloned(),
                range: range(property).or_else(|| range(inner)).unwrap_or_default(),
                meaning,
                name,
            });
        }
    }

    /// What a schema stands for: behind references, and without the nothing that an option adds.
    fn resolve<'s>(&'s self, schema: &'s Value) -> &'s Value {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.rsplit('/').next().unwrap_or_default();
            return self.definitions.get(name).map_or(schema, |inner| self.resolve(inner));
        }
        if let Some([Value::Object(_), null]) = schema.get("anyOf").and_then(as_slice)
            && null.get("type").is_some_and(|kind| kind == "null")
        {
            return schema
                .get("anyOf")
                .and_then(|any| any.get(0))
                .map_or(schema, |s| self.resolve(s));
        }
        schema
    }

    fn kind(&self, schema: &Value) -> String {
        let schema = self.resolve(schema);
        if let Some(words) = schema.get("enum").and_then(as_slice) {
            return one_of(words.iter().filter_map(Value::as_str));
        }
        if let Some(variants) = schema.get("oneOf").and_then(as_slice) {
            return self.variants(variants);
        }
        if let Some(kinds) = schema.get("anyOf").and_then(as_slice) {
            return kinds.iter().map(|k| self.kind(k)).collect::<Vec<_>>().join(", or ");
        }
        let kind = match schema.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().find(|k| *k != "null"),
            other => other,
        };
        match kind.and_then(Value::as_str).unwrap_or_default() {
            "number" => "number".to_owned(),
            "integer" => "whole number".to_owned(),
            "string" => "text".to_owned(),
            "boolean" => "true or false".to_owned(),
            "array" => match schema.get("items") {
                Some(items) => format!("list of: {}", self.kind(items)),
                None => "list".to_owned(),
            },
            _ => "table".to_owned(),
        }
    }

    /// An enumeration: words, or tables that one of their keys tells apart.
    fn variants(&self, variants: &[Value]) -> String {
        let mut words = Vec::new();
        let mut tables = Vec::new();
        for variant in variants {
            if let Some(word) = variant.get("const").and_then(Value::as_str) {
                words.push(word.to_owned());
            } else if let Some(list) = variant.get("enum").and_then(as_slice) {
                words.extend(list.iter().filter_map(Value::as_str).map(str::to_owned));
            } else if let Some(properties) = variant.get("properties").and_then(Value::as_object) {
                let tag = properties.iter().find_map(|(key, value)| {
                    let word = value.get("const").and_then(Value::as_str)?;
                    Some(format!("{key} = \"{word}\""))
                });
                let names = || properties.keys().cloned().collect::<Vec<_>>().join(", ");
                tables.push(tag.unwrap_or_else(names));
            }
        }
        let words = (!words.is_empty()).then(|| one_of(words.iter().map(String::as_str)));
        let tables = (!tables.is_empty()).then(|| format!("table with {}", tables.join(" or ")));
        words.into_iter().chain(tables).collect::<Vec<_>>().join(", or ")
    }
}

fn as_slice(value: &Value) -> Option<&[Value]> {
    value.as_array().map(Vec::as_slice)
}

fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(" | ")
}

/// The range that a schema gives.
fn range(schema: &Value) -> Option<String> {
    let bound = |key: &str| schema.get(key).filter(|bound| bound.is_number());
    let low = bound("exclusiveMinimum").map(|b| format!("above {b}"));
    let low = low.or_else(|| bound("minimum").map(|b| format!("from {b}")));
    let high = bound("maximum").map(|b| format!("to {b}"));
    let high = high.or_else(|| bound("exclusiveMaximum").map(|b| format!("below {b}")));
    let text = low.into_iter().chain(high).collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

/// A comment as one line of plain text: references to code are words.
fn plain(comment: &str) -> String {
    let line = comment.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = String::with_capacity(line.len());
    let mut rest = line.as_str();
    while let Some(start) = rest.find("[`") {
        text.push_str(&rest[..start]);
        let Some(end) = rest[start..].find("`]") else { break };
        text.push_str(&rest[start + 1..=start + end]);
        rest = &rest[start + end + 2..];
        if let Some(link) = rest.strip_prefix('(').and_then(|r| r.split_once(')')) {
            rest = link.1;
        }
    }
    text.push_str(rest);
    text
}

/// The units that comments name.
const UNITS: [&str; 13] = [
    "ms",
    "mV",
    "Hz",
    "s",
    "dB",
    "1/s",
    "1/ms",
    "nats",
    "nats per pixel",
    "pixels",
    "degrees",
    "%",
    "bits",
];

/// The unit that a comment names after a comma, as in "Threshold, mV above rest."
fn unit_in(meaning: &str) -> &'static str {
    let found = meaning.match_indices(", ").find_map(|(at, _)| {
        let rest = &meaning[at + 2..];
        UNITS
            .into_iter()
            .filter(|unit| rest.starts_with(unit))
            .max_by_key(|unit| unit.len())
            .filter(|unit| {
                !rest[unit.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
            })
    });
    found.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Serialize, JsonSchema)]
    #[serde(default)]
    struct Outer {
        /// A seed.
        zeed: u64,
        /// How long, ms; as [`Inner`](crate::Inner) says, or
        /// [`Inner::x`].
        long: f64,
        /// A table.
        inner: Inner,
        /// Which, if any.
        kind: Option<Kind>,
        /// Rates, Hz.
        rates: Vec<f64>,
    }

    #[derive(Debug, Default, Serialize, JsonSchema)]
    #[serde(default)]
    struct Inner {
        /// Share of it, from 0 to 1.
        #[schemars(range(min = 0.0, max = 1.0))]
        share: f64,
        /// Background spikes per second.
        #[schemars(extend("unit" = "Hz", "symbol" = "ν"))]
        rate: Option<f64>,
    }

    #[derive(Debug, Serialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    enum Kind {
        /// One.
        MlpUnet,
        /// Other.
        Other,
    }

    #[test]
    fn every_key_is_found_with_what_the_code_says_of_it() {
        assert_eq!(serde_json::to_value([Kind::MlpUnet, Kind::Other]).unwrap()[0], "mlp-unet");
        let keys = keys_of(&Outer { long: 2.5, ..Outer::default() });
        let names: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
        assert_eq!(names, ["zeed", "long", "rates", "kind", "inner.share", "inner.rate"]);
        let key = |name: &str| keys.iter().find(|key| key.name == name).unwrap();
        assert_eq!((key("long").unit.as_str(), &key("long").value), ("ms", &Some(2.5.into())));
        assert_eq!(key("long").meaning, "How long, ms; as `Inner` says, or `Inner::x`.");
        assert_eq!(key("kind").kind, "mlp-unet | other");
        assert_eq!(key("kind").value, None);
        assert_eq!(key("rates").kind, "list of: number");
        assert_eq!(key("inner.share").range, "from 0.0 to 1.0");
        let rate = key("inner.rate");
        assert_eq!((rate.unit.as_str(), rate.symbol.as_str()), ("Hz", "ν"));
        assert_eq!(rate.kind, "number");
    }

    #[test]
    fn units_are_those_that_comments_name() {
        for (meaning, unit) in [
            ("Threshold, mV above rest.", "mV"),
            ("Recorded, ms.", "ms"),
            ("Least mean rate, Hz: a silent network is not balanced.", "Hz"),
            ("Red, green, some blue.", ""),
            ("KL, in nats per pixel.", ""),
            ("KL, nats per pixel.", "nats per pixel"),
        ] {
            assert_eq!(unit_in(meaning), unit, "{meaning}");
        }
    }
}
