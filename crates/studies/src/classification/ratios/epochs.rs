//! `epochs.csv`: every epoch of every trial.

use serde::Serialize;

use super::grid::Grid;
use super::trials::Trial;
use crate::classification::trial::Ending;
use crate::{OrStudyError, StudyError};

/// Name of the file.
pub const FILE: &str = "epochs.csv";

/// A row.
#[derive(Debug, Serialize)]
struct Row {
    grid: Grid,
    ratio: f64,
    sigma_1: Option<f64>,
    noise: f64,
    recurrent: bool,
    held_out_speaker: Option<u16>,
    trial: usize,
    seed: u64,
    epoch: usize,
    train_loss: Option<f64>,
    train_accuracy: Option<f64>,
    loss: f64,
    accuracy: f64,
    rate_hz: f64,
    excitatory_rate_hz: Option<f64>,
    inhibitory_rate_hz: Option<f64>,
    excitatory_spikes_percent: Option<f64>,
    diverged: bool,
}

/// The file's bytes: a header, and one row a trial and epoch.
///
/// # Errors
/// If memory cannot be written to, which does not happen.
pub fn csv(trials: &[Trial]) -> Result<Vec<u8>, StudyError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for t in trials {
        for r in &t.result.records {
            let row = Row {
                grid: t.condition.grid,
                ratio: t.condition.ratio,
                sigma_1: t.condition.sigma_1,
                noise: t.condition.noise,
                recurrent: t.condition.recurrent,
                held_out_speaker: t.condition.speaker,
                trial: t.trial,
                seed: t.result.seed,
                epoch: r.epoch,
                train_loss: r.train_loss,
                train_accuracy: r.train_accuracy,
                loss: r.test.loss,
                accuracy: r.test.accuracy,
                rate_hz: r.test.activity.rate,
                excitatory_rate_hz: r.test.activity.excitatory_rate,
                inhibitory_rate_hz: r.test.activity.inhibitory_rate,
                excitatory_spikes_percent: r.test.activity.excitatory_percent,
                diverged: t.result.ending != Ending::Finished,
            };
            writer.serialize(row).or_failed()?;
        }
    }
    writer.into_inner().or_failed()
}
