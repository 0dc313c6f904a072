//! The pages of the documentation, and the command lines in them.

#![allow(dead_code, reason = "each test file is a crate of its own and uses a part of this")]

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("it is there")
}

/// README.md, and every Markdown file under docs.
pub fn pages() -> Vec<PathBuf> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).expect("a readable directory") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "md") {
                found.push(path);
            }
        }
    }
    let mut found = vec![root().join("README.md"), root().join("datasets/README.md")];
    walk(&root().join("docs"), &mut found);
    found.sort();
    found
}

/// The words of a line, as a POSIX shell splits them: quotes group, `#` begins a comment, and what
/// follows `>`, `|`, `;` or `&` is another matter.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut within) = (Vec::new(), None::<String>, None::<char>);
    for c in line.chars() {
        match (within, c) {
            (Some(quote), c) if c == quote => within = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                within = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, '>' | '|' | ';' | '&') => break,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The arguments of each `equipoise` in the page's shell blocks, with the line they stand in.
pub fn command_lines(page: &str) -> Vec<(String, Vec<String>)> {
    let (mut found, mut shell, mut line) = (Vec::new(), false, String::new());
    for next in page.lines() {
        if let Some(fence) = next.trim_start().strip_prefix("```") {
            shell = !shell && matches!(fence.trim(), "sh" | "bash");
            continue;
        }
        if !shell {
            continue;
        }
        line.push_str(next.trim_end().trim_end_matches('\\'));
        if next.trim_end().ends_with('\\') {
            continue;
        }
        let words = words(&line);
        let of_cargo = words.starts_with(&["cargo", "run", "--release", "--"].map(str::to_owned));
        let skipped = match words.first().map(String::as_str) {
            Some("equipoise") => Some(1),
            Some("cargo") if of_cargo => Some(4),
            _ => None,
        };
        if let Some(skipped) = skipped {
            found.push((line.clone(), words[skipped..].to_vec()));
        }
        line.clear();
    }
    found
}
