//! The noncentral t distribution, and the noncentralities that an observed t is compatible with.
//!
//! T = (Z + delta) / S, with Z standard normal and S² chi-square over its degrees of freedom. Its
//! cdf is the mean over S of Φ(t S - delta), an integral over two features: the density of S,
//! about 1 / sqrt(2 df) wide, and the rise of Φ, 1 / t wide. Where these are of like width one
//! rule covers both; where the rise is by far the narrower, the integral is taken over the rise
//! alone and the rest is a tail of chi-square. So the cost is bounded for any t.

use libm::lgamma;

use super::special::{bisect, chi_squared_sf, normal_cdf, stirling_rest};

/// How many times narrower than the density of S the rise of Φ must be to be integrated alone.
const STEEP: f64 = 100.0;

/// Φ is 0 below minus this and 1 above it, to 1e-19.
const REACH: f64 = 9.0;

/// The noncentralities for which the observed `t` lies just inside the central `confidence` (in
/// (0, 1)) of the distribution: the lower one and the upper one.
pub(super) fn noncentrality_limits(t: f64, degrees_of_freedom: f64, confidence: f64) -> (f64, f64) {
    let tail = 0.5 - 0.5 * confidence;
    let upper = |t| noncentrality(t, degrees_of_freedom, tail);
    // 1 less a very small tail is 1: the mirrored distribution keeps it.
    let low =
        if tail < 1e-9 { -upper(-t) } else { noncentrality(t, degrees_of_freedom, 1.0 - tail) };
    (low, upper(t))
}

/// The noncentrality for which a value up to `t` has the probability `wanted`.
fn noncentrality(t: f64, degrees_of_freedom: f64, wanted: f64) -> f64 {
    let rule = Rule::new();
    // The cdf falls as the noncentrality grows.
    let cdf = |delta: f64| noncentral_t_cdf(t, degrees_of_freedom, delta, &rule);
    let reach = |side: f64, not_yet: &dyn Fn(f64) -> bool| {
        let mut width = 4.0 + 4.0 * t.abs() / degrees_of_freedom.sqrt();
        // Already the first width is nearly always enough.
        for _ in 0..60 {
            if !not_yet(t + side * width) {
                break;
            }
            width *= 2.0;
        }
        t + side * width
    };
    let low = reach(-1.0, &|delta| cdf(delta) < wanted);
    let high = reach(1.0, &|delta| cdf(delta) > wanted);
    bisect(low, high, |delta| cdf(delta) > wanted)
}

/// Probability of at most `t`.
fn noncentral_t_cdf(t: f64, degrees_of_freedom: f64, delta: f64, rule: &Rule) -> f64 {
    if t.abs() <= STEEP * (2.0 * degrees_of_freedom).sqrt() {
        return cdf_over_the_density(t, degrees_of_freedom, delta);
    }
    if t < 0.0 {
        return 1.0 - cdf_over_the_rise(-t, degrees_of_freedom, -delta, rule);
    }
    cdf_over_the_rise(t, degrees_of_freedom, delta, rule)
}

/// By the trapezoidal rule in ln S, where the integrand is smooth and dies away on both sides, so
/// that the rule converges exponentially (Trefethen & Weideman 2014, SIAM Rev. 56:385); it holds
/// for any noncentrality, unlike the usual series.
fn cdf_over_the_density(t: f64, df: f64, delta: f64) -> f64 {
    // A fraction of the width of the density and of the rise of Φ.
    let step = 0.3 / (2.0 * df + t * t + 9.0).sqrt();
    let (mut weights, mut sum) = (0.0, 0.0);
    for direction in [-1.0, 1.0] {
        let first = if direction > 0.0 { 0 } else { 1 };
        for u in (first..).map(|k| direction * step * f64::from(k)) {
            let weight = libm::exp(log_density(u, df));
            if weight < 1e-18 {
                break;
            }
            weights += weight;
            sum += weight * normal_cdf(t * libm::exp(u) - delta);
        }
    }
    sum / weights
}

/// For a large positive `t`: the probability that t S lies above the whole rise of Φ(t S - delta),
/// and the mean of Φ over the rise.
fn cdf_over_the_rise(t: f64, df: f64, delta: f64, rule: &Rule) -> f64 {
    let end = (delta + REACH) / t;
    if end <= 0.0 {
        return 1.0;
    }
    // S is not negative.
    let (low, high) = ((-REACH).max(-delta), REACH);
    let half = 0.5 * df;
    // The density of ln S at its maximum.
    let front = if half < 10.0 {
        2.0 * libm::exp(half * libm::log(half) - half - lgamma(half))
    } else {
        2.0 * (half / (2.0 * std::f64::consts::PI)).sqrt() * libm::exp(-stirling_rest(half))
    };
    let rise = rule.integral(low, high, |z| {
        let u = libm::log((z + delta) / t);
        // The density of S is that of ln S over S, and dS is dz / t.
        normal_cdf(z) * libm::exp(log_density(u, df) - u) / t
    });
    (chi_squared_sf(df * end * end, df) + front * rise).min(1.0)
}

/// The logarithm of the density of ln S over that at its maximum, which is at S = 1.
fn log_density(u: f64, df: f64) -> f64 {
    df * (u - 0.5 * libm::expm1(2.0 * u))
}

/// Gauss's rule of numerical integration.
struct Rule {
    /// Places in (-1, 1) and their weights.
    nodes: Vec<(f64, f64)>,
}

impl Rule {
    /// Enough places to integrate Φ and a bell over 18 of their widths to the last digits.
    const PLACES: u32 = 100;

    /// Places and weights from the Legendre polynomial by Newton's method (Press et al.,
    /// Numerical Recipes, 4.6).
    fn new() -> Self {
        let n = f64::from(Self::PLACES);
        let node = |i: u32| {
            let mut x = libm::cos(std::f64::consts::PI * (f64::from(i) + 0.75) / (n + 0.5));
            let mut slope = 1.0;
            for _ in 0..10 {
                let (mut before, mut value) = (1.0, x);
                for k in (2..=Self::PLACES).map(f64::from) {
                    (before, value) =
                        (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
                }
                slope = n * (x * value - before) / (x * x - 1.0);
                let step = value / slope;
                x -= step;
                if step.abs() < 1e-15 {
                    break;
                }
            }
            (x, 2.0 / ((1.0 - x * x) * slope * slope))
        };
        Self { nodes: (0..Self::PLACES).map(node).collect() }
    }

    fn integral(&self, low: f64, high: f64, f: impl Fn(f64) -> f64) -> f64 {
        let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
        half * self.nodes.iter().map(|&(x, weight)| weight * f(middle + half * x)).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn rows(table: &str) -> Vec<Vec<f64>> {
        let text = include_str!("../../tests/reference/statistics.json");
        let reference: Value = serde_json::from_str(text).unwrap();
        let rows = reference["distributions"][table].as_array().unwrap();
        let numbers =
            |row: &Value| row.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        rows.iter().map(numbers).collect()
    }

    #[test]
    fn the_distribution_agrees_with_quadrature() {
        let rule = Rule::new();
        for row in rows("noncentral_t") {
            let [t, df, delta, want] = row[..] else { panic!("{row:?}") };
            let got = noncentral_t_cdf(t, df, delta, &rule);
            assert!((got - want).abs() < 1e-12, "{row:?}: {got}");
        }
    }

    #[test]
    fn limits_agree_with_arbitrary_precision_up_to_the_largest_t() {
        let rows = rows("noncentrality_limits");
        assert!(rows.len() >= 40 && rows.iter().any(|r| r[0] == 1e15));
        for row in rows {
            let [t, df, confidence, low, high] = row[..] else { panic!("{row:?}") };
            let got = noncentrality_limits(t, df, confidence);
            for (got, want) in [(got.0, low), (got.1, high)] {
                assert!((got - want).abs() < 1e-9 * want.abs().max(1.0), "{row:?}: {got}");
            }
            let mirrored = noncentrality_limits(-t, df, confidence);
            assert!((mirrored.0 + got.1).abs() <= 1e-9 * got.1.abs(), "{row:?}: {mirrored:?}");
        }
    }

    #[test]
    fn both_ways_agree_where_they_meet() {
        let rule = Rule::new();
        for df in [1.0f64, 2.0, 8.0, 57.0, 3000.0] {
            let t = STEEP * (2.0 * df).sqrt();
            for share in [0.0, 0.02, 0.3, 0.8, 1.0, 1.1, 2.0] {
                let (one, other) = (
                    cdf_over_the_density(t, df, share * t),
                    cdf_over_the_rise(t, df, share * t, &rule),
                );
                assert!((one - other).abs() < 1e-11, "{df} {share}: {one} {other}");
            }
        }
    }

    #[test]
    fn any_input_takes_a_bounded_time() {
        let start = std::time::Instant::now();
        for t in [0.0, 1e-300, 0.3, 1e3, 1e7, 1e15, 1e18, 1e100, 1e300] {
            for df in [1.0, 8.0, 1e4, 1e8] {
                for confidence in [1e-9, 0.5, 0.95, 1.0 - 1e-12, 1.0 - f64::EPSILON / 2.0] {
                    let (low, high) = noncentrality_limits(t, df, confidence);
                    assert!(low <= high, "{t} {df} {confidence}: {low} {high}");
                }
            }
        }
        // 180 searches of some ten milliseconds; without the bound one of them never ends.
        assert!(start.elapsed().as_secs() < 120);
    }
}
