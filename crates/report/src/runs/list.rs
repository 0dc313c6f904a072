//! Runs side by side: as text for a terminal, and as JSON.

use std::path::Path;

use serde_json::{Value, json};

use super::compare::Group;
use super::find::{FoundRun, FoundRuns};
use crate::run_dir::Standing;
use crate::table::{Cell, Column, Table, wrap};

/// Settings and numbers that are shown where none are asked for, at most; fewer if there is no room.
const SHOWN: usize = 12;

impl FoundRuns {
    /// The names of all settings that differ and of all numbers.
    pub fn names(&self) -> Vec<String> {
        let of = |group: Group<'_>| {
            let settings = group.settings.into_iter().map(|setting| setting.name);
            settings.chain(group.numbers.into_iter().map(|n| n.name)).collect::<Vec<_>>()
        };
        self.groups().into_iter().flat_map(of).collect()
    }

    /// A table for each command, at most `width` columns wide: the runs with their state, the
    /// settings in which they differ and their main numbers, as many as there is room for; or the
    /// settings and numbers of these names. What all have in common stands below.
    pub fn to_text(&self, width: usize, asked: &[String]) -> String {
        let mut text = String::new();
        for group in self.groups() {
            if !text.is_empty() {
                text.push('\n');
            }
            text += &group.to_text(width, asked);
        }
        for unreadable in &self.unreadable {
            let line = format!("not read: {}", unreadable.reason);
            text += &(wrap(&line, width) + "\n");
        }
        text
    }

    /// Everything as JSON: `runs`, the settings that `differ` for each command, and what is
    /// `unreadable`.
    pub fn to_json(&self) -> Value {
        let differ: serde_json::Map<String, Value> = self
            .groups()
            .iter()
            .map(|group| {
                let names: Vec<&str> = group.settings.iter().map(|s| s.name.as_str()).collect();
                (group.command.to_owned(), json!(names))
            })
            .collect();
        json!({
            "runs": self.runs.iter().map(as_json).collect::<Vec<_>>(),
            "differ": differ,
            "unreadable": self.unreadable,
        })
    }
}

fn as_json(run: &FoundRun) -> Value {
    let record = &run.record;
    json!({
        "path": run.path,
        "command": record.command,
        "state": run.standing,
        "error": record.error,
        "start": record.start,
        "end": record.end,
        "version": record.version,
        "commit": record.commit,
        "seed": record.seed,
        "data": run.data(),
        "config": record.config,
        "metrics": run.metrics,
        "report": run.report,
    })
}

/// A column of the table with the cells of all runs.
pub(super) struct Shown {
    pub column: Column,
    pub cells: Vec<Cell>,
}

impl Group<'_> {
    fn to_text(&self, width: usize, asked: &[String]) -> String {
        let (all, needed) = (self.columns(), self.first_columns());
        let named = |name: &String| asked.contains(name);
        let mut chosen: Vec<Shown> = needed;
        if asked.is_empty() {
            for candidate in all.into_iter().take(SHOWN) {
                chosen.push(candidate);
                if !self.table(&chosen).fits(width) {
                    chosen.pop();
                }
            }
        } else {
            let names = self.settings.iter().map(|s| &s.name);
            let names = names.chain(self.numbers.iter().map(|n| &n.name));
            let all = self.in_order().into_iter().zip(names);
            chosen.extend(all.filter(|(_, name)| named(name)).map(|(column, _)| column));
        }
        let first = self.first_columns().len();
        let left = self.settings.len() + self.numbers.len() - (chosen.len() - first);
        let mut text = self.table(&chosen).to_text_within(width);
        for line in self.notes(left) {
            text += &(wrap(&line, width) + "\n");
        }
        text
    }

    /// The table of these columns.
    pub(super) fn table(&self, columns: &[Shown]) -> Table {
        let runs = self.runs.len();
        let counted = format!("{}: {runs} run{}", self.command, if runs == 1 { "" } else { "s" });
        let mut table = Table::new(&counted);
        for shown in columns {
            table = table.column(shown.column.clone());
        }
        for run in 0..runs {
            table.row(columns.iter().map(|shown| shown.cells[run].clone()));
        }
        table
    }

    /// What every table has: which run, and how it stands.
    fn first_columns(&self) -> Vec<Shown> {
        let names = self.runs.iter().map(|run| run.path.display().to_string().into());
        let mut columns = vec![
            Shown { column: Column::text("run"), cells: names.collect() },
            self.words("state", |run| Some(run.standing.word().to_owned())),
        ];
        if self.common(FoundRun::program).is_none() {
            columns.push(self.words("version", |run| Some(run.program())));
        }
        columns
    }

    pub(super) fn words(&self, name: &str, of: impl Fn(&FoundRun) -> Option<String>) -> Shown {
        let cells = self.runs.iter().map(|run| Cell::from(of(run))).collect();
        Shown { column: Column::text(name), cells }
    }

    /// Settings that differ, then numbers.
    pub(super) fn in_order(&self) -> Vec<Shown> {
        let settings = self.settings.iter().map(|setting| Shown {
            column: Column::text(&setting.name),
            cells: setting.values.iter().map(|value| Cell::from(value.clone())).collect(),
        });
        let numbers = self.numbers.iter().map(|number| Shown {
            column: column(&number.name, &number.values),
            cells: number.values.iter().map(|&value| Cell::from(value)).collect(),
        });
        settings.chain(numbers).collect()
    }

    /// Settings that differ and numbers in turn, as they are taken while there is room.
    fn columns(&self) -> Vec<Shown> {
        let mut settings = self.in_order();
        let numbers = settings.split_off(self.settings.len());
        let (mut settings, mut numbers) = (settings.into_iter(), numbers.into_iter());
        let mut all = Vec::new();
        loop {
            let pair = [settings.next(), numbers.next()];
            if pair.iter().all(Option::is_none) {
                return all;
            }
            all.extend(pair.into_iter().flatten());
        }
    }

    /// What all runs have in common, what went wrong, and how much is not shown.
    fn notes(&self, left: usize) -> Vec<String> {
        let mut notes = Vec::new();
        let data = self.common(FoundRun::data).flatten().map(|data| format!("data {data}"));
        let version = self.common(FoundRun::program).map(|program| format!("version {program}"));
        let seed = self.common(|run| run.record.seed).map(|seed| format!("seed {seed}"));
        let common: Vec<String> = [version, data, seed].into_iter().flatten().collect();
        if !common.is_empty() {
            let of = if self.runs.len() == 1 { "" } else { "all: " };
            notes.push(format!("{of}{}", common.join(", ")));
        }
        for run in &self.runs {
            if let Some(error) = &run.record.error {
                notes.push(format!("{}: {error}", run.path.display()));
            }
        }
        if self.runs.iter().any(|run| run.standing == Standing::Stopped) {
            notes.push("stopped: its process was killed; it can be resumed".to_owned());
        }
        if left > 0 {
            let many = if left == 1 { "" } else { "s" };
            notes.push(format!("not shown: {left} setting{many} or number{many}"));
        }
        notes
    }
}

/// A column of numbers; whole ones are shown as such.
fn column(name: &str, values: &[Option<f64>]) -> Column {
    let whole = values.iter().flatten().all(|value| value.fract() == 0.0 && value.abs() < 1e9);
    if whole { Column::integer(name) } else { Column::number(name) }
}

/// The name of a run among others, for a heading.
pub(super) fn name(path: &Path) -> String {
    path.file_name()
        .map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}
