//! What an answer costs on neuromorphic hardware, and what is left of it when the weights have few
//! bits.
//!
//! The numbers are those of NeuroBench (Yik et al. 2025, Nat. Commun. 16:1545): an *effective
//! accumulate* is a weight other than 0 that is added because a spike or an input event arrived; what
//! a dense computation would do at every step counts zeros too. Chips that compute at spikes spend
//! their energy on the former, and on the updates of neurons.

use super::Signs;
use super::data::LabelledEvents;
use super::error::{ClassifierError, SampleError};
use super::measure::{evaluate, together};
use crate::lif::kernel::Kernel;
use crate::lif::{LifError, Matrices, Shape};
use serde::{Deserialize, Serialize};

/// The bits of the weights that [`Hardware::measure`] tries.
pub const BITS: [u32; 3] = [8, 4, 2];

/// What an answer to one sample takes, in the mean over samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Operations {
    /// Input events.
    pub events: f64,
    /// Spikes of the hidden neurons.
    pub spikes: f64,
    /// Effective accumulates: for each event or spike, the weights other than 0 that it meets.
    pub accumulates: f64,
    /// Multiplications and additions of a dense computation of all steps.
    pub dense: f64,
    /// Updates of neurons, hidden ones and readouts, each once a step.
    pub neuron_updates: f64,
    /// Share of the hidden neurons' outputs, over neurons and steps, that are no spike.
    pub activation_sparsity: f64,
    /// Share of the weights that are 0, of those that the wiring has.
    pub connection_sparsity: f64,
    /// Number of weights that the wiring has.
    pub weights: u64,
}

impl Operations {
    /// Bytes that the weights take with so many bits each.
    pub fn footprint(&self, bits: u32) -> u64 {
        (self.weights * u64::from(bits)).div_ceil(8)
    }

    /// Measures a network on all samples.
    ///
    /// # Errors
    /// If network and data do not belong together, or there is no sample.
    pub fn measure(
        kernel: &Kernel,
        weights: &Matrices,
        data: &LabelledEvents,
    ) -> Result<Operations, ClassifierError> {
        if data.is_empty() {
            return Err(SampleError::Empty.into());
        }
        let Shape { hidden, classes, .. } = weights.shape();
        let nonzero = |row: &[f32]| row.iter().filter(|&&w| w != 0.0).count() as u64;
        let of_inputs: Vec<u64> = weights.input_rows().map(nonzero).collect();
        let mut of_hidden: Vec<u64> = weights.readout_rows().map(nonzero).collect();
        for (all, row) in of_hidden.iter_mut().zip(weights.recurrent_rows()) {
            *all += nonzero(row);
        }
        let samples: Vec<usize> = (0..data.len()).collect();
        let (mut events, mut spikes, mut accumulates) = (0u64, 0u64, 0u64);
        for chunk in samples.chunks(together(hidden)) {
            let output = kernel.evaluate(weights, data.input(), chunk)?;
            for counts in output.counts.chunks_exact(hidden) {
                for (&count, &targets) in counts.iter().zip(&of_hidden) {
                    spikes += u64::from(count);
                    accumulates += u64::from(count) * targets;
                }
            }
            for &sample in chunk {
                let channels = data.input().sample(sample).1;
                events += channels.len() as u64;
                accumulates += channels.iter().map(|&c| of_inputs[usize::from(c)]).sum::<u64>();
            }
        }
        let (n, steps) = (data.len() as f64, kernel.dynamics().steps as f64);
        let all = kernel.connections();
        let other_than_0 = of_inputs.iter().sum::<u64>() + of_hidden.iter().sum::<u64>();
        Ok(Operations {
            events: events as f64 / n,
            spikes: spikes as f64 / n,
            accumulates: accumulates as f64 / n,
            dense: steps * all as f64,
            neuron_updates: steps * (hidden + classes) as f64,
            activation_sparsity: 1.0 - spikes as f64 / (n * steps * hidden as f64),
            connection_sparsity: 1.0 - other_than_0 as f64 / all as f64,
            weights: all,
        })
    }
}

/// A network whose weights have few bits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quantized {
    /// Bits of a weight, its sign among them.
    pub bits: u32,
    /// Share of right answers.
    pub accuracy: f64,
    /// Effective accumulates of an answer: weights that became 0 take none.
    pub accumulates: f64,
    /// Share of the weights that are 0.
    pub connection_sparsity: f64,
}

/// What a network costs on hardware.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hardware {
    /// With its weights as they are.
    pub operations: Operations,
    /// With weights of few bits.
    pub quantized: Vec<Quantized>,
}

impl Hardware {
    /// Measures a network on all samples, with its weights as they are and with [`BITS`].
    ///
    /// # Errors
    /// If network and data do not belong together, or there is no sample.
    pub fn measure(
        kernel: &Kernel,
        weights: &Matrices,
        signs: Signs,
        data: &LabelledEvents,
    ) -> Result<Hardware, ClassifierError> {
        let operations = Operations::measure(kernel, weights, data)?;
        let mut few = Vec::new();
        for bits in BITS {
            let weights = quantized(weights, bits)?;
            let measured = Operations::measure(kernel, &weights, data)?;
            few.push(Quantized {
                bits,
                accuracy: evaluate(kernel, &weights, signs, data, None)?.accuracy,
                accumulates: measured.accumulates,
                connection_sparsity: measured.connection_sparsity,
            });
        }
        Ok(Hardware { operations, quantized: few })
    }
}

/// The weights rounded to whole multiples of one number for each matrix, from -(2^(bits-1) - 1) to
/// 2^(bits-1) - 1. That number is the one with the least squared error of the weights, so that no data
/// are needed to choose it; weights of 0, and signs, are kept.
///
/// # Errors
/// None for weights of a network that can be computed.
///
/// # Panics
/// If there are fewer than 2 bits, or more than 16.
pub fn quantized(weights: &Matrices, bits: u32) -> Result<Matrices, LifError> {
    assert!((2..=16).contains(&bits), "2 to 16 bits, not {bits}");
    let most = ((1u32 << (bits - 1)) - 1) as f32;
    let rounded = |values: Vec<f32>| -> Vec<f32> {
        let scale = scale(&values, most);
        let round = |w: f32| nearest(w / scale).clamp(-most, most) * scale;
        if scale > 0.0 { values.into_iter().map(round).collect() } else { values }
    };
    let recurrent = weights.recurrent().map(rounded);
    let (input, readout) = (rounded(weights.input()), rounded(weights.readout()));
    Matrices::from_slices(weights.shape(), &input, recurrent.as_deref(), &readout)
}

/// The nearest whole number of one below 2^22, the even one of two: without a call, as `round` is on
/// processors of old.
fn nearest(x: f32) -> f32 {
    const SHIFT: f32 = 12_582_912.0;
    (x + SHIFT) - SHIFT
}

/// Candidates for a scale.
const CANDIDATES: usize = 100;

/// The scale with the least squared error, of those at which the largest weight is the largest
/// multiple or up to [`CANDIDATES`] times as large; 0 if all weights are.
fn scale(values: &[f32], most: f32) -> f32 {
    let largest = values.iter().fold(0.0f32, |m, w| m.max(w.abs()));
    let error = |scale: f32| -> f64 {
        let off = |w: f32| f64::from(w - nearest(w / scale).clamp(-most, most) * scale);
        values.iter().map(|&w| off(w).powi(2)).sum()
    };
    let mut best = (f64::INFINITY, 0.0);
    for k in (1..=CANDIDATES).rev() {
        let scale = largest / most * k as f32 / CANDIDATES as f32;
        if scale > 0.0 {
            let error = error(scale);
            if error < best.0 {
                best = (error, scale);
            }
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lif::{Dynamics, Scheme, Surrogate};
    use equipoise_encoder::code::Events;

    #[test]
    fn weights_of_few_bits_are_the_nearest_multiples() {
        let shape = Shape { inputs: 2, hidden: 3, classes: 1, recurrent: false };
        let weights =
            Matrices::from_slices(shape, &[0.7, 0.1, 0.2, 0.3, 0.0, -0.7], None, &[1.0, 0.9, -1.0])
                .unwrap();
        // Multiples of 0.1 up to 0.7 need no rounding at 4 bits.
        let four = quantized(&weights, 4).unwrap();
        for (got, want) in four.input().iter().zip(weights.input()) {
            assert!((got - want).abs() < 1e-6, "{got} {want}");
        }
        // With 2 bits three values are left, the best of which is the mean of the three.
        let two = quantized(&weights, 2).unwrap();
        let readout = two.readout();
        assert_eq!(readout[0], readout[1]);
        assert_eq!(readout[0], -readout[2]);
        assert!((readout[0] - 0.97).abs() < 0.011, "{readout:?}");
        // Signs and zeros are kept by all.
        for bits in [2, 4, 8, 16] {
            let few = quantized(&weights, bits).unwrap();
            for (got, want) in few.input().iter().zip(weights.input()) {
                assert!(got * want >= 0.0 && (want != 0.0 || *got == 0.0));
            }
        }
        let nothing = Matrices::zeros(shape).unwrap();
        assert_eq!(quantized(&nothing, 2).unwrap().input(), [0.0; 6]);
    }

    /// Errors get smaller with bits, and with 8 are at most half a step of the largest weight.
    #[test]
    fn more_bits_are_nearer() {
        let shape = Shape { inputs: 40, hidden: 10, classes: 2, recurrent: true };
        let mut random = equipoise_random::stream(1, "test/quantized", 0);
        let mut draw = |n: usize| (0..n).map(|_| random.normal() as f32).collect::<Vec<_>>();
        let (w1, v1, w2) = (draw(400), draw(100), draw(20));
        let weights = Matrices::from_slices(shape, &w1, Some(&v1), &w2).unwrap();
        let error = |bits| {
            let few = quantized(&weights, bits).unwrap();
            few.input().iter().zip(&w1).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>()
        };
        assert!(error(8) < 0.05 * error(4) && error(4) < 0.2 * error(2));
        let largest = w1.iter().fold(0.0f32, |m, w| m.max(w.abs()));
        let step = f64::from(largest / 127.0);
        assert!(error(8) <= 400.0 * (0.5 * step).powi(2));
    }

    /// Two inputs, two hidden neurons, of which one fires; by hand.
    #[test]
    fn operations_are_counted_by_the_weights_that_spikes_meet() {
        let shape = Shape { inputs: 2, hidden: 2, classes: 3, recurrent: true };
        let weights = Matrices::from_slices(
            shape,
            // The first input drives the first neuron alone, the second meets no weight.
            &[3.0, 0.0, 0.0, 0.0],
            // The first neuron meets both.
            Some(&[0.0, -0.1, 0.0, 0.0]),
            &[0.5, 0.0, -0.5, 1.0, 1.0, 1.0],
        )
        .unwrap();
        let steps = 20;
        let dynamics = Dynamics {
            scheme: Scheme::Nir,
            ..Dynamics::from_time_constants(5.0, 10.0, 1.0, steps, Surrogate::default())
        };
        let kernel = Kernel::new(shape, dynamics).unwrap();
        let events =
            Events::from_samples(steps, 2, [vec![(0, 0), (1, 1), (2, 1)], vec![(3, 1)]]).unwrap();
        let names = (0..3).map(|c| c.to_string()).collect();
        let data = LabelledEvents::new(events, vec![0, 1], names).unwrap();
        let output = kernel.evaluate(&weights, data.input(), &[0, 1]).unwrap();
        let spikes = u64::from(output.counts[0]);
        assert!(spikes > 1 && output.counts[1..] == [0, 0, 0], "{:?}", output.counts);
        let found = Operations::measure(&kernel, &weights, &data).unwrap();
        assert_eq!((found.events, found.spikes), (2.0, spikes as f64 / 2.0));
        // One weight for the first event, and three for each spike: one recurrent, two readouts.
        assert_eq!(found.accumulates, (1 + 3 * spikes) as f64 / 2.0);
        assert_eq!(found.weights, 4 + 4 + 6);
        assert_eq!((found.dense, found.neuron_updates), (20.0 * 14.0, 20.0 * 5.0));
        assert_eq!(found.connection_sparsity, 1.0 - 7.0 / 14.0);
        assert_eq!(found.activation_sparsity, 1.0 - spikes as f64 / (2.0 * 20.0 * 2.0));
        assert_eq!((found.footprint(8), found.footprint(4), found.footprint(2)), (14, 7, 4));
        let signs = Signs { excitatory: 2, dale: false, feed_forward: false };
        let all = Hardware::measure(&kernel, &weights, signs, &data).unwrap();
        assert_eq!(all.operations, found);
        assert_eq!(all.quantized.iter().map(|q| q.bits).collect::<Vec<_>>(), BITS);
        // With 8 bits every weight is still there.
        assert_eq!(all.quantized[0].connection_sparsity, found.connection_sparsity);
    }
}
