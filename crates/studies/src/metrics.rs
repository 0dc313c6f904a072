//! The numbers of a study in a flat form that other tools read: `metrics.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Named numbers, all of them finite.
///
/// Names are lower-case words with `_`, and parts set apart by dots, such as
/// `balanced.mlp-unet.psnr`; counters of learning and of experiments take them as they are.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    /// Adds a number; one that is infinite or undefined is left out, for JSON has none.
    pub fn put(&mut self, name: impl Into<String>, value: impl Into<f64>) {
        let value = value.into();
        if value.is_finite() {
            self.0.insert(plain(&name.into()), value);
        }
    }

    /// Adds a number, if there is one.
    pub fn put_some(&mut self, name: impl Into<String>, value: Option<f64>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    /// Adds a count.
    pub fn count(&mut self, name: impl Into<String>, count: usize) {
        self.put(name, count as f64);
    }

    /// Adds the mean of numbers, if there are any.
    pub fn mean(&mut self, name: impl Into<String>, values: impl IntoIterator<Item = f64>) {
        let (count, sum) =
            values.into_iter().fold((0, 0.0), |(n, sum), value| (n + 1, sum + value));
        if count > 0 {
            self.put(name, sum / f64::from(count));
        }
    }

    /// The number of a name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    /// Names and numbers, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, &value)| (name.as_str(), value))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A name without what other tools take for something else: spaces, slashes, colons.
fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '.') { c } else { '_' };
    name.to_lowercase().chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_finite_and_names_plain() {
        let mut metrics = Metrics::default();
        metrics.put("80:20.Mean rate/Hz", 3.5);
        metrics.put("x", f64::NAN);
        metrics.put("y", f64::INFINITY);
        metrics.mean("none", []);
        metrics.mean("mean", [1.0, 2.0]);
        let json = serde_json::to_string(&metrics).unwrap();
        assert_eq!(json, r#"{"80_20.mean_rate_hz":3.5,"mean":1.5}"#);
    }
}
