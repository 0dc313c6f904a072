//! The command `equipoise`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(equipoise::main_from(std::env::args_os()))
}
