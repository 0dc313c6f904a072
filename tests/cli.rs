//! The command line itself: help, versions, wrong options.

mod common;

use common::run;

#[test]
fn help_and_version_are_no_errors() {
    let dir = tempfile::tempdir().unwrap();
    for args in [&["--help"][..], &["--version"], &["help", "completions"]] {
        let ran = run(args, dir.path()).succeeded();
        assert!(ran.stderr.is_empty() && !ran.stdout.is_empty(), "{ran:?}");
    }
}

#[test]
fn wrong_options_are_refused_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    run(&[], dir.path()).refused(&["command"]);
    run(&["no-such-command"], dir.path()).refused(&["no-such-command"]);
    run(&["completions", "no-such-shell"], dir.path()).refused(&["no-such-shell"]);
    run(&["--threads", "0", "completions", "bash"], dir.path()).refused(&["--threads", "0"]);
    assert!(common::files(dir.path()).is_empty(), "a refused request writes nothing");
}

#[test]
fn completions_name_the_commands() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(&["completions", shell], dir.path()).succeeded();
        assert!(ran.stdout.contains("completions"), "{shell}");
    }
}

/// A configuration that is valid gets as far as the directory that is not free.
#[test]
fn published_protocols_are_valid_configurations() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("taken")).unwrap();
    std::fs::write(dir.path().join("taken/thesis.tex"), "x").unwrap();
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts");
    let mut protocols = 0;
    for entry in std::fs::read_dir(scripts).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let command: &[&str] = match name.strip_suffix(".toml") {
            None => continue,
            Some(name) if name.starts_with("ratios-") => &["study", "ratios"],
            Some(name) if name.starts_with("hebb-") => &["study", "hebb"],
            Some(name) if name.starts_with("reconstruction-") => &["study", "reconstruction"],
            Some(_) => &["reconstruct"],
        };
        protocols += 1;
        let path = path.to_string_lossy();
        let args = [command, &["--config", &path, "--out", "taken"]].concat();
        run(&args, dir.path()).refused(&["taken", "not empty"]);
    }
    assert!(protocols >= 3, "{protocols}");
}
