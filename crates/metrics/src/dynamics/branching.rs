//! The branching ratio by multistep regression, which does not change with subsampling.

use equipoise_random::stream;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::{DynamicsError, check_values};
use crate::statistics::Interval;
use crate::summary::quantile_of_sorted;

/// The longest lag that is looked at, in bins.
const LONGEST_LAG: usize = 10_000;

/// How the branching ratio is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BranchingConfig {
    /// The slopes are fitted over lags of 1 to so many bins: some times the time over which
    /// activity decays.
    pub longest_lag: usize,
    /// Whether a constant is added to the exponential, for slow drifts of the activity.
    pub offset: bool,
    /// Whether each trial has a regression of its own, with its own mean, and slopes are averaged;
    /// else one regression has the pairs of all trials, which share a mean.
    pub per_trial: bool,
    /// Parts that a single recording is divided into, to draw them again for the interval.
    pub blocks: usize,
    /// Times that trials or blocks are drawn again for the interval; 0 for no interval.
    pub resamples: usize,
    /// Confidence level of the interval.
    pub confidence: f64,
    /// Seed of the drawing.
    pub seed: u64,
}

impl Default for BranchingConfig {
    /// 50 lags, no offset, one regression, 20 blocks, 500 resamples, 95 %.
    fn default() -> Self {
        Self {
            longest_lag: 50,
            offset: false,
            per_trial: false,
            blocks: 20,
            resamples: 500,
            confidence: 0.95,
            seed: 0,
        }
    }
}

/// The branching ratio m and what it was fitted from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BranchingRatio {
    /// m: how many spikes of the next bin one spike causes. Between 0 and 1.
    pub ratio: f64,
    /// Its interval by drawing trials or blocks again; none without resamples, or with only one
    /// trial or block.
    pub interval: Option<Interval>,
    /// The time over which activity decays, τ = -1 / ln m, in bins.
    pub timescale: f64,
    /// The factor b of the exponential; 1 where all of an autoregressive process is seen, less
    /// under subsampling.
    pub amplitude: f64,
    /// The constant, 0 if none was asked for.
    pub offset: f64,
    /// Share of the variance of the slopes that the exponential explains; none where they do not
    /// vary.
    pub r_squared: Option<f64>,
    /// Slope of the activity after k bins over the activity, k from 1. The first is the
    /// conventional estimate of m, which subsampling lowers.
    pub slopes: Vec<f64>,
}

/// Estimates the branching ratio of activity in bins (Wilting & Priesemann 2018, Nat. Commun.
/// 9:2325): the slopes r_k of the activity A(t + k) over A(t) decay as r_k = b m^k, and only b
/// depends on what share of the neurons is seen.
///
/// Each trial is one recording of the same process, all of one length; a single recording is one
/// trial. Takes a time of bins times lags, and of resamples times some hundred times lags.
///
/// # Errors
/// For no trials, trials of different lengths or shorter than twice the longest lag, values that
/// are not finite, settings out of their range, activity that does not vary
/// ([`DynamicsError::NoVariance`]) or whose slopes are no decaying exponential
/// ([`DynamicsError::NoMemory`]).
///
/// ```
/// use equipoise_metrics::dynamics::{BranchingConfig, branching_ratio};
/// use equipoise_random::stream;
///
/// // A branching process with m = 0.9 and an input of 10 spikes a bin, a tenth of which is seen.
/// let mut random = stream(1, "example", 0);
/// let mut active = 100;
/// let seen: Vec<f64> = (0..50_000)
///     .map(|_| {
///         active = random.poisson(0.9 * active as f64 + 10.0);
///         random.poisson(0.1 * active as f64) as f64
///     })
///     .collect();
/// let found = branching_ratio(&[&seen], &BranchingConfig::default())?;
/// assert!((found.ratio - 0.9).abs() < 0.02);
/// assert!(found.slopes[0] < 0.5); // the slope of the next bin alone
/// # Ok::<(), equipoise_metrics::dynamics::DynamicsError>(())
/// ```
pub fn branching_ratio(
    trials: &[&[f64]],
    config: &BranchingConfig,
) -> Result<BranchingRatio, DynamicsError> {
    check(trials, config)?;
    let parts = if trials.len() == 1 {
        Parts::of_blocks(trials[0], config.longest_lag, config.blocks)
    } else {
        Parts::of_trials(trials, config.longest_lag, config.per_trial)
    };
    let every: Vec<usize> = (0..parts.sums.len()).collect();
    let constant = || DynamicsError::NoVariance { what: "counts".to_owned() };
    let slopes = parts.slopes(&every, config.per_trial).ok_or_else(constant)?;
    let fit = Exponential::fit(&slopes, config.offset).ok_or(DynamicsError::NoMemory)?;
    let mean = slopes.iter().sum::<f64>() / slopes.len() as f64;
    let square: f64 = slopes.iter().map(|r| (r - mean).powi(2)).sum();
    Ok(BranchingRatio {
        ratio: fit.ratio,
        interval: interval(&parts, fit.ratio, config),
        timescale: -1.0 / libm::log(fit.ratio),
        amplitude: fit.amplitude,
        offset: fit.offset,
        r_squared: (square > 1e-24).then(|| 1.0 - fit.residual / square),
        slopes,
    })
}

fn check(trials: &[&[f64]], config: &BranchingConfig) -> Result<(), DynamicsError> {
    let lags = config.longest_lag;
    let least_lags = if config.offset { 4 } else { 3 };
    if lags < least_lags || lags > LONGEST_LAG {
        let wanted = format!("{least_lags} to {LONGEST_LAG} bins");
        return Err(DynamicsError::setting("the longest lag", lags as f64, wanted));
    }
    if config.blocks == 0 {
        return Err(DynamicsError::setting("the number of blocks", 0.0, "1 or more"));
    }
    if config.resamples > 1_000_000 {
        let resamples = config.resamples as f64;
        return Err(DynamicsError::setting(
            "the number of resamples",
            resamples,
            "at most 1000000",
        ));
    }
    if !(config.confidence > 0.0 && config.confidence < 1.0) {
        return Err(DynamicsError::setting(
            "the confidence level",
            config.confidence,
            "between 0 and 1",
        ));
    }
    let Some(first) = trials.first() else {
        return Err(DynamicsError::too_few("trials", 0, 1));
    };
    for trial in trials {
        if trial.len() != first.len() {
            let what = "bins of each trial".to_owned();
            return Err(DynamicsError::Length { what, found: trial.len(), wanted: first.len() });
        }
        check_values("the activity", trial)?;
    }
    if first.len() < 2 * lags + 2 {
        return Err(DynamicsError::too_few("bins of a trial", first.len(), 2 * lags + 2));
    }
    Ok(())
}

/// What a regression of y = A(t + k) on x = A(t) needs, of one part and one lag.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.n += other.n;
        self.x += other.x;
        self.y += other.y;
        self.xx += other.xx;
        self.xy += other.xy;
    }

    /// None where x does not vary.
    fn slope(&self) -> Option<f64> {
        let variance = self.xx - self.x * self.x / self.n;
        (variance > 1e-12 * self.xx).then(|| (self.xy - self.x * self.y / self.n) / variance)
    }
}

/// The sums of each part (trial or block), lag after lag.
struct Parts {
    sums: Vec<Vec<Sums>>,
}

impl Parts {
    fn of_trials(trials: &[&[f64]], lags: usize, per_trial: bool) -> Self {
        let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
        let common = trials.iter().map(|trial| mean(trial)).sum::<f64>() / trials.len() as f64;
        let sums = |trial: &&[f64]| {
            // Subtracting a mean changes no slope and keeps digits.
            let centre = if per_trial { mean(trial) } else { common };
            let values: Vec<f64> = trial.iter().map(|a| a - centre).collect();
            sums(&values, 0..values.len(), lags)
        };
        Self { sums: trials.par_iter().map(sums).collect() }
    }

    /// The parts of one recording: their pairs may end in the next part, so that none is lost.
    fn of_blocks(recording: &[f64], lags: usize, blocks: usize) -> Self {
        let mean = recording.iter().sum::<f64>() / recording.len() as f64;
        let values: Vec<f64> = recording.iter().map(|a| a - mean).collect();
        // A block of a few lags at least.
        let blocks = blocks.min(values.len() / (2 * lags)).max(1);
        let edge = |k: usize| k * values.len() / blocks;
        let parts = (0..blocks).into_par_iter();
        Self { sums: parts.map(|k| sums(&values, edge(k)..edge(k + 1), lags)).collect() }
    }

    /// The slope of each lag with these parts; none where activity does not vary.
    fn slopes(&self, chosen: &[usize], per_trial: bool) -> Option<Vec<f64>> {
        let lags = self.sums.first()?.len();
        (0..lags)
            .map(|lag| {
                if per_trial {
                    let slopes: Option<Vec<f64>> =
                        chosen.iter().map(|&part| self.sums[part][lag].slope()).collect();
                    return slopes.map(|s| s.iter().sum::<f64>() / s.len() as f64);
                }
                let mut all = Sums::default();
                chosen.iter().for_each(|&part| all.add(&self.sums[part][lag]));
                all.slope()
            })
            .collect()
    }
}

/// The sums of the pairs that begin in a range.
fn sums(values: &[f64], range: std::ops::Range<usize>, lags: usize) -> Vec<Sums> {
    (1..=lags)
        .map(|lag| {
            let end = range.end.min(values.len() - lag).max(range.start);
            let (x, y) = (&values[range.start..end], &values[range.start + lag..end + lag]);
            let mut sums = Sums { n: x.len() as f64, ..Sums::default() };
            for (&x, &y) in x.iter().zip(y) {
                sums.x += x;
                sums.y += y;
                sums.xx += x * x;
                sums.xy += x * y;
            }
            sums
        })
        .collect()
}

fn interval(parts: &Parts, estimate: f64, config: &BranchingConfig) -> Option<Interval> {
    let count = parts.sums.len();
    if count < 2 || config.resamples == 0 {
        return None;
    }
    // A resample without memory has a ratio of 0.
    let ratio = |index: u64| {
        let mut draws = stream(config.seed, "metrics/branching", index);
        let chosen: Vec<usize> = (0..count).map(|_| draws.below(count)).collect();
        let slopes = parts.slopes(&chosen, config.per_trial)?;
        Some(Exponential::fit(&slopes, config.offset).map_or(0.0, |fit| fit.ratio))
    };
    let ratios: Option<Vec<f64>> =
        (0..config.resamples as u64).into_par_iter().map(ratio).collect();
    let mut ratios = ratios?;
    ratios.sort_unstable_by(f64::total_cmp);
    let tail = 0.5 - 0.5 * config.confidence;
    let (low, high) =
        quantile_of_sorted(&ratios, tail).zip(quantile_of_sorted(&ratios, 1.0 - tail))?;
    Some(Interval { estimate, low, high, confidence: config.confidence })
}

/// b m^k + c through slopes r_k by least squares.
#[derive(Debug, Clone, Copy)]
struct Exponential {
    ratio: f64,
    amplitude: f64,
    offset: f64,
    /// Sum of squared residuals.
    residual: f64,
}

impl Exponential {
    /// For every m the best b and c are known, so that m alone is sought: on a grid of timescales
    /// from a tenth of a bin to a thousand times the longest lag, and then between its neighbours.
    /// None where the best b is not positive.
    fn fit(slopes: &[f64], offset: bool) -> Option<Self> {
        const GRID: usize = 80;
        let (low, high) = (libm::log(0.1), libm::log(1e3 * slopes.len() as f64));
        let at = |place: f64| {
            let timescale = libm::exp(low + (high - low) * place / GRID as f64);
            Self::with(slopes, libm::exp(-1.0 / timescale), offset)
        };
        let cost = |place: f64| at(place).residual;
        let best = (0..=GRID).min_by(|&a, &b| cost(a as f64).total_cmp(&cost(b as f64)))? as f64;
        let (from, to) = ((best - 1.0).max(0.0), (best + 1.0).min(GRID as f64));
        let fit = at(super::power_law::peak(|place| -cost(place), from, to));
        (fit.amplitude > 0.0).then_some(fit)
    }

    fn with(slopes: &[f64], ratio: f64, offset: bool) -> Self {
        let n = slopes.len() as f64;
        let mut power = 1.0;
        let powers: Vec<f64> = slopes
            .iter()
            .map(|_| {
                power *= ratio;
                power
            })
            .collect();
        let (shift, level) = if offset {
            (powers.iter().sum::<f64>() / n, slopes.iter().sum::<f64>() / n)
        } else {
            (0.0, 0.0)
        };
        let square: f64 = powers.iter().map(|p| (p - shift).powi(2)).sum();
        let product: f64 = powers.iter().zip(slopes).map(|(p, r)| (p - shift) * (r - level)).sum();
        let amplitude = if square > 0.0 { (product / square).max(0.0) } else { 0.0 };
        let constant = level - amplitude * shift;
        let residual =
            powers.iter().zip(slopes).map(|(p, r)| (r - amplitude * p - constant).powi(2)).sum();
        Self { ratio, amplitude, offset: constant, residual }
    }
}
