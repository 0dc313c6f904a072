//! Further measures of a recording: does inhibition track excitation, does activity come in
//! avalanches, how long does it echo? They describe; no verdict rests on them.

use equipoise_metrics::dynamics::{
    BranchingConfig, CouplingConfig, CriticalExponents, DfaConfig, DynamicsError, Fei, FeiConfig,
    PowerLawConfig, avalanches, branching_ratio, couplings, critical_exponents, fei,
    mean_event_interval, population_counts,
};
use equipoise_metrics::summary::Summary;
use serde::{Deserialize, Serialize};

use super::error::BalanceError;
use super::judge::Activity;

/// Windows of loose balance, ms.
const LOOSE_MS: f64 = 50.0;
/// Longest lag of tight balance, ms.
const LONGEST_LAG_MS: f64 = 20.0;
/// Bins of the population's activity, ms; those of avalanches are as wide at least.
const BIN_MS: f64 = 1.0;
/// Longest lag of the branching ratio, ms; a tenth of the recording, if that is less.
const MEMORY_MS: f64 = 100.0;
/// Windows of fE/I, ms.
const FEI_MS: f64 = 100.0;
/// Avalanches need a population that is silent in this share of the bins; else what exceeds half
/// the median counts as activity (Poil et al. 2012).
const LEAST_SILENCE: f64 = 0.05;

/// What a recording says of its dynamics, by [`equipoise_metrics::dynamics`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dynamics {
    /// Correlations of excitation and inhibition sample by sample.
    pub tight: Option<InputCoupling>,
    /// Correlations of their means over 50 ms.
    pub loose: Option<InputCoupling>,
    /// Avalanches of the whole population.
    pub avalanches: Option<AvalancheFindings>,
    /// The branching ratio of the whole population.
    pub branching: Option<BranchingFindings>,
    /// The functional ratio of excitation to inhibition of the population's rate in bins of 1 ms,
    /// in windows of 100 ms.
    pub fei: Option<Fei>,
    /// What could not be measured, and why.
    pub missing: Vec<Missing>,
}

/// A measure that has no value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    /// The field of [`Dynamics`], or of what it holds.
    pub measure: String,
    /// Why.
    pub why: DynamicsError,
}

/// How the inhibition of the probed neurons follows their excitation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct InputCoupling {
    /// Windows that inputs are averaged over, ms.
    pub window_ms: f64,
    /// Correlation of each neuron at the lag where it is largest.
    pub correlation: Summary,
    /// That lag, ms; positive where inhibition follows.
    pub lag_ms: Summary,
    /// Correlation without a lag.
    pub without_lag: Summary,
    /// Correlation of each neuron's excitation with the next one's inhibition.
    pub between: Summary,
    /// Correlation over neurons of mean excitation and mean inhibition.
    pub over_neurons: Option<f64>,
}

/// Avalanches of a population.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AvalancheFindings {
    /// Width of the bins, ms: the mean time between spikes of the population, 1 ms at least.
    pub bin_ms: f64,
    /// Spikes of a bin that an avalanche exceeds: 0, or half the median in a population that is
    /// hardly ever silent.
    pub threshold: u32,
    /// Avalanches.
    pub count: usize,
    /// Spikes of the largest.
    pub largest: u64,
    /// Exponents of sizes and durations.
    pub exponents: Option<CriticalExponents>,
}

/// The branching ratio of a population.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BranchingFindings {
    /// Width of the bins, ms.
    pub bin_ms: f64,
    /// The ratio of a bin.
    pub ratio: f64,
    /// Lower end of its 95 % interval.
    pub low: Option<f64>,
    /// Upper end of its 95 % interval.
    pub high: Option<f64>,
    /// The time over which activity decays, ms.
    pub timescale_ms: f64,
    /// Share of the variance of the slopes that the exponential explains.
    pub r_squared: Option<f64>,
}

/// The further measures of a recording: some hundredths of a second for a second of ten thousand
/// neurons.
///
/// # Errors
/// [`BalanceError::Recording`] if the recording contradicts itself. What a recording is too short
/// or too uniform for is none, and listed in [`Dynamics::missing`].
pub fn dynamics(activity: &Activity<'_>) -> Result<Dynamics, BalanceError> {
    activity.check()?;
    let mut missing = Vec::new();
    let mut found = Dynamics {
        tight: None,
        loose: None,
        avalanches: None,
        branching: None,
        fei: None,
        missing: Vec::new(),
    };
    let lags = (LONGEST_LAG_MS / activity.sample_ms).round().clamp(1.0, 1000.0);
    found.tight = kept("tight", coupling(activity, 1.0, lags), &mut missing);
    let window = (LOOSE_MS / activity.sample_ms).round().max(1.0);
    found.loose = kept("loose", coupling(activity, window, 0.0), &mut missing);
    found.avalanches = kept("avalanches", avalanche_findings(activity, &mut missing), &mut missing);
    match population_counts(activity.times_ms, 0.0, activity.duration_ms, BIN_MS) {
        Err(why) => missing.push(Missing { measure: "branching".to_owned(), why }),
        Ok(counts) => {
            let rate: Vec<f64> = counts.into_iter().map(f64::from).collect();
            found.branching = kept("branching", branching(&rate), &mut missing);
            let config = FeiConfig {
                window: (FEI_MS / BIN_MS) as usize,
                dfa: DfaConfig::default(),
                ..FeiConfig::default()
            };
            found.fei = kept("fei", fei(&rate, &config), &mut missing);
        }
    }
    Ok(Dynamics { missing, ..found })
}

/// The value, or none with a note why.
fn kept<T>(
    measure: &str,
    found: Result<T, DynamicsError>,
    missing: &mut Vec<Missing>,
) -> Option<T> {
    found.map_err(|why| missing.push(Missing { measure: measure.to_owned(), why })).ok()
}

fn coupling(
    activity: &Activity<'_>,
    window: f64,
    longest_lag: f64,
) -> Result<InputCoupling, DynamicsError> {
    let floats = |samples: &[f32]| samples.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
    let inputs: Vec<(Vec<f64>, Vec<f64>)> = activity
        .inputs
        .iter()
        .map(|input| (floats(input.excitation), floats(input.inhibition)))
        .collect();
    let inputs: Vec<(&[f64], &[f64])> = inputs.iter().map(|(e, i)| (&e[..], &i[..])).collect();
    let config = CouplingConfig { window: window as usize, longest_lag: longest_lag as usize };
    let found = couplings(&inputs, &config)?;
    let window_ms = window * activity.sample_ms;
    let lags: Vec<f64> =
        found.neurons.iter().flatten().map(|neuron| neuron.lag as f64 * window_ms).collect();
    if lags.is_empty() {
        let what = "the inputs of every neuron".to_owned();
        return Err(DynamicsError::NoVariance { what });
    }
    Ok(InputCoupling {
        window_ms,
        correlation: found.correlation,
        lag_ms: Summary::of(&lags),
        without_lag: found.without_lag,
        between: found.between,
        over_neurons: found.over_neurons,
    })
}

fn avalanche_findings(
    activity: &Activity<'_>,
    missing: &mut Vec<Missing>,
) -> Result<AvalancheFindings, DynamicsError> {
    let bin_ms = mean_event_interval(activity.times_ms).unwrap_or(BIN_MS).max(BIN_MS);
    let counts = population_counts(activity.times_ms, 0.0, activity.duration_ms, bin_ms)?;
    let silent = counts.iter().filter(|&&count| count == 0).count();
    let threshold = if silent as f64 >= LEAST_SILENCE * counts.len() as f64 {
        0
    } else {
        let mut sorted = counts.clone();
        let (_, &mut median, _) = sorted.select_nth_unstable(counts.len() / 2);
        median / 2
    };
    let found = avalanches(&counts, threshold);
    let fit = PowerLawConfig::default();
    let exponents = critical_exponents(&found, &fit, &fit);
    Ok(AvalancheFindings {
        bin_ms,
        threshold,
        count: found.sizes.len(),
        largest: found.sizes.iter().copied().max().unwrap_or(0),
        exponents: kept("avalanches.exponents", exponents, missing),
    })
}

fn branching(rate: &[f64]) -> Result<BranchingFindings, DynamicsError> {
    let longest_lag = ((MEMORY_MS / BIN_MS) as usize).min(rate.len() / 10);
    let config = BranchingConfig { longest_lag, resamples: 200, ..BranchingConfig::default() };
    let found = branching_ratio(&[rate], &config)?;
    Ok(BranchingFindings {
        bin_ms: BIN_MS,
        ratio: found.ratio,
        low: found.interval.map(|interval| interval.low),
        high: found.interval.map(|interval| interval.high),
        timescale_ms: found.timescale * BIN_MS,
        r_squared: found.r_squared,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{DiagnosisConfig, diagnose};
    use super::*;
    use crate::network::{Network, NetworkConfig};

    fn of(config: &NetworkConfig) -> Dynamics {
        let network = Network::build(config, None, 3).unwrap();
        let found = diagnose(&network, &network.trial(3, 0), &DiagnosisConfig::default()).unwrap();
        dynamics(&Activity::of(&network, &found.spikes, &found.probe)).unwrap()
    }

    #[test]
    fn inhibition_tracks_excitation_in_a_network_that_is_driven_together() {
        // Slow oscillations come to excitation and inhibition of all neurons.
        let config = NetworkConfig { duration: 1000.0, ..NetworkConfig::brunel(1000, 6.0, 4.0) };
        let found = of(&config);
        let tight = found.tight.unwrap();
        assert_eq!((tight.window_ms, found.loose.unwrap().window_ms), (1.0, 50.0));
        // The recurrent part of both inputs comes from the same network.
        assert!(tight.correlation.mean.unwrap() > 0.1, "{tight:?}");
        assert!(tight.lag_ms.median.unwrap().abs() <= 5.0, "{tight:?}");
        let branching = found.branching.unwrap();
        assert!(branching.low <= Some(branching.ratio) && Some(branching.ratio) <= branching.high);
        assert!((0.0..1.0).contains(&branching.ratio), "{branching:?}");
        assert_eq!(found.avalanches.unwrap().bin_ms, 1.0);
    }

    #[test]
    fn a_silent_network_has_none_and_says_why() {
        let config = NetworkConfig { duration: 300.0, ..NetworkConfig::brunel(200, 5.0, 0.0) };
        let found = of(&config);
        assert_eq!((found.tight, found.branching, found.fei), (None, None, None));
        let avalanches = found.avalanches.unwrap();
        assert_eq!((avalanches.count, avalanches.exponents), (0, None));
        let missing: Vec<&str> = found.missing.iter().map(|m| m.measure.as_str()).collect();
        assert_eq!(missing, ["tight", "loose", "avalanches.exponents", "branching", "fei"]);
    }
}
