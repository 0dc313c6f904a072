//! The state of a network while it sees images: measured, and not what it is called.

use equipoise_encoder::balance::{Diagnosis, DiagnosisConfig, Evidence, State, Verdict, diagnose};
use equipoise_encoder::network::{Network, Trial};
use equipoise_random::derive_seed;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::matching::Matched;
use super::pictures::Pictures;
use crate::context::Context;
use crate::error::{OrStudyError, StudyError};

/// Recording of an image, ms: an interval distribution needs many intervals.
const RECORDING_MS: f64 = 1000.0;

/// What was measured, the mean over some images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Mean rate, Hz.
    pub rate_hz: f64,
    /// Mean CV of the inter-spike intervals; none where no neuron fires often enough.
    pub cv: Option<f64>,
    /// Mean excitatory input over the mean threshold.
    pub excitation: f64,
    /// Size of the mean inhibition over the mean excitation.
    pub cancelled: f64,
    /// Mean net input over the mean threshold.
    pub net: f64,
    /// Correlation over time of excitation and inhibition of a neuron, in the mean.
    pub input_correlation: Option<f64>,
    /// Mean correlation of the counts of two neurons in windows of 20 ms.
    pub count_correlation: Option<f64>,
    /// Synchrony index chi.
    pub synchrony: Option<f64>,
    /// What the usual criteria make of these numbers.
    pub verdict: Verdict,
}

impl Measured {
    /// The state in a word.
    pub fn state(&self) -> State {
        self.verdict.state
    }
}

/// Measures a network while it sees each of the first `images` of a part for a second.
///
/// # Errors
/// If the network refuses, or the study is stopped.
pub fn measure(
    network: &Network,
    matched: &Matched,
    pictures: &Pictures<'_>,
    images: usize,
    seed: u64,
    context: &Context<'_>,
) -> Result<Measured, StudyError> {
    context.check()?;
    let seed = derive_seed(seed, "coding/state", 0);
    let config = DiagnosisConfig::default();
    let background = |t: f64| if t < 0.0 { 1.0 } else { matched.background_factor };
    let found = (0..images.min(pictures.len())).into_par_iter().map(|index| {
        let image = pictures.shown(index);
        let trial = Trial {
            image: Some(&image),
            background: Some(&background),
            warm_up: 100.0,
            duration: RECORDING_MS,
            parallel: false,
            ..network.trial(seed, index as u64)
        };
        Ok(diagnose(network, &trial, &config).or_failed()?.diagnosis)
    });
    let found = found.collect::<Result<Vec<_>, StudyError>>()?;
    let mean = |values: Vec<f64>| {
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let of =
        |value: &dyn Fn(&Diagnosis) -> Option<f64>| mean(found.iter().filter_map(value).collect());
    let always = |value: fn(&Diagnosis) -> f64| of(&|d| Some(value(d)));
    let rate_hz = always(|d| d.rate_hz).unwrap_or(0.0);
    let excitation_mv = always(|d| d.excitation).unwrap_or(0.0);
    let inhibition_mv = always(|d| d.inhibition).unwrap_or(0.0);
    let (cv, synchrony) = (of(&|d| d.irregularity.cv.mean), of(&|d| d.synchrony.map(|s| s.chi)));
    let settings = network.config();
    let threshold_mv = settings.threshold.mean();
    let refractory_ms = settings.refractory.mean();
    let verdict = config.criteria.judge(&Evidence {
        rate_hz,
        refractory_ms,
        threshold_mv,
        excitation_mv,
        inhibition_mv,
        cv,
        synchrony,
    });
    Ok(Measured {
        rate_hz,
        cv,
        excitation: excitation_mv / threshold_mv,
        cancelled: if excitation_mv > 0.0 { -inhibition_mv / excitation_mv } else { 0.0 },
        net: (excitation_mv + inhibition_mv) / threshold_mv,
        input_correlation: of(&|d| d.input_correlation),
        count_correlation: of(&|d| d.count_correlations.mean),
        synchrony,
        verdict,
    })
}
