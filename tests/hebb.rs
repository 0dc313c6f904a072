//! `equipoise hebb run` and `equipoise study hebb`, from the command line to the files.

mod common;

use std::path::Path;

use common::run;

fn read(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn one_network_is_trained_and_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["hebb", "run", "--neurons", "3", "--types", "III|III|EEE", "--mapping", "2-0-1"];
    let ran = run(&[&args[..], &["--out", "out"]].concat(), dir.path()).succeeded();
    assert!(ran.stdout.contains("2-0-1") && ran.stdout.contains("III|III|EEE"), "{ran:?}");
    let out = dir.path().join("out");
    assert_eq!(read(&out, "weights.csv").lines().count(), 1 + 18);
    assert_eq!(read(&out, "trace.csv").lines().count(), 1 + 201);
    assert!(out.join("figures/traces.png").exists());
    // A run that is done is read back, not trained again, and ends in the same files.
    let before = common::tree(&out.join("figures"));
    run(&["hebb", "run", "--resume", "out"], dir.path()).succeeded();
    assert!(common::tree(&out.join("figures")) == before);
}

#[test]
fn wrong_requests_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refuse = |args: &[&str], parts: &[&str]| {
        run(args, dir.path()).refused(parts);
    };
    refuse(&["hebb", "run", "--neurons", "0"], &["neurons is 0"]);
    refuse(&["hebb", "run", "--epsilon", "1"], &["epsilon is 1"]);
    refuse(&["hebb", "run", "--mapping", "0-0-1-2"], &["0-0-1-2"]);
    refuse(&["hebb", "run", "--mapping", "0-1"], &["0-1"]);
    refuse(&["hebb", "run", "--types", "EEEE|EEEX|EEEE"], &["`X`"]);
    refuse(&["hebb", "run", "--inhibitory-inputs", "5"], &["inhibitory_inputs is 5"]);
    refuse(&["hebb", "run", "--criterion", "never"], &["never", "exact"]);
    refuse(&["study", "hebb", "--neurons", "0"], &["neurons is 0"]);
    refuse(&["study", "hebb", "--epsilon=-0.1"], &["epsilon is -0.1"]);
    refuse(
        &["study", "hebb", "--neurons", "7", "--enumeration", "complete"],
        &["enumeration_limit"],
    );
    assert!(common::files(dir.path()).is_empty(), "a refused request writes nothing");
}

#[test]
fn what_is_too_large_is_sampled_and_said() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["study", "hebb", "--neurons", "6", "--runs-per-cell", "2", "--criterion-runs", "0"];
    let more = ["--screening-runs", "0", "--out", "out"];
    let ran = run(&[&args[..], &more].concat(), dir.path()).succeeded();
    assert!(ran.stderr.contains("enumeration_limit"), "{ran:?}");
    let out = dir.path().join("out");
    assert_eq!(read(&out, "runs.csv").lines().count(), 1 + 49 * 2);
    assert!(read(&out, "report.html").contains("enumeration_limit"));
    // Two equal runs have equal files, but for the record of when and where.
    let again =
        [&args[..], &["--screening-runs", "0", "--threads", "1", "--out", "again"]].concat();
    run(&again, dir.path()).succeeded();
    for name in ["runs.csv", "cells.csv", "ratios.csv", "theory.csv", "figures/answer.svg"] {
        assert!(read(&out, name) == read(&dir.path().join("again"), name), "{name}");
    }
}
