use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use equipoise_figure::{Figure, Line, Plot};
use serde_json::{Value, json};

use super::*;
use crate::report::Report;
use crate::run_dir::{RunDir, RunDirError, RunInfo};

/// A run that is done, with one number and a report with a figure.
fn make(dir: &Path, command: &str, config: &Value, psnr: f64) {
    let info = RunInfo::new(command, "0.1.0", 3);
    let run = RunDir::create(Some(dir), &info, config).unwrap();
    let figure = Figure::single(Plot::new("").with(Line::new(&[1.0, 2.0], &[psnr, 1.0])));
    let mut report = Report::new("A run");
    report.figure("curve", &figure, "A curve.");
    run.save_report(&report).unwrap();
    let metrics = BTreeMap::from([("a_constant", 4.0), ("mlp.psnr", psnr)]);
    run.write_json("metrics.json", &metrics).unwrap();
    run.finish().unwrap();
}

/// Two runs of one command and one of another, in `base` and a directory within it.
fn three(base: &Path) {
    let data = json!({"dataset": "drawn"});
    make(&base.join("b"), "demo", &json!({"g": 5.0, "net": {"n": 10}, "data": data}), 29.65);
    let config = json!({"g": 3.5, "net": {"n": 10, "p": 0.1}, "data": data});
    make(&base.join("deep/a"), "demo", &config, 28.0);
    make(&base.join("c"), "other", &json!({"datasets": ["one", "two"]}), 1.0);
    fs::create_dir_all(base.join("no-run")).unwrap();
}

#[test]
fn what_differs_stands_beside_the_numbers() {
    let base = tempfile::tempdir().unwrap();
    three(base.path());
    let found = find_runs(&[base.path().to_path_buf(), base.path().join("b")]).unwrap();
    assert_eq!(found.runs.len(), 3, "a run that is named twice is one");
    assert_eq!(found.unreadable, []);
    let groups = found.groups();
    let commands: Vec<&str> = groups.iter().map(|group| group.command).collect();
    assert_eq!(commands, ["demo", "other"]);
    let demo = &groups[0];
    // The runs begin in the same second, mostly: which is first is told by start and path.
    let place = |name: &str| demo.runs.iter().position(|run| run.path.ends_with(name)).unwrap();
    let (a, b) = (place("a"), place("b"));
    let settings: Vec<&str> = demo.settings.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(settings, ["g", "net.p"]);
    assert_eq!(demo.settings[0].values[a].as_deref(), Some("3.5"));
    assert_eq!(
        (&demo.settings[1].values[a], &demo.settings[1].values[b]),
        (&Some("0.1".into()), &None)
    );
    // What differs more comes first.
    let numbers: Vec<&str> = demo.numbers.iter().map(|n| n.name.as_str()).collect();
    assert_eq!(numbers, ["mlp.psnr", "a_constant"]);
    assert_eq!(demo.numbers[0].values[b], Some(29.65));
    assert!(demo.numbers[1].is_same());
    assert_eq!(groups[1].runs[0].data().as_deref(), Some("one, two"));
    assert_eq!(demo.common(FoundRun::data).flatten().as_deref(), Some("drawn"));
}

#[test]
fn a_table_is_as_wide_as_it_may_be() {
    let base = tempfile::tempdir().unwrap();
    // Short names, so that the table and not a path decides.
    three(base.path());
    let mut found = find_runs(&[base.path()]).unwrap();
    for run in &mut found.runs {
        run.path = run.path.strip_prefix(base.path()).unwrap().to_path_buf();
    }
    for width in [40, 60, 80, 200] {
        let text = found.to_text(width, &[]);
        assert!(text.lines().all(|line| line.chars().count() <= width), "{width}:\n{text}");
        let shown = |name: &str| text.contains(name);
        assert!(shown("deep/a") && shown("done") && shown("data drawn"), "{width}:\n{text}");
        assert_eq!(shown("not shown: 1"), width < 60, "{width}:\n{text}");
    }
    let asked = found.to_text(80, &["a_constant".to_owned()]);
    assert!(asked.contains("a_constant") && !asked.contains("mlp.psnr"), "{asked}");
    assert!(found.names().contains(&"net.p".to_owned()));
}

#[test]
fn a_page_leads_to_the_reports_and_shows_their_figures() {
    let base = tempfile::tempdir().unwrap();
    three(base.path());
    let found = find_runs(&[base.path()]).unwrap();
    let pages = base.path().join("pages");
    fs::create_dir(&pages).unwrap();
    let html = found.page(&pages).to_html();
    let document =
        roxmltree::Document::parse(html.strip_prefix("<!DOCTYPE html>\n").unwrap()).unwrap();
    let links: Vec<&str> = document
        .descendants()
        .filter_map(|node| node.attribute("href"))
        .filter(|href| href.ends_with(".html"))
        .collect();
    // From the table and from the picture of each run.
    assert_eq!(links.len(), 6, "{links:?}");
    assert!(links.iter().all(|link| pages.join(link).is_file()), "{links:?}");
    let pictures = || document.descendants().filter(|node| node.has_tag_name("img"));
    assert_eq!(pictures().count(), 3);
    for picture in pictures() {
        assert!(picture.attribute("src").unwrap().starts_with("data:image/png;base64,"));
        assert!(!picture.attribute("alt").unwrap().is_empty());
    }
    assert!(found.page(&pages).tables()[0].1.contains("29.65"));
}

#[test]
fn what_cannot_be_read_is_named_beside_the_others() {
    let base = tempfile::tempdir().unwrap();
    three(base.path());
    let record = base.path().join("b/run.json");
    let changed = fs::read_to_string(&record).unwrap().replace("5.0", "6.0");
    fs::write(&record, changed).unwrap();
    fs::write(base.path().join("c/metrics.json"), "{\"accuracy\": ").unwrap();
    let cut = base.path().join("cut");
    fs::create_dir(&cut).unwrap();
    fs::write(cut.join("run.json"), "").unwrap();
    let found = find_runs(&[base.path()]).unwrap();
    let names: Vec<_> = found.runs.iter().map(|run| run.path.file_name().unwrap()).collect();
    assert_eq!(names, ["a", "c"], "a run whose numbers are damaged is one");
    let wrong: Vec<_> = found.unreadable.iter().map(|u| u.path.file_name().unwrap()).collect();
    assert_eq!(wrong, ["b", "c", "cut"]);
    let text = found.to_text(80, &[]);
    assert_eq!(text.lines().filter(|line| line.starts_with("not read: ")).count(), 3, "{text}");
    assert_eq!(found.to_json()["unreadable"].as_array().unwrap().len(), 3);
    assert!(found.page(base.path()).to_html().contains("metrics.json"));
}

#[test]
fn what_was_named_has_to_be_there() {
    let base = tempfile::tempdir().unwrap();
    let nowhere = base.path().join("nowhere");
    assert!(matches!(find_runs(&[&nowhere]), Err(RunDirError::Missing { .. })));
    fs::write(&nowhere, "").unwrap();
    assert!(matches!(find_runs(&[&nowhere]), Err(RunDirError::NotADirectory { .. })));
    assert_eq!(find_runs(&[base.path()]).unwrap(), FoundRuns::default());
}

#[cfg(unix)]
#[test]
fn a_link_in_a_circle_ends() {
    let base = tempfile::tempdir().unwrap();
    three(base.path());
    std::os::unix::fs::symlink(base.path(), base.path().join("deep/up")).unwrap();
    assert_eq!(find_runs(&[base.path()]).unwrap().runs.len(), 3);
}
