//! The footer of a report: how its run was made.

use crate::report::Report;
use crate::run_dir::RunRecord;

impl Report {
    /// Sets the footer: version, command and seed of a run. Where and when it ran stands in
    /// `run.json`, so that two equal runs have equal reports.
    pub fn footer(&mut self, record: &RunRecord) -> &mut Self {
        let version = match &record.commit {
            Some(commit) => {
                format!("{} (commit {})", record.version, commit.get(..12).unwrap_or(commit))
            }
            None => record.version.clone(),
        };
        self.footer_entries(&[
            ("Version", version),
            ("Command", record.command.clone()),
            ("Seed", record.seed.to_string()),
            ("Machine, command line and times", "run.json".to_string()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_dir::RunInfo;

    #[test]
    fn footer_says_who_and_how() {
        let info = RunInfo::new("demo", "1.2.3", 42)
            .built_from(Some("0123456789abcdef0123456789abcdef01234567"));
        let mut report = Report::new("t");
        report.footer(&RunRecord::starting(&info, serde_json::Value::Null, ""));
        let html = report.to_html();
        let document =
            roxmltree::Document::parse(html.strip_prefix("<!DOCTYPE html>\n").unwrap()).unwrap();
        let values: Vec<&str> = document
            .descendants()
            .filter(|n| n.has_tag_name("dd"))
            .map(|n| n.text().unwrap())
            .collect();
        assert_eq!(values[..3], ["1.2.3 (commit 0123456789ab)", "demo", "42"]);
    }
}
