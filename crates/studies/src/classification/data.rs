//! Which data a classifier is trained and measured on, as events.

use std::ops::ControlFlow;
use std::path::Path;

use equipoise_data::{DataIdentity, Dataset, FolderOptions, OpenOptions, Share, load};
use equipoise_decoder::classifier::LabelledEvents;
use equipoise_encoder::code::{Binning, Latency};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::published::DataKind;
use crate::{Identity, OrStudyError, StudyError};

/// Which data, and as which events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DataSettings {
    /// Name of the data set.
    pub dataset: String,
    /// Training samples, a balanced part of the set; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train: Option<usize>,
    /// Test samples, a balanced part of the set; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<usize>,
    /// Share of the training samples that is held out and takes the place of the test set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    pub validation_share: Option<f64>,
    /// Speaker of the training samples who is held out and takes the place of the test set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_speaker: Option<u16>,
    /// How the images of a `folder:PATH` are read.
    pub folder: FolderOptions,
    /// How images become events.
    pub latency: Latency,
    /// How recordings become events.
    pub binning: Binning,
}

impl Default for DataSettings {
    fn default() -> Self {
        Self {
            dataset: "fashion-mnist".into(),
            train: None,
            test: None,
            validation_share: None,
            validation_speaker: None,
            folder: FolderOptions::default(),
            latency: Latency::default(),
            binning: Binning::default(),
        }
    }
}

/// What a network is measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasuredOn {
    /// The test set.
    Test,
    /// Samples held out of the training set.
    Validation,
}

impl MeasuredOn {
    /// For tables and figures: "test" or "validation".
    pub fn label(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Validation => "validation",
        }
    }
}

/// The two sets of a training.
#[derive(Debug)]
pub struct Sets {
    /// To train on.
    pub train: LabelledEvents,
    /// To measure on.
    pub test: LabelledEvents,
    /// What they are, for reports.
    pub facts: DataFacts,
    /// What was noticed while they were read.
    pub remarks: Vec<String>,
    /// What the samples are, by content.
    identities: [DataIdentity; 2],
    /// How they became events.
    code: Code,
}

/// How samples became events.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Code {
    Latency(Latency),
    Binning(Binning),
}

/// What a report says of the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataFacts {
    /// Name of the data set.
    pub dataset: String,
    /// Images or recordings.
    pub kind: DataKind,
    /// What is measured on.
    pub measured_on: MeasuredOn,
    /// Training samples.
    pub training_samples: usize,
    /// Measured samples of each class.
    pub measured_classes: Vec<usize>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Steps of the time grid.
    pub steps: usize,
    /// Time that a step covers, ms: 1 for images, by convention.
    pub step_ms: f64,
}

impl DataFacts {
    /// Measured samples.
    pub fn measured_samples(&self) -> usize {
        self.measured_classes.iter().sum()
    }

    /// Share of the measured samples that are of the commonest class: the accuracy of an answer
    /// that never changes.
    pub fn constant_accuracy(&self) -> f64 {
        let commonest = self.measured_classes.iter().copied().max().unwrap_or(0);
        commonest as f64 / self.measured_samples().max(1) as f64
    }

    /// The time that a step covers, ms, to three decimals.
    pub fn rounded_step_ms(&self) -> f64 {
        (self.step_ms * 1e3).round() / 1e3
    }

    /// The time grid in words, such as "100 steps of 14 ms".
    pub fn grid(&self) -> String {
        format!("{} steps of {} ms", self.steps, self.rounded_step_ms())
    }
}

impl Sets {
    /// The identity of a result that depends on all of these data.
    pub fn identify(&self, identity: Identity) -> Identity {
        let [train, test] = &self.identities;
        identity
            .with("training data", in_words(train))
            .with("measured data", in_words(test))
            .with_each("events", &self.code)
    }

    /// The identity of a result that depends on the measured data alone.
    pub fn identify_measured(&self, identity: Identity) -> Identity {
        identity.with("measured data", self.measured_identity()).with_each("events", &self.code)
    }

    /// The measured data in words and by their content, as in identities.
    pub fn measured_identity(&self) -> String {
        in_words(&self.identities[1])
    }
}

/// A data set in words that name what is there, and a digest that is its content's alone.
fn in_words(identity: &DataIdentity) -> String {
    format!("{} samples of {}, {}", identity.samples, identity.name, identity.content)
}

impl DataSettings {
    /// The reason why these settings make no sense.
    ///
    /// # Errors
    /// That reason.
    pub fn validate(&self) -> Result<(), String> {
        if let Some(share) = self.validation_share
            && !(share > 0.0 && share < 1.0)
        {
            return Err(format!("data.validation_share = {share}: it must lie between 0 and 1"));
        }
        if self.validation_share.is_some() && self.validation_speaker.is_some() {
            return Err("data.validation_share and data.validation_speaker: give only one".into());
        }
        self.latency.validate().map_err(|e| format!("data.latency: {e}"))
    }

    /// Opens the sets; the seed is that of subsets, of the held-out share and of synthetic data.
    ///
    /// # Errors
    /// If they are missing or damaged, or do not suit the settings.
    pub fn open(&self, root: &Path, seed: u64) -> Result<Sets, StudyError> {
        let options = OpenOptions {
            train: self.train,
            test: self.test,
            seed,
            folder: self.folder,
            max_time: self.binning.max_time.map(|seconds| seconds as f32),
            ..OpenOptions::default()
        };
        let loaded = load(&self.dataset, root, &options, &|| ControlFlow::Continue(()))?;
        let remarks = loaded.remarks.iter().map(ToString::to_string).collect();
        let share = self.validation_share.map(Share::Fraction);
        let (train, test, identities, kind) = match loaded.dataset {
            Dataset::Images { train, test } => {
                let (train, test) = match (share, self.validation_speaker) {
                    (Some(share), _) => train.split_validation(share, seed)?,
                    (None, Some(_)) => {
                        return Err(StudyError::input(format!(
                            "data.validation_speaker: {} has images, not speakers",
                            self.dataset
                        )));
                    }
                    (None, None) => (train, test),
                };
                let identities = [train.identity(), test.identity()];
                let events = |set| LabelledEvents::from_images(set, &self.latency).or_input();
                (events(&train)?, events(&test)?, identities, DataKind::Images)
            }
            Dataset::Spikes { train, test } => {
                let (train, test) = match (share, self.validation_speaker) {
                    (Some(share), _) => train.split_validation(share, seed)?,
                    (None, Some(speaker)) => train.split_validation_by_speaker(speaker)?,
                    (None, None) => (train, test),
                };
                let identities = [train.identity(), test.identity()];
                let events = |set| LabelledEvents::from_spikes(set, &self.binning).or_input();
                (events(&train)?, events(&test)?, identities, DataKind::Recordings)
            }
        };
        let code = match kind {
            DataKind::Images => Code::Latency(self.latency),
            DataKind::Recordings => Code::Binning(self.binning),
        };
        let held_out = self.validation_share.is_some() || self.validation_speaker.is_some();
        let mut measured_classes = vec![0; test.classes().len()];
        for &label in test.labels() {
            measured_classes[usize::from(label)] += 1;
        }
        let facts = DataFacts {
            dataset: self.dataset.clone(),
            kind,
            measured_on: if held_out { MeasuredOn::Validation } else { MeasuredOn::Test },
            training_samples: train.len(),
            measured_classes,
            classes: test.classes().to_vec(),
            steps: test.input().steps(),
            step_ms: test.input().step_ms(),
        };
        Ok(Sets { train, test, facts, remarks, identities, code })
    }
}
