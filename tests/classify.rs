//! `equipoise classify` and `equipoise study ratios`, from the outside.

mod common;

use std::path::Path;

use common::{files, run};

const SMALL: [&str; 8] =
    ["--dataset", "synthetic-digits", "--train", "600", "--test", "200", "--epochs", "2"];

fn with<'a>(start: &[&'a str], rest: &[&'a str]) -> Vec<&'a str> {
    [start, &SMALL[..], rest].concat()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn a_training_is_the_same_for_any_number_of_threads() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let one = run(&with(&["--threads", "1", "classify"], &["--out", "one"]), dir).succeeded();
    assert!(one.stdout.contains("80:20 on synthetic-digits"), "{}", one.stdout);
    run(&with(&["--threads", "3", "classify"], &["--out", "three"]), dir).succeeded();
    let names = ["epochs.csv", "classes.csv", "weights.csv", "distances.csv", "model.safetensors"];
    for name in names {
        let [a, b] = ["one", "three"].map(|d| std::fs::read(dir.join(d).join(name)).unwrap());
        assert!(a == b, "{name} depends on the number of threads");
    }
    let report = read(&dir.join("one/report.html"));
    assert!(report.contains("test accuracy") && report.contains("Hidden spikes"));
    assert_eq!(read(&dir.join("one/epochs.csv")).lines().count(), 4);
}

#[test]
fn an_interrupted_study_runs_only_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let grid = [
        "--ratios",
        "0.8,1.0",
        "--sigma-1",
        "0.002,0.01",
        "--trials",
        "2",
        "--noise-ratios",
        "0.8,1",
        "--noise",
        "0.4",
        "--noise-trials",
        "2",
        "--out",
        "out",
    ];
    run(&with(&["study", "ratios"], &grid), dir).succeeded();
    let out = dir.join("out");
    let trials = files(&out.join("trials"));
    assert_eq!(trials.len(), 4 * 2 + 2 * 2 + 2);
    let epochs = read(&out.join("epochs.csv"));
    // A header, and for each trial the state before training and two epochs.
    assert_eq!(epochs.lines().count(), 1 + 14 * 3);
    let report = read(&out.join("report.html"));
    for part in ["Kruskal", "Holm", "Hedges", "van Rossum", "representative"] {
        assert!(report.contains(part), "the report lacks {part}");
    }
    // As if the study had been stopped with two trials missing and one damaged.
    for (name, _) in &trials[..2] {
        std::fs::remove_file(out.join("trials").join(name)).unwrap();
    }
    std::fs::write(out.join("trials").join(&trials[3].0), "half a tri").unwrap();
    let again = run(&["study", "ratios", "--resume", "out"], dir).succeeded();
    assert!(again.stderr.contains("11 of 14 trials are already there"), "{}", again.stderr);
    assert_eq!(files(&out.join("trials")), trials);
    assert_eq!(read(&out.join("epochs.csv")), epochs);
}

#[test]
fn odd_networks_are_explained() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let silent = run(&with(&["classify"], &["--sigma-1", "0", "--out", "silent"]), dir);
    assert!(silent.succeeded().stderr.contains("no hidden neuron fires"));
    assert!(read(&dir.join("silent/report.html")).contains("network is silent"));
    for (k, ratio) in ["0", "1", "0.999"].into_iter().enumerate() {
        let out = format!("ratio{k}");
        run(&with(&["classify"], &["--ratio", ratio, "--out", &out]), dir).succeeded();
    }
    let absurd =
        ["--unbounded", "--optimizer", "sgd", "--learning-rate", "1e38", "--out", "absurd"];
    run(&with(&["classify"], &absurd), dir).failed(1, &["diverged", "learning rate"]);
}

#[test]
fn wrong_requests_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for (set, part) in [
        ("ratio=1.5", "ratio"),
        ("network.hidden=0", "hidden"),
        ("network.batch=0", "batch"),
        ("network.no_such_key=1", "no_such_key"),
        ("network.surrogate={kind='fast_sigmoid', scale=-1.0}", "surrogate"),
        ("data.validation_share=1.0", "validation_share"),
        ("van_rossum_tau=0", "van_rossum_tau"),
    ] {
        run(&["classify", "--set", set, "--out", "out"], dir).refused(&[part]);
    }
    for (set, part) in [
        ("ratios=[2.0]", "ratios"),
        ("trials=0", "trials"),
        ("sigma_1=[0.1, 0.1]", "twice"),
        ("noise.trials=0", "noise.trials"),
        ("noise.levels=[-1.0]", "noise.levels"),
    ] {
        run(&["study", "ratios", "--set", set, "--out", "out"], dir).refused(&[part]);
    }
    run(&["study", "ratios", "--ratios", "a,b", "--out", "out"], dir).refused(&["--ratios"]);
    assert!(files(dir).is_empty(), "{:?}", files(dir));
    let few = ["classify", "--dataset", "synthetic-digits", "--train", "100", "--out", "few"];
    run(&few, dir).refused(&["batch = 256", "100 training samples"]);
}
