//! Does the population rate follow an external rate that changes in time?

use equipoise_metrics::statistics::pearson;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::{BalanceError, Progress, advance};
use crate::network::{Network, Probe, Simulation, Trial};

/// How the external rate goes over time, in units of the greatest rate.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "shape", rename_all = "snake_case", deny_unknown_fields)]
pub enum Waveform {
    /// Rises in a straight line from `low` to 1 over `rise_ms`, then falls back to `low`.
    Ramp {
        /// Value before and after.
        low: f64,
        /// Length of the rise, ms.
        rise_ms: f64,
    },
    /// Steps from `low` to 1 at `on_ms` and back at `off_ms`.
    Step {
        /// Value before and after.
        low: f64,
        /// Time of the step up, ms.
        on_ms: f64,
        /// Time of the step down, ms.
        off_ms: f64,
    },
    /// Goes up and down between `low` and 1, starting in the middle.
    Sinusoid {
        /// Least value.
        low: f64,
        /// Length of a period, ms.
        period_ms: f64,
    },
}

impl Waveform {
    /// The value at `t` ms after the start of the recording; the first value before it.
    pub fn at(&self, t: f64) -> f64 {
        match *self {
            Self::Ramp { low, rise_ms } => {
                if (0.0..=rise_ms).contains(&t) {
                    low + (1.0 - low) * t / rise_ms
                } else {
                    low
                }
            }
            Self::Step { low, on_ms, off_ms } => {
                if (on_ms..off_ms).contains(&t) {
                    1.0
                } else {
                    low
                }
            }
            Self::Sinusoid { low, period_ms } => {
                let phase = std::f64::consts::TAU * t.max(0.0) / period_ms;
                0.5 * (1.0 + low) + 0.5 * (1.0 - low) * libm::sin(phase)
            }
        }
    }

    /// The name of the shape.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ramp { .. } => "ramp",
            Self::Step { .. } => "step",
            Self::Sinusoid { .. } => "sinusoid",
        }
    }

    /// Refuses a waveform that makes no sense.
    ///
    /// # Errors
    /// What is wrong and what would be right.
    pub fn validate(&self) -> Result<(), BalanceError> {
        let (low, fine, times) = match *self {
            Self::Ramp { low, rise_ms } => {
                (low, rise_ms > 0.0 && rise_ms.is_finite(), "rise_ms > 0")
            }
            Self::Step { low, on_ms, off_ms } => {
                (low, on_ms >= 0.0 && off_ms > on_ms && off_ms.is_finite(), "0 <= on_ms < off_ms")
            }
            Self::Sinusoid { low, period_ms } => {
                (low, period_ms > 0.0 && period_ms.is_finite(), "period_ms > 0")
            }
        };
        if !(0.0..1.0).contains(&low) {
            return Err(BalanceError::setting("low", format!("{low} is not from 0 to below 1")));
        }
        if fine {
            Ok(())
        } else {
            Err(BalanceError::setting("waveform", format!("{} needs {times}", self.name())))
        }
    }
}

/// How to measure tracking.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrackingConfig {
    /// The external rate over time, in units of the configured background.
    pub waveform: Waveform,
    /// Length of a recording, ms.
    pub duration: f64,
    /// Trials, each with its own noise and starting state, over which the rate is averaged.
    pub trials: usize,
    /// Bin of the population rate, ms.
    pub bin_ms: f64,
    /// Standard deviation of the Gaussian that smooths rate and input alike, ms.
    pub smoothing_ms: f64,
    /// Greatest lag that is looked for, ms.
    pub greatest_lag_ms: f64,
}

impl Default for TrackingConfig {
    fn default() -> Self {
        Self {
            waveform: Waveform::Ramp { low: 0.0, rise_ms: 700.0 },
            duration: 900.0,
            trials: 8,
            bin_ms: 1.0,
            smoothing_ms: 5.0,
            greatest_lag_ms: 100.0,
        }
    }
}

impl TrackingConfig {
    fn bins(&self) -> f64 {
        (self.duration / self.bin_ms).round()
    }

    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// What is wrong and what would be right.
    pub fn validate(&self) -> Result<(), BalanceError> {
        self.waveform.validate()?;
        if self.trials == 0 {
            return Err(BalanceError::setting("trials", "0; at least 1 is needed"));
        }
        if !(self.bin_ms > 0.0 && (10.0..=1e5).contains(&self.bins())) {
            return Err(BalanceError::setting(
                "bin_ms",
                format!(
                    "{} ms of a recording of {} ms; from 10 to 100,000 bins are possible",
                    self.bin_ms, self.duration
                ),
            ));
        }
        if !(0.0..=self.duration).contains(&self.smoothing_ms) {
            return Err(BalanceError::setting(
                "smoothing_ms",
                format!(
                    "{} ms; from 0 to the recording's {} ms are possible",
                    self.smoothing_ms, self.duration
                ),
            ));
        }
        if !(0.0..=0.5 * self.duration).contains(&self.greatest_lag_ms) {
            return Err(BalanceError::setting(
                "greatest_lag_ms",
                format!(
                    "{} ms; from 0 to half of the recording of {} ms are possible",
                    self.greatest_lag_ms, self.duration
                ),
            ));
        }
        Ok(())
    }
}

/// How a network follows its input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tracking {
    /// Middle of each bin, ms.
    pub time_ms: Vec<f64>,
    /// External rate in units of its greatest value, smoothed as the rate is.
    pub input: Vec<f64>,
    /// Population rate, Hz, averaged over the trials and smoothed.
    pub rate_hz: Vec<f64>,
    /// Population rate scaled onto the input by least squares (a factor and no offset).
    pub scaled: Vec<f64>,
    /// Lag of the rate behind the input at the peak of their cross-correlation, ms.
    pub lag_ms: f64,
    /// The correlation at that lag.
    pub correlation: f64,
    /// The correlation at lag 0.
    pub correlation_at_zero: f64,
    /// Root mean square of the scaled rate minus the input, over the range of the input.
    pub error: f64,
}

/// Shows the network the waveform once, and counts the spikes of all its neurons in each bin.
///
/// # Errors
/// If a setting makes no sense.
pub fn tracking_counts(
    network: &Network,
    config: &TrackingConfig,
    seed: u64,
    trial: u64,
) -> Result<Vec<u32>, BalanceError> {
    config.validate()?;
    let waveform = config.waveform;
    let profile = move |t: f64| waveform.at(t);
    let trial = Trial {
        background: Some(&profile),
        duration: config.duration,
        parallel: false,
        ..network.trial(seed, trial)
    };
    let spikes = Simulation::new(network).run(&trial, &mut Probe::none())?;
    let mut counts = vec![0; config.bins() as usize];
    let last = counts.len() - 1;
    for &t in &spikes.times {
        counts[((f64::from(t) / config.bin_ms) as usize).min(last)] += 1;
    }
    Ok(counts)
}

/// Shows the network an external rate that changes in time, and measures how its population rate
/// follows.
///
/// # Errors
/// If a setting makes no sense.
pub fn tracking(
    network: &Network,
    config: &TrackingConfig,
    seed: u64,
    progress: Progress<'_>,
) -> Result<Tracking, BalanceError> {
    let counts = (0..config.trials as u64)
        .into_par_iter()
        .map(|trial| {
            let counts = tracking_counts(network, config, seed, trial)?;
            advance(progress)?;
            Ok(counts)
        })
        .collect::<Result<Vec<Vec<u32>>, BalanceError>>()?;
    tracking_of(network.config().neurons, config, &counts)
}

/// How the population rate of `neurons` neurons followed, by the counts of each trial that
/// [`tracking_counts`] gave.
///
/// # Errors
/// If a setting makes no sense, or the counts are not of as many trials and bins as it says.
pub fn tracking_of(
    neurons: usize,
    config: &TrackingConfig,
    counts: &[Vec<u32>],
) -> Result<Tracking, BalanceError> {
    config.validate()?;
    let bins = config.bins() as usize;
    if counts.len() != config.trials || counts.iter().any(|counts| counts.len() != bins) {
        return Err(BalanceError::Recording(format!(
            "counts of {} trials; {} trials of {bins} bins each are needed",
            counts.len(),
            config.trials
        )));
    }
    let waveform = config.waveform;
    let mut rate = vec![0.0; bins];
    let to_hz = 1000.0 / (config.bin_ms * neurons as f64 * config.trials as f64);
    for counts in counts {
        for (rate, &count) in rate.iter_mut().zip(counts) {
            *rate += f64::from(count) * to_hz;
        }
    }
    let time_ms: Vec<f64> = (0..bins).map(|k| (k as f64 + 0.5) * config.bin_ms).collect();
    let input: Vec<f64> = time_ms.iter().map(|&t| waveform.at(t)).collect();
    let sd = config.smoothing_ms / config.bin_ms;
    let (rate, input) = (smooth(&rate, sd), smooth(&input, sd));
    let most = (config.greatest_lag_ms / config.bin_ms) as usize;
    let at = |lag: usize| correlation_at(&input, &rate, lag);
    let (mut lag, mut correlation) = (0, at(0));
    let correlation_at_zero = correlation;
    for candidate in 1..=most {
        let r = at(candidate);
        if r > correlation {
            (lag, correlation) = (candidate, r);
        }
    }
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let square = dot(&rate, &rate);
    let factor = if square > 0.0 { dot(&rate, &input) / square } else { 0.0 };
    let scaled: Vec<f64> = rate.iter().map(|r| factor * r).collect();
    let range = input.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b))
        - input.iter().fold(f64::INFINITY, |a, &b| a.min(b));
    let residual: f64 = scaled.iter().zip(&input).map(|(s, i)| (s - i).powi(2)).sum();
    let error = (residual / bins as f64).sqrt() / range.max(f64::MIN_POSITIVE);
    Ok(Tracking {
        time_ms,
        input,
        rate_hz: rate,
        scaled,
        lag_ms: lag as f64 * config.bin_ms,
        correlation,
        correlation_at_zero,
        error,
    })
}

/// The correlation of the input with the rate `lag` bins later; 0 where one does not vary.
fn correlation_at(input: &[f64], rate: &[f64], lag: usize) -> f64 {
    let n = input.len() - lag;
    pearson(&input[..n], &rate[lag..], 0.95).map_or(0.0, |c| c.r)
}

/// Convolution with a Gaussian of this standard deviation in bins, renormalised at the ends.
pub(super) fn smooth(values: &[f64], sd: f64) -> Vec<f64> {
    if sd <= 0.0 {
        return values.to_vec();
    }
    let reach = (4.0 * sd).ceil() as usize;
    let kernel: Vec<f64> = (0..=reach).map(|k| libm::exp(-0.5 * (k as f64 / sd).powi(2))).collect();
    (0..values.len())
        .map(|at| {
            let (low, high) = (at.saturating_sub(reach), (at + reach).min(values.len() - 1));
            let (mut sum, mut weight) = (0.0, 0.0);
            for k in low..=high {
                let w = kernel[k.abs_diff(at)];
                sum += w * values[k];
                weight += w;
            }
            sum / weight
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waveforms_have_their_shapes() {
        let ramp = Waveform::Ramp { low: 0.0, rise_ms: 700.0 };
        assert_eq!([-5.0, 0.0, 350.0, 700.0, 701.0].map(|t| ramp.at(t)), [0.0, 0.0, 0.5, 1.0, 0.0]);
        let step = Waveform::Step { low: 0.2, on_ms: 10.0, off_ms: 20.0 };
        assert_eq!([9.0, 10.0, 19.0, 20.0].map(|t| step.at(t)), [0.2, 1.0, 1.0, 0.2]);
        let sine = Waveform::Sinusoid { low: 0.0, period_ms: 100.0 };
        assert!((sine.at(25.0) - 1.0).abs() < 1e-12 && sine.at(75.0).abs() < 1e-12);
        assert!(Waveform::Ramp { low: 0.0, rise_ms: 0.0 }.validate().is_err());
        assert!(Waveform::Step { low: 0.0, on_ms: 5.0, off_ms: 5.0 }.validate().is_err());
        assert!(Waveform::Sinusoid { low: 1.0, period_ms: 5.0 }.validate().is_err());
    }

    #[test]
    fn a_known_lag_is_found() {
        let ramp = Waveform::Ramp { low: 0.0, rise_ms: 70.0 };
        let input: Vec<f64> = (0..100).map(|t| ramp.at(f64::from(t))).collect();
        let late: Vec<f64> = (0..100).map(|t| 3.0 * ramp.at(f64::from(t) - 7.0)).collect();
        let best = (0..20).max_by(|&a, &b| {
            correlation_at(&input, &late, a).total_cmp(&correlation_at(&input, &late, b))
        });
        assert_eq!(best, Some(7));
    }

    #[test]
    fn smoothing_keeps_a_constant_and_the_area_inside() {
        assert!(smooth(&[2.0; 50], 3.0).iter().all(|v| (v - 2.0).abs() < 1e-12));
        let mut pulse = [0.0; 101];
        pulse[50] = 1.0;
        let smoothed = smooth(&pulse, 3.0);
        assert!((smoothed.iter().sum::<f64>() - 1.0).abs() < 1e-3);
        assert!((smoothed[50] - 0.133).abs() < 1e-3);
    }
}
