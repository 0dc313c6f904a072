//! The footer of a report: how its run was made.

use crate::report::Report;
use crate::run_dir::{RunRecord, RunState, utc_now};

impl Report {
    /// Sets the footer: version, command line, seed, machine and times of a run.
    pub fn footer(&mut self, record: &RunRecord) -> &mut Self {
        let version = match &record.git_commit {
            Some(commit) => {
                format!("{} (commit {})", record.version, commit.get(..12).unwrap_or(commit))
            }
            None => record.version.clone(),
        };
        let end = match (&record.end, record.state) {
            (Some(end), RunState::Done) => format!("done {end}"),
            (Some(end), _) => format!("ended {end}"),
            (None, _) => format!("report written {}", utc_now()),
        };
        let resumed = match record.resumed.last() {
            Some(last) => format!(", resumed {} times, last {last}", record.resumed.len()),
            None => String::new(),
        };
        let machine = &record.machine;
        let cores = if machine.cores == 1 {
            "1 core".to_string()
        } else {
            format!("{} cores", machine.cores)
        };
        self.footer_entries(&[
            ("Version", version),
            ("Command", shell_words(&record.command_line)),
            ("Seed", record.seed.to_string()),
            ("Machine", format!("{}, {cores}, {}", machine.cpu, machine.os)),
            ("Time", format!("started {}{resumed}, {end}", record.start)),
        ])
    }
}

/// A command line as it can be typed into a POSIX shell.
fn shell_words(words: &[String]) -> String {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| {
            let is_plain = !word.is_empty()
                && word.chars().all(|c| c.is_alphanumeric() || "-_./=:,+@%".contains(c));
            if is_plain { word.clone() } else { format!("'{}'", word.replace('\'', "'\\''")) }
        })
        .collect();
    quoted.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_dir::{Machine, RunInfo};

    #[test]
    fn footer_says_who_when_and_how() {
        let info = RunInfo {
            command: "demo".into(),
            version: "1.2.3".into(),
            seed: 42,
            command_line: vec![
                "equipoise".into(),
                "demo".into(),
                "--set".into(),
                "a b='<c>'".into(),
            ],
            git_commit: Some("0123456789abcdef0123456789abcdef01234567".into()),
        };
        let record = RunRecord {
            machine: Machine { cpu: "cpu".into(), cores: 2, os: "os".into() },
            ..RunRecord::starting(&info)
        };
        let mut report = Report::new("t");
        report.footer(&record);
        let html = report.to_html();
        let document =
            roxmltree::Document::parse(html.strip_prefix("<!DOCTYPE html>\n").unwrap()).unwrap();
        let values: Vec<&str> = document
            .descendants()
            .filter(|n| n.has_tag_name("dd"))
            .map(|n| n.text().unwrap())
            .collect();
        assert_eq!(values[0], "1.2.3 (commit 0123456789ab)");
        assert_eq!(values[1], "equipoise demo --set 'a b='\\''<c>'\\'''");
        assert_eq!(values[2..4], ["42", "cpu, 2 cores, os"]);
    }
}
