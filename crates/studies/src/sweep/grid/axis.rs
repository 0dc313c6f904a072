//! The axes of a grid: a key of a configuration, and the values that it takes.

use serde::{Deserialize, Serialize};
use toml::Value;

use crate::settings;
use crate::sweep_error::SweepError;

/// A key of a configuration, and the values that it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GridAxis {
    /// The key, dotted for tables.
    pub key: String,
    /// Its values, in order.
    pub values: Vec<Value>,
    /// How long a run takes with each of them, in units of that with the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relative_seconds: Vec<f64>,
    /// Whether its values differ in the data that are read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub selects_data: bool,
}

/// The most values of an axis.
const MOST: usize = 1_000_000;

impl GridAxis {
    /// From text: `key=3:6:0.5` for numbers from 3 to 6 in steps of 0.5, both ends among them;
    /// `key=0..32` for the whole numbers from 0 to 31; `key=a,b,c` for a list of any values.
    ///
    /// # Errors
    /// [`SweepError::Grid`].
    pub fn parse(text: &str) -> Result<Self, SweepError> {
        let wrong =
            |reason: &str| SweepError::Grid { axis: text.to_owned(), reason: reason.to_owned() };
        let (key, values) = text.split_once('=').ok_or_else(|| {
            wrong("write it as key=from:to:step, key=from..to or key=value,value,...")
        })?;
        let key = key.trim();
        settings::parts(key).map_err(|reason| wrong(&reason))?;
        let values = values_of(values.trim()).map_err(|reason| wrong(&reason))?;
        for (index, value) in values.iter().enumerate() {
            if values.len() <= 10_000 && values[..index].contains(value) {
                return Err(wrong(&format!("{} stands there twice", shown(value))));
            }
        }
        Ok(Self { key: key.to_owned(), values, relative_seconds: Vec::new(), selects_data: false })
    }

    /// The values as numbers, if all are.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        self.values.iter().map(number).collect()
    }

    /// A value as text.
    pub fn shown(&self, index: usize) -> String {
        self.values.get(index).map(shown).unwrap_or_default()
    }
}

/// A value as a number, if it is one.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(whole) => Some(*whole as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// A value as text: that of a string without quotation marks.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn values_of(text: &str) -> Result<Vec<Value>, String> {
    if let Some((from, to)) = text.split_once("..")
        && let (Ok(from), Ok(to)) = (from.parse::<i64>(), to.parse::<i64>())
    {
        let count = to.checked_sub(from).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        return match count {
            1..=MOST => Ok((from..to).map(Value::Integer).collect()),
            0 => Err("the end is not above the beginning".to_owned()),
            _ => Err(format!("{count} values; {MOST} at most are possible")),
        };
    }
    let parts: Vec<&str> = text.split(':').collect();
    if let [from, to, step] = parts[..]
        && let (Ok(a), Ok(b), Ok(by)) = (from.parse(), to.parse(), step.parse())
    {
        return steps((from, a), (to, b), (step, by));
    }
    if text.is_empty() {
        return Err("there is no value".to_owned());
    }
    // Commas within brackets and quotation marks belong to a value.
    let list = toml::from_str::<toml::Table>(&format!("values = [{text}]"));
    if let Some(Value::Array(values)) = list.ok().and_then(|mut table| table.remove("values")) {
        return Ok(values);
    }
    text.split(',').map(|part| value_of(part.trim())).collect()
}

/// A value in TOML's syntax; a bare word is a string.
fn value_of(text: &str) -> Result<Value, String> {
    if text.is_empty() {
        return Err("a value is empty".to_owned());
    }
    let parsed = toml::from_str::<toml::Table>(&format!("value = {text}"));
    let value = parsed.ok().and_then(|mut table| table.remove("value"));
    Ok(value.unwrap_or_else(|| Value::String(text.to_owned())))
}

/// Numbers in equal steps, with no more decimals than were written.
fn steps(
    (from_text, from): (&str, f64),
    (to_text, to): (&str, f64),
    (step_text, step): (&str, f64),
) -> Result<Vec<Value>, String> {
    if !(from.is_finite() && to.is_finite() && step.is_finite() && step != 0.0) {
        return Err("the step is not a number but 0".to_owned());
    }
    let count = ((to - from) / step + 1e-9).floor();
    if count < 0.0 {
        return Err("the step leads away from the end".to_owned());
    }
    if count >= MOST as f64 {
        return Err(format!("{} values; {MOST} at most are possible", count + 1.0));
    }
    let texts = [from_text, to_text, step_text];
    if texts.iter().all(|text| text.parse::<i64>().is_ok()) {
        let (from, step) = (from as i64, step as i64);
        return Ok((0..=count as i64).map(|k| Value::Integer(from + k * step)).collect());
    }
    let decimals = texts.map(|text| text.split_once('.').map_or(0, |(_, d)| d.len()));
    let scientific = texts.iter().any(|text| text.contains(['e', 'E']));
    let decimals = decimals.into_iter().max().unwrap_or(0);
    let rounded = |value: f64| match scientific {
        true => value,
        false => format!("{value:.decimals$}").parse().unwrap_or(value),
    };
    Ok((0..=count as u64).map(|k| Value::Float(rounded(from + k as f64 * step))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Vec<f64> {
        GridAxis::parse(text).unwrap().numbers().unwrap()
    }

    #[test]
    fn axes_are_read() {
        assert_eq!(numbers("network.g=3:6:0.5"), [3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0]);
        // As it is written, not as it adds up.
        assert_eq!(numbers("a=0:0.3:0.1"), [0.0, 0.1, 0.2, 0.3]);
        assert_eq!(numbers("a=1:0:-0.25"), [1.0, 0.75, 0.5, 0.25, 0.0]);
        assert_eq!(numbers("seed=0..4"), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(GridAxis::parse("n=10:30:10").unwrap().values[1], Value::Integer(20));
        let words = GridAxis::parse("data.dataset=mnist, fashion-mnist").unwrap();
        assert_eq!((words.shown(0), words.shown(1)), ("mnist".into(), "fashion-mnist".into()));
        let lists = GridAxis::parse("durations=[1, 2],[3]").unwrap();
        assert_eq!(lists.values.len(), 2);
        assert_eq!(numbers("x=1e-3,1e-2"), [1e-3, 1e-2]);
    }

    #[test]
    fn axes_that_make_no_sense_are_refused() {
        for text in [
            "seed",
            "=1",
            "a.=1",
            "seed=",
            "seed=4..4",
            "seed=0..9999999",
            "x=1:2:0",
            "x=1:2:-1",
            "x=0:1:1e-9",
            "x=1,1",
            "x=1,,2",
            "x=nan:1:1",
        ] {
            assert!(matches!(GridAxis::parse(text), Err(SweepError::Grid { .. })), "{text}");
        }
    }
}
