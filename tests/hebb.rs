//! `equipoise hebb run` and `equipoise study hebb`, from the command line to the files.

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::{equipoise, run};

fn read(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

const SMALL: [&str; 14] = [
    "study",
    "hebb",
    "--neurons",
    "2",
    "--seeds",
    "3",
    "--criterion-runs",
    "20",
    "--screening-runs",
    "4",
    "--variant-runs",
    "30",
    "--max-epochs",
    "600",
];

#[test]
fn one_network_is_trained_and_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["hebb", "run", "--neurons", "3", "--types", "III|III|EEE", "--mapping", "2-0-1"];
    let ran = run(&[&args[..], &["--out", "out"]].concat(), dir.path()).succeeded();
    assert!(ran.stdout.contains("mapping 2-0-1, types III|III|EEE: "), "{ran:?}");
    let out = dir.path().join("out");
    assert_eq!(read(&out, "weights.csv").lines().count(), 1 + 18);
    assert_eq!(read(&out, "trace.csv").lines().count(), 1 + 201);
    assert!(read(&out, "report.html").contains("Weights from inhibitory inputs"));
    assert!(out.join("figures/traces.png").exists());
}

#[test]
fn wrong_requests_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refuse = |args: &[&str], parts: &[&str]| {
        run(args, dir.path()).refused(parts);
    };
    refuse(&["hebb", "run", "--neurons", "0"], &["neurons is 0"]);
    refuse(&["hebb", "run", "--epsilon", "1"], &["epsilon is 1"]);
    refuse(&["hebb", "run", "--mapping", "0-0-1-2"], &["inputs 0 and 1 share target 0"]);
    refuse(&["hebb", "run", "--mapping", "0-1"], &["2 pairs"]);
    refuse(&["hebb", "run", "--types", "EEEE|EEEX|EEEE"], &["`X`"]);
    refuse(&["hebb", "run", "--inhibitory-inputs", "5"], &["inhibitory_inputs is 5"]);
    refuse(&["hebb", "run", "--criterion", "never"], &["never", "exact"]);
    refuse(&["study", "hebb", "--neurons", "0"], &["neurons is 0"]);
    refuse(&["study", "hebb", "--epsilon=-0.1"], &["epsilon is -0.1"]);
    refuse(
        &["study", "hebb", "--neurons", "7", "--enumeration", "complete"],
        &["7 neurons", "enumeration_limit", "sample"],
    );
    assert!(common::files(dir.path()).is_empty(), "a refused request writes nothing");
}

#[test]
fn what_is_too_large_is_sampled_and_said() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["study", "hebb", "--neurons", "6", "--runs-per-cell", "2", "--criterion-runs", "0"];
    let more = ["--screening-runs", "0", "--out", "out"];
    let ran = run(&[&args[..], &more].concat(), dir.path()).succeeded();
    assert!(ran.stderr.contains("a complete enumeration of 6 neurons"), "{ran:?}");
    let out = dir.path().join("out");
    assert_eq!(read(&out, "runs.csv").lines().count(), 1 + 49 * 2);
    assert!(read(&out, "report.html").contains("a complete enumeration of 6 neurons"));
}

/// The same numbers from one thread and from several, and from a study that was killed on the way.
#[test]
fn a_killed_study_ends_in_the_same_tables() {
    let dir = tempfile::tempdir().unwrap();
    let whole = [&SMALL[..], &["--threads", "1", "--out", "whole"]].concat();
    run(&whole, dir.path()).succeeded();

    let cut = dir.path().join("cut");
    let args = [&SMALL[..], &["--threads", "3", "--out", "cut"]].concat();
    let mut child = equipoise(&args, dir.path()).spawn().unwrap();
    let started = Instant::now();
    while !cut.join("parts/screening/002").exists() {
        assert!(started.elapsed() < Duration::from_secs(120), "the study never got so far");
        assert!(child.try_wait().unwrap().is_none(), "the study was too quick to be killed");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // A record that was damaged is done again.
    std::fs::write(cut.join("parts/main/000000.csv"), "0,0-1,nonsense\n").unwrap();
    run(&["study", "hebb", "--resume", "cut"], dir.path()).succeeded();

    let tables = ["runs", "cells", "ratios", "variants", "screening", "theory"];
    for table in tables.map(|name| format!("{name}.csv")) {
        let (a, b) = (read(&dir.path().join("whole"), &table), read(&cut, &table));
        assert!(a == b, "{table} differs");
        assert!(a.lines().count() > 1, "{table} is empty");
    }
    assert!(!cut.join("parts").exists());
    let runs = read(&cut, "runs.csv");
    assert!(runs.starts_with("run,mapping,ratio,allotment,"), "{}", &runs[..60]);
    assert_eq!(runs.lines().count(), 1 + 2 * 16 * 3);
}
