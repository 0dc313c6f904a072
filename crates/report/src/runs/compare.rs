//! In what the runs of a command differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::find::{FoundRun, FoundRuns};

/// The runs of one command, side by side.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// The command.
    pub command: &'a str,
    /// Its runs, by start.
    pub runs: Vec<&'a FoundRun>,
    /// The settings in which they differ, by name.
    pub settings: Vec<Compared<String>>,
    /// Their main numbers: those that differ first, by how much.
    pub numbers: Vec<Compared<f64>>,
}

/// A setting or a number of several runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared<T> {
    /// Its name, dotted for tables.
    pub name: String,
    /// Its value in each run; none where a run has none.
    pub values: Vec<Option<T>>,
}

impl<T: PartialEq> Compared<T> {
    /// Whether it is the same in all runs.
    pub fn is_same(&self) -> bool {
        self.values.windows(2).all(|pair| pair[0] == pair[1])
    }
}

impl FoundRuns {
    /// The runs of each command, by the command's name.
    pub fn groups(&self) -> Vec<Group<'_>> {
        let mut commands: BTreeMap<&str, Vec<&FoundRun>> = BTreeMap::new();
        for run in &self.runs {
            commands.entry(&run.record.command).or_default().push(run);
        }
        commands.into_iter().map(|(command, runs)| Group::of(command, runs)).collect()
    }
}

impl<'a> Group<'a> {
    fn of(command: &'a str, runs: Vec<&'a FoundRun>) -> Self {
        let flat: Vec<_> = runs.iter().map(|run| settings(&run.record.config)).collect();
        let settings = side_by_side(&flat).filter(|setting| !setting.is_same()).collect();
        let metrics: Vec<_> = runs.iter().map(|run| run.metrics.clone()).collect();
        let mut numbers: Vec<Compared<f64>> = side_by_side(&metrics).collect();
        // Equal ones keep the order of their names.
        numbers.sort_by(|a, b| spread(b).total_cmp(&spread(a)));
        Self { command, runs, settings, numbers }
    }

    /// What all of its runs have in common, in the runs' own words; none if that differs.
    pub fn common<T: PartialEq>(&self, of: impl Fn(&FoundRun) -> T) -> Option<T> {
        let mut values = self.runs.iter().map(|run| of(run));
        let first = values.next()?;
        values.all(|value| value == first).then_some(first)
    }
}

fn side_by_side<T: Clone>(runs: &[BTreeMap<String, T>]) -> impl Iterator<Item = Compared<T>> {
    let names: BTreeSet<&String> = runs.iter().flat_map(BTreeMap::keys).collect();
    names.into_iter().map(|name| Compared {
        name: name.clone(),
        values: runs.iter().map(|run| run.get(name).cloned()).collect(),
    })
}

/// How much a number differs, measured by its range over its size; what some runs lack differs too.
fn spread(number: &Compared<f64>) -> f64 {
    let values = || number.values.iter().flatten().copied();
    let (low, high) = (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max));
    let size = low.abs().max(high.abs());
    if size > 0.0 { (high - low) / size } else { 0.0 }
}

/// A value as a person would write it: words without quotes, the values of a list after each other.
fn typed(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Array(values) if values.iter().all(|value| !value.is_object()) => {
            let words: Vec<String> = values.iter().map(typed).collect();
            if words.is_empty() { "none".to_owned() } else { words.join(", ") }
        }
        other => other.to_string(),
    }
}

/// The settings by their dotted names; a list is one value.
fn settings(config: &Value) -> BTreeMap<String, String> {
    fn walk(name: &str, value: &Value, found: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(table) => {
                for (key, value) in table {
                    let dot = if name.is_empty() { "" } else { "." };
                    walk(&format!("{name}{dot}{key}"), value, found);
                }
            }
            Value::Null => {}
            other => {
                found.insert(name.to_owned(), typed(other));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk("", config, &mut found);
    found
}
