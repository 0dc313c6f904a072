//! Long calls: in a thread of their own, so that Ctrl-C ends them soon and progress can be shown.
//!
//! The thread that called waits without the interpreter's lock, looks for signals and hands on
//! progress. After a signal the work is told to stop; if it does not reach a safe point soon, the
//! caller goes on with the exception, and the work ends by itself at its next safe point.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::errors::Failure;

/// Time between looks for signals.
const LOOK: Duration = Duration::from_millis(30);
/// How long a call that was interrupted is waited for.
const PATIENCE: Duration = Duration::from_millis(120);

/// Something to show, as the function for progress takes it: (stage, name, done, total, detail).
pub type Told = (u64, Option<String>, Option<u64>, Option<u64>, Option<String>);

/// What the work asks and tells; shared between its threads.
#[derive(Debug, Clone)]
pub struct Watcher {
    stop: Arc<AtomicBool>,
    told: Option<Arc<Mutex<Sender<Told>>>>,
}

impl Watcher {
    /// Whether to go on.
    pub fn poll(&self) -> ControlFlow<()> {
        match self.stop.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// Tells something, if anybody wants to know.
    pub fn tell(&self, what: impl FnOnce() -> Told) {
        if let Some(told) = &self.told {
            // Nobody listens any more after an interruption.
            let _ = told.lock().unwrap_or_else(PoisonError::into_inner).send(what());
        }
    }

    /// Tells that `done` of `total` steps are done, and asks whether to go on.
    pub fn step(&self, name: &str, done: u64, total: u64) -> ControlFlow<()> {
        self.tell(|| (0, (done == 0).then(|| name.to_owned()), Some(done), Some(total), None));
        self.poll()
    }
}

/// Does the work in a thread of its own. `progress` is called with what the work tells, in the
/// thread that called.
pub fn long<T, F>(py: Python<'_>, progress: Option<Py<PyAny>>, work: F) -> Result<T, Failure>
where
    T: Send + 'static,
    F: FnOnce(&Watcher) -> Result<T, Failure> + Send + 'static,
{
    check_process()?;
    let (told, tellings) = channel();
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = Watcher {
        stop: Arc::clone(&stop),
        told: progress.as_ref().map(|_| Arc::new(Mutex::new(told))),
    };
    let (done, result) = channel();
    // Only this thread receives; the lock is for the compiler.
    let result = Mutex::new(result);
    std::thread::Builder::new()
        .name("equipoise".into())
        .spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| work(&watcher)));
            let _ = done.send(outcome.unwrap_or_else(|panic| Err(internal(&*panic))));
        })
        .map_err(|e| Failure::run(format!("cannot start a thread: {e}")))?;
    let mut interrupted: Option<(PyErr, Instant)> = None;
    loop {
        match py.detach(|| wait(&result)) {
            Some(Err(Failure::Stopped)) if interrupted.is_some() => {}
            Some(outcome) if interrupted.is_none() => {
                show(py, progress.as_ref(), &tellings).map_err(Failure::Interrupted)?;
                return outcome;
            }
            Some(_) => {}
            None => {
                if let Some((_, since)) = &interrupted {
                    if since.elapsed() < PATIENCE {
                        continue;
                    }
                } else {
                    let seen =
                        py.check_signals().and_then(|()| show(py, progress.as_ref(), &tellings));
                    if let Err(error) = seen {
                        stop.store(true, Ordering::Relaxed);
                        interrupted = Some((error, Instant::now()));
                    }
                    continue;
                }
            }
        }
        if let Some((error, _)) = interrupted {
            return Err(Failure::Interrupted(error));
        }
    }
}

/// The outcome, if it is there within a moment.
fn wait<T>(result: &Mutex<Receiver<Result<T, Failure>>>) -> Option<Result<T, Failure>> {
    match result.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(LOOK) {
        Ok(outcome) => Some(outcome),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => {
            Some(Err(Failure::Internal("the work ended without a result".to_owned())))
        }
    }
}

fn show(py: Python<'_>, progress: Option<&Py<PyAny>>, told: &Receiver<Told>) -> PyResult<()> {
    let Some(progress) = progress else { return Ok(()) };
    for what in told.try_iter() {
        progress.call1(py, what)?;
    }
    Ok(())
}

/// A panic is a defect of this program, whatever was asked of it.
pub fn internal(panic: &(dyn std::any::Any + Send)) -> Failure {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    Failure::Internal(format!(
        "internal error: {} (please report it)",
        text.unwrap_or("no message")
    ))
}

/// The threads that share work do not exist in a forked process, where a call would never end.
fn check_process() -> Result<(), Failure> {
    static FIRST: AtomicU32 = AtomicU32::new(0);
    let here = process::id();
    match FIRST.compare_exchange(0, here, Ordering::Relaxed, Ordering::Relaxed) {
        Err(first) if first != here => Err(Failure::run(
            "this process was forked from one that has used equipoise, and has not its threads; \
             start processes with multiprocessing's method \"spawn\" or \"forkserver\"",
        )),
        _ => Ok(()),
    }
}
