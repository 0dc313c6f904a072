//! Every command line of the README and of the documentation runs: the lines of a page one after the
//! other, in a folder of drawn data, on fewer neurons, images, epochs and trials.

#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

use std::fs;

mod common;
use common::{equipoise, finish};
#[path = "common/command_lines.rs"]
mod command_lines;
use command_lines::{command_lines, pages};
#[path = "common/own_data.rs"]
mod own_data;

/// Lines that need what a test has not: the network, a browser.
const LEFT_OUT: [&[&str]; 2] = [&["data", "fetch"], &["explore", "--open"]];

/// Options whose values are made small where they stand on a line.
const SMALL: [(&str, &str); 9] = [
    ("--train", "120"),
    ("--test", "20"),
    ("--epochs", "1"),
    ("--trials", "2"),
    ("--networks", "1"),
    ("--repeats", "1"),
    ("--scale", "0.02"),
    ("--limit", "2"),
    ("--grid seed=", "seed=0..2"),
];

/// A small network of the pair, and few images.
const NETWORK: &str = "network.neurons=200 network.duration=50 network.warm_up=10";
const IMAGES: &str = "--train 120 --test 20 data.validation=20";
const CLASSIFIER: &str = "--train 120 --test 20 --epochs 1";
/// A small network of [`NETWORK`]'s size for images that come on and go, and few of them.
const CODING: &str = "--repeats 1 network.neurons=200 network.input.r_max=400 \
    network.input.in_degree=32 data.train=120 data.validation=20 data.test=20 targets.images=8 \
    targets.silence_ms=400 state_images=1 read=100 blank_ms=50";
const SPEED: &str = r#"times_ms=[5,50] windows_ms=[20] intervals_ms=[20] second_ms=20
    trained.times_ms=[50] trained.training.epochs=1 controls_of=recurrent
    regimes=[{name="feed-forward",connection_probability=0.0},{name="recurrent",connection_probability=0.2}]"#;
const DOSE: &str = r#"times_ms=[5,50] shuffles=1 fisher.pairs=1 fisher.trials=50 fisher.neurons=10
    fisher.change=1.0 lines=[{along="g",p=0.2,values=[3.0,6.0]}]"#;
/// Two points of the grid of ratios and rates, none of that of noise.
const GRID: &str = "--ratios 0.5,0.8 --sigma-1 0.01 --trials 2 noise.ratios=[]";
const TRAINED: &str = "--repeats 1 data.train=130 data.test=20 network.epochs=1 ratios=[0.8] \
    noise=[0.0]";
const LEARNING: &str = "learning.time=200 learning.window=100";
/// Where the mean field is stable, at one point.
const STABILITY: &str = "stability.inhibition=[1.0] stability.drive=[1.0]";
/// One repetition of one decoder, without curves and choices.
const ONE: &str =
    r#"--repeats 1 decoders=["mlp-unet"] curves.train=[] curves.neurons=[] choices=[]"#;
const STIMULATION: &str = "--networks 1 --budget 4";

/// What is added to lines that begin like this, so that they take seconds: for each the first that
/// fits. Words with `=` are settings; an option that the line has takes the value that stands here.
const ADDED: &[(&str, &[&str])] = &[
    ("demo", &["--preset smoke"]),
    ("reconstruct --resume", &[]),
    ("reconstruct --dataset mnist --populations", &[IMAGES, "--epochs 1 --scale 0.2"]),
    ("reconstruct", &[IMAGES, "--epochs 1", NETWORK]),
    ("encode --dataset mnist --populations", &[IMAGES, "--scale 0.02"]),
    ("encode", &[IMAGES, NETWORK]),
    ("train", &["--epochs 1"]),
    ("balance map", &["--neurons 200 --duration 50"]),
    ("balance linearity", &["--neurons 400 --duration 100"]),
    ("balance track", &["--neurons 400"]),
    ("balance coding", &["--training-images 120 --test-images 20 durations=[10.0]", NETWORK]),
    ("balance populations map", &["--duration 100"]),
    ("balance populations linearity", &["--duration 100"]),
    ("balance populations track", &["--duration 400"]),
    ("balance populations --preset vogels", &["--duration 100", LEARNING, STABILITY]),
    ("balance populations", &["--duration 100", STABILITY]),
    ("balance", &["--neurons 800"]),
    ("classify", &[CLASSIFIER]),
    ("study ratios", &[CLASSIFIER, GRID]),
    ("study trained", &[TRAINED]),
    ("study hebb", &["criterion_runs=100 variant_runs=20"]),
    ("study reconstruction", &["--preset smoke --scale 0.2 --datasets synthetic-digits", ONE]),
    ("study speed", &[CODING, SPEED]),
    ("study dose", &[CODING, DOSE]),
    ("stimulate associate --digits 0,1,2,3,4,5,6,7,8,9", &[STIMULATION]),
    (
        "stimulate associate",
        &[STIMULATION, "durations=[0.03] noises=[0.05] parameter_errors=[0.1]"],
    ),
    ("stimulate structure", &[STIMULATION, "durations=[0.1]"]),
    ("stimulate controllability", &["--sizes 30 --networks 1 stimulations=4 --no-timing"]),
    ("sweep plan study ratios", &[CLASSIFIER, GRID]),
    ("sweep plan balance map", &["--neurons 200 --duration 50"]),
    ("sweep plan balance", &["--neurons 200 --duration 50"]),
];

fn begins(words: &[String], with: &[&str]) -> bool {
    words.len() >= with.len() && words.iter().zip(with).all(|(a, b)| a == b)
}

/// Gives `option` this value, in the place of the one that it has.
fn set(words: &mut Vec<String>, option: &str, value: &str) {
    match words.iter().position(|word| word == option) {
        Some(place) => value.clone_into(&mut words[place + 1]),
        None => words.extend([option.to_owned(), value.to_owned()]),
    }
}

fn short(words: &[String]) -> Option<Vec<String>> {
    if LEFT_OUT.iter().any(|with| begins(words, with)) {
        return None;
    }
    // What follows `--` is for the engine.
    let mut short: Vec<String> = words.iter().take_while(|word| *word != "--").cloned().collect();
    for (option, value) in SMALL {
        let (option, start) = option.split_once(' ').unwrap_or((option, ""));
        for place in 0..short.len() {
            if short[place] == option && short[place + 1].starts_with(start) {
                value.clone_into(&mut short[place + 1]);
            }
        }
    }
    // There is no scheduler: what is handed in runs here.
    if short.iter().any(|word| word == "--submit") {
        set(&mut short, "--engine", "local");
    }
    let fits = |(with, _): &&(&str, _)| begins(words, &with.split(' ').collect::<Vec<_>>());
    let added = ADDED.iter().find(fits).map_or(&[][..], |(_, added)| added);
    let mut added = added.iter().flat_map(|words| words.split_whitespace()).peekable();
    while let Some(word) = added.next() {
        match added.peek() {
            _ if !word.starts_with("--") => short.extend(["--set".to_owned(), word.to_owned()]),
            Some(value) if !value.starts_with("--") && !value.contains('=') => {
                set(&mut short, word, value);
                added.next();
            }
            _ if short.iter().any(|other| other == word) => {}
            _ => short.push(word.to_owned()),
        }
    }
    Some(short)
}

#[test]
fn every_command_line_runs() {
    let (mut seen, mut failed) = (0, Vec::new());
    let own = tempfile::tempdir().unwrap();
    own_data::write(own.path());
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let lines = command_lines(&text);
        if lines.is_empty() {
            continue;
        }
        let dir = tempfile::tempdir().unwrap();
        own_data::copy(own.path(), dir.path());
        own_data::write_files_of(&text, dir.path());
        for (line, words) in lines {
            let Some(words) = short(&words) else { continue };
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            own_data::write_other_tools(&words, dir.path());
            let mut command = equipoise(&words, dir.path());
            command.env("EQUIPOISE_DATA", dir.path());
            let started = std::time::Instant::now();
            let ran = finish(command);
            println!(
                "{:6.1} s  {}: {}",
                started.elapsed().as_secs_f64(),
                page.display(),
                words.join(" ")
            );
            if ran.code != Some(0) {
                failed.push(format!(
                    "{}: `{}`, as `equipoise {}`: {}",
                    page.display(),
                    line.trim(),
                    words.join(" "),
                    ran.stderr
                ));
            }
            seen += 1;
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(seen > 100, "{seen} lines");
}
