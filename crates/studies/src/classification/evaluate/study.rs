//! The study of a trained classifier on other data.

use std::fs;
use std::path::{Path, PathBuf};

use equipoise_data::Fingerprint;
use equipoise_data::npz::NpzWriter;
use equipoise_decoder::classifier::{Classifier, Evaluation, Hardware, LabelledEvents};
use equipoise_encoder::code::{Binning, Latency};
use equipoise_metrics::statistics::wilson;
use equipoise_report::{Report, RunDir, RunDirError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::report;
use super::results::EvaluateClassifierResults;
use crate::classification::classify::{Classify, ClassifySettings, TRAINING};
use crate::classification::data::{DataFacts, DataSettings, Sets};
use crate::classification::published::DataKind;
use crate::classification::trial::TrialResult;
use crate::classification::{remarks, tables};
use crate::context::read_unit;
use crate::{Context, Identity, Metrics, OrStudyError, Settings, Study, StudyError};

/// Name of the file of hidden spikes.
const HIDDEN: &str = "hidden.npz";
/// Level of the interval of the accuracy.
const CONFIDENCE: f64 = 0.95;

/// Which network, on which data.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluateClassifierSettings {
    /// Seed of subsets and of synthetic data.
    pub seed: u64,
    /// The run directory in which the classifier was trained.
    #[serde(skip_serializing_if = "is_empty")]
    pub run: PathBuf,
    /// The file of a classifier, in the place of a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<PathBuf>,
    /// The data set, on whose test part the network is measured; absent: that of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// Samples, a balanced part of the set; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<usize>,
    /// Samples, from the first, whose hidden spikes and logits are kept in hidden.npz; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_spikes: Option<usize>,
}

impl Settings for EvaluateClassifierSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        match (&self.model, is_empty(&self.run)) {
            (None, true) => {
                Err("run: the directory in which a classifier was trained is needed".into())
            }
            (Some(_), false) => Err("run and model: give only one".into()),
            (Some(_), true) if self.dataset.is_none() => {
                Err("dataset: a network from a file has none of its own".into())
            }
            _ => Ok(()),
        }
    }
}

#[allow(clippy::ptr_arg, reason = "the type of the field")]
fn is_empty(path: &PathBuf) -> bool {
    path.as_os_str().is_empty()
}

/// A trained network and the data to measure it on.
#[derive(Debug)]
pub struct EvaluateClassifierInputs {
    classifier: Classifier,
    /// SHA-256 of the file of the network.
    model: String,
    trial: Option<TrialResult>,
    sets: Sets,
    remarks: Vec<String>,
}

/// Measures a trained classifier on data that it may not have seen.
#[derive(Debug)]
pub struct EvaluateClassifier;

impl Study for EvaluateClassifier {
    const NAME: &'static str = "evaluate-classifier";
    type Settings = EvaluateClassifierSettings;
    type Inputs = EvaluateClassifierInputs;
    type Results = EvaluateClassifierResults;

    fn open(
        settings: &EvaluateClassifierSettings,
        root: &Path,
    ) -> Result<EvaluateClassifierInputs, StudyError> {
        settings.validate().or_settings()?;
        let mut remarks = Vec::new();
        let (classifier, model, trial, sets) = match &settings.model {
            Some(path) => {
                let (classifier, model) = from_file(path)?;
                let sets = data_for(&classifier, settings, root)?;
                remarks.extend(sets.remarks.iter().cloned());
                (classifier, model, None, sets)
            }
            None => {
                let (trained, made_from, trial) = training(&settings.run)?;
                let (classifier, model) = network(&settings.run, &made_from, &trial)?;
                let sets = open_data(settings, &trained, &trial.data, root, &mut remarks)?;
                remarks.extend(sets.remarks.iter().cloned());
                if made_from.part("training data") == Some(sets.measured_identity().as_str()) {
                    remarks.push("the network was trained on these very samples".to_owned());
                }
                (classifier, model, Some(trial), sets)
            }
        };
        let (here, there) = (&sets.facts.classes, classifier.classes());
        // A network of another tool has numbers for names.
        let unnamed = trial.is_none() && there.iter().enumerate().all(|(c, n)| *n == c.to_string());
        if here != there && !(unnamed && here.len() == there.len()) {
            return Err(StudyError::input(format!(
                "{} has the classes {}; the network was trained on {}",
                sets.facts.dataset,
                here.join(", "),
                there.join(", ")
            )));
        }
        let (found, wanted) = (sets.test.input().channels(), classifier.grid().channels);
        if found != wanted {
            return Err(StudyError::input(format!(
                "{} has {found} input channels; the network was trained on {wanted}",
                sets.facts.dataset
            )));
        }
        Ok(EvaluateClassifierInputs { classifier, model, trial, sets, remarks })
    }

    fn data(inputs: &EvaluateClassifierInputs) -> Identity {
        inputs.sets.identify_measured(Identity::new().with("model", &inputs.model))
    }

    fn remarks(_: &EvaluateClassifierSettings, inputs: &EvaluateClassifierInputs) -> Vec<String> {
        inputs.remarks.clone()
    }

    fn run(
        settings: &EvaluateClassifierSettings,
        inputs: &EvaluateClassifierInputs,
        context: &Context<'_>,
    ) -> Result<EvaluateClassifierResults, StudyError> {
        let EvaluateClassifierInputs { classifier, model, trial, sets, remarks: known } = inputs;
        let stage = context.stage("evaluating", 1)?;
        let identity = sets.identify_measured(Identity::new().with("model", model));
        let evaluation: Evaluation = context.unit("evaluation", &identity, || {
            classifier.evaluate(&sets.test).map_err(StudyError::input)
        })?;
        let hardware: Hardware = context.unit("hardware", &identity, || {
            let (kernel, weights) = (classifier.kernel(), classifier.weights());
            Hardware::measure(kernel, weights, classifier.signs(), &sets.test)
                .map_err(StudyError::input)
        })?;
        if let Some(samples) = settings.keep_spikes {
            context.write(HIDDEN, &hidden(classifier, &sets.test, samples)?)?;
        }
        stage.advance(1)?;
        let right = (0..evaluation.confusion.len()).map(|c| evaluation.confusion[c][c]).sum();
        let samples = sets.facts.measured_samples() as u64;
        let accuracy = wilson(right, samples, CONFIDENCE).or_failed()?;
        let odd = remarks::of_evaluation(&evaluation, &sets.facts);
        odd.iter().for_each(|remark| context.remark(remark));
        Ok(EvaluateClassifierResults {
            config: *classifier.config(),
            trained: trial.clone(),
            hardware,
            data: sets.facts.clone(),
            evaluation,
            accuracy,
            remarks: known.iter().cloned().chain(odd).collect(),
        })
    }

    fn report(results: &EvaluateClassifierResults) -> Report {
        report::report(results)
    }

    fn metrics(results: &EvaluateClassifierResults) -> Metrics {
        let mut metrics = Metrics::default();
        let EvaluateClassifierResults { evaluation, accuracy, data, .. } = results;
        metrics.put("accuracy", evaluation.accuracy);
        metrics.put("accuracy_ci_low", accuracy.low);
        metrics.put("accuracy_ci_high", accuracy.high);
        metrics.put("loss", evaluation.loss);
        metrics.put("rate_hz", evaluation.activity.rate);
        metrics.count("samples", data.measured_samples());
        tables::hardware_metrics(&mut metrics, &results.hardware);
        metrics
    }

    fn summary_within(results: &EvaluateClassifierResults, _: usize) -> String {
        report::summary(results)
    }
}

/// Hidden spikes and logits of the first samples of a set, as the bytes of a file for NumPy.
fn hidden(
    classifier: &Classifier,
    data: &LabelledEvents,
    samples: usize,
) -> Result<Vec<u8>, StudyError> {
    let (kernel, weights) = (classifier.kernel(), classifier.weights());
    let all: Vec<usize> = (0..samples.min(data.len())).collect();
    let [mut sample, mut step, mut neuron] = [const { Vec::<u32>::new() }; 3];
    let mut logits = Vec::with_capacity(all.len() * classifier.classes().len());
    // A tape holds every potential, so only some samples at a time.
    for chunk in all.chunks(64) {
        let (output, tape) = kernel.forward(weights, data.input(), chunk).or_input()?;
        logits.extend(output.logits);
        for (k, &index) in chunk.iter().enumerate() {
            for (n, train) in tape.spike_trains(kernel, k).into_iter().enumerate() {
                sample.extend(std::iter::repeat_n(index as u32, train.len()));
                neuron.extend(std::iter::repeat_n(n as u32, train.len()));
                step.extend(train);
            }
        }
    }
    let mut file = NpzWriter::in_memory();
    for (name, values) in [("sample", sample), ("step", step), ("neuron", neuron)] {
        file.array(name, &[values.len()], values)?;
    }
    file.array("logits", &[all.len(), classifier.classes().len()], logits)?;
    file.array("neurons", &[1], [kernel.shape().hidden as u32])?;
    Ok(file.into_bytes()?)
}

/// The classifier in a file, and the digest of the file.
fn from_file(path: &Path) -> Result<(Classifier, String), StudyError> {
    // Refuses what is not there, devices, and files that are larger than any of a classifier.
    let classifier = Classifier::load(path).map_err(StudyError::input)?;
    let bytes = fs::read(path).map_err(|e| RunDirError::from_io("read the file", path, e))?;
    Ok((classifier, Fingerprint::from(<[u8; 32]>::from(Sha256::digest(&bytes))).hex()))
}

/// The data to measure a network from a file on, on its time grid.
fn data_for(
    classifier: &Classifier,
    settings: &EvaluateClassifierSettings,
    root: &Path,
) -> Result<Sets, StudyError> {
    let grid = classifier.grid();
    let seconds = grid.steps as f64 * grid.step_ms / 1000.0;
    DataSettings {
        dataset: settings.dataset.clone().unwrap_or_default(),
        test: settings.samples,
        latency: Latency { steps: grid.steps, ..Latency::default() },
        binning: Binning { steps: grid.steps, max_time: Some(seconds) },
        ..DataSettings::default()
    }
    .open(root, settings.seed)
}

/// The file `name` of a run.
fn read(run: &Path, name: &str) -> Result<Vec<u8>, StudyError> {
    let path = run.join(name);
    Ok(fs::read(&path).map_err(|e| RunDirError::from_io("read the file", &path, e))?)
}

/// The settings of a run, what its training was made from, and the training.
fn training(run: &Path) -> Result<(ClassifySettings, Identity, TrialResult), StudyError> {
    RunDir::stored_record_of(run, Classify::NAME)?;
    let settings = RunDir::stored_config(run)?;
    let name = format!("{TRAINING}.json");
    let (made_from, trial) = read_unit(TRAINING, &read(run, &name)?)
        .map_err(|reason| StudyError::input(format!("{}: {reason}", run.join(&name).display())))?;
    Ok((settings, made_from, trial))
}

/// The trained network of a run, and the digest of its file.
fn network(
    run: &Path,
    made_from: &Identity,
    trial: &TrialResult,
) -> Result<(Classifier, String), StudyError> {
    let Some(model) = &trial.model else {
        return Err(StudyError::input(format!(
            "{}: the training diverged and left no network",
            run.display()
        )));
    };
    let place = run.join(&model.name);
    let wrong = |reason: &dyn std::fmt::Display| {
        StudyError::input(format!("{}: {reason}", place.display()))
    };
    let bytes = read(run, &model.name)?;
    if !model.is(&bytes) {
        return Err(wrong(&"it is not the file that the training wrote"));
    }
    let classifier = Classifier::from_bytes(&bytes).map_err(|e| wrong(&e))?;
    let origin = Identity::from(&classifier.origin);
    if *classifier.config() != trial.config || made_from.difference_within(&origin).is_some() {
        return Err(wrong(&"it is of other settings than the training beside it"));
    }
    Ok((classifier, model.sha256.clone()))
}

/// The data to measure on, on the time grid on which the network was trained.
fn open_data(
    settings: &EvaluateClassifierSettings,
    trained: &ClassifySettings,
    facts: &DataFacts,
    root: &Path,
    remarks: &mut Vec<String>,
) -> Result<Sets, StudyError> {
    let mut data = DataSettings {
        dataset: settings.dataset.clone().unwrap_or_else(|| facts.dataset.clone()),
        train: None,
        test: settings.samples,
        validation_share: None,
        validation_speaker: None,
        ..trained.data.clone()
    };
    let sets = data.open(root, settings.seed)?;
    if sets.facts.kind != facts.kind {
        let what = |kind| match kind {
            DataKind::Images => "images",
            DataKind::Recordings => "recordings",
        };
        return Err(StudyError::input(format!(
            "{} has {}; the network was trained on {}",
            data.dataset,
            what(sets.facts.kind),
            what(facts.kind)
        )));
    }
    if sets.facts.step_ms == facts.step_ms {
        return Ok(sets);
    }
    // Recordings of another duration, whose grid would be another one.
    let seconds = facts.steps as f64 * facts.step_ms / 1000.0;
    remarks.push(format!(
        "{} is put on the time grid of the training, {}; spikes after {seconds} s are left out",
        data.dataset,
        facts.grid()
    ));
    data.binning.max_time = Some(seconds);
    data.open(root, settings.seed)
}
