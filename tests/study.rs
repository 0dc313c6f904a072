//! The study of reconstruction on images that it draws: its tables, its bits, its refusals.

#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

mod common;

use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{equipoise, files, run};

const SMOKE: [&str; 4] = ["study", "reconstruction", "--preset", "smoke"];

fn study(dir: &Path, name: &str, more: &[&str]) -> PathBuf {
    let mut args = SMOKE.to_vec();
    args.extend(["--out", name, "--quiet"]);
    args.extend(more);
    run(&args, dir).succeeded();
    dir.join(name)
}

/// The tables without the times in them, and the models.
fn results(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut kept = files(dir);
    kept.retain(|(path, _)| {
        let name = path.to_string_lossy();
        ["tests.csv", "overview.csv", "equal-spikes.csv"].contains(&name.as_ref())
            || name.starts_with("models/")
    });
    assert!(kept.len() > 20, "three tables and many models: {kept:?}");
    kept
}

#[test]
fn the_study_writes_every_table() {
    let dir = tempfile::tempdir().unwrap();
    let out = study(dir.path(), "study", &[]);
    let report = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(report.contains("<svg"));
    for table in [
        "overview",
        "tests",
        "equal-spikes",
        "curve-images",
        "curve-neurons",
        "choices",
        "colors-synthetic-color",
        "synthetic-digits-quality",
        "synthetic-color-coding",
    ] {
        let text = std::fs::read_to_string(out.join(format!("{table}.csv"))).unwrap();
        assert!(text.lines().count() > 2, "{table}: {text}");
        assert!(!text.contains("NaN"), "{table}: {text}");
    }
    for figure in ["overview", "synthetic-digits-vae-traversals", "synthetic-color-gallery"] {
        let file = out.join(format!("figures/{figure}.png"));
        assert!(file.metadata().unwrap().len() > 1000, "{}", file.display());
    }
    // The regimes fire equally many spikes where the table says so.
    let alike = std::fs::read_to_string(out.join("equal-spikes.csv")).unwrap();
    let spikes: Vec<f64> = alike
        .lines()
        .skip(1)
        .filter(|line| line.starts_with("synthetic-digits"))
        .map(|line| line.split(',').nth(4).unwrap().parse().unwrap())
        .collect();
    assert_eq!(spikes.len(), 4, "{alike}");
    assert!(spikes.iter().all(|s| (s / spikes[0] - 1.0).abs() < 0.15), "{alike}");
}

/// The rows of a table, each by the names of its columns.
fn rows(path: &Path) -> Vec<std::collections::HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

#[test]
fn networks_of_populations_stand_beside_regimes_and_alone() {
    let dir = tempfile::tempdir().unwrap();
    let brunel = ["--populations", "brunel", "--scale", "0.04"];
    let beside = [&["--regimes", "balanced"], &brunel[..]].concat();
    let out = study(dir.path(), "beside", &beside);
    let column = |table: &str, name: &str| -> Vec<String> {
        rows(&out.join(format!("{table}.csv"))).into_iter().map(|row| row[name].clone()).collect()
    };
    let (regimes, data) = (column("overview", "regime"), column("overview", "data_set"));
    assert_eq!(regimes, ["balanced", "brunel"].repeat(4));
    assert_eq!(data.iter().filter(|name| *name == "synthetic-color").count(), 4);
    assert_eq!(column("curve-neurons", "regime"), ["balanced", "brunel"].repeat(2));
    assert_eq!(column("curve-neurons", "neurons"), ["100", "100", "200", "200"]);
    assert_eq!(column("curve-images", "regime"), ["balanced", "brunel"].repeat(2));
    // Choices and colours are of the reference, a pair.
    assert_eq!(column("choices", "regime"), ["balanced"; 2]);
    assert_eq!(column("synthetic-digits-populations", "network"), ["brunel"; 2]);
    assert_eq!(rows(&out.join("synthetic-digits-network-2.csv")).len(), 2);
    // In the time that is said the network of populations fires about as many spikes as the pair, and
    // not seven times as many; it fires in bursts.
    for alike in rows(&out.join("equal-spikes.csv")).chunks(4) {
        let of = |row: usize, name: &str| alike[row][name].parse::<f64>().unwrap();
        assert_eq!(alike[2]["regime"], "brunel");
        let share = of(2, "spikes_per_image") / of(0, "spikes_per_image");
        assert!((share - 1.0).abs() < 0.4, "{alike:?}");
        assert!(of(0, "shown_for_ms") == 100.0 && of(2, "shown_for_ms") != 100.0, "{alike:?}");
    }

    // Alone it is the reference: codes of colour are its own.
    let few = ["--repeats", "1", "--set", "decoders=['mlp-unet']", "--set", "controls=['ridge']"];
    let out = study(dir.path(), "alone", &[&brunel[..], &few].concat());
    let found = rows(&out.join("colors-synthetic-color.csv"));
    let mut spikes: Vec<f64> =
        found.iter().map(|row| row["spikes_per_image"].parse().unwrap()).collect();
    assert_eq!(spikes.len(), 3);
    spikes.sort_by(f64::total_cmp);
    assert!(spikes.windows(2).all(|pair| pair[0] < pair[1]), "{spikes:?}");
    assert_eq!(rows(&out.join("overview.csv")).len(), 2);
    assert!(!out.join("equal-spikes.csv").exists());

    // A point of the curve that a network of populations cannot have is left out, and that is said.
    let most = ["--set", "curves.neurons=[50,100]", "--set", "colors=[]", "--set", "choices=[]"];
    let more = [&["--regimes", "balanced"], &brunel[..], &few, &most].concat();
    let args = [&SMOKE[..], &["--out", "few"], &more].concat();
    let ran = run(&args, dir.path()).succeeded();
    let left_out = |line: &str| line.contains("curves.neurons: brunel") && line.contains("50");
    assert!(ran.stderr.lines().any(left_out), "{}", ran.stderr);
    let found = rows(&dir.path().join("few/curve-neurons.csv"));
    let points: Vec<_> = found.iter().map(|row| (&*row["neurons"], &*row["regime"])).collect();
    assert_eq!(points, [("50", "balanced"), ("100", "balanced"), ("100", "brunel")]);
}

#[test]
fn a_study_killed_and_resumed_on_other_threads_ends_in_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let whole = results(&study(dir.path(), "whole", &["--threads", "1"]));
    let mut args = SMOKE.to_vec();
    args.extend(["--out", "killed", "--quiet", "--threads", "2"]);
    let mut child = equipoise(&args, dir.path()).spawn().unwrap();
    let cells = dir.path().join("killed/cells");
    // Killed with some cells done; where the study is quicker, it is whole.
    while child.try_wait().unwrap().is_none()
        && std::fs::read_dir(&cells).map_or(0, Iterator::count) < 5
    {
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    child.wait().unwrap();
    run(&["study", "reconstruction", "--resume", "killed", "--quiet"], dir.path()).succeeded();
    assert!(results(&dir.path().join("killed")) == whole, "a killed study ends in other bits");
}

#[test]
fn studies_that_make_no_sense_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |more: &[&str], parts: &[&str]| {
        let mut args = SMOKE.to_vec();
        args.extend(["--out", "refused"]);
        args.extend(more);
        run(&args, dir.path()).refused(parts);
    };
    refused(&["--datasets", "mnist,mnist"], &["datasets", "twice"]);
    refused(&["--set", "tailored.cifar-10.repeats=2"], &["tailored.cifar-10", "datasets"]);
    refused(&["--set", "tailored.synthetic-digits.repeat=2"], &["tailored", "repeat"]);
    refused(&["--set", "decoders=['mlp-unet','mlp-unet']"], &["decoders", "twice"]);
    refused(&["--set", "comparison.seed=5"], &["comparison"]);
    refused(&["--set", "curves.train=[0]"], &["curves.train"]);
    // What can be known before the first training is not found after the last.
    refused(&["--set", "curves.neurons=[10]"], &["curves.neurons, 10", "excitatory_in_degree"]);
    refused(&["--set", "curves.train=[100000000]"], &["1000000"]);
    refused(&["--set", "choices=[{name='half',ssim_share=2.0}]"], &["`half`", "ssim_share"]);
    assert!(!dir.path().join("refused").exists());
}
