//! Putting a study together whose units are there.

use std::collections::HashSet;
use std::path::Path;

use super::plan::{Plan, PlannedUnit};
use super::planning::{Planning, extend};
use super::tasks::Tasks;
use crate::context::{Division, Share, Unit};
use crate::cost::duration;
use crate::{Identity, StudyError};

/// Takes planned units from the store, and notes those that the study comes to beyond them.
///
/// A planned unit that is damaged is made again.
#[derive(Debug)]
pub struct Collector {
    planned: HashSet<String>,
    beyond: Planning,
    here: bool,
}

/// What is to be done after a study was collected in vain.
#[derive(Debug, Clone, PartialEq)]
pub struct Collection {
    /// The plan with the units of its next stage.
    pub plan: Plan,
    /// How many units that stage has.
    pub units: usize,
}

impl std::fmt::Display for Collection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { plan, units } = self;
        let added = &plan.units[plan.units.len() - units..];
        write!(
            f,
            "stage {} is planned: {units} units, {} of one core as expected, the tasks from {} to {}",
            plan.stages(),
            duration(added.iter().map(|unit| unit.seconds).sum()),
            added.first().map_or(0, |unit| unit.task),
            plan.tasks().saturating_sub(1)
        )
    }
}

impl Collector {
    /// Of a plan; `here` has the units beyond it made by this process.
    pub fn new(plan: &Plan, here: bool) -> Self {
        let planned = plan.units.iter().map(|unit| unit.key.clone()).collect();
        Self { planned, beyond: Planning::default(), here }
    }

    /// The plan with the units that the study has come to beyond it.
    pub fn next_stage(self, mut plan: Plan, tasks: Tasks, seed: u64) -> Collection {
        let beyond = self.beyond.into_units();
        let units = beyond.len();
        extend(&mut plan, beyond, tasks, seed);
        Collection { plan, units }
    }
}

impl Division for Collector {
    fn ask(&self, unit: &Unit<'_>, made_from: &Identity) -> Result<Share, StudyError> {
        if self.here || self.planned.contains(unit.key) {
            return Ok(Share::Here);
        }
        self.beyond.note(unit, made_from);
        Ok(Share::Elsewhere)
    }

    fn found(&self, _: &str) {}

    fn begin(&self, _: &str) -> Result<bool, StudyError> {
        Ok(true)
    }

    fn end(&self, _: &str, _: f64, error: Option<StudyError>) -> Result<(), StudyError> {
        error.map_or(Ok(()), Err)
    }
}

/// Removes what only the tasks needed: failures of units that were made since, and claims of units
/// that are there. A process that was killed may have left one; who still holds one does not miss it.
pub fn tidy(dir: &Path, units: &[PlannedUnit]) {
    for unit in units {
        let _ = std::fs::remove_file(super::work::failure_path(dir, &unit.key));
        let claim = super::claims::file_name(&unit.key);
        let _ = std::fs::remove_file(dir.join(super::claims::FOLDER).join(claim));
    }
    for folder in [super::claims::FOLDER, super::work::FAILURES] {
        // One that is not empty stays.
        let _ = std::fs::remove_dir(dir.join(folder));
    }
}
