//! Linear Fisher information: how well a small change of a stimulus can be told from counts.
//!
//! For the counts x of N neurons under two stimuli that differ by ds, with means m_1 and m_2 and S
//! the mean of their covariances, the information that the best linear read-out gets is
//!
//! ```text
//! I = dmᵀ S⁻¹ dm / ds²,   dm = m_2 - m_1
//! ```
//!
//! From T recordings of each stimulus this is too large. Corrected for that (Kanitscheider,
//! Coen-Cagli, Kohn & Pouget 2015, PLoS Comput. Biol. 11:e1004218) it is
//!
//! ```text
//! I_c = I (2T - N - 3) / (2T - 2) - 2N / (T ds²)
//! ```
//!
//! and for the same neurons with their trials shuffled, which leaves each variance s_i² and takes
//! the correlations away,
//!
//! ```text
//! I_s = (T - 2) / (T - 1) Σ_i dm_i² / s_i² / ds² - 2N / (T ds²)
//! ```
//!
//! If I_s is the larger, noise correlations limit the code. Both estimates are unbiased for normal
//! noise, so that where there is no information they scatter around 0 and may be negative.

use crate::matrix::{add_gram, cholesky, solve_in_place};
use faer::Mat;
use serde::{Deserialize, Serialize};

/// Linear Fisher information, in units of the stimulus to the power of -2.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Information {
    /// Of the counts as they are.
    pub linear: f64,
    /// Of the same counts with each neuron's trials shuffled.
    pub shuffled: f64,
    /// Neurons whose counts vary; the others are left out.
    pub neurons: usize,
}

/// Why there is no information.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FisherError {
    /// Counts that are no whole trials, or of another number of trials for the second stimulus.
    #[error("{first} and {second} counts are not as many whole trials of {neurons} neurons")]
    Trials {
        /// Counts of the first stimulus.
        first: usize,
        /// Counts of the second.
        second: usize,
        /// Neurons.
        neurons: usize,
    },
    /// Too few trials for the covariance.
    #[error(
        "{trials} trials are too few for the covariance of {neurons} neurons; {needed} are needed"
    )]
    TooFew {
        /// Trials of each stimulus.
        trials: usize,
        /// Neurons whose counts vary.
        neurons: usize,
        /// The least number of trials.
        needed: usize,
    },
    /// A change that is no positive number.
    #[error("the stimuli differ by {0}; a positive number is needed")]
    Change(f64),
    /// Neurons whose counts are sums of one another.
    #[error(
        "the covariance of the counts is singular: some neurons' counts follow from the others'"
    )]
    Singular,
}

/// The information of counts `[trial][neuron]` under two stimuli that differ by `change`.
///
/// ```
/// use equipoise_metrics::fisher::linear_information;
///
/// // One neuron: counts of mean 2 and 4, each of variance 2/3.
/// let (low, high) = ([1, 2, 3, 2, 1, 2, 3], [3, 4, 5, 4, 3, 4, 5]);
/// let found = linear_information([&low, &high], 1, 1.0)?;
/// assert!((found.linear - (4.0 / (2.0 / 3.0) * 10.0 / 12.0 - 2.0 / 7.0)).abs() < 1e-12);
/// # Ok::<(), equipoise_metrics::fisher::FisherError>(())
/// ```
///
/// # Errors
/// If the counts are no whole trials, the change is not positive, or there are too few trials: for
/// N neurons more than (N + 3) / 2 of each stimulus are needed, and 3 at least.
pub fn linear_information(
    counts: [&[u16]; 2],
    neurons: usize,
    change: f64,
) -> Result<Information, FisherError> {
    let [first, second] = counts.map(<[u16]>::len);
    if neurons == 0 || first != second || !first.is_multiple_of(neurons) {
        return Err(FisherError::Trials { first, second, neurons });
    }
    if !(change > 0.0 && change.is_finite()) {
        return Err(FisherError::Change(change));
    }
    let trials = first / neurons;
    let means = counts.map(|counts| means(counts, neurons));
    let centred =
        |s: usize, t: usize, i: usize| f64::from(counts[s][t * neurons + i]) - means[s][i];
    let freedom = 2.0 * (trials.max(2) - 1) as f64;
    let variance = |i: usize| {
        let square = |s: usize| (0..trials).map(|t| centred(s, t, i).powi(2)).sum::<f64>();
        (square(0) + square(1)) / freedom
    };
    let variances: Vec<f64> = (0..neurons).map(variance).collect();
    let kept: Vec<usize> = (0..neurons).filter(|&i| variances[i] > 0.0).collect();
    let needed = ((kept.len() + 3) / 2 + 1).max(3);
    if trials < needed {
        return Err(FisherError::TooFew { trials, neurons: kept.len(), needed });
    }
    if kept.is_empty() {
        return Ok(Information { linear: 0.0, shuffled: 0.0, neurons: 0 });
    }
    let x = Mat::from_fn(kept.len(), 2 * trials, |i, column| {
        centred(column / trials, column % trials, kept[i])
    });
    let mut covariance = Mat::zeros(kept.len(), kept.len());
    add_gram(covariance.as_mut(), x.as_ref());
    for column in 0..kept.len() {
        covariance.col_as_slice_mut(column).iter_mut().for_each(|c| *c /= freedom);
    }
    if !cholesky(&mut covariance) {
        return Err(FisherError::Singular);
    }
    let difference: Vec<f64> = kept.iter().map(|&i| means[1][i] - means[0][i]).collect();
    let mut solved = Mat::from_fn(kept.len(), 1, |i, _| difference[i]);
    solve_in_place(covariance.as_ref(), solved.as_mut());
    let plain: f64 = difference.iter().enumerate().map(|(i, d)| d * solved[(i, 0)]).sum();
    let apart: f64 = kept.iter().zip(&difference).map(|(&i, d)| d * d / variances[i]).sum();
    let (n, t) = (kept.len() as f64, trials as f64);
    let (bias, scale) = (2.0 * n / t, change * change);
    Ok(Information {
        linear: (plain * (2.0 * t - n - 3.0) / (2.0 * t - 2.0) - bias) / scale,
        shuffled: (apart * (t - 2.0) / (t - 1.0) - bias) / scale,
        neurons: kept.len(),
    })
}

fn means(counts: &[u16], neurons: usize) -> Vec<f64> {
    let trials = (counts.len() / neurons).max(1) as f64;
    let mut means = vec![0.0; neurons];
    for trial in counts.chunks_exact(neurons) {
        means.iter_mut().zip(trial).for_each(|(m, &c)| *m += f64::from(c) / trials);
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;

    const NEURONS: usize = 20;

    /// Counts around 100 whose noise has the variance 25 of its own and 25 `shared`, and that rise by
    /// `step` with the stimulus.
    fn counts(trials: usize, shared: f64, step: f64, seed: u64) -> [Vec<u16>; 2] {
        [(0, 0.0), (1, step)].map(|(stimulus, more)| {
            let mut draws = stream(seed, "fisher", stimulus);
            let mut counts = Vec::new();
            for _ in 0..trials {
                let common = 5.0 * shared.sqrt() * draws.normal();
                let own = |_| (100.0 + more + common + 5.0 * draws.normal()).round() as u16;
                counts.extend((0..NEURONS).map(own));
            }
            counts
        })
    }

    /// The mean over data sets.
    fn mean_of(trials: usize, shared: f64, step: f64) -> (f64, f64) {
        let sets = 60;
        let (mut linear, mut shuffled) = (0.0, 0.0);
        for seed in 0..sets {
            let [a, b] = counts(trials, shared, step, seed);
            let found = linear_information([&a, &b], NEURONS, 1.0).unwrap();
            linear += found.linear / sets as f64;
            shuffled += found.shuffled / sets as f64;
        }
        (linear, shuffled)
    }

    #[test]
    fn information_is_that_of_the_model_from_few_trials_and_many() {
        // Rounding adds a variance of 1/12. Without shared noise N step² / 25.083; with it, of
        // correlated neurons that all rise by the step, step² N / (own + N shared variance).
        let own = 25.0 + 1.0 / 12.0;
        let n = NEURONS as f64;
        for trials in [30, 300] {
            let (linear, shuffled) = mean_of(trials, 0.0, 2.0);
            let expected = 4.0 * n / own;
            assert!((linear / expected - 1.0).abs() < 0.08, "{trials}: {linear}, not {expected}");
            assert!((shuffled / expected - 1.0).abs() < 0.08, "{trials}: {shuffled}");
            let (linear, shuffled) = mean_of(trials, 0.2, 4.0);
            let expected = 16.0 * n / (own + n * 5.0);
            let apart = 16.0 * n / (own + 5.0);
            assert!((linear / expected - 1.0).abs() < 0.1, "{trials}: {linear}, not {expected}");
            assert!((shuffled / apart - 1.0).abs() < 0.1, "{trials}: {shuffled}, not {apart}");
        }
    }

    #[test]
    fn without_a_change_there_is_no_information() {
        let (linear, shuffled) = mean_of(40, 0.2, 0.0);
        assert!(linear.abs() < 0.15 && shuffled.abs() < 0.15, "{linear} {shuffled}");
    }

    #[test]
    fn what_cannot_be_estimated_is_refused() {
        let [a, b] = counts(11, 0.0, 1.0, 1);
        let few = linear_information([&a, &b], NEURONS, 1.0);
        assert_eq!(few, Err(FisherError::TooFew { trials: 11, neurons: 20, needed: 12 }));
        assert!(linear_information([&a, &b[20..]], NEURONS, 1.0).is_err());
        assert!(linear_information([&a, &b], 0, 1.0).is_err());
        assert!(linear_information([&a, &b], NEURONS, 0.0).is_err());
        // Two neurons that are one.
        let twice: Vec<u16> = a.iter().flat_map(|&c| [c, c]).collect();
        let singular = linear_information([&twice, &twice], 2, 1.0);
        assert_eq!(singular, Err(FisherError::Singular));
        // Neurons that say nothing are left out.
        let silent = linear_information([&[0; 30], &[0; 30]], 3, 1.0).unwrap();
        assert_eq!(silent, Information { linear: 0.0, shuffled: 0.0, neurons: 0 });
    }
}
