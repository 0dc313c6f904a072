//! Bootstrap intervals: how much a statistic varies when the values are drawn again from
//! themselves (Efron & Tibshirani 1993).

use equipoise_random::stream;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::moments::{largest, vary};
use super::special::{normal_cdf, normal_quantile};
use super::{Interval, Undefined, check_confidence, check_group};
use crate::summary::quantile_of_sorted;

/// How the interval comes from the resampled statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BootstrapMethod {
    /// Quantiles of the resampled statistics.
    Percentile,
    /// Quantiles corrected for bias and skewness (BCa; Efron 1987, J. Am. Stat. Assoc. 82:171).
    #[default]
    Bca,
}

/// Settings of a bootstrap. Resample i draws from the stream (seed, `"metrics/bootstrap"`, i), so
/// the interval does not depend on the number of threads.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bootstrap {
    /// Number of resamples.
    pub resamples: usize,
    /// Confidence level.
    pub confidence: f64,
    /// How the interval is built.
    pub method: BootstrapMethod,
    /// Seed of the resampling.
    pub seed: u64,
}

impl Default for Bootstrap {
    /// 9,999 resamples, 95 %, BCa.
    fn default() -> Self {
        Self { resamples: 9999, confidence: 0.95, method: BootstrapMethod::Bca, seed: 0 }
    }
}

impl Bootstrap {
    /// The interval of a statistic of one group (of differences, for pairs).
    ///
    /// # Errors
    /// If there are fewer than two values or one is not finite, they do not vary by more than
    /// rounding, a setting is out of its range, the statistic is not finite, or BCa has no interval (see [`Undefined::Degenerate`]).
    ///
    /// ```
    /// use equipoise_metrics::statistics::Bootstrap;
    /// let values = [21.0, 23.5, 22.0, 24.0, 22.5, 23.0, 21.5];
    /// let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    /// let interval = Bootstrap::default().interval(&values, mean)?;
    /// assert!(interval.low < 22.1 && 23.0 < interval.high);
    /// # Ok::<(), equipoise_metrics::statistics::Undefined>(())
    /// ```
    pub fn interval(
        &self,
        values: &[f64],
        statistic: impl Fn(&[f64]) -> f64 + Sync,
    ) -> Result<Interval, Undefined> {
        self.interval_of(&[values], |groups| statistic(&groups[0]))
    }

    /// The interval of the difference of a statistic between two independent groups, each
    /// resampled on its own: that of `a` less that of `b`.
    ///
    /// # Errors
    /// As [`interval`](Self::interval).
    pub fn difference(
        &self,
        a: &[f64],
        b: &[f64],
        statistic: impl Fn(&[f64]) -> f64 + Sync,
    ) -> Result<Interval, Undefined> {
        self.interval_of(&[a, b], |groups| statistic(&groups[0]) - statistic(&groups[1]))
    }

    fn interval_of(
        &self,
        groups: &[&[f64]],
        statistic: impl Fn(&[Vec<f64>]) -> f64 + Sync,
    ) -> Result<Interval, Undefined> {
        check_confidence(self.confidence)?;
        if self.resamples == 0 {
            return Err(Undefined::out_of_range("the number of resamples", 0.0, "1 or more"));
        }
        for (index, group) in groups.iter().enumerate() {
            check_group(index + 1, group, 2)?;
        }
        let magnitude = groups.iter().map(|group| largest(group)).fold(0.0, f64::max);
        if groups.iter().all(|group| !vary(group, magnitude)) {
            return Err(Undefined::NoVariance);
        }
        let sample: Vec<Vec<f64>> = groups.iter().map(|group| group.to_vec()).collect();
        let estimate = statistic(&sample);
        let mut replicates: Vec<f64> = (0..self.resamples as u64)
            .into_par_iter()
            .map_init(
                || sample.clone(),
                |resample, index| {
                    let mut draws = stream(self.seed, "metrics/bootstrap", index);
                    for (drawn, group) in resample.iter_mut().zip(groups) {
                        drawn.fill_with(|| group[draws.below(group.len())]);
                    }
                    statistic(resample)
                },
            )
            .collect();
        if !estimate.is_finite() || replicates.iter().any(|r| !r.is_finite()) {
            return Err(Undefined::Degenerate);
        }
        replicates.sort_unstable_by(f64::total_cmp);
        let tail = 0.5 - 0.5 * self.confidence;
        let (low, high) = match self.method {
            BootstrapMethod::Percentile => (tail, 1.0 - tail),
            BootstrapMethod::Bca => {
                let acceleration = acceleration(&sample, statistic);
                bca_shares(&replicates, estimate, acceleration, tail)?
            }
        };
        let quantile = |share| quantile_of_sorted(&replicates, share).ok_or(Undefined::Degenerate);
        let (low, high) = (quantile(low)?, quantile(high)?);
        Ok(Interval { estimate, low, high, confidence: self.confidence })
    }
}

/// The skewness of the statistic's influence, from leaving out each value in turn (the several
/// groups as in Efron & Tibshirani 1993, eq. 15.36).
fn acceleration(sample: &[Vec<f64>], statistic: impl Fn(&[Vec<f64>]) -> f64) -> f64 {
    let (mut cubes, mut squares) = (0.0, 0.0);
    let mut reduced = sample.to_vec();
    for (group, values) in sample.iter().enumerate() {
        let n = values.len() as f64;
        let without: Vec<f64> = (0..values.len())
            .map(|left_out| {
                reduced[group].clear();
                reduced[group].extend_from_slice(&values[..left_out]);
                reduced[group].extend_from_slice(&values[left_out + 1..]);
                statistic(&reduced)
            })
            .collect();
        reduced[group].clone_from(values);
        let mean = without.iter().sum::<f64>() / n;
        let influences = without.iter().map(|theta| (n - 1.0) * (mean - theta) / n);
        for influence in influences {
            cubes += influence.powi(3);
            squares += influence.powi(2);
        }
    }
    if squares == 0.0 { 0.0 } else { cubes / libm::pow(squares, 1.5) / 6.0 }
}

/// The shares of the resampled statistics that BCa takes for the ends of the interval.
fn bca_shares(
    replicates: &[f64],
    estimate: f64,
    acceleration: f64,
    tail: f64,
) -> Result<(f64, f64), Undefined> {
    let below = replicates.partition_point(|&r| r < estimate);
    let not_above = replicates.partition_point(|&r| r <= estimate);
    let share = (below + not_above) as f64 / (2 * replicates.len()) as f64;
    if share <= 0.0 || share >= 1.0 {
        return Err(Undefined::Degenerate);
    }
    let bias = normal_quantile(share);
    let corrected = |z: f64| {
        let z = bias + z;
        normal_cdf(bias + z / (1.0 - acceleration * z))
    };
    let z = normal_quantile(tail);
    let (low, high) = (corrected(z), corrected(-z));
    if low.is_nan() || high.is_nan() {
        return Err(Undefined::Degenerate);
    }
    Ok((low, high))
}
