//! Effect sizes: how large a difference is, in standard deviations.
//!
//! The intervals invert the noncentral t distribution, so they are exact for normal values
//! (Steiger & Fouladi 1997; Cumming & Finch 2001, Educ. Psychol. Meas. 61:532).

use super::noncentral_t::noncentrality_limits;
use super::special::ln_beta;
use super::t_test::{moments_of_differences, moments_of_two};
use super::{Interval, Undefined, check_confidence};

/// Cohen's d of two independent groups: the difference of means over the pooled standard
/// deviation (Cohen 1988), with its interval.
///
/// # Errors
/// If a group has fewer than two values or one that is not finite, neither group varies by more
/// than rounding, or the level is not in (0, 1).
///
/// ```
/// use equipoise_metrics::statistics::cohens_d;
/// let d = cohens_d(&[3.0, 4.0, 5.0], &[1.0, 2.0, 3.0], 0.95)?;
/// assert_eq!(d.estimate, 2.0);
/// assert!(d.low < 0.1 && d.high > 3.7);
/// # Ok::<(), equipoise_metrics::statistics::Undefined>(())
/// ```
pub fn cohens_d(a: &[f64], b: &[f64], confidence: f64) -> Result<Interval, Undefined> {
    check_confidence(confidence)?;
    let [(mean_a, variance_a), (mean_b, variance_b)] = moments_of_two(a, b)?;
    let (n_a, n_b) = (a.len() as f64, b.len() as f64);
    let degrees_of_freedom = n_a + n_b - 2.0;
    let squares = (n_a - 1.0) * variance_a + (n_b - 1.0) * variance_b;
    let d = (mean_a - mean_b) / (squares / degrees_of_freedom).sqrt();
    Ok(interval(d, (1.0 / n_a + 1.0 / n_b).sqrt(), degrees_of_freedom, confidence))
}

/// Hedges' g: Cohen's d and its interval, freed of their bias in small samples by the exact
/// factor J (Hedges 1981, J. Educ. Stat. 6:107).
///
/// # Errors
/// As [`cohens_d`].
pub fn hedges_g(a: &[f64], b: &[f64], confidence: f64) -> Result<Interval, Undefined> {
    let d = cohens_d(a, b, confidence)?;
    let m = (a.len() + b.len() - 2) as f64;
    // J = Γ(m/2) / (sqrt(m/2) Γ((m-1)/2)), with the ratio of gammas as a beta function.
    let ratio = std::f64::consts::PI.sqrt() / libm::exp(ln_beta((m - 1.0) / 2.0, 0.5));
    let j = ratio / (m / 2.0).sqrt();
    Ok(Interval { estimate: d.estimate * j, low: d.low * j, high: d.high * j, ..d })
}

/// The effect size of pairs: the mean of `a[i] - b[i]` over the standard deviation of these
/// differences (Cohen's d_z), with its interval.
///
/// # Errors
/// If the groups have different lengths, fewer than two values or one that is not finite, the
/// differences do not vary by more than rounding, or the level is not in (0, 1).
pub fn paired_d(a: &[f64], b: &[f64], confidence: f64) -> Result<Interval, Undefined> {
    check_confidence(confidence)?;
    let (mean, variance) = moments_of_differences(a, b)?;
    let n = a.len() as f64;
    Ok(interval(mean / variance.sqrt(), 1.0 / n.sqrt(), n - 1.0, confidence))
}

/// The interval of an effect `d` whose t statistic is d / `scale`.
fn interval(d: f64, scale: f64, degrees_of_freedom: f64, confidence: f64) -> Interval {
    let (low, high) = noncentrality_limits(d / scale, degrees_of_freedom, confidence);
    Interval { estimate: d, low: low * scale, high: high * scale, confidence }
}
