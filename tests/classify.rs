//! `equipoise classify` and `equipoise study ratios`, from the outside.

mod common;

use std::path::Path;

use common::{equipoise, files, run};

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
    assert_eq!(one.stdout.lines().count(), 1, "{}", one.stdout);
    run(&with(&["--threads", "3", "classify"], &["--out", "three"]), dir).succeeded();
    let names = [
        "epochs.csv",
        "classes.csv",
        "weights.csv",
        "distances.csv",
        "training.json",
        "model.safetensors",
    ];
    for name in names {
        let [a, b] = ["one", "three"].map(|d| std::fs::read(dir.join(d).join(name)).unwrap());
        assert!(a == b, "{name} depends on the number of threads");
    }
    assert!(dir.join("one/report.html").is_file());
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
    for name in ["report.html", "rates-tests.csv", "noise-tests.csv", "distances.csv"] {
        assert!(out.join(name).is_file(), "{name} is missing");
    }
    // As if the study had been stopped with two trials missing and one damaged.
    for (name, _) in &trials[..2] {
        std::fs::remove_file(out.join("trials").join(name)).unwrap();
    }
    std::fs::write(out.join("trials").join(&trials[3].0), "half a tri").unwrap();
    run(&["study", "ratios", "--resume", "out"], dir).succeeded();
    assert_eq!(files(&out.join("trials")), trials);
    assert_eq!(read(&out.join("epochs.csv")), epochs);

    // And really killed in the middle.
    let mut arguments = with(&["--threads", "2", "study", "ratios"], &grid);
    *arguments.last_mut().unwrap() = "killed";
    let mut child = equipoise(&arguments, dir).stderr(std::process::Stdio::null()).spawn().unwrap();
    let written = dir.join("killed/trials");
    while child.try_wait().unwrap().is_none()
        && std::fs::read_dir(&written).map_or(0, |entries| entries.count()) < 3
    {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    run(&["study", "ratios", "--resume", "killed"], dir).succeeded();
    assert_eq!(files(&written), trials);
    assert_eq!(read(&dir.join("killed/epochs.csv")), epochs);
}

#[test]
fn speech_is_studied_by_held_out_speaker_and_wiring() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let arguments = [
        "study",
        "ratios",
        "--dataset",
        "synthetic-speech",
        "--train",
        "400",
        "--test",
        "100",
        "--held-out-speakers",
        "0,1",
        "--both-wirings",
        "--ratios",
        "0.8,1.0",
        "--sigma-1",
        "0.01",
        "--trials",
        "1",
        "--noise-ratios",
        "",
        "--epochs",
        "2",
        "--set",
        "network.batch=64",
        "--set",
        "network.optimizer=adam",
        "--out",
        "out",
    ];
    let ran = run(&arguments, dir).succeeded();
    for name in ["80:20 ", "100:0 ", "unbounded ", "80:20 recurrent", "unbounded recurrent"] {
        assert!(ran.stdout.contains(name), "{name}: {}", ran.stdout);
    }
    // Three networks, two wirings, two speakers.
    assert_eq!(files(&dir.join("out/trials")).len(), 12);
    let speakers = read(&dir.join("out/speakers.csv"));
    assert!(speakers.lines().next().unwrap().contains("speaker_0,speaker_1"), "{speakers}");
    assert_eq!(speakers.lines().count(), 1 + 6);
    // A speaker who is not there.
    let wrong = arguments.map(|a| match a {
        "0,1" => "0,99",
        "out" => "wrong",
        other => other,
    });
    run(&wrong, dir).refused(&["speaker 99"]);
    let images = ["--held-out-speakers", "0", "--out", "images"];
    run(&with(&["study", "ratios"], &images), dir).refused(&["images, not speakers"]);
}

#[test]
fn odd_networks_are_trained_too() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // No neuron of one type, a ratio that is rounded, and a network that never fires.
    for (k, odd) in [["--ratio", "0"], ["--ratio", "0.005"], ["--sigma-1", "0"]].iter().enumerate()
    {
        let out = format!("odd{k}");
        let rest = [&odd[..], &["--out", &out]].concat();
        run(&with(&["classify"], &rest), dir).succeeded();
    }
    let absurd =
        ["--unbounded", "--optimizer", "sgd", "--learning-rate", "1e38", "--out", "absurd"];
    run(&with(&["classify"], &absurd), dir).failed(1, &["learning rate"]);
}

#[test]
fn a_run_goes_on_with_its_own_settings_and_data_only() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let edit = |out: &str, from: &str, to: &str| {
        let path = dir.join(out).join("config.toml");
        let text = read(&path);
        assert!(text.contains(from), "{text}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    };
    run(&with(&["classify"], &["--out", "one"]), dir).succeeded();
    for (from, to, key) in [
        ("ratio = 0.8", "ratio = 0.5", "ratio"),
        ("epochs = 2", "epochs = 3", "epochs"),
        ("tau = 20", "tau = 21", "tau"),
        ("train = 600", "train = 601", "train"),
    ] {
        edit("one", from, to);
        run(&["classify", "--resume", "one"], dir).refused(&[key]);
        edit("one", to, from);
    }
    run(&["classify", "--resume", "one"], dir).succeeded();
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
        ("reference=0.9", "reference"),
        ("reference=all", "pairwise"),
    ] {
        run(&["study", "ratios", "--set", set, "--out", "out"], dir).refused(&[part]);
    }
    run(&["study", "ratios", "--ratios", "a,b", "--out", "out"], dir).refused(&["--ratios"]);
    for number in ["9223372036854775808", "18446744073709551615"] {
        for option in ["--train", "--epochs", "--hidden"] {
            run(&["classify", option, number, "--out", "out"], dir).refused(&[]);
        }
        run(&["study", "ratios", "--trials", number, "--out", "out"], dir).refused(&[]);
    }
    assert!(files(dir).is_empty(), "{:?}", files(dir));
    let few = ["classify", "--dataset", "synthetic-digits", "--train", "100", "--out", "few"];
    let batch = ["--set", "network.batch=256"];
    run(&[&few[..], &batch].concat(), dir).refused(&["batch", "256", "100 training samples"]);
    // One that nobody asked for is fitted: ten updates an epoch.
    let ran = run(&[&few[..], &["--epochs", "1"]].concat(), dir).succeeded();
    assert!(ran.stderr.contains("`batch` is 10"), "{ran:?}");
}
