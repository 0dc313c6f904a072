//! Graphs as HDF5 files, in the layout of the Python package `nir` 1.0.

use std::path::Path;

use equipoise_data::tree::{self, Group, Item, Numbers, Texts};
use equipoise_data::{GoOn, TO_THE_END};

use super::graph::{Graph, Matrix, NetworkFacts, NirError, Node};

/// The version of the layout that is written.
const VERSION: &str = "1.0.8";
/// Graphs within graphs.
const DEEPEST: usize = 8;

/// Writes a graph; the file is there only once it is whole.
///
/// # Errors
/// [`NirError::File`] if it cannot be written; [`NirError::Node`] for a node of another type.
pub fn write(path: &Path, graph: &Graph) -> Result<(), NirError> {
    let root = Group::from([
        ("node".to_owned(), Item::Group(graph_group(graph)?)),
        ("version".to_owned(), Item::text(VERSION)),
    ]);
    Ok(tree::write(path, &root)?)
}

fn graph_group(graph: &Graph) -> Result<Group, NirError> {
    let mut nodes = Group::new();
    for (name, node) in &graph.nodes {
        nodes.insert(name.clone(), Item::Group(node_group(name, node)?));
    }
    let ends = graph.edges.iter().flat_map(|(from, to)| [from.clone(), to.clone()]).collect();
    let edges = Texts { shape: vec![graph.edges.len(), 2], values: ends };
    let mut group = Group::from([
        ("edges".to_owned(), Item::Texts(edges)),
        ("nodes".to_owned(), Item::Group(nodes)),
        ("type".to_owned(), Item::text("NIRGraph")),
    ]);
    let mut metadata = Group::new();
    if let Some(step) = graph.step {
        metadata.insert("dt".to_owned(), Item::number(step));
    }
    if let Some(facts) = &graph.network {
        let NetworkFacts { classes, steps, step_ms, excitatory, dale } = facts;
        let names = Texts { shape: vec![classes.len()], values: classes.clone() };
        metadata.insert("classes".to_owned(), Item::Texts(names));
        metadata.insert("steps".to_owned(), Item::number(*steps as f64));
        metadata.insert("step_ms".to_owned(), Item::number(*step_ms));
        metadata.insert("excitatory".to_owned(), Item::number(*excitatory as f64));
        metadata.insert("dale".to_owned(), Item::number(f64::from(u8::from(*dale))));
    }
    if !metadata.is_empty() {
        group.insert("metadata".to_owned(), Item::Group(metadata));
    }
    Ok(group)
}

fn node_group(name: &str, node: &Node) -> Result<Group, NirError> {
    let list = |values: &[f64]| Item::floats(&[values.len()], values.iter().map(|&x| x as f32));
    let matrix =
        |m: &Matrix| Item::floats(&[m.rows, m.columns], m.values.iter().map(|&x| x as f32));
    let mut parts: Vec<(&str, Item)> = match node {
        Node::Input(shape) | Node::Output(shape) => vec![("shape", Item::whole(shape))],
        Node::Linear(weight) => vec![("weight", matrix(weight))],
        Node::Affine(weight, bias) => vec![("weight", matrix(weight)), ("bias", list(bias))],
        Node::CubaLif { tau_syn, tau_mem, r, v_leak, v_reset, v_threshold, w_in } => vec![
            ("tau_syn", list(tau_syn)),
            ("tau_mem", list(tau_mem)),
            ("r", list(r)),
            ("v_leak", list(v_leak)),
            ("v_reset", list(v_reset)),
            ("v_threshold", list(v_threshold)),
            ("w_in", list(w_in)),
        ],
        Node::Lif { tau, r, v_leak, v_reset, v_threshold } => vec![
            ("tau", list(tau)),
            ("r", list(r)),
            ("v_leak", list(v_leak)),
            ("v_reset", list(v_reset)),
            ("v_threshold", list(v_threshold)),
        ],
        Node::Li { tau, r, v_leak } => {
            vec![("tau", list(tau)), ("r", list(r)), ("v_leak", list(v_leak))]
        }
        Node::CubaLi { tau_syn, tau_mem, r, v_leak, w_in } => vec![
            ("tau_syn", list(tau_syn)),
            ("tau_mem", list(tau_mem)),
            ("r", list(r)),
            ("v_leak", list(v_leak)),
            ("w_in", list(w_in)),
        ],
        Node::Graph(graph) => return graph_group(graph),
        Node::Identity | Node::Other(_) => {
            return Err(NirError::node(name, format!("a {} is not written", node.kind())));
        }
    };
    parts.push(("type", Item::text(node.kind())));
    Ok(parts.into_iter().map(|(name, item)| (name.to_owned(), item)).collect())
}

/// Reads a graph.
///
/// # Errors
/// [`NirError::File`] if it cannot be read or is no HDF5 file; [`NirError::Node`] for what is wrong in
/// it.
pub fn read(path: &Path) -> Result<Graph, NirError> {
    read_while(path, TO_THE_END)
}

/// [`read`], as long as it is to go on.
///
/// # Errors
/// As there.
pub fn read_while(path: &Path, go_on: GoOn<'_>) -> Result<Graph, NirError> {
    let mut root = tree::read(path, go_on)?;
    let Some(Item::Group(node)) = root.remove("node") else {
        return Err(NirError::node("/node", "it is missing: not a file of NIR"));
    };
    match parse_node("/node", node, 0)? {
        Node::Graph(graph) => Ok(graph),
        other => {
            let problem = format!("a {}, where a NIRGraph was expected", other.kind());
            Err(NirError::node("/node", problem))
        }
    }
}

/// The parts of a node, taken out one by one.
struct Parts<'a> {
    name: &'a str,
    group: Group,
}

impl Parts<'_> {
    fn wrong(&self, part: &str, problem: &str) -> NirError {
        NirError::node(self.name, format!("`{part}` {problem}"))
    }

    fn numbers(&mut self, part: &str) -> Result<Numbers, NirError> {
        let found = match self.group.remove(part) {
            Some(Item::Numbers(numbers)) => numbers,
            Some(_) => return Err(self.wrong(part, "is no array of numbers")),
            None => return Err(self.wrong(part, "is missing")),
        };
        match found.values.iter().all(|x| x.is_finite()) {
            true => Ok(found),
            false => Err(self.wrong(part, "has a value that is not a number")),
        }
    }

    fn list(&mut self, part: &str) -> Result<Vec<f64>, NirError> {
        Ok(self.numbers(part)?.values)
    }

    /// A list that older files do not have: then zeros.
    fn list_or_zeros(&mut self, part: &str, like: &[f64]) -> Result<Vec<f64>, NirError> {
        match self.group.contains_key(part) {
            true => self.list(part),
            false => Ok(vec![0.0; like.len()]),
        }
    }

    fn matrix(&mut self) -> Result<Matrix, NirError> {
        let Numbers { shape, values, .. } = self.numbers("weight")?;
        match *shape {
            [rows, columns] => Ok(Matrix { rows, columns, values }),
            _ => Err(self.wrong("weight", &format!("has the sizes {shape:?}, not two of them"))),
        }
    }

    fn shape(&mut self) -> Result<Vec<usize>, NirError> {
        let whole = |&x: &f64| (x >= 0.0 && x.fract() == 0.0 && x < 1e9).then_some(x as usize);
        let shape: Option<Vec<usize>> = self.list("shape")?.iter().map(whole).collect();
        shape.ok_or_else(|| self.wrong("shape", "has no whole numbers"))
    }
}

fn parse_node(name: &str, mut group: Group, depth: usize) -> Result<Node, NirError> {
    if depth > DEEPEST {
        return Err(NirError::node(name, format!("graphs more than {DEEPEST} deep")));
    }
    let kind = match group.remove("type") {
        Some(Item::Texts(Texts { values, .. })) if values.len() == 1 => values.concat(),
        _ => return Err(NirError::node(name, "`type` is missing or not a text")),
    };
    let mut parts = Parts { name, group };
    Ok(match kind.as_str() {
        "Input" => Node::Input(parts.shape()?),
        "Output" => Node::Output(parts.shape()?),
        "Linear" => Node::Linear(parts.matrix()?),
        "Affine" => Node::Affine(parts.matrix()?, parts.list("bias")?),
        "CubaLIF" => {
            let v_threshold = parts.list("v_threshold")?;
            Node::CubaLif {
                tau_syn: parts.list("tau_syn")?,
                tau_mem: parts.list("tau_mem")?,
                r: parts.list("r")?,
                v_leak: parts.list("v_leak")?,
                v_reset: parts.list_or_zeros("v_reset", &v_threshold)?,
                w_in: parts.list("w_in")?,
                v_threshold,
            }
        }
        "LIF" => {
            let v_threshold = parts.list("v_threshold")?;
            Node::Lif {
                tau: parts.list("tau")?,
                r: parts.list("r")?,
                v_leak: parts.list("v_leak")?,
                v_reset: parts.list_or_zeros("v_reset", &v_threshold)?,
                v_threshold,
            }
        }
        "LI" => {
            Node::Li { tau: parts.list("tau")?, r: parts.list("r")?, v_leak: parts.list("v_leak")? }
        }
        "CubaLI" => Node::CubaLi {
            tau_syn: parts.list("tau_syn")?,
            tau_mem: parts.list("tau_mem")?,
            r: parts.list("r")?,
            v_leak: parts.list("v_leak")?,
            w_in: parts.list("w_in")?,
        },
        "Flatten" => Node::Identity,
        "NIRGraph" => Node::Graph(parse_graph(&mut parts, depth)?),
        _ => Node::Other(kind),
    })
}

fn parse_graph(parts: &mut Parts<'_>, depth: usize) -> Result<Graph, NirError> {
    let Some(Item::Group(members)) = parts.group.remove("nodes") else {
        return Err(parts.wrong("nodes", "is missing"));
    };
    let mut graph = Graph::default();
    for (name, item) in members {
        let Item::Group(group) = item else {
            return Err(NirError::node(&name, "not a group"));
        };
        graph.nodes.insert(name.clone(), parse_node(&name, group, depth + 1)?);
    }
    graph.edges = match parts.group.remove("edges") {
        Some(Item::Texts(Texts { shape, values })) if shape.len() == 2 && shape[1] == 2 => {
            values.chunks_exact(2).map(|ends| (ends[0].clone(), ends[1].clone())).collect()
        }
        // Of no edges h5py writes an array of numbers.
        Some(Item::Numbers(numbers)) if numbers.values.is_empty() => Vec::new(),
        _ => return Err(parts.wrong("edges", "is missing, or no pairs of names")),
    };
    if let Some(Item::Group(mut metadata)) = parts.group.remove("metadata") {
        let mut number = |name: &str| match metadata.remove(name) {
            Some(Item::Numbers(numbers)) if numbers.values.len() == 1 => Some(numbers.values[0]),
            _ => None,
        };
        let whole = |x: f64| (x >= 0.0 && x.fract() == 0.0 && x < 1e9).then_some(x as usize);
        graph.step = number("dt").filter(|&dt| dt > 0.0 && dt.is_finite());
        let (steps, excitatory) = (number("steps").and_then(whole), number("excitatory"));
        let (step_ms, dale) = (number("step_ms"), number("dale"));
        let classes = match metadata.remove("classes") {
            Some(Item::Texts(texts)) => Some(texts.values),
            _ => None,
        };
        if let (Some(classes), Some(steps), Some(step_ms), Some(excitatory), Some(dale)) =
            (classes, steps, step_ms, excitatory.and_then(whole), dale)
        {
            let dale = dale != 0.0;
            graph.network = Some(NetworkFacts { classes, steps, step_ms, excitatory, dale });
        }
    }
    Ok(graph)
}
