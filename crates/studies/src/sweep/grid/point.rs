//! A point of a grid: a run of the study in a directory of its own.

use std::ops::ControlFlow;
use std::path::Path;

use equipoise_report::{RunDir, RunInfo};

use crate::metrics::Metrics;
use crate::{Context, Event, Memory, Observer, Settings as _, Study, StudyError};

/// The unit of a point, and its directory.
pub(super) fn key(index: usize) -> String {
    format!("points/{:05}", index + 1)
}

/// Runs the study at a point, or goes on with what a process that ended has left of it.
pub(super) fn run<S: Study>(
    settings: &S::Settings,
    root: &Path,
    context: &Context<'_>,
    key: &str,
    with_report: bool,
) -> Result<Metrics, StudyError> {
    let inputs = S::open(settings, root)?;
    let passed_on = PassedOn(context);
    let Some(path) = context.path(key)? else {
        let inner = Context::new(&passed_on, Memory::default());
        return Ok(S::metrics(&S::run(settings, &inputs, &inner)?));
    };
    let dir = open::<S>(settings, root, context, &path)?;
    let results = S::run(settings, &inputs, &Context::new(&passed_on, &dir))?;
    if with_report {
        dir.save_report(&S::report(&results))?;
    }
    let metrics = S::metrics(&results);
    dir.write_json("metrics.json", &metrics)?;
    dir.finish()?;
    Ok(metrics)
}

/// The run of a point. It has the program of the whole grid, whose claim of the point keeps other
/// processes away.
fn open<S: Study>(
    settings: &S::Settings,
    root: &Path,
    context: &Context<'_>,
    path: &Path,
) -> Result<RunDir, StudyError> {
    if path.join("run.json").is_file() {
        return Ok(RunDir::join(path, S::NAME)?);
    }
    if path.is_dir() {
        // A process ended before the run began: nothing was computed.
        std::fs::remove_dir_all(path)
            .map_err(|e| equipoise_report::RunDirError::from_io("remove the directory", path, e))?;
    }
    let whole = context.path("run.json")?.and_then(|file| file.parent().map(Path::to_path_buf));
    let whole = whole.map(|dir| RunDir::stored_record(&dir)).transpose()?;
    let version = whole.as_ref().map_or(env!("CARGO_PKG_VERSION"), |run| run.version.as_str());
    let commit = whole.as_ref().and_then(|run| run.commit.as_deref());
    let info = RunInfo::new(S::NAME, version, settings.seed()).built_from(commit).data_dir(root);
    // Its lock would outlive a process that is killed, and the claim of the point does its work.
    RunDir::create(Some(path), &info, settings)?.interrupt()?;
    Ok(RunDir::join(path, S::NAME)?)
}

/// Passes remarks and requests to stop between a run and the grid that it is part of.
struct PassedOn<'c>(&'c Context<'c>);

impl Observer for PassedOn<'_> {
    fn observe(&self, event: &Event<'_>) -> ControlFlow<()> {
        if let Event::Remark(text) = event {
            self.0.remark(text);
        }
        self.0.poll()
    }
}
