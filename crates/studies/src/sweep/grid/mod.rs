//! A grid over keys of a study's configuration: one run of the study at each point, and one table
//! of their numbers.

mod axis;
mod point;
mod report;
mod settings;

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use equipoise_report::Report;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use axis::GridAxis;
pub use settings::{GRID, GridSettings};

use super::planning::plan;
use super::tasks::Tasks;
use crate::context::{Unit, digest_of, gather_parallel};
use crate::metrics::Metrics;
use crate::{Context, Identity, Observer, Settings as _, Study, StudyError};

/// The file of the table: a row for each point.
const TABLE: &str = "grid.csv";

/// The numbers of every point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GridResults {
    /// What was asked.
    pub settings: GridSettings,
    /// In the order of the points.
    pub points: Vec<Metrics>,
}

/// The study `S` at every point of a grid; a unit is a point, which is a run of its own in
/// `points/NUMBER`.
#[derive(Debug)]
pub struct Grid<S>(PhantomData<S>);

impl<S: Study> Grid<S> {
    /// Checks the grid as a whole before it is planned: the settings of all points, and the data
    /// of the first one and of those that differ from it in one key. Seeds are not tried one by
    /// one. Notes in the settings how long a run is expected to take, and which keys select data.
    ///
    /// # Errors
    /// If a point makes no sense, or what it reads is missing or wrong.
    pub fn check(
        settings: &mut GridSettings,
        root: &Path,
        observer: &dyn Observer,
    ) -> Result<(), StudyError> {
        settings.validate().map_err(StudyError::settings)?;
        for index in settings.without_other_seeds() {
            settings.at::<S>(index)?;
        }
        let tried = |index: usize| -> Result<(f64, Identity), StudyError> {
            let point = settings.at::<S>(index)?;
            let inputs = S::open(&point, root)?;
            let plan = plan::<S>(&point, &inputs, Tasks::default(), observer)?;
            let seconds = plan.units.iter().map(|unit| unit.seconds).sum::<f64>().max(1e-3);
            Ok((seconds, S::data(&inputs)))
        };
        let (usual, usual_data) = tried(0)?;
        let mut found = Vec::new();
        for (place, axis) in settings.grid.iter().enumerate() {
            let (mut relative, mut selects_data) = (vec![1.0], false);
            if axis.key != settings::SEED {
                for index in settings.along(place) {
                    let (seconds, data) = tried(index)?;
                    relative.push(seconds / usual);
                    selects_data |= data != usual_data;
                }
            }
            let alike = relative.iter().all(|&r| r == 1.0);
            found.push((if alike { Vec::new() } else { relative }, selects_data));
        }
        settings.seconds = usual;
        for (axis, (relative, selects_data)) in settings.grid.iter_mut().zip(found) {
            (axis.relative_seconds, axis.selects_data) = (relative, selects_data);
        }
        Ok(())
    }
}

/// What a grid reads.
#[derive(Debug, Clone)]
pub struct GridInputs {
    /// The folder of the data sets. A point opens what it needs.
    root: PathBuf,
    /// The data of the first point, and of those that differ from it in one key that selects data.
    data: Identity,
}

impl<S: Study> Study for Grid<S> {
    const NAME: &'static str = GRID;
    type Settings = GridSettings;
    type Inputs = GridInputs;
    type Results = GridResults;

    fn open(settings: &GridSettings, root: &Path) -> Result<GridInputs, StudyError> {
        let axes = settings.grid.iter().enumerate();
        let selecting = axes.filter(|(_, axis)| axis.selects_data);
        let others = selecting.flat_map(|(place, _)| settings.along(place));
        let mut data = Identity::default();
        for index in std::iter::once(0).chain(others) {
            let here = S::data(&S::open(&settings.at::<S>(index)?, root)?);
            if here != Identity::default() {
                data = data.with(&format!("data.{}", point::key(index)), digest_of(&here));
            }
        }
        Ok(GridInputs { root: root.to_owned(), data })
    }

    fn data(inputs: &GridInputs) -> Identity {
        inputs.data.clone()
    }

    fn run(
        settings: &GridSettings,
        GridInputs { root, data }: &GridInputs,
        context: &Context<'_>,
    ) -> Result<GridResults, StudyError> {
        let count = settings.points();
        let stage = context.stage("points of the grid", count as u64)?;
        let base = data
            .clone()
            .with("streams", equipoise_random::VERSION)
            .with("study", S::NAME)
            .with("settings", digest_of(&settings.settings))
            .with("keys", digest_of(&settings.keys()));
        let points = gather_parallel((0..count).into_par_iter().map(|index| {
            let identity = base.clone().with_settings("point", &settings.values(index));
            let key = point::key(index);
            let seed = settings.seed_at(index);
            let unit = Unit::new(&key).seed(seed).seconds(settings.seconds_at(index));
            let found = context.unit(unit, &identity, || {
                let settings_here = settings.at::<S>(index)?;
                point::run::<S>(&settings_here, root, context, &key, settings.reports)
            })?;
            stage.advance(1)?;
            Ok(found)
        }))?;
        let results = GridResults { settings: settings.clone(), points };
        context.write(TABLE, &report::csv(&results)?)?;
        Ok(results)
    }

    fn report(results: &GridResults) -> Report {
        report::report(results)
    }

    fn summary_within(results: &GridResults, _: usize) -> String {
        report::summary(results)
    }

    fn metrics(results: &GridResults) -> Metrics {
        let mut metrics = Metrics::default();
        metrics.count("points", results.points.len());
        for name in report::names(&results.points) {
            metrics.mean(
                format!("mean.{name}"),
                results.points.iter().filter_map(|point| point.get(name)),
            );
        }
        metrics
    }
}
