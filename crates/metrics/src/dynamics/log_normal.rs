//! Discrete log-normal distributions, and the test whether one is likelier than a power law.

use libm::erfc;
use serde::{Deserialize, Serialize};

/// A log-normal distribution of the integers between the cut-offs of a power law: P(x) is the
/// probability that a log-normal number lies between x - ½ and x + ½, over that of lying between
/// the cut-offs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LogNormal {
    /// Mean of ln x before the cut-offs.
    pub mu: f64,
    /// Standard deviation of ln x before the cut-offs.
    pub sigma: f64,
    /// Log-likelihood of the power law less that of the log-normal: positive where the power law is
    /// likelier.
    pub log_likelihood_ratio: f64,
    /// Probability of a ratio so far from 0 if neither were nearer to the truth (Vuong 1989,
    /// Econometrica 57:307); 1 where both give every value the same probability.
    pub p_value: f64,
}

/// How far the lower cut-off may lie in the upper tail, in standard deviations: further out a
/// log-normal is a power law, and floats end.
const FARTHEST: f64 = 36.0;

/// Fits a log-normal to values with their numbers, and compares it with what the power law says of
/// each value; none where no fit is found.
pub(super) fn compare(
    tail: &[(u64, usize)],
    minimum: u64,
    maximum: Option<u64>,
    power_law: &[f64],
) -> Option<LogNormal> {
    let total: f64 = tail.iter().map(|&(_, count)| count as f64).sum();
    let mean_of = |value: &dyn Fn(usize) -> f64| {
        tail.iter().enumerate().map(|(k, &(_, count))| count as f64 * value(k)).sum::<f64>() / total
    };
    let logs: Vec<f64> = tail.iter().map(|&(x, _)| libm::log(x as f64)).collect();
    let mean = mean_of(&|k| logs[k]);
    let sd = mean_of(&|k| (logs[k] - mean).powi(2)).sqrt();
    let density = Density::of(tail, minimum, maximum);
    // By the slope of the log-density over ln x at the mean, and the width: where the values are a
    // power law, the likelihood has a ridge along which the slope is constant.
    let location = |slope: f64, sigma: f64| mean - (slope - 1.0) * sigma * sigma;
    let cost = |[slope, log_sigma]: [f64; 2]| {
        let sigma = libm::exp(log_sigma);
        match density.log_probabilities(location(slope, sigma), sigma) {
            Some(found) => -mean_of(&|k| found[k]),
            None => f64::INFINITY,
        }
    };
    let starts = [(1.0, sd), (1.5, 2.0 * sd), (2.0, 5.0 * sd)];
    let best = starts
        .map(|(slope, sigma)| minimise(cost, [slope, libm::log(sigma)], 200))
        .into_iter()
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    let sigma = libm::exp(best.0[1]);
    let mu = location(best.0[0], sigma);
    let found = density.log_probabilities(mu, sigma).filter(|_| best.1.is_finite())?;
    let difference = |k: usize| power_law[k] - found[k];
    let ratio = mean_of(&difference);
    let spread = mean_of(&|k| (difference(k) - ratio).powi(2)).sqrt();
    // Differences of the order of rounding are none.
    let p_value =
        if spread < 1e-9 { 1.0 } else { erfc(ratio.abs() * total.sqrt() / spread / SQRT_2) };
    Some(LogNormal { mu, sigma, log_likelihood_ratio: ratio * total, p_value })
}

const SQRT_2: f64 = std::f64::consts::SQRT_2;

/// ln of each value with its borders, and of the cut-offs.
struct Density {
    /// ln x, ln (x - ½), ln (x + ½).
    logs: Vec<[f64; 3]>,
    low: f64,
    high: Option<f64>,
}

impl Density {
    fn of(tail: &[(u64, usize)], minimum: u64, maximum: Option<u64>) -> Self {
        let border = |x: f64, side: f64| libm::log(x + side);
        let logs = |&(x, _): &(u64, usize)| [0.0, -0.5, 0.5].map(|side| border(x as f64, side));
        Self {
            logs: tail.iter().map(logs).collect(),
            low: border(minimum as f64, -0.5),
            high: maximum.map(|m| border(m as f64, 0.5)),
        }
    }

    /// None where floats end.
    fn log_probabilities(&self, mu: f64, sigma: f64) -> Option<Vec<f64>> {
        if !(sigma > 1e-6 && sigma < 1e6) || (self.low - mu) / sigma > FARTHEST {
            return None;
        }
        let high = self.high.map_or(f64::INFINITY, |high| (high - mu) / sigma);
        let norm = libm::log(between((self.low - mu) / sigma, high));
        let found = self.logs.iter().map(|&[middle, low, high]| {
            let width = (high - low) / sigma;
            // Narrow parts by the density in their middle: the difference of two would lose digits.
            let log = if width < 1e-4 {
                let z = (middle - mu) / sigma;
                libm::log(width) - 0.5 * z * z - 0.5 * libm::log(2.0 * std::f64::consts::PI)
            } else {
                libm::log(between((low - mu) / sigma, (high - mu) / sigma))
            };
            log - norm
        });
        let found: Vec<f64> = found.collect();
        found.iter().all(|p| p.is_finite()).then_some(found)
    }
}

/// Probability of a standard normal number between two, as a difference of the smaller tails.
fn between(low: f64, high: f64) -> f64 {
    if low > 0.0 {
        0.5 * (erfc(low / SQRT_2) - erfc(high / SQRT_2))
    } else {
        0.5 * (erfc(-high / SQRT_2) - erfc(-low / SQRT_2))
    }
}

/// The smallest value of a function of two numbers and where it is, by the simplex of Nelder & Mead
/// (1965), in at most so many steps.
fn minimise(f: impl Fn([f64; 2]) -> f64, start: [f64; 2], steps: usize) -> ([f64; 2], f64) {
    let at = |p: [f64; 2]| (p, f(p));
    let mut simplex = [at(start), at([start[0] + 0.5, start[1]]), at([start[0], start[1] + 0.5])];
    for _ in 0..steps {
        simplex.sort_by(|a, b| a.1.total_cmp(&b.1));
        let [best, middle, worst] = simplex;
        if (worst.1 - best.1).abs() < 1e-13 * best.1.abs() {
            break;
        }
        let centre = [0, 1].map(|d| 0.5 * (best.0[d] + middle.0[d]));
        let along = |t: f64| at([0, 1].map(|d| centre[d] + t * (worst.0[d] - centre[d])));
        let reflected = along(-1.0);
        let candidate = if reflected.1 < best.1 {
            let expanded = along(-2.0);
            if expanded.1 < reflected.1 { expanded } else { reflected }
        } else if reflected.1 < middle.1 {
            reflected
        } else {
            let contracted = if reflected.1 < worst.1 { along(-0.5) } else { along(0.5) };
            if contracted.1 < reflected.1.min(worst.1) {
                contracted
            } else {
                let shrunk = |v: ([f64; 2], f64)| at([0, 1].map(|d| 0.5 * (best.0[d] + v.0[d])));
                simplex = [best, shrunk(middle), shrunk(worst)];
                continue;
            }
        };
        simplex[2] = candidate;
    }
    simplex.sort_by(|a, b| a.1.total_cmp(&b.1));
    simplex[0]
}
