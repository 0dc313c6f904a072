//! What all studies have in common.

use std::path::Path;

use equipoise_report::Report;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::{Context, Identity};
use crate::error::StudyError;
use crate::metrics::Metrics;

/// All that a person can say of a study, with a seed.
pub trait Settings: Serialize + DeserializeOwned + Clone + Send + Sync {
    /// The seed of every random number of the study.
    fn seed(&self) -> u64;

    /// The reason why these settings make no sense, as one line that names the key.
    ///
    /// # Errors
    /// That reason.
    fn validate(&self) -> Result<(), String>;

    /// The same settings with what they leave open filled in: what a run's `config.toml` holds,
    /// so that it says all. Settings that are whole stay as they are.
    ///
    /// # Errors
    /// The reason why they make no sense.
    fn resolved(self) -> Result<Self, String> {
        Ok(self)
    }
}

/// A study: settings, inputs and a context in; results out; a report of them.
///
/// ```text
/// let inputs = Ratios::open(&settings, root)?;          // data are opened and checked
/// let results = Ratios::run(&settings, &inputs, &context)?;
/// let report = Ratios::report(&results);                // a pure function
/// ```
pub trait Study {
    /// Its name in run directories, such as `study-ratios`.
    const NAME: &'static str;
    /// All that a person can say of it.
    type Settings: Settings;
    /// What it reads: data sets, models, earlier runs.
    type Inputs: Sync;
    /// What it finds.
    type Results: Serialize + DeserializeOwned;

    /// The lowest layer of its settings, as TOML: in what the study that is made if nothing is
    /// asked differs from the defaults of the settings' type.
    ///
    /// # Errors
    /// The reason, if there is no such layer.
    fn preset() -> Result<String, String> {
        Ok(String::new())
    }

    /// Opens and checks all that the study reads, before anything is computed or written. `root`
    /// is the folder of the data sets.
    ///
    /// # Errors
    /// If the settings make no sense, or what is to be read is missing or wrong.
    fn open(settings: &Self::Settings, root: &Path) -> Result<Self::Inputs, StudyError>;

    /// What the data that were opened are, wherever they lie: parts that differ from those of other
    /// data. A study that reads none has none.
    fn data(inputs: &Self::Inputs) -> Identity {
        let _ = inputs;
        Identity::default()
    }

    /// What a person should know of the inputs before the study begins: images left out, sizes
    /// that were chosen, how long it may take.
    fn remarks(settings: &Self::Settings, inputs: &Self::Inputs) -> Vec<String> {
        let _ = (settings, inputs);
        Vec::new()
    }

    /// Makes the study, or what is missing of it in the context's store.
    ///
    /// # Errors
    /// If it fails or is stopped.
    fn run(
        settings: &Self::Settings,
        inputs: &Self::Inputs,
        context: &Context<'_>,
    ) -> Result<Self::Results, StudyError>;

    /// The report of the results: text, tables and figures.
    fn report(results: &Self::Results) -> Report;

    /// The numbers that matter most, in a flat form: what `metrics.json` holds.
    fn metrics(results: &Self::Results) -> Metrics;

    /// The results in a few lines of plain text: tables of at most `width` columns, and sentences
    /// that are a line each.
    fn summary_within(results: &Self::Results, width: usize) -> String;

    /// The same for 80 columns.
    fn summary(results: &Self::Results) -> String {
        Self::summary_within(results, 80)
    }
}
