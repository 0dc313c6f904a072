//! The defaults in the help of the commands: those of the settings, so that no text repeats them.

use clap::Command;
use equipoise_studies::schema::{Listing, default_of_option, listings};

/// The command line with the default of every option that stands for a key of settings.
pub fn with_defaults(command: Command) -> Command {
    let listings = listings();
    command.mut_subcommands(|below| describe(below, "", &listings))
}

fn describe(command: Command, above: &str, listings: &[Listing]) -> Command {
    let name = format!("{above} {}", command.get_name()).trim_start().to_owned();
    let command = command.mut_subcommands(|below| describe(below, &name, listings));
    let Some(listing) = listings.iter().find(|listing| listing.command == name) else {
        return command;
    };
    let keys = listing.keys();
    command.mut_args(|arg| {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let is_said = help.contains("[default") || !arg.get_default_values().is_empty();
        if is_said || !arg.get_action().takes_values() {
            return arg;
        }
        match default_of_option(arg.get_id().as_str(), &keys) {
            Some(default) => arg.help(format!("{help} [default: {default}]")),
            None => arg,
        }
    })
}
