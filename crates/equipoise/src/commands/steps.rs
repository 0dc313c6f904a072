//! What the commands have in common that go on from an earlier run.

use equipoise_report::RunDir;
use equipoise_studies::reconstruction::Settings;
use equipoise_studies::reconstruction::steps::{EncodedRun, TrainedRun};
use equipoise_studies::settings::Layers;
use equipoise_studies::{Settings as _, StudyError};

use crate::failure::{Failure, Outcome};
use crate::job::RunArgs;

/// The lowest layer of settings of a step: those of the run that it goes on from, so that data,
/// network and seed are the same without being said again. Of a run that is resumed, nothing: it
/// has its own.
///
/// # Errors
/// If the settings cannot be resolved, or the earlier run is none.
pub fn settings_of_earlier_run(args: &RunArgs, flags: &Layers) -> Outcome<String> {
    if let Some(out) = &args.out {
        RunDir::check_free(out)?;
    }
    let defaults = Settings::layer("").map_err(Failure::run)?;
    if args.resume.is_some() {
        return Ok(defaults);
    }
    let layers = args.layers(flags.clone().preset(&defaults));
    let asked: Settings = layers.resolve().map_err(StudyError::from)?;
    asked.validate().map_err(Failure::request)?;
    let earlier = match (&asked.run, &asked.encoded) {
        (Some(dir), _) => TrainedRun::settings_of(dir)?,
        (None, Some(dir)) => EncodedRun::settings_of(dir)?,
        (None, None) => return Ok(defaults),
    };
    toml::to_string(&earlier).map_err(Failure::run)
}
