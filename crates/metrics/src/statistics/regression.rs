//! How two variables go together: a straight line, and the correlation.

use serde::{Deserialize, Serialize};

use super::moments::{largest, mean, sum, vary};
use super::special::{beta_regularised, normal_quantile, students_t_two_sided};
use super::{Undefined, check_confidence, check_pairs};

/// A straight line through points by least squares.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LinearRegression {
    /// Slope.
    pub slope: f64,
    /// Value of the line at 0.
    pub intercept: f64,
    /// Share of the variance of y that the line explains; none for constant y.
    pub r_squared: Option<f64>,
    /// Standard error of the slope; none for two points.
    pub slope_error: Option<f64>,
    /// Standard error of the intercept; none for two points.
    pub intercept_error: Option<f64>,
    /// Root mean square of the deviations from the line.
    pub rms_residual: f64,
    /// Largest absolute deviation from the line.
    pub max_residual: f64,
    /// Two-sided p-value of a slope of 0; none for two points or constant y.
    pub p_value: Option<f64>,
}

/// Pearson's correlation of two variables.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Correlation {
    /// The coefficient, in -1..=1.
    pub r: f64,
    /// Two-sided p-value of a correlation of 0, for normal values.
    pub p_value: f64,
    /// Lower end of the interval by Fisher's transformation; none for fewer than four points.
    pub low: Option<f64>,
    /// Upper end of that interval.
    pub high: Option<f64>,
    /// Confidence level of the interval.
    pub confidence: f64,
}

/// Fits y = slope x + intercept by least squares.
///
/// # Errors
/// If the slices have different lengths, fewer than two values or one that is not finite, or x
/// does not vary by more than rounding.
///
/// ```
/// use equipoise_metrics::statistics::linear_regression;
/// let line = linear_regression(&[1.0, 2.0, 3.0, 4.0], &[3.0, 5.0, 7.0, 9.0])?;
/// assert_eq!((line.slope, line.intercept, line.r_squared), (2.0, 1.0, Some(1.0)));
/// # Ok::<(), equipoise_metrics::statistics::Undefined>(())
/// ```
pub fn linear_regression(x: &[f64], y: &[f64]) -> Result<LinearRegression, Undefined> {
    check_pairs(x, y, 2)?;
    if !vary(x, largest(x)) {
        return Err(Undefined::NoVariance);
    }
    let Products { mean_x, mean_y, xx, yy, xy } = Products::new(x, y);
    let y_varies = vary(y, largest(y));
    let n = x.len() as f64;
    let slope = if y_varies { xy / xx } else { 0.0 };
    let residuals: Vec<f64> =
        x.iter().zip(y).map(|(x, y)| (y - mean_y) - slope * (x - mean_x)).collect();
    let squares = sum(residuals.iter().map(|r| r * r));
    // The quotient alone may be too large for a float.
    let slope_error = (n > 2.0).then(|| match squares / (n - 2.0) / xx {
        square if square.is_finite() => square.sqrt(),
        _ => (squares / (n - 2.0)).sqrt() / xx.sqrt(),
    });
    let intercept_error = slope_error.map(|error| error * (xx / n + mean_x * mean_x).sqrt());
    let p_value = slope_error
        .filter(|_| y_varies)
        .map(|error| if error == 0.0 { 0.0 } else { students_t_two_sided(slope / error, n - 2.0) });
    Ok(LinearRegression {
        slope,
        intercept: mean_y - slope * mean_x,
        r_squared: y_varies.then(|| (1.0 - squares / yy).clamp(0.0, 1.0)),
        slope_error,
        intercept_error,
        rms_residual: (squares / n).sqrt(),
        max_residual: residuals.iter().fold(0.0, |m, r| m.max(r.abs())),
        p_value,
    })
}

/// Pearson's correlation coefficient, its p-value and its interval.
///
/// # Errors
/// If the slices have different lengths, fewer than two values or one that is not finite, one
/// does not vary by more than rounding, or the level is not in (0, 1).
pub fn pearson(x: &[f64], y: &[f64], confidence: f64) -> Result<Correlation, Undefined> {
    check_confidence(confidence)?;
    check_pairs(x, y, 2)?;
    if !vary(x, largest(x)) || !vary(y, largest(y)) {
        return Err(Undefined::NoVariance);
    }
    let Products { xx, yy, xy, .. } = Products::new(x, y);
    let n = x.len() as f64;
    let r = (xy / xx.sqrt() / yy.sqrt()).clamp(-1.0, 1.0);
    // Two points lie on a line whatever they are.
    let p_value = if x.len() == 2 {
        1.0
    } else {
        let a = n / 2.0 - 1.0;
        2.0 * beta_regularised(a, a, 0.5 * (1.0 - r.abs()), 0.5 * (1.0 + r.abs()))
    };
    let limit = |side: f64| {
        let half = normal_quantile(0.5 + 0.5 * confidence) / (n - 3.0).sqrt();
        (x.len() > 3).then(|| libm::tanh(libm::atanh(r) + side * half))
    };
    Ok(Correlation { r, p_value: p_value.min(1.0), low: limit(-1.0), high: limit(1.0), confidence })
}

/// Means, and sums of products of deviations from them.
struct Products {
    mean_x: f64,
    mean_y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Products {
    fn new(x: &[f64], y: &[f64]) -> Self {
        let (mean_x, mean_y) = (mean(x), mean(y));
        let pairs = || x.iter().zip(y).map(|(x, y)| (x - mean_x, y - mean_y));
        Self {
            mean_x,
            mean_y,
            xx: sum(pairs().map(|(x, _)| x * x)),
            yy: sum(pairs().map(|(_, y)| y * y)),
            xy: sum(pairs().map(|(x, y)| x * y)),
        }
    }
}
