//! One part of the study: a plan whose chunks are recorded as they are done, so that an
//! interrupted study continues where it stopped.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::time::Instant;

use equipoise_plasticity::hebb::{
    Outcome as RunOutcome, Plan, Row, StudyConfig, Summary, Variants,
};
use rayon::prelude::*;

use crate::console::Task;
use crate::failure::{Failure, OrFail, Outcome};
use crate::interrupt;
use crate::job::{Config, Job};

/// The folder of the records; it is removed when the study is complete.
pub const PARTS: &str = "parts";

/// A part of the study that is done.
#[derive(Debug)]
pub struct Stage {
    pub config: StudyConfig,
    pub summary: Summary,
    pub complete: bool,
    pub note: Option<String>,
    pub runs: u64,
    /// Runs done now (not read from records), and how long they took in seconds.
    pub timed: (u64, f64),
}

impl Stage {
    pub fn variants(&self) -> Variants {
        self.config.hebb.variants
    }
}

/// Does the runs of one part that are not recorded yet.
///
/// # Errors
/// [`Failure::Run`] if a record cannot be written, [`Failure::Interrupted`] if the person stopped
/// the study.
pub fn run<C: Config + Sync>(
    job: &Job<C>,
    name: &str,
    plan: &Plan,
    with_weights: bool,
    task: &Task,
) -> Outcome<Stage> {
    let file = |chunk: usize| format!("{PARTS}/{name}/{chunk:06}.csv");
    let mut summary = Summary::default();
    let mut missing = Vec::new();
    for chunk in 0..plan.chunks() {
        let path = job.dir.file(&file(chunk)).or_run()?;
        match std::fs::read_to_string(&path).ok().and_then(|text| read(plan, chunk, &text)) {
            Some(rows) => {
                task.advance(rows.len() as u64);
                summary.join(Summary::of(&rows));
            }
            None => missing.push(chunk),
        }
    }

    let started = Instant::now();
    let done = Mutex::new((summary, 0u64, None::<Failure>));
    let record = |chunk: usize, rows: Vec<Row>| {
        let written = job.dir.write_file(&file(chunk), write(&rows, with_weights).as_bytes());
        let part = Summary::of(&rows);
        let Ok(mut done) = done.lock() else { return ControlFlow::Break(()) };
        if let Err(error) = written {
            done.2.get_or_insert(error.into());
            return ControlFlow::Break(());
        }
        done.0.join(part);
        done.1 += rows.len() as u64;
        task.advance(rows.len() as u64);
        ControlFlow::Continue(())
    };
    let _ =
        missing.par_iter().try_for_each(|&chunk| match plan.run_chunk(chunk, &interrupt::poll) {
            Ok(rows) => record(chunk, rows),
            Err(_) => ControlFlow::Break(()),
        });
    let (summary, runs, failure) =
        done.into_inner().map_err(|_| Failure::run("a thread of the study failed"))?;
    if let Some(failure) = failure {
        return Err(failure);
    }
    interrupt::check()?;
    Ok(Stage {
        config: plan.config().clone(),
        summary,
        complete: plan.is_complete(),
        note: plan.note().map(str::to_owned),
        runs: plan.runs(),
        timed: (runs, started.elapsed().as_secs_f64()),
    })
}

/// The heading of the table of runs.
pub fn heading(with_weights: bool) -> String {
    let mut heading = Row::COLUMNS.join(",");
    if with_weights {
        heading.push_str(",weights");
    }
    heading.push('\n');
    heading
}

fn write(rows: &[Row], with_weights: bool) -> String {
    let mut text = String::new();
    for row in rows {
        text.push_str(&row.fields().join(","));
        if with_weights {
            text.push(',');
            text.push_str(&row.weights_field());
        }
        text.push('\n');
    }
    text
}

/// The rows of a recorded chunk, without weights; `None` if it is not the whole record of these
/// runs, which then are done again.
fn read(plan: &Plan, chunk: usize, text: &str) -> Option<Vec<Row>> {
    let range = plan.chunk(chunk);
    let mut rows = Vec::with_capacity((range.end - range.start) as usize);
    let mut lines = text.lines();
    for index in range {
        let fields: Vec<&str> = lines.next()?.split(',').collect();
        let converged_at = match *fields.get(7)? {
            "" => None,
            epoch => Some(epoch.parse().ok()?),
        };
        let outcome = RunOutcome {
            converged_at,
            epochs: converged_at.unwrap_or(plan.config().hebb.max_epochs),
            exact_at_end: fields.get(9)?.parse().ok()?,
            margin: fields.get(10)?.parse().ok()?,
            weights: Vec::new(),
        };
        let row = Row { run: plan.run_spec(index), outcome };
        if row.fields()[..] != fields[..row.fields().len().min(fields.len())] {
            return None;
        }
        rows.push(row);
    }
    (lines.next().is_none() && text.ends_with('\n')).then_some(rows)
}
