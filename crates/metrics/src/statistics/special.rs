//! The distributions behind the tests, exact in their tails.
//!
//! A tail is computed as itself and never as 1 minus the rest, so p-values keep their relative
//! precision down to the smallest float.

use libm::{erfc, lgamma};

/// Φ(z), the probability of a standard normal number below `z`.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    0.5 * erfc(-z / std::f64::consts::SQRT_2)
}

/// Half of what a confidence level below 1 can leave out; 1/2 plus half the level rounds it away.
const LEAST_TAIL: f64 = f64::EPSILON / 4.0;

/// The number that a standard normal one is below with probability `p` in (0, 1).
pub(crate) fn normal_quantile(p: f64) -> f64 {
    if p > 0.5 {
        return -normal_quantile((1.0 - p).max(LEAST_TAIL));
    }
    // Φ(z) <= exp(-z²/2) / 2 for z <= 0, so this lies below the quantile; and as ln Φ is concave,
    // Newton's method climbs from there without ever passing it.
    let mut z = -(-2.0 * libm::log(2.0 * p)).sqrt();
    for _ in 0..50 {
        let cdf = normal_cdf(z);
        let density = libm::exp(-0.5 * z * z) / (2.0 * std::f64::consts::PI).sqrt();
        let step = libm::log(p / cdf) * cdf / density;
        if step.is_nan() || step <= f64::EPSILON * z.abs() {
            break;
        }
        z += step;
    }
    z
}

/// Probability of more than `x` in a chi-square distribution: the regularised upper incomplete
/// gamma function, by its series or its continued fraction (Press et al., Numerical Recipes, 6.2).
pub(crate) fn chi_squared_sf(x: f64, degrees_of_freedom: f64) -> f64 {
    let (a, x) = (0.5 * degrees_of_freedom, 0.5 * x);
    if x <= 0.0 {
        return 1.0;
    }
    let front = libm::exp(a * libm::log(x) - x - lgamma(a));
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > sum * 0.5 * f64::EPSILON {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return (1.0 - front * sum).max(0.0);
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut fraction = d;
    let terms = 10_000.0 + 20.0 * a.sqrt().min(1e5);
    for i in (1..terms as u32).map(f64::from) {
        let numerator = -i * (i - a);
        b += 2.0;
        d = 1.0 / away_from_zero(numerator * d + b);
        c = away_from_zero(b + numerator / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 2.0 * f64::EPSILON {
            break;
        }
    }
    front * fraction
}

/// What Lentz's method for continued fractions puts in the place of 0.
const TINY: f64 = 1e-300;

fn away_from_zero(value: f64) -> f64 {
    if value.abs() < TINY { TINY } else { value }
}

/// Probability of more than `t` in Student's distribution.
pub(crate) fn students_t_sf(t: f64, degrees_of_freedom: f64) -> f64 {
    let upper = 0.5 * students_t_two_sided(t, degrees_of_freedom);
    if t >= 0.0 { upper } else { 1.0 - upper }
}

/// Probability of more than |t| on either side in Student's distribution.
pub(crate) fn students_t_two_sided(t: f64, degrees_of_freedom: f64) -> f64 {
    let (square, sum) = (t * t, degrees_of_freedom + t * t);
    if sum.is_infinite() {
        return 0.0;
    }
    beta_regularised(0.5 * degrees_of_freedom, 0.5, degrees_of_freedom / sum, square / sum)
}

/// The number that Student's t is below with probability `p` in (0, 1).
pub(crate) fn students_t_quantile(p: f64, degrees_of_freedom: f64) -> f64 {
    if p == 0.5 {
        return 0.0;
    }
    // By the nearer tail, which is known to more digits.
    let (tail, sign) = if p < 0.5 { (p, -1.0) } else { ((1.0 - p).max(LEAST_TAIL), 1.0) };
    let mut high = 1.0;
    while high < 1e300 && students_t_sf(high, degrees_of_freedom) > tail {
        high *= 2.0;
    }
    sign * bisect(0.0, high, |t| students_t_sf(t, degrees_of_freedom) > tail)
}

/// The number that a Beta(a, b) one is below with probability `p` in (0, 1).
pub(crate) fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    // The continued fraction needs as many terms as the root of the larger argument: seconds here.
    const HUGE: f64 = 1e8;
    let p = p.clamp(LEAST_TAIL, 1.0 - 0.5 * f64::EPSILON);
    if a.max(b) < HUGE {
        return bisect(0.0, 1.0, |x| beta_regularised(a, b, x, 1.0 - x) < p);
    }
    if a > b {
        return 1.0 - beta_quantile(1.0 - p, b, a);
    }
    if a >= HUGE {
        return beta_quantile_expanded(p, a, b);
    }
    // Above this nothing is left of the distribution, nearly one of Gamma(a) over b.
    let most = (a + 40.0 * a.sqrt() + 1500.0) / b;
    bisect(0.0, most.min(1.0), |x| beta_series(a, b, x) < p)
}

/// The same where `a` and `b` are so large that the expansion of Cornish & Fisher (1938) about the
/// normal distribution leaves out less than a rounding error.
fn beta_quantile_expanded(p: f64, a: f64, b: f64) -> f64 {
    let sum = a + b;
    let deviation = (a / sum * (b / sum) / (sum + 1.0)).sqrt();
    let skewness = 2.0 * ((b - a) / sum) / ((sum + 2.0) * deviation);
    let excess =
        6.0 * (((a - b) / sum / deviation).powi(2) - (sum + 2.0)) / ((sum + 2.0) * (sum + 3.0));
    let z = normal_quantile(p);
    let shifted = z + skewness * (z * z - 1.0) / 6.0 + excess * z * (z * z - 3.0) / 24.0
        - skewness * skewness * z * (2.0 * z * z - 5.0) / 36.0;
    (a / sum + deviation * shifted).clamp(0.0, 1.0)
}

/// I_x(a, b) by its power series (DLMF 8.17.8), all terms of which are positive: about
/// (b x - a) plus some roots of `a` of them, for small `x`.
fn beta_series(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let (mut term, mut sum, mut k) = (1.0, 1.0, 0.0);
    while term > 0.5 * f64::EPSILON * sum {
        term *= (a + b + k) / (a + 1.0 + k) * x;
        sum += term;
        k += 1.0;
    }
    sum * libm::exp(a * libm::log(x) + b * libm::log1p(-x) - ln_beta(a, b)) / a
}

/// The place in `low..high` where `go_on` turns from true to false, to the last bit but one.
pub(crate) fn bisect(mut low: f64, mut high: f64, go_on: impl Fn(f64) -> bool) -> f64 {
    // 200 halvings reach full precision for all numbers above 1e-44 of the first width.
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if go_on(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The regularised incomplete beta function I_x(a, b), with `y` = 1 - x given beside x so that
/// neither is lost near the ends: the continued fraction of Press et al. (Numerical Recipes,
/// 6.4) by Lentz's method, for large a and b too.
pub(crate) fn beta_regularised(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_lower(b, a, y, x);
    }
    beta_lower(a, b, x, y)
}

fn beta_lower(a: f64, b: f64, x: f64, y: f64) -> f64 {
    // The logarithm of whichever of x and y is near 1 comes from the other.
    let ln = |near: f64, other: f64| if near > 0.5 { libm::log1p(-other) } else { libm::log(near) };
    let front = libm::exp(a * ln(x, y) + b * ln(y, x) - ln_beta(a, b)) / a;
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    // About sqrt(max(a, b)) terms are needed.
    let terms = 300 + 20 * a.max(b).sqrt() as usize;
    for m in (1..terms).map(|m| m as f64) {
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 2.0 * f64::EPSILON {
            break;
        }
    }
    front * fraction
}

/// ln B(a, b). For large arguments the leading terms of Stirling's series are cancelled by hand.
pub(crate) fn ln_beta(a: f64, b: f64) -> f64 {
    let (small, large) = if a < b { (a, b) } else { (b, a) };
    if large < 10.0 {
        return lgamma(small) + lgamma(large) - lgamma(small + large);
    }
    let sum = small + large;
    let corrections = stirling_rest(large) - stirling_rest(sum);
    if small < 10.0 {
        // ln Γ(large) - ln Γ(sum)
        let ratio = -(sum - 0.5) * libm::log1p(small / large) - small * libm::log(large) + small;
        return lgamma(small) + ratio + corrections;
    }
    let halves = 2.0 * std::f64::consts::PI * sum / small / large;
    small * libm::log(small / sum) - large * libm::log1p(small / large)
        + 0.5 * libm::log(halves)
        + corrections
        + stirling_rest(small)
}

/// ln Γ(x) less Stirling's formula (x - 1/2) ln x - x + ln(2 pi) / 2, for x >= 10.
pub(crate) fn stirling_rest(x: f64) -> f64 {
    let s = 1.0 / (x * x);
    let series = [1.0 / 156.0, -691.0 / 360_360.0, 1.0 / 1188.0, -1.0 / 1680.0, 1.0 / 1260.0]
        .iter()
        .fold(0.0, |sum, term| term + s * sum);
    (1.0 / 12.0 - s * (1.0 / 360.0 - s * series)) / x
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Calls `check` with the numbers of each row of a table of `scripts/reference/metrics.py`.
    fn each_row(table: &str, check: impl Fn(&[f64]) -> (f64, f64)) {
        let text = include_str!("../../tests/reference/statistics.json");
        let reference: Value = serde_json::from_str(text).unwrap();
        let rows = reference["distributions"][table].as_array().unwrap();
        assert!(rows.len() > 5);
        for row in rows {
            let row: Vec<f64> =
                row.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
            let (got, tolerance) = check(&row);
            let want = row[row.len() - 1];
            assert!((got - want).abs() <= tolerance, "{table} {row:?}: {got:e}");
        }
    }

    #[test]
    fn tails_agree_with_scipy_to_the_last_digits() {
        let relative = |row: &[f64]| 1e-10 * row[row.len() - 1].abs();
        each_row("t_sf", |r| (students_t_sf(r[0], r[1]), relative(r)));
        each_row("t_quantile", |r| (students_t_quantile(r[0], r[1]), relative(r)));
        each_row("chi_squared_sf", |r| (chi_squared_sf(r[0], r[1]), relative(r)));
        each_row("normal_quantile", |r| (normal_quantile(r[0]), relative(r)));
        each_row("normal_cdf", |r| (normal_cdf(r[0]), relative(r)));
    }

    #[test]
    fn beta_functions_of_small_and_large_arguments() {
        for (a, b, want) in [
            (1.0, 1.0, 0.0),
            (2.0, 3.0, -(libm::log(12f64))),
            (0.5, 0.5, libm::log(std::f64::consts::PI)),
            // 1 / (a C(a + b - 1, b - 1)) for whole numbers.
            (1e6, 2.0, -libm::log(1e6f64 * (1e6 + 1.0))),
            (30.0, 3.0, -libm::log(30.0 * 31.0 * 32.0 / 2f64)),
        ] {
            assert!((ln_beta(a, b) - want).abs() < 1e-13 * want.abs().max(1.0), "{a} {b}");
            assert_eq!(ln_beta(a, b), ln_beta(b, a));
        }
        // B(a, b + 1) = B(a, b) b / (a + b), across the change of method at 10.
        for (a, b) in [(9.5, 9.2), (25.0, 9.7), (40.0, 12.0), (3.0, 9.5)] {
            let ratio = libm::exp(ln_beta(a, b + 1.0) - ln_beta(a, b));
            assert!((ratio - b / (a + b)).abs() < 1e-13, "{a} {b}");
        }
    }
}
