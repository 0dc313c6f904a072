//! Numbers over repetitions: their means with intervals, and how networks differ in them.

use equipoise_metrics::statistics::{Against, Design, Undefined, compare_groups};
use equipoise_metrics::summary::Summary;
use equipoise_report::Cell;

/// Level of the intervals.
pub const CONFIDENCE: f64 = 0.95;

/// A mean with its interval as a cell of a table; nothing for no value.
pub fn mean_cell(values: &[f64]) -> Cell {
    let summary = Summary::with_confidence(values, CONFIDENCE);
    match (summary.mean, summary.ci_low, summary.ci_high) {
        (Some(mean), Some(low), Some(high)) => Cell::interval(mean, low, high),
        (Some(mean), ..) => mean.into(),
        _ => Cell::Missing,
    }
}

/// A mean, and its interval where there are several values: "9.8 ms (9.1 to 10.5)".
pub fn mean_text(values: &[f64], unit: &str, decimals: usize) -> Option<String> {
    let summary = Summary::with_confidence(values, CONFIDENCE);
    let mean = summary.mean?;
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    Some(match (summary.ci_low, summary.ci_high) {
        (Some(low), Some(high)) => {
            format!("{mean:.decimals$}{unit} ({low:.decimals$} to {high:.decimals$})")
        }
        _ => format!("{mean:.decimals$}{unit}"),
    })
}

/// How a group differs from the baseline, over pairs of the same repetition.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Which group.
    pub group: usize,
    /// Pairs.
    pub pairs: usize,
    /// Mean difference, group less baseline, with its interval.
    pub mean: f64,
    /// Its interval; none for fewer than two pairs.
    pub interval: Option<(f64, f64)>,
    /// p of the paired t-test after Holm's correction over all groups; none where there is no test.
    pub p: Option<f64>,
    /// Cohen's d of the pairs, with its interval.
    pub effect: Option<(f64, f64, f64)>,
}

impl Difference {
    /// Whether the difference is told from chance at 5 %, after correction.
    pub fn is_told(&self) -> bool {
        self.p.is_some_and(|p| p < 0.05)
    }
}

/// How each group differs from the baseline: paired tests over the repetitions in which both have a
/// value, corrected together. `groups[g][r]` is the value of group g in repetition r.
pub fn differences(groups: &[Vec<Option<f64>>], baseline: usize) -> Vec<Difference> {
    let others = groups.iter().enumerate().filter(|&(g, _)| g != baseline);
    tested(others.map(|(index, group)| (index, group.as_slice(), groups[baseline].as_slice())))
}

/// How the values of groups differ each from others of its own: paired tests over the repetitions in
/// which both have a value, corrected together. `pairs`: the group, its values, and what they are
/// compared with.
pub fn tested<'a>(
    pairs: impl Iterator<Item = (usize, &'a [Option<f64>], &'a [Option<f64>])>,
) -> Vec<Difference> {
    let mut found: Vec<Difference> = Vec::new();
    let mut p_values = Vec::new();
    for (index, group, reference) in pairs {
        let both = group.iter().zip(reference).filter_map(|(a, b)| a.zip(*b));
        let (a, b): (Vec<f64>, Vec<f64>) = both.unzip();
        if a.is_empty() {
            continue;
        }
        let mean = a.iter().zip(&b).map(|(a, b)| a - b).sum::<f64>() / a.len() as f64;
        let tested = compare_groups(&[&b, &a], Against::Reference(0), Design::Paired, CONFIDENCE);
        let test = tested.ok().and_then(|tests| tests.into_iter().next());
        let t = test.as_ref().and_then(|t| t.test.as_ref().ok());
        let effect = test.as_ref().and_then(|t| t.effect.as_ref().ok());
        if let Some(t) = t {
            p_values.push((found.len(), t.p_value));
        }
        found.push(Difference {
            group: index,
            pairs: a.len(),
            mean,
            interval: t.map(|t| (t.ci_low, t.ci_high)),
            p: None,
            effect: effect.map(|e| (e.estimate, e.low, e.high)),
        });
    }
    let plain: Vec<f64> = p_values.iter().map(|p| p.1).collect();
    let corrected: Result<Vec<f64>, Undefined> = equipoise_metrics::statistics::holm(&plain);
    for ((place, _), p) in p_values.iter().zip(corrected.unwrap_or_default()) {
        found[*place].p = Some(p);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_of_pairs_and_corrected() {
        let some = |v: &[f64]| v.iter().map(|&x| Some(x)).collect::<Vec<_>>();
        let groups = [
            some(&[10.0, 11.0, 12.0, 13.0]),
            some(&[9.0, 10.1, 10.9, 12.0]),
            vec![None, Some(11.2), None, Some(12.9)],
            vec![None; 4],
        ];
        let found = differences(&groups, 0);
        assert_eq!(found.iter().map(|d| (d.group, d.pairs)).collect::<Vec<_>>(), [(1, 4), (2, 2)]);
        assert!((found[0].mean + 1.0).abs() < 1e-12);
        // scipy.stats.ttest_rel of the first: p = 0.000253, times two by Holm.
        let t = equipoise_metrics::statistics::paired_t(
            &[9.0, 10.1, 10.9, 12.0],
            &[10.0, 11.0, 12.0, 13.0],
            equipoise_metrics::statistics::Alternative::TwoSided,
        )
        .unwrap();
        assert!((found[0].p.unwrap() - 2.0 * t.p_value).abs() < 1e-12);
        assert!(found[0].is_told() && !found[1].is_told());
    }

    #[test]
    fn a_mean_tells_its_interval_where_there_is_one() {
        assert_eq!(mean_text(&[], "ms", 1), None);
        assert_eq!(mean_text(&[2.0], "ms", 1).unwrap(), "2.0 ms");
        let text = mean_text(&[1.0, 2.0, 3.0], "ms", 1).unwrap();
        assert_eq!(text, "2.0 ms (-0.5 to 4.5)");
    }
}
