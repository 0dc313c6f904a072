//! Tests on ranks of independent groups: Mann-Whitney and Kruskal-Wallis.

use serde::{Deserialize, Serialize};

use super::moments::rounding_of;
use super::special::{chi_squared_sf, normal_cdf};
use super::{Alternative, Undefined, check_group};

/// How a p-value was worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RankMethod {
    /// By counting every arrangement.
    Exact,
    /// By the normal approximation.
    Normal,
}

/// The result of a test on ranks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RankTest {
    /// U of the first group (Mann-Whitney), or the sum of ranks (Wilcoxon).
    pub statistic: f64,
    /// Probability of a statistic at least as far out if there is no difference.
    pub p_value: f64,
    /// How the p-value was worked out.
    pub method: RankMethod,
    /// What the p-value is for.
    pub alternative: Alternative,
}

/// The result of a Kruskal-Wallis test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct KruskalWallis {
    /// H, corrected for ties.
    pub statistic: f64,
    /// Number of groups less one.
    pub degrees_of_freedom: usize,
    /// Probability of a larger H if the groups do not differ (chi-square approximation).
    pub p_value: f64,
    /// Share of the variance of the ranks that the groups explain, (H - k + 1) / (n - k), at
    /// least 0 (Tomczak & Tomczak 2014); none where there are no more values than groups.
    pub eta_squared: Option<f64>,
}

/// Average ranks (from 1) of the values, and the sizes of the groups of equal values: of those
/// that differ by no more than the rounding of numbers of the magnitude given for each.
pub(super) fn ranks(values: &[f64], magnitudes: &[f64]) -> (Vec<f64>, Vec<usize>) {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&i, &j| values[i].total_cmp(&values[j]).then(i.cmp(&j)));
    let mut ranks = vec![0.0; values.len()];
    let mut ties = Vec::new();
    let mut start = 0;
    while let Some(&first) = order.get(start) {
        // From the first of the group, so that small steps do not join what is far apart.
        let size = order[start..]
            .iter()
            .take_while(|&&i| {
                let gap = values[i] - values[first];
                gap == 0.0 || gap <= rounding_of(magnitudes[i].max(magnitudes[first]))
            })
            .count();
        let group = &order[start..start + size];
        let rank = start as f64 + (group.len() + 1) as f64 / 2.0;
        group.iter().for_each(|&i| ranks[i] = rank);
        ties.push(group.len());
        start += group.len();
    }
    (ranks, ties)
}

/// Average ranks of values that carry the rounding of their own magnitude.
fn ranks_of(values: &[f64]) -> (Vec<f64>, Vec<usize>) {
    let magnitudes: Vec<f64> = values.iter().map(|v| v.abs()).collect();
    ranks(values, &magnitudes)
}

/// The sum of t³ - t over groups of t equal values.
pub(super) fn tie_sum(ties: &[usize]) -> f64 {
    ties.iter().map(|&t| t as f64).map(|t| t * t * t - t).sum()
}

/// The Mann-Whitney U test of two independent groups (Mann & Whitney 1947).
///
/// As SciPy's `method="auto"`: exact where one group has at most 8 values and no two values are
/// equal, else by the normal approximation with corrections for ties and continuity.
///
/// # Errors
/// If a group is empty or has a value that is not finite, or all values are equal.
///
/// ```
/// use equipoise_metrics::statistics::{Alternative, RankMethod, mann_whitney};
/// let test = mann_whitney(&[19.0, 22.0, 16.0, 29.0, 24.0], &[20.0, 11.0, 17.0, 12.0],
///     Alternative::TwoSided)?;
/// assert_eq!((test.statistic, test.method), (17.0, RankMethod::Exact));
/// assert!((test.p_value - 1.0 / 9.0).abs() < 1e-12);
/// # Ok::<(), equipoise_metrics::statistics::Undefined>(())
/// ```
pub fn mann_whitney(a: &[f64], b: &[f64], alternative: Alternative) -> Result<RankTest, Undefined> {
    check_group(1, a, 1)?;
    check_group(2, b, 1)?;
    let (ranks, ties) = ranks_of(&[a, b].concat());
    if ties.len() == 1 {
        return Err(Undefined::NoVariance);
    }
    let (n_a, n_b) = (a.len() as f64, b.len() as f64);
    let u_a = ranks[..a.len()].iter().sum::<f64>() - n_a * (n_a + 1.0) / 2.0;
    let u_b = n_a * n_b - u_a;
    let (u, sides) = match alternative {
        Alternative::TwoSided => (u_a.max(u_b), 2.0),
        Alternative::Less => (u_b, 1.0),
        Alternative::Greater => (u_a, 1.0),
    };
    let few = a.len().min(b.len()) <= 8 && ties.len() == a.len() + b.len();
    let exact = if few { mann_whitney_exact(a.len(), b.len(), u as usize) } else { None };
    let (tail, method) = match exact {
        Some(tail) => (tail, RankMethod::Exact),
        None => {
            let n = n_a + n_b;
            let variance = n_a * n_b / 12.0 * ((n + 1.0) - tie_sum(&ties) / (n * (n - 1.0)));
            let z = (u - n_a * n_b / 2.0 - 0.5) / variance.sqrt();
            (normal_cdf(-z), RankMethod::Normal)
        }
    };
    let p_value = (sides * tail).min(1.0);
    Ok(RankTest { statistic: u_a, p_value, method, alternative })
}

/// Probability of U >= `u` for groups of these sizes without ties, if they do not differ; none
/// where the number of arrangements does not fit 128 bits.
///
/// The numbers of arrangements with each U are the coefficients of a Gaussian binomial, the
/// product over i of (1 - q^(m + i)) / (1 - q^i). All of it is done modulo 2^128, where neither
/// overflow nor the order of factors matters, since the results fit.
fn mann_whitney_exact(n_a: usize, n_b: usize, u: usize) -> Option<f64> {
    let (few, many) = (n_a.min(n_b), n_a.max(n_b));
    let total = (1..=few as u128)
        .try_fold(1u128, |product, i| Some(product.checked_mul(many as u128 + i)? / i))?;
    let most = few * many;
    // The distribution is symmetric: count the smaller tail.
    let (upper, reach) = (2 * u >= most, if 2 * u >= most { most - u } else { u });
    let mut ways = vec![0u128; reach + 1];
    ways[0] = 1;
    for i in 1..=few {
        for k in i..=reach {
            ways[k] = ways[k].wrapping_add(ways[k - i]);
        }
        for k in (many + i..=reach).rev() {
            ways[k] = ways[k].wrapping_sub(ways[k - many - i]);
        }
    }
    let below: u128 = ways.iter().sum();
    let counted = if upper { below } else { total - (below - ways[reach]) };
    Some(counted as f64 / total as f64)
}

/// The Kruskal-Wallis test of several independent groups, with tie correction (Kruskal & Wallis
/// 1952, J. Am. Stat. Assoc. 47:583).
///
/// # Errors
/// If there are fewer than two groups, one is empty or has a value that is not finite, or all
/// values are equal.
pub fn kruskal_wallis<G: AsRef<[f64]>>(groups: &[G]) -> Result<KruskalWallis, Undefined> {
    if groups.len() < 2 {
        return Err(Undefined::TooFewGroups { found: groups.len(), needed: 2 });
    }
    for (index, group) in groups.iter().enumerate() {
        check_group(index + 1, group.as_ref(), 1)?;
    }
    let all: Vec<f64> = groups.iter().flat_map(|g| g.as_ref()).copied().collect();
    let (ranks, ties) = ranks_of(&all);
    if ties.len() == 1 {
        return Err(Undefined::NoVariance);
    }
    let n = all.len() as f64;
    let mut rest = ranks.as_slice();
    // Deviations of the mean ranks, not their squares less a large constant.
    let between: f64 = groups
        .iter()
        .map(|group| {
            let (own, after) = rest.split_at(group.as_ref().len());
            rest = after;
            let size = own.len() as f64;
            let deviation = own.iter().sum::<f64>() / size - (n + 1.0) / 2.0;
            size * deviation * deviation
        })
        .sum();
    let correction = 1.0 - tie_sum(&ties) / (n * n * n - n);
    let statistic = 12.0 / (n * (n + 1.0)) * between / correction;
    let k = groups.len();
    Ok(KruskalWallis {
        statistic,
        degrees_of_freedom: k - 1,
        p_value: chi_squared_sf(statistic, (k - 1) as f64),
        eta_squared: (all.len() > k)
            .then(|| ((statistic - k as f64 + 1.0) / (n - k as f64)).max(0.0)),
    })
}
