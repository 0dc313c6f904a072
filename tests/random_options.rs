//! Options and settings at random: whatever is typed, the command ends with one of its exit codes,
//! in one line, within memory, and never with an internal error.
//!
//! `EQUIPOISE_RANDOM_OPTIONS=3000` tries more than the few of every run.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

mod common;

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::run;

const COMMANDS: &[&str] = &[
    "demo",
    "reconstruct",
    "decode",
    "encode",
    "train",
    "evaluate",
    "balance",
    "balance map",
    "balance linearity",
    "balance track",
    "balance coding",
    "balance populations",
    "balance populations map",
    "balance populations linearity",
    "balance populations track",
    "classify",
    "study ratios",
    "study hebb",
    "study reconstruction",
    "study speed",
    "study trained",
    "study dose",
    "hebb run",
    "stimulate associate",
    "stimulate structure",
    "stimulate controllability",
    "data make",
    "data check",
    "data list",
    "sweep plan balance",
    "sweep plan study ratios",
];

/// Commands that take files or folders, and no `--out`.
const OF_FILES: &[&str] = &[
    "convert",
    "export nir",
    "import nir",
    "inspect",
    "runs",
    "settings",
    "sweep run",
    "sweep status",
    "sweep collect",
    "sweep submit",
];

const VALUES: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3",
    "0.5",
    "1.5",
    "-0.0",
    "1e-320",
    "1e308",
    "-1e308",
    "nan",
    "inf",
    "-inf",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "99999999999999999999999",
    "",
    " ",
    "abc",
    "true",
    "[]",
    "[1]",
    "[[]]",
    "{}",
    "{ a = 1 }",
    "\"",
    "\u{1b}[31mred",
    "é",
    "../..",
    "/dev/null",
    "/",
    "0,1",
    "1,1",
    ",",
    "0-1",
    "balanced",
    "mnist",
    "synthetic-digits",
    "synthetic-speech",
    "folder:.",
    "spikes:.",
    "folder:",
    "x:y",
];

/// Options that are not tried: those that end everything, and that write elsewhere or start others.
const LEFT_OUT: &[&str] = &["--help", "--version", "--out", "--resume", "--submit", "--html"];

/// A small generator of its own: the same cases at every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % below
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.roll(from.len())]
    }
}

/// The long options that a command's help names.
fn options(command: &str, dir: &Path) -> Vec<String> {
    let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
    let help = run(&words, dir).succeeded().stdout;
    help.lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with('-'))
        .filter_map(|line| line.split_whitespace().find(|word| word.starts_with("--")))
        .map(|word| word.trim_end_matches(',').to_owned())
        .filter(|word| !LEFT_OUT.contains(&word.as_str()))
        .collect()
}

/// The dotted keys that a command's configuration has.
fn keys(command: &str, dir: &Path) -> Vec<String> {
    let words: Vec<&str> = ["settings"].into_iter().chain(command.split(' ')).collect();
    let ran = run(&words, dir);
    let lines = ran.stdout.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(" = "));
    let named = |key: &str| key.starts_with(|c: char| c.is_ascii_lowercase());
    lines.map(|(key, _)| key.to_owned()).filter(|key| named(key) && !key.contains(' ')).collect()
}

#[test]
fn whatever_is_typed_ends_in_order() {
    let cases = std::env::var("EQUIPOISE_RANDOM_OPTIONS").ok().and_then(|n| n.parse().ok());
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let all: Vec<(&str, Vec<String>, Vec<String>)> = COMMANDS
        .iter()
        .chain(OF_FILES)
        .map(|&command| {
            let configured = command.trim_start_matches("sweep plan ");
            (command, options(command, dir), keys(configured, dir))
        })
        .collect();
    let known = all.iter().map(|(_, _, keys)| keys.len()).sum::<usize>();
    assert!(known > 1000, "{known} keys");
    let mut dice = Dice(20_250_607);
    for case in 0..cases.unwrap_or(60) {
        let (command, options, keys) = &all[dice.roll(all.len())];
        let mut args: Vec<String> = command.split(' ').map(str::to_owned).collect();
        for _ in 0..=dice.roll(3) {
            match dice.roll(2) {
                0 if !options.is_empty() => {
                    args.push(options[dice.roll(options.len())].clone());
                    args.push(dice.pick(VALUES).to_owned());
                }
                _ if keys.is_empty() => args.push(dice.pick(VALUES).to_owned()),
                _ => {
                    let key = &keys[dice.roll(keys.len())];
                    args.extend(["--set".to_owned(), format!("{key}={}", dice.pick(VALUES))]);
                }
            }
        }
        let out = format!("out-{case}");
        if !OF_FILES.contains(command) {
            args.extend(["--threads".to_owned(), "1".to_owned(), "--out".to_owned(), out.clone()]);
        }
        let (code, said) = run_for_a_while(&args, dir);
        assert!(matches!(code, Some(0 | 1 | 2 | 130)), "{args:?}: {code:?}: {said}");
        assert!(!said.contains("internal error"), "{args:?}: {said}");
        assert!(!said.contains('\u{1b}'), "an escape sequence reaches the terminal: {args:?}");
        let _ = fs::remove_dir_all(dir.join(out));
    }
}

/// Runs the command with at most 4 GB; what takes longer than a few seconds is interrupted.
fn run_for_a_while(args: &[String], dir: &Path) -> (Option<i32>, String) {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 4194304; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_equipoise")]);
    command.args(args).current_dir(dir).stdin(Stdio::null());
    command.env("EQUIPOISE_DATA", dir.join("none"));
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut said = Vec::new();
        stderr.read_to_end(&mut said).unwrap();
        String::from_utf8_lossy(&said).into_owned()
    });
    let started = Instant::now();
    let mut asked = None;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if asked.is_none() && started.elapsed() > Duration::from_secs(2) {
            asked = Some(Instant::now());
            let id = child.id().to_string();
            assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        }
        let since = asked.map_or(Duration::ZERO, |asked| asked.elapsed());
        assert!(since < Duration::from_secs(60), "does not stop when asked: {args:?}");
        std::thread::sleep(Duration::from_millis(20));
    };
    (status.code(), reader.join().unwrap())
}
