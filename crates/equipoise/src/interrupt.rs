//! Ctrl-C and SIGTERM: the first asks the run to stop in an orderly way, the second ends it.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::console;
use crate::failure::{Failure, Outcome};

static STOP: AtomicBool = AtomicBool::new(false);

/// Installs the handler; call once.
pub fn listen() -> Outcome {
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
        console::print_failure("stopping at the next safe point; once more to stop at once");
    })
    .map_err(|e| Failure::run(format!("cannot listen for Ctrl-C: {e}")))
}

/// Fails with [`Failure::Interrupted`] once the person has asked the run to stop.
pub fn check() -> Outcome {
    if STOP.load(Ordering::SeqCst) {
        return Err(Failure::Interrupted("stopped".into()));
    }
    Ok(())
}

/// Whether to go on, in the form that libraries take.
pub fn poll() -> ControlFlow<()> {
    match STOP.load(Ordering::SeqCst) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    }
}
