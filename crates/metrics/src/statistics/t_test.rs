//! Student's, Welch's and the paired t-test.

use serde::{Deserialize, Serialize};

use super::moments::{largest, mean, sample_variance, vary};
use super::special::{students_t_quantile, students_t_sf, students_t_two_sided};
use super::{Alternative, Interval, Undefined, check_confidence, check_group, check_pairs};

/// The result of a t-test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TTest {
    /// Student's t, positive where the first mean is larger.
    pub statistic: f64,
    /// Degrees of freedom (a fraction for Welch's test).
    pub degrees_of_freedom: f64,
    /// Probability of a t at least as far out if there is no difference.
    pub p_value: f64,
    /// What the p-value is for.
    pub alternative: Alternative,
    /// First mean minus second mean.
    pub mean_difference: f64,
    /// Standard error of that difference.
    pub standard_error: f64,
    /// Lower end of the two-sided 95 % interval of the difference.
    pub ci_low: f64,
    /// Upper end of that interval.
    pub ci_high: f64,
}

impl TTest {
    fn new(
        mean_difference: f64,
        standard_error: f64,
        degrees_of_freedom: f64,
        alternative: Alternative,
    ) -> Self {
        let statistic = mean_difference / standard_error;
        let p_value = match alternative {
            Alternative::TwoSided => students_t_two_sided(statistic, degrees_of_freedom),
            Alternative::Less => students_t_sf(-statistic, degrees_of_freedom),
            Alternative::Greater => students_t_sf(statistic, degrees_of_freedom),
        };
        let half = students_t_quantile(0.975, degrees_of_freedom) * standard_error;
        Self {
            statistic,
            degrees_of_freedom,
            p_value,
            alternative,
            mean_difference,
            standard_error,
            ci_low: mean_difference - half,
            ci_high: mean_difference + half,
        }
    }

    /// The two-sided interval of the difference at another level.
    ///
    /// # Errors
    /// If the level is not in (0, 1).
    pub fn interval(&self, confidence: f64) -> Result<Interval, Undefined> {
        check_confidence(confidence)?;
        let quantile = students_t_quantile(0.5 + 0.5 * confidence, self.degrees_of_freedom);
        let half = quantile * self.standard_error;
        let estimate = self.mean_difference;
        Ok(Interval { estimate, low: estimate - half, high: estimate + half, confidence })
    }
}

/// Student's t-test of two independent groups with a common variance.
///
/// # Errors
/// If a group has fewer than two values or one that is not finite, or neither group varies by more
/// than rounding.
///
/// ```
/// use equipoise_metrics::statistics::{Alternative, Undefined, student_t};
/// let test = student_t(&[1.0, 2.0, 3.0], &[2.0, 3.0, 4.0], Alternative::TwoSided)?;
/// assert!((test.statistic + 1.5f64.sqrt()).abs() < 1e-12);
/// let constant = student_t(&[1.0, 1.0], &[2.0, 2.0], Alternative::TwoSided);
/// assert_eq!(constant, Err(Undefined::NoVariance));
/// # Ok::<(), Undefined>(())
/// ```
pub fn student_t(a: &[f64], b: &[f64], alternative: Alternative) -> Result<TTest, Undefined> {
    let [(mean_a, variance_a), (mean_b, variance_b)] = moments_of_two(a, b)?;
    let (n_a, n_b) = (a.len() as f64, b.len() as f64);
    let degrees_of_freedom = n_a + n_b - 2.0;
    let pooled = ((n_a - 1.0) * variance_a + (n_b - 1.0) * variance_b) / degrees_of_freedom;
    let error = (pooled * (1.0 / n_a + 1.0 / n_b)).sqrt();
    Ok(TTest::new(mean_a - mean_b, error, degrees_of_freedom, alternative))
}

/// Welch's t-test of two independent groups, each with its own variance (Welch 1947, Biometrika
/// 34:28).
///
/// # Errors
/// If a group has fewer than two values or one that is not finite, or neither group varies by more
/// than rounding.
pub fn welch_t(a: &[f64], b: &[f64], alternative: Alternative) -> Result<TTest, Undefined> {
    let [(mean_a, variance_a), (mean_b, variance_b)] = moments_of_two(a, b)?;
    let (n_a, n_b) = (a.len() as f64, b.len() as f64);
    let (square_a, square_b) = (variance_a / n_a, variance_b / n_b);
    let error = (square_a + square_b).sqrt();
    // In shares of the whole, so that no square of a square runs out of range.
    let share = square_a / (square_a + square_b);
    let degrees_of_freedom =
        1.0 / (share * share / (n_a - 1.0) + (1.0 - share) * (1.0 - share) / (n_b - 1.0));
    Ok(TTest::new(mean_a - mean_b, error, degrees_of_freedom, alternative))
}

/// The t-test of pairs: whether the mean of `a[i] - b[i]` is 0.
///
/// # Errors
/// If the groups have different lengths, fewer than two values or one that is not finite, or the
/// differences do not vary by more than the rounding of the values.
pub fn paired_t(a: &[f64], b: &[f64], alternative: Alternative) -> Result<TTest, Undefined> {
    let (mean, variance) = moments_of_differences(a, b)?;
    let n = a.len() as f64;
    Ok(TTest::new(mean, (variance / n).sqrt(), n - 1.0, alternative))
}

/// Mean and sample variance of the differences of pairs that vary by more than rounding.
pub(super) fn moments_of_differences(a: &[f64], b: &[f64]) -> Result<(f64, f64), Undefined> {
    check_pairs(a, b, 2)?;
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    if !vary(&differences, largest(a).max(largest(b))) {
        return Err(Undefined::NoVariance);
    }
    Ok((mean(&differences), sample_variance(&differences)))
}

/// Mean and sample variance of each of two independent groups, of which at least one varies by
/// more than the rounding of the larger values.
pub(super) fn moments_of_two(a: &[f64], b: &[f64]) -> Result<[(f64, f64); 2], Undefined> {
    check_group(1, a, 2)?;
    check_group(2, b, 2)?;
    let magnitude = largest(a).max(largest(b));
    if !vary(a, magnitude) && !vary(b, magnitude) {
        return Err(Undefined::NoVariance);
    }
    Ok([(mean(a), sample_variance(a)), (mean(b), sample_variance(b))])
}
