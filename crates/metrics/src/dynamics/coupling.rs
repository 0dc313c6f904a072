//! Tight and loose balance: do excitation and inhibition of a neuron go together in time?

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::{DynamicsError, check_values};
use crate::statistics::moments::{largest, mean, vary};
use crate::statistics::pearson;
use crate::summary::Summary;

/// The longest lag that is looked at, in samples.
pub const LONGEST_LAG: usize = 10_000;

/// How excitation and inhibition are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CouplingConfig {
    /// Samples that are averaged before anything is correlated: 1 for tight balance, some tens of
    /// milliseconds for loose balance.
    pub window: usize,
    /// Longest lag either way, in windows.
    pub longest_lag: usize,
}

impl Default for CouplingConfig {
    /// Single samples, lags of up to 20 of them.
    fn default() -> Self {
        Self { window: 1, longest_lag: 20 }
    }
}

/// How the inhibition of one neuron follows its excitation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Coupling {
    /// Pearson's correlation over time of excitation and the size of inhibition, at the lag where
    /// it is largest.
    pub correlation: f64,
    /// That lag, in windows: positive where inhibition follows excitation.
    pub lag: i64,
    /// The correlation without a lag; none where the parts without a lag do not vary.
    pub without_lag: Option<f64>,
    /// Size of the mean inhibition over the mean excitation; none without excitation.
    pub ratio: Option<f64>,
}

/// How the inhibition of the recorded neurons follows their excitation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Couplings {
    /// Each neuron; none where its excitation or inhibition does not vary.
    pub neurons: Vec<Option<Coupling>>,
    /// Their correlations at the best lag.
    pub correlation: Summary,
    /// Their lags, in windows.
    pub lag: Summary,
    /// Their correlations without a lag.
    pub without_lag: Summary,
    /// Their ratios of inhibition to excitation.
    pub ratio: Summary,
    /// Correlations at the best lag of the excitation of each neuron with the inhibition of the
    /// next, which do not share their inputs: what is left of the correlation is common to all.
    pub between: Summary,
    /// Pearson's correlation over neurons of mean excitation and the size of mean inhibition; none
    /// for fewer than three neurons or where one of them does not vary.
    pub over_neurons: Option<f64>,
}

/// How the inhibition of one neuron follows its excitation over time.
///
/// `excitation` and `inhibition` are samples of currents, conductances or inputs in any one unit,
/// at the same times. Inhibition may be of either sign: it is turned so that its mean is
/// positive. Takes a time of samples times lags.
///
/// # Errors
/// [`DynamicsError::NoVariance`] where one of them is constant, and for lengths that differ, too
/// few samples (four windows more than the longest lag), values that are not finite or settings
/// out of their range.
///
/// ```
/// use equipoise_metrics::dynamics::{CouplingConfig, coupling};
/// // Inhibition is half of what excitation was two samples before.
/// let excitation: Vec<f64> = (0..200).map(|t| f64::from(t * t % 101)).collect();
/// let inhibition: Vec<f64> =
///     (0..200).map(|t: i32| -0.5 * excitation[(t - 2).max(0) as usize]).collect();
/// let found = coupling(&excitation, &inhibition, &CouplingConfig::default())?;
/// assert_eq!(found.lag, 2);
/// assert!(found.correlation > 0.999 && (found.ratio.unwrap() - 0.5).abs() < 0.01);
/// # Ok::<(), equipoise_metrics::dynamics::DynamicsError>(())
/// ```
pub fn coupling(
    excitation: &[f64],
    inhibition: &[f64],
    config: &CouplingConfig,
) -> Result<Coupling, DynamicsError> {
    let pair = Pair::of(excitation, inhibition, config)?;
    pair.coupling(&pair.inhibition, config)
}

/// [`coupling`] of several neurons, each with its excitation and inhibition at the same times.
///
/// # Errors
/// As [`coupling`], but that a neuron whose inputs are constant has no coupling.
pub fn couplings(
    neurons: &[(&[f64], &[f64])],
    config: &CouplingConfig,
) -> Result<Couplings, DynamicsError> {
    let length = neurons.first().map_or(0, |(excitation, _)| excitation.len());
    if let Some((other, _)) = neurons.iter().find(|(e, _)| e.len() != length) {
        let what = "samples of each neuron".to_owned();
        return Err(DynamicsError::Length { what, found: other.len(), wanted: length });
    }
    let pairs = neurons
        .iter()
        .map(|(excitation, inhibition)| Pair::of(excitation, inhibition, config))
        .collect::<Result<Vec<Pair>, DynamicsError>>()?;
    let constant = |found: Result<Coupling, DynamicsError>| match found {
        Ok(found) => Ok(Some(found)),
        Err(DynamicsError::NoVariance { .. }) => Ok(None),
        Err(error) => Err(error),
    };
    let found = pairs
        .par_iter()
        .map(|pair| constant(pair.coupling(&pair.inhibition, config)))
        .collect::<Result<Vec<Option<Coupling>>, DynamicsError>>()?;
    let between = match pairs.len() {
        0 | 1 => Vec::new(),
        n => (0..n)
            .into_par_iter()
            .map(|k| constant(pairs[k].coupling(&pairs[(k + 1) % n].inhibition, config)))
            .collect::<Result<Vec<Option<Coupling>>, DynamicsError>>()?,
    };
    let summary = |of: &[Option<Coupling>], value: fn(&Coupling) -> Option<f64>| {
        Summary::of(&of.iter().flatten().filter_map(value).collect::<Vec<f64>>())
    };
    let means = |side: fn(&Pair) -> f64| pairs.iter().map(side).collect::<Vec<f64>>();
    Ok(Couplings {
        correlation: summary(&found, |c| Some(c.correlation)),
        lag: summary(&found, |c| Some(c.lag as f64)),
        without_lag: summary(&found, |c| c.without_lag),
        ratio: summary(&found, |c| c.ratio),
        between: summary(&between, |c| Some(c.correlation)),
        over_neurons: over(&means(|p| p.mean_excitation), &means(|p| p.mean_inhibition)),
        neurons: found,
    })
}

/// How excitation and inhibition of each neuron go together over stimuli: Pearson's correlation of
/// its mean excitation and the size of its mean inhibition, one of each a stimulus (rows of
/// `stimuli` values, neuron after neuron). None where one of them does not vary.
///
/// # Errors
/// If there are fewer than three stimuli, the tables have different sizes or no whole rows, or a
/// value is not finite.
pub fn over_stimuli(
    excitation: &[f64],
    inhibition: &[f64],
    stimuli: usize,
) -> Result<Vec<Option<f64>>, DynamicsError> {
    if stimuli < 3 {
        return Err(DynamicsError::too_few("stimuli", stimuli, 3));
    }
    if excitation.len() != inhibition.len() || !excitation.len().is_multiple_of(stimuli) {
        return Err(DynamicsError::Length {
            what: "values of inhibition".to_owned(),
            found: inhibition.len(),
            wanted: excitation.len().next_multiple_of(stimuli),
        });
    }
    check_values("excitation", excitation)?;
    check_values("inhibition", inhibition)?;
    let rows = excitation.chunks_exact(stimuli).zip(inhibition.chunks_exact(stimuli));
    let size = |row: &[f64]| {
        let sign = if mean(row) < 0.0 { -1.0 } else { 1.0 };
        row.iter().map(|x| sign * x).collect::<Vec<f64>>()
    };
    Ok(rows.map(|(e, i)| over(e, &size(i))).collect())
}

fn over(excitation: &[f64], inhibition: &[f64]) -> Option<f64> {
    (excitation.len() > 2).then(|| pearson(excitation, inhibition, 0.95).ok())?.map(|c| c.r)
}

/// The averaged inputs of a neuron, less their means; inhibition with a positive mean.
struct Pair {
    excitation: Vec<f64>,
    inhibition: Vec<f64>,
    mean_excitation: f64,
    mean_inhibition: f64,
    /// Whether each of them varies.
    varies: (bool, bool),
}

impl Pair {
    fn of(
        excitation: &[f64],
        inhibition: &[f64],
        config: &CouplingConfig,
    ) -> Result<Self, DynamicsError> {
        if config.window == 0 {
            return Err(DynamicsError::setting("the window", 0.0, "1 sample or more"));
        }
        if config.longest_lag > LONGEST_LAG {
            let wanted = format!("at most {LONGEST_LAG}");
            let lag = config.longest_lag as f64;
            return Err(DynamicsError::setting("the longest lag", lag, wanted));
        }
        if excitation.len() != inhibition.len() {
            return Err(DynamicsError::Length {
                what: "samples of inhibition".to_owned(),
                found: inhibition.len(),
                wanted: excitation.len(),
            });
        }
        check_values("excitation", excitation)?;
        check_values("inhibition", inhibition)?;
        let windows = excitation.len() / config.window;
        if windows < config.longest_lag + 4 {
            return Err(DynamicsError::too_few(
                "windows of both inputs",
                windows,
                config.longest_lag + 4,
            ));
        }
        let averaged = |samples: &[f64]| -> Vec<f64> {
            samples.chunks_exact(config.window).map(mean).collect()
        };
        let centred = |values: Vec<f64>, sign: f64, mean: f64| -> Vec<f64> {
            values.into_iter().map(|v| sign * (v - mean)).collect()
        };
        let (excitation, inhibition) = (averaged(excitation), averaged(inhibition));
        let varies = |values: &[f64]| vary(values, largest(values));
        let varies = (varies(&excitation), varies(&inhibition));
        let (mean_excitation, mean_inhibition) = (mean(&excitation), mean(&inhibition));
        let sign = if mean_inhibition < 0.0 { -1.0 } else { 1.0 };
        Ok(Self {
            excitation: centred(excitation, 1.0, mean_excitation),
            inhibition: centred(inhibition, sign, mean_inhibition),
            mean_excitation,
            mean_inhibition: mean_inhibition.abs(),
            varies,
        })
    }

    /// With this neuron's inhibition, or another's.
    fn coupling(
        &self,
        inhibition: &[f64],
        config: &CouplingConfig,
    ) -> Result<Coupling, DynamicsError> {
        let what = match self.varies {
            (false, _) => "the samples of excitation",
            (_, false) => "the samples of inhibition",
            _ => "the samples of both",
        };
        let longest = config.longest_lag as i64;
        let mut best: Option<(f64, i64)> = None;
        // From no lag outwards, so that of equal ones the shortest is taken.
        let lags = (0..=longest).flat_map(|lag| [lag, -lag]).skip(1);
        for lag in lags {
            let Some(r) = lagged(&self.excitation, inhibition, lag) else { continue };
            if self.varies == (true, true) && best.is_none_or(|(most, _)| r > most) {
                best = Some((r, lag));
            }
        }
        let (correlation, lag) =
            best.ok_or_else(|| DynamicsError::NoVariance { what: what.to_owned() })?;
        Ok(Coupling {
            correlation,
            lag,
            without_lag: lagged(&self.excitation, inhibition, 0),
            ratio: (self.mean_excitation != 0.0)
                .then(|| self.mean_inhibition / self.mean_excitation.abs()),
        })
    }
}

/// Pearson's correlation of `a` at t with `b` at t + lag, over all t that have both.
fn lagged(a: &[f64], b: &[f64], lag: i64) -> Option<f64> {
    let shift = lag.unsigned_abs() as usize;
    let kept = a.len() - shift;
    let (a, b) = if lag >= 0 { (&a[..kept], &b[shift..]) } else { (&a[shift..], &b[..kept]) };
    let n = kept as f64;
    // The whole series have mean 0, so these sums lose no digits.
    let (mut sums, mut squares, mut product) = ((0.0, 0.0), (0.0, 0.0), 0.0);
    for (&x, &y) in a.iter().zip(b) {
        sums = (sums.0 + x, sums.1 + y);
        squares = (squares.0 + x * x, squares.1 + y * y);
        product += x * y;
    }
    let variance = |square: f64, sum: f64| {
        let variance = square - sum * sum / n;
        (variance > 1e-12 * square).then(|| variance.sqrt())
    };
    let (x, y) = (variance(squares.0, sums.0)?, variance(squares.1, sums.1)?);
    Some(((product - sums.0 * sums.1 / n) / x / y).clamp(-1.0, 1.0))
}
