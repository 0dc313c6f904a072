//! `equipoise explore`: a page on which a network runs. `explore/build.sh` builds the page.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

use equipoise_report::atomic_write;

use crate::console;
use crate::failure::{Failure, Outcome};

/// The page: the simulator and its diagnosis as WebAssembly, in one file that needs nothing else.
const PAGE: &str = include_str!("../../page/explore.html");

/// The page's title, which every version has.
const TITLE: &[u8] = b"<title>Equipoise: explore the balance of excitation and inhibition</title>";

/// Write a page on which a network runs, with a slider for what sets its balance.
///
/// One file, which loads nothing from elsewhere: the project's own simulator and diagnosis, in a
/// browser, with the same bits. "Copy as TOML" gives what `equipoise balance --config` runs.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file to write; a page of another version there is replaced
    #[arg(long, value_name = "FILE", default_value = "explore.html")]
    out: PathBuf,
    /// Open the page in the browser
    #[arg(long)]
    open: bool,
}

const EXAMPLES: &str = "Examples:
  equipoise explore
  equipoise explore --out explore.html --open";

/// Writes the page.
pub fn run(args: &Args) -> Outcome {
    check_free(&args.out)?;
    atomic_write(&args.out, PAGE.as_bytes()).map_err(|error| {
        if error.is_request() { Failure::request(error) } else { Failure::run(error) }
    })?;
    if args.open {
        open(&args.out)?;
    }
    console::print(format!("{}: a network to play with, for any browser", args.out.display()));
    Ok(())
}

/// Refuses to write over what is no page of ours.
fn check_free(out: &Path) -> Outcome {
    let name = out.display();
    match fs::read(out) {
        Ok(bytes) if is_page(&bytes) => Ok(()),
        Ok(_) => Err(Failure::request(format!(
            "{name} is there and is no such page; give another file to --out"
        ))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty());
            match parent {
                Some(parent) if !parent.is_dir() => Err(Failure::request(format!(
                    "{name}: there is no directory {}",
                    parent.display()
                ))),
                _ => Ok(()),
            }
        }
        Err(error) => Err(Failure::request(format!("cannot write {name}: {error}"))),
    }
}

/// Whether a file is such a page, of this version or of another.
fn is_page(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(4096)].windows(TITLE.len()).any(|window| window == TITLE)
}

/// Opens the page as the system opens such files.
fn open(page: &Path) -> Outcome {
    let (program, before): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("cmd", &["/C", "start", ""])
    } else {
        ("xdg-open", &[])
    };
    let path = page.canonicalize().unwrap_or_else(|_| page.to_owned());
    let quiet = Stdio::null;
    let mut command = Command::new(program);
    command.args(before).arg(path).stdin(quiet()).stdout(quiet()).stderr(quiet());
    let ended = command.status();
    if ended.as_ref().is_ok_and(std::process::ExitStatus::success) {
        return Ok(());
    }
    let reason = ended.map_or_else(|error: io::Error| error.to_string(), |s| s.to_string());
    let name = page.display();
    Err(Failure::run(format!("{name} is written, but {program} did not open it: {reason}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_known_and_loads_nothing() {
        assert!(is_page(PAGE.as_bytes()));
        assert!(!is_page(b"<!doctype html><title>Report</title>"));
        assert!(!is_page(b""));
        assert!(PAGE.contains("default-src 'none'"));
        // The policy, and what a policy would stop.
        for reference in ["src=\"", "src='", "@import", "url(", "<iframe", "<base", "fetch("] {
            assert!(!PAGE.contains(reference), "{reference}");
        }
        let links: Vec<&str> = PAGE.split("href=\"").skip(1).collect();
        assert!(links.iter().all(|link| link.starts_with("data:")), "{links:?}");
        assert!(PAGE.len() < 600_000, "{} bytes", PAGE.len());
    }
}
