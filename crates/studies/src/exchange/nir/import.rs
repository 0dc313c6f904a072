//! A graph as a classifier.

use equipoise_decoder::classifier::{Classifier, ClassifierConfig, Grid, ReadoutTimes};
use equipoise_decoder::lif::{Matrices, Scheme, Shape};

use super::STEP;
use super::graph::{Graph, Matrix, NirError, Node};

/// What a file of another tool does not say of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportSettings {
    /// The length of a step, s; absent: what the file says, or 1e-4.
    pub step: Option<f64>,
    /// The number of steps of a sample, if the file does not say it.
    pub steps: usize,
    /// The time that a step of the data stands for, ms, if the file does not say it.
    pub step_ms: f64,
}

impl Default for ImportSettings {
    fn default() -> Self {
        Self { step: None, steps: 100, step_ms: 1.0 }
    }
}

/// A classifier that was a graph.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The classifier.
    pub classifier: Classifier,
    /// What a person should know of it.
    pub remarks: Vec<String>,
}

/// The parts of a graph that is a classifier.
struct Layers<'a> {
    input: &'a Matrix,
    neurons: (&'a str, &'a Node),
    recurrent: Option<&'a Matrix>,
    readout: &'a Matrix,
    integrators: Vec<(&'a str, &'a Node)>,
}

fn unsuitable<T>(why: impl Into<String>) -> Result<T, NirError> {
    Err(NirError::Unsuitable(why.into()))
}

/// The same without nodes that do nothing.
fn contracted(mut graph: Graph) -> Graph {
    let idle: Vec<String> = graph
        .nodes
        .iter()
        .filter(|(_, node)| matches!(node, Node::Identity))
        .map(|(name, _)| name.clone())
        .collect();
    for name in idle {
        let pairs: Vec<_> = graph
            .before(&name)
            .flat_map(|from| graph.after(&name).map(move |to| (from.to_owned(), to.to_owned())))
            .collect();
        graph.edges.retain(|(from, to)| *from != name && *to != name);
        graph.edges.extend(pairs);
        graph.nodes.remove(&name);
    }
    graph
}

impl<'a> Layers<'a> {
    fn of(graph: &'a Graph) -> Result<Layers<'a>, NirError> {
        let all = |wanted: fn(&Node) -> bool| {
            graph.nodes.iter().filter(move |(_, node)| wanted(node)).map(|(name, _)| name.as_str())
        };
        let (mut inputs, mut outputs) =
            (all(|n| matches!(n, Node::Input(_))), all(|n| matches!(n, Node::Output(_))));
        let (Some(input), None, Some(output), None) =
            (inputs.next(), inputs.next(), outputs.next(), outputs.next())
        else {
            return unsuitable("one input and one output are needed");
        };
        let node = |name: &str| &graph.nodes[name];
        let only = |from: &'a str| {
            let mut after = graph.after(from);
            match (after.next(), after.next()) {
                (Some(to), None) => Ok(to),
                _ => unsuitable(format!("`{from}` must lead to one node")),
            }
        };
        let first = only(input)?;
        let neurons = only(first)?;
        if !matches!(node(neurons), Node::CubaLif { .. } | Node::Lif { .. }) {
            let kind = node(neurons).kind();
            return unsuitable(format!(
                "`{neurons}` is a {kind}; CubaLIF or LIF are expected after the first matrix"
            ));
        }
        let comes_back = |name: &&str| graph.after(name).any(|to| to == neurons);
        let (back, on): (Vec<&str>, Vec<&str>) = graph.after(neurons).partition(comes_back);
        let (recurrent, next) = match (&back[..], &on[..]) {
            ([], [next]) => (None, *next),
            ([back], [next]) if only(back)? == neurons => (Some(matrix(graph, back)?), *next),
            _ => {
                return unsuitable(format!(
                    "`{neurons}` must lead to one readout, and to itself by at most one matrix"
                ));
            }
        };
        let expected = 1 + usize::from(recurrent.is_some());
        if graph.before(neurons).count() != expected {
            return unsuitable(format!("`{neurons}` has input from more than one matrix"));
        }
        if next == output {
            return unsuitable(
                "it ends with spikes; a matrix and leaky integrators (LI or CubaLI) are needed to \
                 read them out",
            );
        }
        let readout = matrix(graph, next)?;
        let mut integrators = Vec::new();
        let mut at = only(next)?;
        while at != output {
            if !matches!(node(at), Node::Li { .. } | Node::CubaLi { .. }) || integrators.len() == 2
            {
                let kind = node(at).kind();
                return unsuitable(format!(
                    "`{at}` is a {kind}; the readout can be LI, two of them, or CubaLI"
                ));
            }
            integrators.push((at, node(at)));
            at = only(at)?;
        }
        let named = (neurons, node(neurons));
        Ok(Layers { input: matrix(graph, first)?, neurons: named, recurrent, readout, integrators })
    }
}

/// The matrix of a node, which must have no bias.
fn matrix<'a>(graph: &'a Graph, name: &str) -> Result<&'a Matrix, NirError> {
    match &graph.nodes[name] {
        Node::Linear(weight) => Ok(weight),
        Node::Affine(weight, bias) if bias.iter().all(|&b| b == 0.0) => Ok(weight),
        Node::Affine(..) => unsuitable(format!("`{name}` has biases, which classifiers have not")),
        other => unsuitable(format!("`{name}` is a {}; a matrix is expected there", other.kind())),
    }
}

/// The parameters of a layer of `n` neurons.
struct Parameters<'a> {
    name: &'a str,
    n: usize,
    step: f64,
}

impl Parameters<'_> {
    /// The value of each neuron.
    fn each(&self, what: &str, values: &[f64]) -> Result<Vec<f64>, NirError> {
        match values.len() {
            1 => Ok(vec![values[0]; self.n]),
            len if len == self.n => Ok(values.to_vec()),
            len => {
                let why = format!("`{what}` has {len} values for {} neurons", self.n);
                Err(NirError::node(self.name, why))
            }
        }
    }

    /// That all are 0.
    fn none(&self, what: &str, values: &[f64]) -> Result<(), NirError> {
        match values.iter().all(|&x| x == 0.0) {
            true => Ok(()),
            false => unsuitable(format!("`{what}` of `{}` must be 0", self.name)),
        }
    }

    /// The decay in a step, in the single precision of those who read such files, and the share of
    /// the input that is added in one, for each neuron: gain · dt / tau.
    fn decay(&self, what: &str, tau: &[f64], gain: &[f64]) -> Result<(f32, Vec<f64>), NirError> {
        let tau = self.each(what, tau)?;
        let (least, most) =
            tau.iter().fold((f64::INFINITY, 0.0f64), |(a, b), &x| (a.min(x), b.max(x)));
        if most - least > 1e-6 * most {
            return unsuitable(format!(
                "`{what}` of `{}` goes from {least} to {most} s; all neurons of a layer must have \
                 the same",
                self.name
            ));
        }
        let decay = 1.0 - self.step as f32 / least as f32;
        if !(0.0..1.0).contains(&decay) {
            return unsuitable(format!(
                "`{what}` of `{}` is {least} s, shorter than a step of {} s; the step can be given",
                self.name, self.step
            ));
        }
        let share = self.each(what, gain)?.iter().map(|gain| gain * self.step / least).collect();
        Ok((decay, share))
    }
}

/// The product of gains, 1 where it is 1 but for rounding.
fn product(of: &[Vec<f64>]) -> Vec<f64> {
    let n = of.first().map_or(0, Vec::len);
    let gain = |k: usize| of.iter().map(|gains| gains[k]).product::<f64>();
    (0..n).map(gain).map(|g| if (g - 1.0).abs() < 1e-6 { 1.0 } else { g }).collect()
}

/// The rows of a matrix times the gain of each, source first.
fn weights(
    matrix: &Matrix,
    (rows, columns): (usize, Option<usize>),
    gain: &[f64],
    name: &str,
) -> Result<Vec<f32>, NirError> {
    let columns = columns.unwrap_or(matrix.columns);
    if (matrix.rows, matrix.columns) != (rows, columns) {
        return unsuitable(format!(
            "the {name} weights are {} by {}; {rows} by {columns} are expected",
            matrix.rows, matrix.columns
        ));
    }
    let at = |k: usize| (matrix.values[(k % rows) * columns + k / rows] * gain[k % rows]) as f32;
    Ok((0..matrix.values.len()).map(at).collect())
}

/// The time constant, in steps, of a decay.
fn time_constant(decay: f32) -> f64 {
    if decay == 0.0 { 0.0 } else { -1.0 / libm::log(decay.into()) }
}

/// A classifier that does what the graph describes, stepped by Euler's method.
///
/// # Errors
/// [`NirError::Unsuitable`] for what classifiers are not; [`NirError::Node`] for what is wrong.
pub fn import(graph: &Graph, settings: &ImportSettings) -> Result<Imported, NirError> {
    let graph = contracted(graph.flat()?);
    let layers = Layers::of(&graph)?;
    let step = settings.step.or(graph.step).unwrap_or(STEP);
    if !(step > 0.0 && step.is_finite()) {
        return unsuitable(format!("a step of {step} s"));
    }
    let (hidden, classes) = (layers.input.rows, layers.readout.rows);
    let of = |name, n| Parameters { name, n, step };
    let (name, neurons) = layers.neurons;
    let these = of(name, hidden);
    let (alpha, beta, v_leak, v_reset, v_threshold, mut gains) = match neurons {
        Node::CubaLif { tau_syn, tau_mem, r, v_leak, v_reset, v_threshold, w_in } => {
            let (alpha, first) = these.decay("tau_syn", tau_syn, w_in)?;
            let (beta, second) = these.decay("tau_mem", tau_mem, r)?;
            (alpha, beta, v_leak, v_reset, v_threshold, vec![first, second])
        }
        Node::Lif { tau, r, v_leak, v_reset, v_threshold } => {
            let (beta, gain) = these.decay("tau", tau, r)?;
            (0.0, beta, v_leak, v_reset, v_threshold, vec![gain])
        }
        other => return unsuitable(format!("`{name}` is a {}", other.kind())),
    };
    these.none("v_leak", v_leak)?;
    these.none("v_reset", v_reset)?;
    let threshold = these.each("v_threshold", v_threshold)?;
    if threshold.iter().any(|&v| v <= 0.0) {
        return unsuitable(format!("`v_threshold` of `{name}` must be above 0"));
    }
    gains.push(threshold.iter().map(|v| 1.0 / v).collect());
    let gain = product(&gains);
    let input = weights(layers.input, (hidden, None), &gain, "input")?;
    let recurrent =
        layers.recurrent.map(|m| weights(m, (hidden, Some(hidden)), &gain, "recurrent"));
    let recurrent = recurrent.transpose()?;

    let (mut decays, mut gains) = (Vec::new(), vec![vec![1.0; classes]]);
    for &(name, node) in &layers.integrators {
        let these = of(name, classes);
        let mut filter = |what: &str, tau: &[f64], gain: &[f64]| {
            let (decay, share) = these.decay(what, tau, gain)?;
            decays.push(decay);
            gains.push(share);
            Ok::<(), NirError>(())
        };
        match node {
            Node::Li { tau, r, v_leak } => {
                filter("tau", tau, r)?;
                these.none("v_leak", v_leak)?;
            }
            Node::CubaLi { tau_syn, tau_mem, r, v_leak, w_in } => {
                filter("tau_syn", tau_syn, w_in)?;
                filter("tau_mem", tau_mem, r)?;
                these.none("v_leak", v_leak)?;
            }
            _ => {}
        }
    }
    let readout = weights(layers.readout, (classes, Some(hidden)), &product(&gains), "readout")?;
    // The order of two filters in a row does not matter.
    let times = match decays[..] {
        [] => (0.0, 0.0),
        [only] => (0.0, only),
        [a, b] if (b, a) == (alpha, beta) => (b, a),
        [a, b] => (a, b),
        _ => return unsuitable("its readout must be at most two leaky integrators in a row"),
    };
    let times = (times != (alpha, beta))
        .then(|| ReadoutTimes { tau_syn: time_constant(times.0), tau_mem: time_constant(times.1) });

    let shape =
        Shape { inputs: layers.input.columns, hidden, classes, recurrent: recurrent.is_some() };
    let mut matrices = Matrices::from_slices(shape, &input, recurrent.as_deref(), &readout)?;
    let known =
        graph.network.as_ref().filter(|f| f.excitatory <= hidden && f.classes.len() == classes);
    let signs = Signs::of(&matrices, known.map(|facts| facts.excitatory));
    let mut remarks = Vec::new();
    match &signs {
        Signs::Sorted(_) => {}
        Signs::Mixed => remarks.push(
            "not every hidden neuron is excitatory or inhibitory, or there are input weights below \
             0: the network is taken as one without Dale's law"
                .to_owned(),
        ),
        Signs::Unsorted(order, _) => {
            matrices = in_order(&matrices, order)?;
            remarks.push("its hidden neurons were put in order, the excitatory ones first".to_owned());
        }
    }
    let (excitatory, dale) = match signs {
        Signs::Sorted(excitatory) | Signs::Unsorted(_, excitatory) => (excitatory, true),
        Signs::Mixed => (known.map_or(hidden, |facts| facts.excitatory), false),
    };
    let names = known.map_or_else(
        || (0..classes).map(|c| c.to_string()).collect(),
        |facts| facts.classes.clone(),
    );
    let config = ClassifierConfig {
        excitatory_fraction: excitatory as f64 / hidden as f64,
        hidden,
        recurrent: shape.recurrent,
        dale,
        tau_syn: time_constant(alpha),
        tau_mem: time_constant(beta),
        dt: 1.0,
        dynamics: Scheme::Nir,
        readout: times,
        ..ClassifierConfig::default()
    };
    let grid = Grid {
        channels: shape.inputs,
        steps: known.map_or(settings.steps, |facts| facts.steps),
        step_ms: known.map_or(settings.step_ms, |facts| facts.step_ms),
    };
    if !(grid.step_ms > 0.0 && grid.step_ms.is_finite()) {
        return unsuitable(format!("a step of the data of {} ms", grid.step_ms));
    }
    if !matrices.is_finite() {
        return unsuitable("its weights, with gains and thresholds in them, are too large");
    }
    Ok(Imported { classifier: Classifier::new(config, names, grid, matrices)?, remarks })
}

/// How the weights stand to Dale's law.
enum Signs {
    /// The first so many neurons are excitatory, the others inhibitory.
    Sorted(usize),
    /// They are in this order, of which so many are excitatory.
    Unsorted(Vec<usize>, usize),
    /// They do not keep it.
    Mixed,
}

impl Signs {
    /// What the weights are; where they leave it open, the first `known` neurons are excitatory.
    fn of(matrices: &Matrices, known: Option<usize>) -> Signs {
        if matrices.input().iter().any(|&w| w < 0.0) {
            return Signs::Mixed;
        }
        let mut excitatory = Vec::new();
        let mut recurrent = matrices.recurrent_rows();
        for (k, row) in matrices.readout_rows().enumerate() {
            let out: Vec<f32> =
                row.iter().chain(recurrent.next().unwrap_or_default()).copied().collect();
            let (positive, negative) = (out.iter().any(|&w| w > 0.0), out.iter().any(|&w| w < 0.0));
            excitatory.push(match (positive, negative) {
                (true, true) => return Signs::Mixed,
                (true, false) => true,
                (false, true) => false,
                (false, false) => known.is_none_or(|known| k < known),
            });
        }
        let count = excitatory.iter().filter(|&&e| e).count();
        if excitatory[..count].iter().all(|&e| e) {
            return Signs::Sorted(count);
        }
        let mut order: Vec<usize> = (0..excitatory.len()).collect();
        order.sort_by_key(|&k| !excitatory[k]);
        Signs::Unsorted(order, count)
    }
}

/// The network with its hidden neurons in this order.
fn in_order(matrices: &Matrices, order: &[usize]) -> Result<Matrices, NirError> {
    let Shape { hidden, classes, .. } = matrices.shape();
    let columns = |rows: &[f32]| -> Vec<f32> {
        rows.chunks_exact(hidden).flat_map(|row| order.iter().map(|&k| row[k])).collect()
    };
    let rows = |all: &[f32], width: usize| -> Vec<f32> {
        order.iter().flat_map(|&k| all[k * width..(k + 1) * width].iter().copied()).collect()
    };
    let input = columns(&matrices.input());
    let recurrent = matrices.recurrent().map(|v| rows(&columns(&v), hidden));
    let readout = rows(&matrices.readout(), classes);
    Ok(Matrices::from_slices(matrices.shape(), &input, recurrent.as_deref(), &readout)?)
}
