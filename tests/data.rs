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

#[test]
fn spikes_are_converted_and_told_of() {
    let dir = tempfile::tempdir().unwrap();
    let at = |args: &[&str]| run(args, dir.path());
    at(&["data", "make", "synthetic-speech", "--train", "4", "--test", "4", "--out", "."])
        .succeeded();
    let speech = "shd/shd_train.h5";
    let told = at(&["convert", speech, "speech.csv"]).succeeded();
    assert!(told.stdout.contains("shd to csv: "), "{}", told.stdout);
    assert!(told.stdout.contains("in 4 recordings") && told.stdout.contains("lost: the labels"));
    // Into the layout of SHD and back: the same text.
    at(&["convert", "speech.csv", "again.h5", "--times", "float32"]).succeeded();
    at(&["convert", "again.h5", "again.csv"]).succeeded();
    let text = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    assert!(text("speech.csv") == text("again.csv"));
    at(&["convert", speech, "one.sonata", "--recording", "1", "--population", "words"]).succeeded();
    for (name, part) in [("speech.csv", "spikes as text"), ("one.sonata", "SONATA spikes")] {
        let told = at(&["inspect", name]).succeeded();
        assert!(told.stdout.contains(part), "{}", told.stdout);
    }
    at(&["convert", speech, "c.npz", "--bins", "5"]).succeeded();
    at(&["convert", speech, "speech.csv"]).refused(&["speech.csv", "not overwritten"]);
    at(&["convert", speech, "x.sonata"]).refused(&["4 recordings"]);
    at(&["convert", "nowhere.csv", "x.npz"]).refused(&["nowhere.csv"]);
    at(&["convert", speech, "x.npz", "--to", "tape"]).refused(&["tape", "sonata"]);
}

#[test]
fn a_set_of_ones_own_has_a_name() {
    let dir = tempfile::tempdir().unwrap();
    make_all(dir.path());
    let text = "[drawn]\nlayout = \"idx\"\nwhat = \"my digits\"\n\
        train = { images = \"mnist/train-images-idx3-ubyte.gz\", \
        labels = \"mnist/train-labels-idx1-ubyte.gz\" }\n";
    std::fs::write(dir.path().join("data.toml"), text).unwrap();
    let ran = run_in(&["data", "check", "drawn"], dir.path()).succeeded();
    assert!(ran.stdout.contains("drawn/train: 16 samples"), "{}", ran.stdout);
    assert!(run_in(&["data", "list"], dir.path()).succeeded().stdout.contains("my digits"));
    run(&["data", "check", "./data.toml:drawn"], dir.path()).succeeded();
    run(&["data", "check", "./data.toml:other"], dir.path()).refused(&["data.toml", "drawn"]);
}
