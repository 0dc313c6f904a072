//! Many numbers in a few: mean, median, range, spread, and a confidence interval.

use serde::{Deserialize, Serialize};

use crate::statistics::moments::{mean, sample_std};
use crate::statistics::special::students_t_quantile;

/// What a slice of numbers comes to.
///
/// The order statistics (median, quartiles, range) are over all values, infinite ones included.
/// Mean, standard deviation and interval are over the finite values alone, so that one identical
/// image (infinite PSNR) does not swallow the others; [`infinite`](Self::infinite) says how many
/// were left out of them. NaN is left out of everything and counted.
///
/// The interval is that of the mean, by Student's t with `finite - 1` degrees of freedom.
///
/// ```
/// use equipoise_metrics::summary::Summary;
/// let s = Summary::of(&[2.0, 4.0, 6.0]);
/// assert_eq!((s.mean, s.median, s.std), (Some(4.0), Some(4.0), Some(2.0)));
/// assert_eq!(Summary::of(&[]).mean, None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// How many values there are, NaN not counted.
    pub count: usize,
    /// How many of them are infinite.
    pub infinite: usize,
    /// How many further values are not a number.
    pub undefined: usize,
    /// Mean of the finite values; none without one.
    pub mean: Option<f64>,
    /// Median (the mean of the two middle values of an even number).
    #[serde(with = "crate::float::option")]
    pub median: Option<f64>,
    /// Smallest value.
    #[serde(with = "crate::float::option")]
    pub min: Option<f64>,
    /// Largest value.
    #[serde(with = "crate::float::option")]
    pub max: Option<f64>,
    /// First quartile (linear interpolation, as NumPy's default).
    #[serde(with = "crate::float::option")]
    pub lower_quartile: Option<f64>,
    /// Third quartile.
    #[serde(with = "crate::float::option")]
    pub upper_quartile: Option<f64>,
    /// Sample standard deviation (n - 1) of the finite values; none for fewer than two.
    pub std: Option<f64>,
    /// Confidence level of the interval, such as 0.95.
    pub confidence: f64,
    /// Lower end of the interval of the mean; none for fewer than two finite values.
    pub ci_low: Option<f64>,
    /// Upper end of the interval of the mean.
    pub ci_high: Option<f64>,
}

impl Summary {
    /// The summary with a 95 % interval.
    pub fn of(values: &[f64]) -> Self {
        Self::with_confidence(values, 0.95)
    }

    /// The summary with an interval of another level.
    ///
    /// A level outside (0, 1) has no interval: `ci_low` and `ci_high` are none.
    pub fn with_confidence(values: &[f64], confidence: f64) -> Self {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        let mean = (!finite.is_empty()).then(|| mean(&finite));
        let std = (finite.len() > 1).then(|| sample_std(&finite));
        let half_width = std.filter(|_| confidence > 0.0 && confidence < 1.0).map(|std| {
            let n = finite.len() as f64;
            students_t_quantile(0.5 + confidence / 2.0, n - 1.0) * std / n.sqrt()
        });
        let interval = mean.zip(half_width);
        Self {
            count: sorted.len(),
            infinite: sorted.len() - finite.len(),
            undefined: values.len() - sorted.len(),
            mean,
            median: quantile_of_sorted(&sorted, 0.5),
            min: sorted.first().copied(),
            max: sorted.last().copied(),
            lower_quartile: quantile_of_sorted(&sorted, 0.25),
            upper_quartile: quantile_of_sorted(&sorted, 0.75),
            std,
            confidence,
            ci_low: interval.map(|(mean, half)| mean - half),
            ci_high: interval.map(|(mean, half)| mean + half),
        }
    }
}

/// The quantile at `share` in 0..=1 of sorted values by linear interpolation (NumPy's default,
/// type 7 of Hyndman & Fan 1996); none of no values.
///
/// ```
/// use equipoise_metrics::summary::quantile_of_sorted;
/// assert_eq!(quantile_of_sorted(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
/// ```
pub fn quantile_of_sorted(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    let fraction = place - below as f64;
    // Between an infinite value and another, a weight of 0 must not make NaN.
    if fraction == 0.0 || low == high {
        return Some(low);
    }
    // Between -inf and +inf no value is nearer than another.
    if low.is_infinite() && high.is_infinite() {
        return Some(0.0);
    }
    Some(low + (high - low) * fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn few_values() {
        let none = Summary::of(&[]);
        assert_eq!((none.count, none.mean, none.median, none.ci_low), (0, None, None, None));
        let one = Summary::of(&[3.0]);
        assert_eq!((one.mean, one.median, one.std, one.ci_low), (Some(3.0), Some(3.0), None, None));
        let constant = Summary::of(&[0.1; 9]);
        assert_eq!((constant.mean, constant.std), (Some(0.1), Some(0.0)));
        assert_eq!((constant.ci_low, constant.ci_high), (Some(0.1), Some(0.1)));
    }

    #[test]
    fn infinite_and_undefined_values_are_counted() {
        let s = Summary::of(&[f64::INFINITY, 1.0, f64::NAN, 3.0]);
        assert_eq!((s.count, s.infinite, s.undefined), (3, 1, 1));
        assert_eq!((s.mean, s.median, s.max), (Some(2.0), Some(3.0), Some(f64::INFINITY)));
        let s = Summary::of(&[f64::NEG_INFINITY, f64::INFINITY]);
        assert_eq!((s.mean, s.median), (None, Some(0.0)));
        let json = serde_json::to_string(&s).unwrap();
        assert_eq!(serde_json::from_str::<Summary>(&json).unwrap(), s);
    }

    proptest! {
        #[test]
        fn never_nan_and_in_order(values in prop::collection::vec(any::<f64>(), 0..40)) {
            let s = Summary::of(&values);
            let all = [s.min, s.lower_quartile, s.median, s.upper_quartile, s.max];
            prop_assert!(all.iter().flatten().all(|v| !v.is_nan()));
            prop_assert!([s.mean, s.std, s.ci_low, s.ci_high].iter().flatten().all(|v| !v.is_nan()));
        }

        #[test]
        fn the_range_holds_the_middle(values in prop::collection::vec(-1e6f64..1e6, 1..40)) {
            let s = Summary::of(&values);
            let all = [s.min, s.lower_quartile, s.median, s.upper_quartile, s.max];
            prop_assert!(all.windows(2).all(|w| w[0].unwrap() <= w[1].unwrap()));
            let mean = s.mean.unwrap();
            prop_assert!(s.min.unwrap() <= mean + 1e-9 && mean <= s.max.unwrap() + 1e-9);
        }
    }
}
