//! How does the code of a network go with how balanced it is?
//!
//! Networks along lines, in the strength of inhibition, the connection probability, the J_0 of
//! weights J_0 / sqrt(K) and the size, are brought to the same rate before and while they see
//! images. How balanced each is, is measured; and so is what its spikes tell: the image and its
//! class at equal time and at equal numbers of spikes, how soon the class is read, and the linear
//! Fisher information of a small change. Each response is regressed on the measured dose within each
//! repetition, and the slopes of the repetitions are tested: the summary-statistics form of a mixed
//! model. Spikes shuffled over recordings of the same image tell what noise correlations do.

mod cell;
mod figures;
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
pub use results::{DoseCell, DoseResults};
pub use settings::DoseSettings;

use crate::reconstruction::images::Images;

/// How the code of a network goes with its balance; a unit is a network in a repetition.
#[derive(Debug)]
pub struct Dose;

impl Dose {
    /// A day on two cores: five repetitions.
    pub const FULL: &str = include_str!("../../../presets/dose-full.toml");
    /// A quarter of an hour at most: fewer images, networks and repetitions.
    pub const QUICK: &str = include_str!("../../../presets/dose-quick.toml");
    /// Under a minute: shows that every part works on images that it draws itself.
    pub const SMOKE: &str = include_str!("../../../presets/dose-smoke.toml");
}

impl Study for Dose {
    const NAME: &'static str = "study-dose";
    type Settings = DoseSettings;
    type Inputs = Images;
    type Results = DoseResults;

    fn preset() -> Result<String, String> {
        Ok(Self::FULL.to_owned())
    }

    fn open(settings: &DoseSettings, root: &Path) -> Result<Images, StudyError> {
        settings.validate().or_settings()?;
        open_images(&settings.data, root, settings.seed)
    }

    fn data(images: &Images) -> Identity {
        images.identity()
    }

    fn remarks(_: &DoseSettings, images: &Images) -> Vec<String> {
        images.remarks.clone()
    }

    fn run(
        settings: &DoseSettings,
        images: &Images,
        context: &Context<'_>,
    ) -> Result<DoseResults, StudyError> {
        let conditions = settings.conditions().or_settings()?;
        let asked: Vec<Asked<'_>> = (0..settings.repeats)
            .flat_map(|repeat| {
                conditions.iter().map(move |(line, value, condition)| Asked {
                    settings,
                    images,
                    line: *line,
                    along: settings.lines[*line].along,
                    value: *value,
                    condition: condition.clone(),
                    repeat,
                })
            })
            .collect();
        let stage = context.stage("reading networks", asked.iter().map(Asked::steps).sum())?;
        let identity = images.identity();
        let mut all = settings.clone();
        // What does not change a cell does not make it another one.
        (all.lines, all.repeats) = (Vec::new(), 0);
        let cells = gather(asked.iter().enumerate().map(|(index, cell)| {
            let key = format!("cells/{index:04}-{}", slug(&cell.condition.name));
            let identity = identity.clone().with_settings("settings", &all).with_settings(
                "cell",
                &(cell.line, cell.along, cell.value, &cell.condition, cell.repeat),
            );
            let seconds = cost::one_of_many(&cell.condition.network, cell.milliseconds());
            let mut made = false;
            let found = context.unit(Unit::new(&key).seconds(seconds), &identity, || {
                made = true;
                cell.make(context, &stage)
            })?;
            if !made {
                stage.advance(cell.steps())?;
            }
            Ok(found)
        }))?;
        let results = DoseResults {
            settings: settings.clone(),
            dataset: settings.data.name(),
            images: [&images.train, &images.validation, &images.test].map(|part| part.len()),
            cells,
        };
        context.write("cells.csv", tables::cells(&results).to_csv().as_bytes())?;
        Ok(results)
    }

    fn report(results: &DoseResults) -> Report {
        report::report(results)
    }

    fn metrics(results: &DoseResults) -> Metrics {
        let mut metrics = Metrics::default();
        let numbers: [(&str, results::Number); 4] = [
            ("accuracy", |c| Some(c.equal_time.accuracy)),
            ("psnr_db", |c| Some(c.equal_time.psnr_db)),
            ("reached_ms", |c| c.reached_ms),
            ("information", |c| Some(c.information)),
        ];
        for cell in results.cells.iter().filter(|cell| cell.repeat == 0) {
            for (label, of) in numbers {
                let values = results.numbers(cell.line, cell.value, of);
                metrics.mean(format!("line-{}.{}.{label}", cell.line + 1, cell.name), values);
            }
        }
        metrics
    }

    fn summary_within(results: &DoseResults, width: usize) -> String {
        report::summary(results, width)
    }
}
