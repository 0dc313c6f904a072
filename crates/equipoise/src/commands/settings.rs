//! `equipoise settings`: every key of a configuration, from the code.

use equipoise_studies::schema::{Listing, listings};
use equipoise_studies::settings::nearest;

use crate::console::print;
use crate::failure::{Failure, Outcome};

/// Columns of the list; a terminal has them at least.
const WIDTH: usize = 80;

/// List the settings of a command with unit, default, range and meaning.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The command, such as: balance map [default: all commands]
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
  equipoise settings balance map
  equipoise settings balance --toml > config.toml
  equipoise balance --config config.toml";

/// Prints the list.
pub fn run(args: &Args) -> Outcome {
    let all = listings();
    if args.command.is_empty() {
        let texts: Vec<String> = all.iter().map(|listing| listing.to_text(WIDTH)).collect();
        print(texts.join("\n").trim_end());
        return Ok(());
    }
    let listing = find(&all, &args.command.join(" "))?;
    if args.json {
        print(serde_json::to_string_pretty(&listing.schema()).map_err(Failure::run)?);
    } else if args.toml {
        print(listing.to_toml().trim_end());
    } else {
        print(listing.to_text(WIDTH).trim_end());
    }
    Ok(())
}

fn find<'a>(all: &'a [Listing], command: &str) -> Outcome<&'a Listing> {
    let wanted = |listing: &&Listing| listing.command == command || listing.study == command;
    all.iter().find(wanted).ok_or_else(|| {
        let commands: Vec<&str> = all.iter().map(|listing| listing.command).collect();
        let mean = match nearest(command, commands.iter().copied()) {
            Some(near) => format!("; did you mean `{near}`?"),
            None => String::new(),
        };
        let known = commands.join(", ");
        Failure::request(format!("no settings of `{command}`; there are those of {known}{mean}"))
    })
}
