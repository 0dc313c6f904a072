//! The help of the command: every command has examples that can be typed, and every option says its
//! default.

#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

use std::path::Path;

use equipoise::command;

/// The commands that can be run, each with its name.
fn leaves(command: &clap::Command, above: &str, found: &mut Vec<(String, clap::Command)>) {
    let name = format!("{above} {}", command.get_name()).trim_start().to_owned();
    let asks_for_more = command.is_subcommand_required_set() || command.get_name() == "equipoise";
    if !asks_for_more {
        found.push((name.clone(), command.clone()));
    }
    command.get_subcommands().for_each(|below| leaves(below, &name, found));
}

fn all_leaves(command: &clap::Command) -> Vec<(String, clap::Command)> {
    let mut found = Vec::new();
    leaves(command, "", &mut found);
    found
}

/// The lines of the help of a command that can be typed.
fn examples(command: &clap::Command) -> Vec<String> {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines = help.lines().map(str::trim).filter(|line| line.starts_with("equipoise "));
    lines.map(str::to_owned).collect()
}

/// The words of a line as bash and zsh have them: what stands between single quotes is one
/// word, or a part of one. Outside of them, no character that either of them gives a meaning.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (index, part) in line.split('\'').enumerate() {
        match index % 2 {
            0 => {
                let special = part.find(|c: char| "[]{}()*?!$&;|<>#~^\\\"`".contains(c));
                assert_eq!(special, None, "{line}: needs quotes");
                assert!(!part.contains("  "), "{line}: something stands behind it");
                let mut pieces = part.split(' ');
                let first = pieces.next().unwrap_or_default();
                words.last_mut().unwrap().push_str(first);
                words.extend(pieces.map(str::to_string));
            }
            _ => words.last_mut().unwrap().push_str(part),
        }
    }
    words
}

#[test]
fn every_command_has_examples_that_can_be_typed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let command = command();
    let leaves = all_leaves(&command);
    assert!(leaves.len() >= 23, "{}", leaves.len());
    for (name, leaf) in &leaves {
        let examples = examples(leaf);
        assert!(!examples.is_empty(), "{name} has no examples");
        for example in examples {
            let words = words(&example);
            if let Err(wrong) = command.clone().try_get_matches_from(&words) {
                assert!(!wrong.use_stderr(), "{example}: {wrong}");
            }
            for file in words.iter().filter(|word| word.starts_with("scripts/")) {
                assert!(root.join(file).is_file(), "{example}: there is no {file}");
            }
        }
    }
}

#[test]
fn every_option_shows_its_default() {
    // What has to be given, or is nothing if it is not.
    const WITHOUT: [&str; 17] = [
        "config", "sets", "resume", "run", "encoded", "model", "out", "size", "shell", "command",
        "counts", "grid", "task", "tasks", "shard", "engine", "html",
    ];
    let mut silent = Vec::new();
    for (name, leaf) in all_leaves(&command()) {
        for arg in leaf.get_arguments() {
            let id = arg.get_id().as_str();
            let takes = arg.get_action().takes_values() && !arg.is_positional();
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let said = help.contains("[default: ") || !arg.get_default_values().is_empty();
            if takes && !said && !WITHOUT.contains(&id) {
                silent.push(format!("{name} --{id}: {help}"));
            }
            assert!(!help.is_empty(), "{name} --{id}");
        }
    }
    assert_eq!(silent, [] as [String; 0]);
}

#[test]
fn the_command_line_is_well_formed() {
    command().debug_assert();
}
