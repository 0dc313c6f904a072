//! The tutorials of the command do what they say: their command lines run, one after the other, on
//! fewer neurons, images and epochs.

#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

use std::fs;
use std::path::Path;

mod common;
use common::{equipoise, finish, run};
#[path = "common/command_lines.rs"]
mod command_lines;
use command_lines::command_lines;

/// Options whose values are made small where they stand on a line.
const SMALL: [(&str, &str); 3] = [("--train", "120"), ("--test", "20"), ("--epochs", "1")];

/// What is added to lines that begin like this, so that they take seconds; the first that fits.
const ADDED: [(&[&str], &[&str]); 7] = [
    (&["demo"], &["--preset", "smoke"]),
    (&["reconstruct", "--resume"], &[]),
    (&["reconstruct"], &["--set", "network.neurons=200", "--set", "network.duration=50"]),
    (&["encode"], &["--set", "network.neurons=200", "--set", "network.duration=50"]),
    (&["balance", "map"], &["--neurons", "200", "--duration", "50"]),
    (&["balance", "linearity"], &["--neurons", "400", "--duration", "100"]),
    (&["balance"], &["--neurons", "800"]),
];

/// Lines that need what a test has not: the network, a browser.
const LEFT_OUT: [&[&str]; 2] = [&["data", "fetch"], &["explore", "--open"]];

fn short(words: &[String]) -> Option<Vec<String>> {
    let begins =
        |with: &[&str]| with.iter().zip(words).filter(|(a, b)| *a == *b).count() == with.len();
    if LEFT_OUT.iter().any(|with| begins(with)) {
        return None;
    }
    let mut short: Vec<String> = words.to_vec();
    for (option, value) in SMALL {
        if let Some(place) = short.iter().position(|word| word == option) {
            value.clone_into(&mut short[place + 1]);
        }
    }
    if let Some((_, added)) = ADDED.iter().find(|(with, _)| begins(with)) {
        short.extend(added.iter().map(|&word| word.to_owned()));
    }
    Some(short)
}

#[test]
fn every_line_of_a_tutorial_runs() {
    let tutorials = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tutorials");
    let mut seen = 0;
    for page in fs::read_dir(tutorials).unwrap() {
        let page = page.unwrap().path();
        let dir = tempfile::tempdir().unwrap();
        // Drawn digits in the place of MNIST.
        let make = ["data", "make", "synthetic-digits", "--train", "300", "--test", "60"];
        run(&[&make[..], &["--out", "drawn"]].concat(), dir.path()).succeeded();
        for (line, words) in command_lines(&fs::read_to_string(&page).unwrap()) {
            let Some(words) = short(&words) else { continue };
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let mut command = equipoise(&words, dir.path());
            command.env("EQUIPOISE_DATA", dir.path().join("drawn"));
            let ran = finish(command);
            assert_eq!(ran.code, Some(0), "{}: `{line}`: {}", page.display(), ran.stderr);
            seen += 1;
        }
    }
    assert!(seen >= 14, "{seen} lines");
}
