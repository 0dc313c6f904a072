//! `equipoise runs`: run directories side by side.

use std::path::{Path, PathBuf};

use equipoise_report::{FoundRuns, find_runs, write_page};
use equipoise_studies::settings::suggesting;
use equipoise_studies::sweep::is_under_way;

use crate::console::{print, width};
use crate::failure::{Failure, Outcome};

/// List and compare run directories: what differs in their settings, and their main numbers.
///
/// A table for each command, with as many columns as the terminal has room for, what differs most
/// first; --json and --html have everything.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Run directories, or directories that hold some
    #[arg(value_name = "DIR", default_value = "runs")]
    directories: Vec<PathBuf>,
    /// Settings and numbers to show, such as network.g,seed,balanced.rate_hz
    /// [default: those that differ most]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    show: Vec<String>,
    /// Print JSON
    #[arg(long, conflicts_with = "show")]
    json: bool,
    /// Write a page too, with tables that sort and the first figure of each run; a page of runs that
    /// is there is replaced
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

const EXAMPLES: &str = "Examples:
  equipoise runs
  equipoise runs runs/mnist runs/photos
  equipoise runs runs --show seed,network.g
  equipoise runs runs --html runs.html

A run that cannot be read is named, and the others are listed.";

/// Lists the runs.
pub fn run(args: &Args) -> Outcome {
    let mut found = find_runs(&args.directories)?;
    found.made_by_others(is_under_way);
    check_names(&found, &args.show)?;
    if let Some(page) = &args.html {
        let folder = page.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        write_page(page, &found.page(folder).to_html())?;
    }
    if args.json {
        print(serde_json::to_string_pretty(&found.to_json()).map_err(Failure::run)?);
    } else if found.runs.is_empty() && found.unreadable.is_empty() {
        print("no runs");
    } else {
        print(found.to_text(width(), &args.show).trim_end());
    }
    Ok(())
}

/// Every name that is to be shown is one of a setting or a number of the runs.
fn check_names(found: &FoundRuns, show: &[String]) -> Outcome {
    let names = found.names();
    match show.iter().find(|name| !names.contains(name)) {
        Some(unknown) => {
            let reason = format!(
                "--show {unknown}: these runs do not differ in such a setting, and have no such number"
            );
            Err(Failure::request(suggesting(&reason, unknown, names.iter().map(String::as_str))))
        }
        None => Ok(()),
    }
}
