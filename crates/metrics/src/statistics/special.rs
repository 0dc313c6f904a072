//! The distributions behind the tests, exact in their tails.
//!
//! A tail is computed as itself and never as 1 minus the rest, so p-values keep their relative
//! precision down to the smallest float.

use statrs::function::{erf, gamma};

/// Φ(z), the probability of a standard normal number below `z`.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    0.5 * erf::erfc(-z / std::f64::consts::SQRT_2)
}

/// The number that a standard normal one is below with probability `p` in (0, 1).
pub(crate) fn normal_quantile(p: f64) -> f64 {
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    if p == 0.5 {
        return 0.0;
    }
    let guess = -std::f64::consts::SQRT_2 * erf::erfc_inv(2.0 * p);
    // One Newton step on ln Φ, which is nearly a parabola in the tail.
    let cdf = normal_cdf(guess);
    let density = (-0.5 * guess * guess).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let step = (cdf / p).ln() * cdf / density;
    if step.is_finite() { guess - step } else { guess }
}

/// Probability of more than `x` in a chi-square distribution.
pub(crate) fn chi_squared_sf(x: f64, degrees_of_freedom: f64) -> f64 {
    if x <= 0.0 { 1.0 } else { gamma::gamma_ur(0.5 * degrees_of_freedom, 0.5 * x) }
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
    if p < 0.5 {
        return -students_t_quantile(1.0 - p, degrees_of_freedom);
    }
    let tail = 1.0 - p;
    let mut high = 1.0;
    while high < 1e300 && students_t_sf(high, degrees_of_freedom) > tail {
        high *= 2.0;
    }
    bisect(0.0, high, |t| students_t_sf(t, degrees_of_freedom) > tail)
}

/// Probability of at most `t` in the noncentral t distribution, that of (Z + `delta`) / S with Z
/// standard normal and S² chi-square over its degrees of freedom.
///
/// The mean of Φ(t S - delta) over S, by the trapezoidal rule in ln S, where the integrand is
/// smooth and dies away on both sides, so that the rule converges exponentially (Trefethen &
/// Weideman 2014, SIAM Rev. 56:385); it holds for any noncentrality, unlike the usual series.
pub(crate) fn noncentral_t_cdf(t: f64, degrees_of_freedom: f64, delta: f64) -> f64 {
    let df = degrees_of_freedom;
    let log_density = |u: f64| df * (u - 0.5 * (2.0 * u).exp_m1());
    // A fraction of the width of the density and of the rise of Φ.
    let step = 0.3 / (2.0 * df + t * t + 9.0).sqrt();
    let (mut weights, mut sum) = (0.0, 0.0);
    for direction in [-1.0, 1.0] {
        let first = if direction > 0.0 { 0 } else { 1 };
        for u in (first..).map(|k| direction * step * f64::from(k)) {
            let weight = log_density(u).exp();
            if weight < 1e-18 {
                break;
            }
            weights += weight;
            sum += weight * normal_cdf(t * u.exp() - delta);
        }
    }
    sum / weights
}

/// The number that a Beta(a, b) one is below with probability `p` in (0, 1).
pub(crate) fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    bisect(0.0, 1.0, |x| beta_regularised(a, b, x, 1.0 - x) < p)
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
    let ln = |near: f64, other: f64| if near > 0.5 { (-other).ln_1p() } else { near.ln() };
    let front = (a * ln(x, y) + b * ln(y, x) - ln_beta(a, b)).exp() / a;
    const TINY: f64 = 1e-300;
    let keep = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / keep(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    // About sqrt(max(a, b)) terms are needed.
    let terms = 300 + 20 * a.max(b).sqrt() as usize;
    for m in (1..terms).map(|m| m as f64) {
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / keep(1.0 + even * d);
        c = keep(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / keep(1.0 + odd * d);
        c = keep(1.0 + odd / c);
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
        return gamma::ln_gamma(small) + gamma::ln_gamma(large) - gamma::ln_gamma(small + large);
    }
    let sum = small + large;
    let corrections = stirling_rest(large) - stirling_rest(sum);
    if small < 10.0 {
        // ln Γ(large) - ln Γ(sum)
        let ratio = -(sum - 0.5) * (small / large).ln_1p() - small * large.ln() + small;
        return gamma::ln_gamma(small) + ratio + corrections;
    }
    let halves = 2.0 * std::f64::consts::PI * sum / small / large;
    small * (small / sum).ln() - large * (small / large).ln_1p()
        + 0.5 * halves.ln()
        + corrections
        + stirling_rest(small)
}

/// ln Γ(x) less Stirling's formula (x - 1/2) ln x - x + ln(2 pi) / 2, for x >= 10.
fn stirling_rest(x: f64) -> f64 {
    let s = 1.0 / (x * x);
    let series = [1.0 / 156.0, -691.0 / 360_360.0, 1.0 / 1188.0, -1.0 / 1680.0, 1.0 / 1260.0]
        .iter()
        .fold(0.0, |sum, term| term + s * sum);
    (1.0 / 12.0 - s * (1.0 / 360.0 - s * series)) / x
}
