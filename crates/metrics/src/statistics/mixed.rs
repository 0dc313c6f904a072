//! A straight line through values of groups: the mixed model with a random intercept.

use serde::{Deserialize, Serialize};

use super::moments::{largest, mean, rounding_of, sum, vary};
use super::special::{students_t_quantile, students_t_two_sided};
use super::{Undefined, check_confidence, check_pairs};

/// A line whose intercept differs from group to group, fitted by restricted maximum likelihood.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MixedLine {
    /// Slope.
    pub slope: f64,
    /// Value of the line at 0, of the mean group.
    pub intercept: f64,
    /// Standard error of the slope.
    pub slope_error: f64,
    /// Degrees of freedom of the slope by Satterthwaite's approximation.
    pub degrees_of_freedom: f64,
    /// Two-sided p-value of a slope of 0 by Student's t with these degrees of freedom.
    pub p_value: f64,
    /// Lower end of the slope's interval.
    pub low: f64,
    /// Upper end of that interval.
    pub high: f64,
    /// Variance of the groups' intercepts; 0 where the groups differ no more than their values do.
    pub group_variance: f64,
    /// Variance of values about the line of their group.
    pub residual_variance: f64,
    /// How many groups there are.
    pub groups: usize,
}

/// Fits y = slope x + intercept + u + e, u one normal number for each group and e one for each value,
/// by restricted maximum likelihood (Patterson & Thompson 1971, Biometrika 58:545): values of one group
/// are alike, so that they do not count as so many values. `groups` names the group of each value by
/// any number.
///
/// With x the same for all values of a group the slope is tested over groups: of groups of equal size
/// that differ more than their values do it has as many degrees of freedom as there are groups less two.
///
/// # Errors
/// If the slices have different lengths, fewer than four values or one that is not finite, no group has
/// two values, there are fewer than three groups, x or y does not vary, or the values do not vary about
/// the lines of their groups, or the level is not in (0, 1).
///
/// ```
/// use equipoise_metrics::statistics::mixed_line;
/// let x = [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0];
/// let y = [1.2, 1.0, 1.7, 2.0, 3.3, 3.1, 3.8, 3.9];
/// let line = mixed_line(&x, &y, &[0, 0, 1, 1, 2, 2, 3, 3], 0.95)?;
/// assert!((line.slope - 0.96).abs() < 1e-9 && (line.degrees_of_freedom - 2.0).abs() < 1e-4);
/// # Ok::<(), equipoise_metrics::statistics::Undefined>(())
/// ```
pub fn mixed_line(
    x: &[f64],
    y: &[f64],
    groups: &[usize],
    confidence: f64,
) -> Result<MixedLine, Undefined> {
    check_confidence(confidence)?;
    check_pairs(x, y, 4)?;
    if groups.len() != x.len() {
        return Err(Undefined::LengthsDiffer { left: x.len(), right: groups.len() });
    }
    if !vary(x, largest(x)) || !vary(y, largest(y)) {
        return Err(Undefined::NoVariance);
    }
    let sums = Sums::new(x, y, groups);
    let found = sums.groups.len();
    if found < 3 {
        return Err(Undefined::TooFewGroups { found, needed: 3 });
    }
    if found == x.len() {
        // A group's intercept and its only value's deviation cannot be told apart.
        return Err(Undefined::TooFewValues { group: 1, found, needed: found + 1 });
    }
    if sums.off_parallels <= rounding_of(largest(y) / sums.scale_y) {
        return Err(Undefined::NoVariance);
    }
    let ratio = sums.best_ratio();
    let fit = sums.fit(ratio);
    let (residual, group) = (fit.residual, ratio * fit.residual);
    let error = (residual * fit.per_variance).sqrt();
    let degrees_of_freedom = sums.degrees(residual, group);
    let half = error * students_t_quantile(0.5 + 0.5 * confidence, degrees_of_freedom);
    let slope_of = |scaled: f64| scaled * (sums.scale_y / sums.scale_x);
    let variance_of = |scaled: f64| scaled * sums.scale_y * sums.scale_y;
    let slope = slope_of(fit.slope);
    Ok(MixedLine {
        slope,
        intercept: sums.mean_y + fit.intercept * sums.scale_y - slope * sums.mean_x,
        slope_error: slope_of(error),
        degrees_of_freedom,
        p_value: students_t_two_sided(fit.slope / error, degrees_of_freedom),
        low: slope_of(fit.slope - half),
        high: slope_of(fit.slope + half),
        group_variance: variance_of(group),
        residual_variance: variance_of(residual),
        groups: found,
    })
}

/// The means of one group, and sums of products of deviations from them.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    n: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

/// The values by group, as deviations from the means of all, in units of the largest deviation: all
/// that the likelihood depends on, and nothing that can run out of a float's range.
struct Sums {
    n: f64,
    mean_x: f64,
    mean_y: f64,
    scale_x: f64,
    scale_y: f64,
    groups: Vec<Group>,
    /// How far a value is off parallel lines, one through each group, at most.
    off_parallels: f64,
}

/// The line at a ratio of the two variances.
struct Fit {
    slope: f64,
    /// At the mean of x.
    intercept: f64,
    /// The residual variance at which the likelihood is greatest.
    residual: f64,
    /// Variance of the slope in units of the residual variance.
    per_variance: f64,
    /// Sum of squares of the residuals, weighted by the inverse covariance in units of the residual
    /// variance.
    squares: f64,
    /// Logarithms of the determinants of that covariance and of the normal equations.
    determinants: f64,
}

impl Sums {
    fn new(x: &[f64], y: &[f64], groups: &[usize]) -> Self {
        let (mean_x, mean_y) = (mean(x), mean(y));
        let deviations = |values: &[f64], mean: f64| -> (Vec<f64>, f64) {
            let plain: Vec<f64> = values.iter().map(|v| v - mean).collect();
            let scale = largest(&plain);
            (plain.iter().map(|d| d / scale).collect(), scale)
        };
        let ((x, scale_x), (y, scale_y)) = (deviations(x, mean_x), deviations(y, mean_y));
        let mut order: Vec<usize> = (0..x.len()).collect();
        order.sort_by_key(|&i| groups[i]);
        let mut all = Vec::new();
        let mut within: Vec<(f64, f64)> = Vec::with_capacity(x.len());
        for members in order.chunk_by(|&a, &b| groups[a] == groups[b]) {
            let mean_of =
                |values: &[f64]| mean(&members.iter().map(|&i| values[i]).collect::<Vec<f64>>());
            let (mean_x, mean_y) = (mean_of(&x), mean_of(&y));
            let of_group = members.iter().map(|&i| (x[i] - mean_x, y[i] - mean_y));
            let from = within.len();
            within.extend(of_group);
            let of_group = &within[from..];
            all.push(Group {
                n: members.len() as f64,
                x: mean_x,
                y: mean_y,
                xx: sum(of_group.iter().map(|(x, _)| x * x)),
                xy: sum(of_group.iter().map(|(x, y)| x * y)),
                yy: sum(of_group.iter().map(|(_, y)| y * y)),
            });
        }
        let sum_of = |f: fn(&Group) -> f64| sum(all.iter().map(f));
        let (xx, xy) = (sum_of(|g| g.xx), sum_of(|g| g.xy));
        let slope = if xx > 0.0 { xy / xx } else { 0.0 };
        let off_parallels = within.iter().fold(0.0, |m: f64, (x, y)| m.max((y - slope * x).abs()));
        let n = x.len() as f64;
        Self { n, mean_x, mean_y, scale_x, scale_y, groups: all, off_parallels }
    }

    /// Generalised least squares where the variance of the groups is `ratio` times the residual one.
    fn fit(&self, ratio: f64) -> Fit {
        let mut all = Group::default();
        let mut determinants = 0.0;
        for g in &self.groups {
            // The inverse of 1 + ratio J, J full of ones, leaves deviations from a group's mean as
            // they are and shrinks the mean.
            let weight = g.n / (1.0 + ratio * g.n);
            all.n += weight;
            all.x += weight * g.x;
            all.y += weight * g.y;
            all.xx += g.xx + weight * g.x * g.x;
            all.xy += g.xy + weight * g.x * g.y;
            all.yy += g.yy + weight * g.y * g.y;
            determinants += libm::log1p(ratio * g.n);
        }
        let determinant = all.n * all.xx - all.x * all.x;
        let slope = (all.n * all.xy - all.x * all.y) / determinant;
        let intercept = (all.xx * all.y - all.x * all.xy) / determinant;
        let squares = (all.yy - slope * all.xy - intercept * all.y).max(0.0);
        Fit {
            slope,
            intercept,
            residual: squares / (self.n - 2.0),
            per_variance: all.n / determinant,
            squares,
            determinants: determinants + libm::log(determinant),
        }
    }

    /// -2 times the restricted log-likelihood but for a constant, the residual variance at its best.
    fn deviance(&self, ratio: f64) -> f64 {
        let fit = self.fit(ratio);
        (self.n - 2.0) * libm::log(fit.residual) + fit.determinants
    }

    /// The same with both variances given.
    fn deviance_of(&self, residual: f64, group: f64) -> f64 {
        let fit = self.fit(group / residual);
        (self.n - 2.0) * libm::log(residual) + fit.determinants + fit.squares / residual
    }

    /// The ratio of the variances at which the likelihood is greatest: among 0 and a grid from 1e-6
    /// to 1e9, then by golden section between the neighbours of the best.
    fn best_ratio(&self) -> f64 {
        let grid: Vec<f64> = std::iter::once(0.0)
            .chain((0..=150).map(|k| libm::exp10(-6.0 + 0.1 * f64::from(k))))
            .collect();
        let deviances: Vec<f64> = grid.iter().map(|&ratio| self.deviance(ratio)).collect();
        let best = (0..grid.len()).fold(0, |b, k| if deviances[k] < deviances[b] { k } else { b });
        let golden = 0.5 * (5f64.sqrt() - 1.0);
        let (mut low, mut high) =
            (grid[best.saturating_sub(1)], grid[(best + 1).min(grid.len() - 1)]);
        for _ in 0..60 {
            let (a, b) = (high - golden * (high - low), low + golden * (high - low));
            if self.deviance(a) < self.deviance(b) {
                high = b;
            } else {
                low = a;
            }
        }
        let middle = 0.5 * (low + high);
        // At the border there is no variance between groups.
        if deviances[0] <= self.deviance(middle) { 0.0 } else { middle }
    }

    /// Degrees of freedom of the slope (Satterthwaite 1946, Biometrics Bull. 2:110): twice the square
    /// of its variance over the variance of its variance, which follows from the curvature of the
    /// likelihood in the two variances, by central differences. Where the groups have no variance of
    /// their own, all values but two.
    fn degrees(&self, residual: f64, group: f64) -> f64 {
        /// Truncation (its square) and rounding (the float's over its square) both stay below 1e-5.
        const STEP: f64 = 1e-3;
        let plain = self.n - 2.0;
        if group <= 0.0 {
            return plain;
        }
        let most = self.groups.iter().fold(1.0, |m: f64, g| m.max(g.n));
        let (a, b) = (STEP * residual, STEP * (group + residual / most));
        let d = |i: f64, j: f64| self.deviance_of(residual + i * a, group + j * b);
        let centre = d(0.0, 0.0);
        let ss = (d(1.0, 0.0) - 2.0 * centre + d(-1.0, 0.0)) / (a * a);
        let gg = (d(0.0, 1.0) - 2.0 * centre + d(0.0, -1.0)) / (b * b);
        let sg = (d(1.0, 1.0) - d(1.0, -1.0) - d(-1.0, 1.0) + d(-1.0, -1.0)) / (4.0 * a * b);
        let v = |i: f64, j: f64| {
            let (residual, group) = (residual + i * a, group + j * b);
            residual * self.fit(group / residual).per_variance
        };
        let vs = (v(1.0, 0.0) - v(-1.0, 0.0)) / (2.0 * a);
        let vg = (v(0.0, 1.0) - v(0.0, -1.0)) / (2.0 * b);
        let determinant = ss * gg - sg * sg;
        // The covariance of the variances is twice the inverse of the curvature of the deviance.
        let spread = 2.0 * (gg * vs * vs - 2.0 * sg * vs * vg + ss * vg * vg) / determinant;
        let degrees = 2.0 * v(0.0, 0.0).powi(2) / spread;
        if determinant > 0.0 && degrees.is_finite() { degrees.clamp(1.0, plain) } else { plain }
    }
}
