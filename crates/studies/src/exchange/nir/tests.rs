//! Classifiers that go out and come back, and graphs of others against Euler's method.

use equipoise_decoder::classifier::{
    Classifier, ClassifierConfig, Grid, LabelledEvents, SynapseModel,
};
use equipoise_decoder::lif::{Input, Matrices, Scheme, Shape, decay};
use equipoise_encoder::code::Events;
use equipoise_random::stream;

use super::export::time_constant;
use super::graph::{Graph, Matrix, Node};
use super::{ImportSettings, NirError, Readout, STEP, export, import, read, write};

const STEPS: usize = 60;

fn draw(n: usize, size: f64, seed: u64) -> Vec<f32> {
    let mut random = stream(seed, "test/nir", 0);
    (0..n).map(|_| (random.normal() * size) as f32).collect()
}

/// A network with drawn weights; under Dale's law the first six of eight neurons are excitatory.
fn network(recurrent: bool, dale: bool, dynamics: Scheme) -> Classifier {
    let shape = Shape { inputs: 12, hidden: 8, classes: 3, recurrent };
    let config = ClassifierConfig {
        hidden: 8,
        recurrent,
        dale,
        excitatory_fraction: 0.75,
        dynamics,
        ..ClassifierConfig::default()
    };
    let (mut w1, v1, mut w2) = (draw(96, 0.5, 1), draw(64, 0.2, 2), draw(24, 0.5, 3));
    let mut v1 = v1;
    if dale {
        w1.iter_mut().for_each(|w| *w = w.abs());
        let signed = |row: usize, w: &mut f32| *w = if row < 6 { w.abs() } else { -w.abs() };
        v1.iter_mut().enumerate().for_each(|(k, w)| signed(k / 8, w));
        w2.iter_mut().enumerate().for_each(|(k, w)| signed(k / 3, w));
    }
    let weights = Matrices::from_slices(shape, &w1, recurrent.then_some(&v1[..]), &w2).unwrap();
    let grid = Grid { channels: 12, steps: STEPS, step_ms: 1.5 };
    let names = ["a", "b", "c"].map(String::from).to_vec();
    Classifier::new(config, names, grid, weights).unwrap()
}

fn events(seed: u64) -> Events {
    let mut random = stream(seed, "test/nir-events", 0);
    let samples = (0..4).map(|_| {
        let mut events: Vec<(usize, usize)> =
            (0..random.poisson(60.0)).map(|_| (random.below(STEPS), random.below(12))).collect();
        events.sort_unstable();
        events
    });
    let samples: Vec<_> = samples.collect();
    Events::from_samples(STEPS, 12, samples).unwrap()
}

#[test]
fn what_goes_out_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.nir");
    for (recurrent, dale) in [(false, true), (true, true), (false, false)] {
        let out = network(recurrent, dale, Scheme::Nir);
        for readout in [Readout::Li, Readout::CubaLi] {
            let graph = export(&out, readout, true).unwrap();
            write(&path, &graph).unwrap();
            let found = read(&path).unwrap();
            // The file holds single precision.
            assert_eq!(
                (found.step, &found.network, &found.nodes.len()),
                (Some(STEP), &graph.network, &graph.nodes.len())
            );
            let back = import(&found, &ImportSettings::default()).unwrap();
            let (a, b) = (&back.classifier, &out);
            assert_eq!(a.kernel().dynamics(), b.kernel().dynamics(), "{readout:?}");
            assert_eq!((a.classes(), a.grid()), (b.classes(), b.grid()));
            assert_eq!(a.signs(), b.signs());
            assert_eq!(back.remarks.len(), usize::from(!dale));
            assert_eq!(a.weights().input(), b.weights().input());
            assert_eq!(a.weights().recurrent(), b.weights().recurrent());
            // The gains of the integrators go into the weights and out of them again.
            for (x, y) in a.weights().readout().iter().zip(b.weights().readout()) {
                assert!((x - y).abs() <= 2.0 * f32::EPSILON * y.abs(), "{x} {y}");
            }
        }
    }
}

#[test]
fn readers_get_the_very_decays() {
    for tau in [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 100.0, 1000.0] {
        let decay = decay(1.0, tau);
        let read = 1.0 - STEP as f32 / time_constant(decay);
        // Below 0.5 single precision is finer than what is subtracted from 1.
        let exact = if decay >= 0.5 { 0.0 } else { f32::EPSILON / 2.0 };
        assert!((read - decay).abs() <= exact, "{tau}: {read} {decay}");
    }
    assert_eq!(time_constant(0.0), STEP as f32);
}

#[test]
fn what_no_reader_reproduces_is_refused() {
    let lost = network(false, true, Scheme::SpyTorch);
    assert!(matches!(export(&lost, Readout::Li, false), Err(NirError::NotReproduced(_))));
    assert!(export(&lost, Readout::Li, true).is_ok());
    // What has reversal potentials has no form there, forced or not.
    let config = ClassifierConfig { synapses: SynapseModel::Conductance, ..*lost.config() };
    let conductances =
        Classifier::new(config, lost.classes().to_vec(), lost.grid(), lost.weights().clone())
            .unwrap();
    for force in [false, true] {
        let found = export(&conductances, Readout::Li, force);
        assert!(matches!(found, Err(NirError::NotReproduced(_))));
    }
    let kept = network(true, true, Scheme::Nir);
    assert!(matches!(export(&kept, Readout::CubaLi, false), Err(NirError::NotReproduced(_))));
    for readout in [Readout::Li, Readout::None] {
        assert!(export(&kept, readout, false).is_ok());
    }
}

/// The connections that are not there go out as weights of 0.
#[test]
fn feed_forward_inhibition_goes_out_as_recurrent_weights() {
    let all = network(true, true, Scheme::Nir);
    let config =
        ClassifierConfig { recurrent: false, feed_forward_inhibition: true, ..*all.config() };
    let mut weights = all.weights().clone();
    config.signs().clamp(&mut weights);
    let out = Classifier::new(config, all.classes().to_vec(), all.grid(), weights).unwrap();
    let graph = export(&out, Readout::Li, false).unwrap();
    let back = import(&graph, &ImportSettings::default()).unwrap().classifier;
    assert!(back.config().recurrent && !back.config().feed_forward_inhibition);
    let events = events(3);
    let answers = |network: &Classifier| {
        let (input, samples) = (Input::new(&events).unwrap(), [0, 1, 2, 3]);
        network.kernel().evaluate(network.weights(), input, &samples).unwrap()
    };
    let (want, got) = (answers(&out), answers(&back));
    assert!(want.counts.iter().sum::<u32>() > 20);
    assert_eq!(want.counts, got.counts);
}

/// What Euler's method makes of a graph of one hidden layer, by node names: spikes of each hidden
/// neuron at each step, and outputs.
fn euler(graph: &Graph, sample: (&[u16], &[u16]), dt: f64) -> (Vec<Vec<bool>>, Vec<Vec<f64>>) {
    let times = |matrix: &Matrix, x: &[f64]| -> Vec<f64> {
        matrix
            .values
            .chunks_exact(matrix.columns)
            .map(|row| row.iter().zip(x).map(|(w, x)| w * x).sum())
            .collect()
    };
    let weight = |name: &str| match graph.nodes.get(name) {
        Some(Node::Linear(matrix) | Node::Affine(matrix, _)) => Some(matrix),
        _ => None,
    };
    let (w1, w2) = (weight("w1").unwrap(), weight("w2").unwrap());
    let (n, classes) = (w1.rows, w2.rows);
    let mut spikes = vec![false; n];
    let (mut i, mut v) = (vec![0.0; n], vec![0.0; n]);
    let (mut syn, mut mem) = (vec![0.0; classes], vec![0.0; classes]);
    let (mut raster, mut outputs) = (Vec::new(), Vec::new());
    for step in 0..STEPS {
        let mut x = vec![0.0; w1.columns];
        for (&at, &channel) in sample.0.iter().zip(sample.1) {
            if usize::from(at) == step {
                x[usize::from(channel)] += 1.0;
            }
        }
        let mut input = times(w1, &x);
        if let Some(matrix) = weight("w_rec") {
            let before: Vec<f64> = spikes.iter().map(|&s| f64::from(u8::from(s))).collect();
            input.iter_mut().zip(times(matrix, &before)).for_each(|(a, b)| *a += b);
        }
        let (current, tau, r, v_threshold) = match &graph.nodes["lif"] {
            Node::CubaLif { tau_syn, tau_mem, r, w_in, v_threshold, .. } => {
                for k in 0..n {
                    i[k] += dt / tau_syn[k] * (w_in[k] * input[k] - i[k]);
                }
                (i.clone(), tau_mem, r, v_threshold)
            }
            Node::Lif { tau, r, v_threshold, .. } => (input, tau, r, v_threshold),
            other => panic!("{other:?}"),
        };
        for k in 0..n {
            v[k] += dt / tau[k] * (r[k] * current[k] - v[k]);
            spikes[k] = v[k] > v_threshold[k];
            if spikes[k] {
                v[k] = 0.0;
            }
        }
        raster.push(spikes.clone());
        let read: Vec<f64> = spikes.iter().map(|&s| f64::from(u8::from(s))).collect();
        let drive = times(w2, &read);
        let li = |name: &str| match &graph.nodes[name] {
            Node::Li { tau, r, .. } => (tau.clone(), r.clone()),
            other => panic!("{other:?}"),
        };
        let drive = match graph.nodes.contains_key("syn") {
            true => {
                let (tau, r) = li("syn");
                for c in 0..classes {
                    syn[c] += dt / tau[c] * (r[c] * drive[c] - syn[c]);
                }
                syn.clone()
            }
            false => drive,
        };
        if graph.nodes.contains_key("mem") {
            let (tau, r) = li("mem");
            for c in 0..classes {
                mem[c] += dt / tau[c] * (r[c] * drive[c] - mem[c]);
            }
        } else {
            mem = drive;
        }
        outputs.push(mem.clone());
    }
    (raster, outputs)
}

/// That a classifier answers as the graph that it was made from.
fn agrees(graph: &Graph, classifier: &Classifier, dt: f64, what: &str) {
    let events = events(7);
    let labels = vec![0; events.len()];
    let data = LabelledEvents::new(events.clone(), labels, classifier.classes().to_vec()).unwrap();
    let samples: Vec<usize> = (0..events.len()).collect();
    let output =
        classifier.kernel().evaluate(classifier.weights(), data.input(), &samples).unwrap();
    let (hidden, classes) = (classifier.kernel().shape().hidden, classifier.classes().len());
    let mut total = 0;
    for sample in samples {
        let (raster, outputs) = euler(graph, events.sample(sample), dt);
        // The classifier's spikes come two steps later, its readout four.
        for neuron in 0..hidden {
            let want = raster[..STEPS - 2].iter().filter(|step| step[neuron]).count();
            assert_eq!(output.counts[sample * hidden + neuron] as usize, want, "{what}, {neuron}");
            total += want;
        }
        for class in 0..classes {
            let want = outputs[..=STEPS - 4].iter().map(|o| o[class]).fold(0.0, f64::max);
            let got = f64::from(output.logits[sample * classes + class]);
            assert!((got - want).abs() < 1e-4 * (1.0 + want), "{what}: {got} {want}");
        }
    }
    assert!(total > 50, "{what}: {total} spikes");
}

#[test]
fn what_goes_out_does_by_eulers_method_what_the_network_does() {
    for recurrent in [false, true] {
        let out = network(recurrent, true, Scheme::Nir);
        let graph = export(&out, Readout::Li, false).unwrap();
        agrees(&graph, &out, STEP, if recurrent { "recurrent" } else { "feed-forward" });
        // In the published form the network does something else.
        let lost = network(recurrent, true, Scheme::SpyTorch);
        let graph = export(&lost, Readout::Li, true).unwrap();
        let (raster, _) = euler(&graph, events(7).sample(0), STEP);
        let spikes = raster[..STEPS - 2].iter().flatten().filter(|&&s| s).count() as u64;
        assert_ne!(lost.predict(&with_step(events(7))).unwrap()[0].spikes, spikes);
    }
}

/// Events on the grid of [`network`].
fn with_step(mut events: Events) -> Events {
    events.step_ms = 1.5;
    events
}

fn matrix(rows: usize, columns: usize, size: f64, seed: u64) -> Matrix {
    let values = draw(rows * columns, size, seed).into_iter().map(f64::from).collect();
    Matrix { rows, columns, values }
}

/// A graph with these nodes in a row, and edges besides.
fn chain(nodes: &[(&str, Node)], more: &[(&str, &str)]) -> Graph {
    let path = nodes.windows(2).map(|pair| (pair[0].0, pair[1].0));
    let edges = path.chain(more.iter().copied());
    Graph {
        nodes: nodes.iter().map(|(name, node)| ((*name).to_owned(), node.clone())).collect(),
        edges: edges.map(|(a, b)| (a.to_owned(), b.to_owned())).collect(),
        ..Graph::default()
    }
}

/// A graph as another tool might have written it: gains and thresholds of their own, one time
/// constant of the readout.
fn foreign(lif: bool) -> Graph {
    let each = |least: f64, most: f64| -> Vec<f64> {
        (0..8).map(|k| least + (most - least) * f64::from(k) / 7.0).collect()
    };
    let neurons = match lif {
        true => Node::Lif {
            tau: vec![0.02; 8],
            r: each(10.0, 30.0),
            v_leak: vec![0.0; 8],
            v_reset: vec![0.0; 8],
            v_threshold: each(0.5, 1.5),
        },
        false => Node::CubaLif {
            tau_syn: vec![0.004; 8],
            tau_mem: vec![0.02; 8],
            r: each(10.0, 30.0),
            v_leak: vec![0.0; 8],
            v_reset: vec![0.0; 8],
            v_threshold: each(0.5, 1.5),
            w_in: each(1.0, 3.0),
        },
    };
    let li = Node::Li { tau: vec![0.03; 3], r: vec![5.0, 1.0, 2.0], v_leak: vec![0.0; 3] };
    chain(
        &[
            ("input", Node::Input(vec![12])),
            ("w1", Node::Affine(matrix(8, 12, 0.8, 11), vec![0.0; 8])),
            ("lif", neurons),
            ("w2", Node::Linear(matrix(3, 8, 1.0, 12))),
            ("mem", li),
            ("output", Node::Output(vec![3])),
        ],
        &[],
    )
}

#[test]
fn graphs_of_others_are_computed_as_by_eulers_method() {
    let dt = 0.001;
    let settings = ImportSettings { step: Some(dt), steps: STEPS, ..ImportSettings::default() };
    for lif in [true, false] {
        let graph = foreign(lif);
        let imported = import(&graph, &settings).unwrap();
        assert_eq!(imported.classifier.classes(), ["0", "1", "2"]);
        // And read out without integrators.
        let mut plain = graph.clone();
        plain.nodes.remove("mem");
        plain.edges.retain(|(from, to)| from != "mem" && to != "mem");
        plain.edges.push(("w2".into(), "output".into()));
        let read = import(&plain, &settings).unwrap();
        agrees(&plain, &read.classifier, dt, &format!("plain, LIF {lif}"));
        assert!(!imported.classifier.config().dale && imported.remarks.len() == 1);
        agrees(&graph, &imported.classifier, dt, &format!("LIF {lif}"));
        // The same with the hidden neurons connected among themselves, in a graph of their own.
        let mut recurrent = graph.clone();
        recurrent.nodes.insert("w_rec".into(), Node::Linear(matrix(8, 8, 0.3, 13)));
        for (a, b) in [("lif", "w_rec"), ("w_rec", "lif")] {
            recurrent.edges.push((a.into(), b.into()));
        }
        let mut inner = chain(
            &[
                ("input", Node::Input(vec![8])),
                ("lif", recurrent.nodes["lif"].clone()),
                ("output", Node::Output(vec![8])),
            ],
            &[("lif", "w_rec"), ("w_rec", "lif")],
        );
        inner.nodes.insert("w_rec".into(), recurrent.nodes["w_rec"].clone());
        let mut nested = graph.clone();
        nested.nodes.insert("lif".into(), Node::Graph(inner));
        let imported = import(&nested, &settings).unwrap();
        assert!(imported.classifier.config().recurrent);
        agrees(&recurrent, &imported.classifier, dt, &format!("recurrent LIF {lif}"));
    }
}

#[test]
fn neurons_of_one_sign_are_put_in_order() {
    let mut graph = foreign(false);
    let Some(Node::Affine(w1, _)) = graph.nodes.get_mut("w1") else { panic!() };
    w1.values.iter_mut().for_each(|w| *w = w.abs());
    let Some(Node::Linear(w2)) = graph.nodes.get_mut("w2") else { panic!() };
    // Every other neuron is inhibitory; a column is a neuron.
    for (k, w) in w2.values.iter_mut().enumerate() {
        *w = if k % 2 == 0 { -w.abs() } else { w.abs() };
    }
    let settings = ImportSettings { step: Some(0.001), steps: STEPS, ..ImportSettings::default() };
    let imported = import(&graph, &settings).unwrap();
    let signs = imported.classifier.signs();
    assert_eq!((signs.excitatory, signs.dale), (4, true));
    assert!(signs.hold(imported.classifier.weights()));
    assert_eq!(imported.remarks.len(), 1);
    // Neuron k of the classifier is neuron 2 k + 1 of the graph, then the even ones.
    let events = events(7);
    let total = |classifier: &Classifier| {
        let mut events = events.clone();
        events.step_ms = classifier.grid().step_ms;
        classifier.predict(&events).unwrap().iter().map(|p| p.spikes).sum::<u64>()
    };
    let (raster, _) = euler(&graph, events.sample(0), 0.001);
    let want = raster[..STEPS - 2].iter().flatten().filter(|&&s| s).count() as u64;
    let mut one = events.clone();
    one.step_ms = imported.classifier.grid().step_ms;
    assert_eq!(imported.classifier.predict(&one).unwrap()[0].spikes, want);
    assert!(total(&imported.classifier) > want);
}

/// What makes a graph unsuitable.
type Change = Box<dyn Fn(&mut Graph)>;

#[test]
fn what_classifiers_are_not_is_refused() {
    let settings = ImportSettings { step: Some(0.001), ..ImportSettings::default() };
    let refused = |change: &dyn Fn(&mut Graph)| {
        let mut graph = foreign(false);
        change(&mut graph);
        let error = import(&graph, &settings).unwrap_err();
        assert!(!error.to_string().contains('\n'));
        error
    };
    let node = |name: &'static str, node: Node| {
        move |graph: &mut Graph| {
            graph.nodes.insert(name.to_owned(), node.clone());
        }
    };
    let li = |tau: Vec<f64>, v_leak| Node::Li { tau, r: vec![1.0; 3], v_leak: vec![v_leak; 3] };
    let unsuitable: Vec<Change> = vec![
        Box::new(node("w1", Node::Affine(matrix(8, 12, 0.8, 11), vec![0.1; 8]))),
        Box::new(node("mem", li(vec![0.03, 0.03, 0.04], 0.0))),
        Box::new(node("mem", li(vec![0.0005; 3], 0.0))),
        Box::new(node("mem", li(vec![0.03; 3], 0.5))),
        Box::new(node("mem", Node::Other("Conv2d".into()))),
        Box::new(node("w2", Node::Linear(matrix(3, 7, 1.0, 12)))),
        Box::new(node("more", Node::Input(vec![12]))),
        Box::new(|graph: &mut Graph| {
            let Some(Node::CubaLif { v_reset, .. }) = graph.nodes.get_mut("lif") else { panic!() };
            v_reset[0] = -1.0;
        }),
        Box::new(|graph: &mut Graph| {
            graph.edges.retain(|(from, _)| from != "lif");
            graph.edges.push(("lif".into(), "output".into()));
        }),
        Box::new(|graph: &mut Graph| graph.edges.clear()),
    ];
    for change in &unsuitable {
        let error = refused(&**change);
        assert!(matches!(error, NirError::Unsuitable(_)), "{error:?}");
    }
    let error = refused(&|graph: &mut Graph| graph.edges.push(("lif".into(), "no one".into())));
    assert!(matches!(error, NirError::Node { .. }), "{error:?}");
}

#[test]
fn damaged_files_are_refused_in_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.nir");
    let graph = export(&network(true, true, Scheme::Nir), Readout::Li, false).unwrap();
    write(&path, &graph).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for cut in [0, 1, 50, 96, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        assert!(!read(&path).unwrap_err().to_string().contains('\n'), "cut at {cut}");
    }
    let mut random = stream(5, "test/nir-damage", 0);
    for _ in 0..300 {
        let mut bytes = whole.clone();
        let at = random.below(bytes.len());
        bytes[at] = random.below(256) as u8;
        std::fs::write(&path, &bytes).unwrap();
        let found = read(&path).and_then(|graph| import(&graph, &ImportSettings::default()));
        if let Err(error) = found {
            assert!(!error.to_string().contains('\n'), "{error}");
        }
    }
}
