//! Discrete power laws by maximum likelihood, with a fitted lower cut-off.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::DynamicsError;
use super::log_normal::{LogNormal, compare};
use super::power_sum::power_sum;

/// Lower cut-offs that are tried at once; of more, as many evenly spaced in their logarithm, and
/// then those around the best.
pub const CUTOFFS: usize = 100;

/// The exponents among which the likeliest is sought: without an upper cut-off only those above 1
/// have a distribution.
const EXPONENTS: (f64, f64) = (0.0, 20.0);
const LEAST_WITHOUT_END: f64 = 1.0 + 1e-6;

/// How a power law is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PowerLawConfig {
    /// Lower cut-off; if not given, the one whose fit is nearest to the values by the distance of
    /// Kolmogorov and Smirnov.
    pub minimum: Option<u64>,
    /// Upper cut-off: larger values are left out, and the distribution ends there.
    pub maximum: Option<u64>,
    /// Values that a fitted lower cut-off must leave.
    pub least_values: usize,
}

impl Default for PowerLawConfig {
    /// A fitted lower cut-off that leaves 50 values, no upper one.
    fn default() -> Self {
        Self { minimum: None, maximum: None, least_values: 50 }
    }
}

/// A power law P(x) = x^-α / Σ x'^-α between its cut-offs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PowerLaw {
    /// The exponent α.
    pub exponent: f64,
    /// Its standard error, from the curvature of the likelihood.
    pub error: f64,
    /// Lower cut-off.
    pub minimum: u64,
    /// Upper cut-off, if there is one.
    pub maximum: Option<u64>,
    /// Values between the cut-offs.
    pub values: usize,
    /// The distance of Kolmogorov and Smirnov between them and the power law.
    pub distance: f64,
    /// A log-normal distribution fitted to the same values, and which of the two is likelier; none
    /// where none can be fitted.
    pub log_normal: Option<LogNormal>,
}

/// Fits a power law to positive integers by maximum likelihood (Clauset, Shalizi & Newman 2009,
/// SIAM Rev. 51:661), and compares it with a log-normal distribution by Vuong's test.
///
/// Takes a time of at most 200 cut-offs times the number of different values.
///
/// # Errors
/// If a value is 0, the cut-offs leave too few values or all alike, or a setting is out of its
/// range.
///
/// ```
/// use equipoise_metrics::dynamics::{PowerLawConfig, fit_power_law};
/// // As many values of each size up to 60 as a power law with exponent 2 has.
/// let sizes: Vec<u64> =
///     (1..=60u64).flat_map(|x| std::iter::repeat_n(x, (10_000 / (x * x)) as usize)).collect();
/// let cutoffs = (Some(1), Some(60));
/// let config = PowerLawConfig { minimum: cutoffs.0, maximum: cutoffs.1, least_values: 50 };
/// assert!((fit_power_law(&sizes, &config)?.exponent - 2.0).abs() < 0.05);
/// # Ok::<(), equipoise_metrics::dynamics::DynamicsError>(())
/// ```
pub fn fit_power_law(values: &[u64], config: &PowerLawConfig) -> Result<PowerLaw, DynamicsError> {
    if config.least_values < 2 {
        let least = config.least_values as f64;
        return Err(DynamicsError::setting("the least number of values", least, "2 or more"));
    }
    let histogram = Histogram::of(values, config.maximum)?;
    let most = histogram.values.len();
    let fitted = |start: usize| histogram.fit(start, config.maximum);
    let start = match config.minimum {
        Some(minimum) => {
            if minimum == 0 {
                return Err(DynamicsError::setting("the lower cut-off", 0.0, "1 or more"));
            }
            histogram.values.partition_point(|&x| x < minimum)
        }
        None => {
            // Of a cut-off that leaves less, and of the last value alone, nothing can be said.
            let enough = |start: usize| histogram.left(start) >= config.least_values;
            let candidates = (0..most.saturating_sub(1)).take_while(|&start| enough(start)).count();
            let spread = histogram.spread(0..candidates);
            let nearest = |starts: &[usize]| {
                let distances: Vec<Option<f64>> =
                    starts.par_iter().map(|&start| Some(fitted(start)?.distance)).collect();
                let found = starts.iter().zip(&distances).filter_map(|(&s, d)| Some((s, (*d)?)));
                found.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(start, _)| start)
            };
            let too_few = || {
                let found = histogram.left(0);
                DynamicsError::too_few("values that differ", found, config.least_values.max(2))
            };
            let best = nearest(&spread).ok_or_else(too_few)?;
            let place = spread.binary_search(&best).unwrap_or(0);
            let from = spread[place.saturating_sub(1)];
            let to = spread.get(place + 1).map_or(candidates, |next| next + 1);
            nearest(&histogram.spread(from..to)).unwrap_or(best)
        }
    };
    if most.saturating_sub(start) < 2 {
        let left = most.saturating_sub(start);
        return Err(DynamicsError::too_few("different values above the lower cut-off", left, 2));
    }
    let minimum = config.minimum.unwrap_or(histogram.values[start]);
    let Fit { exponent, distance } =
        histogram.fit_from(start, minimum, config.maximum).ok_or_else(|| {
            let (low, high) = bounds(config.maximum);
            DynamicsError::NoFit(format!("its exponent is not between {low:.3} and {high}"))
        })?;
    let tail = histogram.tail(start);
    let law = Law { exponent, minimum, maximum: config.maximum };
    let values = histogram.left(start);
    Ok(PowerLaw {
        exponent,
        error: 1.0 / (values as f64 * law.curvature()).sqrt(),
        minimum,
        maximum: config.maximum,
        values,
        distance,
        log_normal: compare(&tail, minimum, config.maximum, &law.log_probabilities(&tail)),
    })
}

fn bounds(maximum: Option<u64>) -> (f64, f64) {
    (if maximum.is_none() { LEAST_WITHOUT_END } else { EXPONENTS.0 }, EXPONENTS.1)
}

/// A power law between its cut-offs.
struct Law {
    exponent: f64,
    minimum: u64,
    maximum: Option<u64>,
}

impl Law {
    /// ln Σ (x / minimum)^-s.
    fn log_norm(&self, s: f64) -> f64 {
        let minimum = self.minimum as f64;
        libm::log(power_sum(s, minimum, minimum, self.maximum.map(|m| m as f64)))
    }

    /// The variance of ln x: what a value says of the exponent.
    fn curvature(&self) -> f64 {
        let h = 1e-3_f64.min(0.1 * (self.exponent - bounds(self.maximum).0)).max(1e-7);
        let at = |s| self.log_norm(s);
        ((at(self.exponent + h) + at(self.exponent - h) - 2.0 * at(self.exponent)) / (h * h))
            .max(f64::MIN_POSITIVE)
    }

    fn log_probabilities(&self, tail: &[(u64, usize)]) -> Vec<f64> {
        let norm = self.log_norm(self.exponent);
        let minimum = self.minimum as f64;
        tail.iter().map(|&(x, _)| -self.exponent * libm::log(x as f64 / minimum) - norm).collect()
    }
}

/// How near a fit is.
struct Fit {
    exponent: f64,
    distance: f64,
}

/// The different values, ascending, and how many of each and all larger ones there are.
struct Histogram {
    values: Vec<u64>,
    /// One longer than `values`, the last 0.
    from: Vec<usize>,
    /// Sums of ln x over each and all larger ones.
    logs: Vec<f64>,
}

impl Histogram {
    fn of(all: &[u64], maximum: Option<u64>) -> Result<Self, DynamicsError> {
        if let Some(index) = all.iter().position(|&x| x == 0) {
            let wanted = "1 or more".to_owned();
            let what = "what is fitted".to_owned();
            return Err(DynamicsError::BadValue { what, index, value: 0.0, wanted });
        }
        let mut sorted: Vec<u64> =
            all.iter().copied().filter(|&x| maximum.is_none_or(|most| x <= most)).collect();
        sorted.sort_unstable();
        let groups: Vec<(u64, usize)> =
            sorted.chunk_by(|a, b| a == b).map(|group| (group[0], group.len())).collect();
        let (mut from, mut logs) = (vec![0; groups.len() + 1], vec![0.0; groups.len() + 1]);
        for (k, &(x, count)) in groups.iter().enumerate().rev() {
            from[k] = from[k + 1] + count;
            logs[k] = logs[k + 1] + count as f64 * libm::log(x as f64);
        }
        Ok(Self { values: groups.into_iter().map(|(x, _)| x).collect(), from, logs })
    }

    /// How many values there are from this one on.
    fn left(&self, start: usize) -> usize {
        self.from[start]
    }

    fn tail(&self, start: usize) -> Vec<(u64, usize)> {
        let count = |k: usize| self.from[k] - self.from[k + 1];
        (start..self.values.len()).map(|k| (self.values[k], count(k))).collect()
    }

    /// Some of these places, evenly spaced in the logarithm of their values; all if they are few.
    fn spread(&self, places: std::ops::Range<usize>) -> Vec<usize> {
        if places.len() <= CUTOFFS {
            return places.collect();
        }
        let (low, high) = (self.values[places.start] as f64, self.values[places.end - 1] as f64);
        let mut chosen: Vec<usize> = (0..CUTOFFS)
            .map(|k| low * libm::pow(high / low, k as f64 / (CUTOFFS - 1) as f64))
            .map(|x| {
                self.values.partition_point(|&v| (v as f64) < x).clamp(places.start, places.end - 1)
            })
            .collect();
        chosen.dedup();
        chosen
    }

    fn fit(&self, start: usize, maximum: Option<u64>) -> Option<Fit> {
        self.fit_from(start, self.values[start], maximum)
    }

    /// The likeliest exponent of the values from `start` on, with this lower cut-off; none if there
    /// is none within the bounds.
    fn fit_from(&self, start: usize, minimum: u64, maximum: Option<u64>) -> Option<Fit> {
        let law = Law { exponent: 0.0, minimum, maximum };
        let mean_log = self.logs[start] / self.left(start) as f64 - libm::log(minimum as f64);
        let likelihood = |s: f64| -s * mean_log - law.log_norm(s);
        let (low, high) = bounds(maximum);
        let exponent = peak(likelihood, low, high);
        let inside = exponent - low > 1e-6 && high - exponent > 1e-4;
        inside.then(|| Fit { exponent, distance: self.distance(start, minimum, maximum, exponent) })
    }

    /// The largest difference of the two cumulative distributions at any integer.
    fn distance(&self, start: usize, minimum: u64, maximum: Option<u64>, exponent: f64) -> f64 {
        let scale = minimum as f64;
        let end = maximum.map(|m| m as f64);
        let norm = power_sum(exponent, scale, scale, end);
        let above = |x: f64| match end {
            Some(end) if x > end => 0.0,
            _ => power_sum(exponent, scale, x, end) / norm,
        };
        let total = self.left(start) as f64;
        let mut largest: f64 = 0.0;
        for k in start..self.values.len() {
            let (x, left) = (self.values[k] as f64, self.left(k) as f64 / total);
            // Up to the integer before this value, and up to the value itself.
            largest = largest.max((left - above(x)).abs());
            largest = largest.max((self.left(k + 1) as f64 / total - above(x + 1.0)).abs());
        }
        largest
    }
}

/// Where a function with one peak has it, by golden section.
pub(super) fn peak(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_a, mut at_b) = (f(a), f(b));
    for _ in 0..60 {
        if at_a > at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - golden * (high - low);
            at_a = f(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + golden * (high - low);
            at_b = f(b);
        }
    }
    0.5 * (low + high)
}
