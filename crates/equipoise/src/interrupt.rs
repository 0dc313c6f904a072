//! Signals: the first asks the run to stop in an orderly way, the second ends it.
//!
//! Ctrl-C (SIGINT) interrupts a run, exit code 130. SIGTERM and SIGUSR1 are what schedulers of
//! clusters send before a job's time is up: the run stops likewise, and exit code 75 says that it is
//! to be continued.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicI32, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::console;
use crate::failure::{Failure, Outcome};

/// The first signal that asked the run to stop; 0 for none.
static ASKED: AtomicI32 = AtomicI32::new(0);

#[cfg(unix)]
const SCHEDULER: &[i32] = &[SIGTERM, signal_hook::consts::SIGUSR1];
#[cfg(not(unix))]
const SCHEDULER: &[i32] = &[SIGTERM];

/// Exit code of a run that a scheduler stopped and that is to be continued (EX_TEMPFAIL).
pub const TO_BE_CONTINUED: u8 = 75;
/// Exit code of a run that a person interrupted, as shells expect: 128 and the number of SIGINT.
pub const INTERRUPTED: u8 = 130;

/// Begins to listen; call once.
pub fn listen() -> Outcome {
    let failed = |e: std::io::Error| Failure::run(format!("cannot listen for signals: {e}"));
    // With a handler a file that grows too large (`ulimit -f`) is an error of the write, which is
    // told; without one the process would be killed where it stands.
    #[cfg(unix)]
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default())
        .map_err(failed)?;
    let listened: Vec<i32> = std::iter::once(SIGINT).chain(SCHEDULER.iter().copied()).collect();
    let mut signals = Signals::new(listened).map_err(failed)?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            for signal in signals.forever() {
                if ASKED.swap(signal, Ordering::SeqCst) != 0 {
                    std::process::exit(code(signal).into());
                }
                console::print_failure(
                    "stopping at the next safe point; once more to stop at once",
                );
            }
        })
        .map_err(failed)?;
    Ok(())
}

/// The exit code for a run that was asked to stop by this signal.
fn code(signal: i32) -> u8 {
    if SCHEDULER.contains(&signal) { TO_BE_CONTINUED } else { INTERRUPTED }
}

/// The exit code of the run that was asked to stop.
pub fn exit_code() -> u8 {
    code(ASKED.load(Ordering::SeqCst))
}

/// Whether to go on, in the form that libraries take.
pub fn poll() -> ControlFlow<()> {
    match ASKED.load(Ordering::SeqCst) {
        0 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    }
}

/// Fails with [`Failure::Interrupted`] once the run was asked to stop.
pub fn check() -> Outcome {
    match poll() {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Failure::Interrupted("stopped".into())),
    }
}
