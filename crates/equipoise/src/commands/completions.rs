//! `equipoise completions`: scripts that complete options in a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::Cli;
use crate::console;
use crate::failure::Outcome;

/// Write a completion script for your shell to standard output.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise completions bash
  equipoise completions zsh")]
pub struct Args {
    /// The shell to write for
    shell: Shell,
}

/// Writes the script.
pub fn run(args: &Args) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "equipoise", &mut script);
    console::print(String::from_utf8_lossy(&script).trim_end());
    Ok(())
}
