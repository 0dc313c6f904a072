//! Draws every kind of figure with made-up data, and a report: `gallery OUTDIR`.

mod data;
mod figures;

use std::path::PathBuf;
use std::process::ExitCode;

use equipoise_report::atomic_write;

fn main() -> ExitCode {
    let Some(directory) = std::env::args_os().nth(1).map(PathBuf::from) else {
        #[expect(clippy::print_stderr, reason = "a command says how it is used")]
        {
            eprintln!("usage: gallery OUTDIR");
        }
        return ExitCode::from(2);
    };
    for (name, figure) in figures::all() {
        for (extension, bytes) in [("svg", figure.to_svg().into_bytes()), ("png", figure.to_png())]
        {
            if let Err(error) = atomic_write(&directory.join(format!("{name}.{extension}")), &bytes)
            {
                #[expect(clippy::print_stderr, reason = "a command says what failed")]
                {
                    eprintln!("{error}");
                }
                return ExitCode::from(error.exit_code());
            }
        }
    }
    ExitCode::SUCCESS
}
