//! `equipoise data`: what a person sees of the data sets.

mod common;

use std::path::Path;

use common::{run, run_in};

/// Writes the three synthetic sets in the layouts of the real ones.
fn make_all(root: &Path) {
    for name in ["synthetic-digits", "synthetic-color", "synthetic-speech"] {
        let args = ["data", "make", name, "--train", "20", "--test", "10", "--out", "."];
        run(&args, root).succeeded();
    }
}

#[test]
fn the_list_says_what_is_here() {
    let dir = tempfile::tempdir().unwrap();
    let ran = run(&["data", "list"], dir.path()).succeeded();
    for part in ["mnist", "CC BY-SA 3.0", "equipoise data fetch shd", "synthetic-color", "folder:"]
    {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    make_all(dir.path());
    let ran = run_in(&["data", "list"], dir.path()).succeeded();
    assert!(!ran.stdout.contains("data fetch shd"), "{}", ran.stdout);
}

#[test]
fn made_sets_pass_the_check() {
    let dir = tempfile::tempdir().unwrap();
    make_all(dir.path());
    for (name, part) in [
        ("mnist", "images 1x28x28"),
        ("cifar-10", "images 3x32x32"),
        ("shd", "700 channels"),
        ("spikes:shd/shd", "700 channels"),
    ] {
        let ran = run_in(&["data", "check", name], dir.path()).succeeded();
        assert!(ran.stdout.contains(part) && ran.stdout.contains("10 samples"), "{}", ran.stdout);
    }
    let args = ["data", "check", "synthetic-digits", "--train", "30", "--test", "10"];
    assert!(run(&args, dir.path()).succeeded().stdout.contains("30 samples"));
    let args = ["data", "make", "synthetic-color", "--train", "20", "--test", "10", "--out", "."];
    run(&args, dir.path()).refused(&["SYNTHETIC.txt", "not overwritten"]);
}
