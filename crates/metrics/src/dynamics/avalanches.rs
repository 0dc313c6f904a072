//! Avalanches: runs of activity between silences.

use serde::{Deserialize, Serialize};

use super::error::DynamicsError;
use super::power_law::{PowerLaw, PowerLawConfig, fit_power_law};

/// The most bins that times are counted in.
pub const MOST_BINS: usize = 200_000_000;

/// Size and duration of each avalanche, in the order of time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Avalanches {
    /// Spikes of each.
    pub sizes: Vec<u64>,
    /// Bins of each.
    pub durations: Vec<u64>,
}

/// The avalanches of binned population activity: the runs of bins with more than `threshold`
/// spikes between bins with at most so many (Beggs & Plenz 2003, J. Neurosci. 23:11167, with a
/// threshold of 0; Poil et al. 2012, J. Neurosci. 32:9817, with half the median for populations
/// that are never silent). All spikes of such a run count, those below the threshold too.
///
/// What has begun before the recording, or ends after it, is left out.
///
/// ```
/// use equipoise_metrics::dynamics::avalanches;
/// let found = avalanches(&[3, 0, 1, 2, 0, 0, 4, 0, 1], 0);
/// assert_eq!((found.sizes, found.durations), (vec![3, 4], vec![2, 1]));
/// ```
pub fn avalanches(activity: &[u32], threshold: u32) -> Avalanches {
    let mut found = Avalanches::default();
    let is_active = |&count: &u32| count > threshold;
    // Whole runs lie between the first and the last silent bin.
    let first = activity.iter().position(|count| !is_active(count)).unwrap_or(activity.len());
    let last = activity.iter().rposition(|count| !is_active(count)).unwrap_or(first);
    for run in activity[first..last.max(first)].split(|count| !is_active(count)) {
        if !run.is_empty() {
            found.sizes.push(run.iter().map(|&count| u64::from(count)).sum());
            found.durations.push(run.len() as u64);
        }
    }
    found
}

/// Spikes of a whole population in bins of equal `width` from `start` to `stop`; a last bin that is
/// not whole is left out, and so is what lies outside.
///
/// # Errors
/// If the width or the time from start to stop is not positive and finite, no bin is whole, or
/// there are more than [`MOST_BINS`].
///
/// ```
/// use equipoise_metrics::dynamics::population_counts;
/// assert_eq!(population_counts(&[0.5, 2.1, 2.9, 7.0], 0.0, 6.5, 2.0)?, [1, 2, 0]);
/// # Ok::<(), equipoise_metrics::dynamics::DynamicsError>(())
/// ```
pub fn population_counts<T: Copy + Into<f64>>(
    times: &[T],
    start: f64,
    stop: f64,
    width: f64,
) -> Result<Vec<u32>, DynamicsError> {
    for (name, value) in [("the time from start to stop", stop - start), ("the bin", width)] {
        if !(value > 0.0 && value.is_finite()) {
            return Err(DynamicsError::setting(name, value, "positive and finite"));
        }
    }
    // What rounding makes of a whole number of bins is that number.
    let bins = ((stop - start) / width * (1.0 + 1e-12)).floor();
    if bins > MOST_BINS as f64 {
        let (what, found) = ("bins".to_owned(), bins as usize);
        return Err(DynamicsError::TooMany { what, found, most: MOST_BINS });
    }
    if bins < 1.0 {
        return Err(DynamicsError::too_few("whole bins", 0, 1));
    }
    let mut counts = vec![0_u32; bins as usize];
    for &time in times {
        let place = ((time.into() - start) / width).floor();
        if place >= 0.0 && place < bins {
            let count = &mut counts[place as usize];
            *count = count.saturating_add(1);
        }
    }
    Ok(counts)
}

/// The mean time between successive spikes of a whole population, first to last: the width of bins
/// that Beggs & Plenz (2003) use. None for fewer than two spikes, or where all are at one time.
///
/// ```
/// use equipoise_metrics::dynamics::mean_event_interval;
/// assert_eq!(mean_event_interval(&[4.0, 1.0, 7.0]), Some(3.0));
/// ```
pub fn mean_event_interval<T: Copy + Into<f64>>(times: &[T]) -> Option<f64> {
    let range = times.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &time| {
        (low.min(time.into()), high.max(time.into()))
    });
    let mean = (range.1 - range.0) / times.len().saturating_sub(1).max(1) as f64;
    (times.len() > 1 && mean > 0.0 && mean.is_finite()).then_some(mean)
}

/// The exponents of avalanches, and whether they fit together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CriticalExponents {
    /// P(S) ~ S^-τ of the sizes.
    pub size: PowerLaw,
    /// P(T) ~ T^-α of the durations.
    pub duration: PowerLaw,
    /// The mean size of the avalanches of each duration grows as ⟨S⟩(T) ~ T^γ: γ, from the
    /// durations of the fitted power law.
    pub growth: f64,
    /// Its standard error.
    pub growth_error: f64,
    /// What γ is at a critical point by the scaling relation, (α - 1) / (τ - 1).
    pub predicted_growth: f64,
}

impl CriticalExponents {
    /// How far the exponents are from the scaling relation: |(α - 1) / (τ - 1) - γ|, the deviation
    /// from criticality coefficient of Ma et al. (2019, Neuron 104:655).
    pub fn deviation(&self) -> f64 {
        (self.predicted_growth - self.growth).abs()
    }
}

/// The exponents of avalanches' sizes and durations, each with its own cut-offs, and of the growth
/// of size with duration (Friedman et al. 2012, Phys. Rev. Lett. 108:208102).
///
/// The growth is a line through ln ⟨S⟩ over ln T, each duration with the weight of the number of
/// its avalanches.
///
/// # Errors
/// As [`fit_power_law`] for sizes or durations, or if they are not of the same avalanches.
pub fn critical_exponents(
    found: &Avalanches,
    sizes: &PowerLawConfig,
    durations: &PowerLawConfig,
) -> Result<CriticalExponents, DynamicsError> {
    if found.sizes.len() != found.durations.len() {
        return Err(DynamicsError::Length {
            what: "durations of avalanches".to_owned(),
            found: found.durations.len(),
            wanted: found.sizes.len(),
        });
    }
    let size = fit_power_law(&found.sizes, sizes)?;
    let duration = fit_power_law(&found.durations, durations)?;
    let (growth, growth_error) = growth(found, duration.minimum, duration.maximum)?;
    let predicted_growth = (duration.exponent - 1.0) / (size.exponent - 1.0);
    Ok(CriticalExponents { size, duration, growth, growth_error, predicted_growth })
}

fn growth(
    found: &Avalanches,
    minimum: u64,
    maximum: Option<u64>,
) -> Result<(f64, f64), DynamicsError> {
    let inside = |t: u64| t >= minimum && maximum.is_none_or(|most| t <= most);
    let mut pairs: Vec<(u64, u64)> =
        found.durations.iter().copied().zip(found.sizes.iter().copied()).collect();
    pairs.retain(|&(duration, _)| inside(duration));
    pairs.sort_unstable();
    let points: Vec<(f64, f64, f64)> = pairs
        .chunk_by(|a, b| a.0 == b.0)
        .map(|group| {
            let count = group.len() as f64;
            let mean = group.iter().map(|&(_, size)| size as f64).sum::<f64>() / count;
            (libm::log(group[0].0 as f64), libm::log(mean), count)
        })
        .collect();
    if points.len() < 3 {
        return Err(DynamicsError::too_few("different durations", points.len(), 3));
    }
    let total: f64 = points.iter().map(|p| p.2).sum();
    let mean = |value: fn(&(f64, f64, f64)) -> f64| {
        points.iter().map(|p| p.2 * value(p)).sum::<f64>() / total
    };
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let sum = |value: &dyn Fn(&(f64, f64, f64)) -> f64| {
        points.iter().map(|p| p.2 * value(p)).sum::<f64>()
    };
    let xx = sum(&|p| (p.0 - x).powi(2));
    let slope = sum(&|p| (p.0 - x) * (p.1 - y)) / xx;
    let residual = sum(&|p| (p.1 - y - slope * (p.0 - x)).powi(2));
    Ok((slope, (residual / (points.len() - 2) as f64 / xx).sqrt()))
}
