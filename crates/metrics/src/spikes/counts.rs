//! Measures of spike counts: variability of one neuron, correlation and synchrony of many.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::SpikeError;
use crate::statistics::moments::{mean, population_variance};
use crate::summary::Summary;

/// The Fano factor of counts (over trials or windows): their variance (population) over their
/// mean; 1 for a Poisson process, 0 for a clock.
///
/// None for no counts or if all are 0. As Elephant's `fanofactor`.
///
/// ```
/// use equipoise_metrics::spikes::fano_factor;
/// assert_eq!(fano_factor(&[2u32, 4, 6]), Some(2.0 / 3.0));
/// ```
pub fn fano_factor<T: Copy + Into<f64>>(counts: &[T]) -> Option<f64> {
    let counts: Vec<f64> = counts.iter().map(|&count| count.into()).collect();
    if counts.is_empty() {
        return None;
    }
    let mean = mean(&counts);
    (mean > 0.0).then(|| population_variance(&counts) / mean)
}

/// The Fano factor of each neuron over its `bins` counts in neuron-major `counts`.
///
/// # Errors
/// If `counts` is not a whole number of rows.
pub fn fano_factors<T: Copy + Into<f64>>(
    counts: &[T],
    bins: usize,
) -> Result<Vec<Option<f64>>, SpikeError> {
    Ok(rows_of(counts, bins)?.iter().map(|row| fano_factor(row)).collect())
}

/// Pearson's correlations of the counts of pairs of neurons.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CountCorrelations {
    /// Neurons whose counts vary; the others have no correlation.
    pub neurons: usize,
    /// The mean over all pairs of these; none for fewer than two.
    pub mean: Option<f64>,
    /// The distribution over the pairs (of at most [`Self::PAIRED_NEURONS`] neurons, evenly
    /// spaced among those whose counts vary).
    pub pairs: Summary,
}

impl CountCorrelations {
    /// Neurons whose single pairs are looked at: half a million pairs.
    pub const PAIRED_NEURONS: usize = 1000;
}

/// The pairwise correlations of spike counts, from `bins` counts of each neuron (neuron-major).
///
/// The mean is over every pair of any number of neurons, in time linear in the counts: with z_i
/// the standardised counts of neuron i it is (|sum of z_i|² / bins - n) / (n (n - 1)).
///
/// # Errors
/// If `counts` is not a whole number of rows.
pub fn count_correlations<T: Copy + Into<f64>>(
    counts: &[T],
    bins: usize,
) -> Result<CountCorrelations, SpikeError> {
    // Rows of length 1 and mean 0, of the neurons whose counts vary.
    let mut rows = rows_of(counts, bins)?;
    rows.retain_mut(|row| {
        let (mean, norm) = (mean(row), (population_variance(row) * bins as f64).sqrt());
        row.iter_mut().for_each(|count| *count = (*count - mean) / norm);
        norm > 0.0
    });
    let n = rows.len();
    let mut total = vec![0.0; bins];
    for row in &rows {
        total.iter_mut().zip(row).for_each(|(sum, z)| *sum += z);
    }
    let square: f64 = total.iter().map(|sum| sum * sum).sum();
    let mean = (n > 1).then(|| ((square - n as f64) / (n * (n - 1)) as f64).clamp(-1.0, 1.0));
    let sampled = n.min(CountCorrelations::PAIRED_NEURONS);
    let chosen: Vec<&Vec<f64>> = (0..sampled).map(|i| &rows[i * n / sampled]).collect();
    let with_earlier = |i: usize| {
        let r = |other: &&Vec<f64>| product(chosen[i], other).clamp(-1.0, 1.0);
        chosen[..i].iter().map(r).collect::<Vec<f64>>()
    };
    let pairs: Vec<f64> = (0..sampled).into_par_iter().flat_map_iter(with_earlier).collect();
    Ok(CountCorrelations { neurons: n, mean, pairs: Summary::of(&pairs) })
}

/// The inner product of two rows, in running sums side by side so that it vectorises.
fn product(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let (groups_a, rest_a) = a.as_chunks::<LANES>();
    let (groups_b, rest_b) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, b) in groups_a.iter().zip(groups_b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f64>()
}

/// How synchronous a population is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Synchrony {
    /// Variance over time of the population mean over the mean variance of the neurons: 1 where
    /// all do the same, about 1 / n where they are independent.
    pub chi_squared: f64,
    /// Its square root.
    pub chi: f64,
}

/// The synchrony index of Golomb & Rinzel (1994; Golomb & Hansel 2000, Neural Comput. 12:1095)
/// of `samples` values over time of each neuron (neuron-major): spike counts, or potentials.
///
/// None where no neuron varies.
///
/// # Errors
/// If `values` is not a whole number of rows.
pub fn synchrony_index<T: Copy + Into<f64>>(
    values: &[T],
    samples: usize,
) -> Result<Option<Synchrony>, SpikeError> {
    let rows = rows_of(values, samples)?;
    let neurons = rows.len() as f64;
    let mut population = vec![0.0; samples];
    let mut variances = 0.0;
    for row in &rows {
        variances += population_variance(row) / neurons;
        population.iter_mut().zip(row).for_each(|(sum, value)| *sum += value / neurons);
    }
    if variances == 0.0 {
        return Ok(None);
    }
    let chi_squared = (population_variance(&population) / variances).min(1.0);
    Ok(Some(Synchrony { chi_squared, chi: chi_squared.sqrt() }))
}

/// The rows of a neuron-major table, as floats.
fn rows_of<T: Copy + Into<f64>>(values: &[T], row: usize) -> Result<Vec<Vec<f64>>, SpikeError> {
    if row == 0 || !values.len().is_multiple_of(row) {
        let wanted = values.len().next_multiple_of(row.max(1)).max(row.max(1));
        return Err(SpikeError::Length { what: "values in rows", found: values.len(), wanted });
    }
    let mut rows = Vec::with_capacity(values.len() / row);
    for (number, chunk) in values.chunks_exact(row).enumerate() {
        let floats: Vec<f64> = chunk.iter().map(|&value| value.into()).collect();
        if let Some(column) = floats.iter().position(|value| !value.is_finite()) {
            let (index, value) = (number * row + column, floats[column]);
            return Err(SpikeError::BadValue { index, value });
        }
        rows.push(floats);
    }
    Ok(rows)
}
