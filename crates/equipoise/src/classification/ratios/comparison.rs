//! What the trials say together: groups, tests with Holm's correction, effect sizes.

use equipoise_metrics::statistics::{
    Alternative, Interval, KruskalWallis, TTest, Undefined, hedges_g, holm, kruskal_wallis, welch_t,
};
use equipoise_metrics::summary::Summary;
use equipoise_metrics::van_rossum::GroupMeans;

use super::{Condition, Config, Grid, Trial};

/// The trials of one condition, of all held-out speakers together.
#[derive(Debug)]
pub struct Group<'a> {
    pub condition: Condition,
    pub trials: Vec<&'a Trial>,
}

impl Group<'_> {
    /// One number a trial.
    pub fn values(&self, f: impl Fn(&Trial) -> f64) -> Vec<f64> {
        self.trials.iter().map(|t| f(t)).collect()
    }

    /// Trials that count as a success.
    pub fn successes(&self, config: &Config, images: bool) -> usize {
        let threshold = config.success(images);
        self.trials.iter().filter(|t| t.result.peak() > threshold).count()
    }

    /// Mean firing rate before training, Hz.
    pub fn initial_rate(&self) -> f64 {
        mean(&self.values(|t| t.result.initial_rate()))
    }
}

/// The mean; 0 for no values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Mean and 95 % interval of Student's t; only the mean where there is no spread to measure.
pub fn interval(values: &[f64]) -> (f64, f64, f64) {
    let summary = Summary::of(values);
    let middle = summary.mean.unwrap_or(f64::NAN);
    (middle, summary.ci_low.unwrap_or(f64::NAN), summary.ci_high.unwrap_or(f64::NAN))
}

/// The trials by condition, in the order of the grid.
pub fn groups<'a>(config: &Config, trials: &'a [Trial], grid: Grid) -> Vec<Group<'a>> {
    config
        .conditions()
        .into_iter()
        .filter(|c| c.grid == grid && c.speaker == config.held_out_speakers.first().copied())
        .map(|c| Condition { speaker: None, ..c })
        .map(|condition| Group {
            condition,
            trials: trials
                .iter()
                .filter(|t| Condition { speaker: None, ..t.condition } == condition)
                .collect(),
        })
        .collect()
}

/// One ratio against 100:0, everything else equal.
#[derive(Debug)]
pub struct Gain {
    pub condition: Condition,
    /// Trials of the two groups.
    pub trials: (usize, usize),
    /// Means of the scores.
    pub means: (f64, f64),
    /// Welch's test of the scores.
    pub test: Result<TTest, Undefined>,
    /// Its p-value after Holm's correction over all comparisons of the grid.
    pub p_holm: Option<f64>,
    /// Hedges' g with its 95 % interval.
    pub effect: Result<Interval, Undefined>,
}

/// Every ratio against 100:0 at each level (of noise, or of sigma_1), corrected together. None if
/// speakers were held out in turn: trainings that share samples are not independent.
pub fn gains(config: &Config, groups: &[Group<'_>], images: bool) -> Vec<Gain> {
    let scored = config.scored(images);
    let scores = |group: &Group<'_>| group.values(|t| t.result.score(scored));
    let mut gains = Vec::new();
    if !config.held_out_speakers.is_empty() {
        return gains;
    }
    for group in groups.iter().filter(|g| g.condition.ratio != 1.0) {
        let reference = groups.iter().find(|r| {
            r.condition.ratio == 1.0
                && r.condition.recurrent == group.condition.recurrent
                && r.condition.noise == group.condition.noise
                && r.condition.sigma_1 == group.condition.sigma_1
        });
        let Some(reference) = reference else { continue };
        let (a, b) = (scores(group), scores(reference));
        gains.push(Gain {
            condition: group.condition,
            trials: (a.len(), b.len()),
            means: (mean(&a), mean(&b)),
            test: welch_t(&a, &b, Alternative::TwoSided),
            p_holm: None,
            effect: hedges_g(&a, &b, 0.95),
        });
    }
    let tested: Vec<usize> = (0..gains.len()).filter(|&k| gains[k].test.is_ok()).collect();
    let p: Vec<f64> =
        tested.iter().filter_map(|&k| gains[k].test.as_ref().ok().map(|t| t.p_value)).collect();
    if let Ok(corrected) = holm(&p) {
        for (&k, p) in tested.iter().zip(corrected) {
            gains[k].p_holm = Some(p);
        }
    }
    gains
}

/// Mean van Rossum distances of networks by pair type.
#[derive(Debug, Default)]
pub struct Distances {
    /// E–E, E–I and I–I, one number a network.
    pub by_type: [Vec<f64>; 3],
}

impl Distances {
    /// Of these networks; a type without pairs is left out of its list.
    pub fn of<'a>(means: impl Iterator<Item = &'a GroupMeans>) -> Distances {
        let mut distances = Distances::default();
        for m in means {
            for (list, value) in
                distances.by_type.iter_mut().zip([m.excitatory, m.mixed, m.inhibitory])
            {
                list.extend(value);
            }
        }
        distances
    }

    /// Kruskal–Wallis over the types that have values.
    pub fn test(&self) -> Result<KruskalWallis, Undefined> {
        let groups: Vec<&Vec<f64>> = self.by_type.iter().filter(|g| !g.is_empty()).collect();
        kruskal_wallis(&groups)
    }
}

/// Networks that learned and networks that failed, before and after training. Networks of one type
/// only have no pairs to compare and are left out.
pub fn distances(config: &Config, trials: &[Trial], images: bool) -> [(String, Distances); 4] {
    let threshold = config.success(images);
    let part = |learned: bool, after: bool| {
        let of_grid = trials.iter().filter(move |t| {
            t.condition.grid == Grid::Rates
                && (t.result.peak() > threshold) == learned
                && t.result.van_rossum_before.mixed.is_some()
        });
        let what = if learned { "learned" } else { "failed" };
        let when = if after { "after" } else { "before" };
        let means = of_grid.filter_map(move |t| match after {
            true => t.result.van_rossum_after.as_ref(),
            false => Some(&t.result.van_rossum_before),
        });
        (format!("{what}, {when} training"), Distances::of(means))
    };
    [part(true, false), part(true, true), part(false, false), part(false, true)]
}

/// The lowest mean initial rate of a ratio from which on no condition's mean peak accuracy reaches
/// the threshold; none if the highest rate tried still does.
pub fn collapse_rate(config: &Config, groups: &[&Group<'_>], images: bool) -> Option<f64> {
    let mut by_rate: Vec<(f64, f64)> =
        groups.iter().map(|g| (g.initial_rate(), mean(&g.values(|t| t.result.peak())))).collect();
    by_rate.sort_by(|a, b| a.0.total_cmp(&b.0));
    let threshold = config.success(images);
    let last_success = by_rate.iter().rposition(|&(_, peak)| peak > threshold);
    let next = last_success.map_or(0, |k| k + 1);
    by_rate.get(next).map(|&(rate, _)| rate)
}
