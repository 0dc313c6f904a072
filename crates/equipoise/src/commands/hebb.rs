//! `equipoise hebb`: one network that learns a one-to-one map by Hebb's rule.

use equipoise_figure::{Axis, Color, Dash, Figure, Line, Panel, Plot, Rule};
use equipoise_plasticity::hebb::theory::{excitatory_fixed_point, inhibitory_amplitude};
use equipoise_plasticity::hebb::{
    Allotment, HebbConfig, Mapping, Network, NeuronType, Trainer, trainer,
};
use equipoise_random::stream;
use equipoise_report::{Cell, Column, Report, Table};
use serde::{Deserialize, Serialize};

use crate::Global;
use crate::console::print;
use crate::failure::{OrFail, Outcome};
use crate::interrupt;
use crate::job::{self, Job, RunArgs};
use crate::settings::Flags;

/// Learn one-to-one maps by Hebb's rule.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Train one network and show how its weights and outputs move
    ///
    /// The study over every mapping, E/I ratio and variant is `equipoise study hebb`.
    Run(Box<NetworkArgs>),
}

/// The network and its rule, for one network as for the study.
#[derive(Debug, clap::Args)]
pub struct RuleArgs {
    /// Neurons in each layer
    #[arg(long, value_name = "N")]
    neurons: Option<usize>,
    /// Layers, with input and output
    #[arg(long, value_name = "N")]
    layers: Option<usize>,
    /// exact, argmax, first-firing, target-fires or frozen
    #[arg(long, value_name = "NAME")]
    criterion: Option<String>,
    /// Rate of learning and of forgetting, in (0, 1)
    #[arg(long, value_name = "RATE")]
    epsilon: Option<f64>,
    /// The most epochs of a run
    #[arg(long, value_name = "N")]
    max_epochs: Option<usize>,
}

impl RuleArgs {
    /// The flags for a [`HebbConfig`] at this key.
    pub fn flags(&self, key: &str) -> Flags {
        Flags::default()
            .set(format!("{key}.neurons"), &self.neurons)
            .set(format!("{key}.layers"), &self.layers)
            .set(format!("{key}.criterion"), &self.criterion)
            .set(format!("{key}.epsilon"), &self.epsilon)
            .set(format!("{key}.max_epochs"), &self.max_epochs)
    }
}

#[derive(Debug, clap::Args)]
struct NetworkArgs {
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    rule: RuleArgs,
    /// Targets of the inputs in order, such as 2-0-1-3 [default: drawn]
    #[arg(long, value_name = "MAP")]
    mapping: Option<String>,
    /// Types of all neurons, such as 'IEEE|EEII|EEEE' [default: drawn]
    #[arg(long, value_name = "TYPES")]
    types: Option<String>,
    /// Inhibitory input neurons, where types are drawn [default: half]
    #[arg(long, value_name = "N")]
    inhibitory_inputs: Option<usize>,
    /// Inhibitory hidden neurons, where types are drawn [default: half]
    #[arg(long, value_name = "N")]
    inhibitory_hidden: Option<usize>,
    /// Epochs that are drawn and written, converged or not
    #[arg(long, value_name = "N")]
    trace_epochs: Option<usize>,
}

/// What a person can say about the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Config {
    seed: u64,
    /// The targets of the inputs in order; empty to draw them.
    mapping: String,
    /// The types of all neurons; empty to draw them with the numbers below.
    types: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    inhibitory_inputs: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inhibitory_hidden: Option<usize>,
    /// Epochs that are traced.
    trace_epochs: usize,
    hebb: HebbConfig,
}

impl Default for Config {
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

impl job::Config for Config {
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

impl Config {
    /// The mapping and the types that were given or, from streams of their own, drawn.
    fn network(&self) -> Result<(Mapping, Allotment), equipoise_plasticity::hebb::HebbError> {
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

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let Command::Run(args) = &args.command;
    let flags = args
        .rule
        .flags("hebb")
        .set("mapping", &args.mapping)
        .set("types", &args.types)
        .set("inhibitory_inputs", &args.inhibitory_inputs)
        .set("inhibitory_hidden", &args.inhibitory_hidden)
        .set("trace_epochs", &args.trace_epochs);
    Job::<Config>::open("hebb-run", &args.run, flags, global)?.run(work)
}

/// The most weights that are traced one by one; of a larger network the first ones are.
const TRACED_WEIGHTS: usize = 512;

/// What was seen of a network after each epoch, the initial state first.
pub struct Trace {
    /// The first weights, `[epoch][layer, pre, post, edge]`.
    pub weights: Vec<Vec<f64>>,
    /// The smallest raw sum of a target.
    pub weakest_target: Vec<f64>,
    /// The largest raw sum of an output that is not the target.
    pub strongest_other: Vec<f64>,
    /// Inputs whose hidden code no other input shares.
    pub distinct_codes: Vec<f64>,
}

fn work(job: &Job<Config>) -> Outcome {
    let config = &job.config;
    let (mapping, types) = config.network().or_request()?;
    let trainer = trainer(&config.hebb, &mapping, &types, config.seed, 0).or_run()?;
    let outcome = trainer.run_while(|_| interrupt::poll());
    interrupt::check()?;
    let outcome = outcome.or_run()?;
    let trace = trace(&config.hebb, &mapping, &types, config.seed, config.trace_epochs)?;

    let verdict = match outcome.converged_at {
        Some(epoch) => format!("converged ({}) at epoch {epoch}", config.hebb.criterion),
        None => format!("not converged ({}) in {} epochs", config.hebb.criterion, outcome.epochs),
    };
    job.dir.write_csv("trace", &trace_table(&trace)).or_run()?;

    let mut report = Report::new("A network learns a one-to-one map by Hebb's rule");
    report.subtitle(&format!("mapping {mapping}, types {types}, seed {}", config.seed));
    report.summary(&format!(
        "Rule: {}. The network has {verdict}. At the end of its last epoch the map is {} shown \
         exactly.",
        config.hebb.variants,
        if outcome.exact_at_end { "" } else { "not" }
    ));
    report.figure(
        "traces",
        &traces_figure(config, &types, &trace, outcome.converged_at),
        "Weights and outputs at the end of each epoch. Dashed: the fixed points and the \
         amplitudes of the plain rule, for the last input presented.",
    );
    report.table("weights", &weights_table(config, &outcome.weights));
    job.dir.save_report(&report).or_run()?;

    print(format!("mapping {mapping}, types {types}: {verdict}"));
    for row in outcome.weights.chunks(config.hebb.neurons * config.hebb.variants.edges).take(16) {
        print(row.iter().map(|w| format!("{w:12.8}")).collect::<Vec<_>>().join(" "));
    }
    Ok(())
}

/// Trains the network that `train` of the library makes of the seed, index 0, and watches it.
pub fn trace(
    hebb: &HebbConfig,
    mapping: &Mapping,
    types: &Allotment,
    seed: u64,
    epochs: usize,
) -> Outcome<Trace> {
    let n = hebb.neurons;
    // The stream of `train`, so that what is drawn is the run that is reported.
    let mut stream = stream(seed, "plasticity/hebb/initial-weights", 0);
    let network = Network::random(hebb, types, &mut stream).or_run()?;
    let mut trainer = Trainer::new(hebb, mapping, network).or_run()?;
    let mut trace = Trace {
        weights: Vec::new(),
        weakest_target: Vec::new(),
        strongest_other: Vec::new(),
        distinct_codes: Vec::new(),
    };
    let mut firing = vec![0; n * (hebb.layers - 1)];
    let mut sums = vec![0.0; n * n];
    for epoch in 0..=epochs {
        if epoch > 0 {
            trainer.epoch();
            interrupt::check()?;
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
        trace.strongest_other.push(if n > 1 { other } else { f64::NAN });
        trace.distinct_codes.push(distinct as f64);
        let weights = trainer.network().weights();
        trace.weights.push(weights[..weights.len().min(TRACED_WEIGHTS)].to_vec());
    }
    Ok(trace)
}

fn weights_table(config: &Config, weights: &[f64]) -> Table {
    let (n, edges) = (config.hebb.neurons, config.hebb.variants.edges);
    let mut table = Table::new("Weights at the end of the run")
        .column(Column::integer("layer"))
        .column(Column::integer("from"))
        .column(Column::integer("to"))
        .column(Column::integer("edge"))
        .column(Column::number("weight").decimals(8));
    for (at, &weight) in weights.iter().enumerate() {
        let whole = |value: usize| Cell::Integer(value as i64);
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
    for index in 0..trace.weights[0].len() {
        table = table.column(Column::number(&format!("weight {index}")));
    }
    for (epoch, weights) in trace.weights.iter().enumerate() {
        let mut row = vec![
            Cell::Integer(epoch as i64),
            trace.weakest_target[epoch].into(),
            trace.strongest_other[epoch].into(),
            Cell::Integer(trace.distinct_codes[epoch] as i64),
        ];
        row.extend(weights.iter().map(|&weight| Cell::Number(weight)));
        table.row(row);
    }
    table
}

fn traces_figure(
    config: &Config,
    types: &Allotment,
    trace: &Trace,
    converged_at: Option<usize>,
) -> Figure {
    let hebb = &config.hebb;
    let mut figure = Figure::new().columns(2);
    let last = hebb.layers - 2;
    for layer in if last == 0 { vec![0] } else { vec![0, last] } {
        for kind in [NeuronType::Excitatory, NeuronType::Inhibitory] {
            if let Some(plot) = weights_plot(hebb, types, trace, layer, kind) {
                figure = figure.panel(plot);
            }
        }
    }
    let codes = Plot::new("Hidden codes")
        .x_axis(epoch_axis(trace))
        .y_axis(Axis::new("inputs with a code of their own").range(-0.2, hebb.neurons as f64 + 0.2))
        .with(Line::new(&epochs_of(trace), &trace.distinct_codes).steps().color(Color::NET));
    figure.panel(Panel::new(sums_plot("Output sums", trace, converged_at))).panel(codes)
}

fn epochs_of(trace: &Trace) -> Vec<f64> {
    (0..trace.weights.len()).map(|epoch| epoch as f64).collect()
}

fn epoch_axis(trace: &Trace) -> Axis {
    Axis::new("epoch").range(0.0, (trace.weights.len() - 1).max(1) as f64)
}

/// The weights from one layer's neurons of one type; `None` if there is no such neuron.
pub fn weights_plot(
    hebb: &HebbConfig,
    types: &Allotment,
    trace: &Trace,
    layer: usize,
    kind: NeuronType,
) -> Option<Plot> {
    let (n, edges) = (hebb.neurons, hebb.variants.edges);
    let (name, color) = match kind {
        NeuronType::Excitatory => ("excitatory", Color::EXCITATORY),
        NeuronType::Inhibitory => ("inhibitory", Color::INHIBITORY),
    };
    let from = if layer == 0 { "inputs" } else { "hidden neurons" };
    let mut plot = Plot::new(&format!("Weights from {name} {from}"))
        .x_axis(epoch_axis(trace))
        .y_axis(Axis::new("weight").include(0.0));
    let first = layer * n * n * edges;
    let mut drawn = false;
    for at in first..(first + n * n * edges).min(trace.weights[0].len()) {
        let pre = (at - first) / (n * edges);
        if types.of(layer, pre) == kind {
            let values: Vec<f64> = trace.weights.iter().map(|weights| weights[at]).collect();
            let shade = color.mix(Color::WHITE, 0.6 * pre as f64 / n as f64);
            plot = plot.with(Line::new(&epochs_of(trace), &values).color(shade).width(0.6));
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
pub fn sums_plot(title: &str, trace: &Trace, converged_at: Option<usize>) -> Plot {
    let epochs = epochs_of(trace);
    let plot = Plot::new(title)
        .x_axis(epoch_axis(trace))
        .y_axis(Axis::new("raw sum").include(0.0))
        .with(Line::new(&epochs, &trace.weakest_target).label("weakest target").color(Color::GREEN))
        .with(
            Line::new(&epochs, &trace.strongest_other)
                .label("strongest other output")
                .color(Color::PURPLE),
        )
        .with(Rule::horizontal(0.0));
    match converged_at.filter(|&epoch| epoch < trace.weights.len()) {
        Some(epoch) => plot.with(Rule::vertical(epoch as f64).label("converged")),
        None => plot,
    }
}
