//! Draws every kind of figure with made-up data, and a report: `gallery OUTDIR`.

mod data;
mod figures;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use equipoise_report::{RunDir, RunDirError, RunInfo};

fn main() -> ExitCode {
    let result = match std::env::args_os().nth(1).map(PathBuf::from) {
        Some(directory) => draw(&directory).map_err(|error| (error.to_string(), error.exit_code())),
        None => Err(("usage: gallery OUTDIR".to_string(), 2)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err((message, code)) => {
            #[expect(clippy::print_stderr, reason = "a command says what failed")]
            {
                eprintln!("{message}");
            }
            ExitCode::from(code)
        }
    }
}

/// Makes a run directory with a report of every kind of figure.
fn draw(directory: &Path) -> Result<(), RunDirError> {
    let info = RunInfo::new("gallery", env!("CARGO_PKG_VERSION"), 0);
    let run = RunDir::create(Some(directory), &info, &report::config())?;
    run.save_report(&report::report())?;
    run.finish().map(|_| ())
}
