//! The study of E:I ratios: many trainings, each its own seed, and what they say together.

mod comparison;
mod figures;
mod grid;
mod report;

pub use grid::{Condition, Config, Grid};

use std::path::PathBuf;
use std::sync::Mutex;

use equipoise_decoder::classifier::{ClassifierError, EpochRecord, Trainer};
use equipoise_decoder::observer::{Event, Observer};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Plan, Sets, TrialResult, run_trial};
use crate::console;
use crate::failure::{Failure, OrFail, Outcome};
use crate::interrupt;
use crate::job::{Job, Request};

/// One training of the study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// What was trained.
    pub condition: Condition,
    /// Which repetition, from 0.
    pub trial: usize,
    /// What came out.
    pub result: TrialResult,
}

/// The sets of the study: one pair, or one for each speaker who is held out.
#[derive(Debug)]
pub struct Data {
    sets: Vec<(Option<u16>, Sets)>,
}

impl Data {
    /// Opens the data and checks that every network of the study can be trained on it.
    ///
    /// # Errors
    /// [`Failure::Request`].
    pub fn open(request: &Request<Config>) -> Outcome<Data> {
        let config = &request.config;
        let mut speakers: Vec<_> = config.held_out_speakers.iter().map(|&s| Some(s)).collect();
        if speakers.is_empty() {
            speakers.push(None);
        }
        let mut sets = Vec::with_capacity(speakers.len());
        for speaker in speakers {
            let mut settings = config.data.clone();
            settings.validation_speaker = speaker.or(settings.validation_speaker);
            sets.push((speaker, settings.open(&request.data_root, config.seed)?));
        }
        let data = Data { sets };
        for condition in config.conditions() {
            let sets = data.of(&condition);
            Trainer::check(&condition.network(config, sets.images), &sets.train)
                .map_err(|e| Failure::request(format!("{}: {e}", condition.title())))?;
        }
        Ok(data)
    }

    fn first(&self) -> &Sets {
        &self.sets[0].1
    }

    fn of(&self, condition: &Condition) -> &Sets {
        let of_speaker = self.sets.iter().find(|s| s.0 == condition.speaker);
        of_speaker.map_or(self.first(), |s| &s.1)
    }
}

/// Runs what is missing of the study, and reports on all of it.
///
/// # Errors
/// An interruption, or a file that cannot be written.
pub fn run(job: &Job<Config>, data: &Data) -> Outcome {
    let config = &job.config;
    let conditions = config.conditions();
    let all: Vec<(Condition, usize)> = conditions
        .iter()
        .flat_map(|&c| (0..config.trials_of(c.grid)).map(move |trial| (c, trial)))
        .collect();
    let mut done: Vec<Option<Trial>> = Vec::with_capacity(all.len());
    for (condition, trial) in &all {
        done.push(read(job, condition, *trial)?);
    }
    let found = done.iter().flatten().count();
    if found > 0 {
        job.progress.say(format!("{found} of {} trials are already there", all.len()));
    }
    let epochs: usize =
        all.iter().map(|(c, _)| c.network(config, data.first().images).epochs).sum();
    let task = job.progress.task("training", epochs as u64);
    let missing: Vec<_> = all.iter().zip(&mut done).filter(|(_, slot)| slot.is_none()).collect();
    let first_failure: Mutex<Option<Failure>> = Mutex::new(None);
    // Trials side by side; each of them may use idle threads for its own batches too.
    missing.into_par_iter().for_each(|((condition, trial), slot)| {
        let stopped = interrupt::check().is_err()
            || first_failure.lock().map_or(true, |failure| failure.is_some());
        if stopped {
            return;
        }
        match train(job, data.of(condition), condition, *trial, &task) {
            Ok(result) => *slot = Some(result),
            Err(failure) => {
                if let Ok(mut first) = first_failure.lock() {
                    first.get_or_insert(failure);
                }
            }
        }
    });
    if let Some(failure) = first_failure.into_inner().unwrap_or_default() {
        return Err(failure);
    }
    interrupt::check()?;
    task.finish();
    let trials: Vec<Trial> = done.into_iter().flatten().collect();
    job.dir.write_records("epochs", rows(&trials))?;
    let report = report::build(config, data.first(), &trials);
    job.dir.save_report(&report)?;
    for line in report::lines(config, data.first(), &trials) {
        console::print(line);
    }
    Ok(())
}

fn path(condition: &Condition, trial: usize) -> String {
    format!("trials/{}-{trial}.json", condition.name())
}

/// The result of a trial that an earlier run of this study finished. Files are written whole, so
/// one that cannot be read was damaged afterwards, and its trial runs again.
fn read(job: &Job<Config>, condition: &Condition, trial: usize) -> Outcome<Option<Trial>> {
    let file: PathBuf = job.dir.file(&path(condition, trial))?;
    let Ok(text) = std::fs::read_to_string(&file) else { return Ok(None) };
    match serde_json::from_str::<Trial>(&text) {
        Ok(read) if read.condition == *condition && read.trial == trial => Ok(Some(read)),
        Ok(_) => Err(Failure::request(format!("{} is of another trial", file.display()))),
        Err(e) => {
            job.progress.say(format!("{} is damaged ({e}) and runs again", file.display()));
            Ok(None)
        }
    }
}

fn train(
    job: &Job<Config>,
    sets: &Sets,
    condition: &Condition,
    trial: usize,
    task: &console::Task,
) -> Outcome<Trial> {
    let config = &job.config;
    let plan = Plan {
        config: condition.network(config, sets.images),
        seed: condition.seed(config.seed, trial),
        van_rossum_samples: config.van_rossum_samples,
        van_rossum_tau: config.van_rossum_tau,
    };
    let mut observer = Observer::new(|event| {
        if let Event::Epoch(EpochRecord { epoch: 1.., .. }) = event {
            task.advance(1);
        }
        interrupt::poll()
    });
    let result = run_trial(&plan, sets, &mut observer).map_err(|e| match e {
        ClassifierError::Stopped(_) => Failure::Interrupted(e.to_string()),
        ClassifierError::Setting { .. } | ClassifierError::Data(_) => Failure::request(e),
        _ => Failure::run(format!("{} trial {trial}: {e}", condition.name())),
    })?;
    task.detail(format!("{} {:.1} %", condition.title(), 100.0 * result.peak()));
    let trial = Trial { condition: *condition, trial, result };
    let text = serde_json::to_string(&trial).or_run()?;
    job.dir.write_file(&path(condition, trial.trial), text.as_bytes())?;
    Ok(trial)
}

/// A row of `epochs.csv`.
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

fn rows(trials: &[Trial]) -> Vec<Row> {
    let mut rows = Vec::new();
    for t in trials {
        for r in &t.result.records {
            rows.push(Row {
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
                diverged: t.result.ending != super::Ending::Finished,
            });
        }
    }
    rows
}
