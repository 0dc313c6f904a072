//! Several groups compared two by two: tests, Holm's correction over all of them, effect sizes.

use serde::{Deserialize, Serialize};

use super::moments::mean;
use super::{
    Alternative, Interval, RankTest, TTest, Undefined, ZeroMethod, hedges_g, holm, mann_whitney,
    paired_d, paired_t, welch_t, wilcoxon,
};

/// Which groups are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// Every group with every later one.
    EachOther,
    /// Every other group with the one of this index.
    Reference(usize),
}

/// How the values of two groups belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Design {
    /// Not at all: Welch's test, Hedges' g, Mann-Whitney's test.
    Independent,
    /// The values of the same place are a pair (of one seed, of one image): the paired t-test,
    /// Cohen's d of the pairs, Wilcoxon's test.
    Paired,
}

/// One group compared with another. A test that has no answer says why, and is left out of the
/// correction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairwiseTest {
    /// Index of the group.
    pub group: usize,
    /// Index of the group that it is compared with.
    pub other: usize,
    /// How many values the two have.
    pub counts: (usize, usize),
    /// Their means; none for a group without values.
    pub means: (Option<f64>, Option<f64>),
    /// The t-test of group minus other, two-sided.
    pub test: Result<TTest, Undefined>,
    /// Its p-value after Holm's correction over all comparisons made in this call.
    pub p_corrected: Option<f64>,
    /// How large the difference is, in standard deviations.
    pub effect: Result<Interval, Undefined>,
    /// The test on ranks, two-sided, not corrected.
    pub ranks: Result<RankTest, Undefined>,
}

/// Compares groups two by two, each other or against a reference, and corrects the p-values of
/// the t-tests together (Holm 1979). Comparisons come in the order of the groups; with a
/// reference, the reference is always the `other` one.
///
/// # Errors
/// If there are fewer than two groups, the reference is not one of them, a value is not finite,
/// the groups of a paired design have different lengths, or the level is not in (0, 1). A pair of
/// groups with too few values, or that do not vary, is no error: its own results say why.
///
/// ```
/// use equipoise_metrics::statistics::{Against, Design, compare_groups};
/// let accuracy = [[0.81, 0.80, 0.82, 0.81], [0.84, 0.85, 0.83, 0.86], [0.1, 0.1, 0.1, 0.1]];
/// let tests = compare_groups(&accuracy, Against::Reference(0), Design::Independent, 0.95)?;
/// assert_eq!((tests.len(), tests[0].group, tests[0].other), (2, 1, 0));
/// assert!(tests[0].p_corrected.is_some_and(|p| p < 0.01));
/// assert!(tests[0].effect.as_ref().is_ok_and(|g| g.low > 0.0));
/// # Ok::<(), equipoise_metrics::statistics::Undefined>(())
/// ```
pub fn compare_groups<G: AsRef<[f64]>>(
    groups: &[G],
    against: Against,
    design: Design,
    confidence: f64,
) -> Result<Vec<PairwiseTest>, Undefined> {
    super::check_confidence(confidence)?;
    if groups.len() < 2 {
        return Err(Undefined::TooFewGroups { found: groups.len(), needed: 2 });
    }
    for (index, group) in groups.iter().enumerate() {
        super::check_group(index + 1, group.as_ref(), 0)?;
        if design == Design::Paired && group.as_ref().len() != groups[0].as_ref().len() {
            let (left, right) = (groups[0].as_ref().len(), group.as_ref().len());
            return Err(Undefined::LengthsDiffer { left, right });
        }
    }
    let pairs: Vec<(usize, usize)> = match against {
        Against::EachOther => (0..groups.len())
            .flat_map(|group| (group + 1..groups.len()).map(move |other| (group, other)))
            .collect(),
        Against::Reference(reference) if reference < groups.len() => {
            let others = (0..groups.len()).filter(|&group| group != reference);
            others.map(|group| (group, reference)).collect()
        }
        Against::Reference(reference) => {
            let range = format!("0..{}, the groups", groups.len());
            return Err(Undefined::out_of_range("the reference", reference as f64, &range));
        }
    };
    let compare = |(group, other): (usize, usize)| {
        let (a, b) = (groups[group].as_ref(), groups[other].as_ref());
        let two_sided = Alternative::TwoSided;
        let (test, effect, ranks) = match design {
            Design::Independent => (
                welch_t(a, b, two_sided),
                hedges_g(a, b, confidence),
                mann_whitney(a, b, two_sided),
            ),
            Design::Paired => (
                paired_t(a, b, two_sided),
                paired_d(a, b, confidence),
                wilcoxon(a, b, two_sided, ZeroMethod::Drop),
            ),
        };
        let mean_of = |values: &[f64]| (!values.is_empty()).then(|| mean(values));
        let (counts, means) = ((a.len(), b.len()), (mean_of(a), mean_of(b)));
        PairwiseTest { group, other, counts, means, test, p_corrected: None, effect, ranks }
    };
    let mut tests: Vec<PairwiseTest> = pairs.into_iter().map(compare).collect();
    let p_values: Vec<f64> =
        tests.iter().filter_map(|t| t.test.as_ref().ok().map(|test| test.p_value)).collect();
    let answered = tests.iter_mut().filter(|t| t.test.is_ok());
    for (test, p) in answered.zip(holm(&p_values)?) {
        test.p_corrected = Some(p);
    }
    Ok(tests)
}
