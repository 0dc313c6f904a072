//! How soon after an image comes on can it be read, and how long does the last one stay?
//!
//! Each network sees darkness, an image, and another image that takes its place; only spikes after
//! the onset are read, at the time step of the simulation. What is told apart is the population
//! *mean*, which theory says a balanced network makes fast, and the *pattern*, which holds the image.
//!
//! * The mean's time is that after which the rate of all neurons has gone 63 % of its way from what
//!   it is in darkness to what it is in the second half of the image.
//! * The pattern's time is the same of the covariance of the activity after the change from one
//!   image to another with the steady response to the new one in another trial, the population mean
//!   and each neuron's own mean taken away. The time that the last image stays is that after which
//!   the covariance with the steady response to *it* has gone 63 % of its way.
//!
//! Networks are compared at equal rate, before and during an image, and at equal drive; each with
//! itself between these, between inputs, and between images that are dimmed and images that are not.

mod cell;
mod contrasts;
mod figures;
mod pattern;
mod report;
pub mod results;
pub mod settings;
mod tables;
#[cfg(test)]
mod tests;

use std::path::Path;

use equipoise_report::Report;

use super::{open_images, slug};
use crate::context::{Unit, gather};
use crate::{Context, Identity, Metrics, OrStudyError, Settings as _, Study, StudyError, cost};
use cell::Asked;
pub use results::{SpeedCell, SpeedResults};
pub use settings::SpeedSettings;

use crate::reconstruction::images::Images;

/// How soon images are read from networks that are more and less balanced; a unit is a network, or
/// a control, in a repetition.
#[derive(Debug)]
pub struct Speed;

impl Speed {
    /// Half a day on two cores: five repetitions.
    pub const FULL: &str = include_str!("../../../presets/speed-full.toml");
    /// A quarter of an hour at most: fewer images, times and repetitions.
    pub const QUICK: &str = include_str!("../../../presets/speed-quick.toml");
    /// Under a minute: shows that every part works on images that it draws itself.
    pub const SMOKE: &str = include_str!("../../../presets/speed-smoke.toml");
}

impl Study for Speed {
    const NAME: &'static str = "study-speed";
    type Settings = SpeedSettings;
    type Inputs = Images;
    type Results = SpeedResults;

    fn preset() -> Result<String, String> {
        Ok(Self::FULL.to_owned())
    }

    fn open(settings: &SpeedSettings, root: &Path) -> Result<Images, StudyError> {
        settings.validate().or_settings()?;
        let images = open_images(&settings.data, root, settings.seed)?;
        settings.trained.check(images.test.shape)?;
        Ok(images)
    }

    fn data(images: &Images) -> Identity {
        images.identity()
    }

    fn remarks(_: &SpeedSettings, images: &Images) -> Vec<String> {
        images.remarks.clone()
    }

    fn run(
        settings: &SpeedSettings,
        images: &Images,
        context: &Context<'_>,
    ) -> Result<SpeedResults, StudyError> {
        let conditions = settings.conditions().or_settings()?;
        let mut asked = Vec::new();
        for input in settings.input_kinds().or_settings()? {
            for &brightness in &settings.brightness {
                for &matching in &settings.matchings {
                    for repeat in 0..settings.repeats {
                        asked.extend(conditions.iter().map(|condition| Asked {
                            settings,
                            images,
                            condition,
                            matching,
                            input,
                            brightness,
                            repeat,
                        }));
                    }
                }
            }
        }
        asked.retain(Asked::exists);
        let stage = context.stage("reading networks", asked.iter().map(Asked::steps).sum())?;
        let identity = images.identity();
        let mut all = settings.clone();
        // What does not change a cell does not make it another one.
        (all.regimes, all.controls_of, all.baseline) = (Vec::new(), None, None);
        (all.inputs, all.brightness, all.matchings) = (Vec::new(), Vec::new(), Vec::new());
        all.repeats = 0;
        let cells = gather(asked.iter().enumerate().map(|(index, cell)| {
            let key = format!("cells/{index:04}-{}", slug(&cell.condition.name));
            let identity = identity.clone().with_settings("settings", &all).with_settings(
                "cell",
                &(cell.condition, cell.matching, cell.input, cell.brightness, cell.repeat),
            );
            let seconds = cost::one_of_many(&cell.condition.network, cell.milliseconds());
            let unit = Unit::new(&key).seconds(seconds);
            let mut made = false;
            let found = context.unit(unit, &identity, || {
                made = true;
                cell.make(context, &stage)
            })?;
            if !made {
                stage.advance(cell.steps())?;
            }
            Ok(found)
        }))?;
        let results = SpeedResults {
            settings: settings.clone(),
            dataset: settings.data.name(),
            images: [&images.train, &images.validation, &images.test].map(|part| part.len()),
            classes: images.test.classes.len(),
            cells,
        };
        context.write("curves.csv", tables::curves(&results).to_csv().as_bytes())?;
        context.write("changes.csv", tables::changes(&results).to_csv().as_bytes())?;
        let contrasts = contrasts::contrasts(&results);
        if let Some(table) = contrasts::table(&results, &contrasts) {
            context.write("contrasts.csv", table.to_csv().as_bytes())?;
        }
        Ok(results)
    }

    fn report(results: &SpeedResults) -> Report {
        report::report(results)
    }

    fn metrics(results: &SpeedResults) -> Metrics {
        let mut metrics = Metrics::default();
        for group in results.groups() {
            for name in results.conditions(&group) {
                let of = |value: &dyn Fn(&SpeedCell) -> Option<f64>| {
                    results.numbers(&group, name, value)
                };
                let mut prefix = format!("{}.{name}", group.matching.label());
                if results.settings.inputs.len() > 1 {
                    prefix = format!("{}.{prefix}", group.input);
                }
                if results.settings.brightness.len() > 1 {
                    prefix = format!("brightness-{}.{prefix}", group.brightness);
                }
                metrics.mean(format!("{prefix}.reached_ms"), of(&|c| c.reached_ms));
                for (label, value) in report::NUMBERS {
                    metrics.mean(format!("{prefix}.{label}"), of(&value));
                }
            }
        }
        metrics
    }

    fn summary_within(results: &SpeedResults, width: usize) -> String {
        report::summary(results, width)
    }
}
