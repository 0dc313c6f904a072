//! Statistical tests, effect sizes, intervals and regression.
//!
//! | question | function |
//! |---|---|
//! | do two groups differ in mean? | [`student_t`], [`welch_t`] |
//! | do pairs differ in mean? | [`paired_t`] |
//! | do two groups differ, whatever the distribution? | [`mann_whitney`] |
//! | do pairs differ, whatever the distribution? | [`wilcoxon`] |
//! | does any of several groups differ? | [`kruskal_wallis`] |
//! | which of several groups differ from which? | [`compare_groups`] |
//! | which of many p-values stand? | [`holm`] |
//! | how large is the difference? | [`cohens_d`], [`hedges_g`], [`paired_d`] |
//! | how sure is any number? | [`Bootstrap`], [`wilson`], [`clopper_pearson`] |
//! | how do two variables go together? | [`linear_regression`], [`pearson`] |
//! | and where values come in groups that differ? | [`mixed_line`] |
//!
//! All agree with SciPy to 1e-9 ([`mixed_line`]: with statsmodels, whose search stops at 1e-5). What has no answer (an empty group, groups without variance)
//! is an [`Undefined`] that gives the reason; no result is ever NaN.
//!
//! Rounding is not variance. Values that are equal but for the last three or four bits of the
//! larger of them (8 to 16 units in the last place) count as equal everywhere: groups of such
//! values have no variance, such pairs no difference, such values the same rank. A mean of scores
//! that is 0.12 in one run and 0.12000000000000002 in the next is one value, not two.
//!
//! Every function takes a bounded time for any input: a few passes over the values, and for
//! intervals a search of at most some hundred steps. [`Bootstrap`] alone grows with resamples
//! times values and, for BCa, with the square of the number of values.

mod binomial;
mod bootstrap;
mod correction;
mod effect;
mod mixed;
pub(crate) mod moments;
mod noncentral_t;
mod pairwise;
mod rank;
mod regression;
pub(crate) mod special;
mod t_test;
mod wilcoxon;

use serde::{Deserialize, Serialize};

pub use binomial::{clopper_pearson, wilson};
pub use bootstrap::{Bootstrap, BootstrapMethod};
pub use correction::holm;
pub use effect::{cohens_d, hedges_g, paired_d};
pub use mixed::{MixedLine, mixed_line};
pub use pairwise::{Against, Design, PairwiseTest, compare_groups};
pub use rank::{KruskalWallis, RankMethod, RankTest, kruskal_wallis, mann_whitney};
pub use regression::{Correlation, LinearRegression, linear_regression, pearson};
pub use t_test::{TTest, paired_t, student_t, welch_t};
pub use wilcoxon::{ZeroMethod, wilcoxon};

/// Why a statistic has no value. Groups count from 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Undefined {
    /// A group has too few values.
    #[error("group {group} has {found} value(s); at least {needed} are needed")]
    TooFewValues {
        /// The group.
        group: usize,
        /// Values that it has.
        found: usize,
        /// Values that it needs.
        needed: usize,
    },
    /// There are too few groups.
    #[error("there are {found} group(s); at least {needed} are needed")]
    TooFewGroups {
        /// Groups that there are.
        found: usize,
        /// Groups that are needed.
        needed: usize,
    },
    /// Nothing varies: all values (or all differences of pairs) are equal up to rounding.
    #[error("the values do not vary, so there is nothing to measure a difference by")]
    NoVariance,
    /// Every pair is of equal values.
    #[error("every pair is of equal values, so no difference has a sign")]
    NoDifference,
    /// A value is infinite, not a number, or too large to be squared.
    #[error("value {index} of group {group} is not a finite number below 1e150")]
    NotFinite {
        /// The group.
        group: usize,
        /// Place in the group.
        index: usize,
    },
    /// Pairs need groups of equal length.
    #[error("the groups have {left} and {right} values; pairs need as many in both")]
    LengthsDiffer {
        /// Values of the first group.
        left: usize,
        /// Values of the second group.
        right: usize,
    },
    /// The statistic of resampled values is not a number, or always on one side of that of the
    /// sample, so that the interval cannot be built.
    #[error("the statistic of resampled values gives no interval; use more values or percentiles")]
    Degenerate,
    /// A setting or count is out of its range.
    #[error("{name} is {value}; it must be in {range}")]
    OutOfRange {
        /// Name of the setting.
        name: String,
        /// Its value.
        #[serde(with = "crate::float")]
        value: f64,
        /// The range that it must be in.
        range: String,
    },
}

/// What a test takes for the alternative of "no difference".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alternative {
    /// The first group is smaller or larger.
    #[default]
    TwoSided,
    /// The first group is smaller.
    Less,
    /// The first group is larger.
    Greater,
}

/// An estimate and its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The estimate.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Confidence level, such as 0.95.
    pub confidence: f64,
}

impl Undefined {
    fn out_of_range(name: &str, value: f64, range: &str) -> Self {
        Self::OutOfRange { name: name.to_owned(), value, range: range.to_owned() }
    }
}

/// Checks that a group has enough values and that all can be squared.
fn check_group(group: usize, values: &[f64], needed: usize) -> Result<(), Undefined> {
    if values.len() < needed {
        return Err(Undefined::TooFewValues { group, found: values.len(), needed });
    }
    match values.iter().position(|v| v.is_nan() || v.abs() >= 1e150) {
        Some(index) => Err(Undefined::NotFinite { group, index }),
        None => Ok(()),
    }
}

/// Checks two groups of pairs.
fn check_pairs(a: &[f64], b: &[f64], needed: usize) -> Result<(), Undefined> {
    if a.len() != b.len() {
        return Err(Undefined::LengthsDiffer { left: a.len(), right: b.len() });
    }
    check_group(1, a, needed)?;
    check_group(2, b, needed)
}

fn check_confidence(confidence: f64) -> Result<(), Undefined> {
    if confidence > 0.0 && confidence < 1.0 {
        return Ok(());
    }
    Err(Undefined::out_of_range("the confidence level", confidence, "(0, 1)"))
}
