//! The network in plain tensor operations, one autodiff node each: for every device, and to check
//! the kernel against. Its time and memory grow with the steps times the dense input.

use super::kernel::Kernel;
use super::tensors::{Activity, WeightTensors};
use super::{Input, LifError, Logit, Scheme, Surrogate};
use burn::tensor::{Device, Tensor, TensorData};

/// The answers to a batch of samples.
///
/// # Errors
/// If a sample is not there or the events do not fit the network.
pub fn forward(
    kernel: &Kernel,
    weights: WeightTensors,
    input: Input<'_>,
    samples: &[usize],
) -> Result<Activity, LifError> {
    let (shape, dynamics) = (kernel.shape(), kernel.dynamics());
    if let Some(s) = samples.iter().find(|&&s| s >= input.len()) {
        return Err(LifError::NoSample { sample: *s, samples: input.len() });
    }
    if input.channels() > shape.inputs || input.steps() > dynamics.steps {
        return Err(LifError::Grid {
            channels: input.channels(),
            steps: input.steps(),
            inputs: shape.inputs,
            wanted_steps: dynamics.steps,
        });
    }
    let device = weights.input.device();
    let batch = samples.len();
    let zeros = |n: usize| Tensor::<2>::zeros([batch, n], &device);
    let (mut v, mut i) = (zeros(shape.hidden), zeros(shape.hidden));
    // With conductance synapses i is that of excitation and h that of inhibition, times E_E.
    let mut h = zeros(shape.hidden);
    let (per_reversal, ratio) = dynamics.synapses.factors();
    let is_excitatory: Vec<f32> =
        (0..shape.hidden).map(|n| f32::from(n < dynamics.excitatory)).collect();
    let is_excitatory =
        Tensor::<2>::from_data(TensorData::new(is_excitatory, [1, shape.hidden]), &device);
    let (mut o, mut f) = (zeros(shape.classes), zeros(shape.classes));
    let mut counts = zeros(shape.hidden);
    let mut readouts = vec![o.clone()];
    for step in 0..dynamics.steps {
        let distance = v.clone() - 1.0;
        let graded = antiderivative(dynamics.surrogate, distance.clone());
        let (s, keep) = if dynamics.graded {
            (graded, None)
        } else {
            let fired = distance.greater_elem(0.0).float();
            // The value of a step, the derivative of the graded spike.
            let s = graded.clone() - graded.detach() + fired.clone();
            (s, Some(fired.neg() + 1.0))
        };
        counts = counts + s.clone();
        let x = dense(input, samples, step, shape.inputs, &device).matmul(weights.input.clone());
        let recurrent = weights.recurrent.as_ref().map(|w| s.clone().matmul(w.clone()));
        let inhibition = weights.recurrent.as_ref().map(|w| {
            let spikes = s.clone() * (is_excitatory.clone().neg() + 1.0);
            spikes.matmul(w.clone())
        });
        let reset = |v: Tensor<2>| match &keep {
            Some(keep) => v * keep.clone(),
            None => v,
        };
        match dynamics.scheme {
            _ if dynamics.synapses.are_conductances() => {
                let conductances = (i.clone() - h.clone()) * per_reversal;
                let kept = v.clone() * (conductances.neg() + dynamics.beta);
                v = reset(kept + i.clone() - h.clone() * ratio);
                i = i * dynamics.alpha + x;
                h = h * dynamics.alpha;
                if let (Some(all), Some(inhibition)) = (recurrent, inhibition) {
                    i = i + all - inhibition.clone();
                    h = h + inhibition;
                }
            }
            Scheme::SpyTorch => {
                v = reset(v * dynamics.beta + i.clone());
                let x = recurrent.into_iter().fold(x, |x, recurrent| x + recurrent);
                i = i * dynamics.alpha + x;
            }
            Scheme::Nir => {
                i = recurrent.into_iter().fold(i, |i, recurrent| i + recurrent);
                v = reset(v) * dynamics.beta + i.clone();
                i = i * dynamics.alpha + x;
            }
        }
        o = o * dynamics.readout_beta + f.clone();
        f = f * dynamics.readout_alpha + s.matmul(weights.readout.clone());
        readouts.push(o.clone());
    }
    let readouts = Tensor::stack::<3>(readouts, 0);
    let highest = readouts.clone().max_dim(0);
    let logits = match dynamics.logit {
        Logit::Maximum => highest,
        Logit::Extreme => {
            let lowest = readouts.min_dim(0);
            let below = lowest.clone().neg().greater(highest.clone());
            highest.mask_where(below, lowest)
        }
    };
    let logits = logits.reshape([batch, shape.classes]);
    Ok(Activity { logits, counts })
}

/// The events of one step as a matrix, `[batch, inputs]`.
fn dense(
    input: Input<'_>,
    samples: &[usize],
    step: usize,
    inputs: usize,
    device: &Device,
) -> Tensor<2> {
    let mut x = vec![0.0f32; samples.len() * inputs];
    for (row, &sample) in x.chunks_exact_mut(inputs).zip(samples) {
        let (steps, channels) = input.sample(sample);
        for (&at, &channel) in steps.iter().zip(channels) {
            if usize::from(at) == step {
                row[usize::from(channel)] += 1.0;
            }
        }
    }
    Tensor::from_data(TensorData::new(x, [samples.len(), inputs]), device)
}

/// [`Surrogate::antiderivative`] of a tensor.
fn antiderivative(surrogate: Surrogate, x: Tensor<2>) -> Tensor<2> {
    let k = surrogate.scale();
    let odd = match surrogate {
        Surrogate::FastSigmoid { .. } => x.clone() / (x.abs() * k + 1.0),
        Surrogate::Arctangent { .. } => (x * k).atan() / k,
        Surrogate::Triangle { .. } => {
            let u = (x.clone().abs() * k).clamp(0.0, 1.0);
            (u.clone() - u.clone() * u * 0.5) * x.sign() / k
        }
        Surrogate::Rectangle { .. } => (x * k).clamp(-0.5, 0.5) / k,
        Surrogate::Sigmoid { .. } => (x * (0.5 * k)).tanh() * (2.0 / k),
    };
    odd + 0.5
}
