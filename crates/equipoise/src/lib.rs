//! `equipoise`: what the balance of excitation and inhibition does for coding and learning.
//!
//! The command is a function, [`main_from`], so that other programs can carry it: the Python
//! package does.

mod commands;
mod console;
mod failure;
mod help;
mod interrupt;
mod job;
mod study;

use std::ffi::OsString;
use std::panic;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};
use equipoise_report::RunRecord;

use crate::console::Progress;
use crate::failure::{Failure, Outcome};

/// The version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that the program is built from; none if it was built outside a repository.
pub const COMMIT: Option<&str> = option_env!("VERGEN_GIT_SHA");

/// Spiking networks of excitatory and inhibitory neurons: encode, decode, classify, learn.
///
/// Every command that computes writes a run directory with its configuration, tables, figures and
/// a report, and ends in the same bits for the same seed.
#[derive(Debug, Parser)]
#[command(name = "equipoise", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  equipoise demo
  equipoise reconstruct --dataset mnist
  equipoise hebb run
  equipoise study ratios --help
  equipoise settings reconstruct

Exit codes: 0 done, 1 the run failed, 2 the request was wrong, 130 interrupted, 75 stopped by a
scheduler and to be continued.")]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: commands::Command,
}

/// Options of every command.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Global {
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
    /// Whether commands that compute are to be planned and not run.
    #[arg(skip)]
    planned: Option<commands::Planned>,
}

impl Global {
    /// The display of progress that was asked for.
    pub fn progress(&self) -> Progress {
        Progress::new(self.quiet)
    }

    /// With what was given again, further to the right on the command line.
    fn beside(&self, other: Self) -> Self {
        Self {
            quiet: self.quiet || other.quiet,
            threads: other.threads.or(self.threads),
            data_dir: other.data_dir.or_else(|| self.data_dir.clone()),
            planned: other.planned.or_else(|| self.planned.clone()),
        }
    }

    /// For commands that are to be planned.
    fn planning(self, planned: commands::Planned) -> Self {
        Self { planned: Some(planned), ..self }
    }

    /// How commands that compute are to be planned; none if they are to be run.
    pub fn planned(&self) -> Option<&commands::Planned> {
        self.planned.as_ref()
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

/// The command line: its commands and options with their help, and with the default of every option
/// that stands for a key of settings.
pub fn command() -> clap::Command {
    help::with_defaults(numbers_may_be_negative(Cli::command()))
}

/// Runs the command line `words`, the first of which is the program's name, and returns the exit
/// code of the process.
///
/// It takes over the signals and the message of panics of the process, so that it is called once,
/// by a program that does nothing else.
pub fn main_from<W: Into<OsString> + Clone>(words: impl IntoIterator<Item = W>) -> u8 {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line()));
        let text = info.payload_as_str().unwrap_or("no message");
        console::print_failure(format!(
            "internal error{}: {text} (please report it)",
            place.unwrap_or_default()
        ));
    }));
    let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
    let outcome = panic::catch_unwind(|| match parse(words) {
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
            Ok(()) => 0,
            Err(failure) => {
                console::print_failure(&failure);
                failure.exit_code()
            }
        },
        Err(_) => 1,
    }
}

/// Reads the command line.
fn parse<W: Into<OsString> + Clone>(
    words: impl IntoIterator<Item = W>,
) -> clap::error::Result<Cli> {
    let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
    let parsed = match numbers_may_be_negative(Cli::command()).try_get_matches_from(&words) {
        // The defaults are looked up only where they are shown.
        Err(asked) if asked.kind() == ErrorKind::DisplayHelp => {
            command().try_get_matches_from(&words)
        }
        parsed => parsed,
    };
    Cli::from_arg_matches_mut(&mut parsed?)
}

/// A command that is to be planned, with the options of planning among its own.
#[derive(Debug, Parser)]
#[command(name = "equipoise sweep plan", disable_version_flag = true)]
struct PlanCli {
    #[command(flatten)]
    global: Global,
    #[command(flatten)]
    options: commands::PlanOptions,
    #[command(subcommand)]
    command: commands::Command,
}

/// Reads the command line of a command that is to be planned; none if help was asked for and has
/// been printed.
fn parse_planned(words: impl IntoIterator<Item = OsString>) -> Outcome<Option<PlanCli>> {
    let parsed = numbers_may_be_negative(PlanCli::command())
        .try_get_matches_from(words)
        .and_then(|mut matches| PlanCli::from_arg_matches_mut(&mut matches));
    match parsed {
        Ok(cli) => Ok(Some(cli)),
        Err(asked) if !asked.use_stderr() => {
            let _ = asked.print();
            Ok(None)
        }
        Err(wrong) => Err(Failure::request(usage_error(&wrong))),
    }
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
