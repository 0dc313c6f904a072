//! What goes to the terminal: results to standard output, progress to standard error.

use std::collections::BTreeMap;
use std::io::{ErrorKind, IsTerminal, Write};
use std::ops::ControlFlow;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use equipoise_studies::context::StageId;
use equipoise_studies::{Event, Observer};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::failure::{Failure, Outcome};
use crate::interrupt;

/// Why the first line of the result that was lost was lost.
static LOST: OnceLock<std::io::Error> = OnceLock::new();

/// Columns of the terminal that results go to; 80 if they go elsewhere or nobody knows.
pub fn width() -> usize {
    const UNKNOWN: usize = 80;
    const NARROWEST: usize = 40;
    let terminal = console::Term::stdout();
    let size = if std::io::stdout().is_terminal() { terminal.size_checked() } else { None };
    size.map_or(UNKNOWN, |(_, columns)| usize::from(columns).max(NARROWEST))
}

/// Writes a line of the result to standard output. A reader that has gone away (`| head`) is no
/// error; what else is lost, [`check_output`] tells.
pub fn print(line: impl std::fmt::Display) {
    if let Err(error) = writeln!(std::io::stdout().lock(), "{}", printable(&line.to_string()))
        && error.kind() != ErrorKind::BrokenPipe
    {
        let _ = LOST.set(error);
    }
}

/// Writes the result, its sentences broken into lines on a terminal; elsewhere a sentence is a
/// line, for programs that read it.
pub fn print_sentences(text: &str) {
    match std::io::stdout().is_terminal() {
        true => print(equipoise_report::wrap(text, width())),
        false => print(text),
    }
}

/// Fails if a line of the result could not be written, as to a full disk.
pub fn check_output() -> Outcome {
    match (LOST.get(), std::io::stdout().flush()) {
        (Some(error), _) => Err(Failure::run(format!("standard output: {error}"))),
        (None, Err(error)) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::run(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes the one line that says why a command failed.
pub fn print_failure(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "equipoise: {}", printable(&line.to_string()));
}

/// Text without control characters, which in a file's name could steer the terminal.
fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() && c != '\n' {
            true => clean.extend(c.escape_default()),
            false => clean.push(c),
        }
    }
    clean
}

/// How often a log that is no terminal gets a line about a task under way.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Where progress is shown: a bar on a terminal, plain lines elsewhere, nothing under `--quiet`.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    mode: Mode,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mode {
    Bars,
    Lines,
    Quiet,
}

impl Progress {
    /// Chooses the kind of output from `--quiet` and from what standard error is.
    pub fn new(quiet: bool) -> Self {
        let mode = match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Mode::Quiet,
            (false, true) => Mode::Bars,
            (false, false) => Mode::Lines,
        };
        Self { mode }
    }

    /// A remark, such as where a run writes or what it found.
    pub fn say(&self, line: impl std::fmt::Display) {
        if self.mode != Mode::Quiet {
            let _ = writeln!(std::io::stderr().lock(), "{}", printable(&line.to_string()));
        }
    }

    /// Starts a task of `total` units of work (images, epochs, trials).
    pub fn task(&self, name: impl Into<String>, total: u64) -> Task {
        let name = name.into();
        let bar = (self.mode == Mode::Bars).then(|| {
            let bar =
                ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(8));
            let style = ProgressStyle::with_template(
                "{wide_msg} {bar:16} {pos}/{len} {elapsed} left {eta}",
            );
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message(name.clone());
            bar
        });
        let now = Instant::now();
        let state = Mutex::new(State { done: 0, detail: String::new(), last_line: now });
        Task { name, total, bar, lines: self.mode == Mode::Lines, started: now, state }
    }
}

/// Shows what a study tells, and passes on that the person wants it to stop.
#[derive(Debug)]
pub struct Terminal {
    progress: Progress,
    stages: Mutex<BTreeMap<StageId, Task>>,
}

impl Terminal {
    /// With this display of progress.
    pub fn new(progress: Progress) -> Self {
        Self { progress, stages: Mutex::default() }
    }
}

impl Observer for Terminal {
    fn observe(&self, event: &Event<'_>) -> ControlFlow<()> {
        let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        match *event {
            Event::Begin { stage, name, total } => {
                stages.insert(stage, self.progress.task(name, total));
            }
            Event::Progress { stage, done, detail } => {
                if let Some(task) = stages.get(&stage) {
                    task.set(done);
                    if !detail.is_empty() {
                        task.detail(detail);
                    }
                }
            }
            Event::End { stage } => {
                if let Some(task) = stages.remove(&stage) {
                    task.finish();
                }
            }
            Event::Remark(text) => self.progress.say(text),
            _ => {}
        }
        interrupt::poll()
    }
}

/// A piece of work under way; shared between threads by reference.
#[derive(Debug)]
pub struct Task {
    name: String,
    total: u64,
    bar: Option<ProgressBar>,
    lines: bool,
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    done: u64,
    detail: String,
    last_line: Instant,
}

impl Task {
    /// `units` are done in all.
    pub fn set(&self, units: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(units);
        }
        self.update(|state| state.done = units);
    }

    /// Says how it goes, for example the loss of the last epoch.
    pub fn detail(&self, text: impl Into<String>) {
        let text = text.into();
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{}: {text}", self.name));
        }
        self.update(|state| state.detail = text);
    }

    /// Ends the task; a log gets a line with the time that it took.
    pub fn finish(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.lines {
            let seconds = self.started.elapsed().as_secs_f64();
            let detail = self.state.lock().map(|s| s.detail.clone()).unwrap_or_default();
            let detail = if detail.is_empty() { detail } else { format!(", {detail}") };
            let _ = writeln!(
                std::io::stderr().lock(),
                "{}: {} done in {seconds:.1} s{detail}",
                self.name,
                self.total
            );
        }
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        // A thread that panicked while it held the lock must not take progress down with it.
        let Ok(mut state) = self.state.lock() else { return };
        change(&mut state);
        if self.lines && state.last_line.elapsed() >= LOG_INTERVAL {
            state.last_line = Instant::now();
            let detail =
                if state.detail.is_empty() { String::new() } else { format!(", {}", state.detail) };
            let _ = writeln!(
                std::io::stderr().lock(),
                "{}: {}/{}{detail}",
                self.name,
                state.done,
                self.total
            );
        }
    }
}
