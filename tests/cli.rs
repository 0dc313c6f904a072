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
