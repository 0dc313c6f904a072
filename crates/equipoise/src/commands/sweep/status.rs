//! `equipoise sweep status`: how far a plan is done.

use std::path::PathBuf;

use equipoise_studies::sweep::{Plan, Status, ranges};

use super::duration;
use crate::console::print;
use crate::failure::{Failure, Outcome};

/// Options of `sweep status`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  equipoise sweep status runs/ratios\n  equipoise sweep status runs/ratios --json"
)]
pub struct Args {
    /// Directory of `equipoise sweep plan`
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The most lines of one kind.
const LINES: usize = 10;

/// Runs the command.
pub fn run(args: &Args) -> Outcome {
    let (plan, _) = Plan::read(&args.dir, None)?;
    let status = Status::of(&args.dir, &plan)?;
    if args.json {
        print(serde_json::to_string_pretty(&status).map_err(Failure::run)?);
        return Ok(());
    }
    let Status { units, done, under_way, failed, seconds_left, .. } = &status;
    let left = units - done;
    print(format!("{done} of {units} units are done, {under_way} under way"));
    if left > 0 {
        print(format!("left: {left} units, {} of one core as expected", duration(*seconds_left)));
        print(format!("tasks: {}", ranges(&status.tasks_left)));
    }
    for failure in failed.iter().take(LINES) {
        print(format!("failed: {} (task {}): {}", failure.key, failure.task, failure.reason));
    }
    if failed.len() > LINES {
        print(format!("failed: {} more", failed.len() - LINES));
    }
    Ok(())
}
