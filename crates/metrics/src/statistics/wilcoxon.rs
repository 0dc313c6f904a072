//! Wilcoxon's signed-rank test of pairs.

use serde::{Deserialize, Serialize};

use super::moments::rounding_of;
use super::rank::{RankMethod, RankTest, ranks, tie_sum};
use super::special::normal_cdf;
use super::{Alternative, Undefined, check_pairs};

/// What is done with pairs of equal values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZeroMethod {
    /// They are left out (Wilcoxon 1945; SciPy's `"wilcox"`).
    #[default]
    Drop,
    /// They are ranked, and their ranks left out (Pratt 1959; SciPy's `"pratt"`).
    Pratt,
    /// They are ranked, and half of their ranks counts on each side (SciPy's `"zsplit"`).
    Split,
}

/// Wilcoxon's signed-rank test: whether the differences `a[i] - b[i]` lie around 0.
///
/// The statistic is the smaller of the sums of ranks of positive and negative differences for the
/// two-sided test, that of the positive ones otherwise. As SciPy's `method="auto"`, without
/// continuity correction: exact for up to 50 pairs without equal pairs and without equal absolute
/// differences; with them exact (over all signs) for up to 13 pairs; else the normal
/// approximation with correction for ties.
///
/// # Errors
/// If the groups have different lengths, are empty or have a value that is not finite, or every
/// difference is 0 but for rounding.
///
/// ```
/// use equipoise_metrics::statistics::{Alternative, ZeroMethod, wilcoxon};
/// let a = [6.0, 8.0, 14.0, 16.0, 23.0, 24.0, 28.0, 29.0, 41.0];
/// let test = wilcoxon(&a, &[0.0; 9], Alternative::TwoSided, ZeroMethod::Drop)?;
/// assert_eq!((test.statistic, test.p_value), (0.0, 2.0 / 512.0));
/// # Ok::<(), equipoise_metrics::statistics::Undefined>(())
/// ```
pub fn wilcoxon(
    a: &[f64],
    b: &[f64],
    alternative: Alternative,
    zeros: ZeroMethod,
) -> Result<RankTest, Undefined> {
    check_pairs(a, b, 1)?;
    let pairs = a.len();
    let mut magnitudes: Vec<f64> = a.iter().zip(b).map(|(a, b)| a.abs().max(b.abs())).collect();
    let difference = |((a, b), &magnitude): ((&f64, &f64), &f64)| {
        let difference = a - b;
        // A difference of rounding has no sign.
        if difference.abs() <= rounding_of(magnitude) { 0.0 } else { difference }
    };
    let mut differences: Vec<f64> = a.iter().zip(b).zip(&magnitudes).map(difference).collect();
    let zero_count = differences.iter().filter(|&&d| d == 0.0).count();
    if zero_count == pairs {
        return Err(Undefined::NoDifference);
    }
    if zeros == ZeroMethod::Drop {
        let mut kept = differences.iter().map(|&d| d != 0.0);
        magnitudes.retain(|_| kept.next().unwrap_or(true));
        differences.retain(|&d| d != 0.0);
    }
    let absolute: Vec<f64> = differences.iter().map(|d| d.abs()).collect();
    let (ranks, mut ties) = ranks(&absolute, &magnitudes);
    let tied = ties.iter().any(|&t| t > 1);
    let sum_where = |wanted: fn(f64) -> bool| {
        let chosen = differences.iter().zip(&ranks).filter(|&(&d, _)| wanted(d));
        chosen.map(|(_, rank)| rank).sum::<f64>()
    };
    // Sums of halves: exact.
    let both = if zeros == ZeroMethod::Split { sum_where(|d| d == 0.0) / 2.0 } else { 0.0 };
    let plus = sum_where(|d| d > 0.0) + both;
    let minus = sum_where(|d| d < 0.0) + both;

    let exact = if tied || zero_count > 0 { pairs <= 13 } else { pairs <= 50 };
    let (less, greater, method) = if exact {
        let signed = differences.iter().zip(&ranks).filter(|&(&d, _)| d != 0.0);
        let doubled: Vec<usize> = signed.map(|(_, rank)| (2.0 * rank) as usize).collect();
        let (less, greater) = exact_tails(&doubled, (2.0 * (plus - both)).round() as usize);
        (less, greater, RankMethod::Exact)
    } else {
        let n = differences.len() as f64;
        let mut mean = n * (n + 1.0) / 4.0;
        let mut variance = n * (n + 1.0) * (2.0 * n + 1.0);
        if zeros == ZeroMethod::Pratt {
            let z = zero_count as f64;
            mean -= z * (z + 1.0) / 4.0;
            variance -= z * (z + 1.0) * (2.0 * z + 1.0);
            if zero_count > 0 {
                ties.remove(0);
            }
        }
        let z = (plus - mean) / ((variance - tie_sum(&ties) / 2.0) / 24.0).sqrt();
        (normal_cdf(z), normal_cdf(-z), RankMethod::Normal)
    };
    let (statistic, p_value) = match alternative {
        Alternative::TwoSided => (plus.min(minus), (2.0 * less.min(greater)).min(1.0)),
        Alternative::Less => (plus, less),
        Alternative::Greater => (plus, greater),
    };
    Ok(RankTest { statistic, p_value, method, alternative })
}

/// The probabilities that the sum of a random half of these doubled ranks is at most, and at
/// least, `sum`: every choice of signs is counted. At most 50 ranks.
fn exact_tails(doubled: &[usize], sum: usize) -> (f64, f64) {
    let most: usize = doubled.iter().sum();
    let mut ways = vec![0u64; most + 1];
    ways[0] = 1;
    for &rank in doubled {
        for k in (rank..=most).rev() {
            ways[k] += ways[k - rank];
        }
    }
    let all = (1u64 << doubled.len()) as f64;
    let less: u64 = ways[..=sum].iter().sum();
    let greater: u64 = ways[sum..].iter().sum();
    (less as f64 / all, greater as f64 / all)
}
