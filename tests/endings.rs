//! How a run ends before its time: stopped by the person, on a full disk, with damaged state; and
//! that it goes on from there to the bits of a run that nothing befell.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Ran, equipoise, files, finish, run, run_in, tree};

/// Waits until `ready`, while the child runs.
fn wait_until(child: &mut Child, what: &str, ready: impl Fn() -> bool) {
    let started = Instant::now();
    while !ready() {
        assert!(started.elapsed() < Duration::from_secs(120), "{what} never came");
        assert!(child.try_wait().unwrap().is_none(), "the run ended before {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

fn state(run: &Path) -> String {
    fs::read_to_string(run.join("run.json")).unwrap()
}

/// What a comparison computed, without what holds times.
fn results(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut kept = files(dir);
    kept.retain(|(path, _)| {
        let name = path.to_string_lossy();
        name == "images.csv" || name.starts_with("models/")
    });
    assert!(kept.len() >= 3, "a table and two models: {kept:?}");
    kept
}

/// Every computing command, asked for hours of work.
const LONG: &[&str] = &[
    "demo --preset smoke --set training.epochs=100000",
    "encode --dataset synthetic-digits --train 4000 --set network.duration=5000.0",
    "train --encoded encoded --epochs 100000",
    "classify --dataset synthetic-digits --train 512 --test 100 --epochs 100000",
    "study ratios --dataset synthetic-digits --train 512 --test 100 --epochs 100000",
    "study hebb --variant-runs 20000",
    "hebb run --neurons 60 --max-epochs 100000000 --epsilon 1e-9",
    "balance populations --scale 0.05 --duration 1000000",
];

#[test]
fn every_command_stops_when_asked_and_says_how_to_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let encode = "encode --dataset synthetic-digits --train 40 --test 10 --neurons 40 --quiet \
                  --set data.validation=10 --out encoded";
    run(&encode.split_whitespace().collect::<Vec<_>>(), dir).succeeded();
    for (index, words) in LONG.iter().enumerate() {
        let out = format!("out-{index}");
        let args: Vec<&str> =
            words.split(' ').chain(["--threads", "1", "--out", out.as_str()]).collect();
        let mut command = equipoise(&args, dir);
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        wait_until(&mut child, words, || dir.join(&out).join("run.json").exists());
        // Into the work.
        std::thread::sleep(Duration::from_millis(200));
        // A person, or a scheduler whose time is up.
        let (name, code) = [("-INT", 130), ("-TERM", 75), ("-USR1", 75)][index % 3];
        signal(&child, name);
        let asked = Instant::now();
        let ended = child.wait_with_output().unwrap();
        assert!(asked.elapsed() < Duration::from_secs(60), "{words} took {:?}", asked.elapsed());
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(code), "{words}: {said}");
        let last = said.lines().last().unwrap();
        assert!(last.starts_with("equipoise: interrupted"), "{words}: {said}");
        assert!(last.contains(&format!("--resume {out}")), "{words}: {said}");
        let record = state(&dir.join(&out));
        assert!(record.contains("\"state\": \"interrupted\""), "{words}: {record}");
        for (path, _) in tree(&dir.join(&out)) {
            let name = path.to_string_lossy().into_owned();
            assert!(!name.contains(".tmp") && !name.ends_with(".part"), "{words} left {name}");
        }
    }
}

#[test]
fn an_encoding_that_was_stopped_ends_in_the_same_files() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let words = "encode --dataset synthetic-digits --train 150 --test 40 --neurons 100 --quiet \
                 --bins 4 --set data.validation=30 --out";
    let args = |out| words.split_whitespace().chain([out]).collect::<Vec<&str>>();
    let spikes = |out: &str| {
        let mut kept = files(&dir.join(out));
        kept.retain(|(path, _)| path.starts_with("counts") || path.starts_with("spikes"));
        assert_eq!(kept.len(), 6, "three parts, twice: {kept:?}");
        kept
    };
    // One thread encodes 64 images at a time, three encode 192.
    run(&[&args("whole")[..], &["--threads", "1"]].concat(), dir).succeeded();
    run(&[&args("wide")[..], &["--threads", "3"]].concat(), dir).succeeded();
    assert!(spikes("whole") == spikes("wide"), "batches of other sizes encode other spikes");
    let mut child = equipoise(&args("cut"), dir).spawn().unwrap();
    wait_until(&mut child, "the first part", || dir.join("cut/counts/train.safetensors").exists());
    child.kill().unwrap();
    child.wait().unwrap();
    run(&["encode", "--resume", "cut"], dir).succeeded();
    assert!(spikes("cut") == spikes("whole"), "a killed encoding ends in other spikes");
}

#[test]
fn images_encoded_at_a_time_change_no_bit() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for (out, batch) in [("one", "batch=7"), ("other", "batch=1000")] {
        let args = ["demo", "--preset", "smoke", "--quiet", "--set", batch, "--out", out];
        run(&args, dir).succeeded();
    }
    assert!(results(&dir.join("one")) == results(&dir.join("other")), "batches change the bits");
}

/// Runs the command where no file may become larger than `blocks` of 512 bytes (1,024 in some
/// shells): what a full disk does, for anybody.
fn on_a_full_disk(args: &[&str], dir: &Path, blocks: usize) -> Ran {
    let mut command = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_equipoise")]).args(args);
    command.current_dir(dir).stdin(Stdio::null());
    finish(command)
}

#[test]
fn a_full_disk_is_said_in_one_line_and_survived() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let demo = ["demo", "--preset", "smoke", "--quiet", "--out"];
    run(&[&demo[..], &["whole"]].concat(), dir).succeeded();
    let before = tree(dir);
    // Not a byte fits: the run does not begin.
    let ran = on_a_full_disk(&[&demo[..], &["none"]].concat(), dir, 0).failed(1, &["none"]);
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    assert!(tree(dir) == before, "a run that could not begin left something: {:?}", tree(dir));
    // The settings fit, the results do not.
    for (blocks, out) in [(8, "little"), (60, "more")] {
        let ran = on_a_full_disk(&[&demo[..], &[out]].concat(), dir, blocks).failed(1, &[out]);
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        assert!(state(&dir.join(out)).contains("\"state\": \"failed\""), "{ran:?}");
        for (path, _) in tree(&dir.join(out)) {
            let name = path.to_string_lossy().into_owned();
            assert!(!name.contains(".tmp") && !name.ends_with(".part"), "{name} is left");
        }
        // With room again it goes on to the same end.
        run(&["demo", "--resume", out, "--quiet"], dir).succeeded();
        assert!(results(&dir.join(out)) == results(&dir.join("whole")), "{out}: other bits");
    }
    let encode = "encode --dataset synthetic-digits --train 60 --test 10 --neurons 100 --quiet \
                  --set data.validation=10 --out encoded";
    let encode: Vec<&str> = encode.split_whitespace().collect();
    on_a_full_disk(&encode, dir, 16).failed(1, &["encoded"]);
    let make = ["data", "make", "synthetic-digits", "--train", "90", "--out", "made"];
    on_a_full_disk(&make, dir, 8).failed(1, &["made"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_printed_is_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    for args in [&["completions", "bash"][..], &["data", "list"]] {
        let mut command = equipoise(args, dir.path());
        command.stdout(fs::File::create("/dev/full").unwrap()).stderr(Stdio::piped());
        let ended = command.spawn().unwrap().wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(said.starts_with("equipoise: standard output: "), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

/// The files of the checkpoints of a run, the newest last.
fn checkpoints(run: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(run.join("checkpoints"))
        .map(|entries| entries.map(|e| e.unwrap().path()).collect())
        .unwrap_or_default();
    found.retain(|path| path.extension().is_some_and(|e| e == "ckpt"));
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    for (path, bytes) in tree(from) {
        match bytes {
            None => fs::create_dir_all(to.join(path)).unwrap(),
            Some(bytes) => {
                fs::create_dir_all(to.join(&path).parent().unwrap()).unwrap();
                fs::write(to.join(path), bytes).unwrap();
            }
        }
    }
}

#[test]
fn damaged_state_is_said_and_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let more = ["--set", "training.epochs=12", "--set", "training.checkpoint_every=1"];
    let demo = |out| [&["demo", "--preset", "smoke", "--out", out][..], &more].concat();
    run(&demo("whole"), dir).succeeded();
    let whole = results(&dir.join("whole"));
    assert!(!dir.join("whole/checkpoints").exists(), "a finished run needs no checkpoints");
    let killed = dir.join("killed");
    let mut command = equipoise(&demo("killed"), dir);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    wait_until(&mut child, "two checkpoints", || checkpoints(&killed).len() >= 2);
    child.kill().unwrap();
    child.wait().unwrap();
    let saved = checkpoints(&killed);
    assert_eq!(saved.len(), 2, "the last two are kept: {saved:?}");
    let damages: [fn(&mut Vec<u8>); 5] = [
        |bytes| bytes.clear(),
        |bytes| bytes.truncate(20),
        |bytes| bytes.truncate(bytes.len() / 2),
        |bytes| {
            bytes.pop();
        },
        |bytes| {
            let at = bytes.len() - 9;
            bytes[at] ^= 4;
        },
    ];
    let damage = |path: &Path, how: fn(&mut Vec<u8>)| {
        let mut bytes = fs::read(path).unwrap();
        how(&mut bytes);
        fs::write(path, bytes).unwrap();
    };
    for (index, how) in damages.into_iter().enumerate() {
        let all = dir.join(format!("all-{index}"));
        copy(&killed, &all);
        checkpoints(&all).iter().for_each(|path| damage(path, how));
        let name = format!("all-{index}");
        let ran = run(&["demo", "--resume", &name], dir).succeeded();
        assert!(ran.stderr.contains("checkpoints") && ran.stderr.contains("damaged"), "{ran:?}");
        assert!(results(&all) == whole, "a training begun anew ends in other bits");
    }
    let newest = dir.join("newest");
    copy(&killed, &newest);
    damage(checkpoints(&newest).last().unwrap(), damages[4]);
    let ran = run(&["demo", "--resume", "newest"], dir).succeeded();
    assert!(ran.stderr.contains("is damaged"), "{ran:?}");
    assert!(results(&newest) == whole, "the checkpoint before ends in other bits");
    // A finished cell that was damaged afterwards is named and made again.
    let cell = dir.join("whole/cells/1-balanced-ridge.json");
    let bytes = fs::read(&cell).unwrap();
    fs::write(&cell, &bytes[..bytes.len() / 2]).unwrap();
    let ran = run(&["demo", "--resume", "whole"], dir).succeeded();
    assert!(ran.stderr.contains("1-balanced-ridge.json is damaged"), "{ran:?}");
    assert!(results(&dir.join("whole")) == whole);
    // A run of one command is not continued by another, nor is a broken record.
    let refused = run_in(&["encode", "--resume", "whole"], dir).refused(&["a run of `demo`"]);
    assert_eq!(refused.stderr.lines().count(), 1);
    fs::write(dir.join("whole/run.json"), "{").unwrap();
    run_in(&["demo", "--resume", "whole"], dir).refused(&["whole", "run.json"]);
}
