//! `equipoise settings`: every key of a configuration, from the code.

use equipoise_studies::schema::{find, listings};

use crate::console::{print, width};
use crate::failure::{Failure, Outcome};

/// List the settings of a command with unit, default, range and meaning.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The command, such as: balance map [default: the commands that have settings]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Print a complete config.toml with comments
    #[arg(long, conflicts_with = "json", requires = "command")]
    toml: bool,
    /// Print the JSON schema
    #[arg(long, requires = "command")]
    json: bool,
}

const EXAMPLES: &str = "Examples:
  equipoise settings
  equipoise settings reconstruct
  equipoise settings balance map --toml
  equipoise settings study ratios --json

A key is set with --set KEY=VALUE, or in a TOML file that is given with --config FILE. The file may be
the config.toml of a run of another command: what does not concern this one is left out and named.";

/// Prints the list.
pub fn run(args: &Args) -> Outcome {
    let all = listings();
    if args.command.is_empty() {
        print("Commands with settings; `equipoise settings COMMAND` lists them:\n");
        for listing in &all {
            print(format!("  {:<26} {:>3} keys", listing.title(), listing.keys().len()));
        }
        return Ok(());
    }
    let found = find(&all, &args.command.join(" ")).map_err(Failure::request)?;
    for (index, listing) in found.iter().enumerate() {
        if index > 0 {
            print("");
        }
        if args.json {
            print(serde_json::to_string_pretty(&listing.schema()).map_err(Failure::run)?);
        } else if args.toml {
            print(listing.to_toml().trim_end());
        } else {
            print(listing.to_text(width()).trim_end());
        }
        // One file holds the settings of one study.
        if args.json || args.toml {
            break;
        }
    }
    Ok(())
}
