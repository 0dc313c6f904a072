//! What a figure shows of a recording.

use equipoise_encoder::balance::Recording;
use equipoise_encoder::network::NetworkConfig;
use serde::{Deserialize, Serialize};

/// Neurons shown in a raster.
const RASTER: usize = 100;
/// Bins of the inter-spike intervals.
const INTERVAL_BINS: usize = 50;

/// What a figure shows of a recording: the end of it, and distributions over all of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Where the shown part begins, ms.
    pub start_ms: f64,
    /// Where it ends, ms.
    pub end_ms: f64,
    /// Neurons of the raster, spread evenly over the network.
    pub rows: usize,
    /// Time, ms, and row of each spike of an excitatory neuron of the raster.
    pub excitatory_spikes: Vec<(f32, usize)>,
    /// The same of the inhibitory neurons.
    pub inhibitory_spikes: Vec<(f32, usize)>,
    /// Population rate in each millisecond, Hz.
    pub rate_hz: Vec<f64>,
    /// Time between samples of the inputs, ms.
    pub sample_ms: f64,
    /// Samples before the first one that is shown.
    pub first_sample: usize,
    /// Excitatory input of one neuron, mV.
    pub excitation: Vec<f32>,
    /// Its inhibitory input (negative), mV.
    pub inhibition: Vec<f32>,
    /// Both together, mV.
    pub net: Vec<f32>,
    /// Mean threshold, mV.
    pub threshold_mv: f64,
    /// Inter-spike intervals in each of equal bins from 0 to `longest_interval_ms`.
    pub intervals: Vec<f64>,
    /// End of the last of these bins, ms: the 99th percentile.
    pub longest_interval_ms: f64,
    /// CV of the inter-spike intervals of each excitatory neuron that fires often enough.
    pub excitatory_cvs: Vec<f64>,
    /// The same of the inhibitory neurons.
    pub inhibitory_cvs: Vec<f64>,
}

impl Picture {
    /// The last `window_ms` of a recording.
    pub fn of(config: &NetworkConfig, recording: &Recording, window_ms: f64) -> Self {
        let spikes = &recording.spikes;
        let end_ms = spikes.duration_ms;
        let start_ms = (end_ms - window_ms).max(0.0);
        let (n, excitatory) = (config.neurons, config.excitatory_neurons());
        let rows = RASTER.min(n);
        // Evenly over the network, so that excitatory and inhibitory neurons keep their share.
        let mut row_of = vec![None; n];
        for row in 0..rows {
            row_of[row * n / rows] = Some(row);
        }
        let (mut excitatory_spikes, mut inhibitory_spikes) = (Vec::new(), Vec::new());
        let bins = (end_ms - start_ms).round().max(1.0) as usize;
        let mut rate_hz = vec![0.0; bins];
        for (&t, &id) in spikes.times.iter().zip(&spikes.ids) {
            if f64::from(t) < start_ms {
                continue;
            }
            rate_hz[((f64::from(t) - start_ms) as usize).min(bins - 1)] +=
                1000.0 / spikes.units as f64;
            let list = match (id as usize) < excitatory {
                true => &mut excitatory_spikes,
                false => &mut inhibitory_spikes,
            };
            list.extend(row_of[id as usize].map(|row| (t, row)));
        }
        let (intervals, longest_interval_ms) = intervals(&spikes.per_unit());
        let cvs = |range: std::ops::Range<usize>| {
            let neurons = &recording.diagnosis.irregularity.neurons[range];
            neurons.iter().filter_map(|neuron| neuron.cv).collect()
        };
        let probe = &recording.probe;
        let first_sample = (start_ms / probe.sample_ms()) as usize;
        let shown = |values: &[f32]| values[first_sample.min(values.len())..].to_vec();
        Self {
            start_ms,
            end_ms,
            rows,
            excitatory_spikes,
            inhibitory_spikes,
            rate_hz,
            sample_ms: probe.sample_ms(),
            first_sample,
            excitation: shown(probe.excitatory(0)),
            inhibition: shown(probe.inhibitory(0)),
            net: shown(&probe.net(0)),
            threshold_mv: config.threshold.mean(),
            intervals,
            longest_interval_ms,
            excitatory_cvs: cvs(0..excitatory),
            inhibitory_cvs: cvs(excitatory..n),
        }
    }
}

/// The distribution of the inter-spike intervals up to their 99th percentile, which is given too.
fn intervals(trains: &[Vec<f32>]) -> (Vec<f64>, f64) {
    let between = |train: &Vec<f32>| {
        train.windows(2).map(|w| f64::from(w[1]) - f64::from(w[0])).collect::<Vec<f64>>()
    };
    let mut all: Vec<f64> = trains.iter().flat_map(between).collect();
    all.sort_by(f64::total_cmp);
    let longest = all.get(all.len() * 99 / 100).copied().unwrap_or(1.0).max(1.0);
    let mut counts = vec![0.0; INTERVAL_BINS];
    for interval in all.into_iter().take_while(|&interval| interval <= longest) {
        let bin = (interval / longest * INTERVAL_BINS as f64) as usize;
        counts[bin.min(INTERVAL_BINS - 1)] += 1.0;
    }
    (counts, longest)
}
