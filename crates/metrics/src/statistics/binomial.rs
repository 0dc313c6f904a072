//! Intervals of a share, such as an accuracy: so many successes in so many trials.

use super::special::{beta_quantile, normal_quantile};
use super::{Interval, Undefined, check_confidence};

/// Wilson's score interval (Wilson 1927, J. Am. Stat. Assoc. 22:209), without continuity
/// correction: near the stated coverage on average, for any share.
///
/// # Errors
/// If there are no trials, more successes than trials, or the level is not in (0, 1).
///
/// ```
/// use equipoise_metrics::statistics::wilson;
/// let accuracy = wilson(8150, 10_000, 0.95)?;
/// assert!((accuracy.low - 0.80727).abs() < 1e-5 && (accuracy.high - 0.82249).abs() < 1e-5);
/// # Ok::<(), equipoise_metrics::statistics::Undefined>(())
/// ```
pub fn wilson(successes: u64, trials: u64, confidence: f64) -> Result<Interval, Undefined> {
    let share = check(successes, trials, confidence)?;
    let n = trials as f64;
    let z = normal_quantile(0.5 + 0.5 * confidence);
    let centre = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let low = if successes == 0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if successes == trials { 1.0 } else { (centre + half).min(1.0) };
    Ok(Interval { estimate: share, low, high, confidence })
}

/// The exact interval of Clopper & Pearson (1934, Biometrika 26:404): at least the stated
/// coverage, for any share.
///
/// # Errors
/// If there are no trials, more successes than trials, or the level is not in (0, 1).
pub fn clopper_pearson(
    successes: u64,
    trials: u64,
    confidence: f64,
) -> Result<Interval, Undefined> {
    let share = check(successes, trials, confidence)?;
    let tail = 0.5 - 0.5 * confidence;
    let (k, n) = (successes as f64, trials as f64);
    let low = if successes == 0 { 0.0 } else { beta_quantile(tail, k, n - k + 1.0) };
    let high = if successes == trials { 1.0 } else { beta_quantile(1.0 - tail, k + 1.0, n - k) };
    Ok(Interval { estimate: share, low, high, confidence })
}

fn check(successes: u64, trials: u64, confidence: f64) -> Result<f64, Undefined> {
    check_confidence(confidence)?;
    if trials == 0 {
        return Err(Undefined::TooFewValues { group: 1, found: 0, needed: 1 });
    }
    if successes > trials {
        let range = format!("0..={trials}, the number of trials");
        return Err(Undefined::out_of_range("the number of successes", successes as f64, &range));
    }
    Ok(successes as f64 / trials as f64)
}
