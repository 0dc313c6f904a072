//! The documentation holds: every command line that it shows is one that the command takes, every
//! link leads somewhere, and its pages are all in the site.

#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

use std::collections::BTreeSet;
use std::fs;

mod common;
use common::run;
#[path = "common/command_lines.rs"]
mod command_lines;
use command_lines::{command_lines, pages, root};

#[test]
fn every_command_line_is_one_that_the_command_takes() {
    let dir = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for page in pages() {
        for (line, arguments) in command_lines(&fs::read_to_string(&page).unwrap()) {
            // Arguments before `--help` are parsed before help is given; those after `--` are not
            // the command's own.
            let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            // What follows `--` is for another program.
            let end = arguments.iter().position(|&word| word == "--").unwrap_or(arguments.len());
            arguments.insert(end, "--help");
            let ran = run(&arguments, dir.path());
            assert_eq!(ran.code, Some(0), "{}: `{line}`: {}", page.display(), ran.stderr);
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen} command lines found");
}

#[test]
fn every_link_leads_to_a_file() {
    let mut seen = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for (at, _) in text.match_indices("](") {
            let target = &text[at + 2..];
            let target = target[..target.find(')').unwrap_or(0)].split(['#', ' ']).next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = page.parent().unwrap().join(target);
            assert!(path.exists(), "{}: {target} is not there", page.display());
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} links found");
}

#[test]
fn every_page_is_in_the_site() {
    let site = fs::read_to_string(root().join("mkdocs.yml")).unwrap();
    let listed: BTreeSet<&str> = site
        .lines()
        .flat_map(|line| line.split([' ', '[', ']', ',']))
        .filter(|word| word.ends_with(".md"))
        .collect();
    let docs = root().join("docs");
    for page in pages() {
        let Ok(name) = page.strip_prefix(&docs) else { continue };
        let name = name.to_str().unwrap();
        assert!(listed.contains(name), "docs/{name} is not in mkdocs.yml");
    }
    for name in listed {
        assert!(docs.join(name).exists(), "mkdocs.yml lists docs/{name}");
    }
}
