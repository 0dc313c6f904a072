//! The main job on drawn digits: what it writes, and that its bits never change.

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::{equipoise, files, run};

/// What a run computed: everything but the files that hold times.
fn results(dir: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut kept = files(dir);
    kept.retain(|(path, _)| {
        let name = path.to_string_lossy();
        name == "images.csv" || name == "tests.csv" || name.starts_with("models/")
    });
    assert!(kept.len() >= 4, "two tables and two models: {kept:?}");
    kept
}

fn demo(dir: &Path, name: &str, more: &[&str]) -> std::path::PathBuf {
    let mut args = vec!["demo", "--preset", "smoke", "--out", name, "--quiet"];
    args.extend(more);
    run(&args, dir).succeeded();
    dir.join(name)
}

#[test]
fn the_demo_writes_a_whole_report() {
    let dir = tempfile::tempdir().unwrap();
    let out = demo(dir.path(), "demo", &[]);
    let report = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(report.contains("<svg"));
    assert!(!report.contains("http://") || report.contains("www.w3.org"), "self-contained");
    let record = std::fs::read_to_string(out.join("run.json")).unwrap();
    assert!(record.contains("\"state\": \"done\""), "{record}");
    for figure in ["gallery", "distributions", "rasters", "activity", "losses"] {
        for kind in ["svg", "png"] {
            let file = out.join(format!("figures/{figure}.{kind}"));
            assert!(file.metadata().unwrap().len() > 1000, "{}", file.display());
        }
    }
    for table in ["quality", "tests", "coding", "images"] {
        let text = std::fs::read_to_string(out.join(format!("{table}.csv"))).unwrap();
        assert!(text.lines().count() > 2, "{table}: {text}");
        assert!(!text.contains("NaN"), "{table}: {text}");
    }
    // A second run does not write over the first.
    let again = ["demo", "--preset", "smoke", "--out", "demo"];
    run(&again, dir.path()).refused(&["demo", "not empty"]);
}

#[test]
fn threads_and_reruns_change_no_bit() {
    let dir = tempfile::tempdir().unwrap();
    let one = results(&demo(dir.path(), "one", &["--threads", "1"]));
    let two = results(&demo(dir.path(), "two", &["--threads", "2"]));
    assert!(one == two, "1 and 2 threads differ");
    let again = results(&demo(dir.path(), "again", &["--threads", "2"]));
    assert!(two == again, "a rerun differs");
    let other = results(&demo(dir.path(), "other", &["--seed", "1"]));
    assert!(one != other, "another seed is another run");
}

#[test]
fn a_killed_run_resumes_to_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let more = ["--set", "training.checkpoint_every=1", "--set", "training.epochs=4"];
    let whole = results(&demo(dir.path(), "whole", &more));
    let mut args = vec!["demo", "--preset", "smoke", "--out", "killed"];
    args.extend(more);
    let mut child = equipoise(&args, dir.path()).spawn().unwrap();
    // Killed as soon as there is something to go on from; where the run is quicker, it is whole.
    let checkpoints = dir.path().join("killed/checkpoints");
    while child.try_wait().unwrap().is_none() && !checkpoints.exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    child.wait().unwrap();
    run(&["demo", "--resume", "killed"], dir.path()).succeeded();
    assert!(results(&dir.path().join("killed")) == whole, "a killed run ends in other bits");
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_in_an_orderly_way() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["demo", "--preset", "smoke", "--out", "stopped", "--set", "training.epochs=2000"];
    let child = equipoise(&args, dir.path())
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while !dir.path().join("stopped/checkpoints").exists() {
        assert!(started.elapsed() < Duration::from_secs(120), "training never started");
        std::thread::sleep(Duration::from_millis(20));
    }
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{said}");
    assert!(said.contains("--resume stopped"), "{said}");
    let record = std::fs::read_to_string(dir.path().join("stopped/run.json")).unwrap();
    assert!(record.contains("\"state\": \"interrupted\""), "{record}");
}
