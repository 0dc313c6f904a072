//! `equipoise explore`: a page on which a network runs. `explore/build.sh` builds the page.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use equipoise_report::write_page;

use crate::console;
use crate::failure::{Failure, Outcome};

/// The page: the simulator and its diagnosis as WebAssembly, in one file that needs nothing else.
const PAGE: &str = include_str!("../../page/explore.html");

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
    write_page(&args.out, PAGE)?;
    if args.open {
        open(&args.out)?;
    }
    console::print(format!("{}: a network to play with, for any browser", args.out.display()));
    Ok(())
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
    let reason = ended.map_or_else(|error: std::io::Error| error.to_string(), |s| s.to_string());
    let name = page.display();
    Err(Failure::run(format!("{name} is written, but {program} did not open it: {reason}")))
}
