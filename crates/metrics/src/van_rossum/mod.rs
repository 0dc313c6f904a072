//! Distances between spike trains (van Rossum 2001, Neural Comput. 13:751).
//!
//! Each spike becomes an exponential tail, f(t) = sum over spikes of exp(-(t - t_i) / tau) for
//! t >= t_i, and the distance is that of the two functions. Three conventions are in use; see
//! [`Convention`].
//!
//! One formula serves all: walk through the spikes of both trains in the order of time, those of
//! one counted +1 and of the other -1. The difference h = f - g decays between them, and the
//! integral of h² from one spike to the next is known. So the cost is that of the spikes, nothing
//! is subtracted from its like, and equal trains give exactly 0. (The running sums of Houghton &
//! Kreuz 2012, Network 23:48, on the difference instead of on each train.)
//!
//! ```
//! use equipoise_metrics::van_rossum::{Convention, distance};
//! let d = distance(&[10.0], &[15.0], 5.0, Convention::Elephant)?;
//! assert!((d - 1.124384773).abs() < 1e-9);
//! # Ok::<(), equipoise_metrics::van_rossum::VanRossumError>(())
//! ```

mod layer;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use layer::{DistanceMatrix, GroupMeans, PairGroups, distance_matrix, grid_distance_matrix};

/// How the distance is normalised, and in what time it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Convention {
    /// D² = (1 / tau) ∫ (f - g)² dt, as in the paper: one spike against none is 1 / sqrt(2).
    /// The limits are sqrt((n + m) / 2) for tau 0 and |n - m| / sqrt(2) for tau infinite, for
    /// trains of n and m spikes.
    VanRossum2001,
    /// D² = (2 / tau) ∫ (f - g)² dt, as in Elephant: one spike against none is 1. For tau 0 it is
    /// sqrt(n + m) whether or not spikes coincide (but 0 for equal trains), for tau infinite
    /// |n - m|.
    Elephant,
    /// D² = (1 / tau) sum over steps k of (f_k - g_k)², on a grid of this many steps of length 1,
    /// where the tails are cut (Kilgore, Kopsick, Ascoli & Adam 2025). Spike times and tau are in
    /// steps, tau positive and finite; a spike counts from the step that it falls in.
    Grid {
        /// Number of steps.
        steps: usize,
    },
}

/// Why a distance has no value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum VanRossumError {
    /// The time constant is out of its range.
    #[error("tau is {tau}; it must be {wanted}")]
    BadTau {
        /// The time constant.
        tau: f64,
        /// What would be right.
        wanted: &'static str,
    },
    /// A spike time is not finite, or not on the grid.
    #[error("spike time {time} of train {train} is not {wanted}")]
    BadTime {
        /// Which train, from 0.
        train: usize,
        /// The time.
        time: f64,
        /// What would be right.
        wanted: String,
    },
    /// The signs of the neurons do not go with the matrix.
    #[error("{found} neurons are excitatory or inhibitory, but the matrix is of {wanted}")]
    WrongNeurons {
        /// Number of types given.
        found: usize,
        /// Number of neurons.
        wanted: usize,
    },
}

/// The distance of two spike trains, each sorted where it is not; either may be empty. `tau` is
/// in the unit of the times.
///
/// Trains of the same spikes have distance exactly 0, for any tau.
///
/// # Errors
/// If a time is not finite (or not on the grid), or tau is negative or not a number (or, on the
/// grid, 0 or infinite).
pub fn distance(
    a: &[f64],
    b: &[f64],
    tau: f64,
    convention: Convention,
) -> Result<f64, VanRossumError> {
    check_tau(tau, convention)?;
    Ok(distance_of_prepared(
        &prepare(0, a, convention)?,
        &prepare(1, b, convention)?,
        tau,
        convention,
    ))
}

/// The distance of sorted trains (on their steps, for the grid).
fn distance_of_prepared(a: &[f64], b: &[f64], tau: f64, convention: Convention) -> f64 {
    if a == b {
        return 0.0;
    }
    let (n, m) = (a.len() as f64, b.len() as f64);
    let elephant = || match tau {
        0.0 => n + m,
        f64::INFINITY => (n - m) * (n - m),
        // The last tail goes on for ever.
        _ => sum_of_squares(a, b, tau, f64::INFINITY),
    };
    let square = match convention {
        Convention::Elephant => elephant(),
        Convention::VanRossum2001 => 0.5 * elephant(),
        // A geometric series from each spike to the next, and to the end of the grid.
        Convention::Grid { steps } => {
            sum_of_squares(a, b, tau, steps as f64) / (tau * -libm::expm1(-2.0 / tau))
        }
    };
    square.sqrt()
}

/// The sum over spikes, in the order of time, of h² (1 - exp(-2 d / tau)), where h is f - g just
/// after the spike and d the time to the next one (or to `end`).
fn sum_of_squares(a: &[f64], b: &[f64], tau: f64, end: f64) -> f64 {
    let (mut i, mut j) = (0, 0);
    let (mut h, mut sum) = (0.0f64, 0.0);
    let next = |train: &[f64], k: usize| train.get(k).copied().unwrap_or(end);
    let (mut next_a, mut next_b) = (next(a, 0), next(b, 0));
    while i < a.len() || j < b.len() {
        let now = if j == b.len() || (i < a.len() && next_a <= next_b) {
            let now = next_a;
            (i, h) = (i + 1, h + 1.0);
            next_a = next(a, i);
            now
        } else {
            let now = next_b;
            (j, h) = (j + 1, h - 1.0);
            next_b = next(b, j);
            now
        };
        // decay = exp(-d / tau), and 1 - decay² = (1 - decay) (1 + decay) without cancellation.
        let lost = -libm::expm1(-(next_a.min(next_b) - now) / tau);
        let decay = 1.0 - lost;
        sum += h * h * lost * (1.0 + decay);
        h *= decay;
    }
    sum
}

fn check_tau(tau: f64, convention: Convention) -> Result<(), VanRossumError> {
    let (good, wanted) = match convention {
        Convention::Grid { .. } => (tau > 0.0 && tau.is_finite(), "positive and finite"),
        _ => (tau >= 0.0, "0 or more"),
    };
    if good { Ok(()) } else { Err(VanRossumError::BadTau { tau, wanted }) }
}

/// A train checked and sorted; on the grid, its steps.
fn prepare(
    train: usize,
    times: &[f64],
    convention: Convention,
) -> Result<Vec<f64>, VanRossumError> {
    let (limit, wanted) = match convention {
        Convention::Grid { steps } => (Some(steps as f64), format!("in 0..{steps}")),
        _ => (None, "finite".to_owned()),
    };
    let good = |time: f64| match limit {
        Some(limit) => time >= 0.0 && time < limit,
        None => time.is_finite(),
    };
    if let Some(&time) = times.iter().find(|&&time| !good(time)) {
        return Err(VanRossumError::BadTime { train, time, wanted });
    }
    // Adding 0 turns -0 into 0, so that both sort alike.
    let place = |&time: &f64| if limit.is_some() { time.floor() } else { time + 0.0 };
    let mut times: Vec<f64> = times.iter().map(place).collect();
    if !times.is_sorted() {
        times.sort_unstable_by(f64::total_cmp);
    }
    Ok(times)
}

/// Prepares many trains in parallel; the error is that of the first bad one.
fn prepare_all<S: AsRef<[f64]> + Sync>(
    trains: &[S],
    convention: Convention,
) -> Result<Vec<Vec<f64>>, VanRossumError> {
    let prepared: Vec<_> = trains
        .par_iter()
        .enumerate()
        .map(|(index, train)| prepare(index, train.as_ref(), convention))
        .collect();
    prepared.into_iter().collect()
}

#[cfg(test)]
mod tests;
