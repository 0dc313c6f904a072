//! Runs the `equipoise` command as a person would, and looks at what came of it.

#![allow(dead_code, reason = "each test file is a crate of its own and uses a part of this")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// The command with these arguments, not yet started, with no data set in reach.
pub fn equipoise(args: &[&str], dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_equipoise"));
    command.args(args).current_dir(dir).stdin(Stdio::null());
    command.env("EQUIPOISE_DATA", dir.join("no-data-here"));
    command
}

/// Runs the command in `dir` to its end.
pub fn run(args: &[&str], dir: &Path) -> Ran {
    finish(equipoise(args, dir))
}

/// Runs the command in `dir`, with the data sets in it too.
pub fn run_in(args: &[&str], dir: &Path) -> Ran {
    let mut command = equipoise(args, dir);
    command.env("EQUIPOISE_DATA", dir);
    finish(command)
}

/// The command, run in `dir` with the data sets in it too, says in one line with all of `parts` in
/// it that the request is wrong, and writes nothing. `case` says what was wrong.
#[track_caller]
pub fn refuses(args: &[&str], dir: &Path, parts: &[&str], case: &str) {
    let before = tree(dir);
    let ran = run_in(args, dir);
    let told = format!("{case}: {args:?}: {ran:?}");
    assert_eq!(ran.code, Some(2), "{told}");
    assert!(ran.stdout.is_empty(), "{told}");
    assert!(ran.stderr.starts_with("equipoise: ") && ran.stderr.lines().count() == 1, "{told}");
    assert!(!ran.stderr.contains("internal error"), "{told}");
    for part in parts {
        assert!(ran.stderr.contains(part), "`{part}` is not in: {told}");
    }
    assert!(tree(dir) == before, "something was written: {told}");
}

/// Runs a prepared command to its end.
pub fn finish(mut command: Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().expect("the command starts");
    Ran {
        code: status.code(),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

impl Ran {
    /// The command did what was asked.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// The command said in one line, with all of `parts` in it, that the request was wrong.
    #[track_caller]
    pub fn refused(self, parts: &[&str]) -> Self {
        self.failed(2, parts)
    }

    /// The command said in one line, with all of `parts` in it, why it failed with `code`.
    #[track_caller]
    pub fn failed(self, code: i32, parts: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(!self.stderr.contains("internal error"), "{self:?}");
        let lines: Vec<&str> = self
            .stderr
            .lines()
            .filter(|l| l.starts_with("equipoise: ") || l.starts_with("error: "))
            .collect();
        assert_eq!(lines.len(), 1, "one line says what is wrong: {self:?}");
        for part in parts {
            assert!(lines[0].contains(part), "`{part}` is not in: {}", lines[0]);
        }
        self
    }
}

/// Every file below a directory with its contents, paths relative and sorted.
pub fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let is_file = |(path, bytes): (PathBuf, Option<Vec<u8>>)| bytes.map(|bytes| (path, bytes));
    tree(dir).into_iter().filter_map(is_file).collect()
}

/// Everything below a directory, paths relative and sorted: files with their contents, and folders.
pub fn tree(dir: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).expect("a readable directory") {
            let path = entry.expect("a readable entry").path();
            let folder = path.is_dir();
            let bytes = (!folder).then(|| std::fs::read(&path).expect("a readable file"));
            found.push((path.strip_prefix(dir).expect("below").to_path_buf(), bytes));
            if folder {
                open.push(path);
            }
        }
    }
    found.sort();
    found
}
