//! How weights and outputs of one network move over the epochs.

use std::ops::ControlFlow;

use equipoise_figure::{Axis, Color, Dash, Line, Plot, Rule};
use equipoise_plasticity::hebb::theory::{excitatory_fixed_point, inhibitory_amplitude};
use equipoise_plasticity::hebb::{Allotment, HebbConfig, HebbError, Mapping, NeuronType, trainer};
use serde::{Deserialize, Serialize};

use crate::{OrStudyError, StudyError};

/// The most weights that are traced one by one; of a larger network the first ones are.
const TRACED_WEIGHTS: usize = 512;

/// What was seen of a network after each epoch, the initial state first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Trace {
    /// The first weights, `[epoch][layer, pre, post, edge]`.
    pub weights: Vec<Vec<f64>>,
    /// The smallest raw sum of a target.
    pub weakest_target: Vec<f64>,
    /// The largest raw sum of an output that is not the target; none in a network of one neuron a
    /// layer.
    pub strongest_other: Vec<Option<f64>>,
    /// Inputs whose hidden code no other input shares.
    pub distinct_codes: Vec<usize>,
}

/// A network that was traced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dynamics {
    /// The network and its rule.
    pub hebb: HebbConfig,
    /// The types of its neurons.
    pub types: Allotment,
    /// What was seen.
    pub trace: Trace,
}

impl Trace {
    /// Trains the network that `train` of the library makes of the seed, index 0, and watches it.
    ///
    /// # Errors
    /// If the settings make no sense or the mapping or the types do not fit;
    /// [`StudyError::Stopped`] as soon as `poll` breaks.
    pub fn of(
        hebb: &HebbConfig,
        mapping: &Mapping,
        types: &Allotment,
        seed: u64,
        epochs: usize,
        poll: impl Fn() -> ControlFlow<()>,
    ) -> Result<Self, StudyError> {
        let n = hebb.neurons;
        let mut trainer = trainer(hebb, mapping, types, seed, 0).or_settings()?;
        let mut trace = Self::default();
        let mut firing = vec![0; n * (hebb.layers - 1)];
        let mut sums = vec![0.0; n * n];
        for epoch in 0..=epochs {
            if epoch > 0 {
                trainer.epoch();
                if poll().is_break() {
                    return Err(StudyError::Stopped);
                }
            }
            trainer.network().recall(&mut sums, &mut firing);
            let (mut target, mut other) = (f64::INFINITY, f64::NEG_INFINITY);
            for (input, sums) in sums.chunks(n).enumerate() {
                for (output, &sum) in sums.iter().enumerate() {
                    if output == mapping.target(input) {
                        target = target.min(sum);
                    } else {
                        other = other.max(sum);
                    }
                }
            }
            let above = hebb.layers - 1;
            let code = |input: usize| {
                if above > 1 { firing[input * above + above - 2] } else { 1 << input }
            };
            let distinct = (0..n).filter(|&a| (0..n).all(|b| a == b || code(a) != code(b))).count();
            trace.weakest_target.push(target);
            trace.strongest_other.push((n > 1).then_some(other));
            trace.distinct_codes.push(distinct);
            let weights = trainer.network().weights();
            trace.weights.push(weights[..weights.len().min(TRACED_WEIGHTS)].to_vec());
        }
        Ok(trace)
    }

    /// The epochs, from 0.
    pub(super) fn epochs(&self) -> Vec<f64> {
        (0..self.weights.len()).map(|epoch| epoch as f64).collect()
    }

    /// The axis of the epochs.
    pub(super) fn epoch_axis(&self) -> Axis {
        let last = self.weights.len().saturating_sub(1).max(1);
        Axis::new("epoch").range(0.0, last as f64)
    }
}

/// Whether an error says that the caller stopped a run, else that it failed.
pub(super) fn stopped_or_failed(error: HebbError) -> StudyError {
    match error {
        HebbError::Stopped => StudyError::Stopped,
        other => StudyError::failed(other),
    }
}

/// The weights from one layer's neurons of one type; `None` if there is no such neuron.
pub(super) fn weights_plot(seen: &Dynamics, layer: usize, kind: NeuronType) -> Option<Plot> {
    let Dynamics { hebb, types, trace } = seen;
    let (n, edges) = (hebb.neurons, hebb.variants.edges);
    let (name, color) = match kind {
        NeuronType::Excitatory => ("excitatory", Color::EXCITATORY),
        NeuronType::Inhibitory => ("inhibitory", Color::INHIBITORY),
    };
    let from = if layer == 0 { "inputs" } else { "hidden neurons" };
    let mut plot = Plot::new(&format!("Weights from {name} {from}"))
        .x_axis(trace.epoch_axis())
        .y_axis(Axis::new("weight").include(0.0));
    let first = layer * n * n * edges;
    let traced = trace.weights.first().map_or(0, Vec::len);
    let mut drawn = false;
    for at in first..(first + n * n * edges).min(traced) {
        let pre = (at - first) / (n * edges);
        if types.of(layer, pre) == kind {
            let values: Vec<f64> = trace.weights.iter().map(|weights| weights[at]).collect();
            let shade = color.mix(Color::WHITE, 0.6 * pre as f64 / n as f64);
            plot = plot.with(Line::new(&trace.epochs(), &values).color(shade).width(0.6));
            drawn = true;
        }
    }
    if layer == 0 && hebb.layers > 2 && hebb.variants.is_plain() {
        let limits = match kind {
            NeuronType::Excitatory => vec![excitatory_fixed_point(hebb.epsilon, n, 0)],
            NeuronType::Inhibitory => {
                let size = inhibitory_amplitude(hebb.epsilon, n, 0);
                vec![size, -size]
            }
        };
        for value in limits {
            plot = plot.with(Rule::horizontal(value).dash(Dash::Dashed));
        }
    }
    drawn.then_some(plot)
}

/// The raw sums that decide whether the map is shown: it is, exactly, where the weakest target is
/// at least 0 and the strongest other output below.
pub(super) fn sums_plot(title: &str, trace: &Trace, converged_at: Option<usize>) -> Plot {
    let epochs = trace.epochs();
    let other: Vec<f64> = trace.strongest_other.iter().map(|s| s.unwrap_or(f64::NAN)).collect();
    let plot = Plot::new(title)
        .x_axis(trace.epoch_axis())
        .y_axis(Axis::new("raw sum").include(0.0))
        .with(Line::new(&epochs, &trace.weakest_target).label("weakest target").color(Color::GREEN))
        .with(Line::new(&epochs, &other).label("strongest other output").color(Color::PURPLE))
        .with(Rule::horizontal(0.0));
    match converged_at.filter(|&epoch| epoch < trace.weights.len()) {
        Some(epoch) => plot.with(Rule::vertical(epoch as f64).label("converged")),
        None => plot,
    }
}
