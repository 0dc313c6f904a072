//! The comparison of regimes as studies.

use std::path::Path;

use equipoise_report::Report;

use super::experiment::{Experiment, Inputs};
use super::reconstructions::Reconstructions;
use super::{Comparison, Settings, report, verdicts};
use crate::context::{Context, Identity, Unit};
use crate::error::StudyError;
use crate::metrics::Metrics;
use crate::study::Study;
use crate::timings::Timings;

/// The comparison of regimes on any images.
#[derive(Debug)]
pub struct Reconstruction;

/// The same comparison as a demonstration on images that are drawn for it.
#[derive(Debug)]
pub struct Demonstration;

impl Demonstration {
    /// Its presets, in TOML: a small but fair comparison, a few minutes long.
    pub const STANDARD: &str = include_str!("../../presets/demo.toml");
    /// One that shows in seconds that every part works.
    pub const SMOKE: &str = include_str!("../../presets/smoke.toml");
}

impl Study for Reconstruction {
    const NAME: &'static str = "reconstruct";
    type Settings = Settings;
    type Inputs = Inputs;
    type Results = Comparison;

    fn preset() -> Result<String, String> {
        Settings::layer("")
    }

    fn open(settings: &Settings, root: &Path) -> Result<Inputs, StudyError> {
        Inputs::open(settings, root)
    }

    fn data(inputs: &Inputs) -> Identity {
        inputs.images.identity()
    }

    fn remarks(_: &Settings, inputs: &Inputs) -> Vec<String> {
        inputs.images.remarks.clone()
    }

    fn run(
        settings: &Settings,
        inputs: &Inputs,
        context: &Context<'_>,
    ) -> Result<Comparison, StudyError> {
        begin(settings, context)?;
        let timings = Timings::open(context)?;
        let (regimes, name) = (&inputs.regimes, String::new());
        let comparison =
            Experiment { settings, regimes, inputs, context, timings: &timings, name }.run()?;
        context.write("images.csv", &report::images_csv(&comparison)?)?;
        keep_reconstructions(settings, inputs, context, &comparison)?;
        for remark in verdicts::remarks(&comparison) {
            context.remark(remark);
        }
        Ok(comparison)
    }

    fn report(results: &Comparison) -> Report {
        report::report(results, "Does balance help to code images?")
    }

    fn metrics(results: &Comparison) -> Metrics {
        let mut metrics = Metrics::default();
        results.add_metrics("", &mut metrics);
        metrics
    }

    fn summary_within(results: &Comparison, width: usize) -> String {
        report::summary(results, width)
    }
}

impl Study for Demonstration {
    const NAME: &'static str = "demo";
    type Settings = Settings;
    type Inputs = Inputs;
    type Results = Comparison;

    fn preset() -> Result<String, String> {
        Settings::layer(Self::STANDARD)
    }

    fn open(settings: &Settings, root: &Path) -> Result<Inputs, StudyError> {
        Reconstruction::open(settings, root)
    }

    fn data(inputs: &Inputs) -> Identity {
        inputs.images.identity()
    }

    fn remarks(settings: &Settings, inputs: &Inputs) -> Vec<String> {
        Reconstruction::remarks(settings, inputs)
    }

    fn run(
        settings: &Settings,
        inputs: &Inputs,
        context: &Context<'_>,
    ) -> Result<Comparison, StudyError> {
        Reconstruction::run(settings, inputs, context)
    }

    fn report(results: &Comparison) -> Report {
        report::report(results, "Does balance help to code images? A demonstration")
    }

    fn metrics(results: &Comparison) -> Metrics {
        let mut metrics = Metrics::default();
        results.add_metrics("", &mut metrics);
        metrics
    }

    fn summary_within(results: &Comparison, width: usize) -> String {
        report::summary(results, width)
    }
}

/// Writes the images and all reconstructions of them that the cells have kept.
fn keep_reconstructions(
    settings: &Settings,
    inputs: &Inputs,
    context: &Context<'_>,
    comparison: &Comparison,
) -> Result<(), StudyError> {
    if settings.keep_reconstructions == 0 {
        return Ok(());
    }
    let (set, intensities) = (&inputs.images.test, inputs.targets.test.as_slice());
    let count = settings.keep_reconstructions;
    let mut file = Reconstructions::begin(context, set, intensities, count)?;
    comparison.scores.iter().try_for_each(|score| file.add_kept(score))?;
    file.finish().map(|_| ())
}

/// Refuses to go on in the store of a run that had other settings: what it has finished, and what
/// is still to be done, would be of two kinds.
///
/// # Errors
/// [`StudyError::MadeFromOther`] names the setting.
pub(super) fn begin(
    settings: &impl crate::Settings,
    context: &Context<'_>,
) -> Result<(), StudyError> {
    let unit = Unit::new("settings").immediate();
    context.unit(unit, &Identity::new().with_each("", settings), || Ok(()))
}
