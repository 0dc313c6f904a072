//! The reference that the site has of commands and settings holds all of them.

#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

use std::collections::BTreeMap;

use equipoise_studies::schema::listings;

#[allow(dead_code, reason = "its `main` is that of a program")]
#[path = "../examples/reference.rs"]
mod reference;

fn pages() -> BTreeMap<String, String> {
    reference::pages().into_iter().collect()
}

#[test]
fn every_command_and_every_option_is_in_it() {
    let pages = pages();
    let mut command = equipoise::command();
    command.build();
    let mut seen = 0;
    for top in command.get_subcommands().filter(|below| below.get_name() != "help") {
        let page = &pages[&format!("{}.md", top.get_name())];
        assert!(pages["index.md"].contains(&format!("({}.md)", top.get_name())));
        let below = top.get_subcommands().filter(|below| below.get_name() != "help");
        for command in std::iter::once(top).chain(below) {
            let required = command.is_subcommand_required_set();
            for arg in command.get_arguments().filter(|arg| !arg.is_hide_set() && !required) {
                let Some(long) = arg.get_long() else { continue };
                let global = arg.get_help_heading() == Some("General") || long == "help";
                let place = if global { &pages["index.md"] } else { page };
                assert!(place.contains(&format!("--{long}")), "{} --{long}", command.get_name());
                seen += 1;
            }
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn every_key_is_in_it_with_its_meaning() {
    let pages = pages();
    let mut seen = 0;
    for listing in listings() {
        let top = listing.command.split(' ').next().unwrap();
        let page = &pages[&format!("{top}.md")];
        for key in listing.keys() {
            let begin = format!("| `{}`", key.name);
            assert!(page.lines().any(|line| line.starts_with(&begin)), "{}", key.name);
            assert!(!key.meaning.is_empty(), "{} {}", listing.command, key.name);
            seen += 1;
        }
    }
    assert!(seen > 300, "{seen}");
}

#[test]
fn no_cell_breaks_its_table() {
    for (name, page) in pages() {
        let mut columns = None;
        for line in page.lines() {
            if !line.starts_with('|') {
                columns = None;
                continue;
            }
            let count = line.replace("\\|", "").matches('|').count();
            assert_eq!(*columns.get_or_insert(count), count, "{name}: {line}");
        }
    }
}
