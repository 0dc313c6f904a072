//! A graph of NIR, as far as classifiers need it, and what can be wrong with one.

use std::collections::BTreeMap;

use equipoise_data::DataError;
use equipoise_decoder::classifier::ClassifierError;
use equipoise_decoder::lif::LifError;

/// A matrix, target first: the output is the matrix times the input.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Targets.
    pub rows: usize,
    /// Sources.
    pub columns: usize,
    /// Row-major.
    pub values: Vec<f64>,
}

/// A node. The parameters of neurons have one value a neuron, or one for all.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// Where input arrives: its sizes.
    Input(Vec<usize>),
    /// Where output leaves: its sizes.
    Output(Vec<usize>),
    /// A matrix.
    Linear(Matrix),
    /// A matrix and a bias.
    Affine(Matrix, Vec<f64>),
    /// Leaky integrate-and-fire neurons with a synaptic current.
    CubaLif {
        /// Of the synaptic current, s.
        tau_syn: Vec<f64>,
        /// Of the membrane, s.
        tau_mem: Vec<f64>,
        /// Resistance.
        r: Vec<f64>,
        /// Membrane potential at rest.
        v_leak: Vec<f64>,
        /// Membrane potential after a spike.
        v_reset: Vec<f64>,
        /// Membrane potential of a spike.
        v_threshold: Vec<f64>,
        /// Gain of the input.
        w_in: Vec<f64>,
    },
    /// Leaky integrate-and-fire neurons.
    Lif {
        /// Of the membrane, s.
        tau: Vec<f64>,
        /// Resistance.
        r: Vec<f64>,
        /// Membrane potential at rest.
        v_leak: Vec<f64>,
        /// Membrane potential after a spike.
        v_reset: Vec<f64>,
        /// Membrane potential of a spike.
        v_threshold: Vec<f64>,
    },
    /// Leaky integrators.
    Li {
        /// Time constant, s.
        tau: Vec<f64>,
        /// Resistance.
        r: Vec<f64>,
        /// Value at rest.
        v_leak: Vec<f64>,
    },
    /// Leaky integrators with a synaptic current.
    CubaLi {
        /// Of the synaptic current, s.
        tau_syn: Vec<f64>,
        /// Of the membrane, s.
        tau_mem: Vec<f64>,
        /// Resistance.
        r: Vec<f64>,
        /// Value at rest.
        v_leak: Vec<f64>,
        /// Gain of the input.
        w_in: Vec<f64>,
    },
    /// What does nothing to a list of numbers: a flattening.
    Identity,
    /// A graph in the graph.
    Graph(Graph),
    /// A node of another type; which.
    Other(String),
}

impl Node {
    /// The name of its type.
    pub fn kind(&self) -> &str {
        match self {
            Node::Input(_) => "Input",
            Node::Output(_) => "Output",
            Node::Linear(_) => "Linear",
            Node::Affine(..) => "Affine",
            Node::CubaLif { .. } => "CubaLIF",
            Node::Lif { .. } => "LIF",
            Node::Li { .. } => "LI",
            Node::CubaLi { .. } => "CubaLI",
            Node::Identity => "Flatten",
            Node::Graph(_) => "NIRGraph",
            Node::Other(kind) => kind,
        }
    }
}

/// Nodes and the edges between them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Graph {
    /// By name.
    pub nodes: BTreeMap<String, Node>,
    /// From the one to the other.
    pub edges: Vec<(String, String)>,
    /// The length of a step for which it was written, s, if it says so.
    pub step: Option<f64>,
    /// What the graph alone does not say of a classifier, if it says so.
    pub network: Option<NetworkFacts>,
}

/// What is known of a classifier beside its graph.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkFacts {
    /// Names of the classes.
    pub classes: Vec<String>,
    /// The number of steps of a sample.
    pub steps: usize,
    /// The time that a step of the data stands for, ms.
    pub step_ms: f64,
    /// The first so many hidden neurons are excitatory.
    pub excitatory: usize,
    /// Whether Dale's law was kept.
    pub dale: bool,
}

/// Why a network cannot go out or come in.
#[derive(Debug, thiserror::Error)]
pub enum NirError {
    /// A network that no reader of NIR reproduces.
    #[error("no reader of NIR reproduces it: {0}")]
    NotReproduced(&'static str),
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] DataError),
    /// A node or an edge that is wrong in itself.
    #[error("node `{node}`: {problem}")]
    Node {
        /// Its name.
        node: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A graph that is no classifier of the kind that can be computed here.
    #[error("it cannot be computed here: {0}")]
    Unsuitable(String),
    /// Weights or a configuration that make no network.
    #[error(transparent)]
    Classifier(#[from] ClassifierError),
    /// Weights that make no network.
    #[error(transparent)]
    Weights(#[from] LifError),
}

impl NirError {
    /// Something wrong with a node.
    pub(super) fn node(node: &str, problem: impl Into<String>) -> NirError {
        NirError::Node { node: node.to_owned(), problem: problem.into() }
    }
}

impl Graph {
    /// The nodes to which there is an edge from this one.
    pub(super) fn after<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a str> {
        self.edges.iter().filter(move |(from, _)| from == node).map(|(_, to)| to.as_str())
    }

    /// The nodes from which there is an edge to this one.
    pub(super) fn before<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a str> {
        self.edges.iter().filter(move |(_, to)| to == node).map(|(from, _)| from.as_str())
    }

    /// The same without graphs in it: the nodes of one are named after it, and edges to it and from
    /// it go to its input and from its output.
    ///
    /// # Errors
    /// For an edge to a node that is not there.
    pub(super) fn flat(&self) -> Result<Graph, NirError> {
        let mut flat = Graph { step: self.step, network: self.network.clone(), ..Graph::default() };
        // Where an edge to a graph goes and where one from it comes from.
        let mut doors = BTreeMap::new();
        for (name, node) in &self.nodes {
            let Node::Graph(inner) = node else {
                flat.nodes.insert(name.clone(), node.clone());
                continue;
            };
            let inner = inner.flat()?;
            let within = |of: &str| format!("{name}.{of}");
            let door = |wanted: fn(&Node) -> bool| {
                let found = inner.nodes.iter().find(|(_, node)| wanted(node));
                found.map(|(inner, _)| within(inner)).ok_or_else(|| {
                    NirError::node(name, "a graph without an input or without an output")
                })
            };
            let entrance = door(|node| matches!(node, Node::Input(_)))?;
            let exit = door(|node| matches!(node, Node::Output(_)))?;
            doors.insert(name.clone(), (entrance, exit));
            for (inner, node) in inner.nodes.iter() {
                let node = match node {
                    Node::Input(_) | Node::Output(_) => Node::Identity,
                    other => other.clone(),
                };
                flat.nodes.insert(within(inner), node);
            }
            flat.edges.extend(inner.edges.iter().map(|(a, b)| (within(a), within(b))));
        }
        for (from, to) in &self.edges {
            for end in [from, to] {
                if !self.nodes.contains_key(end) {
                    return Err(NirError::node(end, "an edge names it, but it is not there"));
                }
            }
            let from = doors.get(from).map_or(from, |(_, exit)| exit).clone();
            let to = doors.get(to).map_or(to, |(entrance, _)| entrance).clone();
            flat.edges.push((from, to));
        }
        flat.edges.sort();
        flat.edges.dedup();
        Ok(flat)
    }
}
