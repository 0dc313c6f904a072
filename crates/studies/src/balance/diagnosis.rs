//! What a diagnosis finds.

use equipoise_encoder::balance::{Diagnosis, DiagnosisConfig, Dynamics, Evidence, Verdict};
use equipoise_encoder::network::NetworkConfig;
use serde::{Deserialize, Serialize};

use super::choice::{self, Case};
use super::picture::Picture;

/// What was found of one network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The data set; none for a network that was left to its background.
    pub dataset: Option<String>,
    /// The regime with its network.
    pub case: Case,
    /// Balanced or not; with images, by the mean over them of what is measured.
    pub verdict: Verdict,
    /// The numbers; with images, those of the first.
    pub diagnosis: Diagnosis,
    /// Further measures of the same recording; none if it was made by a version without them.
    pub dynamics: Option<Dynamics>,
    /// What a figure shows of the same recording.
    pub picture: Picture,
    /// Each image that was shown.
    pub images: Vec<ShownImage>,
}

/// The state of a network while it saw one image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownImage {
    /// Its place in the training part of the data set.
    pub index: usize,
    /// Its class.
    pub class: String,
    /// What was measured.
    pub evidence: Evidence,
    /// Balanced or not, and why.
    pub verdict: Verdict,
}

impl Condition {
    /// Data set, if any, and regime.
    pub fn name(&self) -> String {
        match &self.dataset {
            Some(dataset) => format!("{dataset}, {}", self.case.name),
            None => self.case.name.clone(),
        }
    }

    pub(super) fn file_name(&self) -> String {
        part_name(self.dataset.as_deref(), &self.case)
    }

    /// What its verdict is made from; with images, the mean over them.
    pub fn evidence(&self) -> Evidence {
        match self.images.as_slice() {
            [] => evidence(&self.case.network, &self.diagnosis),
            images => mean_evidence(images),
        }
    }

    /// The mean rate; with images, over them.
    pub fn rate_hz(&self) -> f64 {
        self.evidence().rate_hz
    }
}

/// What a diagnosis finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiagnoseResults {
    /// Each data set with each regime.
    pub conditions: Vec<Condition>,
    /// How the recordings were judged.
    pub diagnosis: DiagnosisConfig,
}

/// Data set, if any, and regime in the names of files.
pub(super) fn part_name(dataset: Option<&str>, case: &Case) -> String {
    match dataset {
        Some(dataset) => format!("{}-{}", choice::slug(dataset), choice::slug(&case.name)),
        None => choice::slug(&case.name),
    }
}

/// What a verdict is made from.
pub(super) fn evidence(network: &NetworkConfig, found: &Diagnosis) -> Evidence {
    Evidence {
        rate_hz: found.rate_hz,
        refractory_ms: network.refractory.mean(),
        threshold_mv: network.threshold.mean(),
        excitation_mv: found.excitation,
        inhibition_mv: found.inhibition,
        cv: found.irregularity.cv.mean,
        synchrony: found.synchrony.map(|s| s.chi),
    }
}

/// The mean over images of what is measured; what some images leave open, over the others.
pub(super) fn mean_evidence(images: &[ShownImage]) -> Evidence {
    let mean = |value: fn(&Evidence) -> Option<f64>| {
        let values: Vec<f64> = images.iter().filter_map(|i| value(&i.evidence)).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let always = |value| mean(value).unwrap_or(0.0);
    Evidence {
        rate_hz: always(|e| Some(e.rate_hz)),
        refractory_ms: always(|e| Some(e.refractory_ms)),
        threshold_mv: always(|e| Some(e.threshold_mv)),
        excitation_mv: always(|e| Some(e.excitation_mv)),
        inhibition_mv: always(|e| Some(e.inhibition_mv)),
        cv: mean(|e| e.cv),
        synchrony: mean(|e| e.synchrony),
    }
}
