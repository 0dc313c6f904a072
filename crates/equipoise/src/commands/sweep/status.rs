//! `equipoise sweep status`: how far a plan is done.

use std::path::PathBuf;

use equipoise_studies::sweep::{Plan, Status};

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

/// Runs the command.
pub fn run(args: &Args) -> Outcome {
    let (plan, _) = Plan::read(&args.dir, None)?;
    let status = Status::of(&args.dir, &plan)?;
    if args.json {
        print(serde_json::to_string_pretty(&status).map_err(Failure::run)?);
        return Ok(());
    }
    print(status.to_text().trim_end());
    Ok(())
}
