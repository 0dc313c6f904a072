//! Signals: the first asks the run to stop in an orderly way, the second ends it.
//!
//! Ctrl-C (SIGINT) interrupts a run, exit code 130. SIGTERM and SIGUSR1 are what schedulers of
//! clusters send before a job's time is up: the run stops likewise, and exit code 75 says that it is
//! to be continued.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicI32, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

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

/// Begins to listen; call once. `asked` is called at the first signal.
///
/// # Errors
/// If the operating system takes no handler.
pub fn listen(asked: impl Fn() + Send + 'static) -> std::io::Result<()> {
    // With a handler a file that grows too large (`ulimit -f`) is an error of the write, which is
    // told; without one the process would be killed where it stands.
    #[cfg(unix)]
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default())?;
    let listened: Vec<i32> = std::iter::once(SIGINT).chain(SCHEDULER.iter().copied()).collect();
    let mut signals = Signals::new(listened)?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            if ASKED.swap(signal, Ordering::SeqCst) != 0 {
                std::process::exit(code(signal).into());
            }
            asked();
        }
    })?;
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
