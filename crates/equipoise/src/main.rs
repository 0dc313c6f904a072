//! `equipoise`: what the balance of excitation and inhibition does for coding and learning.

mod commands;
mod console;
mod failure;
mod interrupt;
mod job;
mod study;

use std::ffi::OsString;
use std::panic;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};
use equipoise_report::RunRecord;

use crate::console::Progress;
use crate::failure::{Failure, Outcome};

/// Spiking networks of excitatory and inhibitory neurons: encode, decode, classify, learn.
///
/// Every command that computes writes a run directory with its configuration, tables, figures and
/// a report, and ends in the same bits for the same seed.
#[derive(Debug, Parser)]
#[command(name = "equipoise", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  equipoise demo                              the main job on data that it makes itself
  equipoise reconstruct --dataset mnist       balanced against unbalanced on real images
  equipoise hebb run                          a one-to-one map learnt by Hebb's rule
  equipoise study ratios --help               E:I classifiers over ratios, rates and noise

Exit codes: 0 done, 1 the run failed, 2 the request was wrong, 130\ninterrupted, 75 stopped by a scheduler and to be continued.")]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: commands::Command,
}

/// Options of every command.
#[derive(Debug, Clone, clap::Args)]
pub struct Global {
    /// Print results only, no progress
    #[arg(long, short, global = true, help_heading = "General")]
    quiet: bool,
    /// Number of threads; the results do not depend on it [default: all cores]
    #[arg(long, global = true, help_heading = "General", value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Where the data sets live [default: EQUIPOISE_DATA, else ./datasets]
    #[arg(long, global = true, help_heading = "General", value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl Global {
    /// The display of progress that was asked for.
    pub fn progress(&self) -> Progress {
        Progress::new(self.quiet)
    }

    /// The directory of the data sets.
    pub fn data_root(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(equipoise_data::default_root)
    }

    /// The directory of the data sets of a run to continue: the one that it began with, unless
    /// another is given.
    pub fn data_root_of(&self, record: &RunRecord) -> PathBuf {
        match (&self.data_dir, &record.data_dir) {
            (None, Some(began_with)) => began_with.clone(),
            _ => self.data_root(),
        }
    }
}

fn main() -> ExitCode {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line()));
        let text = info.payload_as_str().unwrap_or("no message");
        console::print_failure(format!(
            "internal error{}: {text} (please report it)",
            place.unwrap_or_default()
        ));
    }));
    let outcome = panic::catch_unwind(|| match parse(std::env::args_os()) {
        Ok(cli) => start(cli),
        // Help and version are no errors; clap writes them where they belong.
        Err(asked) if !asked.use_stderr() => {
            let _ = asked.print();
            Ok(())
        }
        Err(wrong) if wrong.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = wrong.print();
            Err(Failure::request("no command was given"))
        }
        Err(wrong) => Err(Failure::request(usage_error(&wrong))),
    });
    match outcome {
        Ok(outcome) => match outcome.and_then(|()| console::check_output()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                console::print_failure(&failure);
                failure.exit_code()
            }
        },
        Err(_) => ExitCode::from(1),
    }
}

/// Reads the command line.
fn parse<W: Into<OsString> + Clone>(
    words: impl IntoIterator<Item = W>,
) -> clap::error::Result<Cli> {
    let mut matches = numbers_may_be_negative(Cli::command()).try_get_matches_from(words)?;
    Cli::from_arg_matches_mut(&mut matches)
}

/// `--seed -1` is a wrong value of `--seed`, and not an option called `-1`.
fn numbers_may_be_negative(command: clap::Command) -> clap::Command {
    command
        .mut_args(|arg| {
            let takes_value = arg.get_action().takes_values() && !arg.is_positional();
            if takes_value { arg.allow_negative_numbers(true) } else { arg }
        })
        .mut_subcommands(numbers_may_be_negative)
}

/// What was wrong with the command line, without the usage that clap puts under it.
fn usage_error(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines =
        lines.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    lines.collect::<Vec<_>>().join(" ")
}

fn start(cli: Cli) -> Outcome {
    interrupt::listen(|| {
        console::print_failure("stopping at the next safe point; once more to stop at once");
    })
    .map_err(|e| Failure::run(format!("cannot listen for signals: {e}")))?;
    if let Some(threads) = cli.global.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads.into())
            .build_global()
            .map_err(|e| Failure::run(format!("cannot start {threads} threads: {e}")))?;
    }
    commands::run(cli.command, &cli.global)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The examples in the help of a command and of those below it, without what explains them.
    fn examples(command: &clap::Command, found: &mut Vec<String>) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in help.lines().map(str::trim).filter(|line| line.starts_with("equipoise ")) {
            found.push(line.split("  ").next().unwrap_or(line).to_string());
        }
        command.get_subcommands().for_each(|below| examples(below, found));
    }

    #[test]
    fn the_examples_of_the_help_can_be_typed() {
        let mut found = Vec::new();
        examples(&Cli::command(), &mut found);
        assert!(found.len() > 10, "{found:?}");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for example in found {
            // As a shell does: what stands between single quotes is one word, or a part of one.
            let mut words = vec![String::new()];
            for (index, part) in example.split('\'').enumerate() {
                match index % 2 {
                    0 => {
                        let mut pieces = part.split(' ');
                        let first = pieces.next().unwrap_or_default();
                        words.last_mut().unwrap().push_str(first);
                        words.extend(pieces.map(str::to_string));
                    }
                    _ => words.last_mut().unwrap().push_str(part),
                }
            }
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match parse(&words) {
                Ok(_) => {}
                Err(asked) if !asked.use_stderr() => {}
                Err(wrong) => panic!("{example}: {wrong}"),
            }
            for file in words.iter().filter(|word| word.starts_with("scripts/")) {
                assert!(root.join(file).is_file(), "{example}: there is no {file}");
            }
        }
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
