//! Detrended fluctuations: long-range correlations in time, and the functional ratio of excitation
//! to inhibition.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::{DynamicsError, check_values};
use crate::statistics::{linear_regression, pearson};

/// fE/I is valid where the DFA exponent is above this (Bruining et al. 2020).
pub const LEAST_DFA_EXPONENT: f64 = 0.6;

/// How detrended fluctuations are measured. Widths are in samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DfaConfig {
    /// The narrowest window.
    pub narrowest: usize,
    /// The widest window; a tenth of the signal if not given.
    pub widest: Option<usize>,
    /// Windows of how many widths, evenly spaced in the logarithm.
    pub widths: usize,
    /// Share of a window that the next one overlaps.
    pub overlap: f64,
}

impl Default for DfaConfig {
    /// 20 widths from 10 samples to a tenth of the signal, overlapping by half.
    fn default() -> Self {
        Self { narrowest: 10, widest: None, widths: 20, overlap: 0.5 }
    }
}

/// The fluctuations of a signal in windows of several widths.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dfa {
    /// Slope of ln F over ln width: 0.5 for a signal without memory, up to 1 with long-range
    /// correlations in time.
    pub exponent: f64,
    /// Its standard error, from the scatter about the line; none for two widths.
    pub error: Option<f64>,
    /// Share of the variance of ln F that the line explains; none where it does not vary.
    pub r_squared: Option<f64>,
    /// Widths of the windows, in samples.
    pub widths: Vec<usize>,
    /// The mean fluctuation F in windows of each width, in the unit of the signal times samples.
    pub fluctuations: Vec<f64>,
}

/// Detrended fluctuation analysis (Peng et al. 1994, Phys. Rev. E 49:1685; Hardstone et al. 2012,
/// Front. Physiol. 3:450): the signal less its mean is summed up, a line is taken out of each
/// window of that profile, and F is the mean over windows of the root mean square of what is left.
///
/// Takes a time of samples times widths over (1 - overlap).
///
/// # Errors
/// If the signal is shorter than twice the widest window, constant or not finite, or a setting is
/// out of its range.
///
/// ```
/// use equipoise_metrics::dynamics::{DfaConfig, dfa};
/// use equipoise_random::stream;
/// let mut random = stream(1, "example", 0);
/// let noise: Vec<f64> = (0..20_000).map(|_| random.normal()).collect();
/// assert!((dfa(&noise, &DfaConfig::default())?.exponent - 0.5).abs() < 0.05);
/// # Ok::<(), equipoise_metrics::dynamics::DynamicsError>(())
/// ```
pub fn dfa(signal: &[f64], config: &DfaConfig) -> Result<Dfa, DynamicsError> {
    check_values("the signal", signal)?;
    check_overlap(config.overlap)?;
    if config.narrowest < 4 {
        let narrowest = config.narrowest as f64;
        return Err(DynamicsError::setting("the narrowest window", narrowest, "4 samples or more"));
    }
    if !(2..=1000).contains(&config.widths) {
        let widths = config.widths as f64;
        return Err(DynamicsError::setting("the number of widths", widths, "2 to 1000"));
    }
    let widest = config.widest.unwrap_or(signal.len() / 10);
    if widest <= config.narrowest && config.widest.is_some() {
        let wanted = format!("above the narrowest, {}", config.narrowest);
        return Err(DynamicsError::setting("the widest window", widest as f64, wanted));
    }
    let needed = widest.max(config.narrowest + 1).saturating_mul(2);
    let needed = if config.widest.is_none() { 10 * (config.narrowest + 1) } else { needed };
    if signal.len() < needed {
        return Err(DynamicsError::too_few("samples of the signal", signal.len(), needed));
    }
    let growth = widest as f64 / config.narrowest as f64;
    let width = |k: usize| {
        let share = k as f64 / (config.widths - 1) as f64;
        (config.narrowest as f64 * libm::pow(growth, share)).round() as usize
    };
    let mut widths: Vec<usize> = (0..config.widths).map(width).collect();
    widths.dedup();
    let profile = profile(signal);
    let mean = |&width: &usize| {
        let residuals: Vec<f64> = starts(profile.len(), width, config.overlap)
            .map(|at| detrended(&profile[at..at + width]))
            .collect();
        residuals.iter().sum::<f64>() / residuals.len() as f64
    };
    let fluctuations: Vec<f64> = widths.par_iter().map(mean).collect();
    if fluctuations.iter().any(|&f| f <= 0.0) {
        return Err(DynamicsError::NoVariance { what: "the samples of the signal".to_owned() });
    }
    let x: Vec<f64> = widths.iter().map(|&w| libm::log(w as f64)).collect();
    let y: Vec<f64> = fluctuations.iter().map(|&f| libm::log(f)).collect();
    let line = linear_regression(&x, &y)
        .map_err(|_| DynamicsError::too_few("different widths", widths.len(), 2))?;
    let (exponent, error, r_squared) = (line.slope, line.slope_error, line.r_squared);
    Ok(Dfa { exponent, error, r_squared, widths, fluctuations })
}

/// How the functional ratio of excitation to inhibition is measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FeiConfig {
    /// Width of the windows in samples: Bruining et al. use 5 s of the amplitude of alpha
    /// oscillations.
    pub window: usize,
    /// Share of a window that the next one overlaps.
    pub overlap: f64,
    /// The analysis that says whether the ratio is valid.
    pub dfa: DfaConfig,
}

impl Default for FeiConfig {
    /// Windows of 500 samples that overlap by 0.8.
    fn default() -> Self {
        Self { window: 500, overlap: 0.8, dfa: DfaConfig::default() }
    }
}

/// The functional ratio of excitation to inhibition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fei {
    /// fE/I: below 1 where inhibition dominates, above 1 where excitation does, 1 at the critical
    /// point between.
    pub ratio: f64,
    /// Whether the DFA exponent is above [`LEAST_DFA_EXPONENT`]; else the ratio means nothing.
    pub valid: bool,
    /// The DFA exponent of the signal.
    pub dfa_exponent: f64,
    /// Windows that it rests on.
    pub windows: usize,
    /// Further windows without amplitude, which have no normalised fluctuation.
    pub silent_windows: usize,
}

/// The functional ratio of excitation to inhibition of Bruining et al. (2020, Sci. Rep. 10:9195):
/// one less Pearson's correlation, over windows, of the mean amplitude and of the fluctuation of
/// the signal's profile divided by that amplitude and detrended.
///
/// `amplitude` is what is never negative: the amplitude (envelope) of an oscillation, or the spikes
/// of a population in each bin.
///
/// # Errors
/// As [`dfa`], for an amplitude that is negative, and if fewer than three windows have an
/// amplitude or none differ.
pub fn fei(amplitude: &[f64], config: &FeiConfig) -> Result<Fei, DynamicsError> {
    check_values("the amplitude", amplitude)?;
    check_overlap(config.overlap)?;
    if let Some(index) = amplitude.iter().position(|&a| a < 0.0) {
        let (what, wanted) = ("the amplitude".to_owned(), "0 or more".to_owned());
        let value = amplitude[index];
        return Err(DynamicsError::BadValue { what, index, value, wanted });
    }
    if config.window < 4 {
        let window = config.window as f64;
        return Err(DynamicsError::setting("the window", window, "4 samples or more"));
    }
    let dfa_exponent = dfa(amplitude, &config.dfa)?.exponent;
    let profile = profile(amplitude);
    let all: Vec<(f64, f64)> = starts(amplitude.len(), config.window, config.overlap)
        .collect::<Vec<usize>>()
        .into_par_iter()
        .map(|at| {
            let range = at..at + config.window;
            let mean = amplitude[range.clone()].iter().sum::<f64>() / config.window as f64;
            (mean, detrended(&profile[range]))
        })
        .collect();
    let (means, fluctuations): (Vec<f64>, Vec<f64>) =
        all.iter().filter(|(mean, _)| *mean > 0.0).map(|&(mean, f)| (mean, f / mean)).unzip();
    if means.len() < 3 {
        return Err(DynamicsError::too_few("windows with an amplitude", means.len(), 3));
    }
    let what = || DynamicsError::NoVariance { what: "the windows".to_owned() };
    let correlation = pearson(&means, &fluctuations, 0.95).map_err(|_| what())?.r;
    Ok(Fei {
        ratio: 1.0 - correlation,
        valid: dfa_exponent > LEAST_DFA_EXPONENT,
        dfa_exponent,
        windows: means.len(),
        silent_windows: all.len() - means.len(),
    })
}

fn check_overlap(overlap: f64) -> Result<(), DynamicsError> {
    if (0.0..=0.99).contains(&overlap) {
        return Ok(());
    }
    Err(DynamicsError::setting("the overlap", overlap, "0 to 0.99 of a window"))
}

/// The signal less its mean, summed up.
fn profile(signal: &[f64]) -> Vec<f64> {
    let mean = signal.iter().sum::<f64>() / signal.len().max(1) as f64;
    let mut sum = 0.0;
    signal
        .iter()
        .map(|x| {
            sum += x - mean;
            sum
        })
        .collect()
}

/// Where windows of this width begin.
fn starts(samples: usize, width: usize, overlap: f64) -> impl Iterator<Item = usize> {
    let step = ((width as f64 * (1.0 - overlap) + 1e-9).floor() as usize).max(1);
    (0..(samples + 1).saturating_sub(width)).step_by(step)
}

/// The root mean square about the best line.
fn detrended(window: &[f64]) -> f64 {
    let n = window.len() as f64;
    let mean = window.iter().sum::<f64>() / n;
    let middle = 0.5 * (n - 1.0);
    let (mut square, mut product) = (0.0, 0.0);
    for (t, y) in window.iter().enumerate() {
        let y = y - mean;
        square += y * y;
        product += (t as f64 - middle) * y;
    }
    // Σ (t - middle)² over 0..n.
    let times = n * (n * n - 1.0) / 12.0;
    ((square - product * product / times).max(0.0) / n).sqrt()
}
