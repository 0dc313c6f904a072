//! What the trials say together: ratios compared, and distances by the types of neurons.

use equipoise_metrics::statistics::{
    Against, Design, KruskalWallis, PairwiseTest, Undefined, compare_groups, holm, kruskal_wallis,
};
use equipoise_metrics::van_rossum::GroupMeans;
use serde::{Deserialize, Serialize};

use super::grid::{Condition, Grid};
use super::reference::Reference;
use super::settings::RatiosSettings;
use super::trials::{Group, Trial, groups};
use crate::classification::published::DataKind;
use crate::{Context, OrStudyError, StudyError};

/// Level of the intervals of effect sizes.
const CONFIDENCE: f64 = 0.95;

/// Two ratios compared, everything else equal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The condition.
    pub condition: Condition,
    /// The one that it is compared with.
    pub other: Condition,
    /// The tests of the scores; the p-value is corrected over all comparisons of the grid.
    pub test: PairwiseTest,
}

impl Comparison {
    /// Score minus score of the other, percentage points.
    pub fn points(&self) -> f64 {
        match (&self.test.test, self.test.means) {
            (Ok(test), _) => 100.0 * test.mean_difference,
            (Err(_), (Some(a), Some(b))) => 100.0 * (a - b),
            _ => 0.0,
        }
    }
}

/// The comparisons of one grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GridComparisons {
    /// What ratios were compared with.
    pub reference: Reference,
    /// Independent trials; or pairs of speakers, if they were held out in turn.
    pub design: Design,
    /// In the order of the conditions.
    pub comparisons: Vec<Comparison>,
}

/// Distances of some networks by the types of the pair of neurons, and whether they differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DistanceTest {
    /// Which networks.
    pub networks: String,
    /// E–E, E–I and I–I, one number a network.
    pub by_type: [Vec<f64>; 3],
    /// Kruskal and Wallis's test over the types that have values.
    pub test: Result<KruskalWallis, Undefined>,
}

/// Every test of the study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparisons {
    /// Ratios at each initial rate.
    pub rates: GridComparisons,
    /// Ratios at each level of noise.
    pub noise: GridComparisons,
    /// Distances between hidden neurons.
    pub distances: Vec<DistanceTest>,
}

impl Comparisons {
    /// Makes all tests; the observer is asked between them whether to stop.
    ///
    /// # Errors
    /// If it says so.
    pub fn of(
        settings: &RatiosSettings,
        trials: &[Trial],
        kind: DataKind,
        context: &Context<'_>,
    ) -> Result<Self, StudyError> {
        let grid = |grid, ratios: &[f64]| {
            compare(settings, &groups(settings, trials, grid), ratios, kind, context)
        };
        Ok(Self {
            rates: grid(Grid::Rates, &settings.ratios)?,
            noise: grid(Grid::Noise, &settings.noise.ratios)?,
            distances: distances(settings, trials, kind, context)?,
        })
    }
}

/// Compares the ratios at each level of noise or of sigma_1, and corrects all together.
///
/// If speakers were held out in turn, a speaker is a pair: the trials of a speaker share their
/// samples, so that their mean is one value.
fn compare(
    settings: &RatiosSettings,
    groups: &[Group<'_>],
    ratios: &[f64],
    kind: DataKind,
    context: &Context<'_>,
) -> Result<GridComparisons, StudyError> {
    let scored = settings.scored(kind).count;
    let speakers = &settings.held_out_speakers;
    let design = if speakers.is_empty() { Design::Independent } else { Design::Paired };
    let reference = settings.reference.unwrap_or_else(|| Reference::default_among(ratios));
    let scores: Vec<Vec<f64>> = groups
        .iter()
        .map(|group| match design {
            Design::Independent => group.values(|t| t.result.score(scored)),
            Design::Paired => group.by_speaker(speakers, |t| t.result.score(scored)),
        })
        .collect();
    // Place of both groups, and the test.
    let mut found: Vec<(usize, usize, PairwiseTest)> = Vec::new();
    let mut done = vec![false; groups.len()];
    for first in 0..groups.len() {
        if done[first] {
            continue;
        }
        context.check()?;
        let level = groups[first].condition.level();
        let places: Vec<usize> =
            (0..groups.len()).filter(|&k| groups[k].condition.level() == level).collect();
        places.iter().for_each(|&k| done[k] = true);
        let against = match reference {
            Reference::Pairwise => Against::EachOther,
            Reference::Ratio(ratio) => {
                let at = places.iter().position(|&k| groups[k].condition.ratio == ratio);
                Against::Reference(at.unwrap_or(places.len()))
            }
        };
        let of_level: Vec<&[f64]> = places.iter().map(|&k| &scores[k][..]).collect();
        let tests = match compare_groups(&of_level, against, design, CONFIDENCE) {
            // One ratio alone.
            Err(Undefined::TooFewGroups { .. }) => continue,
            other => other.or_failed()?,
        };
        found.extend(tests.into_iter().map(|test| (places[test.group], places[test.other], test)));
    }
    found.sort_by_key(|&(group, other, _)| (group, other));
    let p_values: Vec<f64> =
        found.iter().filter_map(|(.., t)| t.test.as_ref().ok().map(|test| test.p_value)).collect();
    let answered = found.iter_mut().filter(|(.., t)| t.test.is_ok());
    for ((.., test), p) in answered.zip(holm(&p_values).or_failed()?) {
        test.p_corrected = Some(p);
    }
    let comparison = |(group, other, test): (usize, usize, PairwiseTest)| Comparison {
        condition: groups[group].condition,
        other: groups[other].condition,
        test,
    };
    Ok(GridComparisons {
        reference,
        design,
        comparisons: found.into_iter().map(comparison).collect(),
    })
}

/// Networks that learned and networks that failed, before and after training. Networks of one type
/// only have no pairs to compare and are left out.
fn distances(
    settings: &RatiosSettings,
    trials: &[Trial],
    kind: DataKind,
    context: &Context<'_>,
) -> Result<Vec<DistanceTest>, StudyError> {
    let threshold = settings.success(kind);
    let mut tests = Vec::new();
    for learned in [true, false] {
        for after in [false, true] {
            context.check()?;
            let of_grid = trials.iter().filter(|t| {
                t.condition.grid == Grid::Rates
                    && (t.result.peak() > threshold) == learned
                    && t.result.before.van_rossum.mixed.is_some()
            });
            let mut by_type: [Vec<f64>; 3] = Default::default();
            for trial in of_grid {
                let measured = match after {
                    true => trial.result.after.as_ref(),
                    false => Some(&trial.result.before),
                };
                let Some(measured) = measured else { continue };
                let GroupMeans { excitatory, mixed, inhibitory, .. } = measured.van_rossum;
                for (list, value) in by_type.iter_mut().zip([excitatory, mixed, inhibitory]) {
                    list.extend(value);
                }
            }
            let with_values: Vec<&Vec<f64>> = by_type.iter().filter(|g| !g.is_empty()).collect();
            let test = kruskal_wallis(&with_values);
            let what = if learned { "learned" } else { "failed" };
            let when = if after { "after" } else { "before" };
            tests.push(DistanceTest {
                networks: format!("{what}, {when} training"),
                by_type,
                test,
            });
        }
    }
    Ok(tests)
}
