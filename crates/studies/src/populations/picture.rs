//! What figures show of a recording of several populations.

use equipoise_encoder::populations::{Recording, Settings as Network};
use serde::{Deserialize, Serialize};

/// Rows of a raster, about.
const ROWS: usize = 200;
/// Rows of a population at least, if it has as many neurons.
const LEAST: usize = 5;

/// The end of a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Where the shown part begins, ms.
    pub start_ms: f64,
    /// Where it ends, ms.
    pub end_ms: f64,
    /// Of each population, spike sources included: its rows in the raster, from the top.
    pub rows: Vec<usize>,
    /// Of each population: time, ms, and row of each spike of its neurons in the raster, counted
    /// within it.
    pub spikes: Vec<Vec<(f32, usize)>>,
    /// Length of the windows of the rates, ms.
    pub window_ms: f64,
    /// Rate of each population in each window, Hz.
    pub rates_hz: Vec<Vec<f64>>,
}

impl Picture {
    /// The last `window_ms` of a recording.
    pub(super) fn of(network: &Network, recording: &Recording, window_ms: f64) -> Self {
        let spikes = &recording.spikes;
        let end_ms = spikes.duration_ms;
        let start_ms = (end_ms - window_ms).max(0.0);
        let firsts = network.firsts();
        let neurons = network.neurons().max(1);
        let sizes: Vec<usize> = network.populations.iter().map(|p| p.size).collect();
        let rows: Vec<usize> =
            sizes.iter().map(|&size| (size * ROWS / neurons).max(LEAST).min(size)).collect();
        let width = ((end_ms - start_ms) / 100.0).max(1.0);
        let windows = ((end_ms - start_ms) / width).ceil().max(1.0) as usize;
        let mut picture = Self {
            start_ms,
            end_ms,
            spikes: vec![Vec::new(); sizes.len()],
            window_ms: width,
            rates_hz: vec![vec![0.0; windows]; sizes.len()],
            rows,
        };
        let from = spikes.times.partition_point(|&time| f64::from(time) < start_ms);
        for (&time, &id) in spikes.times[from..].iter().zip(&spikes.ids[from..]) {
            let at = firsts.partition_point(|&first| first <= id as usize) - 1;
            let (size, rows) = (sizes[at], picture.rows[at]);
            let window = ((f64::from(time) - start_ms) / width) as usize;
            picture.rates_hz[at][window.min(windows - 1)] += 1000.0 / (size as f64 * width);
            // Row r shows neuron r * size / rows.
            let within = id as usize - firsts[at];
            let row = (within * rows).div_ceil(size);
            if row < rows && row * size / rows == within {
                picture.spikes[at].push((time, row));
            }
        }
        picture
    }
}
