//! What a result was made from, so that it is never taken for the result of something else.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Named digests of all that a result depends on: its settings, its data, its network, the version
/// of the random streams.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Identity(BTreeMap<String, String>);

impl Identity {
    /// What every result depends on: the version of the random streams.
    pub fn new() -> Self {
        Self::default().with("streams", equipoise_random::VERSION)
    }

    /// With a part that has a name of its own already, such as the fingerprint of data.
    #[must_use]
    pub fn with(mut self, part: &str, value: impl fmt::Display) -> Self {
        self.0.insert(part.to_owned(), value.to_string());
        self
    }

    /// With the digest of settings.
    #[must_use]
    pub fn with_settings(self, part: &str, settings: &impl Serialize) -> Self {
        let digest = digest_of(settings);
        self.with(part, digest)
    }

    /// With every value of settings as a part of its own, `part.key`, so that the one that differs can
    /// be named.
    #[must_use]
    pub fn with_each(mut self, part: &str, settings: &impl Serialize) -> Self {
        // As for a digest: settings that have no JSON are of no kind that occurs.
        let value = serde_json::to_value(settings).unwrap_or_else(|e| e.to_string().into());
        self.add(part, &value);
        self
    }

    fn add(&mut self, part: &str, value: &serde_json::Value) {
        match value {
            serde_json::Value::Object(entries) => {
                for (key, value) in entries {
                    let name = if part.is_empty() { key.clone() } else { format!("{part}.{key}") };
                    self.add(&name, value);
                }
            }
            serde_json::Value::String(text) => {
                self.0.insert(part.to_owned(), text.clone());
            }
            other => {
                self.0.insert(part.to_owned(), other.to_string());
            }
        }
    }

    /// The first part in which another identity differs, with its value here and there.
    pub fn difference<'a>(&'a self, other: &'a Self) -> Option<(&'a str, &'a str, &'a str)> {
        let absent = "nothing";
        let value = |of: &'a Self, part: &str| of.0.get(part).map_or(absent, String::as_str);
        let mut parts: Vec<&str> =
            self.0.keys().chain(other.0.keys()).map(String::as_str).collect();
        parts.sort_unstable();
        parts
            .into_iter()
            .map(|part| (part, value(self, part), value(other, part)))
            .find(|(_, here, there)| here != there)
    }

    /// The value of a part.
    pub fn part(&self, part: &str) -> Option<&str> {
        self.0.get(part).map(String::as_str)
    }

    /// As [`Identity::difference`], in the parts that this identity has: for what may have been made
    /// from more.
    pub fn difference_within<'a>(&'a self, other: &'a Self) -> Option<(&'a str, &'a str, &'a str)> {
        self.parts().find_map(|(part, here)| {
            let there = other.0.get(part).map_or("nothing", String::as_str);
            (here != there).then_some((part, here, there))
        })
    }

    /// Adds the parts to what a model says that it was made from.
    pub fn add_to(&self, origin: &mut BTreeMap<String, String>) {
        origin.extend(self.0.clone());
    }

    /// The parts and their values.
    pub fn parts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(part, value)| (part.as_str(), value.as_str()))
    }
}

impl From<&BTreeMap<String, String>> for Identity {
    /// What a model says that it was made from.
    fn from(origin: &BTreeMap<String, String>) -> Self {
        Self(origin.clone())
    }
}

/// A short digest of a value: of its JSON with keys in order.
///
/// Values that have no JSON (a map with keys that are no text) have the digest of the reason; no
/// settings are of that kind.
pub fn digest_of(value: &impl Serialize) -> String {
    // serde_json's own maps are ordered by key, so the order of fields does not matter.
    let text = serde_json::to_value(value).map_or_else(|e| e.to_string(), |v| v.to_string());
    short(&Sha256::digest(text.as_bytes()))
}

/// The first 16 hexadecimal digits of a digest.
fn short(digest: &[u8]) -> String {
    hex(&digest[..8])
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_is_a_part_of_its_own() {
        let of = |json: &str| {
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            Identity::default().with_each("network", &value)
        };
        let a = of(r#"{"ratio": 0.8, "optimizer": {"kind": "sgd"}, "sizes": [1, 2]}"#);
        let parts: Vec<_> = a.parts().collect();
        assert_eq!(
            parts,
            [
                ("network.optimizer.kind", "sgd"),
                ("network.ratio", "0.8"),
                ("network.sizes", "[1,2]")
            ]
        );
        let b = of(r#"{"ratio": 0.5, "optimizer": {"kind": "sgd"}, "sizes": [1, 2]}"#);
        assert_eq!(a.difference(&b), Some(("network.ratio", "0.8", "0.5")));
    }

    #[test]
    fn the_part_that_differs_is_named() {
        let a = Identity::new().with("data", "x").with_settings("settings", &[1, 2]);
        let b = Identity::new().with("data", "x").with_settings("settings", &[1, 3]);
        assert_eq!(a.difference(&a), None);
        assert_eq!(a.difference(&b).unwrap().0, "settings");
        let c = Identity::new().with_settings("settings", &[1, 2]);
        assert_eq!(a.difference(&c), Some(("data", "x", "nothing")));
    }

    #[test]
    fn single_settings_are_named() {
        let of = |rate: f64, name: Option<&str>| {
            let settings = serde_json::json!({"network": {"rate": rate, "name": name}, "seed": 3});
            Identity::new().with_each("run", &settings)
        };
        let (a, b) = (of(0.5, None), of(2.0, None));
        assert_eq!(a.difference(&b), Some(("run.network.rate", "0.5", "2.0")));
        assert_eq!(a.difference(&of(0.5, Some("x"))), Some(("run.network.name", "null", "x")));
        assert_eq!(a.difference(&of(0.5, None)), None);
    }
}
