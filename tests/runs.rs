//! `equipoise runs`: run directories side by side.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

mod common;
use common::{equipoise, refuses, run};
use serde_json::Value;

/// Two runs that differ in their seed and their size.
fn two(dir: &Path) {
    for (seed, neurons) in [("1", "3"), ("2", "4")] {
        let out = format!("runs/{neurons}");
        let args = ["hebb", "run", "--seed", seed, "--neurons", neurons, "--out", &out];
        run(&args, dir).succeeded();
    }
}

#[test]
fn runs_are_listed_with_what_differs_and_what_came_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    two(dir);
    let text = run(&["runs"], dir).succeeded().stdout;
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for part in ["runs/3", "runs/4", "done", "hebb.neurons", env!("CARGO_PKG_VERSION")] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let json: Value =
        serde_json::from_str(&run(&["runs", "--json"], dir).succeeded().stdout).unwrap();
    assert_eq!(json["runs"].as_array().unwrap().len(), 2);
    assert_eq!(json["unreadable"], Value::Array(Vec::new()));
    let of = |path: &str| {
        let runs = json["runs"].as_array().unwrap();
        runs.iter().find(|run| run["path"] == path).unwrap().clone()
    };
    let (three, four) = (of("runs/3"), of("runs/4"));
    assert_eq!((&three["seed"], &four["seed"]), (&1.into(), &2.into()));
    let name = three["command"].as_str().unwrap();
    let differ = json["differ"][name].as_array().unwrap();
    assert!(
        differ.contains(&"seed".into()) && differ.contains(&"hebb.neurons".into()),
        "{differ:?}"
    );
    let metrics: Value =
        serde_json::from_str(&fs::read_to_string(dir.join("runs/3/metrics.json")).unwrap())
            .unwrap();
    assert_eq!(three["metrics"], metrics);
    assert_eq!(three["config"]["hebb"]["neurons"], 3);
    let asked = run(&["runs", "--show", "seed,epochs"], dir).succeeded().stdout;
    assert!(asked.contains("epochs") && !asked.contains("hebb.neurons"), "{asked}");
}

#[test]
fn a_run_that_was_killed_is_told_from_one_under_way() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // Minutes of work.
    let args = ["balance", "--duration", "1000000", "--quiet", "--out", "long"];
    let mut child = equipoise(&args, dir).spawn().unwrap();
    let since = Instant::now();
    while !dir.join("long/run.json").is_file() && since.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let state = || {
        let listed = run(&["runs", "long", "--json"], dir).succeeded().stdout;
        let json: Value = serde_json::from_str(&listed).unwrap();
        let told = run(&["inspect", "long"], dir).succeeded().stdout;
        let state = json["runs"][0]["state"].as_str().unwrap().to_owned();
        assert!(told.contains(&state), "{state}: {told}");
        state
    };
    let under_way = state();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!((under_way.as_str(), state().as_str()), ("running", "stopped"));
    assert!(run(&["runs", "long"], dir).succeeded().stdout.contains("stopped"));
}

#[test]
fn a_damaged_run_is_named_and_the_others_are_listed() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    two(dir);
    fs::write(dir.join("runs/4/run.json"), "{").unwrap();
    let text = run(&["runs", "runs/3", "runs/4"], dir).succeeded().stdout;
    assert!(text.contains("runs/3") && text.contains("not read: runs/4"), "{text}");
}

#[test]
fn a_page_is_written_and_nothing_else_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    two(dir);
    for _ in 0..2 {
        run(&["runs", "--html", "runs.html"], dir).succeeded();
    }
    let page = fs::read_to_string(dir.join("runs.html")).unwrap();
    for run in ["runs/3", "runs/4"] {
        assert!(page.contains(&format!("href=\"{run}/report.html\"")), "{run}");
    }
    fs::write(dir.join("thesis.html"), "<title>Thesis</title>").unwrap();
    refuses(&["runs", "--html", "thesis.html"], dir, &["thesis.html"], "a file of another kind");
    refuses(&["runs", "--show", "hebb.neuron"], dir, &["hebb.neurons"], "a name that is none");
    refuses(&["runs", "nowhere"], dir, &["nowhere"], "a directory that is not there");
    // A directory without runs has none, which is no failure.
    fs::create_dir(dir.join("empty")).unwrap();
    assert_eq!(run(&["runs", "empty"], dir).succeeded().stdout.lines().count(), 1);
}
