//! The studies by name: what is in a run directory says which study made it.

use std::path::Path;

use equipoise_report::RunDir;

use super::grid::{GRID, Grid, GridSettings};
use crate::balance::map::Maps;
use crate::balance::{Coding, Diagnose, Linear, Track};
use crate::classification::ratios::Ratios;
use crate::classification::{Classify, EvaluateClassifier, Trained};
use crate::coding::{Dose, Speed};
use crate::decoding::Decoding;
use crate::hebb::{HebbStudy, OneNetwork};
use crate::populations::{Populations, PopulationsLinearity, PopulationsMap, PopulationsTrack};
use crate::reconstruction::steps::{Encode, Evaluate, Train};
use crate::reconstruction::sweep::ReconstructionSweep;
use crate::reconstruction::{Demonstration, Reconstruction};
use crate::stimulation::{Associate, Controllability, Structure};
use crate::sweep_error::SweepError;
use crate::{Study, StudyError};

/// Something to be done with a study that is known by its name alone.
pub trait Visit {
    /// What comes of it.
    type Output;

    /// Does it.
    fn visit<S: Study>(self) -> Self::Output;
}

/// Does something with the study of this name; gives it back if there is none.
///
/// # Errors
/// What was to be done.
pub fn visit<V: Visit>(name: &str, visitor: V) -> Result<V::Output, V> {
    macro_rules! by_name {
        ($($study:ty),+ $(,)?) => {
            match name {
                $(<$study>::NAME => Ok(visitor.visit::<$study>()),)+
                _ => Err(visitor),
            }
        };
    }
    by_name!(
        Maps,
        Linear,
        Track,
        Coding,
        Populations,
        PopulationsMap,
        PopulationsLinearity,
        PopulationsTrack,
        Diagnose,
        Classify,
        EvaluateClassifier,
        Ratios,
        Trained,
        Speed,
        Dose,
        OneNetwork,
        HebbStudy,
        Reconstruction,
        Demonstration,
        ReconstructionSweep,
        Decoding,
        Encode,
        Train,
        Evaluate,
        Associate,
        Structure,
        Controllability,
    )
}

/// Does something with the study of a run directory, which may be a grid of another study.
///
/// # Errors
/// Those of the run directory, and if this program does not know the study.
pub fn visit_run<V: Visit>(dir: &Path, visitor: V) -> Result<V::Output, StudyError> {
    let record = RunDir::stored_record(dir)?;
    let unknown = |name: &str| SweepError::NotAPlan {
        path: dir.to_owned(),
        reason: format!("it is of `{name}`, which is no study that this program knows"),
    };
    if record.command != GRID {
        return visit(&record.command, visitor).map_err(|_| unknown(&record.command).into());
    }
    let settings: GridSettings = RunDir::stored_config(dir)?;
    let name = settings.study.clone();
    visit(&name, OnGrid(visitor)).map_err(|_| unknown(&name).into())
}

/// Does with the grid of a study what is to be done.
struct OnGrid<V>(V);

impl<V: Visit> Visit for OnGrid<V> {
    type Output = V::Output;

    fn visit<S: Study>(self) -> Self::Output {
        self.0.visit::<Grid<S>>()
    }
}
