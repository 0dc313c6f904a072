//! Writes the reference of the command as pages of Markdown, from the code: every command with its
//! options, and every key of its settings with unit, default, range and meaning.
//!
//! ```text
//! cargo run --release --example reference -- DIR
//! ```
//!
//! Without a directory it prints the names of the pages.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::{env, fs, io};

use clap::{Arg, Command};
use equipoise_report::plain_text;
use equipoise_studies::schema::{Key, Listing, listings};
use serde_json::Value;

fn main() -> io::Result<()> {
    let dir = env::args_os().nth(1);
    let mut out = io::stdout().lock();
    for (name, text) in pages() {
        match &dir {
            Some(dir) => fs::write(Path::new(dir).join(name), text)?,
            None => writeln!(out, "{name}")?,
        }
    }
    Ok(())
}

/// The pages: their file names and texts. The first lists the others.
pub fn pages() -> Vec<(String, String)> {
    let (mut command, listings) = (equipoise::command(), listings());
    // What an option of every command says is said once, and usages name the whole command.
    command.build();
    let commands: Vec<&Command> =
        command.get_subcommands().filter(|below| below.get_name() != "help").collect();
    let mut pages = vec![("index.md".to_owned(), index(&command, &commands))];
    for below in commands {
        let mut text = String::new();
        describe(below, below.get_name(), 1, &listings, &mut text);
        pages.push((format!("{}.md", below.get_name()), text));
    }
    pages
}

fn index(command: &Command, commands: &[&Command]) -> String {
    let mut text = "# Commands and settings\n\n| command | what it does |\n|---|---|\n".to_owned();
    for below in commands {
        let (name, about) = (below.get_name(), words(below.get_about()));
        let _ = writeln!(text, "| [`equipoise {name}`]({name}.md) | {about} |");
    }
    let global: Vec<&Arg> = command.get_arguments().filter(|arg| arg.is_global_set()).collect();
    text += "\n## Options of every command\n\n";
    options(&global, &mut text);
    text += &after_help(command);
    text += "\nA key of the settings is set with `--set KEY=VALUE`, or in a TOML file that is given with \
             `--config FILE`. The tables of the commands list every key; `equipoise settings COMMAND` \
             prints them, and `equipoise settings COMMAND --toml` gives a file to begin with.\n";
    text
}

/// A command, with its options and settings, and the commands below it.
fn describe(command: &Command, name: &str, level: usize, listings: &[Listing], text: &mut String) {
    let mark = "#".repeat(level);
    let _ = writeln!(text, "{mark} equipoise {name}\n");
    let about = command.get_long_about().or(command.get_about());
    let _ = writeln!(text, "{}\n", words(about));
    let below: Vec<&Command> =
        command.get_subcommands().filter(|below| below.get_name() != "help").collect();
    if !command.is_subcommand_required_set() {
        let usage = command.clone().render_usage().to_string();
        let usage: Vec<&str> = usage.trim_start_matches("Usage:").lines().map(str::trim).collect();
        let _ = writeln!(text, "```text\n{}\n```\n", usage.join("\n"));
        let own = |arg: &&Arg| {
            let plans = arg.get_help_heading() == Some("General") || arg.is_hide_set();
            !plans && !matches!(arg.get_id().as_str(), "help" | "version")
        };
        let own: Vec<&Arg> = command.get_arguments().filter(own).collect();
        options(&own, text);
    }
    *text += &after_help(command);
    for listing in listings.iter().filter(|listing| listing.command == name) {
        let _ = writeln!(text, "\n{mark}# Settings of {}\n", listing.title());
        keys(&listing.keys(), text);
    }
    for next in below {
        let name = format!("{name} {}", next.get_name());
        text.push('\n');
        describe(next, &name, level + 1, listings, text);
    }
}

fn options(arguments: &[&Arg], text: &mut String) {
    if arguments.is_empty() {
        return;
    }
    *text += "| option | meaning |\n|---|---|\n";
    for arg in arguments {
        let value = arg.get_value_names().filter(|_| arg.get_action().takes_values());
        let value = value.map(|names| names.join(" ")).unwrap_or_default();
        let short = arg.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
        let name = match arg.get_long() {
            Some(long) => format!("{short}--{long} {value}"),
            None => value,
        };
        let mut meaning = words(arg.get_long_help().or(arg.get_help()));
        let takes = arg.get_action().takes_values();
        let defaults: Vec<_> =
            arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        let possible = arg.get_possible_values();
        let possible: Vec<&str> = possible.iter().map(|value| value.get_name()).collect();
        let notes = [("default", defaults.join(",")), ("one of", possible.join(", "))];
        let notes = notes.iter().filter(|(_, note)| takes && !note.is_empty());
        let notes: Vec<String> = notes.map(|(name, note)| format!("{name}: {note}")).collect();
        if !notes.is_empty() {
            let _ = write!(meaning, " [{}]", notes.join("; "));
        }
        let _ = writeln!(text, "| `{}` | {meaning} |", name.trim());
    }
    text.push('\n');
}

/// The text below a command's help, its examples as lines to be typed.
fn after_help(command: &Command) -> String {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let mut text = String::new();
    for paragraph in help.split("\n\n") {
        match paragraph.trim().strip_prefix("Examples:\n") {
            Some(lines) => {
                let lines: Vec<&str> = lines.lines().map(str::trim).collect();
                let _ = writeln!(text, "```sh\n{}\n```\n", lines.join("\n"));
            }
            None => {
                let _ = writeln!(text, "{}\n", cell(paragraph));
            }
        }
    }
    text
}

fn keys(keys: &[Key], text: &mut String) {
    *text += "| key | value | unit | default | range | meaning |\n|---|---|---|---|---|---|\n";
    for key in keys {
        let symbol = match key.symbol.as_str() {
            "" => String::new(),
            symbol => format!(" {}", cell(&plain_text(symbol))),
        };
        let default = match &key.value {
            None => String::new(),
            Some(Value::String(word)) => format!("`{}`", cell(word)),
            Some(value) => format!("`{}`", cell(&value.to_string())),
        };
        let Key { name, kind, unit, range, meaning, .. } = key;
        let (kind, meaning) = (cell(kind), cell(meaning));
        let _ = writeln!(
            text,
            "| `{name}`{symbol} | {kind} | {unit} | {default} | {range} | {meaning} |"
        );
    }
}

fn words(text: Option<&clap::builder::StyledStr>) -> String {
    cell(&text.map(ToString::to_string).unwrap_or_default())
}

/// Text as it stands in a cell of a table, or in a paragraph.
fn cell(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*")
}
