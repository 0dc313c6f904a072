//! The pattern over neurons that holds an image: how soon the new one is there after a change, and
//! how long the last one stays.

use super::super::dynamics::rise_ms;
use super::super::recording::Recorded;

/// When the pattern of the new image has gone 63 % of its way after a change, and when that of the
/// last image has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PatternTimes {
    /// Of the new image, ms.
    pub new_ms: Option<f64>,
    /// Of the last image, ms.
    pub last_ms: Option<f64>,
}

/// Both times. `steady`: the windows of the first image in which its response counts as steady, and
/// how many time steps they are; `steps`: how many the second image is there, each of `dt` ms.
pub(super) fn times(
    test: &Recorded,
    steady: (usize, usize),
    steady_steps: usize,
    steps: usize,
    dt: f64,
) -> PatternTimes {
    let new = pattern(test, steady, steps);
    let (before, last) = last_pattern(test, steady, steady_steps, steps);
    let falling: Vec<f64> = last.iter().map(|c| -c).collect();
    PatternTimes {
        new_ms: rise_ms(&new, dt, 0.0, late(&new)),
        last_ms: rise_ms(&falling, dt, -before, late(&falling)),
    }
}

/// The mean of the last half of the values.
pub(super) fn late(values: &[f64]) -> f64 {
    let half = &values[values.len() / 2..];
    half.iter().sum::<f64>() / half.len().max(1) as f64
}

/// Responses `[trial][unit]` without each unit's mean over trials and each trial's over units, so
/// that neither a neuron that always fires much nor a bright image counts.
fn centred(counts: &[f64], units: usize) -> Vec<f64> {
    let trials = (counts.len() / units).max(1);
    let mut mean = vec![0.0; units];
    for trial in counts.chunks_exact(units) {
        mean.iter_mut().zip(trial).for_each(|(m, c)| *m += c / trials as f64);
    }
    let mut all = Vec::with_capacity(counts.len());
    for trial in counts.chunks_exact(units) {
        let population = trial.iter().zip(&mean).map(|(c, m)| c - m).sum::<f64>() / units as f64;
        all.extend(trial.iter().zip(&mean).map(|(c, m)| c - m - population));
    }
    all
}

/// How much of the new image's pattern is in the spikes of each time step since it took the place
/// of the last one: the covariance over neurons and trials with the steady response to the same
/// image in another trial.
fn pattern(test: &Recorded, (from, to): (usize, usize), steps: usize) -> Vec<f64> {
    let (n, units) = (test.trials(), test.units);
    let steady: Vec<f64> = test.counts(false, from, to).into_iter().map(f64::from).collect();
    let steady = centred(&steady, units);
    // The second image of a trial is the first of the next one.
    covariance(test, steps, |trial| &steady[(trial + 1) % n * units..][..units])
}

/// How much of the last image's pattern is in the spikes of each time step since another took its
/// place, and how much there was in a step before: the covariance with the late response to the same
/// image in the trial before, where it was the second.
fn last_pattern(
    test: &Recorded,
    (from, to): (usize, usize),
    steady_steps: usize,
    steps: usize,
) -> (f64, Vec<f64>) {
    let (n, units) = (test.trials(), test.units);
    let mut late = vec![0.0; n * units];
    for (trial, spikes) in late.chunks_exact_mut(units).zip(&test.second) {
        for &(step, unit) in spikes {
            if usize::from(step) >= steps / 2 {
                trial[unit as usize] += 1.0;
            }
        }
    }
    let late = centred(&late, units);
    let of = |trial: usize| &late[(trial + n - 1) % n * units..][..units];
    let first = test.counts(false, from, to);
    let before: f64 = first
        .chunks_exact(units)
        .enumerate()
        .map(|(k, c)| c.iter().zip(of(k)).map(|(&c, r)| f64::from(c) * r).sum::<f64>())
        .sum();
    let samples = (n * units * steady_steps).max(1) as f64;
    (before / samples, covariance(test, steps, of))
}

/// Covariance over neurons and trials of the spikes of each step of the second image with a response
/// of each trial, which has been centred.
fn covariance<'a>(
    test: &Recorded,
    steps: usize,
    response: impl Fn(usize) -> &'a [f64],
) -> Vec<f64> {
    let mut covariance = vec![0.0; steps];
    for (k, spikes) in test.second.iter().enumerate() {
        let response = response(k);
        for &(step, unit) in spikes {
            covariance[usize::from(step)] += response[unit as usize];
        }
    }
    let samples = (test.trials() * test.units) as f64;
    covariance.iter_mut().for_each(|c| *c /= samples);
    covariance
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;

    /// Poisson units with a pattern of their own for each image. After a change the new pattern
    /// rises with one time constant and the last one falls with another, closed forms both.
    fn switching(rise: f64, fall: f64) -> (Recorded, usize) {
        let (n, units, steps, dt) = (120, 60, 1000, 0.1);
        let (mean, depth) = (0.02, 0.015);
        let mut draws = stream(7, "pattern", (rise * 8.0 + fall) as u64);
        let patterns: Vec<f64> =
            (0..n * units).map(|_| if draws.uniform() < 0.5 { -depth } else { depth }).collect();
        let of = |image: usize, unit: usize| patterns[image % n * units + unit];
        let mut counts = Vec::with_capacity(n * units);
        let mut second = Vec::new();
        for trial in 0..n {
            // Ten units of mean rate differ much from the rest: what is the same in all trials.
            let base = |unit: usize| if unit < 10 { 3.0 * mean } else { mean };
            for unit in 0..units {
                let expected = (base(unit) + of(trial, unit)) * steps as f64;
                counts.push(draws.poisson(expected) as u16);
            }
            let mut spikes = Vec::new();
            for step in 0..steps {
                let t = (step as f64 + 0.5) * dt;
                let (new, last) = (1.0 - libm::exp(-t / rise), libm::exp(-t / fall));
                for unit in 0..units {
                    let p = base(unit) + of(trial + 1, unit) * new + of(trial, unit) * last;
                    if draws.uniform() < p {
                        spikes.push((step as u16, unit as u32));
                    }
                }
            }
            second.push(spikes);
        }
        (Recorded::of_parts(units, counts, (0..n).collect(), second), steps)
    }

    #[test]
    fn patterns_rise_and_fall_with_their_time_constants() {
        for (rise, fall) in [(3.0, 8.0), (10.0, 2.0)] {
            let (test, steps) = switching(rise, fall);
            let found = times(&test, (0, 1), steps, steps, 0.1);
            let (new, last) = (found.new_ms.unwrap(), found.last_ms.unwrap());
            assert!((new / rise - 1.0).abs() < 0.25, "{new}, not {rise}");
            assert!((last / fall - 1.0).abs() < 0.25, "{last}, not {fall}");
        }
    }

    #[test]
    fn what_all_neurons_share_is_no_pattern() {
        // Two trials that differ in the rate of all units alike, and units that differ in the same
        // way in both.
        let counts = [10.0, 20.0, 30.0, 15.0, 25.0, 35.0];
        assert!(centred(&counts, 3).iter().all(|c| c.abs() < 1e-12));
    }
}
