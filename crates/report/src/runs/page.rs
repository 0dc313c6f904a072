//! Runs side by side as a page.

use std::path::{Path, PathBuf};

use super::address::address;
use super::compare::Group;
use super::find::{FoundRun, FoundRuns};
use super::list::{Shown, name};
use super::thumbnail::thumbnail;
use crate::report::{Card, Report};
use crate::table::{Cell, Column};

/// Columns of a table at most.
const COLUMNS: usize = 40;
/// Small pictures of a page at most: those of the last runs.
const PICTURES: usize = 60;

impl FoundRuns {
    /// A page with a table for each command, which can be sorted and searched, and the first figure
    /// of each run. It loads nothing; its links to the runs' reports hold for a page in `folder`.
    pub fn page(&self, folder: &Path) -> Report {
        let folder = absolute(folder);
        let groups = self.groups();
        let mut report = Report::new("Equipoise: runs");
        report.subtitle(&format!(
            "{} of {}, side by side",
            counted(self.runs.len(), "run"),
            counted(groups.len(), "command")
        ));
        let mut pictures = PICTURES;
        for group in &groups {
            report.heading(group.command);
            let columns = group.page_columns(&folder);
            let left = group.settings.len() + group.numbers.len() + group.own() - columns.len();
            report.table(&format!("runs-{}", group.command), &group.table(&columns));
            if left > 0 {
                report.paragraph(&format!("{left} more settings or numbers have no column."));
            }
            let shown = group.runs.len().min(pictures);
            pictures -= shown;
            let runs = &group.runs[group.runs.len() - shown..];
            report.cards(runs.iter().filter_map(|run| card(run, &folder)));
        }
        if !self.unreadable.is_empty() {
            report.heading("Not read");
            report.list(self.unreadable.iter().map(|unreadable| &unreadable.reason));
        }
        report
    }
}

impl Group<'_> {
    /// Columns that say which run it is and how it stands.
    fn own(&self) -> usize {
        self.page_columns_of_runs(Path::new("/")).len()
    }

    fn page_columns(&self, folder: &Path) -> Vec<Shown> {
        let mut columns = self.page_columns_of_runs(folder);
        columns.extend(self.in_order());
        columns.truncate(COLUMNS);
        columns
    }

    fn page_columns_of_runs(&self, folder: &Path) -> Vec<Shown> {
        let link = |run: &&FoundRun| match &run.report {
            Some(report) => Cell::Link {
                words: run.path.display().to_string(),
                address: address(folder, &absolute(report)),
            },
            None => Cell::from(run.path.display().to_string()),
        };
        vec![
            Shown { column: Column::text("run"), cells: self.runs.iter().map(link).collect() },
            self.words("state", |run| Some(run.standing.word().to_owned())),
            self.words("started", |run| Some(run.record.start.clone())),
            self.words("ended", |run| run.record.end.clone()),
            self.words("version", |run| Some(run.program())),
            self.words("data", FoundRun::data),
            self.words("error", |run| run.record.error.clone()),
        ]
    }
}

/// The first figure of a run, which leads to its report.
fn card(run: &FoundRun, folder: &Path) -> Option<Card> {
    let picture = thumbnail(run.figure.as_deref()?)?;
    let (name, report) = (name(&run.path), run.report.as_deref()?);
    Some(Card { picture, words: name, address: address(folder, &absolute(report)) })
}

fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
