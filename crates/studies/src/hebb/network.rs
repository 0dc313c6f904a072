//! One network that learns a one-to-one map by Hebb's rule.

use std::path::Path;

use equipoise_figure::{Axis, Color, Figure, Line, Panel, Plot};
use equipoise_plasticity::hebb::{
    Allotment, HebbConfig, HebbError, Mapping, Network, NeuronType, Trainer, trainer,
};
use equipoise_random::stream;
use equipoise_report::{Cell, Column, Report, Step, Table};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dynamics::{Dynamics, Trace, stopped_or_failed, sums_plot, weights_plot};
use crate::context::Unit;
use crate::schema::parameters;
use crate::strip;
use crate::{Context, Identity, Metrics, OrStudyError, Settings, Study, StudyError};

/// Seconds that a network of the usual size takes one core.
const SECONDS: f64 = 0.01;

/// What a person can say of the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkSettings {
    /// Seed of the mapping, the types and the initial weights.
    pub seed: u64,
    /// The targets of the inputs in order; empty to draw them.
    pub mapping: String,
    /// The types of all neurons; empty to draw them with the numbers below.
    pub types: String,
    /// Inhibitory input neurons, where types are drawn; half of them if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inhibitory_inputs: Option<usize>,
    /// Inhibitory hidden neurons, where types are drawn; half of them if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inhibitory_hidden: Option<usize>,
    /// Epochs that are traced.
    #[schemars(range(min = 1, max = 100000))]
    pub trace_epochs: usize,
    /// The network and its rule.
    pub hebb: HebbConfig,
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            mapping: String::new(),
            types: String::new(),
            inhibitory_inputs: None,
            inhibitory_hidden: None,
            trace_epochs: 200,
            hebb: HebbConfig::default(),
        }
    }
}

impl Settings for NetworkSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        self.hebb.validate().map_err(|e| e.to_string())?;
        if !(1..=100_000).contains(&self.trace_epochs) {
            return Err(format!("trace_epochs is {}; it is 1 to 100000", self.trace_epochs));
        }
        let hidden = self.hebb.hidden_neurons();
        for (key, given, all) in [
            ("inhibitory_inputs", self.inhibitory_inputs, self.hebb.neurons),
            ("inhibitory_hidden", self.inhibitory_hidden, hidden),
        ] {
            if given.is_some_and(|given| given > all) {
                return Err(format!("{key} is {}; there are {all}", given.unwrap_or(0)));
            }
        }
        // A network of these types that learns this mapping exists only if all of them fit.
        let (mapping, types) = self.network().map_err(|e| e.to_string())?;
        let network = Network::random(&self.hebb, &types, &mut stream(0, "validate", 0));
        let network = network.map_err(|e| e.to_string())?;
        Trainer::new(&self.hebb, &mapping, network).map_err(|e| e.to_string())?;
        Ok(())
    }
}

impl NetworkSettings {
    /// The mapping and the types that were given or, from streams of their own, drawn.
    ///
    /// # Errors
    /// If what was given is no mapping or no types.
    pub fn network(&self) -> Result<(Mapping, Allotment), HebbError> {
        let (n, layers) = (self.hebb.neurons, self.hebb.layers);
        let mapping = if self.mapping.is_empty() {
            Mapping::new(&stream(self.seed, "hebb/mapping", 0).permutation(n))?
        } else {
            self.mapping.parse()?
        };
        let types = if self.types.is_empty() {
            let mut stream = stream(self.seed, "hebb/types", 0);
            let hidden = self.hebb.hidden_neurons();
            let mut masks = vec![0u64; layers];
            for input in stream.choose(n, self.inhibitory_inputs.unwrap_or(n / 2)) {
                masks[0] |= 1 << input;
            }
            for neuron in stream.choose(hidden, self.inhibitory_hidden.unwrap_or(hidden / 2)) {
                masks[1 + neuron / n] |= 1 << (neuron % n);
            }
            Allotment::from_masks(n, &masks)?
        } else {
            self.types.parse()?
        };
        Ok((mapping, types))
    }
}

/// What became of the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkResults {
    /// What was asked.
    pub settings: NetworkSettings,
    /// The mapping that it was to learn.
    pub mapping: Mapping,
    /// The epoch at which it converged.
    pub converged_at: Option<usize>,
    /// Epochs trained.
    pub epochs: usize,
    /// Whether the weights at the end show the mapping exactly.
    pub exact_at_end: bool,
    /// The weights at the end, `[layer][pre][post][edge]`.
    pub weights: Vec<f64>,
    /// The types of its neurons, and how it moved over the first epochs.
    pub dynamics: Dynamics,
}

impl NetworkResults {
    fn verdict(&self) -> String {
        let criterion = self.settings.hebb.criterion;
        match self.converged_at {
            Some(epoch) => format!("converged ({criterion}) at epoch {epoch}"),
            None => format!("not converged ({criterion}) in {} epochs", self.epochs),
        }
    }
}

/// One network; the whole of it is one unit.
#[derive(Debug)]
pub struct OneNetwork;

impl Study for OneNetwork {
    const NAME: &'static str = "hebb-run";
    type Settings = NetworkSettings;
    type Inputs = ();
    type Results = NetworkResults;

    fn open(_: &NetworkSettings, _: &Path) -> Result<(), StudyError> {
        Ok(())
    }

    fn run(
        settings: &NetworkSettings,
        (): &(),
        context: &Context<'_>,
    ) -> Result<NetworkResults, StudyError> {
        let identity = Identity::new().with_settings("settings", settings);
        let unit = Unit::new("network").seed(settings.seed).seconds(SECONDS);
        let results = context.unit(unit, &identity, || {
            let (mapping, types) = settings.network().or_settings()?;
            let NetworkSettings { hebb, seed, trace_epochs, .. } = settings;
            let trainer = trainer(hebb, &mapping, &types, *seed, 0).or_settings()?;
            let outcome = trainer.run_while(|_| context.poll()).map_err(stopped_or_failed)?;
            let trace = Trace::of(hebb, &mapping, &types, *seed, *trace_epochs, || context.poll())?;
            Ok(NetworkResults {
                settings: settings.clone(),
                mapping,
                converged_at: outcome.converged_at,
                epochs: outcome.epochs,
                exact_at_end: outcome.exact_at_end,
                weights: outcome.weights,
                dynamics: Dynamics { hebb: hebb.clone(), types, trace },
            })
        })?;
        context.write("trace.csv", trace_table(&results.dynamics.trace).to_csv().as_bytes())?;
        Ok(results)
    }

    fn report(results: &NetworkResults) -> Report {
        let NetworkResults { settings, mapping, dynamics, .. } = results;
        let exactly = if results.exact_at_end { "exactly" } else { "not exactly" };
        let mut report = Report::new(match results.converged_at {
            Some(_) => "A network has learned a one-to-one map by Hebb's rule",
            None => "A network has not learned a one-to-one map by Hebb's rule",
        });
        report
            .subtitle(&format!(
                "mapping {mapping}, types {}, seed {}",
                dynamics.types, settings.seed
            ))
            .strip(steps(results))
            .found(&format!(
                "Rule: {}. The network has {}. With the weights at the end of its last epoch it \
                 shows the map {exactly}.",
                settings.hebb.variants,
                results.verdict()
            ))
            .figure(
                "traces",
                &figure(results),
                "Weights and outputs at the end of each epoch. Dashed: the fixed points and the \
                 amplitudes of the plain rule, for the last input presented.",
            )
            .table("weights", &weights_table(settings, &results.weights))
            .heading("Network and rule")
            .table(
                "parameters",
                &parameters("Parameters of network and rule", &[("", &settings.hebb)]),
            );
        report
    }

    fn metrics(results: &NetworkResults) -> Metrics {
        let mut metrics = Metrics::default();
        metrics.put("converged", u8::from(results.converged_at.is_some()));
        metrics.put_some("converged_at", results.converged_at.map(|epoch| epoch as f64));
        metrics.count("epochs", results.epochs);
        metrics.put("exact_at_end", u8::from(results.exact_at_end));
        metrics
    }

    fn summary_within(results: &NetworkResults, _: usize) -> String {
        let NetworkResults { settings, mapping, dynamics, .. } = results;
        let mut text =
            format!("mapping {mapping}, types {}: {}\n", dynamics.types, results.verdict());
        let row = settings.hebb.neurons * settings.hebb.variants.edges;
        for row in results.weights.chunks(row).take(16) {
            let row: Vec<String> = row.iter().map(|w| format!("{w:12.8}")).collect();
            text += &row.join(" ");
            text.push('\n');
        }
        text
    }
}

/// What was done: the mapping, the weights over the epochs, the outputs.
fn steps(results: &NetworkResults) -> [Step; 3] {
    let Dynamics { hebb, trace, .. } = &results.dynamics;
    let epochs = trace.epochs();
    let shown = trace.weights.first().map_or(0, Vec::len).min(32);
    let weights: Vec<Vec<f64>> =
        (0..shown).map(|at| trace.weights.iter().map(|weights| weights[at]).collect()).collect();
    let curves = weights.iter().map(|weight| {
        let last = weight.last().copied().unwrap_or(0.0);
        (&epochs[..], &weight[..], if last < 0.0 { Color::INHIBITORY } else { Color::EXCITATORY })
    });
    let mut learnt = Step::new("Weights", &format!("over {} epochs", epochs.len().max(1) - 1));
    if let Some(figure) = strip::curves(curves) {
        learnt = learnt.figure(&figure);
    }
    let network = format!("{} layers of {} neurons", hebb.layers, hebb.neurons);
    [
        Step::new("Mapping", &format!("{}, {network}", results.mapping)),
        learnt,
        Step::new("Outputs", &results.verdict()),
    ]
}

fn whole(value: usize) -> Cell {
    value.try_into().map_or(Cell::Missing, Cell::Integer)
}

fn weights_table(settings: &NetworkSettings, weights: &[f64]) -> Table {
    let (n, edges) = (settings.hebb.neurons, settings.hebb.variants.edges);
    let mut table = Table::new("Weights at the end of the run")
        .column(Column::integer("layer"))
        .column(Column::integer("from"))
        .column(Column::integer("to"))
        .column(Column::integer("edge"))
        .column(Column::number("weight").decimals(8));
    for (at, &weight) in weights.iter().enumerate() {
        table.row([
            whole(at / (n * n * edges)),
            whole(at / (n * edges) % n),
            whole(at / edges % n),
            whole(at % edges),
            weight.into(),
        ]);
    }
    table
}

fn trace_table(trace: &Trace) -> Table {
    let mut table = Table::new("The state after each epoch")
        .column(Column::integer("epoch"))
        .column(Column::number("weakest target"))
        .column(Column::number("strongest other output"))
        .column(Column::integer("inputs with a code of their own"));
    for index in 0..trace.weights.first().map_or(0, Vec::len) {
        table = table.column(Column::number(&format!("weight {index}")));
    }
    for (epoch, weights) in trace.weights.iter().enumerate() {
        let mut row = vec![
            whole(epoch),
            trace.weakest_target[epoch].into(),
            trace.strongest_other[epoch].map_or(Cell::Missing, Cell::from),
            whole(trace.distinct_codes[epoch]),
        ];
        row.extend(weights.iter().map(|&weight| Cell::Number(weight)));
        table.row(row);
    }
    table
}

fn figure(results: &NetworkResults) -> Figure {
    let Dynamics { hebb, trace, .. } = &results.dynamics;
    let mut figure = Figure::new().columns(2);
    let last = hebb.layers - 2;
    for layer in if last == 0 { vec![0] } else { vec![0, last] } {
        for kind in [NeuronType::Excitatory, NeuronType::Inhibitory] {
            if let Some(plot) = weights_plot(&results.dynamics, layer, kind) {
                figure = figure.panel(plot);
            }
        }
    }
    let distinct: Vec<f64> = trace.distinct_codes.iter().map(|&count| count as f64).collect();
    let codes = Plot::new("Hidden codes")
        .x_axis(trace.epoch_axis())
        .y_axis(Axis::new("inputs with a code of their own").range(-0.2, hebb.neurons as f64 + 0.2))
        .with(Line::new(&trace.epochs(), &distinct).steps().color(Color::NET));
    let sums = sums_plot("Output sums", trace, results.converged_at);
    figure.panel(Panel::new(sums)).panel(codes)
}
