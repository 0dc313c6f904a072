//! Regimes, decoders, data sets and seeds in one study.
//!
//! [`settings`] says what is asked for; [`plan`] turns it into comparisons, each of them one of
//! [`Experiment`](super::experiment::Experiment); [`published`] keeps the numbers that were
//! published when the question was first asked; [`tables`], [`figures`] and [`report`] say what
//! came out.

pub mod colors;
pub mod figures;
pub mod plan;
pub mod published;
pub mod report;
pub mod results;
pub mod settings;
pub mod tables;

use std::path::Path;

use equipoise_report::Report;

use super::studies::begin;
use super::verdicts;
use crate::context::{Context, Identity};
use crate::error::StudyError;
use crate::metrics::Metrics;
use crate::study::Study;
use crate::timings::Timings;

pub use plan::SweepInputs;
pub use results::SweepResults;
pub use settings::SweepSettings;

/// Regimes x decoders x data sets x seeds with controls, at equal time and at equal numbers of
/// spikes, with learning curves and codes of colour.
#[derive(Debug)]
pub struct ReconstructionSweep;

impl ReconstructionSweep {
    /// Its presets, in TOML: a night on two cores.
    pub const FULL: &str = include_str!("../../../presets/study-full.toml");
    /// Twenty minutes at most: the same tables on fewer images and seeds.
    pub const QUICK: &str = include_str!("../../../presets/study-quick.toml");
    /// Under a minute: shows that every part works on images that it draws itself.
    pub const SMOKE: &str = include_str!("../../../presets/study-smoke.toml");
}

impl Study for ReconstructionSweep {
    const NAME: &'static str = "study-reconstruction";
    type Settings = SweepSettings;
    type Inputs = SweepInputs;
    type Results = SweepResults;

    fn preset() -> Result<String, String> {
        SweepSettings::layer(Self::FULL)
    }

    fn open(settings: &SweepSettings, root: &Path) -> Result<SweepInputs, StudyError> {
        SweepInputs::open(settings, root)
    }

    fn data(inputs: &SweepInputs) -> Identity {
        inputs.data()
    }

    fn remarks(settings: &SweepSettings, inputs: &SweepInputs) -> Vec<String> {
        settings.unused_dataset().into_iter().chain(inputs.remarks()).collect()
    }

    fn run(
        settings: &SweepSettings,
        inputs: &SweepInputs,
        context: &Context<'_>,
    ) -> Result<SweepResults, StudyError> {
        begin(settings, context)?;
        let timings = Timings::open(context)?;
        let results = plan::Sweep { settings, inputs, context, timings: &timings }.run()?;
        for result in &results.datasets {
            for remark in verdicts::remarks(&result.equal_time) {
                context.remark(format!("{}: {remark}", result.dataset));
            }
        }
        Ok(results)
    }

    fn report(results: &SweepResults) -> Report {
        report::report(results)
    }

    fn metrics(results: &SweepResults) -> Metrics {
        let mut metrics = Metrics::default();
        for found in &results.datasets {
            found.equal_time.add_metrics(&format!("{}.", found.dataset), &mut metrics);
            if let Some(alike) = &found.equal_spikes {
                alike.add_metrics(&format!("{}.equal_spikes.", found.dataset), &mut metrics);
            }
        }
        for found in &results.colors {
            found.add_metrics(&mut metrics);
        }
        metrics
    }

    fn summary_within(results: &SweepResults, width: usize) -> String {
        report::summary(results, width)
    }
}
