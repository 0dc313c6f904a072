//! `equipoise data`: what a person sees of the data sets, and every kind of bad file.

mod common;

use std::fs;
use std::path::Path;

use common::{equipoise, finish, run};

/// Runs with `root` as the place of the data sets.
fn run_in(args: &[&str], root: &Path) -> common::Ran {
    let mut command = equipoise(args, root);
    command.env("EQUIPOISE_DATA", root);
    finish(command)
}

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
fn wrong_requests_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (args, parts) in [
        (&["data", "check", "mnist"][..], &["mnist/train-images-idx3-ubyte"][..]),
        (&["data", "check", "minst"], &["unknown data set 'minst'", "known are mnist"]),
        (&["data", "check", "spikes:"], &["unknown data set"]),
        (&["data", "check", "folder:none"], &["expected a folder none"]),
        (&["data", "check", "spikes:none"], &["none_train.h5"]),
        (&["data", "check", "synthetic-digits", "--train", "0"], &["from 1 to 1000000"]),
        (&["data", "check", "synthetic-digits", "--train", "x"], &["--train"]),
        (&["data", "check", "folder:.", "--size", "28"], &["--size", "28x28"]),
        (&["data", "fetch", "synthetic-digits"], &["cannot be downloaded", "mnist"]),
        (&["data", "fetch"], &["NAME"]),
        (&["data", "make", "mnist", "--out", "x"], &["'mnist' cannot be made"]),
        (&["data", "make", "synthetic-digits"], &["--out"]),
    ] {
        run(args, dir.path()).refused(parts);
    }
    assert!(common::files(dir.path()).is_empty(), "a refused request writes nothing");
}

#[test]
fn damaged_files_are_refused_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    make_all(dir.path());
    for (name, file) in [
        ("mnist", "mnist/train-images-idx3-ubyte.gz"),
        ("mnist", "mnist/t10k-labels-idx1-ubyte.gz"),
        ("cifar-10", "cifar-10-batches-bin/data_batch_3.bin"),
        ("shd", "shd/shd_test.h5"),
    ] {
        let path = dir.path().join(file);
        let whole = fs::read(&path).unwrap();
        for keep in [0, 1, 7, whole.len() / 2, whole.len() - 1] {
            fs::write(&path, &whole[..keep]).unwrap();
            let file_name = path.file_name().unwrap().to_string_lossy().into_owned();
            run_in(&["data", "check", name], dir.path()).refused(&[&file_name]);
        }
        fs::remove_file(&path).unwrap();
        run_in(&["data", "check", name], dir.path()).refused(&[name]);
        fs::write(&path, &whole).unwrap();
        run_in(&["data", "check", name], dir.path()).succeeded();
    }
}
