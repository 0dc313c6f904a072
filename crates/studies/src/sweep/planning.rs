//! Writing the units of a study down, without making any.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use equipoise_report::RunDir;

use super::plan::{Plan, PlannedUnit};
use super::remarks::{Quiet, Remarks};
use super::status::Status;
use super::tasks::Tasks;
use crate::context::{Division, Share, Unit, digest_of};
use crate::{Context, Identity, Memory, Observer, Settings, Study, StudyError};

/// Notes every unit that a study comes to, and has none made.
#[derive(Debug, Default)]
pub struct Planning {
    found: Mutex<Vec<PlannedUnit>>,
}

impl Planning {
    /// Notes a unit.
    pub(super) fn note(&self, unit: &Unit<'_>, made_from: &Identity) {
        let planned = PlannedUnit {
            key: unit.key.to_owned(),
            task: 0,
            stage: 1,
            seed: unit.seed.unwrap_or_default(),
            seconds: unit.seconds,
            made_from: digest_of(made_from),
        };
        self.found.lock().unwrap_or_else(PoisonError::into_inner).push(planned);
    }

    /// The units that were noted.
    pub(super) fn into_units(self) -> Vec<PlannedUnit> {
        self.found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Division for Planning {
    fn ask(&self, unit: &Unit<'_>, made_from: &Identity) -> Result<Share, StudyError> {
        self.note(unit, made_from);
        Ok(Share::Elsewhere)
    }

    fn found(&self, _: &str) {}

    fn begin(&self, _: &str) -> Result<bool, StudyError> {
        Ok(false)
    }

    fn end(&self, _: &str, _: f64, error: Option<StudyError>) -> Result<(), StudyError> {
        error.map_or(Ok(()), Err)
    }
}

/// The units of a study that depend on no other unit, in the order in which it comes to them.
///
/// # Errors
/// Those of the study, before its first unit.
pub fn plan<S>(
    settings: &S::Settings,
    inputs: &S::Inputs,
    tasks: Tasks,
    observer: &dyn Observer,
) -> Result<Plan, StudyError>
where
    S: Study,
{
    let planning = Planning::default();
    let context = Context::new(Remarks(observer), Memory::default()).divided(&planning);
    in_order(|| match S::run(settings, inputs, &context) {
        Ok(_) | Err(StudyError::Deferred) => Ok(()),
        Err(error) => Err(error),
    })?;
    drop(context);
    let mut plan = Plan { units: Vec::new(), memory: memory_of_a_task() };
    extend(&mut plan, planning.into_units(), tasks, settings.seed());
    Ok(plan)
}

/// Seconds that one core is expected to need for the units of a study that are not there yet in the
/// run directory `dir`, as the plan of the study has them; those that depend on other units are not
/// among them. None if the study makes no plan: why, it will say when it runs.
pub fn expected<S: Study>(
    settings: &S::Settings,
    inputs: &S::Inputs,
    dir: &Path,
    observer: &dyn Observer,
) -> Option<f64> {
    let quiet = Quiet(observer);
    let plan = plan::<S>(settings, inputs, Tasks::Count(1), &quiet).ok()?;
    Some(Status::of(dir, &plan).ok()?.seconds_left)
}

/// Adds the units of the next stage to a plan, in tasks of their own. Those without a seed have
/// that of the study.
pub fn extend(plan: &mut Plan, mut units: Vec<PlannedUnit>, tasks: Tasks, seed: u64) {
    let seconds: Vec<f64> = units.iter().map(|unit| unit.seconds).collect();
    let (first, stage) = (plan.tasks(), plan.stages() + 1);
    for (unit, task) in units.iter_mut().zip(tasks.assign(&seconds)) {
        (unit.task, unit.stage) = (first + task, stage);
        if unit.seed == 0 {
            unit.seed = seed;
        }
    }
    plan.units.extend(units);
}

/// Writes a plan into the directory of a run that has begun, and leaves the run to its tasks.
///
/// # Errors
/// Those of the file system.
pub fn write_plan(plan: &Plan, dir: RunDir) -> Result<(), StudyError> {
    plan.write(&dir)?;
    dir.interrupt()?;
    Ok(())
}

/// Runs on one thread: what is done side by side elsewhere is then done in order.
fn in_order<T: Send>(work: impl FnOnce() -> Result<T, StudyError> + Send) -> Result<T, StudyError> {
    match rayon::ThreadPoolBuilder::new().num_threads(1).build() {
        Ok(pool) => pool.install(work),
        Err(error) => Err(StudyError::failed(error)),
    }
}

/// Bytes that a task is expected to need: twice what this process needed to open the data, and a
/// gigabyte for the work.
fn memory_of_a_task() -> u64 {
    const GIGABYTE: u64 = 1 << 30;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| {
        let kilobytes = line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?;
        kilobytes.trim().parse::<u64>().ok()
    });
    (2 * 1024 * peak.unwrap_or(0) + GIGABYTE).next_multiple_of(GIGABYTE)
}
