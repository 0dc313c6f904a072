//! A classifier as a graph.

use equipoise_decoder::classifier::{Classifier, SynapseModel};
use equipoise_decoder::lif::{Scheme, Shape};
use serde::{Deserialize, Serialize};

use super::STEP;
use super::graph::{Graph, Matrix, NetworkFacts, NirError, Node};

/// What the readout becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Readout {
    /// Two leaky integrators in a row, with their gains in the weights.
    #[default]
    Li,
    /// One node of a synaptic current and a leaky integrator.
    CubaLi,
    /// Nothing: the output is the spikes of the hidden neurons.
    None,
}

/// The time constant from which readers compute this decay of a step, by `1 - dt / tau` in single
/// precision: the nearest of those that give exactly it, if one does.
pub(super) fn time_constant(decay: f32) -> f32 {
    let read = |tau: f32| 1.0 - STEP as f32 / tau;
    let nearest = (STEP / (1.0 - f64::from(decay))) as f32;
    let (mut above, mut below) = (nearest, nearest);
    for _ in 0..64 {
        if let Some(&exact) = [above, below].iter().find(|&&tau| read(tau) == decay) {
            return exact;
        }
        (above, below) = (above.next_up(), below.next_down());
    }
    nearest
}

/// `values` with as many columns as given, the other way round and times `gain`.
fn transposed(values: &[f32], columns: usize, gain: f64) -> Matrix {
    let rows = values.len() / columns;
    let at = |k: usize| f64::from(values[(k % rows) * columns + k / rows]) * gain;
    Matrix { rows: columns, columns: rows, values: (0..values.len()).map(at).collect() }
}

/// A classifier as a graph; `force` takes what no reader reproduces, too.
///
/// # Errors
/// [`NirError::NotReproduced`] unless forced; for conductance synapses always.
pub fn export(classifier: &Classifier, readout: Readout, force: bool) -> Result<Graph, NirError> {
    let (config, dynamics) = (classifier.config(), classifier.kernel().dynamics());
    if config.synapses != SynapseModel::Current {
        return Err(NirError::NotReproduced(
            "its synapses are conductances, and no node of NIR has reversal potentials; train with \
             network.synapses = \"current\"",
        ));
    }
    if !force && config.dynamics != Scheme::Nir {
        return Err(NirError::NotReproduced(
            "it was trained with network.dynamics = \"spytorch\", in which the input of the step \
             after a spike is lost; train with network.dynamics = \"nir\"",
        ));
    }
    if !force && readout == Readout::CubaLi {
        return Err(NirError::NotReproduced(
            "a readout as CubaLI is dropped by snnTorch 1.0 and refused by Norse 1.1; as li, two \
             leaky integrators, it is kept",
        ));
    }
    let weights = classifier.weights();
    let Shape { inputs, hidden, classes, .. } = weights.shape();
    let of = |value: f64, n: usize| vec![value; n];
    let tau_syn = f64::from(time_constant(dynamics.alpha));
    let tau_mem = f64::from(time_constant(dynamics.beta));
    let (w_in, r) = (tau_syn / STEP, tau_mem / STEP);
    let mut graph = Graph {
        step: Some(STEP),
        network: Some(NetworkFacts {
            classes: classifier.classes().to_vec(),
            steps: classifier.grid().steps,
            step_ms: classifier.grid().step_ms,
            excitatory: config.excitatory(),
            dale: config.dale,
        }),
        ..Graph::default()
    };
    let mut node = |name: &str, node: Node| graph.nodes.insert(name.to_owned(), node);
    node("input", Node::Input(vec![inputs]));
    node("w1", Node::Linear(transposed(&weights.input(), hidden, 1.0)));
    let lif = Node::CubaLif {
        tau_syn: of(tau_syn, hidden),
        tau_mem: of(tau_mem, hidden),
        r: of(r, hidden),
        v_leak: of(0.0, hidden),
        v_reset: of(0.0, hidden),
        v_threshold: of(1.0, hidden),
        w_in: of(w_in, hidden),
    };
    node("lif", lif);
    let mut path = vec!["input", "w1", "lif"];
    let mut edges = Vec::new();
    if let Some(recurrent) = weights.recurrent() {
        node("w_rec", Node::Linear(transposed(&recurrent, hidden, 1.0)));
        edges.extend([("lif", "w_rec"), ("w_rec", "lif")]);
    }
    let rest = || of(0.0, classes);
    let w2 = weights.readout();
    let tau_syn = f64::from(time_constant(dynamics.readout_alpha));
    let tau_mem = f64::from(time_constant(dynamics.readout_beta));
    let (w_in, r) = (tau_syn / STEP, tau_mem / STEP);
    match readout {
        Readout::Li => {
            let li = |tau| Node::Li { tau: of(tau, classes), r: of(1.0, classes), v_leak: rest() };
            node("w2", Node::Linear(transposed(&w2, classes, w_in * r)));
            node("syn", li(tau_syn));
            node("mem", li(tau_mem));
            path.extend(["w2", "syn", "mem"]);
        }
        Readout::CubaLi => {
            node("w2", Node::Linear(transposed(&w2, classes, 1.0)));
            let (tau_syn, tau_mem) = (of(tau_syn, classes), of(tau_mem, classes));
            let (r, w_in) = (of(r, classes), of(w_in, classes));
            node("readout", Node::CubaLi { tau_syn, tau_mem, r, v_leak: rest(), w_in });
            path.extend(["w2", "readout"]);
        }
        Readout::None => {}
    }
    node("output", Node::Output(vec![if readout == Readout::None { hidden } else { classes }]));
    path.push("output");
    edges.extend(path.windows(2).map(|ends| (ends[0], ends[1])));
    graph.edges = edges.into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
    Ok(graph)
}
