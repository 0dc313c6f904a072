//! `equipoise sweep submit`: the script of an engine that does all tasks of a plan.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use equipoise_studies::sweep::{Engine, Script, Status};

use super::read;
use crate::Global;
use crate::console::print;
use crate::failure::{Failure, Outcome};

/// Options of `sweep submit`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise sweep submit runs/ratios --engine slurm
  equipoise sweep submit runs/ratios --engine slurm --limit 50 --submit -- --partition=long
  equipoise sweep submit runs/ratios --engine hyperqueue --submit
  equipoise sweep submit runs/ratios --engine local --limit 8 --submit

Only tasks that have something left to do are in the script. Options after -- go to the engine, and
win over those of the script.")]
pub struct Args {
    /// Directory of `equipoise sweep plan`
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The engine: slurm, hyperqueue or local
    #[arg(long, value_parser = engine())]
    engine: Engine,
    /// Submit the script instead of printing it
    #[arg(long)]
    submit: bool,
    /// The most tasks at a time [default: the engine's; here, the number of cores]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Cores of a task
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    cpus: u16,
    /// Options passed to the engine
    #[arg(last = true, value_name = "EXTRA OPTIONS")]
    extra: Vec<String>,
}

fn engine() -> impl TypedValueParser<Value = Engine> {
    PossibleValuesParser::new(Engine::ALL.map(Engine::name)).try_map(|name| {
        Engine::ALL.into_iter().find(|engine| engine.name() == name).ok_or("no such engine")
    })
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let (plan, _) = read(&args.dir, false)?;
    let status = Status::of(&args.dir, &plan)?;
    let dir = std::path::absolute(&args.dir).map_err(Failure::run)?;
    if status.tasks_left.is_empty() {
        return Err(Failure::request(format!(
            "{}: every task is done; collect it",
            args.dir.display()
        )));
    }
    let program = std::env::current_exe().map_err(Failure::run)?;
    let script = Script {
        program: &program,
        dir: &dir,
        plan: &plan,
        tasks: &status.tasks_left,
        limit: args.limit,
        cpus: args.cpus,
        extra: &args.extra,
    };
    let text = script.text(args.engine);
    if !args.submit {
        print(text.trim_end());
        return Ok(());
    }
    std::fs::create_dir_all(dir.join("logs")).map_err(Failure::run)?;
    let (command, words) = args.engine.submission();
    global.progress().say(format!("{} tasks to {command}", status.tasks_left.len()));
    let failed = |e: std::io::Error| Failure::run(format!("{command}: {e}"));
    let mut child =
        Command::new(command).args(words).stdin(Stdio::piped()).spawn().map_err(failed)?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(text.as_bytes()).map_err(failed)?;
    }
    match child.wait().map_err(failed)? {
        status if status.success() => Ok(()),
        status => Err(Failure::run(format!("{command} ended with {status}"))),
    }
}
