//! The main job: encode images in E/I networks of several regimes, train a decoder on the spikes
//! of each, reconstruct unseen images, and say which regime codes better.
//!
//! [`Settings`] is what a person can ask for, [`images`] are split the same way for every regime,
//! [`encoding`] makes spikes of them, [`activity`] looks at the network while it does, [`cell`]
//! trains and scores one decoder for one regime and seed, [`comparison`] tests the regimes against
//! each other, and [`report`] writes it all down.

pub mod activity;
pub mod cell;
pub mod comparison;
pub mod encoding;
pub mod figures;
pub mod images;
pub mod report;
pub mod run;
pub mod settings;
pub mod study;
pub mod tables;
pub mod trainer;

pub use settings::{RegimeChoice, Settings};

use crate::failure::Outcome;
use crate::job::Request;

/// Compares the regimes and writes the report under `title`.
///
/// # Errors
/// As [`run::Inputs::open`], [`run::run`] and [`report::write`].
pub fn compare(request: Request<Settings>, title: &str) -> Outcome {
    let inputs = run::Inputs::open(&request.config, &request.data_root)?;
    request.begin()?.run(|job| {
        let work = run::Work {
            settings: &job.config,
            regimes: inputs.regimes.clone(),
            inputs: &inputs,
            dir: &job.dir,
            progress: job.progress,
            name: String::new(),
        };
        report::write(job, &run::run(&work)?, title)
    })
}
